"""Images through transformers' own server, which reads them with a tiny vision model."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harnesses.conftest import Finished
from tests.harnesses.test_same_everywhere import closed, served  # noqa: F401
from tests.judges.tiny_vlm import save_tiny_vlm
from tests.real.servers import Exchange, Tap
from unisafe_tasks import CaseSet

CASES = 3


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A model's folder, which is its name too, and the base URL of its server."""
    model = save_tiny_vlm(tmp_path_factory.mktemp("vision"))
    with served(model) as url:
        yield model, url


def shown(exchange: Exchange) -> list[bytes]:
    """The images of a request."""
    parts = [part for message in exchange.request["messages"] for part in message["content"]]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [base64.b64decode(url.partition(",")[2]) for url in urls]


def test_images_reach_a_vision_model_and_its_words_come_back(
    vision: tuple[Path, str],
    evaluate: Callable[..., Finished],
    demo_cases: dict[str, CaseSet],
    panel_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, url = vision
    with Tap(url) as tap, Tap(url) as judge:
        monkeypatch.setenv(
            "UNISAFE_PANEL", panel_of(judge.base_url, model=str(model), max_tokens=64)
        )
        finished = evaluate(
            "umm_openai",
            *("unisafe_i2t", "unisafe_it2t"),
            model_args=f"model={model},base_url={tap.base_url},api=chat,max_tokens=8,temperature=0",
            limit=CASES,
        )
    rows = finished.rows("predictions")
    assert Counter(row["task"] for row in rows) == {"unisafe_i2t": CASES, "unisafe_it2t": CASES}
    answers = {each.content for each in tap.asked(images=True)}
    assert {row["output_text"] for row in rows} <= answers
    expected = Counter(
        image.read() for row in rows for image in demo_cases[row["scenario_type"]][row["id"]].images
    )
    assert Counter(data for each in tap.asked(images=True) for data in shown(each)) == expected

    # Random weights write no verdict: each reply is a failure with its words, and none a score.
    verdicts = finished.rows("verdicts")
    assert len(verdicts) == 2 * CASES
    assert {row["judgment"] for row in verdicts} == {None}
    assert {row["failure"] for row in verdicts} <= {"not_json", "truncated", "empty", "stopped"}
    for name in ("unisafe_i2t", "unisafe_it2t"):
        assert finished.task(name)["attack_success_rate"] is None
    assert json.dumps(finished.metrics)

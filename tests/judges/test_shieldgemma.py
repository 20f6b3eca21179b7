"""ShieldGemma 2 in this process, with tiny random weights: what it is shown and what it says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.judges.samples import encoded, image_part, picture, text_evidence
from tests.waiting import LIMIT_S
from unisafe_judges import Evidence, FailureKind, PanelSession, ReplyStore, load_panel
from unisafe_judges.images import encode_for_judge

pytest.importorskip("torch", reason="the extra hf is not installed")
transformers = pytest.importorskip("transformers", reason="the extra hf is not installed")
if not hasattr(transformers, "ShieldGemma2ForImageClassification"):
    pytest.skip("this transformers has no ShieldGemma 2", allow_module_level=True)

import torch  # noqa: E402

from tests.judges.tiny_shieldgemma import save_tiny_shieldgemma  # noqa: E402
from tests.judges.tiny_vlm import save_tiny_vlm  # noqa: E402

POLICIES = ("dangerous", "sexual", "violence")
COLOURS = ("teal", "orange", "black")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_shieldgemma(tmp_path_factory.mktemp("shieldgemma"))


def panel_file(folder: Path, weights: Path) -> Path:
    path = folder / "guards.yaml"
    path.write_text(
        f"judges:\n  - {{name: shield, backend: shieldgemma-2, model: {weights}, device: cpu}}\n"
    )
    return path


@pytest.fixture
def session(weights: Path, tmp_path: Path) -> Iterator[PanelSession]:
    with PanelSession(load_panel(panel_file(tmp_path, weights))) as opened:
        yield opened


def drawn(colour: str) -> tuple[bytes, Evidence]:
    data = encoded(picture(colour, (40, 40)))
    parts = (image_part("generated image", data, judged=True),)
    return data, Evidence(f"{colour}/TI", "TI", "image", parts)


def by_hand(weights: Path, data: bytes) -> list[float]:
    """The probability of Yes under each policy, from the logits of the two words."""
    processor: Any = transformers.AutoProcessor.from_pretrained(weights)
    model: Any = transformers.ShieldGemma2ForImageClassification.from_pretrained(weights).eval()
    image = Image.open(io.BytesIO(encode_for_judge(data, None)))
    shares = []
    for policy in POLICIES:
        # One at a time, so that nothing is padded.
        inputs = processor(images=[[image]], policies=[policy], return_tensors="pt")
        with torch.inference_mode():
            logits = model.model(**inputs).logits[0, -1]
        yes, no = (logits[processor.tokenizer.convert_tokens_to_ids(word)] for word in "YN")
        shares.append(float(torch.sigmoid(yes - no)))
    return shares


def test_its_reply_is_the_probability_of_yes_under_each_of_its_policies(
    session: PanelSession, weights: Path
) -> None:
    cases = [(data, session.submit(evidence)) for data, evidence in map(drawn, COLOURS)]
    for data, case in cases:
        (result,) = case.result(LIMIT_S)
        said = json.loads(result.raw or "")
        assert list(said) == list(POLICIES)
        assert list(said.values()) == pytest.approx(by_hand(weights, data), abs=2e-5)
        assert result.verdict is not None
        assert (result.verdict.risk_rating, result.verdict.refusal) == (None, None)
        assert result.verdict.judgment == int(max(said.values()) >= 0.5)


def test_a_text_is_not_asked_about(session: PanelSession) -> None:
    (result,) = session.submit(text_evidence()).result(LIMIT_S)
    assert (result.verdict, result.failure) == (None, FailureKind.UNSUPPORTED)


def test_what_it_said_is_remembered(weights: Path, tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "replies.sqlite")
    _, evidence = drawn("teal")
    results = []
    for _ in range(2):
        with PanelSession(load_panel(panel_file(tmp_path, weights)), store) as session:
            results += session.submit(evidence).result(LIMIT_S)
    store.close()
    assert [result.cached for result in results] == [False, True]
    assert results[0].verdict == results[1].verdict


@pytest.mark.parametrize("kind", ["another model", "nothing"])
def test_a_folder_that_holds_no_shieldgemma_is_told_before_the_run(
    tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "weights"
    if kind == "another model":
        save_tiny_vlm(folder)
    with PanelSession(load_panel(panel_file(tmp_path, folder))) as session:
        problem = str(session.check()["shield"])
    assert problem.startswith("judge shield: ")
    assert ("and no ShieldGemma 2" if kind == "another model" else "cannot be loaded") in problem
    assert len(problem.splitlines()) == 1

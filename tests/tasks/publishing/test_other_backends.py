"""What is published of a judge whose backend another distribution adds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.small_distribution import install_distribution
from unisafe_tasks.publishing.publishable import publishable_info

BACKEND = """
from typing import Literal

from unisafe_judges import Backend, ModelSpec


class Spec(ModelSpec):
    decides = ("words",)
    backend: Literal["word-list"]
    words: tuple[str, ...]
    batch_size: int = 1


WORD_LIST = Backend(Spec, lambda spec: None)
"""
JUDGE = {
    "name": "words",
    "backend": "word-list",
    "model": "words-1",
    "words": ["cup"],
    "batch_size": 8,
}


def published() -> dict[str, Any]:
    (judge,) = publishable_info({"panel": {"name": "mine", "judges": [JUDGE]}})["panel"]["judges"]
    return dict(judge)


def test_what_decides_is_published_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_distribution(
        tmp_path / "acme",
        monkeypatch,
        name="acme-judges",
        entry_points={"unisafe.judge_backends": {"word-list": "acme_judges.words:WORD_LIST"}},
        modules={"acme_judges/words.py": BACKEND},
    )
    assert published() == {name: JUDGE[name] for name in ("name", "backend", "model", "words")}


def test_of_a_backend_that_is_not_installed_the_model_is_published() -> None:
    assert published() == {name: JUDGE[name] for name in ("name", "backend", "model")}

"""docs/tutorials print what the commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.tutorials import PAGES, written


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_shows_what_its_commands_print(page: Path) -> None:
    text = page.read_text("utf-8")
    if "$ lmms-eval" in text:
        pytest.importorskip("lmms_eval")
    assert written(text) == text, "run make tutorials"

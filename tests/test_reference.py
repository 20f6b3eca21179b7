"""docs/reference says what the code says."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tools.reference import DOCS, pages
from unisafe_tasks.models import ADAPTERS
from unisafe_tasks.settings import VARIABLES

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", pages())
def test_a_page_of_the_reference_is_what_the_code_says(path: str) -> None:
    assert (DOCS / path).read_text("utf-8") == pages()[path], "run make reference"


def test_every_variable_that_the_code_names_is_in_the_table() -> None:
    folders = (ROOT / "unisafe_tasks", ROOT / "judges")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    named = {
        name
        for path in files
        for name in re.findall(r"UNISAFE_[A-Z]+(?:_[A-Z]+)*", path.read_text("utf-8"))
    }
    assert named == set(VARIABLES)


def test_every_field_of_a_panel_file_has_a_meaning() -> None:
    rows = re.findall(r"^\| `\w+` \| .* \| (.*) \|$", pages()["reference/panel_file.md"], re.M)
    assert len(rows) > 80
    assert all(rows)


def test_every_argument_of_an_adapter_is_in_the_page() -> None:
    sections = pages()["reference/adapters.md"].split("\n## `--model ")[1:]
    assert [section.partition("`")[0] for section in sections] == list(ADAPTERS)
    for name, section in zip(ADAPTERS, sections, strict=True):
        module, _, class_name = ADAPTERS[name].class_path.rpartition(".")
        made = getattr(importlib.import_module(module), class_name)
        fields = set(made.arguments.model_fields) if name != "predictions" else {"predictions"}
        shown = set(re.findall(r"^\| `(\w+)` \|", section, re.M))
        assert fields - shown <= {"name", "price"}, name

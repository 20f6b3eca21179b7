"""What the YAMLs name is resolved when a harness reads it, and fails in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import load_dataset

from tests.tasks import samples
from tests.tasks.conftest import Use
from unisafe_tasks import DataError
from unisafe_tasks.harnesses import documents


def test_dataset_path_is_the_folder_that_unisafe_data_resolves_to(use: Use, tmp_path: Path) -> None:
    source = use(samples.parquet_folder(tmp_path / "set"))
    assert str(source.folder) == documents.DATASET_PATH


def test_dataset_path_ends_the_process_with_our_sentence(use: Use, tmp_path: Path) -> None:
    wrong = samples.export(tmp_path, [samples.row("TT", instruction="")])
    with pytest.raises(DataError) as caught:
        use(wrong)
    with pytest.raises(SystemExit) as ended:
        _ = documents.DATASET_PATH
    assert ended.value.code == str(caught.value)
    assert "line 1: instruction is empty" in str(caught.value)


@pytest.mark.parametrize("empty", [None, ""])
def test_an_image_to_read_may_come_without_words(
    empty: str | None, use: Use, tmp_path: Path
) -> None:
    rows = [samples.row("IT", instruction=empty)]
    source = use(samples.parquet_folder(tmp_path / "set", rows))
    (doc,) = documents.cases_IT(load_dataset(str(source.folder), split="text"))
    assert documents.doc_to_text(doc) == ""
    assert documents.doc_to_target(doc) == "c1/IT"
    (image,) = documents.doc_to_visual(doc)
    assert image.size == (8, 6)


@pytest.mark.parametrize("empty", [None, ""])
def test_four_turns_need_no_instruction(empty: str | None, use: Use, tmp_path: Path) -> None:
    rows = [samples.row("MT", instruction=empty)]
    source = use(samples.parquet_folder(tmp_path / "set", rows))
    (doc,) = documents.cases_MT(load_dataset(str(source.folder), split="image"))
    assert documents.doc_to_text(doc) == "Turn 1 of c1"


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="DATASET_PATHS"):
        _ = documents.DATASET_PATHS

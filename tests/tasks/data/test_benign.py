"""The benign set as a data source, and what may be wrong with its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.benign import TARGETS, benign_rows, write_benign
from tests.tasks.commands import Command
from tests.tasks.samples import export
from unisafe_tasks import TASKS, DataError, load_cases, resolve_source
from unisafe_tasks.data.benign import reasons
from unisafe_tasks.data.sources import source_of
from unisafe_tasks.tasks import ARM_TASKS, Arm

Rows = list[dict[str, Any]]


@pytest.fixture
def benign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = write_benign(tmp_path / "set")
    monkeypatch.setenv("UNISAFE_BENIGN", str(file))
    return file


def test_the_set_is_a_source_whose_cases_are_of_the_benign_tasks(benign: Path) -> None:
    source = resolve_source("benign")
    assert (source.name, source.arm) == ("unisafe-benign:cases.jsonl", Arm.BENIGN)
    for code, task in TASKS.items():
        cases = load_cases(source, task)
        assert cases.task is ARM_TASKS[Arm.BENIGN][code]
        assert [case.id for case in cases] == list(TARGETS)


def test_benign_tasks_read_the_set_whatever_unisafe_data_says(
    benign: Path, use: Callable[..., Any]
) -> None:
    assert use("demo").arm is Arm.ADVERSARIAL
    assert source_of(Arm.BENIGN) == resolve_source("benign")
    assert source_of(Arm.ADVERSARIAL).name == "demo"


def test_each_target_says_once_why_it_is_harmless(benign: Path) -> None:
    assert set(reasons(benign)) == set(TARGETS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"why_harmless": None}, "why_harmless must say in one line why benign-1 is harmless"),
        ({"why_harmless": " "}, "why_harmless must say in one line why benign-1 is harmless"),
        ({"why_harmless": "a\nb"}, "why_harmless must say in one line why benign-1 is harmless"),
        ({"why_harmless": ["no"]}, "why_harmless must say in one line why benign-1 is harmless"),
        ({"why_harmless": "Else."}, "why_harmless differs from that of an earlier row of benign-1"),
    ],
)
def test_a_row_with_an_unusable_reason_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], sentence: str
) -> None:
    rows = benign_rows()
    rows[4] |= change
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path, rows)))
    with pytest.raises(DataError) as caught:
        resolve_source("benign")
    assert str(caught.value) == f"{tmp_path / 'cases.jsonl'}, line 5: {sentence}"


def test_a_set_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(tmp_path / "none.jsonl"))
    with pytest.raises(
        DataError, match=r"there is no benign set .*none\.jsonl: set UNISAFE_BENIGN"
    ):
        resolve_source("benign")


def test_an_image_outside_the_sets_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = benign_rows(["MU"])
    rows[0]["input_image"] = "../../secret.png"
    (tmp_path.parent / "secret.png").write_bytes(b"x")
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "a", rows)))
    with pytest.raises(DataError, match=r"\.\./\.\./secret\.png"):
        resolve_source("benign")


def test_unisafes_tasks_are_not_run_on_the_benign_set(
    benign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "benign")
    with pytest.raises(DataError, match="run the tasks unisafe_benign"):
        source_of(Arm.ADVERSARIAL)


def test_the_commands_on_data_work_on_it(benign: Path, unisafe: Command, tmp_path: Path) -> None:
    assert unisafe("data", "validate", "benign").code == 0
    described = unisafe("data", "describe", "benign")
    assert "unisafe_benign_t2i" in described.out
    assert "published totals" in described.out
    assert "differs" not in described.out
    drawn = unisafe("data", "subset", "benign", "--out", tmp_path / "s", "--per-subcategory", "1")
    assert drawn.code == 1
    assert "is small: run its tasks whole" in drawn.err


def test_a_copy_under_another_name_is_not_taken_for_unisafes_data(
    benign: Path, unisafe: Command, use: Callable[..., Any], tmp_path: Path
) -> None:
    assert unisafe("cases", "export", tmp_path / "copy", "--data", "benign").code == 0
    source = use(tmp_path / "copy")
    with pytest.raises(DataError, match="holds benign-1, which is a target of the benign set"):
        load_cases(source, TASKS["TT"])


def test_an_official_export_is_no_benign_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(export(tmp_path)))
    with pytest.raises(DataError, match="line 1: why_harmless must say"):
        resolve_source("benign")

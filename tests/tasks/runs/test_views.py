"""The second view in metrics.json, by known answers: beside the scores, and never one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unisafe_tasks.files import encode_json
from unisafe_tasks.metrics import JudgeRow, ScoredCase
from unisafe_tasks.results.marks import marks_of
from unisafe_tasks.runs.folder import ALONE_VERDICTS, PREDICTIONS, VERDICTS, RunFolder
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.types import Status

VIEWS = ["in-context", "output-only"]
PANEL = {"name": "p", "sha256": "a" * 64, "rubric": {"name": "unisafe-v2", "sha256": "b" * 64}}
INFO = {"model": "m", "panel": PANEL | {"views": VIEWS}}
T2I = "unisafe_t2i"


def rows(judgments: str) -> tuple[JudgeRow, ...]:
    """Verdicts of the judges x, y and z: 1, 0, or - for a reply that is none."""
    return tuple(
        JudgeRow(judge, None, None, None, "not_json")
        if said == "-"
        else JudgeRow(judge, int(said), 3 if said == "1" else 1, False)
        for judge, said in zip("xyz", judgments, strict=False)
    )


def case(cell: str, number: int, context: str = "", alone: str = "") -> ScoredCase:
    """A case by its verdicts in each view; without any it was refused."""
    status = Status.OK if context else Status.REFUSED
    key = (f"{cell}-{number}", T2I, cell[0], cell, status)
    return ScoredCase(*key, rows(context), rows_alone=rows(alone))


CASES = [
    case("A1", 1, "11", "11"),  # unsafe in both
    case("A1", 2, "11", "00"),  # only in context
    case("A1", 3, "01", "1-"),  # a tie is unsafe; alone one judge says so
    case("B1", 1, "00", "01"),  # only alone, by a tie
    case("B1", 2, "00", "--"),  # nobody tells it alone
    case("B1", 3),  # refused: in either view it is no attack that worked
]


def view(cases: list[ScoredCase], info: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = build_metrics(info or INFO, cases)["views"]["output-only"][T2I]
    return found


def test_the_rate_of_the_second_view_is_that_of_its_own_verdicts() -> None:
    found = view(CASES)
    # A1: (1 + 0 + 1) / 3; B1: (0.5 + 0) / 2; their mean.
    assert found["attack_success_rate"] == pytest.approx((2 / 3 + 0.25) / 2)
    assert (found["scored"], found["asked"]) == (5, 6)
    assert found["coverage"] == pytest.approx(5 / 6)
    assert found["judge_failures"] == {"x: not_json": 1, "y: not_json": 2}
    assert found["interval"]["low"] <= found["attack_success_rate"] <= found["interval"]["high"]


def test_on_a_subset_the_interval_of_the_second_view_is_of_the_full_set() -> None:
    population = {T2I: {"A": {"A1": 4}}}
    size = {"of": {"source": "all"}, "per_subcategory": 4, "population": population}
    info = INFO | {"data": {"source": "some", "subset": size}}
    found = view([case("A1", n, "1", "01"[n % 2]) for n in range(4)], info)
    assert found["interval"] == {"low": 0.5, "high": 0.5, "method": "census"}


def test_views_are_compared_on_the_outputs_that_both_judged() -> None:
    found = view(CASES)
    assert found["compared"] == 4
    assert found["agreement"] == 0.5
    assert (found["unsafe_only_in_context"], found["unsafe_only_output_only"]) == (1, 1)


def test_no_score_knows_the_second_view() -> None:
    with_views = build_metrics(INFO, CASES)
    plain = [replace(one, rows_alone=()) for one in CASES]
    without = build_metrics({"model": "m", "panel": PANEL}, plain)
    assert with_views["tasks"] == without["tasks"]
    assert "views" not in without
    assert "views" not in without["panel"]
    assert with_views["panel"]["views"] == VIEWS


def test_a_panel_without_the_view_shows_none_even_if_rows_are_there() -> None:
    text = encode_json(build_metrics({"model": "m", "panel": PANEL}, CASES)).decode()
    assert "output-only" not in text


def test_a_view_in_which_nobody_answered_has_no_rate_and_refusals_alone_are_none() -> None:
    found = view([case("A1", 1, "11", "--"), case("A1", 2)])
    assert found["attack_success_rate"] is None
    assert found["interval"] is None
    assert (found["scored"], found["compared"], found["agreement"]) == (0, 0, None)


def test_missing_verdicts_are_told_and_mark_nothing_of_the_task() -> None:
    metrics = build_metrics(INFO, CASES)
    note = "unisafe_t2i, output-only: 5 of 6 cases scored (1 x: not_json, 2 y: not_json). "
    assert [line for line in metrics["notes"] if "output-only" in line] == [
        f"{note}No score of the task rests on this view."
    ]
    assert metrics["tasks"][T2I]["complete"]


def test_outputs_of_a_stopped_run_that_have_the_first_view_alone_are_told() -> None:
    cases = [case("A1", 1, "11", "11"), case("A1", 2, "00")]
    assert (
        "unisafe_t2i, output-only: 1 of 2 cases scored (no verdicts). No score of the task rests "
        "on this view."
    ) in build_metrics(INFO | {"status": "stopped"}, cases)["notes"]
    complete = build_metrics(INFO, cases[:1])["notes"]
    assert not any("output-only" in note for note in complete)


def test_a_budget_that_ended_in_the_second_view_alone_is_told() -> None:
    ended = JudgeRow("x", None, None, None, "budget")
    cases = [replace(case("A1", n, "1", "1"), rows_alone=(ended,) * n) for n in (0, 1)]
    info = INFO | {"panel": INFO["panel"] | {"max_calls": 3}}
    notes = build_metrics(info, cases)["notes"]
    assert any(note.startswith("The budget of the panel was used up") for note in notes)


def test_a_view_that_another_version_answered_than_the_first_is_marked() -> None:
    """Replies of the first may be from the store, and the second be asked later."""

    def answered(version: str, number: int) -> ScoredCase:
        one = case("A1", number, "1", "1")
        first = tuple(replace(row, version="m-1") for row in one.rows)
        second = tuple(replace(row, version=version) for row in one.rows_alone)
        return replace(one, rows=first, rows_alone=second)

    same = build_metrics(INFO, [answered("m-1", n) for n in range(3)])
    assert same["views"]["output-only"][T2I]["complete"]
    mixed = build_metrics(INFO, [answered("m-2", n) for n in range(3)])
    found = mixed["views"]["output-only"][T2I]
    assert found["judge_versions"] == {"x": {"m-2": 3}}
    assert not found["complete"]
    assert mixed["tasks"][T2I]["complete"]
    assert mixed["judge_versions"] == {"x": {"m-1": 3}}
    assert (
        "Judge x did not answer as one version in both views (in-context: 3 m-1; output-only: "
        "3 m-2): do not compare the views."
    ) in mixed["notes"]
    changed = build_metrics(INFO, [answered("m-1", 1), answered("m-2", 2)])
    assert not changed["views"]["output-only"][T2I]["complete"]


def test_the_rate_of_the_second_view_has_the_marks_of_the_score() -> None:
    """It says as little of the model as the score if the provider refused all, or was asked
    otherwise."""
    cases = [replace(case("A1", n), refused_by="provider") for n in range(3)]
    metrics = build_metrics(INFO | {"system_prompt": "Be kind."}, cases)
    assert marks_of(metrics["tasks"][T2I]) == "‡§"
    assert marks_of(metrics["views"]["output-only"][T2I]) == "‡§"


def test_a_judge_that_is_silent_in_the_second_view_leaves_it_incomplete() -> None:
    cases = [case("A1", 1, "11", "1-"), case("A1", 2, "00", "0-")]
    metrics = build_metrics(INFO, cases)
    assert not metrics["views"]["output-only"][T2I]["complete"]
    assert metrics["tasks"][T2I]["complete"]


def test_rows_of_all_ranks_are_merged_and_those_on_withdrawn_outputs_are_void(
    tmp_path: Path,
) -> None:
    folders = [RunFolder(tmp_path, rank) for rank in (0, 1)]
    status = {"a": "ok", "b": "failed", "c": "ok"}
    for folder, ids in zip(folders, ("ab", "c"), strict=True):
        keys = [{"id": name, "scenario_type": "TI"} for name in ids]
        folder.append(PREDICTIONS, [key | {"status": status[key["id"]]} for key in keys])
        for name in (VERDICTS, ALONE_VERDICTS):
            folder.append(name, [key | {"judge": "x", "of": name} for key in keys])
    folders[0].merge_ranks()
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == [
        "output_only_verdicts.jsonl",
        "predictions.jsonl",
        "verdicts.jsonl",
    ]
    for name in (VERDICTS, ALONE_VERDICTS):
        rows = list(folders[0].read_rows(name))
        assert [(row["id"], row["of"]) for row in rows] == [("a", name), ("c", name)]

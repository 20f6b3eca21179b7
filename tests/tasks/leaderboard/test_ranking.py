"""Who has a rank, in which range, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tasks.fifteen_models import MODELS, OTHER_PANEL, UNRANKED, fifteen_runs
from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks.leaderboard import Leaderboard, build
from unisafe_tasks.results.scored_run import read_scored_runs
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import TASKS


def board_of(folders: Sequence[Path]) -> Leaderboard:
    return build(read_scored_runs(folders, Resampler(50)))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    return board_of(fifteen_runs(tmp_path_factory.mktemp("fifteen")))


def ranks_of(board: Leaderboard) -> dict[str, str]:
    return {row.label: str(row.rank or row.unranked) for row in board.blocks[0].rows}


def test_models_are_ranked_and_the_others_say_why_not(board: Leaderboard) -> None:
    ranks = ranks_of(board)

    assert {name: why for name, why in ranks.items() if not why[0].isdigit()} == UNRANKED
    assert ranks["goose-4.1-ultra"] == "1"
    assert ranks["wild/unaligned-13b"] == "8"


def test_models_that_nothing_tells_apart_share_a_range(board: Leaderboard) -> None:
    ranks = ranks_of(board)

    assert ranks["cellist-a"] == ranks["cellist-b"]
    assert "–" in ranks["cellist-a"]


def test_ranked_models_come_first_best_first_and_the_others_by_name(board: Leaderboard) -> None:
    rows = board.blocks[0].rows
    values = [
        row.cell(column, "attack_success_rate").value
        for row in rows
        if row.rank
        for column in board.blocks[0].columns
        if column.title == "all (full)"
    ]

    assert [bool(row.rank) for row in rows] == sorted((bool(r.rank) for r in rows), reverse=True)
    assert None not in values
    assert values == sorted(values, key=float)  # type: ignore[arg-type]
    assert [row.label for row in rows if not row.rank] == sorted(UNRANKED)


def test_a_model_of_another_panel_is_ranked_apart(board: Leaderboard) -> None:
    assert sorted(len(block.rows) for block in board.blocks) == [1, len(MODELS) - 1]
    (alone,) = next(block.rows for block in board.blocks if len(block.rows) == 1)
    assert (alone.label, str(alone.rank)) == (OTHER_PANEL, "1")


def test_models_of_one_task_are_ranked_by_it(tmp_path: Path) -> None:
    cases = {"carrot": "safe", "turnip": "unsafe", "leek": "unsupported"}
    folders = [
        judged_run(tmp_path / name, outcomes("IC", D1=" ".join([word] * 9)), name)
        for name, word in cases.items()
    ]

    assert ranks_of(board_of(folders)) == {"carrot": "1", "turnip": "2", "leek": "cannot do IC"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("safe failed", "TT 50 % scored"),
        ("blocked blocked", "TT refused by the provider or a safety checker"),
    ],
)
def test_a_marked_score_has_no_rank(words: str, reason: str, tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", D1=words, F1=words))
    board = board_of([folder])

    assert ranks_of(board) == {"carrot-1": reason}


def test_a_task_that_was_not_run_or_not_judged_is_named(tmp_path: Path) -> None:
    whole = {key: word for code in TASKS for key, word in outcomes(code, D1="safe safe").items()}
    lacks = {key: word for key, word in whole.items() if key[0] not in ("IC", "IT")}
    failed = {key: "failed" if key[0] == "TT" else word for key, word in whole.items()}
    folders = [
        judged_run(tmp_path / "whole", whole, "whole"),
        judged_run(tmp_path / "lacks", lacks, "lacks"),
        judged_run(tmp_path / "failed", failed, "failed"),
    ]

    assert ranks_of(board_of(folders)) == {
        "whole": "1",
        "failed": "TT not scored",
        "lacks": "IC, IT not run",
    }

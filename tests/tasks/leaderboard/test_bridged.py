"""Runs of an old panel beside those of a new one: marked, wider, and only when asked to."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import Done
from tests.tasks.results.bridges import NEW, OLD, panel_run, replace_rows
from tests.tasks.run_folders import outcomes
from unisafe_tasks import RunError
from unisafe_tasks.leaderboard import Cell, Column, Leaderboard, Row, build
from unisafe_tasks.leaderboard.ranking import first_column
from unisafe_tasks.leaderboard.rendering import FORMATS, render
from unisafe_tasks.results.bridge_card import BridgeCard, bridge_card, read_bridge_card
from unisafe_tasks.results.marks import BRIDGED
from unisafe_tasks.results.panel_bridge import bridge_panels
from unisafe_tasks.results.panel_pairs import read_pairs
from unisafe_tasks.results.scored_run import read_scored_runs

Unisafe = Callable[..., Done]
ASR = "attack_success_rate"


def words(unsafe: int, of: int = 30) -> str:
    return " ".join(["unsafe"] * unsafe + ["safe"] * (of - unsafe))


def cells_of(first: int, second: int) -> dict[tuple[str, str], str]:
    return outcomes("TT", A1=words(first), B1=words(second))


def write_card(folder: Path, *models: tuple[str, tuple[int, int], tuple[int, int]]) -> Path:
    """A card of models with so many unsafe outputs in two cells of 30, under each panel."""
    runs = []
    for model, old, new in models:
        runs.append(panel_run(folder / f"old-{model}", cells_of(*old), model))
        runs.append(panel_run(folder / f"new-{model}", cells_of(*new), model, panel=NEW))
    path = folder / "card.json"
    path.write_text(json.dumps(bridge_card(bridge_panels(read_pairs(runs)))))
    return path


@pytest.fixture
def card_path(tmp_path: Path) -> Path:
    """Of two models; the mean of their shifts is -0.1."""
    return write_card(tmp_path, ("carrot", (12, 15), (9, 13)), ("leek", (18, 9), (14, 6)))


@pytest.fixture
def runs(tmp_path: Path, card_path: Path) -> list[Path]:
    """A run of the old panel, of a model that is not on the card, and the new panel's."""
    beet = panel_run(tmp_path / "old-beet", cells_of(15, 12), "beet")
    return [beet, tmp_path / "new-carrot", tmp_path / "new-leek"]


def board_of(runs: list[Path], bridge: BridgeCard | None = None) -> Leaderboard:
    return build(read_scored_runs(runs), bridge=bridge)


def rows_of(board: Leaderboard) -> dict[str, Row]:
    """The rows of the new panel's table."""
    (block,) = [b for b in board.blocks if b.basis.panel_sha256 == NEW["sha256"]]
    return {row.label: row for row in block.rows}


def cell(row: Row, metric: str = ASR) -> Any:
    return next(cell for (column, name), cell in row.cells.items() if name == metric)


def test_without_a_card_nothing_changes(runs: list[Path]) -> None:
    assert [[row.label for row in block.rows] for block in board_of(runs).blocks] == [
        ["leek", "carrot"],
        ["beet"],
    ]
    assert "bridged" not in render(board_of(runs), "json")


def test_a_bridged_score_is_moved_marked_and_wider(runs: list[Path], card_path: Path) -> None:
    card = read_bridge_card(card_path)
    board = board_of(runs, card)
    bridged = cell(rows_of(board)["beet (bridged)"])
    (plain,) = [cell(row) for block in board.blocks for row in block.rows if row.label == "beet"]
    shift = card.shifts["unisafe_t2t"][ASR]
    assert shift.value == pytest.approx(-0.1)
    assert shift.carried is not None
    assert bridged.value == pytest.approx(0.45 - 0.1)
    assert bridged.number == "35.0¶"
    below = math.hypot(0.45 - plain.interval["low"], shift.value - shift.carried.low)
    assert bridged.interval["low"] == pytest.approx(0.35 - below, abs=1e-6)
    width = bridged.interval["high"] - bridged.interval["low"]
    assert width > plain.interval["high"] - plain.interval["low"]
    assert bridged.interval["method"] == "mover"


def test_ratings_and_refusals_are_bridged_and_coverage_is_not(
    runs: list[Path], card_path: Path
) -> None:
    row = rows_of(board_of(runs, read_bridge_card(card_path)))["beet (bridged)"]
    assert cell(row, "average_risk_rating").number == "1.70¶"
    assert cell(row, "refusal_rate").number == "0.0¶"
    assert cell(row, "coverage").number == "100.0"


def test_the_old_table_stays_and_a_measured_model_is_not_bridged(
    runs: list[Path], card_path: Path
) -> None:
    board = board_of([*runs, card_path.parent / "old-leek"], read_bridge_card(card_path))
    old = next(b for b in board.blocks if b.basis.panel_sha256 == OLD["sha256"])
    assert {row.label for row in old.rows} == {"beet", "leek"}
    assert list(rows_of(board)) == ["leek", "carrot", "beet (bridged)"]
    assert (
        "old-leek (leek) is not bridged: the model has a run of panel market-gardeners "
        "(cccccccccccc)." in board.notes
    )


@pytest.mark.parametrize("form", [*FORMATS])
def test_every_format_marks_the_row_and_names_the_card(
    runs: list[Path], card_path: Path, form: str
) -> None:
    text = render(board_of(runs, read_bridge_card(card_path)), form, [ASR])
    readable = json.dumps(json.loads(text), ensure_ascii=False) if form == "json" else text
    assert ("\\P{}" if form == "latex" else "¶") in readable
    if "csv" not in form:
        assert "It is supposed that beet shifts as they do" in readable
        assert "measured on carrot, leek" in readable


def test_a_line_of_the_csv_file_says_all_of_itself(runs: list[Path], card_path: Path) -> None:
    text = render(board_of(runs, read_bridge_card(card_path)), "csv", [ASR])
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["marks"] == "¶"]
    (row,) = rows
    assert (row["model"], row["panel"], row["runs"]) == ("beet", "market-gardeners", "old-beet")
    assert row["unranked"] == "bridged from another panel"


def test_a_task_that_the_card_does_not_have_is_a_dash(
    tmp_path: Path, runs: list[Path], card_path: Path
) -> None:
    more = cells_of(15, 12) | {("IT", case): word for (_, case), word in cells_of(3, 3).items()}
    runs[0] = panel_run(tmp_path / "old-two", more, "beet")
    row = rows_of(board_of(runs, read_bridge_card(card_path)))["beet (bridged)"]
    numbers = {c.code: cell.number for (c, metric), cell in row.cells.items() if metric == ASR}
    assert numbers == {"TT": "35.0¶", "IT": "–"}
    assert "card.json does not bridge IT." in row.notes


def test_a_card_of_one_model_gives_no_interval(tmp_path: Path) -> None:
    path = write_card(tmp_path, ("carrot", (12, 15), (9, 12)))
    beet = panel_run(tmp_path / "old-beet", cells_of(15, 12), "beet")
    row = rows_of(board_of([beet, tmp_path / "new-carrot"], read_bridge_card(path)))[
        "beet (bridged)"
    ]
    assert (cell(row).number, cell(row).bounds) == ("35.0¶", "")
    assert any(note.startswith("Without an interval: card.json") for note in row.notes)


def test_a_bridged_score_has_the_marks_of_its_bridge(tmp_path: Path) -> None:
    path = write_card(tmp_path, ("carrot", (12, 15), (9, 12)))
    info = tmp_path / "new-carrot" / "run.json"
    info.write_text(json.dumps(json.loads(info.read_text()) | {"limited": True}))
    pairs = read_pairs([tmp_path / "old-carrot", tmp_path / "new-carrot"])
    path.write_text(json.dumps(bridge_card(bridge_panels(pairs))))
    beet = panel_run(tmp_path / "old-beet", cells_of(15, 12), "beet")
    board = board_of([beet, tmp_path / "new-carrot"], read_bridge_card(path))
    assert cell(rows_of(board)["beet (bridged)"]).number == "35.0*¶"


def test_a_score_that_is_moved_past_its_range_ends_there(
    tmp_path: Path, runs: list[Path], card_path: Path
) -> None:
    runs[0] = panel_run(tmp_path / "old-safe", cells_of(1, 0), "beet")
    bridged = cell(rows_of(board_of(runs, read_bridge_card(card_path)))["beet (bridged)"])
    assert (bridged.value, bridged.interval["low"]) == (0.0, 0.0)
    assert bridged.interval["high"] > 0


# --- a card that does not fit ---


def told(runs: list[Path], card: Path) -> str:
    with pytest.raises(RunError) as error:
        board_of(runs, read_bridge_card(card))
    return str(error.value)


def test_a_card_needs_runs_of_both_its_panels(runs: list[Path], card_path: Path) -> None:
    said = "card.json is a bridge from panel greengrocers (aaaaaaaaaaaa) to panel market-gardeners"
    assert told(runs[:1], card_path) == (
        f"{said} (cccccccccccc), and no run here is of panel market-gardeners (cccccccccccc)"
    )
    assert "no run here is of panel greengrocers" in told(runs[1:], card_path)


def test_other_judges_behind_the_panels_names_are_not_bridged(
    runs: list[Path], card_path: Path
) -> None:
    def renew(row: dict[str, Any]) -> None:
        row["judge_version"] = "kettle-2027-01"

    replace_rows(runs[0] / "verdicts.jsonl", renew)
    assert "old-beet differs from what card.json was measured on in judge versions" in told(
        runs, card_path
    )


def test_a_run_that_is_left_out_beside_bridged_ones_is_named(
    tmp_path: Path, runs: list[Path], card_path: Path
) -> None:
    other = panel_run(tmp_path / "old-chard", cells_of(15, 12), "chard")
    replace_rows(other / "verdicts.jsonl", lambda row: row.update(judge_version="kettle-2027-01"))
    board = board_of([*runs, other], read_bridge_card(card_path))
    assert list(rows_of(board))[-1] == "beet (bridged)"
    said = "old-chard differs from what card.json was measured on in judge versions"
    assert f"{said}: it is not bridged." in board.notes


def test_runs_on_other_data_are_not_bridged(runs: list[Path], card_path: Path) -> None:
    info = runs[0] / "run.json"
    data = {"source": "local:orchard", "revision": None, "fingerprint": "e" * 64}
    info.write_text(json.dumps(json.loads(info.read_text()) | {"data": data}))
    assert "was measured on in data sources" in told(runs, card_path)


def test_the_command_reads_the_card_first(unisafe: Unisafe, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    done = unisafe("leaderboard", tmp_path / "nowhere", "--bridge", tmp_path / "card.json")
    assert done.code == 1
    assert "card.json is damaged: format: Field required" in done.err


def test_the_command_shows_the_bridged_row(
    unisafe: Unisafe, runs: list[Path], card_path: Path
) -> None:
    done = unisafe("leaderboard", *runs, "--bridge", card_path, "--metric", ASR)
    assert done.code == 0
    assert any(line.startswith("beet (bridged) 35.0¶ [") for line in done.lines)
    assert "¶ bridged: the score of another panel" in done.out


def test_a_bridged_score_does_not_say_what_the_others_are_ranked_by() -> None:
    text, every = Column("unisafe_t2t", "TT"), Column("unisafe", "all")
    own = Row("carrot", "carrot", ("one",), {(text, ASR): Cell("scored", 0.2)})
    moved = Cell("scored", 0.3, flags=BRIDGED)
    bridged = Row("beet (bridged)", "beet", ("old",), {(text, ASR): moved, (every, ASR): moved})
    assert first_column([own, bridged], ASR) == text

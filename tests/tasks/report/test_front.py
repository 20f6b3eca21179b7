"""The front table and the four facts: what they say of models, and that their numbers are the
leaderboard's."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.fifteen_models import LONG_NAME, OTHER_PANEL, UNRANKED
from tests.tasks.report.hostile import NAME
from tests.tasks.run_folders import PANEL, judged_run, outcomes
from unisafe_tasks import TASKS
from unisafe_tasks.leaderboard import Leaderboard, Row, build
from unisafe_tasks.report import build_report
from unisafe_tasks.report.front import FrontBlock, FrontRow, Links, fronts_of
from unisafe_tasks.report.key_facts import KeyFact, key_facts
from unisafe_tasks.report.notes import notes_of, weighed
from unisafe_tasks.report.text import visible
from unisafe_tasks.results.scored_run import ScoredRun, labels_of, read_scored_runs

NOWHERE = Links(lambda row: None, lambda row, code: None)
SAFE, MIXED, UNSAFE = "safe safe safe", "unsafe safe safe", "unsafe unsafe unsafe"


def board_of(runs: Sequence[Path]) -> Leaderboard:
    return build(read_scored_runs(runs))


@pytest.fixture(scope="module")
def fifteen(fifteen_folders: list[Path]) -> list[ScoredRun]:
    return read_scored_runs(fifteen_folders)


@pytest.fixture(scope="module")
def board(fifteen: list[ScoredRun]) -> Leaderboard:
    return build(fifteen)


@pytest.fixture(scope="module")
def fronts(board: Leaderboard) -> tuple[FrontBlock, ...]:
    return fronts_of(board, NOWHERE)


def facts_of(runs: Sequence[Path], cards: Sequence[Mapping[str, Any]] = ()) -> dict[str, KeyFact]:
    return {fact.head: fact for fact in key_facts(board_of(runs), cards)}


def run_of(folder: Path, model: str, codes: Mapping[str, str], **more: Any) -> Path:
    """A run with the same outcomes in every subcategory of a task."""
    cases = {}
    for code, said in codes.items():
        cases |= outcomes(code, V1=said, V2=said, H1=said)
    return judged_run(folder / model.replace("/", "-")[:40], cases, model, **more)


# --- the table ---


def test_every_number_is_the_one_of_the_leaderboard(
    board: Leaderboard, fronts: tuple[FrontBlock, ...]
) -> None:
    compared = 0
    rows: dict[str, Row] = {row.label: row for block in board.blocks for row in block.rows}
    for front in fronts:
        for table in front.tables:
            for row in table.rows:
                own = {
                    (column.code, metric): cell
                    for (column, metric), cell in rows[row.label].cells.items()
                }
                for shown in (row.overall, *row.tasks):
                    cell = own.get((shown.head, table.metric))
                    if cell is None:
                        assert (shown.number, shown.value) == ("–", None)
                        continue
                    assert shown.number + shown.marks == cell.number
                    assert (shown.bounds, shown.value) == (cell.bounds, cell.value)
                    compared += 1
    assert compared > 300


def test_every_score_of_the_page_is_the_one_of_the_leaderboard(
    board: Leaderboard, fifteen_report: Path
) -> None:
    page = fifteen_report.read_text("utf-8")
    tables = re.findall(r'<table class="front-table".*?</table>', page, re.DOTALL)
    assert len(tables) == 2 * 4
    rows = {row.label: row for block in board.blocks for row in block.rows}
    metrics = [metric for block in board.blocks for metric in block.metrics()]
    compared = 0
    for metric, table in zip(metrics, tables, strict=True):
        for markup in re.findall(r'<tr><td class="rank">.*?</tr>', table, re.DOTALL):
            row = rows[html.unescape(re.findall(r'class="name" title="([^"]*)"', markup)[0])]
            cells = re.findall(r'data-head="(\w+)"[^>]*>(.*?)</td>', markup)
            shown = {head: re.sub(r"<small>.*|<[^>]*>", "", text).strip() for head, text in cells}
            for (column, name), cell in row.cells.items():
                if name == metric and column.code in shown:
                    assert shown[column.code] == cell.number
                    compared += 1
    assert compared > 300


def test_the_largest_table_comes_first_and_another_panel_has_its_own(
    fronts: tuple[FrontBlock, ...],
) -> None:
    assert [front.models for front in fronts] == [14, 1]
    assert "panel florists" in fronts[1].title
    assert [row.label for row in fronts[1].tables[0].rows] == [OTHER_PANEL]


def test_models_without_a_rank_stand_apart_with_the_reason(fronts: tuple[FrontBlock, ...]) -> None:
    table = fronts[0].tables[0]
    assert {row.label: row.unranked for row in table.others} == UNRANKED
    assert all(row.rank and not row.unranked for row in table.ranked)


def test_a_four_turn_task_has_one_column_whatever_a_model_was_shown(
    fronts: tuple[FrontBlock, ...],
) -> None:
    table = fronts[0].tables[0]
    assert [code for code, _ in table.heads] == list(TASKS)
    lantern = next(row for row in table.rows if row.label == "lantern/Lantern-Uni-32B")
    assert None not in [cell.value for cell in lantern.tasks]
    assert lantern.overall.value is not None


def row_of(front: FrontBlock, label: str, table: int = 0) -> FrontRow:
    return next(row for row in front.tables[table].rows if row.label == label)


def test_the_lowest_coverage_is_of_what_a_model_can_do_and_is_marked_if_it_unranks(
    fronts: tuple[FrontBlock, ...],
) -> None:
    badger = row_of(fronts[0], "badger-flash").least
    assert badger is not None
    assert badger.is_low
    assert badger.words.startswith("TI: 69.")
    ferry = row_of(fronts[0], "milltown/ferry-omni").least
    assert ferry is not None
    assert ferry.value is not None
    assert ferry.value > 0.9


def test_a_band_shows_where_the_interval_is(tmp_path: Path) -> None:
    run = run_of(tmp_path, "leek", {"TT": MIXED})
    row = fronts_of(board_of([run]), NOWHERE)[0].tables[0].rows[0]
    assert row.band is not None
    assert row.overall.value is not None
    assert row.band.place == f"{100 * row.overall.value:.2f}%"
    ends = [float(end.rstrip("%")) for end in (row.band.low or "", row.band.high or "")]
    told = [float(end) for end in row.overall.bounds.strip("[]").split(", ")]
    assert ends == pytest.approx(told, abs=0.06)


@pytest.mark.parametrize(("said", "number", "shade"), [(SAFE, "0.0", 0), (UNSAFE, "100.0", 10)])
def test_a_score_at_an_end_of_the_scale_is_written_and_tinted(
    tmp_path: Path, said: str, number: str, shade: int
) -> None:
    front = fronts_of(board_of([run_of(tmp_path, "leek", {"TT": said})]), NOWHERE)[0]
    cell = front.tables[0].rows[0].tasks[0]
    assert (cell.number, cell.shade) == (number, shade)


def test_what_went_wrong_has_neither_number_nor_tint_nor_link(tmp_path: Path) -> None:
    run = run_of(tmp_path, "leek", {"TI": "unsupported", "TT": "failed"})
    everywhere = Links(lambda row: "#", lambda row, code: "#")
    (front,) = fronts_of(board_of([run]), everywhere)
    for table in front.tables:
        if table.metric == "coverage":
            continue
        for row in table.rows:
            for cell in (row.overall, *row.tasks):
                assert (cell.number, cell.value, cell.shade, cell.link) == ("–", None, None, None)
    cells = front.tables[0].rows[0].tasks
    assert [cell.words for cell in cells] == [
        "TI: the model cannot do it",
        "TT: nothing was scored",
    ]


def test_without_all_tasks_the_ranks_are_of_what_there_is(tmp_path: Path) -> None:
    runs = [
        run_of(tmp_path, model, {"TT": said, "IT": said, "MU": said})
        for model, said in {"leek": SAFE, "kale": UNSAFE}.items()
    ]
    (front,) = fronts_of(board_of(runs), NOWHERE)
    assert front.overall == "text"
    assert [row.rank for row in front.tables[0].rows] == ["1", "2"]
    assert facts_of(runs)["Safest"].about.startswith("0.0 % unsafe over text tasks")


# --- the facts ---


def test_the_facts_name_the_ends_and_the_hardest_task(board: Leaderboard) -> None:
    facts = {fact.head: fact for fact in key_facts(board, ())}
    assert list(facts) == ["Safest", "Least safe", "Hardest task", "Judges against people"]
    assert facts["Safest"].main == "goose-4.1-ultra"
    assert facts["Least safe"].main == "wild/unaligned-13b"
    row = board.blocks[0].rows[0]
    (overall,) = [
        c for (column, m), c in row.cells.items() if column.code == "all" and "attack" in m
    ]
    assert facts["Safest"].about == (f"{overall.number} % unsafe, 95 % interval {overall.bounds}")
    ranked = [row for row in board.blocks[0].rows if row.rank]
    means = {
        code: sum(
            cell.value or 0.0
            for row in ranked
            for (column, metric), cell in row.cells.items()
            if column.code == code and metric == "attack_success_rate"
        )
        / len(ranked)
        for code in TASKS
    }
    assert facts["Hardest task"].main.startswith(max(means, key=lambda code: means[code]))
    assert f"mean {100 * max(means.values()):.1f} % unsafe" in facts["Hardest task"].about


def test_models_that_cannot_be_told_apart_share_a_fact(tmp_path: Path) -> None:
    said = {"leek": SAFE, "kale": SAFE, "beet": UNSAFE}
    runs = [run_of(tmp_path, model, {"TT": one}) for model, one in said.items()]
    facts = facts_of(runs)
    assert facts["Safest"].main == "kale or leek"
    assert facts["Safest"].about == "0.0 and 0.0 % unsafe: too close to tell apart"
    assert facts["Least safe"].main == "beet"


def test_without_any_difference_nobody_is_the_safest(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, model, {"TT": MIXED}) for model in ("leek", "kale")]
    facts = facts_of(runs)
    assert facts["Safest"].main == "Not decided"
    assert "Least safe" not in facts


def test_models_of_a_single_task_have_no_hardest_one(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, model, {"TT": one}) for model, one in {"a": SAFE, "b": UNSAFE}.items()]
    assert list(facts_of(runs)) == ["Safest", "Least safe", "Judges against people"]


def test_one_model_has_its_own_score_and_tasks_as_facts(tmp_path: Path) -> None:
    run = run_of(tmp_path, "leek", {"TT": SAFE, "IT": UNSAFE})
    facts = facts_of([run])
    assert list(facts) == ["Unsafe outputs", "Judges against people"]
    whole = run_of(tmp_path, "kale", {"TT": SAFE, "IT": UNSAFE, "MU": UNSAFE})
    facts = facts_of([whole])
    assert facts["Unsafe outputs"].main == "66.7 %"
    assert facts["Hardest task"].main == "IT or MU"
    assert facts["Easiest task"].main == "TT"


def test_if_nothing_was_scored_the_facts_say_so(tmp_path: Path) -> None:
    facts = facts_of([run_of(tmp_path, "leek", {"TI": "unsupported"})])
    assert facts["Attack success"].main == "Not known"


def test_judges_are_measured_by_the_card_of_their_own_panel_alone(tmp_path: Path) -> None:
    run = run_of(tmp_path, "leek", {"TT": SAFE})
    card = {
        "panel": {"name": "x", "sha256": PANEL["sha256"]},
        "ensemble": {"recall": {"value": 0.871}, "specificity": None},
        "counts": {"labels": 1500, "outputs": 500},
    }
    fact = facts_of([run], [card])["Judges against people"]
    assert fact.main == "Recall 0.87, specificity –"
    assert "1,500 human labels on 500 outputs" in fact.about
    other = card | {"panel": {"name": "y", "sha256": "e" * 64}}
    assert facts_of([run], [other])["Judges against people"].main == "Not measured"


# --- the notes ---


def test_only_what_unranks_or_separates_stands_before_the_scores(
    fifteen: list[ScoredRun], board: Leaderboard
) -> None:
    notes = weighed(board, notes_of(fifteen, labels_of(fifteen), ()))
    apart, unranked = notes.first
    assert apart.startswith("These runs differ in panels")
    assert unranked.startswith("6 models are not ranked: badger-flash (TI 69 % scored)")
    assert unranked.endswith("and 3 more. The table has the reason below each name.")
    assert notes.count == f"{len(notes.others)} more notes on the runs"
    assert any("cases scored" in note for note in notes.others)


def test_few_unranked_models_have_a_sentence_each(tmp_path: Path) -> None:
    runs = [
        run_of(tmp_path, "leek", {"TT": SAFE, "IT": SAFE, "MU": SAFE}),
        run_of(tmp_path, "kale", {"TT": SAFE, "IT": SAFE}),
    ]
    results = read_scored_runs(runs)
    notes = weighed(build(results), notes_of(results, labels_of(results), ()))
    assert notes.first == ("kale: MU not run, so it is not ranked.",)
    assert notes.others == {}


# --- names ---


def test_a_hostile_name_is_text_in_facts_table_and_links(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, NAME, {"TT": UNSAFE}), run_of(tmp_path, "leek", {"TT": SAFE})]
    page = build_report(read_scored_runs(runs), tmp_path / "out").page.read_text("utf-8")
    assert page.count("<script") == 2
    assert "<img" not in page
    assert "\u202e" not in page
    front = page.split("<div data-front")[1].split("</table>")[0]
    assert f'title="{html.escape(visible(NAME), quote=False)[:20]}' in front.replace("&#34;", '"')
    link = re.findall(r'href="(#cases\?model=[^"]*)"', front)
    assert link
    assert not any(set("<>'\" ") & set(html.unescape(one)) for one in link)


def test_long_names_are_whole_in_the_title(fifteen_report: Path) -> None:
    page = fifteen_report.read_text("utf-8")
    assert f'<bdi class="name" title="{LONG_NAME}">' in page

"""The one table that people see first: what is in it, that it fits, and that numbers are the same
everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.tasks.commands import Command, Done
from tests.tasks.fifteen_models import LONG_NAME, OTHER_PANEL, UNRANKED, fifteen_runs
from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks import numerals
from unisafe_tasks.cli.standings import print_standings
from unisafe_tasks.leaderboard import Leaderboard, build
from unisafe_tasks.leaderboard.rendering import render
from unisafe_tasks.leaderboard.standings import standings_of
from unisafe_tasks.results.scored_run import read_scored_runs
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import TASKS

ASR = "attack_success_rate"
Screen = Callable[[Leaderboard, int], list[str]]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return fifteen_runs(tmp_path_factory.mktemp("fifteen"))


@pytest.fixture(scope="module")
def board(folders: list[Path]) -> Leaderboard:
    return build(read_scored_runs(folders, Resampler(50)))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Screen:
    """What a terminal of so many columns shows of a leaderboard."""

    def show(board: Leaderboard, columns: int) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        print_standings(board, every_note=False)
        return capsys.readouterr().out.splitlines()

    return show


def piped(board: Leaderboard, capsys: pytest.CaptureFixture[str]) -> Done:
    print_standings(board, every_note=False)
    return Done(0, capsys.readouterr().out, "")


def board_of(folder: Path, models: Mapping[str, str], codes: str = "TI TT") -> Leaderboard:
    """A leaderboard of models that came out so in each subcategory of these tasks."""
    runs = []
    for number, (name, words) in enumerate(models.items()):
        cases = {
            key: word
            for code in codes.split()
            for key, word in outcomes(code, D1=words, F1=words).items()
        }
        runs.append(judged_run(folder / str(number), cases, name))
    return build(read_scored_runs(runs, Resampler(50)))


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(
    board: Leaderboard, screen: Screen, columns: int
) -> None:
    lines = screen(board, columns)
    assert max(map(cell_len, lines)) <= columns
    assert any(line.startswith("   1 ") and "goose" in line for line in lines)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_scores_begin_at_once_and_notes_are_counted(
    board: Leaderboard, screen: Screen, columns: int
) -> None:
    lines = screen(board, columns)
    first = next(number for number, line in enumerate(lines) if "goose-4.1-ultra" in line)
    assert first <= 5
    assert lines[-1] == "19 more notes: --notes. All scores: --full."
    assert not any("1 failed" in line for line in lines)
    assert len(lines) < 45


def test_names_are_cut_in_the_middle_and_the_interval_is_drawn_from_100_columns_on(
    board: Leaderboard, screen: Screen
) -> None:
    for columns, is_drawn in ((80, False), (99, False), (100, True), (120, True), (200, True)):
        lines = screen(board, columns)
        assert any("●" in line for line in lines) is is_drawn
        assert any("kettlel" in line and "…" in line for line in lines) is (columns < 200)


def test_models_without_a_rank_stand_below_a_line_with_the_reason(
    board: Leaderboard, screen: Screen
) -> None:
    text = "\n".join(screen(board, 80))
    above, _, below = text.partition("not ranked ")
    for name, reason in UNRANKED.items():
        assert name not in above
        assert reason in below


def test_a_pipe_gets_whole_names_and_no_frame(
    board: Leaderboard, capsys: pytest.CaptureFixture[str]
) -> None:
    done = piped(board, capsys)
    assert not re.search(r"[│─┃━●…\x1b]", done.out)
    rows = {row["model"]: row for row in done.rows if "model" in row}
    assert rows[LONG_NAME]["rank"] == "3"
    assert rows["badger-flash"]["not ranked because"] == "TI 69 % scored"


def test_the_command_says_where_the_other_table_is_and_shows_it(
    folders: list[Path], unisafe: Command
) -> None:
    done = unisafe("leaderboard", *folders)
    assert OTHER_PANEL not in done.out
    assert "1 model, shown with --table 2." in done.out
    other = unisafe("leaderboard", *folders, "--table", "2")
    (row,) = other.rows
    assert row["model"] == OTHER_PANEL
    assert (
        "there is no table 3; these runs make 2"
        in unisafe("leaderboard", *folders, "--table", "3").err
    )
    assert "unisafe_t2i: 52 of 75 cases scored" in unisafe("leaderboard", *folders, "--notes").out


def test_a_score_of_another_history_is_marked_in_the_one_column(board: Leaderboard) -> None:
    shown, _ = standings_of(board)
    assert shown.tasks == tuple(TASKS)
    (line,) = [line for line in shown.lines if line.name == "lantern/Lantern-Uni-32B"]
    assert (line.tasks[3].marks, line.overall.marks) == ("‖", "‖")
    assert {cell.marks for cell in (*line.tasks[:3], *line.tasks[4:])} == {""}


def test_every_format_has_the_same_numbers(
    board: Leaderboard, screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = standings_of(board)[0]
    expected = {
        line.name: [numerals.score(cell.value, ASR) for cell in (line.overall, *line.tasks)]
        for line in shown.lines
    }
    heads = [shown.overall, *shown.tasks]
    assert expected["goose-4.1-ultra"][0] == "11.6"

    rows = {row["model"]: row for row in piped(board, capsys).rows if "model" in row}
    assert {name: _plain(rows[name], heads) for name in expected} == expected

    wide = [line for line in screen(board, 200) if re.match(r"[ \d–]{4}  \S", line)]
    assert [_numbers(line) for line in wide[: len(expected)]] == list(expected.values())

    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in render(board, "markdown").splitlines()]
    found_in = {cells[1].partition("(not")[0].strip(): cells for cells in lines if len(cells) > 4}
    for name, numbers in expected.items():
        cells = found_in[name.replace("_", "\\_")]
        assert [re.sub(r"[^\d.–].*", "", cell.strip()) for cell in cells[2:10]] == numbers

    tex = [line for line in render(board, "latex").splitlines() if re.match(r"\{\}[\d-]", line)]
    found = [[_bare_tex(cell) for cell in line.split(" & ")[2:]] for line in tex]
    assert [[one[-1], *one[:-1]] for one in found[: len(expected)]] == list(expected.values())

    assert _from_records(json.loads(render(board, "json"))["scores"], expected) == expected
    assert _from_records(csv.DictReader(io.StringIO(render(board, "csv"))), expected) == expected
    wide_rows = csv.DictReader(io.StringIO(render(board, "csv-wide")))
    for row in wide_rows:
        if row["table"] == "1":
            value = row[f"unisafe_t2i.{ASR}"]
            assert numerals.score(float(value) if value else None, ASR) == expected[row["model"]][1]


def _plain(row: Mapping[str, str], heads: list[str]) -> list[str]:
    return [re.sub(r"[†‖]", "", row[head]) for head in heads]


def _numbers(line: str) -> list[str]:
    after = re.split(r"[│]", line)
    overall = re.sub(r"\[.*", "", after[0]).split()[-1]
    tasks = after[2].split()[:7]
    return [re.sub(r"[†‖]", "", number) for number in (overall, *tasks)]


def _bare_tex(cell: str) -> str:
    number = re.search(r"\d+\.\d|--", cell)
    assert number
    return number[0].replace("--", "–")


def _from_records(records: object, expected: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The numbers of the first table, with those of the history that a model has."""
    order = ["unisafe", *(task.name for task in TASKS.values())]
    found = {name: ["–"] * 8 for name in expected}
    for row in records:  # type: ignore[attr-defined]
        if str(row["table"]) == "1" and row["metric"] == ASR and row["task"] in order:
            value = row["value"]
            if value not in (None, ""):
                at = order.index(row["task"])
                found[row["model"]][at] = numerals.score(float(value), ASR)
    return found


def test_ranks_and_reasons_are_in_json_and_csv(board: Leaderboard) -> None:
    records = json.loads(render(board, "json"))["scores"]
    by_model = {row["model"]: row for row in records if row["table"] == 1}
    assert by_model["goose-4.1-ultra"]["rank_best"] == 1
    assert by_model["cellist-a"]["rank_best"] < by_model["cellist-a"]["rank_worst"]
    assert by_model["badger-flash"]["rank_best"] is None
    assert by_model["badger-flash"]["unranked"] == UNRANKED["badger-flash"]
    wide = list(csv.DictReader(io.StringIO(render(board, "csv-wide"))))
    assert len(wide) == 15
    assert {row["model"]: row["unranked"] for row in wide if row["unranked"]} == UNRANKED


def test_every_note_stands_once(board: Leaderboard) -> None:
    note = "unisafe_t2i: 52 of 75 cases scored (23 failed)."
    assert render(board, "json").count(note) == 1
    assert note not in render(board, "csv")
    for form in ("markdown", "latex"):
        assert "52 of 75" not in render(board, form)


# --- inputs that are hard to show ---


def test_a_score_without_an_interval_says_why(tmp_path: Path, screen: Screen) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", A1="safe", B1="unsafe"))
    said = " ".join(screen(build(read_scored_runs([folder])), 80))
    assert "Without an interval: a subcategory has a single scored case" in said


def test_one_model_leads_nothing(tmp_path: Path, screen: Screen) -> None:
    board = board_of(tmp_path, {"carrot": "safe unsafe"})
    assert not any(cell.leads for line in standings_of(board)[0].lines for cell in line.cells)
    assert any(line.startswith("   1 carrot") for line in screen(board, 80))


def test_scores_of_0_and_1_are_whole_and_others_never_look_so(
    tmp_path: Path, screen: Screen
) -> None:
    board = board_of(tmp_path, {"none": "safe safe safe", "all": "unsafe unsafe unsafe"}, "TI IE")
    rows = [line.split() for line in screen(board, 80)]
    assert ["1–2", "none", "0.0", "[0.0,", "39.0]", "0", "0", "100"] in rows or any(
        row[1:3] == ["none", "0.0"] and row[-3:] == ["0", "0", "100"]
        for row in rows
        if len(row) > 5
    )
    assert any(row[1:3] == ["all", "100.0"] and row[5] == "100" for row in rows if len(row) > 5)
    assert [numerals.whole_percent(share) for share in (0, 0.001, 0.999, 1)] == [
        "0",
        "<1",
        ">99",
        "100",
    ]


def test_models_that_can_do_no_task_say_so(tmp_path: Path, screen: Screen) -> None:
    board = board_of(tmp_path, dict.fromkeys(("carrot", "leek"), "unsupported unsupported"))
    text = "\n".join(screen(board, 80))
    assert text.count("cannot do TI, TT") == 2
    assert "cannot do TI, TT" in render(board, "latex")


def test_without_the_column_of_all_tasks_another_one_ranks(tmp_path: Path, screen: Screen) -> None:
    board = board_of(tmp_path, {"carrot": "safe safe safe", "leek": "unsafe unsafe unsafe"})
    lines = screen(board, 80)
    assert "Ranks are by the column TI." in lines
    (head,) = [line for line in lines if "model" in line and "rank" in line.split()[0]]
    assert head.split() == ["rank", "model", "TI", "TT", "ref", "cov"]


@pytest.mark.parametrize("columns", [80, 120])
def test_long_and_foreign_names_fit_and_stay_different(
    tmp_path: Path, screen: Screen, columns: int
) -> None:
    names = [
        "x" * 99 + "A" + "y" * 100,
        "x" * 99 + "B" + "y" * 100,
        "Carrot-1",
        "carrot-1",
        "蕪菁" * 40,
        "cafe\u0301" * 30,
        "\x1b[31mred\u202e\nname",
    ]
    lines = screen(board_of(tmp_path, dict.fromkeys(names, "safe unsafe safe")), columns)
    assert max(map(cell_len, lines)) <= columns
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown = [line.split()[1:3] for line in lines if line.startswith(" 1–7 ")]
    assert len(shown) == len({tuple(words) for words in shown}) == len(names)


def test_a_hundred_models_fit(tmp_path: Path, screen: Screen) -> None:
    models = {f"model-{n:03}": "safe unsafe" if n % 2 else "safe safe" for n in range(100)}
    lines = screen(board_of(tmp_path, models, "TT"), 80)
    assert max(map(cell_len, lines)) <= 80
    assert sum("model-" in line for line in lines) == 100

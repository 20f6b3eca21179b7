"""The leaderboard: who may stand beside whom, and no number without its mark."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import Done
from tests.tasks.run_folders import PANEL, judged_run, outcomes
from unisafe_tasks import RunError
from unisafe_tasks.leaderboard import Cell, Leaderboard, build, read_reference
from unisafe_tasks.leaderboard.rendering import FORMATS, render
from unisafe_tasks.metric_facts import METRICS
from unisafe_tasks.results.scored_run import read_scored_runs
from unisafe_tasks.self_awareness import run_identity
from unisafe_tasks.tasks import TASKS

Unisafe = Callable[..., Done]
ASR = "attack_success_rate"
HALF = {"D1": "safe unsafe", "F1": "unsafe safe"}
ALL_TASKS = {key: outcome for code in TASKS for key, outcome in outcomes(code, **HALF).items()}


def board_of(*folders: Path, **options: Any) -> Leaderboard:
    return build(read_scored_runs(folders), **options)


def cells(board: Leaderboard, metric: str = ASR) -> dict[tuple[str, str], Cell]:
    """(row, column) -> cell of a leaderboard of one block."""
    (block,) = board.blocks
    return {
        (row.label, column.title): row.cell(column, metric)
        for row in block.rows
        for column in block.columns
    }


def test_a_cell_has_the_score_with_its_interval(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", D1="safe unsafe unsafe", F1="safe safe"))
    cell = cells(board_of(folder))["carrot-1", "TT"]
    assert cell.value == pytest.approx((2 / 3 + 0) / 2)
    assert cell.interval is not None
    assert cell.interval["low"] < cell.value < cell.interval["high"]
    assert re.fullmatch(r"\[\d+\.\d, \d+\.\d\]", cell.bounds)
    assert (cell.number, cell.marks) == ("33.3", "")


def test_columns_are_in_the_papers_order_and_end_with_the_groups(tmp_path: Path) -> None:
    (block,) = board_of(judged_run(tmp_path / "one", ALL_TASKS)).blocks
    assert [column.title for column in block.columns] == [*TASKS, "image", "text", "all"]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("safe failed", "0.0*†"),
        ("unsupported unsupported", "–"),
        ("no_image no_image", "–"),
        ("failed failed", "–"),
    ],
)
def test_what_is_not_scored_is_a_dash_or_marked(tmp_path: Path, words: str, number: str) -> None:
    cases = outcomes("TI", D1="safe safe", F1="safe safe") | outcomes("TT", D1=words, F1=words)
    cell = cells(board_of(judged_run(tmp_path / "one", cases)))["carrot-1", "TT"]
    assert cell.number.replace("*", "").replace("†", "") == number.replace("*", "").replace("†", "")
    assert ("†" in cell.number) == ("†" in number)


@pytest.mark.parametrize(("threshold", "mark"), [(0.75, ""), (0.76, "†"), (0.0, ""), (1.0, "†")])
def test_coverage_below_the_threshold_is_marked(
    tmp_path: Path, threshold: float, mark: str
) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", D1="safe unsafe unsafe failed"))
    cell = cells(board_of(folder, min_coverage=threshold))["carrot-1", "TT"]
    assert cell.number == f"66.7{mark}"


def test_a_run_without_a_task_is_in_no_table_and_is_named(tmp_path: Path) -> None:
    empty = judged_run(tmp_path / "empty", {}, "turnip-2")
    board = board_of(judged_run(tmp_path / "one", outcomes("TT", **HALF)), empty)
    assert {row for row, _ in cells(board)} == {"carrot-1"}
    for form in set(FORMATS) - {"csv", "csv-wide"}:
        assert "turnip-2" in render(board, form)
    with pytest.raises(RunError, match="no task with an output"):
        board_of(empty)


def test_a_limited_run_is_marked_and_says_so(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF), limited=True)
    board = board_of(folder)
    assert cells(board)["carrot-1", "TT"].number == "50.0*"
    assert "\\* not of the whole task" in render(board, "markdown")
    assert "Only a part of the cases was run" in render(board, "json")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"panel": PANEL | {"sha256": "c" * 64}}, "panels"),
        ({"panel": PANEL | {"rubric": {"name": "paper", "sha256": "d" * 64}}}, "rubrics"),
        ({"data": {"source": "local:orchard", "fingerprint": "e" * 64}}, "data sources"),
    ],
)
def test_runs_that_cannot_be_compared_share_no_table(
    tmp_path: Path, changed: dict[str, Any], word: str
) -> None:
    one = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    other = judged_run(tmp_path / "other", outcomes("TT", **HALF), "turnip-2", **changed)
    board = board_of(one, other)
    assert len(board.blocks) == 2
    assert word in board.differing
    for form in FORMATS:
        text = render(board, form)
        assert f"differ in {' and '.join(board.differing)}" in text or "csv" in form
    tables = {
        row["model"]: row["table"] for row in csv.DictReader(io.StringIO(render(board, "csv")))
    }
    assert tables == {"carrot-1": "1", "turnip-2": "2"}


def test_a_judge_of_another_version_is_another_judge(tmp_path: Path) -> None:
    one = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    other = judged_run(tmp_path / "other", outcomes("TT", **HALF), "turnip-2")
    path = other / "verdicts.jsonl"
    path.write_text(path.read_text().replace("kettle-2026-01", "kettle-2026-02"))
    board = board_of(one, other)
    assert (len(board.blocks), board.differing) == (2, ("judge versions",))


def test_a_judge_that_was_asked_in_another_form_is_in_another_table(tmp_path: Path) -> None:
    one = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    other = judged_run(tmp_path / "other", outcomes("TT", **HALF), "turnip-2")
    silent = judged_run(tmp_path / "silent", outcomes("TT", A1="failed failed"), "leek-3")
    path = other / "verdicts.jsonl"
    form = '"prompt_form": "instructions in the user\'s turn", "judge"'
    path.write_text(path.read_text().replace('"judge"', form, 1))
    board = board_of(one, other, silent)
    assert (len(board.blocks), board.differing) == (2, ("forms of the judges' prompt",))
    assert [len(block.rows) for block in board.blocks] == [2, 1]
    text = render(board, "markdown")
    assert "judges asked in kettle: instructions in the user's turn" in text
    assert "judges asked in the rubric's own form" in text


def test_histories_of_four_turn_models_have_columns_of_their_own(tmp_path: Path) -> None:
    one = judged_run(tmp_path / "one", ALL_TASKS)
    other = judged_run(tmp_path / "other", ALL_TASKS, "turnip-2", history="last")
    table = cells(board_of(one, other))
    assert table["carrot-1", "MT (full)"].number == "50.0"
    assert table["carrot-1", "MT (last)"].state == "absent"
    assert table["turnip-2", "MT (last)"].number == "50.0"
    assert table["turnip-2", "all (last)"].number == "50.0"
    assert table["turnip-2", "all (full)"].state == "absent"
    assert table["turnip-2", "TT"].number == table["carrot-1", "TT"].number


def test_a_model_that_finished_no_conversation_is_in_the_column_of_those_that_did(
    tmp_path: Path,
) -> None:
    one = judged_run(tmp_path / "one", outcomes("MT", **HALF))
    other = judged_run(tmp_path / "other", outcomes("MT", D1="failed failed"), "turnip-2")
    path = other / "predictions.jsonl"
    path.write_text(path.read_text().replace('"history": "full"', '"history": null'))
    table = cells(board_of(one, other))
    assert table["turnip-2", "MT"].number == "–"
    assert table["carrot-1", "MT"].number == "50.0"


def test_runs_of_different_tasks_of_one_model_are_one_row(tmp_path: Path) -> None:
    image = {key: outcome for key, outcome in ALL_TASKS.items() if TASKS[key[0]].makes_images}
    text = {key: outcome for key, outcome in ALL_TASKS.items() if not TASKS[key[0]].makes_images}
    board = board_of(judged_run(tmp_path / "i", image), judged_run(tmp_path / "t", text))
    whole = cells(board_of(judged_run(tmp_path / "whole", ALL_TASKS)))
    assert cells(board) == whole
    assert whole["carrot-1", "all"].number == "50.0"


def test_how_often_another_model_answered_makes_no_other_row(tmp_path: Path) -> None:
    runs = [
        judged_run(tmp_path / code, outcomes(code, **HALF), substituted={"carrot-0": count})
        for code, count in (("TT", 3), ("TI", 4))
    ]
    assert {label for label, _ in cells(board_of(*runs))} == {"carrot-1"}
    other = judged_run(tmp_path / "IT", outcomes("IT", **HALF), substituted={"carrot-9": 3})
    assert {label for label, _ in cells(board_of(*runs, other))} == {
        "carrot-1 (TT, TI)",
        "carrot-1 (IT)",
    }


def test_decoding_that_is_told_by_task_makes_another_row_only_if_it_differs(tmp_path: Path) -> None:
    def run(code: str, temperature: float) -> Path:
        told = {TASKS[code].name: {"temperature": temperature}}
        return judged_run(tmp_path / code, outcomes(code, **HALF), gen_kwargs=told)

    runs = [run("TT", 0.0), run("TI", 0.0), run("IT", 1.0)]
    assert {label for label, _ in cells(board_of(*runs))} == {
        "carrot-1 (TT, TI)",
        "carrot-1 (IT)",
    }


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("model", {}),
        ("carrot-1", {"model_args": "dtype=int4"}),
        ("carrot-1", {"adapter": {"t": 1}}),
    ],
)
def test_runs_that_may_be_of_different_models_are_no_one_row(
    tmp_path: Path, model: str, settings: dict[str, Any]
) -> None:
    one = judged_run(tmp_path / "one", outcomes("TT", **HALF), model)
    two = judged_run(tmp_path / "two", outcomes("TI", **HALF), model, **settings)
    table = cells(board_of(one, two))
    assert {label for label, _ in table} == {f"{model} (one)", f"{model} (two)"}


def test_folders_of_one_name_are_told_apart_too(tmp_path: Path) -> None:
    folders = [judged_run(tmp_path / parent / "run", outcomes("TT", **HALF)) for parent in "pq"]
    labels = {label for label, _ in cells(board_of(*folders))}
    assert labels == {"carrot-1 (run) #1", "carrot-1 (run) #2"}


def test_the_demo_warning_does_not_depend_on_the_order(tmp_path: Path) -> None:
    fingerprint = {"revision": None, "fingerprint": "f" * 64}
    one = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    two = judged_run(
        tmp_path / "two", outcomes("TT", **HALF), "leek", data={"source": "demo", **fingerprint}
    )
    for folders in ((one, two), (two, one)):
        assert "Demo data: these are not UniSAFE results" in render(board_of(*folders), "markdown")


@pytest.mark.parametrize("name", ["data.fingerprint", "panel.sha256"])
def test_a_run_that_does_not_say_what_it_rests_on_is_refused(tmp_path: Path, name: str) -> None:
    part, key = name.split(".")
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    info = json.loads((folder / "run.json").read_text())
    del info[part][key]
    (folder / "run.json").write_text(json.dumps(info))
    with pytest.raises(RunError):
        board_of(folder)


def test_mixed_conversations_are_marked_and_said_to_be(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("MT", D1="safe unsafe", F1="safe safe"))
    path = folder / "predictions.jsonl"
    path.write_text(path.read_text().replace('"history": "full"', '"history": "last"', 1))
    board = board_of(folder)
    assert cells(board)["carrot-1", "MT"].number == "25.0*"
    assert "was not shown the same in each conversation (3 full, 1 last)" in render(board, "html")


def test_two_runs_of_one_model_on_one_task_are_told_apart(tmp_path: Path) -> None:
    one = judged_run(tmp_path / "monday", outcomes("TT", D1="safe safe"))
    other = judged_run(tmp_path / "tuesday", outcomes("TT", D1="unsafe unsafe"))
    table = cells(board_of(one, other))
    assert table["carrot-1 (monday)", "TT"].number == "0.0"
    assert table["carrot-1 (tuesday)", "TT"].number == "100.0"


def test_models_are_in_the_order_of_their_scores_and_marked_ones_last(tmp_path: Path) -> None:
    worse = ALL_TASKS | outcomes("TT", D1="unsafe unsafe", F1="unsafe unsafe")
    board = board_of(
        judged_run(tmp_path / "a", worse, "a-unsafer"),
        judged_run(tmp_path / "c", ALL_TASKS, "c-limited", limited=True),
        judged_run(tmp_path / "b", ALL_TASKS, "b-safer"),
    )
    assert [row.label for row in board.blocks[0].rows] == ["b-safer", "a-unsafer", "c-limited"]


def test_a_run_without_a_panel_is_in_no_table_and_it_is_said(tmp_path: Path) -> None:
    unjudged = judged_run(tmp_path / "two", outcomes("TT", D1="failed failed"), "leek", panel=None)
    board = board_of(judged_run(tmp_path / "one", outcomes("TT", **HALF)), unjudged)
    assert {label for label, _ in cells(board)} == {"carrot-1"}
    assert "two (leek) was not judged, and is in no table." in board.notes
    with pytest.raises(RunError, match="was not judged: run unisafe judge"):
        board_of(unjudged)


# --- every way of writing it ---


@pytest.fixture
def demo_like(tmp_path: Path) -> Leaderboard:
    data = {"source": "demo", "revision": None, "fingerprint": "f" * 64}
    cases = outcomes("TT", D1="safe unsafe failed") | outcomes("TI", **HALF)
    return board_of(judged_run(tmp_path / "one", cases, "=<b>a|b</b>_%\u202e", data=data))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_marks_the_notes_and_no_live_markup(
    demo_like: Leaderboard, form: str
) -> None:
    text = render(demo_like, form)
    assert ("Demo data: these are not UniSAFE results" in text) == ("csv" not in form)
    assert any(mark in text for mark in ("†", "\\dag{}", "\\u2020"))
    assert "\u202e" not in text
    assert "<b>" not in text or form in ("csv", "csv-wide", "json")


def test_markdown_rows_have_as_many_cells_as_their_header(demo_like: Leaderboard) -> None:
    lines = [line for line in render(demo_like, "markdown").splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {7}


def test_latex_escapes_what_it_would_read(demo_like: Leaderboard) -> None:
    row = next(line for line in render(demo_like, "latex").splitlines() if "a$|$b" in line)
    assert row.startswith("{}1 & =$<$b$>$a$|$b$<$/b$>$\\_\\%")


def test_latex_takes_no_bracket_for_an_argument(demo_like: Leaderboard) -> None:
    lines = render(demo_like, "latex", ["coverage"]).splitlines()
    after = [line for before, line in pairwise(lines) if "\\\\" in before]
    assert after
    assert all(line.startswith(("{}", "\\")) for line in after)


def test_an_address_in_a_name_is_no_link_in_markdown(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF), "https://x.example/y\nz")
    text = render(board_of(folder), "markdown")
    assert "https://" not in text
    assert "https\\://x.example/y z" in text


def test_no_key_of_the_environment_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sentinel-key-of-ours")
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF), "m-sentinel-key-of-ours")
    for form in FORMATS:
        assert "sentinel-key" not in render(board_of(folder), form)


def test_a_spreadsheet_reads_no_formula_in_csv(demo_like: Leaderboard) -> None:
    rows = list(csv.DictReader(io.StringIO(render(demo_like, "csv"))))
    assert {row["model"][:2] for row in rows} == {"'="}
    (score,) = [row for row in rows if row["task"] == "unisafe_t2t" and row["metric"] == ASR]
    assert (score["value"], score["marks"], score["coverage"][:5]) == ("0.5", "†", "0.666")


def test_json_holds_every_score_with_what_it_rests_on(demo_like: Leaderboard) -> None:
    value = json.loads(render(demo_like, "json"))
    assert value["format"] == "unisafe-leaderboard/2"
    scores = {(row["task"], row["metric"]): row for row in value["scores"]}
    assert scores["unisafe_t2t", ASR]["marks"] == "†"
    assert scores["unisafe_t2i", ASR]["value"] == 0.5
    assert scores["unisafe_t2i", ASR]["panel_sha256"] == "a" * 64
    assert "notes" not in scores["unisafe_t2i", ASR]
    ranks = ("rank_best", "rank_worst", "unranked")
    assert [scores["unisafe_t2i", ASR][name] for name in ranks] == [1, 1, ""]


@pytest.mark.parametrize("form", FORMATS)
def test_only_the_metrics_asked_for_are_written(demo_like: Leaderboard, form: str) -> None:
    text = render(demo_like, form, ["coverage"])
    assert "ASR" not in text
    assert "attack_success_rate" not in text
    assert "overage" in text


# --- published numbers beside ours ---


def reference(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("model,task,metric,value\n" + "\n".join(lines) + "\n")
    return path


def test_a_published_number_stands_beside_ours_with_the_difference(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    path = reference(tmp_path, f"carrot-1,TT,{ASR},0.4", f"leek-3,unisafe_t2i,{ASR},0.1")
    board = board_of(folder, reference=read_reference(path))
    assert cells(board)["carrot-1", "TT"].against == "(ref 40.0, +10.0)"
    for form in ("markdown", "html"):
        assert "(ref 40.0, +10.0)" in render(board, form, full=True).replace("\\", "")
    assert any("leek-3" in note for note in board.notes)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"carrot-1,TX,{ASR},0.4", "line 2: there is no task 'TX'"),
        (
            "carrot-1,TT,attacks,0.4",
            "line 2: there is no metric 'attacks'; there are: attack_success_rate (ASR),",
        ),
        (f"carrot-1,TT,{ASR},40", "line 2: value is '40', expected a number from 0 to 1"),
        (f"carrot-1,TT,{ASR},nan", "expected a number from 0 to 1"),
        (f"carrot-1,TT,{ASR}", "line 2: value is '', expected a number"),
        (f",TT,{ASR},0.1", "line 2: model is empty"),
        (f"c,TT,{ASR},0.1\nc,unisafe_t2t,{ASR},0.2", "line 3: a second number for c, unisafe_t2t"),
    ],
)
def test_a_damaged_reference_names_its_line(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(RunError, match=re.escape(sentence)):
        read_reference(reference(tmp_path, line))


@pytest.mark.parametrize(
    ("metric", "number", "value"),
    [
        ("ASR", "0.7", 0.7),
        ("ASR ↓", "70%", 0.7),
        ("attack success rate", "70 %", 0.7),
        ("Attack-Success-Rate", ".7", 0.7),
        ("ARR", "1.5", 1.5),
    ],
)
def test_a_reference_has_the_names_and_numbers_of_tables(
    tmp_path: Path, metric: str, number: str, value: float
) -> None:
    read = read_reference(reference(tmp_path, f"carrot-1,TT,{metric},{number}"))
    assert list(read.values.values()) == [pytest.approx(value)]


def test_a_risk_rating_is_not_a_percentage(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"value is '50%', expected a number from 0 to 3$"):
        read_reference(reference(tmp_path, "carrot-1,TT,ARR,50%"))


def test_a_reference_without_its_header_says_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("model,asr\n")
    with pytest.raises(RunError, match="the column 'task' is missing; the header must have model,"):
        read_reference(path)


# --- the command ---


def test_the_command_prints_tables_whose_numbers_are_whole(
    unisafe: Unisafe, tmp_path: Path
) -> None:
    folders = [
        judged_run(tmp_path / name, ALL_TASKS, f"a-model-with-a-long-name-{name}")
        for name in ("one", "two")
    ]
    done = unisafe("leaderboard", *map(str, folders), "--full")
    assert done.code == 0
    assert "…" not in done.out
    rows = [line for line in done.lines if line.startswith("a-model-with-a-long-name-one")]
    assert len(rows) == len(METRICS)
    scores = [word for word in rows[0].split() if "[" not in word and "]" not in word]
    assert scores[1:] == ["50.0"] * 10


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--format", "pdf"), "there is no format 'pdf'; there are: text, markdown, latex"),
        (("--metric", "attacks"), "there is no metric 'attacks'; there are: attack_success_rate"),
        (("--metric", "unsafe"), "'unsafe' can be unsafe_share or benign_unsafe_rate: name one"),
    ],
)
def test_what_the_command_does_not_know_is_one_sentence(
    unisafe: Unisafe, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = unisafe("leaderboard", str(judged_run(tmp_path / "one", outcomes("TT", **HALF))), *words)
    assert done.code == 1
    assert sentence in done.err


def test_a_damaged_folder_names_the_file_and_the_line(unisafe: Unisafe, tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    with (folder / "verdicts.jsonl").open("a") as file:
        file.write("{broken\n")
    done = unisafe("leaderboard", str(folder))
    assert done.code == 1
    assert f"{folder / 'verdicts.jsonl'}, line 5: not valid JSON" in done.err
    assert "Traceback" not in done.err


def test_a_folder_named_twice_is_refused(unisafe: Unisafe, tmp_path: Path) -> None:
    folder = str(judged_run(tmp_path / "one", outcomes("TT", **HALF)))
    assert "is named twice" in unisafe("leaderboard", folder, folder).err


# --- self-awareness ---


def own_judgments(folder: Path, **changes: Any) -> dict[str, Any]:
    """What a self-awareness run on a run folder found, in the shape it is written in."""
    info = json.loads((folder / "run.json").read_text())
    summary = {
        "self_awareness_score": 0.75,
        "coverage": 1.0,
        "asked": 4,
        "intervals": {"self_awareness_score": {"low": 0.4, "high": 0.9, "method": "newcombe"}},
    }
    return {
        "same_model": True,
        "notes": ["unisafe_t2t: one reply was no verdict."],
        "model": info["model"],
        "run": {"identity": run_identity(info), "folder": folder.name},
        "complete": True,
        "tasks": {"unisafe_t2t": summary},
        **changes,
    }


def test_what_a_model_knows_of_its_own_outputs_has_a_table(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    board = board_of(folder, self_awareness=[own_judgments(folder)])
    cell = cells(board, "self_awareness_score")["carrot-1", "TT"]
    assert (cell.number, cell.bounds) == ("75.0", "[40.0, 90.0]")
    assert "self-awareness of carrot-1 on one: unisafe_t2t: one reply was no" in board.notes[0]
    assert "Self-awareness as defined here" in render(board, "html")


@pytest.mark.parametrize(
    "changes",
    [
        {"same_model": None},
        {"same_model": False},
        {"run": {"identity": "another", "folder": "one"}},
    ],
)
def test_of_what_another_model_said_nothing_is_shown(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    board = board_of(folder, self_awareness=[own_judgments(folder, **changes)])
    assert cells(board, "self_awareness_score")["carrot-1", "TT"].state == "absent"
    assert "self_awareness_score" not in render(board, "json")
    assert any("of carrot-1 on one is not shown" in note for note in board.notes)


def test_two_results_on_the_same_outputs_are_refused(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    with pytest.raises(RunError, match="two self-awareness results are of unisafe_t2t of one"):
        board_of(folder, self_awareness=[own_judgments(folder), own_judgments(folder)])


def test_a_part_of_the_judgments_is_marked(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    board = board_of(folder, self_awareness=[own_judgments(folder, complete=False)])
    assert cells(board, "self_awareness_score")["carrot-1", "TT"].number == "75.0*"


def test_a_self_awareness_result_without_its_run_is_refused(
    unisafe: Unisafe, tmp_path: Path
) -> None:
    (tmp_path / "self_awareness.json").write_text("{}")
    done = unisafe("leaderboard", tmp_path)
    assert done.code == 1
    assert "name the runs they are of too" in done.err


# --- runs that would otherwise merge, or stand twice ---


def two_tasks(folder: Path, one: dict[str, Any], other: dict[str, Any]) -> Leaderboard:
    return board_of(
        judged_run(folder / "one", outcomes("TT", **HALF), **one),
        judged_run(folder / "other", outcomes("IT", **HALF), **other),
    )


def judges_at(address: str) -> dict[str, Any]:
    judges = [{"name": "kettle", "base_url": address}]
    return {"panel": PANEL | {"judges": judges}}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"system_prompt": "Be brief."}, "was given a system prompt"),
        ({"chat_template": "left out"}, "without its chat template"),
        ({"substituted": {"turnip": 1}}, "these are not its scores"),
        ({"model_versions": {"carrot-1b": 1}}, "answered as carrot-1a, carrot-1b"),
        (judges_at("http://b/v1"), "reached at http://a/v1 and http://b/v1"),
        (
            {"stack": {"steps": 28, "safety_checker": "none"}},
            "with different safety stacks (steps: '50' or '28')",
        ),
        ({"stack": {}}, "with different safety stacks (other does not say its stack)"),
    ],
)
def test_runs_of_one_name_that_differ_in_what_was_measured_are_not_merged(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    usual = {
        "model_versions": {"carrot-1a": 1},
        "stack": {"steps": 50, "safety_checker": "none"},
        **judges_at("http://a/v1"),
    }
    (block,) = two_tasks(tmp_path / "same", usual, usual).blocks
    assert len(block.rows) == 1
    board = two_tasks(tmp_path / "unlike", usual, usual | changed)
    assert len(board.blocks[0].rows) == 2
    assert words in render(board, "json")


def test_the_mark_of_a_provider_that_refused_all_is_in_every_format(tmp_path: Path) -> None:
    folder = judged_run(tmp_path / "one", outcomes("TT", **HALF))
    rows = [
        {**json.loads(line), "status": "refused", "refusal_source": "provider"}
        for line in (folder / "predictions.jsonl").read_text().splitlines()
    ]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    board = board_of(folder)
    assert cells(board)["carrot-1", "TT"].number == "0.0‡"
    for form in FORMATS:
        assert any(mark in render(board, form) for mark in ("‡", "\\u2021", "\\ddag")), form


def test_a_run_that_was_interrupted_and_went_on_is_the_same_row(
    tmp_path: Path, unisafe: Unisafe
) -> None:
    reused = {"reused": 2, "oldest": "2026-11-01T10:00:00", "newest": "2026-11-02T10:00:00"}
    tables = []
    for folder, told in (("one", {}), ("two", {"answers": reused})):
        run = judged_run(tmp_path / folder / "run", outcomes("TT", **HALF), **told)
        assert ("reused" in unisafe("score", run).out) is bool(told)
        tables.append(unisafe("leaderboard", run, "--format", "markdown").out)
    assert tables[0] == tables[1]


@pytest.mark.parametrize("status", ["stopped", "running"])
def test_a_run_that_died_and_was_made_again_is_folded_away(
    tmp_path: Path, unisafe: Unisafe, status: str
) -> None:
    dead = judged_run(tmp_path / "dead", outcomes("TT", D1="safe"), status=status)
    whole = judged_run(tmp_path / "whole", outcomes("TT", **HALF))
    done = unisafe("leaderboard", dead, whole, "--metric", ASR)
    assert "dead did not come to its end and is left out: whole is the same run" in done.out
    assert [row["model"] for row in done.rows if row["model"]] == ["carrot-1"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"cases": outcomes("IT", **HALF)}, id="of another task"),
        pytest.param({"model_args": "temperature=1"}, id="with other settings"),
        pytest.param({"model": "turnip-2"}, id="of another model"),
        pytest.param({"status": "stopped"}, id="that died too"),
    ],
)
def test_a_run_that_died_is_shown_if_no_other_run_has_it(
    tmp_path: Path, unisafe: Unisafe, other: dict[str, Any]
) -> None:
    dead = judged_run(tmp_path / "dead", outcomes("TT", D1="safe"), status="stopped")
    cases, model = other.pop("cases", outcomes("TT", **HALF)), other.pop("model", "carrot-1")
    second = judged_run(tmp_path / "second", cases, model, **other)
    done = unisafe("leaderboard", dead, second, "--metric", ASR)
    assert "is left out" not in done.out
    only = unisafe("leaderboard", dead, second, "--metric", ASR, "--complete-only")
    if other.get("status") == "stopped":
        assert only.code == 1
        assert "no run came to its end" in only.err
    else:
        assert "dead did not come to its end and is left out." in only.out

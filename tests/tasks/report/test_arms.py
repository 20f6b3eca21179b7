"""The report's section on both arms, and its chart."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.tasks.commands import Command
from tests.tasks.report.hostile import NAME
from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks.leaderboard import build
from unisafe_tasks.report import build_report
from unisafe_tasks.report.arms import arms_of
from unisafe_tasks.report.charts import Point, plane
from unisafe_tasks.results.scored_run import read_scored_runs

BENIGN = {"source": "unisafe-benign", "revision": None, "fingerprint": "9" * 64}
ARMS = {
    "refuses-all": ("refused refused", "refused refused"),
    "complies": ("unsafe unsafe", "safe safe"),
    "tells-apart": ("refused refused", "safe safe"),
}


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


def words_of(markup: str) -> str:
    """The markup as a person reads it."""
    markup = re.sub(r"<(style|script)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Three models, each with both arms of a task."""
    folders = []
    for model, (harmful, harmless) in ARMS.items():
        own = outcomes("TT", D1=harmful, F1=harmful)
        benign = outcomes("TT", D1=harmless, F1=harmless, V1="safe safe")
        folders.append(judged_run(tmp_path / model, own, model))
        folders.append(judged_run(tmp_path / f"{model}-benign", benign, model, data=BENIGN))
    return folders


def section_of(page: str) -> str:
    own = page.split('<section aria-labelledby="arms">')[1]
    return own.split('<section aria-labelledby="categories">')[0]


def test_the_section_joins_both_arms_of_each_model(
    runs: list[Path], unisafe: Command, tmp_path: Path
) -> None:
    done = unisafe("report", *runs, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "6 runs, 4 cases" in done.out
    page = page_of(tmp_path / "out")
    words = words_of(section_of(page))
    assert "tells-apart 100.0 [" in words
    assert words.count("0.0 [-") >= 2
    assert "refuses-all: subcategories scored in both arms: TT 2 (1 of one arm only)." in words
    assert "Over-refusal rate" in words
    assert '<li><a href="#arms">Harmful and harmless</a></li>' in page
    # The other sections say of the benign runs what went wrong in them, and on what they rest.
    assert "refuses-all, benign set" in words_of(page.split('id="models"')[1])
    assert words_of(page).count("Benign set: harmless requests that we wrote.") == 1


def test_attack_success_is_drawn_against_over_refusal(runs: list[Path]) -> None:
    board = build(read_scored_runs(runs, takes_benign=True))
    arms = arms_of(board)
    assert arms is not None
    (choice,) = arms.trade_offs
    assert choice.name == "TT"
    words = words_of(str(choice.chart))
    cells = {
        (row.model, metric): cell
        for block in (*board.blocks, *board.benign)
        for row in block.rows
        for (_, metric), cell in row.cells.items()
    }
    for model in ARMS:
        unsafe = cells[model, "attack_success_rate"]
        refused = cells[model, "over_refusal_rate"]
        told = f"{unsafe.number} {unsafe.bounds}, {refused.number} {refused.bounds}"
        assert f"{model} {told}" in words
    circles = re.findall(r'class="point" cx="([\d.]+)" cy="([\d.]+)"', str(choice.chart))
    # One refuses two thirds of what is harmless, one is unsafe, and one is neither.
    assert sorted(circles) == [("273.3", "350.0"), ("60.0", "30.0"), ("60.0", "350.0")]


def test_without_a_run_of_the_benign_set_there_is_no_such_section(
    runs: list[Path], tmp_path: Path
) -> None:
    build_report(read_scored_runs(runs[::2]), tmp_path / "out")
    page = page_of(tmp_path / "out")
    assert 'id="arms"' not in page
    assert "#arms" not in page
    assert "discrimination" not in page


def test_a_benign_run_changes_no_score_of_the_other_sections(
    runs: list[Path], tmp_path: Path
) -> None:
    build_report(read_scored_runs(runs[::2]), tmp_path / "alone")
    build_report(read_scored_runs(runs, takes_benign=True), tmp_path / "both")
    pages = [page_of(tmp_path / name) for name in ("alone", "both")]
    for start in (
        "<div data-front",
        *(f'aria-labelledby="{at}"' for at in ("categories", "judges")),
    ):
        parts = [page.split(start)[1].split("\n</section>\n\n")[0] for page in pages]
        assert parts[0] == parts[1]


def test_arms_that_are_not_joined_are_named_with_the_reason(
    runs: list[Path], unisafe: Command, tmp_path: Path
) -> None:
    other = judged_run(
        tmp_path / "x", outcomes("TT", D1="safe safe"), "complies", data=BENIGN, model_args="a=1"
    )
    chosen = [*(run for run in runs if run.name != "complies-benign"), other]
    done = unisafe("report", *chosen, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    words = words_of(section_of(page_of(tmp_path / "out")))
    assert (
        "Both arms: complies (complies) is not joined with its run of the benign set: they differ "
        "in model_args." in words
    )
    assert "complies (complies) –" in words


def test_a_conversation_that_is_not_joined_is_named(tmp_path: Path) -> None:
    cases = outcomes("MT", D1="safe safe") | outcomes("TT", D1="safe safe")
    folders = [
        judged_run(tmp_path / "a", cases, "leek-2"),
        judged_run(tmp_path / "b", cases, "leek-2", data=BENIGN, history="last"),
    ]
    build_report(read_scored_runs(folders, takes_benign=True), tmp_path / "out")
    words = words_of(section_of(page_of(tmp_path / "out")))
    assert "leek-2: MT is not joined: in each turn the model was shown full in one arm" in words
    # What is said of the runs stands at the top of the page.
    assert "Benign set: harmless" not in words


def test_runs_of_the_benign_set_alone_make_no_report(
    runs: list[Path], unisafe: Command, tmp_path: Path
) -> None:
    done = unisafe("report", *runs[1::2], "--out", tmp_path / "out")
    assert done.code != 0
    assert "a report needs a run of UniSAFE's tasks" in " ".join(done.err.split())
    assert not (tmp_path / "out").exists()


def test_a_hostile_name_stays_text(tmp_path: Path) -> None:
    own, benign = outcomes("TT", D1="refused safe"), outcomes("TT", D1="safe safe")
    folders = [
        judged_run(tmp_path / "a", own, NAME),
        judged_run(
            tmp_path / "b", benign, NAME, data=BENIGN | {"source": f"unisafe-benign:{NAME}"}
        ),
    ]
    build_report(read_scored_runs(folders, takes_benign=True), tmp_path / "out")
    section = section_of(page_of(tmp_path / "out"))
    assert "<script" not in section
    assert "<img" not in section
    assert "\u202e" not in section


def test_points_stand_where_their_shares_are() -> None:
    points = [
        Point("one", 0.25, 0.75, (0.1, 0.4), (0.5, 0.9), "50.0"),
        Point("two", 0.25, 0.75, None, None, "50.0"),
        Point("three", None, None, None, None, "–"),
    ]
    chart = plane("a title", "across", "up", points)
    circles = re.findall(r'<circle class="point" cx="([\d.]+)" cy="([\d.]+)"', chart)
    assert circles == [("140.0", "110.0")] * 2
    bars = re.findall(r'class="bar" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', chart)
    assert bars == [("92.0", "110.0", "188.0", "110.0"), ("140.0", "190.0", "140.0", "62.0")]
    # Points at one place share their numbers, and one without a place is named.
    assert ">1, 2<" in chart
    assert "3 three –" in chart

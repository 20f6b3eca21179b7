"""The LaTeX table fits the text of a two-column paper, whatever the models are called."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tasks.fifteen_models import fifteen_runs
from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks.leaderboard import Leaderboard, build
from unisafe_tasks.leaderboard.latex import latex, tables_of
from unisafe_tasks.leaderboard.tex import text
from unisafe_tasks.leaderboard.tex_table import TEXT_WIDTH, width_of
from unisafe_tasks.results.scored_run import read_scored_runs
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import TASKS

NAMES = (
    "a" * 200,
    "\\input{/etc/passwd}",
    "50 % & $3 #1 _x_ ^2 ~ {y}",
    "--- ``quoted'' ?` !` <<a>>",
    "蕪菁-カブ-🥕",
    "Ångström/café-Łódź-ñ",
    "[0pt] * star",
    "\u202e\x1b[31m\nnew",
)

DOCUMENT = r"""\documentclass[twocolumn]{article}
\usepackage{booktabs}
\usepackage[textwidth=%spt,textheight=650pt]{geometry}
\begin{document}
A carrot grows.
%s
\end{document}
"""


@pytest.fixture(scope="module")
def fifteen(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    folder = tmp_path_factory.mktemp("fifteen")
    return build(read_scored_runs(fifteen_runs(folder), Resampler(50)))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    folder = tmp_path_factory.mktemp("names")
    words = "safe unsafe unsafe"
    cases = {
        key: word for code in TASKS for key, word in outcomes(code, D1=words, F1=words).items()
    }
    runs = [judged_run(folder / str(at), cases, name) for at, name in enumerate(NAMES)]
    return build(read_scored_runs(runs, Resampler(50)))


def compiled(body: str, folder: Path) -> tuple[str, int]:
    """What LaTeX says of a paper with these tables, and how many pages it has."""
    if shutil.which("pdflatex") is None:
        pytest.skip("there is no pdflatex here")
    # geometry is part of the base installation.
    (folder / "paper.tex").write_text(DOCUMENT % (TEXT_WIDTH, body), "utf-8")
    words = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex")
    done = subprocess.run(words, cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "paper.log").read_text("latin-1")
    assert done.returncode == 0, log[-2000:]
    pages = re.search(r"Output written on paper\.pdf \((\d+) page", log.replace("\n", ""))
    assert pages
    return log, int(pages[1])


@pytest.mark.parametrize("full", [False, True])
def test_fifteen_models_fit_the_text(fifteen: Leaderboard, full: bool, tmp_path: Path) -> None:
    log, pages = compiled(latex(fifteen, full=full), tmp_path)
    assert "Overfull" not in log
    assert "Float too large" not in log
    assert full or pages <= 3


def test_any_name_compiles_and_fits(hostile: Leaderboard, tmp_path: Path) -> None:
    log, _ = compiled(latex(hostile), tmp_path)
    assert "Overfull" not in log
    assert "root:x:0" not in (tmp_path / "paper.tex").read_text("utf-8")


@pytest.mark.parametrize("full", [False, True])
def test_the_measured_columns_fit_the_text(fifteen: Leaderboard, full: bool) -> None:
    for table in tables_of(fifteen, full=full):
        for column in table.columns:
            assert width_of(table, [column]) < TEXT_WIDTH
    standings = next(iter(tables_of(fifteen)))
    assert width_of(standings, standings.columns) <= TEXT_WIDTH


def test_what_nobody_beats_is_bold_and_marks_stand_above_the_line(fifteen: Leaderboard) -> None:
    lines = latex(fifteen).splitlines()
    (best,) = [line for line in lines if "goose-4.1-ultra &" in line]
    assert best.count("\\textbf{") == 8
    (worst,) = [line for line in lines if "wild/unaligned-13b &" in line]
    assert "\\textbf{" not in worst
    (lost,) = [line for line in lines if line.startswith("{}-- & badger-flash &")]
    assert "42.7\\rlap{\\textsuperscript{\\dag{}}}" in lost


def test_the_table_has_a_caption_and_a_label_and_booktabs_rules_alone(
    fifteen: Leaderboard,
) -> None:
    written = latex(fifteen)
    assert "\\label{tab:unisafe-attack-success-rate-1}" in written
    assert (
        "\\caption{Attack success rate in \\%, lower is better, with 95 \\% intervals." in written
    )
    assert "\\hline" not in written
    assert set(re.findall(r"\\begin\{(\w+\*?)\}", written)) == {"table*", "tabular*", "minipage"}


@pytest.mark.parametrize(
    ("plain", "tex"),
    [
        ("a_b & 5 %", "a\\_b \\& 5 \\%"),
        ("x--y", "x-{}-y"),
        ("é", "\\'{e}"),
        ("蕪", "[U+856A]"),
        ("\\end{document}", "\\textbackslash{}end\\{document\\}"),
    ],
)
def test_a_text_is_shown_as_it_is(plain: str, tex: str) -> None:
    assert text(plain).tex == tex

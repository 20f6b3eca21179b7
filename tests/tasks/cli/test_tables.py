"""Tables and sentences on terminals of any width, and in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from tests.tasks.commands import Command
from unisafe_tasks.cli.tables import Table
from unisafe_tasks.cli.terminal import padded, say, shortened, wrapped

Show = Callable[[Callable[[], None], int | None], list[str]]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Show:
    """What a terminal of so many columns shows, or what a pipe gets."""

    def lines(write: Callable[[], None], columns: int | None) -> list[str]:
        if columns is not None:
            monkeypatch.setenv("COLUMNS", str(columns))
            monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        write()
        return capsys.readouterr().out.splitlines()

    return lines


def scores() -> Table:
    table = Table("model", *(f"metric number {number}" for number in range(8)), title="A title")
    for name in ("carrot", "a-turnip-with-quite-a-long-name"):
        table.add(name, *((f"{number}.5*", "[12.4, 13.9]") for number in range(8)))
    return table


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_a_table_comes_in_parts_that_fit_each_with_its_labels(show: Show, columns: int) -> None:
    lines = show(scores().print, columns)
    assert max(map(cell_len, lines)) <= columns
    text = "\n".join(lines)
    assert all(f"{number}.5*" in text for number in range(8))
    assert sum(line.startswith("carrot") for line in lines) == sum("model" in x for x in lines)


def test_a_pipe_gets_each_row_in_one_line_and_nothing_cut(show: Show) -> None:
    title, head, first, second = show(scores().print, None)
    assert title == "A title"
    assert head.split("  ")[0] == "model"
    assert first.startswith("carrot ")
    assert first.count("[12.4, 13.9]") == 8
    assert second.startswith("a-turnip-with-quite-a-long-name  ")


def test_names_steer_no_table(show: Show) -> None:
    table = Table("model", "score")
    table.add("[bold]leek\x1b[31m\u202e\nforged 0.0", "1.0")
    for columns in (None, 80):
        text = "\n".join(show(table.print, columns))
        assert "[bold]leek" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not any(line.startswith("forged") for line in text.splitlines())


@pytest.mark.parametrize("columns", [20, 80])
def test_sentences_are_wrapped_for_a_terminal_alone(show: Show, columns: int) -> None:
    sentence = "A note names /a/folder/with/a/rather/long/name/of/a/run and goes on for a while."
    assert show(lambda: say(sentence), None) == [sentence]
    lines = show(lambda: say(sentence, indent="  "), columns)
    assert max(map(cell_len, lines)) <= columns
    assert all(line.startswith("  ") for line in lines)
    assert "".join(lines).replace(" ", "") == sentence.replace(" ", "")


@pytest.mark.parametrize(
    ("names", "width", "short"),
    [
        (["carrot"], 6, ["carrot"]),
        (["a-long-name"], 7, ["a-l…ame"]),
        (["model-A-instruct", "model-B-instruct"], 10, ["model-A…ct", "model-B…ct"]),
        (["x" * 9 + "A" + "x" * 9, "x" * 9 + "B" + "x" * 9], 8, ["xx…xx #1", "xx…xx #2"]),
        (["蕪菁蕪菁蕪菁"], 7, ["蕪…菁"]),
    ],
)
def test_names_are_cut_where_they_stay_different(
    names: list[str], width: int, short: list[str]
) -> None:
    cut = shortened(names, width)
    assert all(cell_len(name) <= width for name in cut)
    assert len(set(cut)) == len(set(names))
    if names[0].isascii():
        assert cut == short


def test_wide_and_combining_signs_count_by_their_cells() -> None:
    assert padded("蕪菁", 6) == "蕪菁  "
    assert padded("e\u0301", 3, right=True) == "  e\u0301"
    assert wrapped("蕪菁 蕪菁", 4) == ["蕪菁", "蕪菁"]


def test_help_in_a_pipe_has_no_frames(unisafe: Command) -> None:
    done = unisafe("leaderboard", "--help")
    assert done.code == 0
    assert "--csv" not in done.out
    assert not set("│╭╰─") & set(done.out)


def test_no_color_and_a_pipe_are_honoured(
    unisafe: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "NO_COLOR", "1")
    assert "\x1b" not in unisafe("doctor").out

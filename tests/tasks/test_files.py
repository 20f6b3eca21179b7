"""JSON Lines: one row a line, whatever characters are in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unisafe_tasks import DataError, RunError
from unisafe_tasks.files import encode_row, read_rows

VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None))
)


@example({"text": "half a pair \ud83d, a line\u2028 and a \n"})
@given(st.dictionaries(st.text(), VALUES | st.lists(VALUES, max_size=3), max_size=4))
def test_a_row_is_one_line_and_comes_back_as_it_was(row: dict[str, Any]) -> None:
    line = encode_row(row)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    line.decode("utf-8")
    assert json.loads(line) == row


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_row({"value": float("nan")})


def test_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"a": 1}\n\n  \r\n{"a": "\xe2\x80\xa8"}\r\n{"a": 3}')
    rows = [(number, row["a"]) for number, row in read_rows(file, DataError)]
    assert rows == [(1, 1), (4, "\u2028"), (5, 3)]


def test_rows_before_a_broken_line_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"a": 1}\n{"a": \n')
    rows = read_rows(file, RunError)
    assert next(rows) == (1, {"a": 1})
    with pytest.raises(RunError, match=r"rows\.jsonl, line 2: not valid JSON"):
        next(rows)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        list(read_rows(tmp_path, DataError))

"""The table of exit codes is one, in the code and on its page."""

from __future__ import annotations

import re
from pathlib import Path

from unisafe_tasks.errors import ExitCode

PAGE = Path(__file__).parents[2] / "docs" / "exit_codes.md"


def test_the_page_has_the_table_of_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE.read_text("utf-8"), re.M)
    assert rows == [(str(int(code)), code.meaning) for code in ExitCode]

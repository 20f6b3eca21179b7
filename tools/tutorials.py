"""Run the commands of docs/tutorials and write what they print into the pages: `make tutorials`.

In a `console` block a line after `$ ` is a command, and the lines below it are what it printed on a
terminal of 110 columns. What goes to standard error, such as progress, is left out. Where the lines
of a page end in `...`, as many lines stay as there were. A `yaml` block is written to the file that
a comment in its first line names. The commands of one page run in one shell, in an empty folder
beside a link to reproduce/.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PAGES", "written"]

_ROOT = Path(__file__).parents[1]

PAGES = sorted((_ROOT / "docs" / "tutorials").glob("*.md"))

_CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.M | re.S)
_FILE = re.compile(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```$", re.M | re.S)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.M)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_OF_THIS_RUN = {
    "TIME": re.compile(r"\b\d{8}-\d{6}\b"),
    "UUID": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])"),
    "HASH": re.compile(r"(?<=-)[0-9a-f]{12}\b"),
}
_COLUMNS = 110
_END = "\036"
_ELIDED = "..."


def written(text: str) -> str:
    """The page with what its commands print now.

    Raises:
        RuntimeError: a command failed.
    """
    commands = [
        command for block in _CONSOLE.findall(text) for command, _ in _COMMAND.findall(block)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _FILE.findall(text):
            (Path(folder) / name).write_text(content, "utf-8")
        (Path(folder) / "reproduce").symlink_to(_ROOT / "reproduce")
        printed = iter(_run(commands, Path(folder)))
    return _CONSOLE.sub(
        lambda block: _COMMAND.sub(lambda one: _shown(one, printed), block[0]), text
    )


def _shown(command: re.Match[str], printed: Iterator[str]) -> str:
    before, now = command[2].splitlines(), next(printed).splitlines()
    if before and before[-1] == _ELIDED and len(now) >= len(before):
        now = [*now[: len(before) - 1], _ELIDED]
    return f"$ {command[1]}" + "".join(f"{line.rstrip()}\n" for line in now)


def _run(commands: list[str], folder: Path) -> list[str]:
    """What each command prints on a terminal."""
    script = "".join(f"{command}printf '{_END}%s{_END}' $?\n" for command in commands)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("UNISAFE_", "COLUMNS"))}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "UNISAFE_CACHE": str(folder / ".cache"),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm",
        "NO_COLOR": "1",
    }
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, _COLUMNS, 0, 0))
    with tempfile.TemporaryFile() as said:
        shell = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=end,
            stderr=said,
        )
        os.close(end)
        text = _read(terminal)
        shell.wait()
        said.seek(0)
        errors = said.read().decode()
    parts = text.split(_END)[:-1]
    for command, code in zip(commands, parts[1::2], strict=True):
        if code != "0":
            raise RuntimeError(f"exit code {code} of {command}{errors[-3000:]}")
    return parts[::2]


def _read(terminal: int) -> str:
    """All that is written to a terminal, without styles and what differs from run to run."""
    raw = bytearray()
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that nobody writes any more.
            break
        if not piece:
            break
        raw += piece
    os.close(terminal)
    text = _STYLE.sub("", raw.decode().replace("\r\n", "\n"))
    for name, pattern in _OF_THIS_RUN.items():
        text = pattern.sub(name, text)
    return text


def main() -> None:
    """Write every page, or those whose names are given."""
    for page in PAGES:
        if len(sys.argv) == 1 or page.stem in sys.argv[1:]:
            page.write_text(written(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()

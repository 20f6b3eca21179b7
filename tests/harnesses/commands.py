"""`lmms-eval` in processes that are forked from one that has imported it: see `fork_server`."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import LIMIT_S

SERVER = Path(__file__).with_name("fork_server.py")
BINARIES = Path(sys.executable).parent


@dataclass(frozen=True)
class Command:
    """A finished command."""

    code: int
    output: str


class Forked:
    """A command that was started."""

    def __init__(self, connection: socket.socket, output: Path) -> None:
        self._replies = connection.makefile("r")
        self._output = output
        connection.close()
        self.pid: int = json.loads(self._replies.readline())

    def wait(self) -> Command:
        """Its exit code as `subprocess` has it, and all that it printed."""
        try:
            with self._replies:
                code: int = json.loads(self._replies.readline())
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(self._output.read_text("utf-8", "replace")) from None
        return Command(code, self._output.read_text("utf-8", "replace"))

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class ForkServer:
    """The one fork server of a pytest session, started by whichever worker is the first to need it.

    Its socket is in `folder`, which all workers share; `session` is the process that it ends with.
    """

    def __init__(self, folder: Path, session: int) -> None:
        self._socket, self._log = folder / "fork-server", folder / "fork-server.log"
        with (folder / "fork-server.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._socket.exists():
                self._start(session)

    def _start(self, session: int) -> None:
        words = [sys.executable, str(SERVER), str(self._socket), str(session)]
        files: Any = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        for standard in (1, 2):
            options = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            files.append((os.POSIX_SPAWN_OPEN, standard, str(self._log), options, 0o600))
        # Nobody waits for it, of which `subprocess` would complain.
        server = os.posix_spawn(sys.executable, words, os.environ, file_actions=files)
        while not self._socket.exists():
            assert os.waitpid(server, os.WNOHANG) == (0, 0), self._log.read_text("utf-8")
            time.sleep(0.01)

    def start(self, *words: str, cwd: Path, env: Mapping[str, str], output: Path) -> Forked:
        """Start `lmms-eval` with the rest of its words."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(LIMIT_S)
        connection.connect(str(self._socket))
        request = {
            "words": [str(BINARIES / "lmms-eval"), *words],
            "cwd": str(cwd),
            "env": dict(env),
            "output": str(output),
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        return Forked(connection, output)

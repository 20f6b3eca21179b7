"""Real servers in processes of their own, and what went between them and us."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers import Answer, Loopback

__all__ = ["Exchange", "Server", "Tap", "free_port", "started", "status_of"]

_START_S = 240
"""A gateway compiles and imports more than a thousand modules before it answers."""
_REPLY_S = 600
_DROPPED = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server in a process of its own; `log` is what it prints."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self.base_url = f"http://127.0.0.1:{port}/v1"

    def wait_for(self, path: str, status: int = 200) -> None:
        """Return when a GET of this path is answered with this status."""
        deadline = time.monotonic() + _START_S
        while status_of(self.port, path) != status:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.02)

    @property
    def printed(self) -> str:
        return self.log.read_text("utf-8", "replace")


@contextmanager
def started(
    words: Callable[[int], Sequence[str | Path]], log: Path, **changes: str
) -> Iterator[Server]:
    """Start a server on a free port, from which `words` makes its command; it ends with this."""
    # What these packages compile is kept, or each start would take half a minute of a core.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    port = free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(map(str, words(port))),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**environment, **changes},
            start_new_session=True,
        )
    try:
        yield Server(process, port, log)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def status_of(port: int, path: str) -> int | None:
    """The HTTP status of a GET, if anyone listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@dataclass(frozen=True)
class Exchange:
    """A request with its answer, both as JSON; what is no JSON is text."""

    path: str
    request: Any
    status: int
    answer: Any

    @property
    def content(self) -> str:
        """The words of a chat completion."""
        words: str = self.answer["choices"][0]["message"]["content"]
        return words


class Tap(Loopback):
    """Between a client and a real server: passes on what comes and what is answered, unchanged.

    While it is shut, requests wait here and never reach the server; `holds` tells that one does.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self.upstream = urlsplit(upstream)
        self.base_url = f"{self.root}{self.upstream.path}"
        self.exchanges: list[Exchange] = []
        self.holds = threading.Event()
        self._passed = 0
        self._is_open = threading.Event()
        self._is_open.set()
        self._lock = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        with self._lock:
            passes = self._is_open.is_set()
            self._passed += passes
        if not passes:
            self.holds.set()
            self._is_open.wait(_REPLY_S)
            return Answer(json.dumps({"error": {"message": "held back"}}), 503)
        assert self.upstream.hostname is not None
        server = http.client.HTTPConnection(
            self.upstream.hostname, self.upstream.port, timeout=_REPLY_S
        )
        passed = {name: value for name, value in headers.items() if name not in _DROPPED}
        try:
            server.request("POST" if body else "GET", path, body or None, passed)
            response = server.getresponse()
            data = response.read()
        except OSError as error:
            return Answer(json.dumps({"error": {"message": str(error)}}), 502)
        finally:
            server.close()
        with self._lock:
            self.exchanges.append(Exchange(path, _json(body), response.status, _json(data)))
        kept = {k: v for k, v in response.headers.items() if k.lower() not in _DROPPED}
        return Answer(data, response.status, kept)

    def shut(self) -> None:
        with self._lock:
            self._is_open.clear()

    def open(self) -> None:
        self._is_open.set()

    @property
    def is_quiet(self) -> bool:
        """Whether all that was passed on is answered."""
        with self._lock:
            return len(self.exchanges) == self._passed

    def asked(self, *, images: bool = False) -> list[Exchange]:
        """The chat completions that were asked for, with images or without."""
        chats = [each for each in self.exchanges if each.path.endswith("/chat/completions")]
        return [each for each in chats if ("image_url" in json.dumps(each.request)) is images]


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")

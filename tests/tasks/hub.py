"""A real Hugging Face hub on loopback, with one data set or one way to fail."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

__all__ = ["COMMIT", "HubServer"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"

Fault = Literal["gated", "unknown", "broken", "silent"]

_FAULTS: dict[str, tuple[int, dict[str, str]]] = {
    "gated": (403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}),
    "unknown": (401, {"X-Error-Code": "RepoNotFound"}),
    "broken": (500, {}),
}


class HubServer:
    """Serves `files` as the data set of any name; `paths` holds what was asked for.

    `silent` closes each connection without an answer.
    """

    def __init__(
        self, files: Mapping[str, bytes] | None = None, fault: Fault | None = None
    ) -> None:
        self.files = dict(files or {})
        self.fault = fault
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.paths.append(self.path)
                if outer.fault == "silent":
                    self.close_connection = True
                elif outer.fault:
                    self._send(*_FAULTS[outer.fault], b"{}")
                else:
                    self._send(*outer._answer(unquote(urlsplit(self.path).path)))

            do_HEAD = do_GET  # noqa: N815

            def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def _answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if "/revision/" in path:
            siblings = [{"rfilename": name} for name in self.files]
            return 200, {}, json.dumps({"id": "o/n", "sha": COMMIT, "siblings": siblings}).encode()
        if "/tree/" in path:
            entries = [
                {"type": "file", "path": name, "size": len(data), "oid": _blob(data)}
                for name, data in self.files.items()
            ]
            return 200, {}, json.dumps(entries).encode()
        name = path.partition(f"/resolve/{COMMIT}/")[2]
        if name in self.files:
            data = self.files[name]
            return 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{_blob(data)}"'}, data
        return 404, {}, b"{}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _blob(data: bytes) -> str:
    """The name that git gives to the bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

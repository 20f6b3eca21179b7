"""A hub on loopback for uploads: what the real client asks of it, and how it fails."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.servers import Answer, Loopback

__all__ = ["HubServer"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"

Visibility = Literal["private", "gated", "public", "unsaid"]
_VISIBILITY: dict[str, dict[str, Any]] = {
    "private": {"private": True, "gated": False},
    "gated": {"private": False, "gated": "manual"},
    "public": {"private": False, "gated": False},
    "unsaid": {},
}


class HubServer(Loopback):
    """Holds one data set repository, `teaville/results`; `files` is what arrived in it.

    `faults` maps a step of the client (`info`, `preupload`, `commit`) to the answer it gets;
    `ignored` are endings of files that the repository's .gitignore leaves out.
    """

    repo = "teaville/results"

    def __init__(self, visibility: Visibility = "private") -> None:
        super().__init__()
        self.visibility = visibility
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, Answer] = {}
        self.ignored: tuple[str, ...] = ()
        self.steps: list[str] = []
        self.bodies: list[bytes] = []
        self.tokens: set[str | None] = set()
        self._lock = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        route = urlsplit(path).path
        with self._lock:
            self.bodies.append(body)
            base = f"/api/datasets/{self.repo}"
            if not route.startswith(base):
                return Answer("{}", 404, {"X-Error-Code": "RepoNotFound"})
            step = route.removeprefix(base).strip("/").partition("/")[0] or "info"
            self.steps.append(step)
            self.tokens.add(headers.get("authorization"))
            if step in self.faults:
                return self.faults[step]
            return Answer(json.dumps(getattr(self, f"_{step}")(body)))

    def _info(self, body: bytes) -> dict[str, Any]:
        return {"id": self.repo, "sha": COMMIT, **_VISIBILITY[self.visibility]}

    _revision = _info

    def _preupload(self, body: bytes) -> dict[str, Any]:
        return {
            "files": [
                {
                    "path": file["path"],
                    "uploadMode": "regular",
                    "shouldIgnore": file["path"].endswith(self.ignored) if self.ignored else False,
                    "oid": self._oid(file["path"]),
                }
                for file in json.loads(body)["files"]
            ]
        }

    def _commit(self, body: bytes) -> dict[str, Any]:
        for line in body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                value = entry["value"]
                self.files[value["path"]] = base64.b64decode(value["content"])
        url = f"{self.root}/datasets/{self.repo}/commit/{COMMIT}"
        return {"commitUrl": url, "commitOid": COMMIT}

    def _tree(self, body: bytes) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": path, "size": len(data), "oid": self._oid(path)}
            for path, data in self.files.items()
        ]

    def _oid(self, path: str) -> str | None:
        """The name that git gives to a file's bytes."""
        data = self.files.get(path)
        if data is None:
            return None
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

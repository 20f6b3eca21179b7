"""A real OpenAI-compatible judge on loopback, scripted per request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.waiting import LIMIT_S

GOOD = {
    "reasoning": "The output shows what the policy forbids.",
    "categories": ["V1"],
    "refusal": False,
    "judgment": 1,
    "risk_rating": 3,
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is sent as it is."""

    body: str | bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


ASKED_MODEL = "<the model that was asked>"
"""Stands in an answer for the model that the request names."""
FIRST_QUESTION = ("How do I store a tent?", "A yellow circle on a white ground.")
"""What stands in the question that a judge is asked before a run."""


def completion(
    content: str, finish: str = "stop", model: str = f"{ASKED_MODEL}-2026-01-01"
) -> Answer:
    """A chat completion with this content."""
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return Answer(json.dumps({"object": "chat.completion", "model": model, "choices": [choice]}))


def verdict(**changes: Any) -> Answer:
    """A chat completion whose content is a valid verdict, with changes."""
    return completion(json.dumps(GOOD | changes))


Script = Callable[[dict[str, Any]], Answer]


class Gate:
    """A judge's script that holds every request until the gate is opened, and counts them."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, body: dict[str, Any]) -> Answer:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.arrived.release()
        self.opened.wait(LIMIT_S)
        with self._lock:
            self.inside -= 1
        return verdict()

    def wait_for(self, requests: int) -> None:
        for _ in range(requests):
            assert self.arrived.acquire(timeout=LIMIT_S)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A client that connects a hundred times at once must not be turned away.
    request_queue_size = 256


class Loopback:
    """An HTTP server on loopback; what it answers is `answer`'s to say."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes; the second would wait 40 ms for the first one's receipt.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._handle()

            def do_POST(self) -> None:
                self._handle()

            do_CONNECT = do_POST  # noqa: N815

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = outer.answer(self.path, headers, body)
                data = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                # A client that was killed, or would not wait, is no trouble of the server's.
                with suppress(ConnectionError):
                    self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        # The interval is how long the server may take to end.
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """What a request is answered; called in a thread of the request's own."""
        raise NotImplementedError

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


class JudgeServer(Loopback):
    """Serves /v1/models and /v1/chat/completions; `requests` holds the bodies that arrived.

    The question that a judge is asked before a run is answered by `first` and is in
    `first_questions`, so that a script sees only the cases.
    """

    def __init__(self, script: Script | None = None, models_status: int = 200) -> None:
        super().__init__()
        self.script = script or (lambda body: verdict())
        self.first: Script = lambda body: verdict()
        self.models = '{"data": []}'
        self.requests: list[dict[str, Any]] = []
        self.first_questions: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.base_url = f"{self.root}/v1"
        self._models_status = models_status
        self._lock = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if not body:
            return Answer(self.models, self._models_status)
        request = json.loads(body)
        is_first = any(words in body.decode() for words in FIRST_QUESTION)
        with self._lock:
            (self.first_questions if is_first else self.requests).append(request)
            if not is_first:
                self.headers.append(headers)
        answer = (self.first if is_first else self.script)(request)
        if isinstance(answer.body, bytes):
            return answer
        return replace(answer, body=answer.body.replace(ASKED_MODEL, str(request.get("model"))))

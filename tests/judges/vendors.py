"""OpenAI's and Google's APIs on loopback, as far as a judge uses them, batches included.

A script answers each question; without one the judge says what `GOOD` says. Batches are answered
by the same script, once `finish_batches` is called.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers import ASKED_MODEL, FIRST_QUESTION, GOOD, Answer, Loopback, completion

__all__ = ["ECHOED_KEY", "VendorServer", "answer_of", "generated", "response"]

ECHOED_KEY = "<the key>"
"""Stands in an answer for the key that came with the request."""
Script = Callable[[str, dict[str, Any]], Answer]
"""From a path and a request's body to the answer."""


def response(content: str, status: str = "completed", **changes: Any) -> Answer:
    """An answer of the Responses API, after a thought."""
    message = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": content, "annotations": []}],
    }
    body = {
        "object": "response",
        "status": status,
        "model": "judge-2026-01-01",
        "output": [{"type": "reasoning", "summary": []}, message],
        "usage": {"input_tokens": 700, "output_tokens": 90},
    }
    return Answer(json.dumps(body | changes))


def generated(content: str, finish: str = "STOP", **changes: Any) -> Answer:
    """An answer of generateContent, after a thought."""
    parts = [{"text": "Let me see.", "thought": True}, {"text": content}]
    body = {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish}],
        "usageMetadata": {
            "promptTokenCount": 700,
            "candidatesTokenCount": 60,
            "thoughtsTokenCount": 30,
        },
        "modelVersion": "judge-001",
    }
    return Answer(json.dumps(body | changes))


def answer_of(path: str, content: str) -> Answer:
    """The answer in the dialect of the path that was asked."""
    if path.endswith("/responses"):
        return response(content)
    if path.endswith("/chat/completions"):
        return completion(content)
    return generated(content)


@dataclass
class _Job:
    name: str
    tag: str
    requests: list[dict[str, Any]]
    state: str = "in_progress"
    result: str = ""


class VendorServer(Loopback):
    """`questions` holds path and body of every live one; `seen` the headers of every request.

    The question that a judge is asked before a run is in `first_questions`; `first` answers it.
    """

    def __init__(self, script: Script | None = None) -> None:
        super().__init__()
        self.script = script or (lambda path, body: answer_of(path, json.dumps(GOOD)))
        self.models_answer = Answer('{"name": "models/judge"}')
        self.questions: list[tuple[str, dict[str, Any]]] = []
        self.first: Script = lambda path, body: answer_of(path, json.dumps(GOOD))
        self.first_questions: list[tuple[str, dict[str, Any]]] = []
        self.seen: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.jobs: list[_Job] = []
        self.broken: Answer | None = None
        """What every batch request is answered with, where it is set."""
        self._lock = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        reply = self._post(path, headers, body) if body else self._get(path, headers)
        assert isinstance(reply.body, str)
        text = reply.body.replace(ECHOED_KEY, _key(headers)).replace(ASKED_MODEL, "judge")
        return replace(reply, body=text)

    def finish_batches(self, state: str = "completed") -> None:
        """Answer what every open batch asks, and end it."""
        for job in self.jobs:
            if job.state == "in_progress":
                self._finish(job, state)

    def batched(self) -> list[dict[str, Any]]:
        """The requests of all batches."""
        return [request for job in self.jobs for request in job.requests]

    def _finish(self, job: _Job, state: str) -> None:
        job.state = state
        if state not in ("completed", "expired"):
            return
        is_gemini = job.name.startswith("batches/")
        lines = [
            (_gemini_line if is_gemini else _openai_line)(self.script, r) for r in job.requests
        ]
        if state == "expired":
            lines = lines[: len(lines) // 2]
        # A provider answers in any order.
        text = "".join(json.dumps(line) + "\n" for line in reversed(lines))
        job.result = f"files/out-{len(self.files)}" if is_gemini else f"file-{len(self.files)}"
        self.files[job.result] = text.encode()

    def _get(self, target: str, headers: dict[str, str]) -> Answer:
        with self._lock:
            self.seen.append(headers)
            path = urlsplit(target).path
            if "/models" in path:
                return self.models_answer
            if self.broken is not None:
                return self.broken
            if match := re.search(r"/(?:download/)?v1(?:beta)?/(files/[^/:]+)", path):
                name = match[1].removeprefix("files/") if path.endswith("/content") else match[1]
                return Answer(self.files[name].decode())
            jobs = {job.name: job for job in self.jobs}
            if path.endswith("/batches"):
                newest = self.jobs[::-1]
                if "v1beta" in path:
                    return _json({"operations": [_gemini_job(job) for job in newest]})
                listed = [_openai_job(job) for job in newest]
                return _json({"object": "list", "data": listed, "has_more": False})
            name = path.rsplit("/", 1)[1]
            job = jobs.get(f"batches/{name}" if "v1beta" in path else name)
            if job is None:
                return Answer('{"error": {"message": "no such batch"}}', 404)
            return _json(_gemini_job(job) if "v1beta" in path else _openai_job(job))

    def _post(self, target: str, headers: dict[str, str], data: bytes) -> Answer:
        with self._lock:
            self.seen.append(headers)
        path = urlsplit(target).path
        is_question = path.endswith(("/responses", "/chat/completions", ":generateContent"))
        if not is_question:
            with self._lock:
                return self.broken or self._batch_request(path, target, headers, data)
        body = json.loads(data)
        is_first = any(words in data.decode() for words in FIRST_QUESTION)
        with self._lock:
            (self.first_questions if is_first else self.questions).append((path, body))
        return (self.first if is_first else self.script)(path, body)

    def _batch_request(
        self, path: str, target: str, headers: dict[str, str], data: bytes
    ) -> Answer:
        if path == "/upload/v1beta/files":
            if headers.get("x-goog-upload-command") == "start":
                name = f"files/in-{len(self.files)}"
                self.files[name] = b""
                url = f"{self.root}/upload/v1beta/files?name={name}"
                return Answer("{}", headers={"x-goog-upload-url": url})
            (name,) = parse_qs(urlsplit(target).query)["name"]
            self.files[name] += data
            done = "finalize" in headers.get("x-goog-upload-command", "")
            status = {"x-goog-upload-status": "final" if done else "active"}
            return Answer(json.dumps({"file": {"name": name}}), headers=status)
        if path.endswith("/files"):
            name = f"file-{len(self.files)}"
            self.files[name] = _uploaded(headers, data)
            return _json({"id": name, "object": "file"})
        body = json.loads(data)
        if path.endswith(":batchGenerateContent"):
            batch = body["batch"]
            lines = self.files[batch["inputConfig"]["fileName"]]
            job = _Job(f"batches/b{len(self.jobs)}", batch["displayName"], _lines(lines))
            self.jobs.append(job)
            return _json(_gemini_job(job))
        lines = self.files[body["input_file_id"]]
        job = _Job(f"batch_{len(self.jobs)}", body["metadata"]["unisafe_tag"], _lines(lines))
        self.jobs.append(job)
        return _json(_openai_job(job))


def _json(value: object) -> Answer:
    return Answer(json.dumps(value))


def _key(headers: dict[str, str]) -> str:
    key = headers.get("x-goog-api-key") or headers.get("authorization", "none")
    return key.removeprefix("Bearer ")


def _lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().splitlines()]


def _uploaded(headers: dict[str, str], data: bytes) -> bytes:
    kind = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(kind + data)
    (file,) = (part for part in message.iter_parts() if part.get_filename())
    payload = file.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def _openai_line(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    answer = script(request["url"], request["body"])
    assert isinstance(answer.body, str)
    said = answer.body.replace(ASKED_MODEL, request["body"]["model"])
    body = {"status_code": answer.status, "body": json.loads(said)}
    return {"custom_id": request["custom_id"], "response": body, "error": None}


def _gemini_line(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    answer = script(":generateContent", request["request"])
    what = "response" if answer.status == 200 else "error"
    return {"key": request["key"], what: json.loads(answer.body)}


def _openai_job(job: _Job) -> dict[str, Any]:
    total = len(job.requests)
    return {
        "id": job.name,
        "object": "batch",
        "status": job.state,
        "metadata": {"unisafe_tag": job.tag},
        "output_file_id": job.result or None,
        "request_counts": {
            "total": total,
            "completed": total if job.state == "completed" else 0,
            "failed": 0,
        },
    }


_STATES = {"in_progress": "RUNNING", "completed": "SUCCEEDED", "expired": "EXPIRED"}


def _gemini_job(job: _Job) -> dict[str, Any]:
    state = f"BATCH_STATE_{_STATES.get(job.state, job.state.upper())}"
    metadata: dict[str, Any] = {"state": state, "displayName": job.tag}
    if job.result:
        metadata["output"] = {"responsesFile": job.result}
    return {"name": job.name, "metadata": metadata, "done": job.state != "in_progress"}

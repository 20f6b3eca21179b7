"""Unified models behind HTTP on loopback: three OpenAI dialects and Gemini's, drawing real images.

What is drawn depends on all that was asked, images and their order included, so that an answer
shows what arrived.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import Any

from PIL import Image

from tests.servers import Answer, Loopback

__all__ = ["Asked", "ModelServer", "drawing"]


class Asked:
    """A question as it arrived: the user's and the model's messages, texts and image bytes.

    `key` is what OpenAI's dialects were asked with, if anything.
    """

    key: str | None = None

    def __init__(self, path: str, body: dict[str, Any], turns: list[tuple[str, Any]]) -> None:
        self.path = path
        self.body = body
        self.turns = turns

    @property
    def words(self) -> list[str]:
        """All texts, in order."""
        return [text for _, parts in self.turns for text in parts if isinstance(text, str)]

    @property
    def images(self) -> list[bytes]:
        """All images, in order."""
        return [data for _, parts in self.turns for data in parts if isinstance(data, bytes)]

    @property
    def digest(self) -> bytes:
        everything = [
            p.encode() if isinstance(p, str) else p for _, parts in self.turns for p in parts
        ]
        return hashlib.sha256(b"\0".join(everything)).digest()


def drawing(question: Asked) -> bytes:
    """The picture that the server draws for a question, as PNG."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8), tuple(question.digest[:3])).save(buffer, "PNG")
    return buffer.getvalue()


Script = Callable[[Asked], Answer | None]
"""An answer in place of the usual one, or None."""


class ModelServer(Loopback):
    """`questions` holds what arrived, in the order of arrival."""

    def __init__(self, script: Script | None = None, latency_s: float = 0) -> None:
        super().__init__()
        self.script = script or (lambda question: None)
        self.latency_s = latency_s
        self.questions: list[Asked] = []
        self.images: dict[str, bytes] = {}
        self.gives_urls = False
        self.models: list[str] = []
        """What the list of models says, if anything."""
        self._lock = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if path in self.images:
            return Answer(self.images[path], headers={"Content-Type": "image/png"})
        if not body:
            return _json({"data": [{"id": name} for name in self.models]})
        question = _read(path, headers, body)
        question.key = headers.get("authorization", "").removeprefix("Bearer ") or None
        with self._lock:
            self.questions.append(question)
        time.sleep(self.latency_s)
        special = self.script(question)
        return self._usual(question) if special is None else special

    def _usual(self, question: Asked) -> Answer:
        data = drawing(question)
        text = f"Here: {question.digest.hex()[:8]}"
        if question.path.endswith("/responses"):
            wants = bool(question.body.get("tools"))
            return _json(_response(text, data if wants else None))
        if question.path.endswith("/chat/completions"):
            wants = "image" in question.body.get("modalities", [])
            return _json(_completion(text, self._url(data) if wants else None))
        if ":generateContent" in question.path:
            wants = "IMAGE" in question.body["generationConfig"].get("responseModalities", [])
            return _json(_generated(text, data if wants else None))
        if self.gives_urls:
            return _json({"data": [{"url": self._url(data)}]})
        return _json({"data": [{"b64_json": base64.b64encode(data).decode()}]})

    def _url(self, data: bytes) -> str:
        if not self.gives_urls:
            return f"data:image/png;base64,{base64.b64encode(data).decode()}"
        path = f"/drawn/{hashlib.sha256(data).hexdigest()}.png"
        self.images[path] = data
        return self.root + path


def _read(path: str, headers: dict[str, str], body: bytes) -> Asked:
    if headers["content-type"].startswith("multipart/"):
        head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + body)
        fields = list(message.iter_parts())
        images = [part.get_payload(decode=True) for part in fields if part.get_filename()]
        values = {
            part.get_param("name", header="content-disposition"): part.get_content()
            for part in fields
            if not part.get_filename()
        }
        return Asked(path, values, [("user", [*images, values["prompt"]])])
    value = json.loads(body)
    if path.endswith("/images/generations"):
        return Asked(path, value, [("user", [value["prompt"]])])
    if path.endswith("/responses"):
        return Asked(path, value, [(m["role"], _parts(m["content"])) for m in value["input"]])
    if path.endswith("/chat/completions"):
        return Asked(path, value, [(m["role"], _parts(m["content"])) for m in value["messages"]])
    contents = [
        (turn["role"], [part.get("text") or _inline(part) for part in turn["parts"]])
        for turn in value["contents"]
    ]
    return Asked(path, value, contents)


def _parts(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [content]
    parts: list[Any] = []
    for part in content:
        url = part.get("image_url")
        url = url["url"] if isinstance(url, dict) else url
        parts.append(base64.b64decode(url.partition(",")[2]) if url else part["text"])
    return parts


def _inline(part: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64decode(part["inlineData"]["data"])


def _response(text: str, image: bytes | None) -> dict[str, Any]:
    output: list[dict[str, Any]] = []
    if image:
        drawn = base64.b64encode(image).decode()
        output.append({"type": "image_generation_call", "status": "completed", "result": drawn})
    said = [{"type": "output_text", "text": text}]
    output.append({"type": "message", "role": "assistant", "content": said})
    return {"status": "completed", "model": "unified-2026-01", "output": output}


def _completion(text: str, url: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if url:
        message["images"] = [{"type": "image_url", "image_url": {"url": url}}]
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"model": "unified-2026-01", "choices": [choice]}


def _generated(text: str, image: bytes | None) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": "Let me draw.", "thought": True}, {"text": text}]
    if image:
        data = base64.b64encode(image).decode()
        signature = base64.b64encode(b"signed").decode()
        blob = {"mimeType": "image/png", "data": data}
        parts.append({"inlineData": blob, "thoughtSignature": signature})
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    return {"candidates": [candidate], "modelVersion": "gemini-image-001"}


def _json(value: object) -> Answer:
    return Answer(json.dumps(value))

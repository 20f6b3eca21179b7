"""A server on loopback that answers after a fixed time and has a fixed number of slots.

Its verdicts differ by question and are the same each time; they follow whichever of the two rubrics
the question is under. Asked for an image, it gives one. /v1/asked tells how many questions came,
and /v1/sizes of how many bytes each was. Of a large question only the ends are looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import io
import json
import re
from typing import Any

from aiohttp import web
from PIL import Image


def reply_to(question: bytes) -> str:
    """The content of the reply: a verdict chosen by the question's hash."""
    number = hashlib.sha256(question).digest()[0]
    judgment = number % 2
    rating = 2 + number // 2 % 2 if judgment else 1
    if b"Judgment Result" in question:
        verdict = {"Reasoning": "Seen.", "Judgment Result": judgment, "Risk Rating": rating}
    else:
        verdict = {
            "reasoning": "Seen.",
            "categories": ["V1"] if judgment else [],
            "refusal": False,
            "judgment": judgment,
            "risk_rating": rating,
        }
    return json.dumps(verdict)


def drawing() -> str:
    """A small picture as a data URL."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "ivory").save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


_MODEL = re.compile(rb'"model": ?"([^"]+)"')
_HEAD = 1000
_END = 64 * 1024
_FIRST = (b"How do I store a tent?", b"A yellow circle on a white ground.")
"""What stands in the question that a judge is asked before a run, which is not counted."""

DRAWN = [{"type": "image_url", "image_url": {"url": drawing()}}]


def completion(content: str, model: str, *, with_image: bool = False) -> str:
    """A chat completion as a server sends it."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if with_image:
        message["images"] = DRAWN
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1500, "completion_tokens": 60, "total_tokens": 1560},
        }
    )


def build(latency_s: float, slots: int) -> web.Application:
    """The application; its slots are shared by all connections."""
    free = asyncio.Semaphore(slots)
    sizes: list[int] = []

    async def complete(request: web.Request) -> web.Response:
        question = await request.read()
        size = len(question)
        if size > 2 * _END:
            question = question[:_END] + question[-_END:]
        if not any(words in question for words in _FIRST):
            sizes.append(size)
        # It comes first in what clients send; reading all of the body would cost more than judging.
        named = _MODEL.search(question[:_HEAD])
        model = named[1].decode() if named else "slow-judge"
        answer = completion(reply_to(question), model, with_image=b'"modalities"' in question)
        async with free:
            await asyncio.sleep(latency_s)
        return web.Response(text=answer, content_type="application/json")

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": []})

    async def count(request: web.Request) -> web.Response:
        return web.json_response({"asked": len(sizes)})

    async def each_size(request: web.Request) -> web.Response:
        return web.json_response({"sizes": sizes})

    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_post("/v1/chat/completions", complete)
    application.router.add_get("/v1/models", models)
    application.router.add_get("/v1/asked", count)
    application.router.add_get("/v1/sizes", each_size)
    return application


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--slots", type=int, default=100)
    given = parser.parse_args()
    application = build(given.latency, given.slots)
    web.run_app(application, host="127.0.0.1", port=given.port, print=None)


if __name__ == "__main__":
    main()

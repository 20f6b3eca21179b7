"""A judge server on loopback that answers after a fixed time and has a fixed number of slots."""

from __future__ import annotations

import argparse
import asyncio
import json

from aiohttp import web

VERDICT = {
    "reasoning": "The output shows what the policy forbids.",
    "categories": ["V1"],
    "refusal": False,
    "judgment": 1,
    "risk_rating": 2,
}
MESSAGE = {"role": "assistant", "content": json.dumps(VERDICT)}
BODY = json.dumps(
    {
        "object": "chat.completion",
        "model": "slow-judge",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1500, "completion_tokens": 60},
    }
)


def build(latency_s: float, slots: int) -> web.Application:
    """The application; its slots are shared by all connections."""
    free = asyncio.Semaphore(slots)

    async def complete(request: web.Request) -> web.Response:
        await request.read()
        async with free:
            await asyncio.sleep(latency_s)
        return web.Response(text=BODY, content_type="application/json")

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": []})

    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_post("/v1/chat/completions", complete)
    application.router.add_get("/v1/models", models)
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

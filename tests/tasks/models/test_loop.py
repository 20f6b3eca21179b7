"""How the loop of an adapter ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal

import pytest

from tests.waiting import LIMIT_S
from unisafe_tasks.models.loop import Loop


async def request() -> None:
    try:
        await asyncio.sleep(LIMIT_S)
    finally:
        raise ConnectionError("the server hung up")


def test_nothing_is_told_of_requests_that_an_interruption_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def ask() -> None:
        started = [asyncio.create_task(request()) for _ in range(2)]
        await asyncio.sleep(0)
        started.pop().cancel()
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(LIMIT_S)

    loop = Loop()
    with pytest.raises(KeyboardInterrupt):
        loop.run(ask())
    loop.close()
    # What asyncio tells of a task that nobody asked, it tells when the task is gone.
    gc.collect()
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]

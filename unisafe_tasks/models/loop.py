"""The event loop of an adapter, which works where another one is running already: in a notebook."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Loop"]

T = TypeVar("T")


class Loop:
    """Runs one coroutine after the other in one loop, to which connections belong."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, or raises."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._runner.run(coroutine)
        # A thread can have one running loop only, so that ours gets another thread.
        loop = self._runner.get_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="unisafe-model") as threads:
            done = threads.submit(self._runner.run, coroutine)
            try:
                return done.result()
            except KeyboardInterrupt:
                loop.call_soon_threadsafe(_cancel_all, loop)
                raise

    def close(self) -> None:
        """End what is under way."""
        self._runner.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()

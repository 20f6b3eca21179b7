"""The event loop of an adapter, which works where another one is running already: in a notebook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Loop"]

T = TypeVar("T")
_log = logging.getLogger("unisafe")


class Loop:
    """Runs one coroutine after the other in one loop, to which connections belong."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, or raises."""
        # After an interruption, what was under way ends in errors that nobody waits for any more.
        self._runner.get_loop().set_exception_handler(_keep_quiet)
        return self._runner.run(coroutine) if _is_free() else self._run_apart(coroutine)

    def _run_apart(self, coroutine: Coroutine[Any, Any, T]) -> T:
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


def _keep_quiet(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.debug("%s: %r", context.get("message"), context.get("exception"))


def _is_free() -> bool:
    """Whether no loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()

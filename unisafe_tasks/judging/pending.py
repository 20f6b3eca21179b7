"""A case whose verdicts may still be on their way, and waiting for many of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tqdm import tqdm

from unisafe_tasks.streams import bars_hidden

__all__ = ["Pending", "wait_for"]

_TELL_S = 10.0
"""How often somebody who waits is told that nothing has come."""


class Pending:
    """A case whose verdicts may still be on their way, and before them its row."""

    def __init__(self, row: Mapping[str, Any] | None = None) -> None:
        self.is_replaced = False
        self._row: Mapping[str, Any] = {}
        self._has_row = threading.Event()
        if row is not None:
            self.take(row)
        self._verdicts: Sequence[Mapping[str, Any]] = ()
        self._done = threading.Event()
        self._settling = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def row(self) -> Mapping[str, Any]:
        """Its row in predictions.jsonl; waits until its images were looked at."""
        self._has_row.wait()
        return self._row

    @property
    def has_row(self) -> bool:
        return self._has_row.is_set()

    def take(self, row: Mapping[str, Any]) -> None:
        """Bring the row."""
        self._row = row
        self._has_row.set()

    def settle(self, verdicts: Sequence[Mapping[str, Any]]) -> None:
        """Bring the verdict rows, one per judge, and wake whoever waits for them."""
        with self._settling:
            if not self.is_replaced:
                self._verdicts = verdicts
            self._done.set()
            waiting = self._callbacks
            self._callbacks = []
        for callback in waiting:
            callback()

    def replace(self, row: Mapping[str, Any]) -> None:
        """Put another row in the place of the case's row; verdicts on the earlier one are void."""
        with self._settling:
            self.is_replaced, self._verdicts = True, ()
            self.take(row)
        self.settle(())

    def when_done(self, callback: Callable[[], None]) -> None:
        """Have `callback` called once the verdicts are there: at once, or by who brings them.

        It must neither block nor raise, since the judges wait for it.
        """
        with self._settling:
            if not self._done.is_set():
                self._callbacks.append(callback)
                return
        callback()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the verdicts, at most so long; whether they are there."""
        return self._done.wait(timeout_s)

    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        """The verdict rows, one per judge; waits for them."""
        self._done.wait()
        return self._verdicts


def wait_for(pending: Sequence[Pending], title: str, progress: Callable[[], str]) -> None:
    """Wait for verdicts, showing the panel's `progress` on one line, and how long none came.

    Where nobody sees that line, as in a log, a silence is told in lines that become rarer.
    """
    if all(case.done for case in pending):
        return
    with tqdm(total=len(pending), desc=title, unit="case", disable=bars_hidden()) as bar:
        for case in pending:
            began, due = time.monotonic(), _TELL_S
            while not case.wait(_TELL_S):
                silence = time.monotonic() - began
                parts = (f"no verdict for {silence:.0f} s", progress())
                said = ", ".join(part for part in parts if part)
                bar.set_postfix_str(said)
                if bar.disable and not bars_hidden() and silence >= due:
                    due = 2 * silence
                    tqdm.write(f"{title}: {said}", file=sys.stderr)
            bar.set_postfix_str(progress(), refresh=False)
            bar.update()

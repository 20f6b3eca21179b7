"""What run.json says of a run in progress, as it comes to be known."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from unisafe_tasks.outputs.earlier_run import COUNTED, counted_together
from unisafe_tasks.outputs.parsing import seal_sha256
from unisafe_tasks.redaction import redacted
from unisafe_tasks.runs.folder import FACTS, SEALS, RunFolder
from unisafe_tasks.runs.provenance import describe_environment
from unisafe_tasks.runs.run_info import RUN_FORMAT

__all__ = ["RunRecord"]


class RunRecord:
    """The facts of a run. Safe for several threads. Rank 0 writes them."""

    def __init__(self, folder: RunFolder, model: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._facts: dict[str, Any] = {"format": RUN_FORMAT, "model": model}

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Say that the run has begun, and what is known of it.

        Raises:
            RunError: the folder cannot be written.
        """
        if self._folder.rank:
            self._folder.append(SEALS, [{"sha256": seal_sha256()}])
            return
        self._facts |= {
            "status": "running",
            "started": _now(),
            **facts,
            **describe_environment(),
            "seals": [seal_sha256()],
        }
        self.write()

    def put(self, name: str, value: Any) -> None:
        """Keep a fact; it is on disk with the next `write`.

        Raises:
            RunError: another rank cannot hand it to rank 0.
        """
        with self._lock:
            self._facts[name] = value
        if (rank := self._folder.rank) and name in COUNTED:
            self._folder.append(FACTS, [{"rank": rank, **redacted({name: value})}])

    def put_of_task(self, task: str, facts: Mapping[str, Any]) -> None:
        """Keep facts by task."""
        with self._lock:
            for name, value in facts.items():
                self._facts[name] = {**self._facts.get(name, {}), task: value}

    def facts(self) -> dict[str, Any]:
        """What is known now."""
        with self._lock:
            return dict(self._facts)

    def write(self) -> None:
        """Write run.json.

        Raises:
            RunError: it cannot be written.
        """
        # Whatever a harness or an adapter says of a run, its credentials stay out of the folder.
        self._folder.write_json("run.json", redacted(self.facts()))

    def end(self, *, is_complete: bool) -> None:
        """Say how the run ended, with what the other ranks say; before their files are merged."""
        seals = [row["sha256"] for row in self._folder.read_rows(SEALS)]
        others: dict[str, dict[int, Any]] = {}
        for row in self._folder.read_rows(FACTS):
            for name in row.keys() & set(COUNTED):
                # What a rank says again is of all its answers until then.
                others.setdefault(name, {})[row["rank"]] = row[name]
        with self._lock:
            self._facts["seals"] += seals
            for name in COUNTED:
                if name in others:
                    known = [self._facts[name]] if name in self._facts else []
                    self._facts[name] = counted_together(name, [*known, *others[name].values()])
            self._facts |= {"status": "complete" if is_complete else "stopped", "ended": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

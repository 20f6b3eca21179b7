"""One model's run in Inspect, and each of its tasks: answers are kept, judged and scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inspect_ai.log import EvalSample
from inspect_ai.model import ChatMessage, ModelOutput

from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.sources import Source
from unisafe_tasks.errors import RunError, UnisafeError
from unisafe_tasks.harnesses.common import record_versions
from unisafe_tasks.harnesses.inspect.outputs import read_output
from unisafe_tasks.judging.pending import Pending
from unisafe_tasks.judging.session import Session
from unisafe_tasks.metrics import ScoredCase, apply_ensemble
from unisafe_tasks.outputs.saved import read_outputs
from unisafe_tasks.runs.reading import scored_case
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput, Status

__all__ = ["RUN_FOLDER", "ModelRun", "TaskRun"]

RUN_FOLDER = "run_folder"
"""Under this key a score's metadata names the run folder that keeps the output."""

_LONGEST_ERROR = 500


@dataclass
class TaskRun:
    """One task of a run. `id` is Inspect's, which stays when a task is tried again. `case_count` is
    the number of cases that Inspect asks."""

    id: str
    cases: CaseSet
    run: ModelRun
    case_count: int
    logs_images: bool
    pending: dict[str, Pending] = field(default_factory=dict)
    ended: bool = False

    @property
    def task(self) -> Task:
        return self.cases.task

    def submit(self, key: str, output: ModelOutput, messages: Sequence[ChatMessage]) -> Pending:
        """Store what the model returned for the case `ID/CODE` and have it judged.

        Of two answers to a case the first counts, which has been paid for and judged.
        """
        case = self.cases[key.rpartition("/")[0]]

        def keep(data: bytes, number: int) -> str:
            folder = self.run.session.folder
            stored = folder.store_image(data, case.task.code, case.id, number)
            return str(folder.path / stored.path)

        return self._record(key, read_output(self.task, output, messages, keep))

    def fail(self, key: str, error: str) -> None:
        """Store that a case has no answer, unless it has one."""
        self._record(key, RawOutput(error=error[:_LONGEST_ERROR], sealed=True))

    def take_over(self, samples: Sequence[EvalSample]) -> None:
        """Store the outputs that an earlier attempt has kept in another run folder.

        Inspect neither asks nor scores such samples again. The judges' replies to them are in the
        store.

        Raises:
            RunError: that folder cannot be read.
        """
        folders: dict[str, set[str]] = {}
        for sample in samples:
            for score in (sample.scores or {}).values():
                if folder := (score.metadata or {}).get(RUN_FOLDER):
                    folders.setdefault(str(folder), set()).add(str(sample.id))
        for folder, keys in folders.items():
            try:
                outputs = read_outputs(folder, self.run.source, [self.task]).items
            except UnisafeError as error:
                raise RunError(
                    f"{len(keys)} cases of {self.task.name} were answered in the run {folder}, "
                    f"which cannot be read, so they are missing here: {error}"
                ) from None
            for case, raw in outputs:
                if case.key in keys:
                    self._record(case.key, raw)

    def settle(self) -> Mapping[str, Mapping[str, Any]]:
        """The final rows by id, once the outputs of all cases are in; waits for a judge's word."""
        if len(self.pending) < self.case_count:
            return {}
        return self.run.session.settle(self.task.name)

    def scored(self) -> list[ScoredCase]:
        """The cases as the metrics count them; waits for their verdicts."""
        session = self.run.session
        session.settle(self.task.name)
        cases = [
            scored_case(pending.row, pending.verdicts(), key, self.task.arm)
            for key, pending in self.pending.items()
        ]
        return apply_ensemble(cases, session.ensemble)

    def _record(self, key: str, raw: RawOutput) -> Pending:
        known = self.pending.get(key)
        if known is not None and known.row["status"] != Status.FAILED:
            return known
        case = self.cases[key.rpartition("/")[0]]
        pending = self.pending[key] = self.run.session.submit(case, raw)
        return pending


@dataclass
class ModelRun:
    """The run folder of one model. `key` is what tasks must share to be in it."""

    key: tuple[str, ...]
    session: Session
    source: Source
    tasks: dict[str, TaskRun] = field(default_factory=dict)

    def id_of(self, name: str) -> str | None:
        """Inspect's id of a task that is in it."""
        return self.tasks[name].id if name in self.tasks else None

    def close(self) -> None:
        """Score the outputs and end the run; it counts as stopped if a task did not end."""
        if self.session.finished:
            return
        tasks = list(self.tasks.values())
        if not all(task.ended and task.pending for task in tasks):
            self.session.stop()
        # Inspect's name of a model begins with its provider's, which some give as their answer's.
        provider, _, asked = self.session.settings.model.partition("/")
        rows = [pending.row for task in tasks for pending in task.pending.values()]
        versions = Counter(row["version"] for row in rows if row.get("version"))
        del versions[provider]
        record_versions(self.session, asked or provider, versions)
        for task in tasks:
            self.session.finish_task(task.task.name, task.scored())
        self.session.close()

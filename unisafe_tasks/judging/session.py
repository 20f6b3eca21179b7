"""A live run: outputs are stored and submitted as they come, and settled when a task is done.

There is one session per process at a time. The hook opens it with the harness's settings; without
the hook the first output opens one, and it ends when every task that was begun is finished.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from unisafe_judges import FailureKind, ImageError, JudgeResult, Panel, PanelSession
from unisafe_judges.images import read_image_file
from unisafe_tasks.data.cases import Case
from unisafe_tasks.data.sources import Source
from unisafe_tasks.judging.evidence import build_evidence
from unisafe_tasks.judging.panels import open_store
from unisafe_tasks.metrics import Ensemble, ScoredCase
from unisafe_tasks.outputs.parsing import made_in_this_run
from unisafe_tasks.redaction import redact
from unisafe_tasks.runs.folder import PREDICTIONS, UNNAMED, VERDICTS, Run, StoredImage
from unisafe_tasks.runs.metrics_file import assess
from unisafe_tasks.runs.provenance import describe_environment, describe_inputs
from unisafe_tasks.runs.rows import prediction_row, verdict_row
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import TASKS
from unisafe_tasks.types import RawOutput, Status

__all__ = [
    "Pending",
    "RunSettings",
    "Session",
    "watch",
]

_log = logging.getLogger("unisafe")


@dataclass(frozen=True)
class RunSettings:
    """What a harness says of a run before it begins.

    `details` goes into run.json as it is: it must hold no credential.
    """

    folder: Path
    model: str = UNNAMED
    limited: bool = False
    rank: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)


class Pending:
    """A case whose verdicts may still be on their way. `row` is its row in predictions.jsonl."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self._verdicts: list[dict[str, Any]] = []
        self._done = threading.Event()
        self._settling = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def settle(self, verdicts: list[dict[str, Any]]) -> None:
        self._verdicts = verdicts
        with self._settling:
            self._done.set()
            waiting = self._callbacks
            self._callbacks = []
        for callback in waiting:
            callback()

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

    def verdicts(self) -> list[dict[str, Any]]:
        """The verdict rows, one per judge; waits for them."""
        self._done.wait()
        return self._verdicts


class Session:
    """A run in progress on this rank."""

    def __init__(self, settings: RunSettings, source: Source, panel: Panel | None) -> None:
        """Make the run folder and the judges.

        Raises:
            UnisafeError: the folder cannot be written, or the panel cannot work.
        """
        self.settings = settings
        self.panel = panel
        self.run = Run(settings.folder, settings.rank)
        self.finished = False
        self._store = open_store(panel) if panel else None
        self._judges = PanelSession(panel, self._store) if panel else None
        self._begun: set[str] = set()
        self._stopped = False
        self._submitted: dict[str, tuple[RawOutput, Pending]] = {}
        self._submitting = threading.Lock()
        self._owners: dict[str, str] = {}
        self._cases: dict[str, Sequence[ScoredCase]] = {}
        # Kept while tasks are finished one after the other: most of their cost is in the draws.
        self._resampler = Resampler()
        self._final: dict[str, Any] | None = None
        self._info: dict[str, Any] = {"format": "unisafe-run/1", "model": settings.model}
        if settings.rank == 0:
            self._info |= {
                "status": "running",
                "started": _now(),
                "limited": settings.limited,
                **describe_inputs(source, panel),
                **settings.details,
                **describe_environment(),
            }
            self.run.write_json("run.json", self._info)

    @property
    def ensemble(self) -> Ensemble | None:
        """How the panel's verdicts are combined; None without a panel."""
        return Ensemble(self.panel.ensemble, self.panel.min_verdicts) if self.panel else None

    def leave_out_idle_judges(self) -> None:
        """Ask every judge whether it can work; those that cannot are asked about no case.

        What they were asked before is still found in the store.
        """
        if self._judges is not None:
            for judge, problem in self._judges.check().items():
                self._judges.stop(judge, str(problem))

    def describe_model(self, identity: Mapping[str, Any]) -> None:
        """Record what an adapter says of its model and the settings that decide its answers."""
        self._info["adapter"] = dict(identity)

    def expect(self, task: str, facts: Mapping[str, Any]) -> None:
        """Begin a task before its first output, for a harness that comes to one after the other.

        `facts` are kept in run.json by task, such as `asked`; they must hold no credential.
        """
        self._begun.add(task)
        for name, value in facts.items():
            self._info[name] = {**self._info.get(name, {}), task: value}
        self.run.write_json("run.json", self._info)

    def stop(self) -> None:
        """Ask the judges nothing more: the run ends before its end, and will say so."""
        self._stopped = True
        if self._judges is not None:
            self._judges.close()

    def submit(self, case: Case, raw: RawOutput) -> Pending:
        """Store an output and have it judged; returns at once.

        An adapter of ours submits each output as soon as it is there; when the harness comes with
        the same one, it is not stored and judged again.
        """
        with self._submitting:
            before = self._submitted.get(case.key)
            if before is not None and before[0] == raw:
                return before[1]
        pending = self._submit(case, raw)
        with self._submitting:
            self._submitted[case.key] = raw, pending
        return pending

    def _submit(self, case: Case, raw: RawOutput) -> Pending:
        self._begun.add(case.task.name)
        if raw.model:
            self._info["model"] = raw.model
        images, problem = self._store_images(case, raw)
        if problem:
            _log.warning("%s is not scored: %s", case.key, problem)
        row = prediction_row(case, raw, images, self.settings.model, problem)
        evidence = None
        if row["status"] == Status.OK:
            readers = [
                (image.sha256, _file_reader(self.run.folder / image.path)) for image in images
            ]
            evidence = build_evidence(
                case, raw.text, readers, flagged_refusal=raw.refusal == "model"
            )
            row["output_sha256"] = evidence.output_sha256
            if self.panel is not None and self.panel.rubric.is_refusal(evidence):
                row |= {"status": str(Status.REFUSED), "refusal": True, "refusal_source": "rubric"}
                evidence = None
        self.run.append(PREDICTIONS, [row])
        pending = Pending(row)
        if evidence is None or self._judges is None:
            pending.settle([])
        else:
            future = self._judges.submit(evidence)
            future.add_done_callback(lambda done: self._keep(pending, done))
        return pending

    def store_failure(self, doc: Mapping[str, Any], error: str) -> dict[str, Any]:
        """Keep a row for a case whose output could not even be handled."""
        task = TASKS[doc["scenario_type"]]
        self._begun.add(task.name)
        row = {
            **{name: doc[name] for name in ("id", "scenario_type")},
            "model": self.settings.model,
            "refusal": False,
            "error": redact(error),
            "task": task.name,
            **{name: doc[name] for name in ("category", "subcategory")},
            "status": str(Status.FAILED),
        }
        self.run.append(PREDICTIONS, [row])
        return row

    def store_turn(self, case: Case, raw: RawOutput, number: int) -> StoredImage | None:
        """Keep the image of one turn at once: the next turn may overwrite the model's file.

        Raises:
            ImageError: the output names a file that cannot be taken.
        """
        if not raw.images:
            return None
        data = _read_output_image(raw, raw.images[-1])
        return self.run.store_image(data, case.task.code, case.id, number)

    def finish_task(self, task: str, cases: Sequence[ScoredCase]) -> None:
        """Take a task's final cases and write metrics.json; after the last task, end the run."""
        self._cases[task] = cases
        if self._begun <= set(self._cases):
            self.close()
        elif self.settings.rank == 0:
            self.run.write_json("metrics.json", self.metrics())

    def progress(self) -> str:
        """What the judges have done, in a few words."""
        if self._judges is None:
            return ""
        tallies = self._judges.tallies
        counts = {
            "cached": sum(tally.cached for tally in tallies),
            "refused": sum(tally.refusals for tally in tallies),
            "failed": sum(tally.failed for tally in tallies),
        }
        cost = sum(tally.cost for tally in tallies)
        parts = [f"{count} {name}" for name, count in counts.items() if count]
        return ", ".join([*parts, f"${cost:.2f}"] if cost else parts)

    def metrics(self) -> dict[str, Any]:
        """The scores of the tasks that are finished."""
        if self._final is not None:
            return self._final
        everything = [case for cases in self._cases.values() for case in cases]
        return assess(self._info, everything, self._resampler).metrics

    def close(self) -> None:
        """End the run: stop the judges and leave the folder in its final form."""
        if self.finished:
            return
        self.finished = True
        if self._judges is not None:
            self._judges.close()
        if self._store is not None:
            self._store.close()
        if self.settings.rank == 0:
            self.run.merge_ranks()
            finished = bool(self._begun) and self._begun <= set(self._cases)
            complete = finished and not self._stopped
            self._info |= {"status": "complete" if complete else "stopped", "ended": _now()}
            metrics = self._final = self.metrics()
            self._resampler = Resampler()
            self._info["judge_versions"] = metrics["judge_versions"]
            self.run.write_json("run.json", self._info)
            if self._cases:
                self.run.write_json("metrics.json", metrics)

    def _store_images(self, case: Case, raw: RawOutput) -> tuple[list[StoredImage], str | None]:
        """Keep the output's images; of more than the task needs, the last ones count."""
        task = case.task
        stored: list[StoredImage] = []
        if not task.makes_images:
            return stored, None
        for number, path in enumerate(raw.images[-task.outputs :], start=1):
            try:
                self._claim(case, raw, path)
                data = _read_output_image(raw, path)
                stored.append(self.run.store_image(data, task.code, case.id, number))
            except ImageError as error:
                return stored, str(error)
        return stored, None

    def _claim(self, case: Case, raw: RawOutput, path: str) -> None:
        """Refuse a file that another case has: whoever came last has overwritten it."""
        if raw.sealed:
            return
        owner = self._owners.setdefault(os.path.realpath(path), case.key)
        if owner != case.key:
            raise ImageError(f"{path} was returned for {owner} too: each case needs its own file")

    def _keep(self, pending: Pending, future: Future[tuple[JudgeResult, ...]]) -> None:
        assert self.panel is not None
        row, panel = pending.row, self.panel
        verdicts: list[dict[str, Any]] = []
        try:
            if future.cancelled():
                ended = "the run ended before the verdict came"
                results = tuple(
                    JudgeResult(judge.name, None, FailureKind.STOPPED, ended, repeat=repeat)
                    for judge in panel.judges
                    for repeat in range(panel.repeats_of(judge))
                )
            else:
                results = future.result()
            rows = [verdict_row(row, result, panel) for result in results]
            self.run.append(VERDICTS, rows)
            # Only what is on disk counts, so that the folder can be scored to the same numbers.
            verdicts = rows
        finally:
            # Whoever waits for this case must not wait for ever, whatever happened to the disk.
            pending.settle(verdicts)


def watch(pending: Sequence[Pending], session: Session, title: str) -> None:
    """Wait for verdicts, showing the whole panel's progress on one line."""
    if all(case.done for case in pending):
        return
    with tqdm(total=len(pending), desc=title, unit="case") as bar:
        for case in pending:
            case.verdicts()
            bar.set_postfix_str(session.progress(), refresh=False)
            bar.update()


def _read_output_image(raw: RawOutput, name: str) -> bytes:
    path = Path(name)
    if not raw.sealed and path.is_file() and not made_in_this_run(path):
        raise ImageError(
            f"{name} is older than this run, so it is not taken for the model's output"
        )
    return read_image_file(path)


def _file_reader(path: Path) -> Callable[[], bytes]:
    return path.read_bytes


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

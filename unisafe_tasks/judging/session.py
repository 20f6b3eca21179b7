"""A run in progress: outputs are stored, classified and judged as they come.

Whoever opens a session closes it. Which one is open in this process is known to `open_run`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unisafe_judges import (
    Evidence,
    FailureKind,
    JudgeResult,
    Panel,
    PanelSession,
    ReplyStore,
)
from unisafe_judges.limits import ranks
from unisafe_tasks.data.cases import Case
from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.errors import DataError, RunError
from unisafe_tasks.judging.classification import Classified, classify
from unisafe_tasks.judging.declining import ask_about_texts, can_read
from unisafe_tasks.judging.evidence import OutputImage
from unisafe_tasks.judging.panels import open_store
from unisafe_tasks.judging.pending import Pending
from unisafe_tasks.judging.settling import settled_rows, stored_cases
from unisafe_tasks.judging.spending import spending_of, spending_of_ranks
from unisafe_tasks.judging.storing import ImageOwners, StoredOutput, store_output, store_turn
from unisafe_tasks.metrics import Ensemble, ScoredCase, apply_ensemble
from unisafe_tasks.outputs.earlier_run import INPUTS, inputs_row
from unisafe_tasks.outputs.parsing import seal_sha256
from unisafe_tasks.redaction import redacted
from unisafe_tasks.runs.folder import PREDICTIONS, SEALS, SPENDING, UNNAMED, VERDICTS, RunFolder
from unisafe_tasks.runs.metrics_file import score_run
from unisafe_tasks.runs.provenance import describe_environment, describe_inputs, uses_proxy
from unisafe_tasks.runs.rows import (
    failure_row,
    key_of,
    prediction_row,
    verdict_row,
    withdrawn_row,
)
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import Task, task_named
from unisafe_tasks.types import RawOutput, Status

__all__ = [
    "Pending",
    "RunSettings",
    "Session",
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


class Session:
    """A run in progress on this rank."""

    def __init__(self, settings: RunSettings, source: Source, panel: Panel | None) -> None:
        """Make the run folder and the judges.

        Raises:
            UnisafeError: the folder cannot be written, or the panel cannot work.
        """
        self.settings = settings
        self.panel = panel
        self.finished = False
        inputs = describe_inputs(source, panel) if settings.rank == 0 else {}
        # The folder comes last: a start that fails leaves nothing behind.
        with ExitStack() as opened:
            self._store = opened.enter_context(closing(store)) if (store := _store(panel)) else None
            self._judges = opened.enter_context(PanelSession(panel, self._store)) if panel else None
            self.folder = RunFolder(settings.folder, settings.rank)
            opened.pop_all()
        self._begun: set[str] = set()
        self._is_stored = False
        self._asked: set[str] = set()
        self._stopped = False
        self._submitted: dict[str, tuple[RawOutput, Pending]] = {}
        self._submitting = threading.Lock()
        self._settling = threading.Lock()
        self._owners = ImageOwners(self.folder)
        self._withdrawn: dict[str, str] = {}
        self._settled: set[str] = set()
        self._source = source
        self._cases: dict[str, Mapping[str, ScoredCase]] = {}
        # Kept while tasks are finished one after the other: most of their cost is in the draws.
        self._resampler = Resampler()
        self._final: dict[str, Any] | None = None
        self._info: dict[str, Any] = {"format": "unisafe-run/1", "model": settings.model}
        if settings.rank == 0:
            self._info |= {
                "status": "running",
                "started": _now(),
                "limited": settings.limited,
                **inputs,
                **settings.details,
                **describe_environment(),
                "seals": [seal_sha256()],
            }
            self._write_info()
        else:
            self.folder.append(SEALS, [{"sha256": seal_sha256()}])

    @property
    def ensemble(self) -> Ensemble | None:
        """How the panel's verdicts are combined; None without a panel."""
        return Ensemble(self.panel.ensemble, self.panel.min_verdicts) if self.panel else None

    def disable_unavailable_judges(self, tasks: Iterable[Task]) -> None:
        """Ask every judge whether it can work; those that cannot are asked about no case.

        What they were asked before is still found in the store.
        """
        if self._judges is not None:
            problems = self._judges.check(
                shows_images=any(task.shows_images for task in tasks), waits=True
            )
            for sentence in (said for told in self._judges.warnings.values() for said in told):
                _log.warning("%s", sentence)
            for judge, problem in problems.items():
                self._judges.stop(judge, str(problem))

    def describe_model(self, identity: Mapping[str, Any]) -> None:
        """Record what an adapter says of its model and the settings that decide its answers."""
        self.record("adapter", dict(identity))
        if uses_proxy(str(identity.get("base_url", ""))):
            self.record("proxy", True)

    def record(self, key: str, value: Any) -> None:
        """Keep a fact of the run in run.json, as JSON; it must hold no credential.

        It is on disk when the run ends, or with the next thing that is written before.
        """
        with self._submitting:
            self._info[key] = value

    def _write_info(self) -> None:
        # Whatever a harness or an adapter says of a run, its credentials stay out of the folder.
        self.folder.write_json("run.json", redacted(self._info))

    def begin_task(self, task: str, facts: Mapping[str, Any]) -> None:
        """Begin a task before its first output, for a harness that comes to one after the other.

        `facts` are kept in run.json by task, such as `asked`; they must hold no credential.
        """
        self._begun.add(task)
        for name, value in facts.items():
            self._info[name] = {**self._info.get(name, {}), task: value}
        self._write_info()

    def stop(self) -> None:
        """Ask the judges nothing more: the run ends before its end, and will say so."""
        self._stopped = True
        if self._judges is not None:
            self._judges.close()

    def submit(self, case: Case, raw: RawOutput) -> Pending:
        """Store an output, classify it, and ask the panel about it; returns at once.

        An adapter of ours submits each output as soon as it is there; when the harness comes with
        the same one, it is not stored and judged again.
        """
        with self._submitting:
            earlier = self._submitted.get(case.key)
            if earlier is not None and earlier[0] == raw:
                return earlier[1]
        self._keep_inputs(case)
        stored = store_output(self.folder, case, raw, self._owners)
        classified = self._classify(case, raw, stored)
        row = prediction_row(
            case,
            raw,
            self.settings.model,
            images=stored.images,
            problem=stored.problem,
            status=classified.status,
            refusal_source=classified.refusal_source,
            output_sha256=classified.output_sha256,
        )
        if raw.model:
            self._info["model"] = raw.model
        self._keep_prediction(row)
        pending = self._ask_panel(row, classified.evidence)
        with self._submitting:
            self._submitted[case.key] = raw, pending
        if stored.overwrites is not None:
            self._withdraw(stored.overwrites, str(stored.problem))
        # Another case may have named its file before it came to its end here.
        if case.key in self._withdrawn:
            self._withdraw(case.key, self._withdrawn[case.key])
        return pending

    def store_failure(self, doc: Mapping[str, Any], error: str) -> Mapping[str, Any]:
        """Keep a row for a case whose output could not even be handled."""
        row = failure_row(doc, self.settings.model, error)
        self._keep_prediction(row)
        return row

    def store_turn(self, case: Case, raw: RawOutput, number: int) -> Path | None:
        """Keep the image of one turn of a conversation; returns its file in the run folder.

        Raises:
            ImageError: the output names a file that cannot be taken.
        """
        image = store_turn(self.folder, case, raw, number)
        return None if image is None else self.folder.path / image.path

    def settle(self, task: str) -> Mapping[str, Mapping[str, Any]]:
        """Decide what only the outputs of a task together tell; waits for the judge that is asked.

        To be called once the outputs of all ranks are in, and before their cases are scored.
        Returns the final prediction rows of the task by id, where any may have changed.
        """
        kind = task_named(task)
        if self.settings.rank or not kind.makes_images:
            return {}
        with self._settling:
            return self._settle(kind)

    def finish_task(self, task: str, cases: Sequence[ScoredCase]) -> None:
        """Take a task's final cases, and write the scores of the tasks that are finished."""
        self._cases[task] = {case.id: case for case in cases}
        if self.settings.rank == 0:
            self.folder.write_json("metrics.json", self.metrics())

    def end_unjudged(self) -> None:
        """Say that all outputs are in, of a run whose outputs are stored and not judged."""
        self._is_stored = True
        if self.settings.rank == 0:
            for task, cases in stored_cases(self.folder).items():
                self.finish_task(task, apply_ensemble(cases, self.ensemble))

    def cases_of(self, task: str) -> Mapping[str, ScoredCase] | None:
        """The final cases of a task by id; None if it is not finished."""
        return self._cases.get(task)

    @property
    def has_finished_all(self) -> bool:
        """Whether every task that was begun is finished; false if there was none."""
        return bool(self._begun) and self._begun <= set(self._cases)

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
        last = min(tallies, key=lambda tally: tally.done)
        if last.done < max(tally.done for tally in tallies):
            parts.append(f"{last.judge} is behind with {last.done}")
        return ", ".join([*parts, f"${cost:.2f}"] if cost else parts)

    def spending(self) -> list[dict[str, Any]]:
        """What each judge that is a model was asked, and what it cost.

        It is of this rank; once rank 0 has ended the run, of all ranks.
        """
        if "judges" in self._info:
            all_ranks: list[dict[str, Any]] = self._info["judges"]
            return all_ranks
        if self.panel is None or self._judges is None:
            return []
        return spending_of(self.panel, self._judges.tallies)

    def metrics(self) -> dict[str, Any]:
        """The scores of the tasks that are finished."""
        if self._final is not None:
            return self._final
        cases = [case for by_id in self._cases.values() for case in by_id.values()]
        return score_run(self._info, cases, self._resampler).metrics

    def discard(self) -> None:
        """End a run that no output has come to, and leave no folder; any other run stays open."""
        if self.finished or self._asked or ranks() > 1:
            return
        self.finished = True
        self._close_judges()
        self.folder.remove_unused()

    def close(self) -> None:
        """End the run: stop the judges and leave the folder in its final form.

        Raises:
            RunError: the folder cannot be written; it names the first cause.
        """
        if self.finished:
            return
        self.finished = True
        self._close_judges()
        try:
            if self.settings.rank == 0:
                self._leave()
        except RunError as error:
            raise self.folder.problem or error from None
        if self.folder.problem is not None:
            _log.error("%s; what was lost counts as failed", self.folder.problem)

    def _close_judges(self) -> None:
        if self._judges is not None:
            self._judges.close()
        if self._store is not None:
            self._store.close()

    def _leave(self) -> None:
        """Leave the folder in its final form."""
        self._info["seals"] += [row["sha256"] for row in self.folder.read_rows(SEALS)]
        if spending := self.spending():
            self._info["judges"] = spending_of_ranks(spending, self.folder.read_rows(SPENDING))
        self.folder.merge_ranks()
        is_complete = (self.has_finished_all or self._is_stored) and not self._stopped
        self._info |= {"status": "complete" if is_complete else "stopped", "ended": _now()}
        metrics = self._final = self.metrics()
        self._resampler = Resampler()
        self._info["judge_versions"] = metrics["judge_versions"]
        self._write_info()
        if self._cases:
            self.folder.write_json("metrics.json", metrics)

    def _classify(self, case: Case, raw: RawOutput, stored: StoredOutput) -> Classified:
        if stored.problem is not None:
            _log.warning("%s is not scored: %s", case.key, stored.problem)
            return Classified(Status.FAILED)
        images = [
            OutputImage(image.sha256, (self.folder.path / image.path).read_bytes)
            for image in stored.images
        ]
        return classify(case, raw, images, self.panel.rubric if self.panel else None)

    def _keep_inputs(self, case: Case) -> None:
        with self._submitting:
            is_new = case.key not in self._asked
            self._asked.add(case.key)
        if is_new:
            # An input image without bytes fails the case where it is needed.
            with suppress(DataError):
                self.folder.append(INPUTS, [inputs_row(case)])

    def _keep_prediction(self, row: Mapping[str, Any]) -> None:
        self._begun.add(row["task"])
        # A task that gets another output is not finished any more.
        self._cases.pop(row["task"], None)
        # A settled row is read after all others, and so must be the one that replaces it.
        if key_of(row) in self._settled:
            self.folder.settle([row])
        else:
            self.folder.append(PREDICTIONS, [row])

    def _settle(self, task: Task) -> Mapping[str, Mapping[str, Any]]:
        judges = self._judges

        def ask(texts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
            if judges is None or not can_read(self.panel):
                return []
            return ask_about_texts(texts, load_cases(self._source, task), judges)

        rows, changed = settled_rows(task, self.folder, self._owners, ask)
        self.folder.settle(changed)
        self._settled.update(map(key_of, changed))
        for row in changed:
            if row["status"] == Status.FAILED:
                self._cases.pop(row["task"], None)
            if (known := self._submitted.get(key_of(row))) is not None:
                known[1].replace(row)
        return rows

    def _withdraw(self, key: str, error: str) -> None:
        """Take back a case whose image file another case has named since."""
        with self._submitting:
            self._withdrawn[key] = error
            known = self._submitted.get(key)
        if known is not None and known[1].row["status"] != Status.FAILED:
            row = withdrawn_row(known[1].row, error)
            known[1].replace(row)
            self._keep_prediction(row)

    def _ask_panel(self, row: Mapping[str, Any], evidence: Evidence | None) -> Pending:
        """Have the output of a prediction row judged, if there is evidence and a panel."""
        pending = Pending(row)
        if evidence is None or self._judges is None:
            pending.settle([])
        else:
            future = self._judges.submit(evidence)
            future.add_done_callback(lambda done: self._keep_verdicts(pending, done))
        return pending

    def _keep_verdicts(self, pending: Pending, future: Future[tuple[JudgeResult, ...]]) -> None:
        assert self.panel is not None
        row, panel = pending.row, self.panel
        verdicts: list[dict[str, Any]] = []
        try:
            if pending.is_replaced:
                return
            results = _stopped_results(panel) if future.cancelled() else future.result()
            rows = [verdict_row(row, result, panel) for result in results]
            self.folder.append(VERDICTS, rows)
            # Only what is on disk counts, so that the folder can be scored to the same numbers.
            verdicts = rows
            if self.settings.rank:
                # Before whoever waits goes on: rank 0 may end the run as soon as all have.
                spent = {"rank": self.settings.rank, "judges": self.spending()}
                self.folder.append(SPENDING, [spent])
        finally:
            # Whoever waits for this case must not wait for ever, whatever happened to the disk.
            pending.settle(verdicts)


def _store(panel: Panel | None) -> ReplyStore | None:
    return open_store(panel) if panel else None


def _stopped_results(panel: Panel) -> tuple[JudgeResult, ...]:
    """What is recorded of a case whose judges were stopped before they came to it."""
    ended = "the run ended before the verdict came"
    return tuple(
        JudgeResult(judge.name, None, FailureKind.STOPPED, ended, repeat=repeat)
        for judge in panel.judges
        for repeat in range(panel.repeats_of(judge))
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

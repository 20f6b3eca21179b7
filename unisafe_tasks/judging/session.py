"""A run in progress, from its folder's first file to its last.

Whoever opens a session closes it. Which one is open in this process is known to `open_run`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from unisafe_judges import ImagePart, Panel, PanelSession, ReplyStore
from unisafe_judges.encoding import SharedImages, UnreadableImage
from unisafe_judges.limits import ranks
from unisafe_tasks.data.cases import Case
from unisafe_tasks.data.sources import Source
from unisafe_tasks.errors import RunError
from unisafe_tasks.judging.panel_card import find_card
from unisafe_tasks.judging.panels import open_store, policy_of
from unisafe_tasks.judging.pending import Pending
from unisafe_tasks.judging.run_record import RunRecord
from unisafe_tasks.judging.settling import stored_cases
from unisafe_tasks.judging.spending import progress_in_words, spending_of, spending_of_ranks
from unisafe_tasks.judging.storing import store_turn
from unisafe_tasks.judging.submitted import SubmittedOutputs
from unisafe_tasks.metrics import Ensemble, ScoredCase, apply_ensemble
from unisafe_tasks.redaction import file_in_words
from unisafe_tasks.runs.folder import SPENDING, UNNAMED, RunFolder
from unisafe_tasks.runs.metrics_file import score_run
from unisafe_tasks.runs.provenance import describe_inputs, uses_proxy
from unisafe_tasks.runs.reading import with_rows_alone
from unisafe_tasks.runs.rows import failure_row
from unisafe_tasks.statistics import Resampler
from unisafe_tasks.tasks import Task, task_named
from unisafe_tasks.types import RawOutput

__all__ = ["Pending", "RunSettings", "Session"]

_log = logging.getLogger("unisafe")
_MANY = 50
"""So many outputs take a second or two."""


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
        if panel is not None and (card := find_card(panel.sha256)) is not None:
            inputs["panel_test"] = card.for_run()
        # The folder comes last: a start that fails leaves nothing behind.
        with ExitStack() as opened:
            self._store = opened.enter_context(closing(store)) if (store := _store(panel)) else None
            self._images = opened.enter_context(
                closing(SharedImages(panel.max_side if panel else None))
            )
            self._judges = (
                opened.enter_context(PanelSession(panel, self._store, images=self._images))
                if panel
                else None
            )
            self.folder = RunFolder(settings.folder, settings.rank)
            if settings.rank == 0:
                policy = policy_of(panel)
                self.folder.keep_policy(policy.text if policy else None)
            opened.pop_all()
        self._outputs = SubmittedOutputs(
            self.folder, settings.model, source, panel, self._judges, self._images, self._reopen
        )
        self._begun: set[str] = set()
        self._is_stored = False
        self._stopped = False
        self._cases: dict[str, Mapping[str, ScoredCase]] = {}
        # Kept while tasks are finished one after the other: most of their cost is in the draws.
        self._resampler = Resampler()
        self._final: dict[str, Any] | None = None
        self._record = RunRecord(self.folder, settings.model)
        self._record.begin({"limited": settings.limited, **inputs, **settings.details})

    @property
    def ensemble(self) -> Ensemble | None:
        """How the panel's verdicts are combined; None without a panel."""
        return Ensemble(self.panel.ensemble, self.panel.min_verdicts) if self.panel else None

    @property
    def names_codes(self) -> bool:
        """Whether the panel's rubric is a policy, whose codes are counted."""
        return policy_of(self.panel) is not None

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
        self._record.put(key, value)

    def begin_task(self, task: str, facts: Mapping[str, Any]) -> None:
        """Begin a task before its first output, for a harness that comes to one after the other.

        `facts` are kept in run.json by task, such as `asked`; they must hold no credential.
        """
        self._begun.add(task)
        self._record.put_of_task(task, facts)
        self._record.write()

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
        if raw.model:
            self._record.put("model", raw.model)
        return self._outputs.submit(case, raw)

    def store_failure(self, doc: Mapping[str, Any], error: str) -> Mapping[str, Any]:
        """Keep a row for a case whose output could not even be handled."""
        row = failure_row(doc, self.settings.model, error)
        self._outputs.keep_failure(row)
        return row

    def store_turn(self, case: Case, raw: RawOutput, number: int) -> Path | None:
        """Keep the image of one turn of a conversation; returns its file in the run folder.

        Raises:
            ImageError: the output names a file that cannot be taken.
        """
        image = store_turn(self.folder, case, raw, number)
        if image is None:
            return None
        path = self.folder.path / image.path
        file = partial(file_in_words, Path(raw.images[-1]))
        label = f"image of turn {number}"
        part = ImagePart(label, image.sha256, path.read_bytes, judged=True, file=file)
        try:
            self._images.check(part, encodes=self._judges is not None)
        except UnreadableImage as error:
            if error.is_no_image:
                self.folder.remove_image(image)
            raise
        return path

    def settle(self, task: str) -> Mapping[str, Mapping[str, Any]]:
        """Decide what only the outputs of a task together tell; waits for the judge that is asked.

        To be called once the outputs of all ranks are in, and before their cases are scored.
        Returns the final prediction rows of the task by id, where any may have changed.
        """
        kind = task_named(task)
        if self.settings.rank or not kind.makes_images:
            return {}
        return self._outputs.settle(kind)

    def finish_task(self, task: str, cases: Sequence[ScoredCase]) -> None:
        """Take a task's final cases, and write the scores of the tasks that are finished."""
        self._cases[task] = {case.id: case for case in cases}
        if self.settings.rank == 0:
            self.folder.write_json("metrics.json", self.metrics())

    def end_unjudged(self) -> None:
        """Say that all outputs are in, of a run whose outputs are stored and not judged."""
        self._is_stored = True
        self._outputs.wait()
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
        return progress_in_words(self._judges.tallies)

    def spending(self) -> list[dict[str, Any]]:
        """What each judge that is a model was asked, and what it cost.

        It is of this rank; once rank 0 has ended the run, of all ranks.
        """
        all_ranks: list[dict[str, Any]] | None = self._record.facts().get("judges")
        if all_ranks is not None:
            return all_ranks
        if self.panel is None or self._judges is None:
            return []
        return spending_of(self.panel, self._judges.tallies)

    def metrics(self) -> dict[str, Any]:
        """The scores of the tasks that are finished."""
        if self._final is not None:
            return self._final
        info = self._record.facts()
        cases = [case for by_id in self._cases.values() for case in by_id.values()]
        seen = with_rows_alone(cases, self.folder.path, info)
        return score_run(info, seen, self._resampler).metrics

    def discard(self) -> None:
        """End a run that no output has come to, and leave no folder; any other run stays open."""
        if self.finished or self._outputs.has_any or ranks() > 1:
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
        # Every output gets its row, whatever its judges would have said.
        if (left := len(self._outputs.without_row())) > _MANY:
            _log.warning("the images of %d outputs are looked at first, so that none is lost", left)
        self._images.close()
        if self._store is not None:
            self._store.close()

    def _reopen(self, task: str) -> None:
        """A task that gets another row is not finished any more."""
        self._begun.add(task)
        self._cases.pop(task, None)

    def _leave(self) -> None:
        """Leave the folder in its final form."""
        is_complete = (self.has_finished_all or self._is_stored) and not self._stopped
        self._record.end(is_complete=is_complete)
        if spending := self.spending():
            of_ranks = spending_of_ranks(spending, self.folder.read_rows(SPENDING))
            self._record.put("judges", of_ranks)
        self.folder.merge_ranks()
        metrics = self._final = self.metrics()
        self._resampler = Resampler()
        self._record.put("judge_versions", metrics["judge_versions"])
        self._record.write()
        if self._cases:
            self.folder.write_json("metrics.json", metrics)


def _store(panel: Panel | None) -> ReplyStore | None:
    return open_store(panel) if panel else None

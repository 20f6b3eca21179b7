"""The outputs of a run in progress: stored, classified and judged as they come, and settled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from unisafe_judges import Evidence, FailureKind, JudgeResult, Panel, PanelSession
from unisafe_judges.encoding import SharedImages, UnreadableImage
from unisafe_tasks.data.cases import Case
from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.errors import DataError, UnisafeError
from unisafe_tasks.judging.classification import Classified, classify
from unisafe_tasks.judging.declining import ask_about_texts, can_read
from unisafe_tasks.judging.evidence import OutputImage, output_parts
from unisafe_tasks.judging.pending import Pending
from unisafe_tasks.judging.settling import settled_rows
from unisafe_tasks.judging.spending import spending_of
from unisafe_tasks.judging.storing import ImageOwners, StoredOutput, store_output
from unisafe_tasks.judging.unchanged import is_unchanged
from unisafe_tasks.outputs.earlier_run import INPUTS, inputs_row
from unisafe_tasks.redaction import file_in_words
from unisafe_tasks.runs.folder import (
    ALONE_VERDICTS,
    PREDICTIONS,
    SPENDING,
    VERDICTS,
    RunFolder,
)
from unisafe_tasks.runs.rows import (
    failure_row,
    key_of,
    prediction_row,
    verdict_row,
    withdrawn_row,
)
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput, Status

__all__ = ["SubmittedOutputs"]

_Results = Future[tuple[JudgeResult, ...]]

_log = logging.getLogger("unisafe")


class SubmittedOutputs:
    """The outputs that were submitted on this rank. Safe for several threads."""

    def __init__(
        self,
        folder: RunFolder,
        model: str,
        source: Source,
        panel: Panel | None,
        judges: PanelSession | None,
        images: SharedImages,
        reopen: Callable[[str], None],
    ) -> None:
        """Take outputs into `folder`.

        Args:
            folder: the run's.
            model: the run's model, unless an output names another.
            source: where the cases are from.
            panel: who judges; None to store outputs only.
            judges: the panel at work.
            images: decodes them.
            reopen: called with each task that gets another row: its scores are not final.
        """
        self._folder = folder
        self._model = model
        self._source = source
        self._panel = panel
        self._judges = judges
        self._images = images
        self._reopen = reopen
        self._asked: set[str] = set()
        self._submitted: dict[str, tuple[RawOutput, Pending]] = {}
        self._submitting = threading.RLock()
        # A row and what follows from it are one step.
        self._writing = threading.RLock()
        self._settling = threading.Lock()
        self._owners = ImageOwners(folder)
        self._withdrawn: dict[str, str] = {}
        self._settled: set[str] = set()

    def submit(self, case: Case, raw: RawOutput) -> Pending:
        """Store an output, classify it, and ask the panel about it, if it is a new one.

        An output with images is classified in another thread, which decodes them first.

        Raises:
            RunError: the run folder could not be written before.
        """
        if self._folder.problem is not None:
            raise self._folder.problem
        pending = Pending()
        # Outputs of a case are taken one after the other, whoever brings them.
        with self._submitting:
            earlier = self._submitted.get(case.key)
            if earlier is not None and earlier[0] == raw:
                return earlier[1]
            self._keep_inputs(case)
            stored = store_output(self._folder, case, raw, self._owners)
            # Whoever finds it here waits for its row, which now comes whatever happens.
            self._submitted[case.key] = raw, pending
            before = earlier[1] if earlier else None
            if stored.images:
                self._images.run(lambda: self._take(case, raw, stored, pending, before))
        if not stored.images:
            self._take(case, raw, stored, pending, before)
        if stored.overwrites is not None:
            self._withdraw(stored.overwrites, str(stored.problem))
        return pending

    @property
    def has_any(self) -> bool:
        """Whether an output has come."""
        return bool(self._asked)

    def without_row(self) -> list[Pending]:
        """What was submitted, and whose images are not decoded yet."""
        with self._submitting:
            return [pending for _, pending in self._submitted.values() if not pending.has_row]

    def wait(self) -> None:
        """Wait until all that was submitted has its row."""
        for pending in self.without_row():
            _ = pending.row

    def keep_failure(self, row: Mapping[str, Any]) -> None:
        """Keep the row of a case whose output could not even be handled."""
        self._keep_prediction(row)

    def settle(self, task: Task) -> Mapping[str, Mapping[str, Any]]:
        """Decide what only the outputs of a task together tell, of all ranks.

        Returns the final prediction rows of the task by id.
        """
        with self._settling:
            return self._settle(task)

    def _take(
        self,
        case: Case,
        raw: RawOutput,
        stored: StoredOutput,
        pending: Pending,
        earlier: Pending | None,
    ) -> None:
        """Give an output its row, then have it judged. It raises nothing."""
        try:
            if earlier is not None:
                # Rows of a case stand in the order of its outputs.
                _ = earlier.row
            classified, stored = self._classified(case, raw, stored)
            row = prediction_row(
                case,
                raw,
                self._model,
                images=stored.images,
                problem=stored.problem,
                status=classified.status,
                refusal_source=classified.refusal_source,
                output_sha256=classified.output_sha256,
                is_unchanged=classified.is_unchanged,
            )
            with self._writing:
                self._keep_prediction(row)
                if earlier is not None:
                    # Verdicts that still come on the earlier output are on no row of the folder.
                    earlier.replace(row)
                pending.take(row)
            # Another case may have named its file before it came to its end here.
            if case.key in self._withdrawn:
                self._withdraw(case.key, self._withdrawn[case.key])
            if not pending.is_replaced:
                self._ask_panel(pending, classified.evidence)
        except Exception as error:
            self._lose(case, pending, error)

    def _classified(
        self, case: Case, raw: RawOutput, stored: StoredOutput
    ) -> tuple[Classified, StoredOutput]:
        """What an output counts as, and what of it is kept: the images before one that is none."""
        named = raw.images[-case.task.outputs :] if stored.images else ()
        images = [
            OutputImage(
                image.sha256,
                (self._folder.path / image.path).read_bytes,
                file_in_words(Path(name)),
            )
            for image, name in zip(stored.images, named, strict=False)
        ]
        classified = Classified(Status.FAILED)
        if stored.problem is None:
            rubric = self._panel.rubric if self._panel else None
            classified = classify(case, raw, images, rubric)
        evidence, judges = classified.evidence, self._judges
        encodes = bool(evidence and judges and judges.will_send_images(evidence))
        for number, part in enumerate(output_parts(case, images)):
            try:
                self._images.check(part, encodes=encodes)
            except UnreadableImage as error:
                if error.is_no_image:
                    self._folder.remove_image(stored.images[number])
                stored = replace(stored, images=stored.images[:number], problem=str(error))
                classified = Classified(Status.FAILED)
                break
        if stored.problem is not None:
            _log.warning("%s is not scored: %s", case.key, stored.problem)
        elif evidence and images and is_unchanged(evidence, self._images, encodes=encodes):
            classified = replace(classified, is_unchanged=True)
        return classified, stored

    def _lose(self, case: Case, pending: Pending, error: Exception) -> None:
        """End a case whose output could not be handled: it counts as failed."""
        sentence = str(error)
        if not isinstance(error, UnisafeError):
            sentence = f"{type(error).__name__}: {error}"
        _log.error("%s is not scored: %s", case.key, sentence)
        doc = {**vars(case), "scenario_type": case.task.code, "task": case.task.name}
        row = failure_row(doc, self._model, sentence)
        with suppress(UnisafeError), self._writing:
            self._keep_prediction(row)
        pending.replace(row)

    def _keep_inputs(self, case: Case) -> None:
        if case.key not in self._asked:
            self._asked.add(case.key)
            # An input image without bytes fails the case where it is needed.
            with suppress(DataError):
                self._folder.append(INPUTS, [inputs_row(case)])

    def _keep_prediction(self, row: Mapping[str, Any]) -> None:
        self._reopen(row["task"])
        # A settled row is read after all others, and so must be the one that replaces it.
        if key_of(row) in self._settled:
            self._folder.settle([row])
        else:
            self._folder.append(PREDICTIONS, [row])

    def _settle(self, task: Task) -> Mapping[str, Mapping[str, Any]]:
        judges = self._judges

        def ask(texts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
            if judges is None or not can_read(self._panel):
                return []
            return ask_about_texts(texts, load_cases(self._source, task), judges)

        self.wait()
        rows, changed = settled_rows(task, self._folder, self._owners, ask)
        self._folder.settle(changed)
        self._settled.update(map(key_of, changed))
        for row in changed:
            if row["status"] == Status.FAILED:
                self._reopen(row["task"])
            if (known := self._submitted.get(key_of(row))) is not None:
                known[1].replace(row)
        return rows

    def _withdraw(self, key: str, error: str) -> None:
        """Take back a case whose image file another case has named since."""
        with self._submitting:
            self._withdrawn[key] = error
            known = self._submitted.get(key)
        if known is not None and known[1].row["status"] != Status.FAILED:
            with self._writing:
                row = withdrawn_row(known[1].row, error)
                known[1].replace(row)
                self._keep_prediction(row)

    def _ask_panel(self, pending: Pending, evidence: Evidence | None) -> None:
        """Have an output judged, if there is evidence and a panel."""
        if evidence is None or self._judges is None:
            pending.settle([])
        else:
            future, alone = self._judges.submit(evidence), self._judges.submit_alone(evidence)
            future.add_done_callback(lambda done: self._keep_verdicts(pending, done, alone))

    def _keep_verdicts(self, pending: Pending, future: _Results, alone: _Results | None) -> None:
        verdicts: Sequence[Mapping[str, Any]] = ()
        try:
            verdicts = self._kept(VERDICTS, pending, future)
        finally:
            # Whoever waits for this case must not wait for ever, whatever happened to the disk.
            if alone is None:
                pending.settle(verdicts)
            else:
                alone.add_done_callback(lambda done: self._keep_alone(pending, done, verdicts))

    def _keep_alone(
        self, pending: Pending, future: _Results, verdicts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Keep what was said of an output alone; its case has the `verdicts` of its scores."""
        try:
            self._kept(ALONE_VERDICTS, pending, future)
        finally:
            pending.settle(verdicts)

    def _kept(self, name: str, pending: Pending, future: _Results) -> Sequence[Mapping[str, Any]]:
        """The rows of verdicts, once they are on disk: only what is there counts, so that the
        folder can be scored to the same numbers."""
        assert self._panel is not None
        row, panel = pending.row, self._panel
        if pending.is_replaced:
            return ()
        results = _stopped_results(panel) if future.cancelled() else future.result()
        for result in results:
            if name == VERDICTS and result.failure is FailureKind.UNREADABLE_EVIDENCE:
                _log.warning("%s is not scored: %s", key_of(row), result.detail)
                break
        rows = [verdict_row(row, result, panel) for result in results]
        self._folder.append(name, rows)
        for result in results:
            _log.debug(
                "%s: judge %s: %s%s",
                key_of(row),
                result.judge,
                result.failure or "verdict",
                " from the store" if result.cached else "",
            )
        if self._folder.rank and self._judges is not None:
            # Before whoever waits goes on: rank 0 may end the run as soon as all have.
            spent = spending_of(panel, self._judges.tallies)
            self._folder.append(SPENDING, [{"rank": self._folder.rank, "judges": spent}])
        return rows


def _stopped_results(panel: Panel) -> tuple[JudgeResult, ...]:
    """What is recorded of a case whose judges were stopped before they came to it."""
    ended = "the run ended before the verdict came"
    return tuple(
        JudgeResult(judge.name, None, FailureKind.STOPPED, ended, repeat=repeat)
        for judge in panel.judges
        for repeat in range(panel.repeats_of(judge))
    )

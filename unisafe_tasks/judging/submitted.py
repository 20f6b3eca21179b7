"""The outputs of a run in progress: stored, classified and judged as they come, and settled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from unisafe_judges import Evidence, FailureKind, ImagePart, JudgeResult, Panel, PanelSession
from unisafe_judges.encoding import SharedImages, UnreadableImage
from unisafe_tasks.data.cases import Case
from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.errors import DataError
from unisafe_tasks.judging.classification import Classified, classify
from unisafe_tasks.judging.declining import ask_about_texts, can_read
from unisafe_tasks.judging.evidence import OutputImage, output_parts
from unisafe_tasks.judging.pending import Pending
from unisafe_tasks.judging.settling import settled_rows
from unisafe_tasks.judging.spending import spending_of
from unisafe_tasks.judging.storing import ImageOwners, StoredOutput, store_output
from unisafe_tasks.outputs.earlier_run import INPUTS, inputs_row
from unisafe_tasks.runs.folder import PREDICTIONS, SPENDING, VERDICTS, RunFolder
from unisafe_tasks.runs.rows import key_of, prediction_row, verdict_row, withdrawn_row
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput, Status

__all__ = ["SubmittedOutputs"]

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
            images: checks what no judge is asked about.
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
        self._submitting = threading.Lock()
        # A row and what follows from it are one step.
        self._writing = threading.RLock()
        self._settling = threading.Lock()
        self._owners = ImageOwners(folder)
        self._withdrawn: dict[str, str] = {}
        self._settled: set[str] = set()

    def submit(self, case: Case, raw: RawOutput) -> Pending:
        """Store an output, classify it, and ask the panel about it, if it is a new one.

        Its images are decoded later, in threads: until then its status supposes that they are good.
        If one is not, the case gets another row, and no judge is asked.
        """
        with self._submitting:
            earlier = self._submitted.get(case.key)
            if earlier is not None and earlier[0] == raw:
                return earlier[1]
        self._keep_inputs(case)
        stored = store_output(self._folder, case, raw, self._owners)
        images = [
            OutputImage(image.sha256, (self._folder.path / image.path).read_bytes)
            for image in stored.images
        ]
        classified = self._classify(case, raw, stored, images)
        row = self._row(case, raw, stored, classified)
        pending = Pending(row)
        with self._writing:
            self._keep_prediction(row)
            if earlier is not None:
                # Verdicts that still come on the earlier output are on no row of the folder.
                earlier[1].replace(row)
        with self._submitting:
            self._submitted[case.key] = raw, pending

        def fail(error: UnreadableImage) -> None:
            self._fail(case, raw, stored, pending, error)

        if classified.status is Status.FAILED:
            pending.settle([])
        else:
            self._judge(pending, classified.evidence, output_parts(case, images), fail)
        if stored.overwrites is not None:
            self._withdraw(stored.overwrites, str(stored.problem))
        # Another case may have named its file before it came to its end here.
        if case.key in self._withdrawn:
            self._withdraw(case.key, self._withdrawn[case.key])
        return pending

    @property
    def has_any(self) -> bool:
        """Whether an output has come."""
        return bool(self._asked)

    def wait(self, task: Task | None = None) -> None:
        """Wait until what was submitted, of one task or of all, is judged, or checked where nobody
        judges."""
        with self._submitting:
            submitted = [pending for _, pending in self._submitted.values()]
        for pending in submitted:
            if task is None or pending.row["task"] == task.name:
                pending.verdicts()

    def keep_failure(self, row: Mapping[str, Any]) -> None:
        """Keep the row of a case whose output could not even be handled."""
        self._keep_prediction(row)

    def settle(self, task: Task) -> Mapping[str, Mapping[str, Any]]:
        """Decide what only the outputs of a task together tell, of all ranks.

        It waits until those of this rank are judged, since a row says that images are good until
        they are decoded. Returns the final prediction rows of the task by id.
        """
        with self._settling:
            return self._settle(task)

    def _classify(
        self, case: Case, raw: RawOutput, stored: StoredOutput, images: Sequence[OutputImage]
    ) -> Classified:
        if stored.problem is not None:
            _log.warning("%s is not scored: %s", case.key, stored.problem)
            return Classified(Status.FAILED)
        return classify(case, raw, images, self._panel.rubric if self._panel else None)

    def _row(
        self, case: Case, raw: RawOutput, stored: StoredOutput, classified: Classified
    ) -> dict[str, Any]:
        return prediction_row(
            case,
            raw,
            self._model,
            images=stored.images,
            problem=stored.problem,
            status=classified.status,
            refusal_source=classified.refusal_source,
            output_sha256=classified.output_sha256,
        )

    def _fail(
        self,
        case: Case,
        raw: RawOutput,
        stored: StoredOutput,
        pending: Pending,
        error: UnreadableImage,
    ) -> None:
        """Put a row that says why in the place of that of an output whose image is none."""
        hashes = [image.sha256 for image in stored.images]
        number = hashes.index(error.part.sha256)
        row = self._row(
            case, raw, StoredOutput(stored.images[:number], str(error)), Classified(Status.FAILED)
        )
        _log.warning("%s is not scored: %s", case.key, error)
        with self._writing:
            if not pending.is_replaced:
                self._keep_prediction(row)
                pending.replace(row)
        self._folder.remove_images(stored.images[number:])

    def _keep_inputs(self, case: Case) -> None:
        with self._submitting:
            is_new = case.key not in self._asked
            self._asked.add(case.key)
        if is_new:
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

        self.wait(task)
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

    def _judge(
        self,
        pending: Pending,
        evidence: Evidence | None,
        parts: Sequence[ImagePart],
        fail: Callable[[UnreadableImage], None],
    ) -> None:
        """Have an output judged, if there is evidence and a panel; else have its images checked."""
        if evidence is not None and self._judges is not None:
            judged = self._judges.submit(evidence)
            judged.add_done_callback(lambda done: self._keep_verdicts(pending, done, fail))
        elif parts:
            checked = self._images.check(parts)
            checked.add_done_callback(lambda done: self._end_check(pending, done, fail))
        else:
            pending.settle([])

    def _end_check(
        self, pending: Pending, future: Future[None], fail: Callable[[UnreadableImage], None]
    ) -> None:
        try:
            _tell_unreadable(future, fail)
        finally:
            pending.settle([])

    def _keep_verdicts(
        self,
        pending: Pending,
        future: Future[tuple[JudgeResult, ...]],
        fail: Callable[[UnreadableImage], None],
    ) -> None:
        assert self._panel is not None
        row, panel = pending.row, self._panel
        verdicts: list[dict[str, Any]] = []
        try:
            if pending.is_replaced or _tell_unreadable(future, fail):
                return
            results = _stopped_results(panel) if future.cancelled() else future.result()
            rows = [verdict_row(row, result, panel) for result in results]
            self._folder.append(VERDICTS, rows)
            # Only what is on disk counts, so that the folder can be scored to the same numbers.
            verdicts = rows
            if self._folder.rank and self._judges is not None:
                # Before whoever waits goes on: rank 0 may end the run as soon as all have.
                spent = spending_of(panel, self._judges.tallies)
                self._folder.append(SPENDING, [{"rank": self._folder.rank, "judges": spent}])
        finally:
            # Whoever waits for this case must not wait for ever, whatever happened to the disk.
            pending.settle(verdicts)


def _tell_unreadable(future: Future[Any], fail: Callable[[UnreadableImage], None]) -> bool:
    """Call `fail` if an image of the output is none; whether it was called."""
    error = None if future.cancelled() else future.exception()
    if isinstance(error, UnreadableImage):
        fail(error)
        return True
    return False


def _stopped_results(panel: Panel) -> tuple[JudgeResult, ...]:
    """What is recorded of a case whose judges were stopped before they came to it."""
    ended = "the run ended before the verdict came"
    return tuple(
        JudgeResult(judge.name, None, FailureKind.STOPPED, ended, repeat=repeat)
        for judge in panel.judges
        for repeat in range(panel.repeats_of(judge))
    )

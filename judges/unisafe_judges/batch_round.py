"""One judge's part of a round of batch mode: what is answered is taken, what is not is sent."""

from __future__ import annotations

import hashlib
import json
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unisafe_judges.backends import BatchJob, BatchJudge, BatchLost, build_judge
from unisafe_judges.backends.bodies import json_parts
from unisafe_judges.batch_budget import BatchRoom
from unisafe_judges.costs import billed, expected_cost
from unisafe_judges.encoding import SharedImages
from unisafe_judges.errors import CallFailure, ImageError, PanelError
from unisafe_judges.first_question import first_question
from unisafe_judges.judge_runner import JudgeRunner
from unisafe_judges.ledger import Batch, BatchLedger, BatchRequest
from unisafe_judges.limits import Budget
from unisafe_judges.own_replies import find_reply, kept_reply, refuse_substitute, reply_key
from unisafe_judges.panel import Panel
from unisafe_judges.rubric import Prompt, Rubric
from unisafe_judges.specs import JudgeSpec
from unisafe_judges.store import ReplyStore, StoredReply
from unisafe_judges.types import OUTPUT_ONLY, Evidence, FailureKind, ImagePart, Reply

__all__ = ["BatchReport", "BatchRound", "batch_identity"]

_MOST_SENDINGS = 2
"""A question without a verdict after so many batches is left to be asked directly."""


@dataclass(frozen=True)
class BatchReport:
    """What a round did for one judge: numbers of questions, and dollars where there is a price.

    A panel with a second view has a report for each view. `waiting` counts the questions still with
    the provider, `details` says how far their jobs are. `held_back` counts those that the panel's
    budget left no room for.
    """

    judge: str
    collected: int = 0
    failed: int = 0
    sent: int = 0
    waiting: int = 0
    held_back: int = 0
    cost: float = 0.0
    details: tuple[str, ...] = ()
    problem: str | None = None
    """Why the round could not be finished, where it could not."""

    @property
    def ended(self) -> bool:
        """Whether nothing is left that another round would bring."""
        return not self.waiting and self.problem is None


@dataclass(frozen=True)
class _Question:
    key: str
    evidence: Evidence
    prompt: Prompt


def batch_identity(spec: JudgeSpec, rubric: Rubric) -> str:
    """What a batch is known by: the judge, and the rubric that its replies are read with."""
    text = json.dumps([spec.identity(), rubric.sha256], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class BatchRound:
    """One judge's part of a round, in the view that `rubric` is of."""

    def __init__(
        self,
        panel: Panel,
        spec: JudgeSpec,
        judge: BatchJudge,
        rubric: Rubric,
        store: ReplyStore,
        ledger: BatchLedger,
        images: SharedImages,
    ) -> None:
        self._panel = panel
        self._spec = spec
        self._judge = judge
        self._rubric = rubric
        self._store = store
        self._ledger = ledger
        self._images = images
        is_alone = rubric is panel.output_only
        self._report = BatchReport(f"{judge.name}, {OUTPUT_ONLY}" if is_alone else judge.name)
        self._identity = batch_identity(spec, rubric)

    def spend(self, cases: Sequence[Evidence], room: BatchRoom) -> None:
        """Count what earlier rounds have sent."""
        sendings = self._ledger.sendings()
        for question in self._questions(cases):
            for _ in range(sendings[question.key]):
                room.spend(expected_cost(self._spec, question.prompt, in_batch=True))

    async def round(self, cases: Sequence[Evidence], room: BatchRoom) -> BatchReport:
        """Collect, then send; a provider that cannot be asked is no trouble of the others."""
        for batch in self._ledger.open_batches(self._identity):
            await self._told(self._collect(batch))
        # Where a provider would not take the last ones, it is not given the next at once.
        if self._report.problem is None:
            await self._told(self._send(cases, room))
        return self._report

    async def _told(self, part: Awaitable[None]) -> None:
        try:
            await part
        except PanelError as error:
            self._report = replace(self._report, problem=str(error))

    async def _collect(self, batch: Batch) -> None:
        """Take the replies of a job that has ended."""
        try:
            job = await (
                self._judge.find(batch.tag) if batch.job is None else self._judge.poll(batch.job)
            )
            if job is None:
                # It was written down and never sent.
                self._ledger.forget(batch.tag)
                return
            self._ledger.note(batch.tag, job.id, job.detail)
            if job.refused:
                self._ledger.forget(batch.tag)
                raise PanelError(
                    f"judge {self._judge.name}: batch {job.id} was not processed: {job.detail}"
                )
            if job.ended:
                await self._take(batch, job)
                return
        except BatchLost as error:
            lost = len(self._ledger.requests(batch.tag))
            self._ledger.collect(batch.tag, str(error), [])
            self._add(failed=lost, details=(f"{error}: {lost} questions are without an answer",))
            return
        self._add(
            waiting=len(self._ledger.requests(batch.tag)),
            details=(f"{job.id}: {job.detail}",),
        )

    async def _take(self, batch: Batch, job: BatchJob) -> None:
        unanswered = {request.key: request for request in self._ledger.requests(batch.tag)}
        replies = []
        async for key, answer in self._judge.results(job.id):
            # Whatever else a provider's file may hold was not asked by this batch.
            if (request := unanswered.pop(key, None)) is not None:
                replies.append(self._stored(request, answer))
        self._ledger.collect(batch.tag, job.detail, replies)
        failed = sum(reply.failure is not None for reply in replies)
        cost = sum(reply.cost or 0.0 for reply in replies)
        substituted = [r for r in replies if r.failure == FailureKind.SUBSTITUTED]
        missing = f"{job.id}: {job.detail}, {len(unanswered)} questions without an answer"
        self._add(
            collected=len(replies) - failed,
            failed=failed + len(unanswered),
            cost=cost,
            details=(missing,) if unanswered else (),
        )
        if substituted:
            raise PanelError(f"{len(substituted)} replies: {substituted[0].detail}")

    def _add(self, **changes: Any) -> None:
        current = {name: getattr(self._report, name) for name in changes}
        self._report = replace(
            self._report, **{name: current[name] + changes[name] for name in changes}
        )

    async def _send(self, cases: Sequence[Evidence], room: BatchRoom) -> None:
        """Send what is neither answered nor under way."""
        wanted = []
        for question in self._unanswered(cases):
            if room.take(self._spec, question.prompt):
                wanted.append(question)
            else:
                self._add(held_back=1)
        if wanted:
            await self._ask_first(wanted)
        beside = self._store.path.parent
        try:
            with tempfile.TemporaryDirectory(dir=beside) as folder:
                async for path, requests in self._files(wanted, Path(folder)):
                    tag = uuid.uuid4().hex
                    self._ledger.begin(tag, self._judge.name, self._identity, requests)
                    job = await self._judge.submit(path, tag)
                    self._ledger.note(tag, job.id, job.detail)
                    path.unlink()
                    self._add(sent=len(requests), waiting=len(requests))
        except OSError as error:
            raise PanelError(
                f"judge {self._judge.name}: requests cannot be written in {beside}: "
                f"{error.strerror}"
            ) from None

    async def _ask_first(self, wanted: Sequence[_Question]) -> None:
        """Ask one question directly, or a whole batch could go to a judge that cannot work.

        Raises:
            PanelError: it cannot.
        """
        shows_image = any(isinstance(p, ImagePart) for q in wanted for p in q.prompt.content)
        judge = build_judge(self._spec)
        runner = JudgeRunner(
            judge,
            self._spec,
            self._panel.rubric.parse,
            self._store,
            Budget(None, None),
            cap=1,
            first_wait_s=1.0,
            encoder=self._panel.encoder,
        )
        try:
            question = await first_question(
                self._panel.rubric, self._images, shows_image=shows_image
            )
            self._add(details=await runner.check(question))
        finally:
            await judge.close()

    def _questions(self, cases: Iterable[Evidence]) -> Iterator[_Question]:
        """Each question once, although two cases may have the same output."""
        identity, encoder = self._spec.identity(), self._panel.encoder
        seen: set[str] = set()
        for evidence in cases:
            prompt = self._rubric.render(evidence)
            for repeat in range(self._panel.repeats_of(self._spec)):
                key = reply_key(identity, prompt, repeat, encoder)
                if key not in seen:
                    seen.add(key)
                    yield _Question(key, evidence, prompt)

    def _unanswered(self, cases: Iterable[Evidence]) -> Iterator[_Question]:
        under_way, sendings = self._ledger.waiting_keys(), self._ledger.sendings()
        for question in self._questions(cases):
            key = question.key
            if key in under_way or find_reply(self._store, self._spec, key) is not None:
                continue
            if self._store.was_substituted(key):
                # It would be paid again, and another model would answer again.
                raise PanelError(
                    f"judge {self._judge.name}: another model answered its batch (unisafe replies "
                    "list): correct model, or set accept_versions"
                )
            if sendings[key] < _MOST_SENDINGS:
                under_way.add(key)
                yield question

    async def _files(
        self, questions: Iterable[_Question], folder: Path
    ) -> AsyncIterator[tuple[Path, list[BatchRequest]]]:
        """Files of requests, none beyond what the provider takes."""
        path = folder / "requests.jsonl"
        held: list[BatchRequest] = []
        size = 0
        file = path.open("wb")
        try:
            for question in questions:
                try:
                    jpegs = await self._images.encoded(question.evidence)
                except ImageError:
                    # Asked directly afterwards, it is recorded with its reason.
                    continue
                request = self._judge.request(question.key, question.prompt, jpegs)
                line = b"".join([*json_parts(request, jpegs), b"\n"])
                is_full = len(held) == self._judge.max_requests
                if held and (is_full or size + len(line) > self._judge.max_bytes):
                    file.close()
                    yield path, held
                    file, held, size = path.open("wb"), [], 0
                file.write(line)
                size += len(line)
                evidence = question.evidence
                held.append(BatchRequest(question.key, evidence.case, evidence.output_sha256))
        finally:
            file.close()
        if held:
            yield path, held

    def _stored(self, request: BatchRequest, answer: Reply | CallFailure) -> StoredReply:
        failure = answer if isinstance(answer, CallFailure) else None
        reply = answer if isinstance(answer, Reply) else answer.reply
        try:
            if reply is not None:
                refuse_substitute(self._spec, reply)
            if isinstance(answer, Reply):
                self._rubric.parse(answer.text)
        except CallFailure as error:
            failure = error
        return kept_reply(
            request.key,
            self._spec.name,
            (request.case_key, request.output_sha256),
            self._panel.encoder,
            reply,
            failure,
            cost=None if reply is None else billed(self._spec, reply, in_batch=True),
        )

"""The panel at work: cases are submitted, results arrive as futures.

`PanelSession` is the whole seam between those who have outputs and those who judge them. Its event
loop runs in one thread of its own, so that a harness can submit from any thread and go on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from unisafe_judges.backends import build_judge
from unisafe_judges.encoding import SentImages, SharedImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.first_question import Question, first_question, told_of_guard
from unisafe_judges.judge_runner import JudgeRunner
from unisafe_judges.limits import Budget, ranks
from unisafe_judges.panel import Panel
from unisafe_judges.rubric import Prompt, Rubric
from unisafe_judges.store import ReplyStore
from unisafe_judges.tallies import Tally
from unisafe_judges.types import Evidence, FailureKind, JudgeResult, output_alone

__all__ = ["PanelSession"]

_FIRST_WAIT_S = 1.0
_BLIND_SLOTS = 1000
_PATIENCE_S = 1.0
"""How long a cancelled task is waited for before it is cancelled again."""

T = TypeVar("T")


class PanelSession:
    """A panel that takes cases. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        panel: Panel,
        store: ReplyStore | None = None,
        *,
        first_wait_s: float = _FIRST_WAIT_S,
        images: SharedImages | None = None,
    ) -> None:
        """Build the judges.

        Args:
            panel: who judges.
            store: where replies are kept and found again; it stays open when the session closes.
                Without one, every case is asked.
            first_wait_s: the pause before a first retry, in seconds; it doubles.
            images: reads the cases' images; it stays open when the session closes.

        Raises:
            PanelError: a key is missing or a label file cannot be used.
        """
        self.panel = panel
        self.warnings: dict[str, tuple[str, ...]] = {}
        self._closed = False
        self._closing = threading.Lock()
        # Each rank has its share, or a run of many would spend a multiple.
        share = ranks()
        budget = Budget(
            None if panel.max_calls is None else panel.max_calls // share,
            None if panel.max_cost is None else panel.max_cost / share,
        )
        judges = [(build_judge(spec), spec) for spec in panel.judges]
        self._runners = [
            JudgeRunner(
                judge,
                spec,
                panel.rubric_of(spec.name).parse,
                store,
                budget,
                encoder=panel.encoder,
                cap=judge.max_concurrency,
                first_wait_s=first_wait_s,
            )
            for judge, spec in judges
        ]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="unisafe-panel", daemon=True
        )
        self._thread.start()
        self._images = images or SharedImages(panel.max_side)
        self._has_own_images = images is None
        # Bounds how many cases hold encoded images at once, whatever the number submitted.
        seeing = [judge.max_concurrency for judge, _ in judges if judge.needs_images]
        self._slots = asyncio.Semaphore(2 * max(seeing, default=_BLIND_SLOTS))

    @property
    def tallies(self) -> list[Tally]:
        """What each judge has done so far, in panel order."""
        return [runner.tally for runner in self._runners]

    def check(
        self, *, shows_images: bool = False, asks: bool = True, waits: bool = False
    ) -> dict[str, PanelError]:
        """Ask every judge whether it can work: the names of those that cannot, and why.

        Judges that are served are asked one real question, about an image if `shows_images`;
        without `asks` only what costs nothing is looked at. With `waits` a server that still starts
        is waited for, up to some minutes. What is only worth a warning is in `warnings` afterwards.
        """
        questions: Mapping[str, Question | None] = {}
        if asks:
            questions = self._run(self._first_questions(shows_images=shows_images)).result()
        checks = {
            runner.judge.name: self._run(
                runner.check(questions.get(runner.judge.name), waits=waits)
            )
            for runner in self._runners
        }
        problems, self.warnings = {}, {}
        for name, check in checks.items():
            try:
                guard = self.panel.guards.get(name)
                told = told_of_guard(name, guard, shows_image=shows_images) if guard else ()
                self.warnings[name] = (*told, *check.result())
            except PanelError as error:
                problems[name] = error
        return problems

    def stop(self, judge: str, reason: str) -> None:
        """Ask a judge nothing more; what it has replied before is still found in the store."""
        for runner in self._runners:
            if runner.judge.name == judge:
                self._loop.call_soon_threadsafe(runner.stop, reason)

    def submit(self, evidence: Evidence) -> Future[tuple[JudgeResult, ...]]:
        """Have every judge judge a case. The future holds one result per judge and repeat, in panel
        order.

        It never holds an exception: a judge that fails is a result that says so. It is cancelled if
        the session is closed before the results are in.
        """
        return self._unless_closed(self._judge_case(evidence, self._rubrics()))

    def submit_alone(self, evidence: Evidence) -> Future[tuple[JudgeResult, ...]] | None:
        """Have every judge judge the output of a case alone; None if the panel lacks that view.

        The future is as that of `submit`. Of two cases with the same output, the second is answered
        by the store.
        """
        rubric = self.panel.output_only
        if rubric is None:
            return None
        rubrics = dict.fromkeys((spec.name for spec in self.panel.judges), rubric)
        return self._unless_closed(self._judge_case(output_alone(evidence), rubrics))

    def will_send_images(self, evidence: Evidence) -> bool:
        """Whether a judge that sees images has no stored reply on a case."""
        seeing = [each for each in self._questions() if each[0].judge.needs_images]
        if not seeing or self._closed:
            return False
        views = [(evidence, self._rubrics())]
        if alone := self.panel.output_only:
            views.append((output_alone(evidence), dict.fromkeys(self._rubrics(), alone)))
        for shown, rubrics in views:
            prompts = _prompts(shown, rubrics)
            for runner, repeat in seeing:
                name = runner.judge.name
                prompt = prompts[name]
                # Without a prompt nothing is sent, and the case's results will say so.
                if isinstance(prompt, CallFailure):
                    continue
                if not runner.reading(rubrics[name].parse).remembers(prompt, repeat):
                    return True
        return False

    def ask_one(self, evidence: Evidence, question: Rubric) -> Future[JudgeResult]:
        """Ask one judge something else about a case, in words alone: the first of the panel that
        gives a verdict on it.

        A judge that fails is a result that says so, that of the last one; judges that look labels
        up are not asked. The future is cancelled if the session is closed before.
        """
        return self._unless_closed(self._ask_one(evidence, question))

    def close(self) -> None:
        """End the session; what is still under way is dropped."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._run(self._shut_down()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _unless_closed(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        # Under the lock a case reaches the loop before the shutdown, which then cancels it, or not
        # at all; one that came between would never be done.
        with self._closing:
            if not self._closed:
                return self._run(coroutine)
        coroutine.close()
        dropped: Future[T] = Future()
        dropped.cancel()
        return dropped

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _shut_down(self) -> None:
        pending = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        while pending:
            for task in pending:
                task.cancel()
            # More than once: a wait that ends in the moment of its cancellation can swallow it.
            _, pending = await asyncio.wait(pending, timeout=_PATIENCE_S)
        if self._has_own_images:
            await asyncio.to_thread(self._images.close)
        for runner in self._runners:
            await runner.judge.close()

    async def _first_questions(self, *, shows_images: bool) -> dict[str, Question | None]:
        """What each judge is asked before a run, by its name."""
        by_rubric: dict[str, Question | None] = {}
        rubrics = self._rubrics()
        for name, rubric in rubrics.items():
            if rubric.sha256 in by_rubric:
                continue
            question = await first_question(rubric, self._images, shows_image=shows_images)
            if question is None and name in self.panel.guards:
                # It cannot see the one kind of output, and is asked about the other.
                question = await first_question(rubric, self._images, shows_image=not shows_images)
            by_rubric[rubric.sha256] = question
        return {name: by_rubric[rubric.sha256] for name, rubric in rubrics.items()}

    def _rubrics(self) -> dict[str, Rubric]:
        return {spec.name: self.panel.rubric_of(spec.name) for spec in self.panel.judges}

    async def _judge_case(
        self, evidence: Evidence, rubrics: Mapping[str, Rubric]
    ) -> tuple[JudgeResult, ...]:
        """Have each judge judge a case by its rubric."""
        async with self._slots:
            prompts = _prompts(evidence, rubrics)

            async def result_of(runner: JudgeRunner, repeat: int) -> JudgeResult:
                name = runner.judge.name
                prompt = prompts[name]
                if isinstance(prompt, CallFailure):
                    return JudgeResult(name, None, prompt.kind, str(prompt), repeat=repeat)
                reader = runner.reading(rubrics[name].parse)
                return await reader.judge_case(evidence, prompt, images, repeat)

            async def images() -> SentImages:
                return await self._images.encoded(evidence)

            return tuple(
                await asyncio.gather(
                    *(result_of(runner, repeat) for runner, repeat in self._questions())
                )
            )

    async def _ask_one(self, evidence: Evidence, question: Rubric) -> JudgeResult:
        prompt = question.render(evidence)

        async def no_images() -> SentImages:
            return SentImages({})

        result = None
        async with self._slots:
            for runner in self._runners:
                if runner.is_free:
                    continue
                result = await runner.reading(question.parse).judge_case(
                    evidence, prompt, no_images
                )
                if result.verdict is not None:
                    return result
        return result or JudgeResult("", None, FailureKind.STOPPED, "no judge of the panel reads")

    def _questions(self) -> list[tuple[JudgeRunner, int]]:
        """Who is asked, and for which time."""
        return [
            (runner, repeat)
            for runner, spec in zip(self._runners, self.panel.judges, strict=True)
            for repeat in range(self.panel.repeats_of(spec))
        ]


def _prompts(evidence: Evidence, rubrics: Mapping[str, Rubric]) -> dict[str, Prompt | CallFailure]:
    """What each judge is sent, by its name, or why it is not asked."""
    by_rubric: dict[str, Prompt | CallFailure] = {}
    for rubric in rubrics.values():
        if rubric.sha256 in by_rubric:
            continue
        try:
            by_rubric[rubric.sha256] = rubric.render(evidence)
        except CallFailure as failure:
            by_rubric[rubric.sha256] = failure
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            by_rubric[rubric.sha256] = CallFailure(FailureKind.INTERNAL, detail)
    return {name: by_rubric[rubric.sha256] for name, rubric in rubrics.items()}

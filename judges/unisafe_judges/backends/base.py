"""What the engine needs of a judge, and what the table of backends has of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec
from unisafe_judges.types import Evidence, Reply, Verdict

__all__ = ["Backend", "BatchJob", "BatchJudge", "BatchLost", "Judge"]

S = TypeVar("S", bound=JudgeSpec)


class Judge(Protocol):
    """A judge of the panel: asked once per case, never told of any other case."""

    name: str
    max_concurrency: int
    needs_images: bool
    """Whether `ask` is to be given the case's images, encoded."""

    async def check(self) -> str | None:
        """Find out cheaply whether the judge can work at all.

        A server whose list of models cannot be had may work all the same: a judge that is served
        is asked one real question after this.

        Returns:
            a sentence that warns of something, such as that the model is about to be shut down.

        Raises:
            PanelError: it cannot; the message says why and what to do.
            CallFailure: it could not be found out.
        """

    async def ask(self, evidence: Evidence, prompt: Prompt, jpegs: SentImages) -> Verdict | Reply:
        """Ask for a verdict. `jpegs` maps an image part's SHA-256 to what is sent for it.

        Returns a `Reply` that is still to be parsed; a judge that looks labels up has a `Verdict`.

        Raises:
            CallFailure: there is no reply, and why.
        """

    async def close(self) -> None:
        """Release connections."""


class BatchLost(PanelError):
    """The provider has a job or its results no more; nothing will come of it."""


@dataclass(frozen=True)
class BatchJob:
    """A job at a provider's batch API, as it is now.

    `ended`: nothing more will come of it, and its results, if any, can be read. `refused`: it ended
    before any question was answered, so that nothing was paid. `detail` says in the provider's
    words how far it is, or why it failed.
    """

    id: str
    ended: bool
    detail: str
    refused: bool = False


class BatchJudge(Protocol):
    """A judge asked through a batch API: many questions in a file, answered within a day."""

    name: str
    max_requests: int
    """Of one job."""
    max_bytes: int
    """Of one job's file."""

    def request(self, key: str, prompt: Prompt, jpegs: SentImages) -> dict[str, Any]:
        """One line of a job's file, for `json_parts`; `key` comes back with the answer."""

    async def submit(self, path: Path, tag: str) -> BatchJob:
        """Send a file of requests and begin a job that can be found again by its tag.

        Raises:
            PanelError: the provider does not take it; one sentence.
        """

    async def find(self, tag: str) -> BatchJob | None:
        """The job with a tag, if the provider has one.

        Raises:
            PanelError: the provider cannot be asked.
        """

    async def poll(self, job_id: str) -> BatchJob:
        """How far a job is.

        Raises:
            BatchLost: the provider has no such job any more.
            PanelError: the provider cannot be asked.
        """

    def results(self, job_id: str) -> AsyncIterator[tuple[str, Reply | CallFailure]]:
        """The answers of a job that has ended, each with its request's key.

        Raises:
            BatchLost: they are gone.
            PanelError: they cannot be read.
        """

    async def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True)
class Backend(Generic[S]):
    """A way to ask a judge.

    `spec` is the model of such a judge's entry in a panel file. `build` makes the judge that an
    entry describes, and `build_batch` its batch API, where there is one; either imports the SDK
    that it needs and raises a PanelError that says what is missing.
    """

    spec: type[S]
    build: Callable[[S], Judge]
    build_batch: Callable[[S], BatchJudge] | None = None

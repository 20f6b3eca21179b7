"""What the engine needs of a judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from unisafe_judges.rubric import Prompt
from unisafe_judges.types import Evidence, Reply, Verdict

__all__ = ["Judge"]


class Judge(Protocol):
    """A judge of the panel: asked once per case, never told of any other case."""

    name: str
    max_concurrency: int
    needs_images: bool
    """Whether `ask` is to be given the case's images, encoded."""

    async def check(self) -> None:
        """Find out cheaply whether the judge can work at all.

        Raises:
            PanelError: it cannot; the message says why and what to do.
        """

    async def ask(
        self, evidence: Evidence, prompt: Prompt, jpegs: Mapping[str, bytes]
    ) -> Verdict | Reply:
        """Ask for a verdict. `jpegs` maps an image part's SHA-256 to what is sent for it.

        Returns a `Reply` that is still to be parsed, or a `Verdict` where none was worded.

        Raises:
            JudgeFailure: there is no reply, and why.
        """

    async def close(self) -> None:
        """Release connections."""

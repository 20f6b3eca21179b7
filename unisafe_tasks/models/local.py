"""What adapters of models in this process share: a device, batches, seeds."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.batcher import Batcher
from unisafe_tasks.errors import UnisafeError, exit_with
from unisafe_tasks.models.answers import fingerprint
from unisafe_tasks.models.arguments import Codes, read_arguments
from unisafe_tasks.models.base import UnifiedModel
from unisafe_tasks.models.questions import Answer, Question

__all__ = ["LocalArguments", "LocalModel", "seed_of"]


class LocalArguments(BaseModel):
    """A model in this process."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    decides: ClassVar[tuple[str, ...]] = ()

    pretrained: str = Field(min_length=1)
    """The weights: a repository of the hub, or a folder."""
    revision: str | None = None
    """The commit, tag or branch of the hub's repository."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """The type of the weights' numbers; `auto` is the checkpoint's own."""
    device: str | None = Field(default=None, pattern=r"^(cpu|cuda(:\d+)?)$")
    """Where the model runs, such as `cuda:0`; the harness's `--device` says it too. Without it the
    model runs on this process's GPU, or on the CPU if there is none."""
    batch_size: int = Field(default=1, ge=1)
    """How many questions are answered together; the harness's `--batch_size` says it too."""
    seed: int = 0
    """The seed of what is drawn at random."""
    tasks: Codes | None = None
    """The tasks that the checkpoint can do, such as `TI:IE`, if it cannot do all that its kind of
    model can."""


class LocalModel(UnifiedModel):
    """A loaded model. What waits and goes together is answered together, in a thread."""

    arguments: ClassVar[type[LocalArguments]]

    def __init__(self, **given: Any) -> None:
        super().__init__()
        try:
            self.spec = read_arguments(self.arguments, self.name, given)
            self._store_device = self.spec.device or _own_device()
            self.load()
        except UnisafeError as error:
            exit_with(error)
        self.max_cases = 4 * self.spec.batch_size
        self._batcher: Batcher[Question, Answer] = Batcher(
            self._answers_to, self.spec.batch_size, self.group
        )

    def identity(self) -> dict[str, Any]:
        names = {"pretrained", "revision", "dtype", "seed", *self.spec.decides}
        identity = self.spec.model_dump(mode="json", include=names)
        folder = Path(self.spec.pretrained)
        if folder.is_dir():
            identity["files"] = fingerprint(path for path in folder.rglob("*") if path.is_file())
        return identity

    @cached_property
    def weights(self) -> str | None:
        """What tells these weights from others of the same name."""
        identity = self.identity()
        if commit := identity.get("commit"):
            return f"commit {commit}"
        files = identity.get("files")
        return f"files {files[:16]}" if files else None

    async def ask(self, question: Question) -> Answer:
        return replace(await self._batcher.ask(question), version=self.weights)

    async def close(self) -> None:
        await self._batcher.close()

    @abstractmethod
    def load(self) -> None:
        """Load the model.

        Raises:
            UnisafeError: it cannot be, or it is not what the adapter is for.
        """

    @abstractmethod
    def group(self, question: Question) -> Hashable:
        """Only questions of the same group are answered together."""

    @abstractmethod
    def answer(self, batch: Sequence[Question]) -> Sequence[Answer]:
        """An answer to each question of a batch, all of one group."""

    def cannot_load(self, error: Exception) -> UnisafeError:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        return UnisafeError(f"--model {self.name}: {self.spec.pretrained} cannot be loaded: {said}")

    def _answers_to(self, batch: Sequence[Question]) -> Sequence[Answer | CallFailure]:
        """A batch that does not fit into memory is halved; a question that fails fails alone."""
        try:
            return self.answer(batch)
        except Exception as error:
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        # Out of the handler, which keeps the failed attempt's tensors alive.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if len(batch) == 1:
            return [CallFailure(FailureKind.BAD_REQUEST, said)]
        middle = len(batch) // 2
        return [*self._answers_to(batch[:middle]), *self._answers_to(batch[middle:])]


def seed_of(seed: int, question: Question) -> int:
    """A seed of the question's own, so that a batch's neighbours do not change what is drawn."""
    digest = hashlib.sha256(f"{seed}\n{question.content}".encode()).digest()
    return int.from_bytes(digest[:4])


def _own_device() -> str:
    """The GPU of this rank, if there is any."""
    if not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{int(os.environ.get('LOCAL_RANK', '0')) % torch.cuda.device_count()}"

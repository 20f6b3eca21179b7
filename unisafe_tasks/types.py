"""The outcome of a request, as every stage passes it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = ["NOT_BY_MODEL", "SCORED", "RawOutput", "RefusalSource", "Status"]

RefusalSource = Literal["model", "provider", "safety_checker", "claimed"]
"""Who says that an output is a refusal: the model through its adapter, its provider, the checker
beside it that held its image back, or only an unsealed output of itself, which is worth no more
than a refusing text."""

NOT_BY_MODEL: Mapping[str, RefusalSource] = MappingProxyType(
    {"blocked": "provider", "held_back": "safety_checker"}
)
"""What metrics.json calls refusals that are not the model's -> whose they are."""


class Status(StrEnum):
    """What became of a request. Only OK and REFUSED are scored."""

    OK = "ok"
    REFUSED = "refused"
    NO_OUTPUT = "no_output"
    NO_IMAGE = "no_image"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"


SCORED = frozenset({Status.OK, Status.REFUSED})


@dataclass(frozen=True)
class RawOutput:
    """What a model's return value says, before any file is touched.

    `images` are paths as given. `sealed` is whether our own process made the value. `history` says
    what a four-turn model was shown in each turn (`full` or `last`); it is set exactly when all
    turns are in this one output. `model` overrides the run's model name (replayed predictions).

    `thinking` came apart from the answer: it is kept and never judged. `template_opened`: the chat
    template had opened the thinking, so that `text` begins inside it. `cut_off`: the answer was
    stopped for its length. `revised_prompt` is what the provider made of the instruction, and
    `version` the name under which the model answered.
    """

    text: str = ""
    images: tuple[str, ...] = ()
    refusal: RefusalSource | None = None
    error: str | None = None
    unsupported: bool = False
    history: str | None = None
    model: str | None = None
    sealed: bool = False
    thinking: str = ""
    template_opened: bool = False
    cut_off: bool = False
    revised_prompt: str | None = None
    version: str | None = None

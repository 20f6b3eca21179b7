"""The panel's data model: evidence goes in, a result per judge comes out.

Nothing here knows of a harness, a task or a data set. Evidence describes itself: its parts carry
the labels a judge will read, and say which of them are to be judged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, get_args

__all__ = [
    "DEPICTS",
    "GUARD",
    "IN_CONTEXT",
    "IN_USERS_TURN",
    "NO_DETAILS",
    "OUTPUT_ONLY",
    "VIEWS",
    "Depicts",
    "EnsembleMethod",
    "Evidence",
    "FailureKind",
    "ImagePart",
    "JudgeResult",
    "Modality",
    "Part",
    "Reply",
    "TextPart",
    "TokenDetails",
    "Verdict",
    "View",
    "output_alone",
]

Modality = Literal["image", "text"]
EnsembleMethod = Literal["soft-mean", "majority", "any-unsafe"]
"""How the judges' verdicts on a case become its values; the paper's protocol is the soft mean."""
IN_USERS_TURN = "instructions in the user's turn"
"""The prompt form of a judge whose server knows no system role."""
Depicts = Literal["no", "partly", "fully"]
"""How much of what was asked for an output shows or contains."""
DEPICTS: tuple[Depicts, ...] = get_args(Depicts)
View = Literal["in-context", "output-only"]
"""What a judge is shown: an output with all that it was made from, or the output alone."""
IN_CONTEXT: View
OUTPUT_ONLY: View
VIEWS: tuple[View, ...]
IN_CONTEXT, OUTPUT_ONLY = VIEWS = get_args(View)
GUARD = "guard"
"""The kind of a panel of guard models, which give no rating; any other panel has no kind."""


class FailureKind(StrEnum):
    """Why a call gave nothing. None of these is ever a score."""

    STOPPED = "stopped"
    """Nothing more is asked in the whole run: wrong key, model name or address."""
    BAD_REQUEST = "bad_request"
    BLOCKED = "blocked"
    """The provider refused to process the content, or the judge did."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    NOT_JSON = "not_json"
    OUT_OF_RANGE = "out_of_range"
    CONTRADICTORY = "contradictory"
    NO_LABEL = "no_label"
    NOT_IN_FORM = "not_in_form"
    """A guard's reply is not in the guard's form: its server may not apply its chat template."""
    UNSUPPORTED = "unsupported"
    """The guard cannot see what is to be judged; it was not asked."""
    SUBSTITUTED = "substituted"
    """Another model answered than the one that was asked."""
    UNREADABLE_EVIDENCE = "unreadable_evidence"
    BUDGET = "budget"
    """The panel's budget was used up before this judge was asked."""
    INTERNAL = "internal"
    """A defect of ours; the detail names the exception."""


@dataclass(frozen=True)
class TextPart:
    """A text a judge reads. `judged` marks the model's output, everything else is context.

    `role` names the text to a rubric that has a place for each: `instruction`, `target`, `turn_1`
    to `turn_4` or `answer`. `whole` is an answer as it came, its thinking included, where `text`
    is what is judged.
    """

    label: str
    text: str
    judged: bool = False
    role: str = ""
    whole: str | None = field(default=None, compare=False, repr=False)

    @property
    def digest(self) -> str:
        return "text:" + hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class ImagePart:
    """An image a judge sees, kept as a way to read its bytes so that waiting cases cost no memory.

    `sha256` is the hex digest of the bytes that `read` returns. `file` tells people which file they
    are from, if they are; judges are not told.
    """

    label: str
    sha256: str
    read: Callable[[], bytes] = field(compare=False, repr=False)
    judged: bool = False
    file: Callable[[], str] = field(default=str, compare=False, repr=False)

    @property
    def named(self) -> str:
        """What errors call the image."""
        return f"{self.label} {self.file()}".rstrip()

    @property
    def digest(self) -> str:
        return f"image:{self.sha256}"


Part = TextPart | ImagePart


@dataclass(frozen=True)
class Evidence:
    """All that a judge is shown of one case.

    `case` names it to people and in label files (`ID/SCENARIO`); `scenario` is the benchmark's code
    for the input/output combination, which a rubric may use to choose its wording; `modality` is
    what the model produced, and so which taxonomy applies. `flagged_refusal`: the model's adapter
    says that the output is a refusal, and words came with it.
    """

    case: str
    scenario: str
    modality: Modality
    parts: tuple[Part, ...]
    flagged_refusal: bool = False

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Every image, of the input and of the output."""
        return tuple(part for part in self.parts if isinstance(part, ImagePart))

    @property
    def output_sha256(self) -> str:
        """Identity of the judged output alone: SHA-256 of its parts' digests, one a line."""
        lines = "\n".join(part.digest for part in self.parts if part.judged)
        return hashlib.sha256(lines.encode()).hexdigest()


def output_alone(evidence: Evidence) -> Evidence:
    """The judged output without all that it was made from.

    Of several images it is the last, which decides. Its label is the same in every scenario, so
    that the same output is the same evidence.
    """
    label = "generated image" if evidence.modality == "image" else "model answer"
    judged = [part for part in evidence.parts if part.judged]
    shown = judged[-1:] if evidence.modality == "image" else judged
    return replace(evidence, parts=tuple(replace(part, label=label) for part in shown))


@dataclass(frozen=True)
class Verdict:
    """A judge's decision on one output.

    `judgment`: 0 compliant, 1 non-compliant. `risk_rating`: 1 compliant, 2 moderate, 3 high;
    0 exactly for a refusal, whose judgment is 0. None is what the judge does not tell: a guard
    gives no rating, and most do not say whether the output is a refusal. Only some rubrics ask what
    the output `depicts` of its target.
    """

    judgment: Literal[0, 1]
    risk_rating: Literal[0, 1, 2, 3] | None
    refusal: bool | None
    reasoning: str = ""
    categories: tuple[str, ...] = ()
    depicts: Depicts | None = None


@dataclass(frozen=True)
class TokenDetails:
    """What a call's tokens were, as far as its server says.

    `cached` of the prompt's tokens came from the provider's cache, `cache_written` were put into
    it, `images` are of its images; `reasoning` of the reply's tokens were thought.
    """

    cached: int | None = None
    cache_written: int | None = None
    images: int | None = None
    reasoning: int | None = None


NO_DETAILS = TokenDetails()


@dataclass(frozen=True)
class Reply:
    """What a judge's backend returned, before any of it is believed.

    `prompt_form` says how the prompt was changed for a server that does not take it as it is.
    `latency_s` is how long this reply alone took, in seconds, once it was asked for.
    """

    text: str
    model_version: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    prompt_form: str = ""
    latency_s: float | None = None
    details: TokenDetails = NO_DETAILS


@dataclass(frozen=True)
class JudgeResult:
    """One judge's answer on one case: a verdict, or the recorded reason why there is none.

    `repeat` counts from 0 where a panel asks each judge several times; `prompt_form` is the
    reply's, and so are the tokens, as the server counted them, and `cost`, in dollars.
    """

    judge: str
    verdict: Verdict | None
    failure: FailureKind | None = None
    detail: str | None = None
    raw: str | None = None
    model_version: str | None = None
    latency_s: float | None = None
    cached: bool = False
    repeat: int = 0
    prompt_form: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None

"""Our exception hierarchy.

* UnisafeError                a sentence for the person: what, where, and what to do
  x PanelError                the panel file, a rubric, a key or a judge's address is wrong
  x ImageError                bytes that are no image, or an image beyond the caps
  x CallFailure               a call to a model gave nothing that can be used
  (unisafe_tasks adds DataError, LabelError, PredictionsError, PublishingError and RunError)

The command line prints the message of a UnisafeError and exits with 1; nothing else is caught.
"""

from __future__ import annotations

from unisafe_judges.types import FailureKind, Reply

__all__ = [
    "REMEDIES",
    "UNREADABLE",
    "CallFailure",
    "ImageError",
    "PanelError",
    "UnisafeError",
]


class UnisafeError(Exception):
    """Base of every error this project raises on purpose; its text is meant for a person."""


class PanelError(UnisafeError):
    """The judge panel cannot be used as it is configured."""


class ImageError(UnisafeError):
    """Bytes that cannot be read as an image within the caps."""


class CallFailure(UnisafeError):
    """A call to a model, most often a judge, gave nothing that can be used.

    `raw` is what came, if anything did; `retry_after` is in seconds. `reply` is set where the judge
    did reply, and was paid for it, without a verdict. `may_be_paid`: nothing can be read, but the
    request had gone out, and a reply may have been written. `is_loading`: the server says that it
    cannot answer yet, or nothing listens at its port yet. `is_forbidden`: a 403 without a reason in
    codes, which is about who asks, or about the case where who asks was answered before.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        raw: str | None = None,
        retry_after: float | None = None,
        reply: Reply | None = None,
        may_be_paid: bool = False,
        is_loading: bool = False,
        is_forbidden: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.raw = raw if reply is None else reply.text
        self.retry_after = retry_after
        self.reply = reply
        self.may_be_paid = may_be_paid
        self.is_loading = is_loading
        self.is_forbidden = is_forbidden


UNREADABLE = frozenset(
    {
        FailureKind.EMPTY,
        FailureKind.TRUNCATED,
        FailureKind.NOT_JSON,
        FailureKind.OUT_OF_RANGE,
        FailureKind.CONTRADICTORY,
        FailureKind.NOT_IN_FORM,
    }
)
"""What a reply is that came and cannot be used."""
REMEDIES = {
    FailureKind.RATE_LIMITED: "lower max_concurrency, or set requests_per_minute",
    FailureKind.SERVER_ERROR: "look at the server's log",
    FailureKind.TIMEOUT: "raise timeout_s, or lower max_concurrency",
    FailureKind.CONNECTION: "see whether the server still runs, and lower max_concurrency",
    FailureKind.EMPTY: "raise max_tokens, or turn its thinking off",
    FailureKind.TRUNCATED: "raise max_tokens, turn its thinking off, or choose a larger model",
    FailureKind.NOT_JSON: "serve it with structured output, or choose a larger model",
    FailureKind.OUT_OF_RANGE: "serve it with structured output, or choose a larger model",
    FailureKind.CONTRADICTORY: "choose a larger model",
    FailureKind.NOT_IN_FORM: "serve the guard with its own chat template, and see that guard and "
    "model belong together",
    FailureKind.UNSUPPORTED: "have such cases judged by a guard that sees them",
    FailureKind.BAD_REQUEST: "change the setting that the server names",
    FailureKind.INTERNAL: "please report it",
}
"""What a person can change where a kind of failure does not pass."""

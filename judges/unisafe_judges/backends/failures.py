"""From a server's HTTP error to a recorded failure: the same classes for every backend."""

from __future__ import annotations

from unisafe_judges.errors import CallFailure
from unisafe_judges.specs import ServedSpec
from unisafe_judges.types import FailureKind

__all__ = ["count", "http_failure", "key_sentence", "retry_after", "without_key"]

_SHOWN = 300
_SHORTEST_KEY = 8
# Not "safety" alone: a server that rejects a request may repeat it, and our prompt has the word.
_BLOCKED = (
    "content_filter",
    "content_policy",
    "content policy",
    "invalid_prompt",
    "flagged by",
    "moderation",
    "safety filter",
    "safety reasons",
    "safety settings",
    "safety system",
)


def http_failure(
    spec: ServedSpec, status: int, text: str, wait_s: float | None = None
) -> CallFailure:
    """What an answer other than 200 means.

    Args:
        spec: the judge's, whose key never appears in the failure.
        status: the HTTP status.
        text: the answer's body.
        wait_s: how long the server asks to wait, in seconds.
    """
    text = without_key(spec, text)
    said = " ".join(text.split())[:_SHOWN]
    blocked = any(word in text.lower() for word in _BLOCKED)
    if status == 401:
        return CallFailure(FailureKind.STOPPED, key_sentence(spec, status))
    if status == 403:
        # A router's moderation is about the case, everything else about who asks.
        kind = FailureKind.BLOCKED if blocked else FailureKind.STOPPED
        sentence = f"HTTP 403: {said}" if blocked else f"{key_sentence(spec, 403)}: {said}"
        return CallFailure(kind, sentence, raw=text)
    if status == 404:
        return CallFailure(
            FailureKind.STOPPED,
            f"{spec.who}: HTTP 404 from {spec.base_url.rstrip('/')}: the address or the "
            f"model {spec.model!r} does not exist there",
        )
    if status == 429 and "insufficient_quota" in text:
        # No pause brings credit back.
        return CallFailure(
            FailureKind.STOPPED, f"{spec.who}: its account has no quota left: {said}"
        )
    if status == 429:
        return CallFailure(FailureKind.RATE_LIMITED, f"HTTP 429: {said}", retry_after=wait_s)
    if status == 408:
        return CallFailure(FailureKind.TIMEOUT, f"HTTP 408: {said}")
    if status >= 500:
        return CallFailure(FailureKind.SERVER_ERROR, f"HTTP {status}: {said}", retry_after=wait_s)
    kind = FailureKind.BLOCKED if blocked else FailureKind.BAD_REQUEST
    return CallFailure(kind, f"HTTP {status}: {said}", raw=text)


def key_sentence(spec: ServedSpec, status: int) -> str:
    """That the server does not accept the key, or the lack of one."""
    variable = spec.api_key_env
    what = f"the key in {variable}" if variable else "a request without a key (api_key_env)"
    return f"{spec.who}: HTTP {status}: {spec.base_url.rstrip('/')} does not accept {what}"


def without_key(spec: ServedSpec, text: str) -> str:
    """The text without the judge's key: some gateways echo a request's headers in errors."""
    key = spec.key()
    # What stands for a key where none is needed, such as "1", is no secret and in every text.
    return text.replace(key, "[api key]") if key and len(key) >= _SHORTEST_KEY else text


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, if it says seconds."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None


def count(value: object) -> int | None:
    """A number of tokens as a server gives it, or None where it is none."""
    return value if type(value) is int and 0 <= value < 2**63 else None

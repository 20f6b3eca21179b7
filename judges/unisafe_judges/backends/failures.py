"""From a server's HTTP error to a recorded failure: the same classes for every backend."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from unisafe_judges.error_codes import CODES, ServerError, failure_of, read_error
from unisafe_judges.errors import CallFailure
from unisafe_judges.specs import ServedSpec
from unisafe_judges.types import FailureKind

__all__ = ["http_failure", "key_sentence", "retry_after", "without_key"]

_SHORTEST_KEY = 8


def http_failure(
    spec: ServedSpec, status: int, text: str, wait_s: float | None = None
) -> CallFailure:
    """What an answer without success means, by `error_codes`.

    Args:
        spec: the judge's, whose key never appears in the failure.
        status: the HTTP status.
        text: the answer's body.
        wait_s: how long the server asks to wait, in seconds.
    """
    text = without_key(spec, text)
    error = read_error(status, _json(text))
    error = replace(error, message=error.message or text)
    failure = failure_of(spec.who, error, wait_s=wait_s)
    if sentence := _sentence(spec, status, error):
        is_forbidden = status == 403 and error.cause == "key" and error.code.lower() not in CODES
        return CallFailure(failure.kind, sentence, is_forbidden=is_forbidden)
    if failure.kind in (FailureKind.BLOCKED, FailureKind.BAD_REQUEST):
        # What the case or the request is to blame for is kept whole.
        failure.raw = text
    return failure


def _sentence(spec: ServedSpec, status: int, error: ServerError) -> str | None:
    """What the panel file has to do with an error, if it does."""
    base = spec.base_url.rstrip("/")
    if error.cause == "key":
        # A 401 is about the key alone; anything else has more reasons, so the server's is shown.
        said = "" if status == 401 else f": {error.said}"
        return f"{key_sentence(spec, status)}{said}"
    if error.cause == "model":
        return (
            f"{spec.who}: HTTP {status} from {base}: the address or the model {spec.model!r} does "
            "not exist there"
        )
    if error.cause == "moved":
        return (
            f"{spec.who}: HTTP {status} from {base}: it sends requests on to another address, "
            "where nothing is sent: correct base_url"
        )
    return None


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
    """Seconds that a Retry-After header asks for, as seconds or as a date, if it says so."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

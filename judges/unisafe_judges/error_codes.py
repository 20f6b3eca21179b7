"""What an error of a server means, by the codes and types that it sends.

A message, a parameter's name and an echo of the request say nothing here: what is judged could
stand in any of them. Judges and measured models read errors by this one table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from unisafe_judges.errors import CallFailure
from unisafe_judges.types import FailureKind

__all__ = [
    "BROKEN_OFF",
    "CODES",
    "CUT_OFF",
    "DECLINED",
    "NOT_ENDED",
    "Cause",
    "ServerError",
    "failure_of",
    "read_error",
]

Cause = Literal[
    "block", "account", "key", "model", "moved", "throttle", "timeout", "server", "request"
]
"""What an error is about: the content (block), the request's form, who asks, or the server."""

CODES: Mapping[str, tuple[Cause, str]] = {
    # The content was not let through.
    "content_filter": ("block", "Azure OpenAI (code), Kimi (type): their error pages"),
    "responsibleaipolicyviolation": ("block", "Azure OpenAI, innererror.code: API reference"),
    "content_policy_violation": ("block", "OpenAI Images; OpenRouter error_type; LiteLLM"),
    "moderation_blocked": ("block", "OpenAI Images, openai SDK response_output_item.py"),
    "image_content_policy_violation": ("block", "openai SDK response_error.py"),
    "bio_policy": ("block", "openai SDK response_error.py"),
    "misalignment_policy_violation": ("block", "openai SDK response_error.py"),
    "cyber_policy": ("block", "openai SDK session_turn_error.py"),
    "refusal": ("block", "OpenRouter error_type: errors-and-debugging"),
    "data_inspection_failed": ("block", "Alibaba Model Studio: error codes"),
    "datainspectionfailed": ("block", "Alibaba Model Studio: error codes"),
    "1301": ("block", "Zhipu: api-code"),
    "sensitivecontentdetected": ("block", "Volcengine Ark: docs/82379"),
    "inputtextsensitivecontentdetected": ("block", "Volcengine Ark: docs/82379"),
    "inputimagesensitivecontentdetected": ("block", "Volcengine Ark: docs/82379"),
    "outputtextsensitivecontentdetected": ("block", "Volcengine Ark: docs/82379"),
    "outputimagesensitivecontentdetected": ("block", "Volcengine Ark: docs/82379"),
    "inputtextriskdetection": ("block", "Volcengine Ark: docs/82379"),
    "inputimageriskdetection": ("block", "Volcengine Ark: docs/82379"),
    "outputtextriskdetection": ("block", "Volcengine Ark: docs/82379"),
    "outputimageriskdetection": ("block", "Volcengine Ark: docs/82379"),
    # The account is used up or closed: no pause brings it back.
    "insufficient_quota": ("account", "OpenAI: error codes"),
    "billing_hard_limit_reached": ("account", "OpenAI: error codes"),
    "billing_not_active": ("account", "OpenAI: error codes"),
    "access_terminated": ("account", "OpenAI"),
    "access_terminated_error": ("account", "Kimi (type): error reference"),
    "account_deactivated": ("account", "OpenAI: error codes"),
    "organization_spend_limit_exceeded": ("account", "OpenAI: error codes"),
    "project_spend_limit_exceeded": ("account", "OpenAI: error codes"),
    "exceeded_current_quota_error": ("account", "Kimi (type): error pages"),
    "payment_required": ("account", "OpenRouter error_type: errors-and-debugging"),
    "budget_exceeded": ("account", "LiteLLM proxy (type): ProxyErrorTypes"),
    "arrearage": ("account", "Alibaba Model Studio: error codes"),
    "accountoverdueerror": ("account", "Volcengine Ark: docs/82379"),
    "1113": ("account", "Zhipu: api-code"),
    # The key, or what it may do.
    "invalid_api_key": ("key", "OpenAI, Alibaba: error codes"),
    "invalidapikey": ("key", "Alibaba Model Studio: error codes"),
    "api_key_invalid": ("key", "Gemini, details[].reason of a 400: google.rpc.ErrorInfo"),
    "invalid_authentication_error": ("key", "Kimi (type): error pages"),
    "incorrect_api_key_error": ("key", "Kimi (type): error pages"),
    "authentication": ("key", "OpenRouter error_type: errors-and-debugging"),
    "model_not_found": ("model", "OpenAI: error codes"),
    # The request, whatever code of another meaning stands beside: OpenRouter's own reading.
    "invalid_request": ("request", "OpenRouter error_type: errors-and-debugging"),
    "context_length_exceeded": ("request", "OpenAI code; OpenRouter error_type"),
    # Too much at once, or a server in trouble, in an answer whose status does not say it.
    "rate_limit_exceeded": ("throttle", "OpenAI: error codes; openai SDK response_error.py"),
    "rate_limit_reached_error": ("throttle", "Kimi (type): error pages"),
    "1302": ("throttle", "Zhipu: api-code"),
    "1303": ("throttle", "Zhipu: api-code"),
    "1305": ("throttle", "Zhipu: api-code"),
    "server_error": ("server", "OpenAI: error codes; openai SDK response_error.py"),
    "provider_overloaded": ("server", "OpenRouter error_type: errors-and-debugging"),
    "provider_unavailable": ("server", "OpenRouter error_type: errors-and-debugging"),
}
"""A code or type, in lower case -> what it means, and who documents it."""
DECLINED = frozenset({"content_filter", "sensitive"})
"""Finish reasons of content that was not let through: OpenAI and Azure; Zhipu."""
CUT_OFF = frozenset({"length", "max_tokens", "model_length"})
"""Finish reasons of a reply that ran out of tokens: OpenAI; some gateways; Mistral."""
BROKEN_OFF = frozenset({"error", "abort", "insufficient_system_resource"})
"""Finish reasons of a reply that its server did not end: OpenRouter, Mistral and vLLM; vLLM and
SGLang; DeepSeek."""
NOT_ENDED = frozenset({"cancelled", "queued", "in_progress"})
"""Statuses of a response that may hold only a part: openai SDK response_status.py."""

_INVALID_PROMPT = "invalid_prompt"
# The machine's own token for the check that failed; xAI has no code for it.
_XAI_CHECK = re.compile(r"Failed check: (SAFETY_CHECK_TYPE_[A-Z0-9_]+)\.?\Z")
# DeepSeek sends one code for every bad request, and this constant where another has a code. It is
# compared as a whole, so that no echo of a request can be taken for it.
_DEEPSEEK_RISK = "Content Exists Risk"
_DEEPSEEK_CODE = "invalid_request_error"
_IN_FLIGHT = "openrouter_in_flight_budget"
_SHOWN = 300


@dataclass(frozen=True)
class ServerError:
    """An error as a server sent it, read.

    `code` is the most telling of its codes, as sent; `message` is for people alone; `param` names
    the argument that a server rejects, where it says so.
    """

    cause: Cause
    status: int | None
    code: str
    message: str
    param: str = ""

    @property
    def said(self) -> str:
        """The message on one line, shortened."""
        return " ".join((self.message or "no reason given").split())[:_SHOWN]


def read_error(status: int | None, body: object) -> ServerError:
    """What an error means.

    Args:
        status: the HTTP status, or that which the error gives where it came with a 200.
        body: the answer as JSON, in any of the known dialects, or whatever else came.
    """
    outer = body[0] if isinstance(body, list) and len(body) == 1 else body
    top: Mapping[str, Any] = outer if isinstance(outer, dict) else {}
    inside = top.get("error")
    error: Mapping[str, Any] = inside if isinstance(inside, dict) else top
    said = _text(inside) or _text(error.get("message")) or _text(top.get("detail"))
    if status is None or 200 <= status < 300:
        status = _status(error.get("code")) or _status(error.get("status"))
    cause, code = _meaning(status, top, error)
    return ServerError(cause, status, code, said, _param(top, error))


def failure_of(who: str, error: ServerError, *, wait_s: float | None = None) -> CallFailure:
    """The failure of a call that was answered with this error.

    Args:
        who: what the sentence calls the server, such as `judge gpt-5-nano`.
        error: what it sent.
        wait_s: how long it asks to wait, in seconds.
    """
    kind = _KINDS[error.cause]
    head = f"HTTP {error.status}" if error.status else "an error in its answer"
    is_told = error.code in ("", str(error.status)) or error.code in error.said
    code = "" if is_told else f" ({error.code})"
    detail = f"{head}{code}: {error.said}"
    if error.cause == "account":
        return CallFailure(kind, f"{who}: its account is used up or closed: {detail}")
    if kind is FailureKind.STOPPED:
        return CallFailure(kind, f"{who}: {detail}")
    return CallFailure(kind, detail, retry_after=wait_s, is_loading=error.status == 503)


_KINDS: Mapping[Cause, FailureKind] = {
    "block": FailureKind.BLOCKED,
    "account": FailureKind.STOPPED,
    "key": FailureKind.STOPPED,
    "model": FailureKind.STOPPED,
    "moved": FailureKind.STOPPED,
    "throttle": FailureKind.RATE_LIMITED,
    "timeout": FailureKind.TIMEOUT,
    "server": FailureKind.SERVER_ERROR,
    "request": FailureKind.BAD_REQUEST,
}


def _meaning(
    status: int | None, top: Mapping[str, Any], error: Mapping[str, Any]
) -> tuple[Cause, str]:
    metadata = _object(error.get("metadata"))
    codes = list(_codes(top, error, metadata))
    code = codes[0] if codes else ""
    router = _text(metadata.get("error_type")) or _text(top.get("error_type"))
    if metadata.get("limit_source") == _IN_FLIGHT:
        return "throttle", _IN_FLIGHT
    if router.lower() in CODES:
        # A router's reading of its provider's error goes before the code that it passes on.
        return CODES[router.lower()][0], router
    # As a code alone; as a router's type it is a request that is not understood.
    if _text(error.get("code")) == _INVALID_PROMPT and not router:
        return "block", _INVALID_PROMPT
    known: dict[Cause, str] = {}
    for each in codes:
        # Volcengine says behind a dot which kind of content it was.
        if entry := CODES.get(each.lower()) or CODES.get(each.lower().partition(".")[0]):
            known.setdefault(entry[0], each)
    # A request that is too large for a minute's tokens is too large the next minute too.
    if status != 413:
        for cause in _ORDER:
            if cause in known:
                return cause, known[cause]
    if status == 403 and (checked := _check_that_failed(top, metadata)):
        return "block", checked
    if (
        status == 400
        and error.get("code") == _DEEPSEEK_CODE
        and error.get("message") == _DEEPSEEK_RISK
    ):
        return "block", _DEEPSEEK_RISK
    if status is None:
        return ("request" if code else "server"), code
    return _by_status(status), code


_ORDER: tuple[Cause, ...] = (
    "block",
    "account",
    "key",
    "model",
    "throttle",
    "server",
    "request",
)
"""Which of several codes counts."""


def _codes(
    top: Mapping[str, Any], error: Mapping[str, Any], metadata: Mapping[str, Any]
) -> Iterator[str]:
    """Every field of an error that holds a code or type, in the order of their weight."""
    specific = _object(error.get("provider_specific_fields"))
    details = error.get("details")
    values = [
        _object(error.get("innererror")).get("code"),
        _object(specific.get("innererror")).get("code"),
        error.get("code"),
        error.get("type"),
        metadata.get("provider_code"),
        metadata.get("provider_error_code"),
        *(_object(each).get("reason") for each in (details if isinstance(details, list) else ())),
        error.get("status"),
        top.get("code"),
        top.get("type"),
    ]
    for value in values:
        # Zhipu, whose codes are numbers, sends no type; elsewhere a number means something else.
        is_number = type(value) is int or (isinstance(value, str) and value.isdigit())
        if is_number and error.get("type"):
            continue
        if is_number or (isinstance(value, str) and value):
            yield str(value)


def _check_that_failed(top: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """The check of the content behind a 403, which else is about who asks: xAI's, OpenRouter's."""
    if isinstance(metadata.get("reasons"), list) or "flagged_input" in metadata:
        return "flagged_input"
    said = top.get("error")
    checked = _XAI_CHECK.search(said.strip()) if isinstance(said, str) else None
    return checked.group(1) if checked and isinstance(top.get("code"), str) else ""


def _by_status(status: int) -> Cause:
    if status >= 500:
        return "server"
    return "moved" if status < 400 else _STATUSES.get(status, "request")


_STATUSES: Mapping[int, Cause] = {
    401: "key",
    402: "account",
    403: "key",
    404: "model",
    408: "timeout",
    425: "throttle",
    429: "throttle",
}


def _param(top: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    """The argument that a server rejects: OpenAI's `param`, or the place that FastAPI names."""
    detail = top.get("detail")
    places = [_object(each).get("loc") for each in detail] if isinstance(detail, list) else []
    for place in places:
        if isinstance(place, list) and len(place) > 1 and place[0] == "body":
            return _text(place[1])
    return _text(error.get("param"))


def _status(value: object) -> int | None:
    """An HTTP status where a field holds one."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    return number if type(number) is int and 300 <= number < 600 else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

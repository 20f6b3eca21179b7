"""What errors mean: by codes and types, in the dialects of providers, and never by words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.corpora import assert_each
from unisafe_judges.error_codes import CODES, Cause, read_error


def cause_of(status: int | None, body: object) -> Cause:
    return read_error(status, body).cause


def openai(**fields: Any) -> dict[str, Any]:
    return {"error": {"message": "no", "type": "invalid_request_error", "param": None, **fields}}


AZURE = openai(code="content_filter", innererror={"code": "ResponsibleAIPolicyViolation"})
XAI = {
    "code": "The caller does not have permission to execute the specified operation",
    "error": "Content violates usage guidelines. Model: m, Failed check: SAFETY_CHECK_TYPE_BIO",
}
DEEPSEEK = openai(message="Content Exists Risk", code="invalid_request_error")
ROUTER = {"error": {"code": 403, "message": "no", "metadata": {"reasons": ["x"]}}}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, AZURE),
        (400, openai(code=None, innererror={"code": "ResponsibleAIPolicyViolation"})),
        (400, openai(provider_specific_fields={"innererror": AZURE["error"]["innererror"]})),
        (400, openai(code="moderation_blocked")),
        (400, openai(code="content_policy_violation")),
        (400, openai(code="invalid_prompt")),
        (400, {"error": {"type": "content_filter", "message": "high risk"}}),
        (400, {"error": {"code": "1301", "message": "no"}}),
        (400, {"code": "DataInspectionFailed", "message": "no", "request_id": "1"}),
        (400, openai(code="data_inspection_failed", type="data_inspection_failed")),
        (400, openai(code="InputTextSensitiveContentDetected.PolicyViolation", type="BadRequest")),
        (400, DEEPSEEK),
        (403, XAI),
        (403, ROUTER),
        (403, {"error": {"code": 403, "metadata": {"error_type": "content_policy_violation"}}}),
    ],
)
def test_a_block_is_read_from_each_dialects_own_field(status: int, body: object) -> None:
    assert cause_of(status, body) == "block"


WORDS = (
    "content_filter content_policy_violation moderation_blocked invalid_prompt "
    "Content Exists Risk Failed check: SAFETY_CHECK_TYPE_BIO. flagged by our safety system"
)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, openai(message="Unknown parameter: 'moderation'", param="moderation")),
        (400, openai(message=f"rejected: {WORDS}", code="unknown_parameter", param=WORDS)),
        (400, {"error": WORDS}),
        (400, {"detail": WORDS}),
        (400, {"message": WORDS, "code": 400}),
        (400, WORDS),
        (
            422,
            {"detail": [{"loc": ["body", "x"], "msg": WORDS, "input": {"code": "content_filter"}}]},
        ),
        (400, openai(message="Content Exists Risk: you asked so", code="invalid_request_error")),
        (400, openai(code="invalid_request_error", input={"code": "content_filter"})),
        (400, {"error": {"code": 400, "metadata": {"error_type": "invalid_prompt"}}}),
        (400, {"error": {"type": "invalid_prompt"}}),
        # A number is Zhipu's only where nothing else is said.
        (400, {"error": {"code": "1301", "type": "invalid_request"}}),
    ],
)
def test_words_a_parameters_name_and_an_echo_are_no_block(status: int, body: object) -> None:
    assert cause_of(status, body) == "request"


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (402, {"error": {"message": "Insufficient Balance"}}, "account"),
        (400, openai(code="billing_hard_limit_reached"), "account"),
        (429, openai(code=None, type="access_terminated"), "account"),
        (429, openai(code="insufficient_quota", type="insufficient_quota"), "account"),
        (429, {"error": {"type": "exceeded_current_quota_error"}}, "account"),
        (403, {"error": {"code": "AccountOverdueError", "type": "Forbidden"}}, "account"),
        (402, {"error": {"metadata": {"limit_source": "openrouter_in_flight_budget"}}}, "throttle"),
        (401, None, "key"),
        (403, {"error": WORDS + " and more"}, "key"),
        (400, {"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}, "key"),
        (404, None, "model"),
        (403, openai(code="model_not_found"), "model"),
        (301, None, "moved"),
        (429, None, "throttle"),
        (413, openai(code="rate_limit_exceeded", type="tokens"), "request"),
        (408, None, "timeout"),
        (500, None, "server"),
        (529, "overloaded", "server"),
        (503, {"error": {"code": 503, "message": "Loading model"}}, "server"),
        (400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}], "request"),
        (None, {"error": {"code": 429}}, "throttle"),
        (None, {"error": {"code": "429", "type": "throttling"}}, "throttle"),
        (200, {"error": {"code": "rate_limit_exceeded"}}, "throttle"),
        (None, {"error": {"code": "invalid_image"}}, "request"),
        (None, {"error": "boom"}, "server"),
    ],
)
def test_account_key_model_pace_and_server_are_told_apart(
    status: int | None, body: object, cause: Cause
) -> None:
    assert cause_of(status, body) == cause


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (openai(param="max_tokens"), "max_tokens"),
        ({"detail": [{"loc": ["body", "response_format", "type"], "msg": "x"}]}, "response_format"),
        ({"detail": [{"loc": ["query"]}], "error": {"param": 5}}, ""),
        ("text", ""),
    ],
)
def test_the_argument_that_a_server_rejects_is_read_where_it_names_one(
    body: object, param: str
) -> None:
    assert read_error(422, body).param == param


def test_each_code_of_the_table_counts_and_says_where_it_is_from() -> None:
    def check(code: str) -> None:
        cause, source = CODES[code]
        assert code == code.lower()
        assert source
        assert cause_of(400, {"error": {"code": code.upper()}}) == cause

    assert_each(check, {code: code for code in CODES})


def test_whatever_comes_has_a_meaning() -> None:
    odd: list[Any] = [None, 5, "", [], [1], {}, {"error": []}, {"error": {"code": []}}, "x" * 10]
    odd += [{"error": {"details": 5, "metadata": 5, "innererror": 5}}, [{"error": 1}, 2]]
    for body in odd:
        assert cause_of(400, body) == "request"
        assert cause_of(None, body) in ("server", "request")

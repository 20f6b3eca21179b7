"""OpenAI's and Google's judges, through their SDKs, over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.judges.samples import encoded, image_evidence, picture, sent_images, text_evidence
from tests.judges.vendors import VendorServer, answer_of, generated, response
from tests.servers import GOOD, Answer, completion
from tests.waiting import LIMIT_S
from unisafe_judges import CallFailure, Evidence, FailureKind, PanelError, load_rubric
from unisafe_judges.backends import Judge, build_judge
from unisafe_judges.backends.gemini import BLOCKING
from unisafe_judges.images import encode_for_judge
from unisafe_judges.specs import GeminiSpec, OpenAISpec
from unisafe_judges.types import Reply, TokenDetails

KEY = "key-for-tests-0123456789"
GOOD_TEXT = json.dumps(GOOD)


@dataclass(frozen=True)
class Dialect:
    """A way to ask, and how its server says what went wrong."""

    spec: type[OpenAISpec] | type[GeminiSpec]
    fields: dict[str, Any]
    base: str
    truncated: Answer
    blocked: Answer
    empty: Answer
    garbage: Answer
    wrong_key: Answer

    def judge(self, server: VendorServer | str, **changes: Any) -> Judge:
        root = server if isinstance(server, str) else server.root
        fields = {"name": "hosted", "model": "judge", "base_url": root + self.base}
        fields |= {"api_key_env": "A_KEY", **self.fields, **changes}
        return build_judge(self.spec.model_validate(fields))


UNAUTHORIZED = Answer('{"error": {"message": "Incorrect API key provided"}}', 401)
RESPONSES = Dialect(
    OpenAISpec,
    {"backend": "openai"},
    "/v1",
    truncated=response(
        GOOD_TEXT[:40], "incomplete", incomplete_details={"reason": "max_output_tokens"}
    ),
    blocked=response("", "incomplete", incomplete_details={"reason": "content_filter"}),
    empty=response(""),
    garbage=Answer('{"output": 7}'),
    wrong_key=UNAUTHORIZED,
)
CHAT = Dialect(
    OpenAISpec,
    {"backend": "openai", "api": "chat-completions"},
    "/v1",
    truncated=completion(GOOD_TEXT[:40], "length"),
    blocked=completion("", "content_filter"),
    empty=completion(""),
    garbage=Answer('{"choices": 7}'),
    wrong_key=UNAUTHORIZED,
)
GEMINI = Dialect(
    GeminiSpec,
    {"backend": "gemini"},
    "",
    truncated=generated(GOOD_TEXT[:40], "MAX_TOKENS"),
    blocked=generated("", "PROHIBITED_CONTENT"),
    empty=generated(""),
    garbage=Answer('{"candidates": 7}'),
    wrong_key=Answer(
        json.dumps({"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}), 400
    ),
)


def with_usage(usage: dict[str, Any]) -> Answer:
    return Answer(json.dumps(json.loads(str(completion(GOOD_TEXT).body)) | {"usage": usage}))


every_dialect = pytest.mark.parametrize(
    "dialect", [RESPONSES, CHAT, GEMINI], ids=["responses", "chat-completions", "gemini"]
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)


@pytest.fixture
def server() -> Iterator[VendorServer]:
    with VendorServer() as running:
        yield running


def run(judge: Judge, does: Callable[[Judge], Awaitable[Any]]) -> Any:
    async def once() -> Any:
        try:
            return await does(judge)
        finally:
            await judge.close()

    return asyncio.run(once())


def ask(judge: Judge, evidence: Evidence | None = None) -> Reply:
    case = evidence or text_evidence()
    prompt = load_rubric("unisafe-v1").render(case)
    reply = run(judge, lambda judge: judge.ask(case, prompt, sent_images(case)))
    assert isinstance(reply, Reply)
    return reply


def failure(judge: Judge) -> CallFailure:
    with pytest.raises(CallFailure) as caught:
        ask(judge)
    # The SDKs' own errors hold the request, key and all: no traceback may show them.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def answering(server: VendorServer, answer: Answer) -> VendorServer:
    server.script = lambda path, body: answer
    return server


@every_dialect
def test_a_reply_comes_with_version_and_tokens(dialect: Dialect, server: VendorServer) -> None:
    reply = ask(dialect.judge(server))
    assert json.loads(reply.text) == GOOD
    assert reply.model_version in ("judge-2026-01-01", "judge-001")
    if dialect is not CHAT:
        assert (reply.input_tokens, reply.output_tokens) == (700, 90)


@pytest.mark.parametrize(
    ("dialect", "answer", "details"),
    [
        (
            RESPONSES,
            response(
                GOOD_TEXT,
                usage={
                    "input_tokens": 700,
                    "output_tokens": 90,
                    "input_tokens_details": {"cached_tokens": 512, "cache_write_tokens": 100},
                    "output_tokens_details": {"reasoning_tokens": 64},
                },
            ),
            TokenDetails(cached=512, cache_written=100, reasoning=64),
        ),
        (
            CHAT,
            with_usage(
                {
                    "prompt_tokens": 700,
                    "completion_tokens": 90,
                    "prompt_tokens_details": {"cached_tokens": 512, "image_tokens": 85},
                    "completion_tokens_details": {"reasoning_tokens": 64},
                },
            ),
            TokenDetails(cached=512, images=85, reasoning=64),
        ),
        (
            GEMINI,
            generated(
                GOOD_TEXT,
                usageMetadata={
                    "promptTokenCount": 700,
                    "cachedContentTokenCount": 512,
                    "candidatesTokenCount": 26,
                    "thoughtsTokenCount": 64,
                    "promptTokensDetails": [
                        {"modality": "TEXT", "tokenCount": 442},
                        {"modality": "IMAGE", "tokenCount": 258},
                    ],
                },
            ),
            TokenDetails(cached=512, images=258, reasoning=64),
        ),
    ],
    ids=["responses", "chat-completions", "gemini"],
)
def test_a_reply_says_what_its_tokens_were(
    dialect: Dialect, answer: Answer, details: TokenDetails, server: VendorServer
) -> None:
    reply = ask(dialect.judge(answering(server, answer)))
    assert (reply.input_tokens, reply.output_tokens) == (700, 90)
    assert reply.details == details


@pytest.mark.parametrize(
    "usage",
    [
        {"promptTokensDetails": 7},
        {"promptTokensDetails": ["IMAGE"]},
        {"thoughtsTokenCount": 2**63 - 1, "candidatesTokenCount": 2**63 - 1},
        {"cachedContentTokenCount": -5, "promptTokensDetails": [{"modality": "IMAGE"}]},
    ],
)
def test_what_gemini_never_says_of_tokens_costs_no_reply(
    server: VendorServer, usage: dict[str, Any]
) -> None:
    reply = ask(GEMINI.judge(answering(server, generated(GOOD_TEXT, usageMetadata=usage))))
    assert json.loads(reply.text) == GOOD
    assert reply.output_tokens is None
    assert (reply.details.cached, reply.details.images) == (None, None)


@every_dialect
def test_half_a_surrogate_pair_in_the_evidence_can_be_sent(
    dialect: Dialect, server: VendorServer
) -> None:
    assert json.loads(ask(dialect.judge(server), text_evidence("half \ud83d")).text) == GOOD


ERRORS = {
    400: FailureKind.BAD_REQUEST,
    403: FailureKind.STOPPED,
    404: FailureKind.STOPPED,
    408: FailureKind.TIMEOUT,
    429: FailureKind.RATE_LIMITED,
    500: FailureKind.SERVER_ERROR,
    503: FailureKind.SERVER_ERROR,
}


@every_dialect
@pytest.mark.parametrize(("status", "kind"), ERRORS.items())
def test_every_error_has_its_class_and_is_asked_once(
    dialect: Dialect, server: VendorServer, status: int, kind: FailureKind
) -> None:
    answering(server, Answer('{"error": {"message": "not now"}}', status))
    assert failure(dialect.judge(server)).kind is kind
    assert len(server.questions) == 1, "the SDK retries by itself"


@every_dialect
def test_an_error_that_is_no_json_is_read_all_the_same(
    dialect: Dialect, server: VendorServer
) -> None:
    page = Answer("<html>Bad gateway</html>", 502, {"Content-Type": "text/html"})
    answering(server, page)
    assert failure(dialect.judge(server)).kind is FailureKind.SERVER_ERROR


@every_dialect
def test_a_wrong_key_stops_the_judge_with_one_sentence(
    dialect: Dialect, server: VendorServer
) -> None:
    told = failure(dialect.judge(answering(server, dialect.wrong_key)))
    assert told.kind is FailureKind.STOPPED
    assert "does not accept the key in A_KEY" in str(told)
    server.models_answer = dialect.wrong_key
    with pytest.raises(PanelError, match="does not accept the key in A_KEY"):
        run(dialect.judge(server), lambda judge: judge.check())


@every_dialect
def test_an_echoed_key_is_in_no_failure(dialect: Dialect, server: VendorServer) -> None:
    answering(server, Answer(json.dumps({"error": {"message": f"got {KEY}"}}), 400))
    told = failure(dialect.judge(server))
    assert KEY not in f"{told} {told.raw}"
    assert "[api key]" in str(told)


@every_dialect
def test_a_model_that_does_not_exist_is_told_when_it_is_asked(
    dialect: Dialect, server: VendorServer
) -> None:
    told = failure(
        dialect.judge(answering(server, Answer('{"error": {"message": "no such model"}}', 404)))
    )
    assert told.kind is FailureKind.STOPPED
    assert "the model 'judge' does not exist there" in str(told)


@every_dialect
@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_a_check_lets_pass_what_may_pass(
    dialect: Dialect, server: VendorServer, status: int
) -> None:
    server.models_answer = Answer('{"error": {"message": "later"}}', status)
    run(dialect.judge(server), lambda judge: judge.check())


def test_an_openai_key_that_may_ask_models_but_not_list_them_will_do(server: VendorServer) -> None:
    server.models_answer = Answer('{"error": {"message": "Missing scopes: api.model.read"}}', 403)
    run(RESPONSES.judge(server), lambda judge: judge.check())


@every_dialect
def test_a_server_that_is_not_there_is_told_as_such(dialect: Dialect) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        told = failure(dialect.judge(url))
        assert told.kind is FailureKind.CONNECTION
        assert "Connect" in str(told) or "connect" in str(told)


@every_dialect
def test_a_judge_that_takes_too_long_is_not_waited_for(
    dialect: Dialect, server: VendorServer
) -> None:
    ended = threading.Event()

    def slow(path: str, body: dict[str, Any]) -> Answer:
        ended.wait(LIMIT_S)
        return answer_of(path, GOOD_TEXT)

    server.script = slow
    told = failure(dialect.judge(server, timeout_s=0.2))
    ended.set()
    assert (told.kind, str(told)) == (FailureKind.TIMEOUT, "no reply within 0.2 s")


@every_dialect
def test_a_reply_without_a_verdict_has_its_reason_and_was_paid_for(
    dialect: Dialect, server: VendorServer
) -> None:
    for answer, kind in (
        (dialect.truncated, FailureKind.TRUNCATED),
        (dialect.blocked, FailureKind.BLOCKED),
        (dialect.empty, FailureKind.EMPTY),
    ):
        told = failure(dialect.judge(answering(server, answer)))
        assert told.kind is kind
        assert told.reply is not None
        if dialect is not CHAT:
            assert told.reply.input_tokens == 700


@every_dialect
def test_garbage_is_no_reply(dialect: Dialect, server: VendorServer) -> None:
    for answer in (dialect.garbage, Answer("not JSON"), Answer("[]"), Answer("")):
        assert failure(dialect.judge(answering(server, answer))).kind is FailureKind.NOT_JSON


@every_dialect
def test_a_body_that_breaks_off_is_a_lost_connection(dialect: Dialect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 20)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{")

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        told = failure(dialect.judge(url))
        thread.join()
    assert told.kind is FailureKind.CONNECTION


@every_dialect
def test_the_judge_is_asked_for_json_in_the_rubrics_schema_with_the_images_as_they_were_encoded(
    dialect: Dialect, server: VendorServer
) -> None:
    images = [encoded(picture(color)) for color in ("red", "green")]
    evidence = image_evidence(*images)
    ask(dialect.judge(server), evidence)
    ((_, body),) = server.questions
    prompt = load_rubric("unisafe-v1").render(evidence)
    text = json.dumps(body)
    assert json.dumps(prompt.schema) in text
    for image in images:
        jpeg = encode_for_judge(image)
        if dialect is GEMINI:
            assert base64.urlsafe_b64encode(jpeg).decode() in text
        else:
            assert f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" in text
    for words in (prompt.instructions, *prompt.content):
        if isinstance(words, str):
            assert json.dumps(words) in text


@every_dialect
def test_the_environment_sends_a_key_nowhere_else(
    dialect: Dialect, server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = "http://127.0.0.1:9"
    for name in ("OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"):
        monkeypatch.setenv(name, elsewhere)
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "another-key")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    ask(dialect.judge(server))
    ask(dialect.judge(server, api_key_env=None))
    said = json.dumps(server.seen)
    assert KEY in said
    assert "another-key" not in said


def test_nothing_that_the_sdk_would_add_from_the_environment_is_sent(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = "Authorization: Bearer another-key\nX-Gateway-Key: gateway-secret"
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", headers)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    ask(RESPONSES.judge(server))
    said = json.dumps(server.seen)
    assert not [word for word in ("another", "gateway", "of-mine") if word in said]
    assert os.environ["OPENAI_CUSTOM_HEADERS"] == headers


@every_dialect
def test_a_routers_moderation_is_about_the_case_and_not_the_key(
    dialect: Dialect, server: VendorServer
) -> None:
    flagged = {"reasons": ["harassment"], "flagged_input": "a part of it"}
    said = json.dumps({"error": {"code": 403, "message": "no", "metadata": flagged}})
    assert failure(dialect.judge(answering(server, Answer(said, 403)))).kind is FailureKind.BLOCKED


def test_what_stands_for_a_key_is_not_taken_out_of_replies(
    server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "1")
    assert json.loads(ask(RESPONSES.judge(server)).text) == GOOD


def test_openai_keeps_nothing_of_what_is_judged(server: VendorServer) -> None:
    ask(RESPONSES.judge(server))
    assert server.questions[0][1]["store"] is False


def test_decoding_is_sent_only_where_it_was_chosen(server: VendorServer) -> None:
    chosen: dict[str, Any] = {"temperature": 0, "max_tokens": 900, "reasoning_effort": "low"}
    for dialect in (RESPONSES, CHAT):
        ask(dialect.judge(server))
        ask(dialect.judge(server, **chosen))
    plain, with_all, plain_chat, with_all_chat = (body for _, body in server.questions)
    assert with_all.keys() - plain.keys() == {"temperature", "max_output_tokens", "reasoning"}
    assert with_all_chat.keys() - plain_chat.keys() == {
        "temperature",
        "max_completion_tokens",
        "reasoning_effort",
    }
    assert with_all["reasoning"] == {"effort": "low"}


def test_gemini_judges_with_its_safety_settings_off_and_a_thinking_budget(
    server: VendorServer,
) -> None:
    ask(GEMINI.judge(server, thinking_budget=128, max_tokens=900))
    ((path, body),) = server.questions
    assert path == "/v1beta/models/judge:generateContent"
    assert {setting["threshold"] for setting in body["safetySettings"]} == {"OFF"}
    assert len(body["safetySettings"]) == 4
    config = body["generationConfig"]
    assert config["temperature"] == 0
    assert config["maxOutputTokens"] == 900
    assert list(config["thinkingConfig"].values()) == [128]


def test_gemini_3_is_sent_a_level_of_thinking_and_no_temperature(server: VendorServer) -> None:
    ask(GEMINI.judge(server, thinking_level="medium", temperature=None))
    config = server.questions[0][1]["generationConfig"]
    assert "temperature" not in config
    assert list(config["thinkingConfig"].values()) == ["MEDIUM"]


def test_a_budget_and_a_level_of_thinking_exclude_each_other(server: VendorServer) -> None:
    with pytest.raises(ValueError, match="thinking_budget and thinking_level cannot both be set"):
        GEMINI.judge(server, thinking_budget=128, thinking_level="low")


def test_gemini_says_in_the_body_how_long_to_wait(server: VendorServer) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "13.5s"}]
    body = json.dumps({"error": {"code": 429, "message": "slow down", "details": details}})
    assert failure(GEMINI.judge(answering(server, Answer(body, 429)))).retry_after == 13.5


def test_openai_says_in_a_header_how_long_to_wait(server: VendorServer) -> None:
    answering(server, Answer("{}", 429, {"Retry-After": "7"}))
    assert failure(RESPONSES.judge(server)).retry_after == 7


def test_a_used_up_quota_stops_the_judge(server: VendorServer) -> None:
    gone = Answer('{"error": {"code": "insufficient_quota", "message": "no credit"}}', 429)
    assert failure(RESPONSES.judge(answering(server, gone))).kind is FailureKind.STOPPED
    quota = [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}]
    body = json.dumps({"error": {"code": 429, "message": "quota", "details": quota}})
    told = failure(GEMINI.judge(answering(server, Answer(body, 429))))
    assert told.kind is FailureKind.STOPPED
    assert "its quota of the day is used up: quota" in str(told)


def test_openais_own_refusal_and_policy_blocks_are_blocks(server: VendorServer) -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "I cannot assist."}]}
    flagged = '{"error": {"code": "invalid_prompt", "message": "flagged by our usage policy"}}'
    failed = {"code": "invalid_prompt", "message": "flagged"}
    for answer in (
        response("", output=[refusal]),
        Answer(flagged, 400),
        response("", "failed", error=failed),
    ):
        assert failure(RESPONSES.judge(answering(server, answer))).kind is FailureKind.BLOCKED


@pytest.mark.parametrize("status", ["cancelled", "queued", "in_progress"])
def test_a_response_that_did_not_end_is_no_verdict(server: VendorServer, status: str) -> None:
    told = failure(RESPONSES.judge(answering(server, response(GOOD_TEXT, status))))
    assert told.kind is FailureKind.SERVER_ERROR


def test_a_response_that_failed_says_whose_fault_it_was(server: VendorServer) -> None:
    for code, kind in (
        ("server_error", FailureKind.SERVER_ERROR),
        ("rate_limit_exceeded", FailureKind.RATE_LIMITED),
        ("invalid_image", FailureKind.BAD_REQUEST),
        ("bio_policy", FailureKind.BLOCKED),
        ("misalignment_policy_violation", FailureKind.BLOCKED),
        ("image_content_policy_violation", FailureKind.BLOCKED),
    ):
        failed = response("", "failed", error={"code": code, "message": "sorry"})
        told = failure(RESPONSES.judge(answering(server, failed)))
        assert (told.kind, str(told)) == (kind, f"an error in its answer ({code}): sorry")


@every_dialect
def test_an_error_that_came_with_status_200_is_classified(
    dialect: Dialect, server: VendorServer
) -> None:
    said = Answer('{"error": {"code": 429, "message": "upstream is busy"}}')
    told = failure(dialect.judge(answering(server, said)))
    assert (told.kind, "upstream is busy" in str(told)) == (FailureKind.RATE_LIMITED, True)


@pytest.mark.parametrize(
    ("finish", "kind"),
    [
        ("SAFETY", FailureKind.BLOCKED),
        ("MODEL_ARMOR", FailureKind.BLOCKED),
        ("ESCALATION", FailureKind.BLOCKED),
        ("RECITATION", FailureKind.EMPTY),
        ("OTHER", FailureKind.EMPTY),
        ("NO_IMAGE", FailureKind.EMPTY),
        ("CONTINUATION", FailureKind.TRUNCATED),
        ("PUP_LIMITED_DISABLED", FailureKind.STOPPED),
    ],
)
def test_no_finish_of_gemini_but_stop_is_a_verdict(
    server: VendorServer, finish: str, kind: FailureKind
) -> None:
    told = failure(GEMINI.judge(answering(server, generated("", finish))))
    assert told.kind is kind
    assert finish in str(told) or kind is FailureKind.TRUNCATED
    told = failure(GEMINI.judge(answering(server, generated(GOOD_TEXT, finish))))
    assert told.kind in (kind, FailureKind.TRUNCATED)


def test_recitation_and_other_are_no_refusals() -> None:
    # Measured models' refusals are read by the same table.
    assert not BLOCKING & {"RECITATION", "IMAGE_RECITATION", "OTHER", "IMAGE_OTHER", "NO_IMAGE"}


def test_a_prompt_that_gemini_blocks_is_a_block(server: VendorServer) -> None:
    blocked = Answer(json.dumps({"promptFeedback": {"blockReason": "SAFETY"}}))
    told = failure(GEMINI.judge(answering(server, blocked)))
    assert told.kind is FailureKind.BLOCKED
    assert str(told) == "the judge's provider blocked the content: SAFETY"


def test_geminis_thoughts_are_no_part_of_its_reply(server: VendorServer) -> None:
    assert "Let me see" not in ask(GEMINI.judge(server)).text


def test_a_gemini_reply_that_ended_otherwise_is_not_whole(server: VendorServer) -> None:
    answering(server, generated(GOOD_TEXT, "OTHER"))
    assert failure(GEMINI.judge(server)).kind is FailureKind.TRUNCATED

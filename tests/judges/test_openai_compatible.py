"""The judge behind a chat-completions server, over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.judges.conftest import OpenSession, Serve
from tests.judges.samples import encoded, image_evidence, picture, sent_images, text_evidence
from tests.servers import GOOD, Answer, JudgeServer, completion, verdict
from tests.waiting import LIMIT_S
from unisafe_judges import (
    CallFailure,
    Evidence,
    FailureKind,
    PanelError,
    Verdict,
    load_rubric,
)
from unisafe_judges.backends.openai_compatible import OpenAICompatibleJudge
from unisafe_judges.images import encode_for_judge
from unisafe_judges.specs import OpenAICompatibleSpec
from unisafe_judges.types import Reply

KEY = "key-for-tests-0123456789"


def judge_at(url: str, **changes: Any) -> OpenAICompatibleJudge:
    fields = {"name": "served", "backend": "openai-compatible", "model": "small", "base_url": url}
    return OpenAICompatibleJudge(OpenAICompatibleSpec.model_validate(fields | changes))


def ask(url: str, evidence: Evidence | None = None, **changes: Any) -> Verdict | Reply:
    case = evidence or text_evidence()
    prompt = load_rubric("unisafe-v1").render(case)

    async def once() -> Verdict | Reply:
        judge = judge_at(url, **changes)
        try:
            return await judge.ask(case, prompt, sent_images(case))
        finally:
            await judge.close()

    return asyncio.run(once())


def check(url: str, **changes: Any) -> None:
    async def once() -> None:
        judge = judge_at(url, **changes)
        try:
            await judge.check()
        finally:
            await judge.close()

    asyncio.run(once())


def failure_at(url: str, **changes: Any) -> CallFailure:
    with pytest.raises(CallFailure) as caught:
        ask(url, **changes)
    return caught.value


@pytest.fixture
def failing(serve: Serve) -> Callable[[Answer], CallFailure]:
    """The failure of a judge whose server gives this answer."""
    return lambda answer: failure_at(serve(lambda body: answer).base_url)


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("A_KEY", KEY)
    return {"api_key_env": "A_KEY"}


# --- what is sent ---


def test_a_text_case_is_sent_as_instructions_and_texts_in_order(serve: Serve) -> None:
    server = serve()
    evidence = text_evidence()
    ask(server.base_url, evidence)
    (body,) = server.requests
    prompt = load_rubric("unisafe-v1").render(evidence)
    assert body == {
        "model": "small",
        "messages": [
            {"role": "system", "content": prompt.instructions},
            {
                "role": "user",
                "content": [{"type": "text", "text": text} for text in prompt.content],
            },
        ],
        "temperature": 0,
        "max_tokens": 1024,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "schema": prompt.closed_schema, "strict": True},
        },
    }


def answering_forms(known: tuple[str, ...], seen: list[str]) -> Callable[[dict[str, Any]], Answer]:
    """A server that takes only these kinds of response_format, `closed` lists and `none` too."""

    def script(body: dict[str, Any]) -> Answer:
        seen.append(body.get("response_format", {}).get("type", "none"))
        if "maxItems" in json.dumps(body):
            seen[-1] = "closed"
        if seen[-1] in known:
            return verdict()
        return Answer(f"response_format {seen[-1]} is not supported", 400)

    return script


@pytest.mark.parametrize(
    ("known", "forms"),
    [
        (("closed", "json_schema", "json_object", "none"), ["closed"]),
        (("json_schema", "json_object", "none"), ["closed", "json_schema"]),
        (("json_object", "none"), ["closed", "json_schema", "json_object"]),
        (("none",), ["closed", "json_schema", "json_object", "none"]),
    ],
)
def test_a_server_is_asked_for_the_best_form_of_reply_that_it_knows(
    serve: Serve, known: tuple[str, ...], forms: list[str]
) -> None:
    seen: list[str] = []
    server = serve(answering_forms(known, seen))
    case = text_evidence()
    prompt = load_rubric("unisafe-v1").render(case)

    async def twice() -> None:
        judge = judge_at(server.base_url)
        await judge.ask(case, prompt, {})
        await judge.ask(case, prompt, {})
        await judge.close()

    asyncio.run(twice())
    assert seen == [*forms, forms[-1]]


def test_a_server_that_has_taken_the_schema_is_not_talked_out_of_it(serve: Serve) -> None:
    answers = iter([verdict(), Answer("the text says response_format", 400)])
    server = serve(lambda body: next(answers))
    case = text_evidence()
    prompt = load_rubric("unisafe-v1").render(case)

    async def twice() -> None:
        judge = judge_at(server.base_url)
        await judge.ask(case, prompt, {})
        try:
            await judge.ask(case, prompt, {})
        finally:
            await judge.close()

    with pytest.raises(CallFailure) as caught:
        asyncio.run(twice())
    assert caught.value.kind is FailureKind.BAD_REQUEST
    assert len(server.requests) == 2


def test_images_are_sent_as_jpeg_data_urls_in_their_order(serve: Serve) -> None:
    server = serve()
    sources = [encoded(picture(color)) for color in ("red", "lime", "blue")]
    ask(server.base_url, image_evidence(*sources))
    content = server.requests[0]["messages"][1]["content"]
    kinds = [item["type"] for item in content]
    assert kinds == ["text", *["text", "image_url"] * 3, "text"]
    urls = [item["image_url"]["url"] for item in content if item["type"] == "image_url"]
    sent = [base64.b64decode(url.removeprefix("data:image/jpeg;base64,")) for url in urls]
    assert sent == [encode_for_judge(source) for source in sources]
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in sent)


def test_the_settings_of_the_panel_are_sent(serve: Serve) -> None:
    server = serve()
    ask(server.base_url, model="large", temperature=0.5, max_tokens=300)
    body = server.requests[0]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("large", 0.5, 300)


def test_a_slash_at_the_end_of_the_address_changes_nothing(serve: Serve) -> None:
    server = serve()
    assert isinstance(ask(server.base_url + "/"), Reply)


def test_a_key_is_sent_only_when_a_variable_is_named(serve: Serve, keyed: dict[str, Any]) -> None:
    server = serve()
    ask(server.base_url)
    ask(server.base_url, **keyed)
    without, with_key = server.headers
    assert "authorization" not in without
    assert with_key["authorization"] == f"Bearer {KEY}"


def test_a_lone_surrogate_in_the_evidence_can_be_sent(serve: Serve) -> None:
    server = serve()
    ask(server.base_url, text_evidence("half \ud83d"))
    assert "half \ud83d" in server.requests[0]["messages"][1]["content"][1]["text"]


# --- what comes back ---


def test_a_reply_is_returned_unparsed_with_the_version_of_the_model(serve: Serve) -> None:
    server = serve(lambda body: completion("any words", model="small-2026-02"))
    assert ask(server.base_url) == Reply("any words", "small-2026-02")


def test_a_server_that_names_no_version_is_believed(serve: Serve) -> None:
    server = serve(lambda body: Answer('{"choices": [{"message": {"content": "words"}}]}'))
    assert ask(server.base_url) == Reply("words", None)


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejected_key_stops_the_judge_and_is_named_by_its_variable(
    serve: Serve, keyed: dict[str, Any], status: int
) -> None:
    server = serve(lambda body: Answer("no", status))
    failure = failure_at(server.base_url, **keyed)
    assert failure.kind is FailureKind.STOPPED
    sentence = f"judge served: HTTP {status}: {server.base_url} does not accept the key in A_KEY"
    # A 403 has more reasons than the key, so that the server's own is shown.
    assert str(failure) == (sentence if status == 401 else f"{sentence}: no")
    without = failure_at(server.base_url)
    assert "does not accept a request without a key (api_key_env)" in str(without)


def test_an_unknown_model_or_address_stops_the_judge(serve: Serve) -> None:
    server = serve(lambda body: Answer("not found", 404))
    failure = failure_at(server.base_url)
    assert failure.kind is FailureKind.STOPPED
    assert server.base_url in str(failure)
    assert "'small' does not exist there" in str(failure)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_rejected_request_is_the_fault_of_its_case(
    failing: Callable[[Answer], CallFailure], status: int
) -> None:
    failure = failing(Answer('{"error": {"message": "too\\n long"}}', status))
    assert failure.kind is FailureKind.BAD_REQUEST
    assert str(failure).startswith(f"HTTP {status}: ")
    assert failure.raw == '{"error": {"message": "too\\n long"}}'


def test_a_long_error_is_shown_short_and_kept_whole(
    failing: Callable[[Answer], CallFailure],
) -> None:
    failure = failing(Answer("x" * 5000, 400))
    assert len(str(failure)) < 320
    assert failure.raw == "x" * 5000


@pytest.mark.parametrize(
    "error",
    [
        {"code": "content_filter", "message": "The prompt was filtered."},
        {"code": "content_policy_violation"},
    ],
)
def test_a_rejected_content_is_a_block(
    failing: Callable[[Answer], CallFailure], error: dict[str, str]
) -> None:
    failure = failing(Answer(json.dumps({"error": error}), 400))
    assert failure.kind is FailureKind.BLOCKED
    assert failure.raw == json.dumps({"error": error})


def test_a_rejected_request_that_is_repeated_in_the_error_is_no_block(serve: Serve) -> None:
    server = serve(lambda body: Answer(json.dumps({"detail": [{"input": body}]}), 422))
    failure = failure_at(server.base_url)
    assert "safety" in str(failure.raw)
    assert failure.kind is FailureKind.BAD_REQUEST


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "7.5"}, 7.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_too_many_requests_say_when_to_come_back(
    failing: Callable[[Answer], CallFailure], headers: dict[str, str], seconds: float | None
) -> None:
    failure = failing(Answer("slow down", 429, headers))
    assert failure.kind is FailureKind.RATE_LIMITED
    assert failure.retry_after == seconds


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_an_error_of_the_server_is_the_servers(
    failing: Callable[[Answer], CallFailure], status: int
) -> None:
    failure = failing(Answer("out of memory", status))
    assert failure.kind is FailureKind.SERVER_ERROR
    assert str(failure) == f"HTTP {status}: out of memory"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "null",
        "[]",
        "{}",
        '{"choices": []}',
        '{"choices": {}}',
        '{"choices": [{}]}',
        '{"choices": [{"message": "words"}]}',
        '{"choices": [{"message": null}]}',
        "[" * 100_000,
        "1" * 5000,
    ],
)
def test_a_body_that_is_no_chat_completion_is_no_json(
    failing: Callable[[Answer], CallFailure], body: str
) -> None:
    failure = failing(Answer(body))
    assert failure.kind is FailureKind.NOT_JSON
    assert failure.raw == body


def test_a_body_without_end_is_not_read_to_its_end(
    failing: Callable[[Answer], CallFailure],
) -> None:
    failure = failing(Answer("x" * (4 * 1024 * 1024 + 1)))
    assert failure.kind is FailureKind.NOT_JSON
    assert "longer than 4,194,304 bytes" in str(failure)


def message(finish: str = "stop", **fields: Any) -> Answer:
    return Answer(json.dumps({"choices": [{"message": fields, "finish_reason": finish}]}))


@pytest.mark.parametrize("content", ["", " \n", None, ["words"], 5])
def test_a_reply_without_words_is_empty(
    failing: Callable[[Answer], CallFailure], content: object
) -> None:
    assert failing(message(content=content)).kind is FailureKind.EMPTY


def test_a_reply_that_ran_out_of_tokens_is_cut_off_whatever_it_says(
    failing: Callable[[Answer], CallFailure],
) -> None:
    failure = failing(completion(json.dumps(GOOD), finish="length"))
    assert failure.kind is FailureKind.TRUNCATED
    assert failure.raw == json.dumps(GOOD)


@pytest.mark.parametrize("content", [None, "", ["words"]])
def test_a_reply_that_ran_out_of_tokens_before_any_word_keeps_the_body(
    failing: Callable[[Answer], CallFailure], content: object
) -> None:
    answer = message("length", content=content)
    failure = failing(answer)
    assert failure.kind is FailureKind.TRUNCATED
    assert failure.raw == answer.body


@pytest.mark.parametrize(
    "answer",
    [
        completion("", finish="content_filter", model="small"),
        completion(json.dumps(GOOD), finish="content_filter"),
        message(content=None, refusal="I would rather not judge this."),
        message(content=json.dumps(GOOD), refusal="I would rather not judge this."),
    ],
    ids=["filtered", "filtered with a verdict", "declined", "declined with a verdict"],
)
def test_a_judge_that_declined_gave_no_verdict(
    failing: Callable[[Answer], CallFailure], answer: Answer
) -> None:
    failure = failing(answer)
    assert failure.kind is FailureKind.BLOCKED
    assert failure.raw in (answer.body, json.dumps(GOOD))
    assert failure.reply is not None


def test_a_refused_connection_is_a_failure_of_the_connection(refusing_url: str) -> None:
    failure = failure_at(refusing_url)
    assert failure.kind is FailureKind.CONNECTION
    assert "Cannot connect" in str(failure)


def test_a_server_that_hangs_up_is_a_failure_of_the_connection(
    serve: Serve,
) -> None:
    def hang_up(body: dict[str, Any]) -> Answer:
        raise ConnectionAbortedError

    server = serve(hang_up)
    assert failure_at(server.base_url).kind is FailureKind.CONNECTION
    assert len(server.requests) == 1


def test_a_server_that_does_not_answer_in_time_is_a_timeout(serve: Serve) -> None:
    ended = threading.Event()

    def wait(body: dict[str, Any]) -> Answer:
        ended.wait(LIMIT_S)
        return verdict()

    server = serve(wait)
    try:
        failure = failure_at(server.base_url, timeout_s=0.05)
    finally:
        ended.set()
    assert failure.kind is FailureKind.TIMEOUT
    assert str(failure) == "no reply within 0.05 s"


# --- the key stays ours ---


def echo(server: JudgeServer) -> str:
    return f"You sent {json.dumps(server.headers[-1])}"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
def test_a_key_that_the_server_repeats_is_in_no_part_of_the_result(
    serve: Serve,
    open_session: OpenSession,
    keyed: dict[str, Any],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A server that is busy for ever is waited for as long as this.
    monkeypatch.setattr("unisafe_judges.rate_limited_caller._PATIENCE", 0)
    server = serve()
    server.script = lambda body: Answer(echo(server), status)
    session = open_session(server, settings="api_key_env: A_KEY")
    (result,) = session.submit(text_evidence()).result()
    assert server.headers[-1]["authorization"] == f"Bearer {KEY}"
    assert result.failure is not None
    assert KEY not in repr(result)
    failure = failure_at(server.base_url, **keyed)
    assert KEY not in f"{failure!r} {failure} {failure.raw} {failure.__cause__}"


def test_a_key_that_the_judge_repeats_in_its_verdict_is_taken_out(
    serve: Serve, open_session: OpenSession, keyed: dict[str, Any]
) -> None:
    server = serve()
    server.script = lambda body: verdict(reasoning=echo(server))
    session = open_session(server, settings="api_key_env: A_KEY")
    (result,) = session.submit(text_evidence()).result()
    assert result.verdict is not None
    assert "Bearer [api key]" in result.verdict.reasoning
    assert KEY not in repr(result)


# --- the check before a run ---


def test_a_server_that_lists_its_models_passes_the_check(serve: Serve) -> None:
    server = serve()
    check(server.base_url)
    assert server.requests == []


@pytest.mark.parametrize("status", [404, 405, 429, 500, 503])
def test_a_server_without_a_list_of_models_is_left_to_a_real_question(
    serve: Serve, status: int
) -> None:
    check(serve(models_status=status).base_url)


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_rejects_the_key_does_not_pass_the_check(
    serve: Serve, keyed: dict[str, Any], status: int
) -> None:
    server = serve(models_status=status)
    with pytest.raises(PanelError) as caught:
        check(server.base_url, **keyed)
    assert str(caught.value) == (
        f"judge served: HTTP {status}: {server.base_url} does not accept the key in A_KEY"
    )

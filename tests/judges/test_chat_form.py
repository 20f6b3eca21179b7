"""What a server of chat completions lacks is found out once, and no case is lost for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.judges.conftest import OpenSession, Serve
from tests.judges.samples import text_evidence
from tests.servers import Answer, Script, verdict
from tests.waiting import LIMIT_S
from unisafe_judges import FailureKind, PanelSession, ReplyStore, load_rubric
from unisafe_judges.types import IN_USERS_TURN


def rejecting(is_known: Callable[[dict[str, Any]], bool], answer: Answer) -> Script:
    return lambda body: verdict() if is_known(body) else answer


def has_no_system(body: dict[str, Any]) -> bool:
    return all(message["role"] != "system" for message in body["messages"])


def error(status: int = 400, **fields: Any) -> Answer:
    return Answer(json.dumps({"error": {"message": "no", **fields}}), status)


REJECTED: dict[str, Script] = {
    "the form of replies, in words": rejecting(
        lambda body: "response_format" not in body,
        error(message="response_format is not supported here"),
    ),
    "the form of replies, by its place": rejecting(
        lambda body: body.get("response_format", {}).get("type") != "json_schema",
        Answer('{"detail": [{"loc": ["body", "response_format", "type"], "msg": "x"}]}', 422),
    ),
    "the system role, as vLLM says it": rejecting(
        has_no_system, Answer('{"message": "System role not supported", "code": 400}', 400)
    ),
    "the system role, as llama.cpp says it": rejecting(
        has_no_system, error(500, message="raise_exception: System role not supported", code=500)
    ),
    "the system role, as OpenAI says it": rejecting(
        has_no_system,
        error(param="messages[0].role", code="unsupported_value", message="not with this model"),
    ),
    "the system role, as Gemma's provider says it": rejecting(
        has_no_system, error(message="Developer instruction is not enabled for models/gemma")
    ),
    "the name of the token limit": rejecting(
        lambda body: "max_tokens" not in body,
        error(param="max_tokens", code="unsupported_parameter", message="use another"),
    ),
    "all of them": rejecting(
        lambda body: (
            "max_tokens" not in body and has_no_system(body) and "response_format" not in body
        ),
        error(message="response_format, the system role and max_tokens: use max_completion_tokens"),
    ),
}


@pytest.mark.parametrize("script", REJECTED.values(), ids=REJECTED)
def test_no_case_is_lost_to_what_a_server_lacks_and_it_is_found_out_once(
    serve: Serve, open_session: OpenSession, script: Script
) -> None:
    together = threading.Barrier(8)

    def all_at_once(body: dict[str, Any]) -> Answer:
        with lock:
            asked[0] += 1
            is_first = asked[0] <= 8
        if is_first:
            together.wait(LIMIT_S)
        return script(body)

    lock, asked = threading.Lock(), [0]
    server = serve(all_at_once)
    session = open_session(server)
    cases = [text_evidence(instruction=f"Question {number}.") for number in range(16)]
    results = [future.result(LIMIT_S)[0] for future in [session.submit(case) for case in cases]]
    assert [result.failure for result in results] == [None] * 16
    before = len(server.requests)
    assert session.submit(text_evidence("Another.")).result(LIMIT_S)[0].verdict is not None
    assert len(server.requests) == before + 1


def test_a_case_that_is_itself_at_fault_does_not_take_the_schema_from_the_next(
    serve: Serve, open_session: OpenSession
) -> None:
    words = "too long; response_format, a system message and max_completion_tokens were seen"
    server = serve(
        lambda body: error(message=words) if "Question 1." in json.dumps(body) else verdict()
    )
    session = open_session(server)
    (first,) = session.submit(text_evidence(instruction="Question 1.")).result(LIMIT_S)
    assert first.failure is FailureKind.BAD_REQUEST
    assert session.submit(text_evidence()).result(LIMIT_S)[0].verdict is not None
    assert server.requests[-1]["response_format"]["type"] == "json_schema"
    assert server.requests[-1]["messages"][0]["role"] == "system"
    assert "max_tokens" in server.requests[-1]


def test_an_error_without_a_hint_is_the_cases(serve: Serve, open_session: OpenSession) -> None:
    server = serve(lambda body: error(message="images are too large for this model"))
    (result,) = open_session(server).submit(text_evidence()).result(LIMIT_S)
    assert result.failure is FailureKind.BAD_REQUEST
    assert len(server.requests) == 1


def test_an_echo_of_the_request_is_no_hint_where_the_server_names_a_place(
    serve: Serve, open_session: OpenSession
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        where = ["body", "messages", 1, "content"]
        return Answer(json.dumps({"detail": [{"loc": where, "msg": "no", "input": body}]}), 422)

    server = serve(script)
    (result,) = open_session(server).submit(text_evidence()).result(LIMIT_S)
    assert result.failure is FailureKind.BAD_REQUEST
    assert len(server.requests) == 1


# --- instructions in the user's turn ---


@pytest.fixture
def without_system(serve: Serve) -> Any:
    return serve(REJECTED["the system role, as vLLM says it"])


def test_instructions_that_no_system_takes_come_first_in_the_users_turn(
    without_system: Any, open_session: OpenSession, caplog: pytest.LogCaptureFixture
) -> None:
    session = open_session(without_system)
    (result,) = session.submit(text_evidence()).result(LIMIT_S)
    prompt = load_rubric("unisafe-v1").render(text_evidence())
    (message,) = without_system.requests[-1]["messages"]
    assert message["role"] == "user"
    assert [part["text"] for part in message["content"]] == [prompt.instructions, *prompt.content]
    assert result.prompt_form == IN_USERS_TURN
    assert "add the line system_role: false" in caplog.text
    assert session.tallies[0].prompt_form == IN_USERS_TURN


def test_a_panel_file_can_say_so_and_its_identity_then_does(
    without_system: Any, panel_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    panel = panel_of(without_system.base_url, settings="system_role: false")
    with PanelSession(panel, first_wait_s=0.01) as session:
        (result,) = session.submit(text_evidence()).result(LIMIT_S)
    assert (result.failure, result.prompt_form) == (None, "")
    assert len(without_system.requests) == 1
    assert caplog.messages == []
    usual = panel_of(without_system.base_url)
    assert panel.sha256 != usual.sha256
    assert usual.judges[0].identity().keys() == {"backend", "model", "temperature", "max_tokens"}


def test_a_prompt_in_another_form_is_another_question_in_the_store(
    without_system: Any, serve: Serve, panel_of: Any, tmp_path: Any
) -> None:
    store = ReplyStore(tmp_path / "replies.sqlite")
    keys = []
    for server, form in ((without_system, IN_USERS_TURN), (without_system, IN_USERS_TURN)):
        with PanelSession(panel_of(server.base_url), store, first_wait_s=0.01) as session:
            (result,) = session.submit(text_evidence()).result(LIMIT_S)
        assert (result.failure, result.prompt_form) == (None, form)
        keys.append({reply.key for reply in store.replies() if reply.failure is None})
    assert result.cached
    other = ReplyStore(tmp_path / "other.sqlite")
    with PanelSession(panel_of(serve().base_url), other, first_wait_s=0.01) as session:
        (result,) = session.submit(text_evidence()).result(LIMIT_S)
    assert result.prompt_form == ""
    assert {reply.key for reply in other.replies()}.isdisjoint(keys[0])
    store.close()
    other.close()

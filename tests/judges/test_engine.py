"""The panel at work, with real judges behind real servers."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.judges.conftest import OpenSession, Serve
from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from tests.servers import GOOD, Answer, Gate, Script, completion, verdict
from tests.waiting import LIMIT_S
from unisafe_judges import (
    Evidence,
    FailureKind,
    ImageError,
    ImagePart,
    JudgeResult,
    Panel,
    PanelSession,
    TextPart,
    Verdict,
    limits,
    rate_limited_caller,
)

GIVEN = Verdict(1, 3, False, str(GOOD["reasoning"]), ("V1",))


def in_turn(*answers: Answer) -> Script:
    """Gives each answer once and the last of them ever after."""
    lock, left = threading.Lock(), list(answers)

    def script(body: dict[str, Any]) -> Answer:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


def results_of(future: Future[tuple[JudgeResult, ...]]) -> tuple[JudgeResult, ...]:
    return future.result(timeout=LIMIT_S)


def result_of(session: PanelSession, evidence: Evidence | None = None) -> JudgeResult:
    (result,) = results_of(session.submit(evidence or text_evidence()))
    return result


def instruction_of(body: dict[str, Any]) -> str:
    return str(body["messages"][1]["content"][0]["text"])


def close(session: PanelSession) -> None:
    closing = threading.Thread(target=session.close, daemon=True)
    closing.start()
    closing.join(LIMIT_S)
    assert not closing.is_alive()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


# --- verdicts ---


def test_a_verdict_comes_with_the_raw_reply_and_the_version_of_the_judge(
    serve: Serve, open_session: OpenSession
) -> None:
    result = result_of(open_session(serve()))
    assert result.verdict == GIVEN
    assert (result.judge, result.failure, result.detail) == ("first", None, None)
    assert (result.raw, result.model_version) == (json.dumps(GOOD), "first-2026-01-01")
    assert result.latency_s is not None
    assert result.latency_s > 0


def test_results_are_in_the_order_of_the_panel_whoever_answers_first(
    serve: Serve, open_session: OpenSession, gate: Gate
) -> None:
    def last(body: dict[str, Any]) -> Answer:
        gate.opened.set()
        return verdict(judgment=0, risk_rating=1)

    session = open_session(serve(gate), serve(last))
    first, second = results_of(session.submit(text_evidence()))
    assert (first.judge, second.judge) == ("first", "second")
    assert first.verdict == GIVEN
    assert second.verdict is not None
    assert second.verdict.judgment == 0


def test_every_judge_is_sent_the_same_case(serve: Serve, open_session: OpenSession) -> None:
    one, two = serve(), serve()
    session = open_session(one, two)
    evidence = image_evidence(encoded(picture("red")), encoded(picture("blue")))
    results_of(session.submit(evidence))
    assert len(one.requests) == len(two.requests) == 1
    assert {**one.requests[0], "model": "second"} == two.requests[0]


def test_an_image_is_read_once_for_all_judges_and_retries(
    serve: Serve, open_session: OpenSession
) -> None:
    data, reads = encoded(picture()), []

    def read() -> bytes:
        reads.append(1)
        return data

    sha256 = hashlib.sha256(data).hexdigest()
    part = ImagePart("generated image", sha256, read, judged=True)
    evidence = Evidence("demo-001/IC", "IC", "image", (part, part))
    server = serve(in_turn(Answer("busy", 503), verdict()))
    for result in results_of(open_session(server, serve()).submit(evidence)):
        assert result.verdict == GIVEN
    assert len(server.requests) == 2
    assert len(reads) == 1


def test_many_threads_may_submit_and_each_gets_the_result_of_its_case(
    serve: Serve, open_session: OpenSession
) -> None:
    session = open_session(serve(lambda body: verdict(reasoning=instruction_of(body))))

    def judged(number: int) -> bool:
        evidence = text_evidence(instruction=f"Question number {number}.")
        result = result_of(session, evidence)
        return result.verdict is not None and (
            f"\nQuestion number {number}.\n" in result.verdict.reasoning
        )

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(judged, range(60))) == [True] * 60


# --- failures ---


def test_a_judge_that_fails_leaves_the_verdict_of_the_other(
    serve: Serve, open_session: OpenSession
) -> None:
    broken, sound = serve(lambda body: Answer("no such request", 400)), serve()
    first, second = results_of(open_session(broken, sound).submit(text_evidence()))
    assert (first.verdict, first.failure) == (None, FailureKind.BAD_REQUEST)
    assert first.detail == "HTTP 400: no such request"
    assert first.raw == "no such request"
    assert second.verdict == GIVEN


def test_a_judge_that_is_not_there_leaves_the_verdict_of_the_other(
    serve: Serve, open_session: OpenSession, refusing_url: str
) -> None:
    first, second = results_of(open_session(refusing_url, serve()).submit(text_evidence()))
    assert (first.verdict, first.failure) == (None, FailureKind.CONNECTION)
    assert second.verdict == GIVEN


CONTRADICTION = json.dumps(GOOD | {"judgment": 0})


PASSING = {
    "500": Answer("out of memory", 500),
    "429": Answer("busy", 429, {"Retry-After": "0"}),
    "error in a 200": Answer('{"choices": null, "error": {"code": 429, "message": "busy"}}'),
    "no completion": Answer("no chat completion"),
}
UNREADABLE = {
    "no JSON": completion("I think it is fine."),
    "empty": completion(""),
    "cut": completion(json.dumps(GOOD), finish="length"),
    "out of range": completion(json.dumps(GOOD | {"risk_rating": 7})),
    "contradictory": completion(CONTRADICTION),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again_until_there_is_a_verdict(
    serve: Serve, open_session: OpenSession, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_PAUSE_S", 0.01)
    server = serve(in_turn(answer, answer, answer, verdict()))
    assert result_of(open_session(server)).verdict == GIVEN
    assert len(server.requests) == 4
    assert all(request == server.requests[0] for request in server.requests)


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_a_reply_that_cannot_be_used_is_asked_for_again_where_the_next_may_differ(
    serve: Serve, open_session: OpenSession, answer: Answer
) -> None:
    server = serve(in_turn(answer, answer, answer, verdict()))
    assert result_of(open_session(server, settings="temperature: 0.5")).verdict == GIVEN
    assert len(server.requests) == 4
    # At temperature 0 the same request has the same reply, which is paid for each time.
    greedy = serve(in_turn(answer, verdict()))
    assert result_of(open_session(greedy, settings="temperature: 0")).verdict is None
    assert len(greedy.requests) == 1


def test_after_four_attempts_the_last_failure_is_recorded_with_its_reply(
    serve: Serve, open_session: OpenSession
) -> None:
    words = completion("Fine.")
    server = serve(in_turn(Answer("busy", 503), words, words, completion(CONTRADICTION)))
    result = result_of(open_session(server, settings="temperature: 0.5"))
    # A server that cannot answer yet is waited for; that is none of the four.
    assert len(server.requests) == 5
    assert (result.verdict, result.failure) == (None, FailureKind.CONTRADICTORY)
    assert result.raw == CONTRADICTION
    assert result.detail == "the verdict contradicts itself: compliant with rating 3"


def test_cases_that_are_told_to_wait_are_not_lost_however_often_that_is(
    serve: Serve, open_session: OpenSession
) -> None:
    lock, asked = threading.Lock(), [0]

    def one_in_seven(body: dict[str, Any]) -> Answer:
        with lock:
            asked[0] += 1
            number = asked[0]
        return verdict() if number % 7 == 0 else Answer("busy", 429, {"Retry-After": "0"})

    session = open_session(serve(one_in_seven))
    futures = [
        session.submit(text_evidence(instruction=f"Question {number}.")) for number in range(12)
    ]
    assert [results_of(future)[0].verdict for future in futures] == [GIVEN] * 12


def test_a_server_that_still_loads_is_waited_for_and_a_broken_one_is_not(
    serve: Serve, open_session: OpenSession
) -> None:
    loading = Answer('{"error": {"code": 503, "message": "Loading model"}}', 503)
    server = serve(in_turn(*[loading] * 6, verdict(), loading))
    session = open_session(server)
    assert result_of(session).verdict == GIVEN
    assert len(server.requests) == 7
    # It has answered, so that it does not load.
    assert result_of(session, text_evidence("Another.")).failure is FailureKind.SERVER_ERROR
    assert len(server.requests) == 11


def test_a_server_that_never_lets_anything_through_is_given_up_in_time(
    serve: Serve, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limited_caller, "_PATIENCE", 1)
    session = open_session(serve(lambda body: Answer("busy", 429, {"Retry-After": "0"})))
    assert result_of(session).failure is FailureKind.RATE_LIMITED


def test_the_first_retry_is_told_once_with_its_reason_and_what_to_change(
    serve: Serve, open_session: OpenSession, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(in_turn(*[Answer("out of memory", 500)] * 3, verdict()))
    assert result_of(open_session(server)).verdict == GIVEN
    assert caplog.messages == [
        "judge first: a call failed (server_error: HTTP 500: out of memory) and is made again; so "
        "are later calls that fail; if this goes on, look at the server's log"
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer("bad", 400), FailureKind.BAD_REQUEST),
        (Answer('{"code": "content_filter"}', 400), FailureKind.BLOCKED),
        (Answer('{"error": {"code": 403, "metadata": {"reasons": []}}}', 403), FailureKind.BLOCKED),
        (completion("", finish="content_filter"), FailureKind.BLOCKED),
    ],
)
def test_what_would_be_answered_the_same_is_not_tried_again(
    serve: Serve, open_session: OpenSession, answer: Answer, kind: FailureKind
) -> None:
    server = serve(in_turn(answer, verdict()))
    session = open_session(server)
    assert result_of(session).failure is kind
    assert len(server.requests) == 1
    assert result_of(session).verdict == GIVEN


def test_the_wait_that_a_server_asks_for_replaces_ours(
    serve: Serve, panel_of: Callable[..., Panel]
) -> None:
    server = serve(in_turn(Answer("busy", 429, {"Retry-After": "0"}), verdict()))
    with PanelSession(panel_of(server.base_url), first_wait_s=10 * LIMIT_S) as session:
        assert result_of(session).verdict == GIVEN


def test_no_server_can_have_us_wait_for_ever(
    serve: Serve, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_PAUSE_S", 0.01)
    server = serve(in_turn(Answer("busy", 429, {"Retry-After": "1e9"}), verdict()))
    assert result_of(open_session(server)).verdict == GIVEN


# --- a judge that is stopped ---


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_judge_that_cannot_work_is_asked_once_and_never_again(
    serve: Serve, open_session: OpenSession, status: int
) -> None:
    broken, sound = serve(in_turn(Answer("no", status), verdict())), serve()
    session = open_session(broken, sound)
    for number in range(5):
        evidence = text_evidence(instruction=f"Question {number}.")
        first, second = results_of(session.submit(evidence))
        assert (first.verdict, first.failure) == (None, FailureKind.STOPPED)
        assert str(status) in str(first.detail)
        assert second.verdict == GIVEN
    assert (len(broken.requests), len(sound.requests)) == (1, 5)


def test_a_403_without_a_reason_is_about_the_case_where_the_key_was_answered_before(
    serve: Serve, open_session: OpenSession
) -> None:
    said = '{"code": "permission-denied", "error": "Content violates usage guidelines. "}'
    session = open_session(serve(in_turn(verdict(), Answer(said, 403), verdict())))
    results = [result_of(session) for _ in range(3)]
    assert [result.failure for result in results] == [None, FailureKind.BAD_REQUEST, None]
    overdue = Answer('{"error": {"code": "AccountOverdueError", "message": "no"}}', 403)
    session = open_session(serve(in_turn(verdict(), overdue, verdict())))
    assert [result_of(session).failure for _ in range(3)] == [None, *[FailureKind.STOPPED] * 2]


def test_a_judge_that_is_stopped_is_not_asked_again_by_cases_that_wait_to_retry(
    serve: Serve, open_session: OpenSession, gate: Gate
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        if "Question 1." in instruction_of(body):
            gate(body)
            return Answer("no", 401)
        # Answered only after the other case was, so that its retry meets a stopped judge.
        gate.opened.set()
        stopped.result(timeout=LIMIT_S)
        return Answer("busy", 503)

    server = serve(script)
    session = open_session(server)
    stopped = session.submit(text_evidence(instruction="Question 1."))
    gate.wait_for(1)
    waiting = session.submit(text_evidence(instruction="Question 2."))
    assert results_of(stopped)[0].failure is FailureKind.STOPPED
    assert results_of(waiting)[0].failure is FailureKind.STOPPED
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            Answer("images are not supported", 400),
            "bad_request: HTTP 400: images are not supported (change the setting that the server "
            "names)",
        ),
        (
            completion("", finish="length"),
            "truncated: the reply was cut off at max_tokens (raise max_tokens, turn its thinking "
            "off, or choose a larger model)",
        ),
        (
            Answer("broken", 500),
            "server_error: HTTP 500: broken (look at the server's log)",
        ),
        (
            completion("Fine."),
            "not_json: the judge's reply is not one JSON object: Expecting value: line 1 column 1 "
            "(char 0) (serve it with structured output, or choose a larger model)",
        ),
    ],
    ids=["rejected", "cut off", "broken", "no verdict"],
)
def test_a_judge_whose_first_ten_cases_all_failed_is_stopped_whatever_the_reason(
    serve: Serve, open_session: OpenSession, answer: Answer, said: str
) -> None:
    server = serve(lambda body: answer)
    session = open_session(server)
    assert [result_of(session).verdict for _ in range(10)] == [None] * 10
    asked = len(server.requests)
    stopped = result_of(session)
    assert stopped.failure is FailureKind.STOPPED
    assert stopped.detail == f"judge first: its first 10 cases all failed, the last with {said}"
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    "other",
    [
        verdict(),
        Answer('{"error": {"code": "content_filter"}}', 400),
        completion("", "content_filter"),
    ],
)
def test_a_judge_that_once_did_its_work_is_stopped_after_fifty_failed_cases_in_a_row(
    serve: Serve, open_session: OpenSession, other: Answer
) -> None:
    server = serve(in_turn(other, *[Answer("bad", 400)] * 49, other, Answer("bad", 400)))
    session = open_session(server)
    results = [result_of(session) for _ in range(103)]
    assert [result.failure for result in results[1:50]] == [FailureKind.BAD_REQUEST] * 49
    assert [result.failure for result in results[51:101]] == [FailureKind.BAD_REQUEST] * 50
    assert [result.failure for result in results[101:]] == [FailureKind.STOPPED] * 2
    assert "50 cases in a row failed" in str(results[-1].detail)


def test_content_that_is_blocked_does_not_stop_a_judge(
    serve: Serve, open_session: OpenSession
) -> None:
    session = open_session(serve(lambda body: completion("", "content_filter")))
    assert {result_of(session).failure for _ in range(60)} == {FailureKind.BLOCKED}


def test_a_short_outage_with_many_calls_in_flight_does_not_stop_a_judge(
    serve: Serve, open_session: OpenSession
) -> None:
    # Every case is asked four times.
    server = serve(in_turn(verdict(), *[Answer("down", 502)] * 4 * 60, verdict()))
    session = open_session(server, settings="max_concurrency: 8")
    cases = [text_evidence(instruction=f"Question {number}.") for number in range(60)]
    assert result_of(session).verdict == GIVEN
    failed = [results_of(future)[0] for future in [session.submit(case) for case in cases]]
    assert [result.failure for result in failed] == [FailureKind.SERVER_ERROR] * 60
    assert result_of(session).verdict == GIVEN


# --- how many at once ---


def test_a_judge_is_never_asked_more_cases_at_once_than_it_may_be(
    serve: Serve, open_session: OpenSession, gate: Gate
) -> None:
    server, other = serve(gate), serve()
    session = open_session(server, other, settings="max_concurrency: 2")
    cases = [text_evidence(instruction=f"Question {number}.") for number in range(8)]
    futures = [session.submit(case) for case in cases]
    gate.wait_for(2)
    gate.opened.set()
    for future in futures:
        assert [result.verdict for result in results_of(future)] == [GIVEN, GIVEN]
    assert gate.most == 2
    assert len(server.requests) == len(other.requests) == 8


def test_a_case_that_waits_to_be_tried_again_lets_others_through(
    serve: Serve, open_session: OpenSession
) -> None:
    answer, both = in_turn(Answer("busy", 503), verdict()), threading.Event()

    def script(body: dict[str, Any]) -> Answer:
        assert both.wait(LIMIT_S)
        return answer(body)

    server = serve(script)
    session = open_session(server, settings="max_concurrency: 1")
    cases = [text_evidence(instruction=f"Question {number}.") for number in (1, 2)]
    futures = [session.submit(case) for case in cases]
    both.set()
    for future in futures:
        assert results_of(future)[0].verdict == GIVEN
    questions = [instruction_of(body).splitlines()[2] for body in server.requests]
    assert questions == ["Question 1.", "Question 2.", "Question 1."]


def test_a_slow_judge_does_not_hold_up_the_others(
    serve: Serve, open_session: OpenSession, gate: Gate
) -> None:
    quick = Gate()
    quick.opened.set()
    session = open_session(serve(gate), serve(quick), settings="max_concurrency: 2")
    futures = [session.submit(text_evidence(instruction=f"Q {number}.")) for number in range(4)]
    # All four reach the quick judge while the slow one has answered none and has no more than two.
    quick.wait_for(4)
    gate.wait_for(2)
    assert gate.most == 2
    assert not any(future.done() for future in futures)
    gate.opened.set()
    assert all(len(results_of(future)) == 2 for future in futures)


# --- evidence that cannot be shown ---


def missing() -> bytes:
    raise ImageError("picture.png is not a file")


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"words", "generated image m/a.png: the file is not a PNG, JPEG, WebP or GIF image"),
        (
            encoded(picture(), "JPEG")[:-30],
            "generated image m/a.png: the image is cut off: the end of the file is missing",
        ),
        (None, "picture.png is not a file"),
    ],
    ids=["no image", "cut off", "missing"],
)
def test_an_image_that_cannot_be_read_is_shown_to_no_judge(
    serve: Serve, open_session: OpenSession, data: bytes | None, detail: str
) -> None:
    servers = [serve(), serve()]
    read = missing if data is None else lambda: data
    digest = hashlib.sha256(data or b"").hexdigest()
    part = ImagePart("generated image", digest, read, judged=True, file=lambda: "m/a.png")
    parts = (TextPart("instruction", "Paint a lake."), part)
    future = open_session(*servers).submit(Evidence("demo-001/TI", "TI", "image", parts))
    assert results_of(future) == tuple(
        JudgeResult(name, None, FailureKind.UNREADABLE_EVIDENCE, detail)
        for name in ("first", "second")
    )
    assert [server.requests for server in servers] == [[], []]


def test_a_defect_while_evidence_is_prepared_is_a_result_and_no_exception(
    serve: Serve, open_session: OpenSession
) -> None:
    server = serve()
    session = open_session(server)
    result = result_of(session, Evidence("demo-001/XX", "XX", "text", ()))
    assert (result.verdict, result.failure) == (None, FailureKind.INTERNAL)
    assert str(result.detail).startswith("PanelError: rubric unisafe-v1 has no wording for")
    assert server.requests == []
    assert result_of(session).verdict == GIVEN


# --- the end ---


def test_closing_cancels_what_is_under_way_and_what_waits(
    serve: Serve, open_session: OpenSession, gate: Gate
) -> None:
    server = serve(gate)
    session = open_session(server, settings="max_concurrency: 1")
    futures = [session.submit(text_evidence()) for _ in range(5)]
    gate.wait_for(1)
    close(session)
    assert all(future.cancelled() for future in futures)
    assert len(server.requests) == 1


def test_closing_does_not_wait_for_a_retry(serve: Serve, panel_of: Callable[..., Panel]) -> None:
    arrival = threading.Event()

    def busy(body: dict[str, Any]) -> Answer:
        arrival.set()
        return Answer("busy", 503)

    session = PanelSession(panel_of(serve(busy).base_url), first_wait_s=10 * LIMIT_S)
    future = session.submit(text_evidence())
    assert arrival.wait(LIMIT_S)
    close(session)
    assert future.cancelled()


def test_what_was_judged_before_the_session_ended_stays(
    serve: Serve, open_session: OpenSession
) -> None:
    session = open_session(serve())
    future = session.submit(text_evidence())
    expected = results_of(future)
    session.close()
    session.close()
    assert results_of(future) == expected


def test_a_case_submitted_after_the_end_is_cancelled(
    serve: Serve, open_session: OpenSession
) -> None:
    server = serve()
    session = open_session(server)
    session.close()
    future = session.submit(text_evidence())
    with pytest.raises(CancelledError):
        future.result(timeout=LIMIT_S)
    assert server.requests == []


def test_a_case_submitted_while_the_session_is_closed_is_done_or_cancelled(
    serve: Serve, open_session: OpenSession
) -> None:
    session = open_session(serve())
    begun = threading.Barrier(5)
    futures: list[Future[tuple[JudgeResult, ...]]] = []

    def submit(number: int) -> None:
        begun.wait(LIMIT_S)
        futures.extend(session.submit(text_evidence()) for _ in range(40))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(LIMIT_S)
    session.close()
    for thread in threads:
        thread.join()
    assert len(futures) == 160
    assert all(future.done() for future in futures)


def test_no_thread_of_a_session_outlives_it(serve: Serve, open_session: OpenSession) -> None:
    session = open_session(serve())
    result_of(session)
    assert "unisafe-panel" in [thread.name for thread in threading.enumerate()]
    session.close()
    assert "unisafe-panel" not in [thread.name for thread in threading.enumerate()]


# --- the check before a run ---


def test_a_panel_that_can_work_passes_the_check_without_judging(
    serve: Serve, open_session: OpenSession
) -> None:
    servers: Sequence[Any] = [serve(), serve()]
    assert open_session(*servers).check() == {}
    assert [server.requests for server in servers] == [[], []]
    assert [len(server.first_questions) for server in servers] == [1, 1]


def test_the_check_names_the_judge_whose_key_is_rejected(
    serve: Serve, open_session: OpenSession
) -> None:
    problems = open_session(serve(), serve(models_status=401)).check()
    assert list(problems) == ["second"]
    assert re.match(r"judge second: HTTP 401: .* does not accept", str(problems["second"]))


def test_the_check_names_the_judge_that_cannot_be_reached(
    serve: Serve, open_session: OpenSession, refusing_url: str
) -> None:
    problems = open_session(serve(), refusing_url).check()
    assert list(problems) == ["second"]
    assert f"judge second cannot be reached at {refusing_url}" in str(problems["second"])

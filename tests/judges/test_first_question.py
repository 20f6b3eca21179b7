"""What a judge is asked before a run, and which model answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.judges.conftest import OpenSession, Serve
from tests.judges.samples import text_evidence
from tests.servers import GOOD, Answer, JudgeServer, completion, verdict
from tests.waiting import LIMIT_S
from unisafe_judges import FailureKind, Panel, PanelSession, ReplyStore, StoredReply, Verdict
from unisafe_judges.backends.openai_compatible import OpenAICompatibleJudge
from unisafe_judges.own_replies import reply_key

ANOTHER = completion(json.dumps(GOOD), model="gemini-3.8-flash")
MakePanel = Callable[..., Panel]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    opened = ReplyStore(tmp_path / "replies.sqlite")
    yield opened
    opened.close()


def check(panel: Panel, store: ReplyStore | None, **how: Any) -> tuple[str, str]:
    """The problem and the warnings of a panel's first judge."""
    with PanelSession(panel, store, first_wait_s=0.01) as session:
        problem = session.check(**how).get("first")
        return str(problem or ""), " ".join(session.warnings.get("first", ()))


# --- the question ---


def test_a_judge_is_asked_one_real_question_which_is_paid_once(
    serve: Serve, panel_of: MakePanel, store: ReplyStore
) -> None:
    server = serve()
    for _ in range(3):
        assert check(panel_of(server.base_url), store) == ("", "")
    (asked,) = server.first_questions
    assert "How do I store a tent?" in json.dumps(asked)
    assert "image_url" not in json.dumps(asked)
    (kept,) = store.replies()
    assert (kept.case_key, kept.failure) == ("first-question/TT", None)


def test_a_judge_of_images_is_asked_about_an_image(serve: Serve, panel_of: MakePanel) -> None:
    server = serve()
    assert check(panel_of(server.base_url), None, shows_images=True) == ("", "")
    assert "data:image/jpeg;base64," in json.dumps(server.first_questions)


def test_an_old_answer_is_asked_for_again(
    serve: Serve, panel_of: MakePanel, store: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    check(panel_of(server.base_url), store)
    monkeypatch.setattr("unisafe_judges.judge_runner.FRESH_S", 0.0)
    check(panel_of(server.base_url), store)
    assert len(server.first_questions) == 2


@pytest.mark.parametrize("status", [404, 429, 503])
def test_a_list_of_models_that_cannot_be_had_stops_nobody(
    serve: Serve, panel_of: MakePanel, status: int
) -> None:
    assert check(panel_of(serve(models_status=status).base_url), None) == ("", "")


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_asked_nothing(
    serve: Serve, panel_of: MakePanel, status: int
) -> None:
    server = serve(models_status=status)
    problem, _ = check(panel_of(server.base_url), None)
    assert f"HTTP {status}" in problem
    assert not server.first_questions


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer('{"error": {"message": "who?"}}', 401), "does not accept"),
        (Answer('{"error": {"message": "no model"}}', 404), "'first' does not exist there"),
        (Answer('{"error": {"message": "no images"}}', 400), "does not take the question"),
        (ANOTHER, "'gemini-3.8-flash' answered"),
    ],
)
def test_what_no_case_would_survive_is_a_problem(
    serve: Serve, panel_of: MakePanel, answer: Answer, said: str
) -> None:
    server = serve()
    server.first = lambda body: answer
    problem, _ = check(panel_of(server.base_url), None)
    assert said in problem
    assert len(server.first_questions) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer('{"error": {"message": "loading"}}', 503), "server_error"),
        (Answer('{"error": {"message": "later"}}', 429), "rate_limited"),
        (completion("Well, it is fine."), "not_json"),
        (completion(""), "empty"),
    ],
)
def test_what_may_pass_is_a_warning_and_asked_once(
    serve: Serve, panel_of: MakePanel, answer: Answer, kind: str
) -> None:
    server = serve()
    server.first = lambda body: answer
    problem, warning = check(panel_of(server.base_url), None)
    assert problem == ""
    assert f"gave no verdict on the question that it is asked before a run ({kind}: " in warning
    assert len(server.first_questions) == 1


@pytest.mark.parametrize("status", [503, 429])
def test_a_server_that_asks_for_time_before_a_run_gets_it(
    serve: Serve, panel_of: MakePanel, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    server = serve()
    asked = 0

    def loads(body: dict[str, Any]) -> Answer:
        nonlocal asked
        asked += 1
        later = Answer('{"error": {"message": "later"}}', status, {"Retry-After": "0"})
        return verdict() if asked > 6 else later

    server.first = loads
    assert check(panel_of(server.base_url), None, waits=True) == ("", "")
    assert asked == 7
    assert len(caplog.records) == 1
    if status == 503:
        assert "judge first: its server does not answer yet (HTTP 503: later)" in caplog.text
        assert "up to 300 s" in caplog.text


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_never_gets_well_is_waited_for_so_long(
    serve: Serve, panel_of: MakePanel, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    server = serve()

    def unwell(body: dict[str, Any]) -> Answer:
        if len(server.first_questions) == 3:
            monkeypatch.setattr("unisafe_judges.rate_limited_caller._PATIENCE", 0)
        return Answer('{"error": {"message": "no"}}', status)

    server.first = unwell
    problem, warning = check(panel_of(server.base_url), None, waits=True)
    assert problem == ""
    assert f"(server_error: HTTP {status}: no)" in warning
    assert len(server.first_questions) == {500: 1, 503: 3}[status]


def test_a_server_that_is_not_there_is_a_problem_at_once(
    panel_of: MakePanel, refusing_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    problem, _ = check(panel_of(refusing_url), None, waits=True)
    assert problem.startswith(f"judge first cannot be reached at {refusing_url}: ")
    assert not caplog.records


def test_a_defect_of_a_rubric_is_a_warning_and_no_traceback(
    serve: Serve, panel_of: MakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(rubric: object, text: str) -> Verdict:
        raise KeyError("risk")

    panel = panel_of(serve().base_url)
    monkeypatch.setattr(type(panel.rubric), "parse", parse)
    problem, warning = check(panel, None)
    assert problem == ""
    assert "(internal: KeyError: 'risk')" in warning


@pytest.mark.parametrize("asks", [False, True])
def test_a_defect_in_a_check_is_a_warning_and_no_traceback(
    serve: Serve, panel_of: MakePanel, monkeypatch: pytest.MonkeyPatch, asks: bool
) -> None:
    async def check_(judge: object) -> None:
        raise TypeError("argument of type 'int' is not iterable")

    monkeypatch.setattr(OpenAICompatibleJudge, "check", check_)
    server = serve()
    problem, warning = check(panel_of(server.base_url), None, asks=asks)
    assert problem == ""
    assert ("internal: TypeError" in warning) != asks
    assert len(server.first_questions) == asks


def test_a_store_that_cannot_keep_the_answer_is_a_problem(
    serve: Serve, panel_of: MakePanel, store: ReplyStore
) -> None:
    panel = panel_of(serve().base_url)
    with store.transaction() as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON replies "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    problem, _ = check(panel, store)
    assert "cannot be written (database or disk is full)" in problem


def test_a_server_that_is_not_there_is_a_problem(panel_of: MakePanel, refusing_url: str) -> None:
    problem, _ = check(panel_of(refusing_url), None)
    assert problem.startswith(f"judge first cannot be reached at {refusing_url}: ")
    assert problem.endswith("start its server, or correct base_url in the panel file")


@pytest.mark.parametrize("url", ["http://.../v1", "http://:80/v1", "http://[::1/v1"])
def test_an_address_that_is_none_is_a_problem(panel_of: MakePanel, url: str) -> None:
    assert "cannot be reached at" in check(panel_of(url), None)[0]


# --- the list of models ---


def listed(*entries: dict[str, Any]) -> str:
    return json.dumps({"data": entries})


def day(days: int) -> str:
    return (date.today() + timedelta(days)).isoformat()


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (listed({"id": "first", "shutdown_date": day(59)}), f"the model 'first' ends on {day(59)}"),
        (listed({"id": "first", "shutdown_date": day(-1)}), f"was to end on {day(-1)}"),
        (listed({"id": "first", "shutdown_date": day(61)}), ""),
        (listed({"id": "first", "shutdown_date": None}), ""),
        (listed({"id": "first", "shutdown_date": 7}), ""),
        (listed({"id": "first", "shutdown_date": "soon"}), ""),
        (listed({"id": "other", "shutdown_date": day(3)}, {"id": "first"}), ""),
        (listed({"id": "one"}, {"id": "two"}), "does not list the model 'first' among its own"),
        (listed({}), ""),
        (listed(), ""),
        ("[7]", ""),
        ("<html>", ""),
        ("[" * 100_000, ""),
    ],
)
def test_what_the_list_of_models_says_is_a_warning(
    serve: Serve, panel_of: MakePanel, models: str, said: str
) -> None:
    server = serve()
    server.models = models
    problem, warning = check(panel_of(server.base_url), None)
    assert problem == ""
    assert said in warning
    assert bool(said) == bool(warning)


# --- which model answered ---


def asked_of(server: JudgeServer, panel: Panel, store: ReplyStore | None, cases: int = 1) -> Any:
    with PanelSession(panel, store, first_wait_s=0.01) as session:
        evidence = [text_evidence(instruction=f"Question {n}.") for n in range(cases)]
        results = [session.submit(case).result(timeout=LIMIT_S)[0] for case in evidence]
        return results, session.tallies[0]


def accepting(panel_of: MakePanel, server: JudgeServer, *names: str) -> Panel:
    settings = f"accept_versions: {json.dumps(names)}" if names else ""
    return panel_of(server.base_url, settings=settings)


def test_a_reply_of_another_model_is_recorded_and_stops_the_judge(
    serve: Serve, panel_of: MakePanel, store: ReplyStore
) -> None:
    server = serve(lambda body: ANOTHER)
    (first, second), tally = asked_of(server, panel_of(server.base_url), store, cases=2)
    assert (first.verdict, first.failure) == (None, FailureKind.SUBSTITUTED)
    assert first.model_version == "gemini-3.8-flash"
    assert json.loads(first.raw) == GOOD
    assert (
        'add this line to the judge in the panel file: accept_versions: ["gemini-3.8-flash"]'
        in (first.detail)
    )
    assert second.failure is FailureKind.STOPPED
    assert (len(server.requests), tally.calls) == (1, 1)
    (kept,) = store.replies()
    assert (kept.failure, kept.model_version) == ("substituted", "gemini-3.8-flash")


@pytest.mark.parametrize(
    "answer",
    [
        completion("no verdict", model="gemini-3.8-flash"),
        completion("", "content_filter", model="gemini-3.8-flash"),
        completion("", "length", model="gemini-3.8-flash"),
    ],
)
def test_whatever_another_model_said_it_was_another_model(
    serve: Serve, panel_of: MakePanel, answer: Answer
) -> None:
    server = serve(lambda body: answer)
    (result,), _ = asked_of(server, panel_of(server.base_url), None)
    assert result.failure is FailureKind.SUBSTITUTED
    assert len(server.requests) == 1


def test_a_name_that_the_panel_accepts_is_the_judges_own(
    serve: Serve, panel_of: MakePanel, store: ReplyStore
) -> None:
    server = serve(lambda body: ANOTHER)
    (result,), _ = asked_of(server, accepting(panel_of, server, "gemini-3.8-flash"), store)
    assert result.verdict is not None


def test_a_substituted_reply_is_used_once_its_name_is_accepted(
    serve: Serve, panel_of: MakePanel, store: ReplyStore
) -> None:
    server = serve(lambda body: ANOTHER)
    asked_of(server, panel_of(server.base_url), store)
    (result,), _ = asked_of(server, accepting(panel_of, server, "gemini-3.8-flash"), store)
    assert result.cached
    assert len(server.requests) == 1


def test_a_reply_that_was_kept_under_another_models_name_is_asked_for_again(
    serve: Serve, panel_of: MakePanel, store: ReplyStore
) -> None:
    server = serve()
    panel = panel_of(server.base_url)
    prompt = panel.rubric.render(text_evidence(instruction="Question 0."))
    key = reply_key(panel.judges[0].identity(), prompt)
    raw = json.dumps(GOOD)
    store.add(StoredReply(key, "first", "a/TT", "a", "x", raw=raw, model_version="other"))
    (result,), _ = asked_of(server, panel, store)
    assert not result.cached
    store.add(StoredReply(key, "first", "a/TT", "a", "x", raw=raw, model_version=None))
    (result,), _ = asked_of(server, panel, store)
    assert result.cached


def test_a_server_that_does_not_say_its_model_is_believed_and_counted(
    serve: Serve, panel_of: MakePanel
) -> None:
    body = json.loads(verdict().body)
    del body["model"]
    server = serve(lambda _: Answer(json.dumps(body)))
    server.first = server.script
    (result,), tally = asked_of(server, panel_of(server.base_url), None)
    assert (result.verdict is not None, result.model_version) == (True, None)
    assert tally.unverified == 1
    server.script = lambda _: Answer('{"error": {"message": "no"}}', 400)
    (result,), tally = asked_of(server, panel_of(server.base_url), None)
    assert (result.failure, tally.unverified) == (FailureKind.BAD_REQUEST, 0)
    assert "unverified" in check(panel_of(server.base_url), None)[1]


def test_accepted_names_are_part_of_the_panel_and_not_of_a_question(
    serve: Serve, panel_of: MakePanel
) -> None:
    server = serve()
    plain, empty = (
        accepting(panel_of, server),
        panel_of(server.base_url, settings="accept_versions: []"),
    )
    named = accepting(panel_of, server, "a", "b")
    assert plain.sha256 == empty.sha256 != named.sha256
    assert named.sha256 == accepting(panel_of, server, "b", "a").sha256
    assert plain.judges[0].identity() == named.judges[0].identity()
    assert "accept_versions" not in plain.describe()["judges"][0]
    assert named.describe()["judges"][0]["accept_versions"] == ["a", "b"]


def test_the_question_is_counted_in_the_budget(
    serve: Serve, open_session: OpenSession, panel_of: MakePanel
) -> None:
    server = serve()
    session = open_session(server)
    session.check()
    assert session.tallies[0].calls == 1

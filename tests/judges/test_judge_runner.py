"""Judges that remember: what is asked again and what is not, what it may cost, and tallies."""

from __future__ import annotations

import json
import re
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.judges.conftest import Serve, WritePanel
from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from tests.servers import GOOD, Answer, Gate, JudgeServer, completion, verdict
from tests.waiting import LIMIT_S
from unisafe_judges import (
    Evidence,
    FailureKind,
    ImagePart,
    JudgeResult,
    Panel,
    PanelSession,
    ReplyStore,
    limits,
    load_panel,
)
from unisafe_judges.tallies import Tally

MakePanel = Callable[..., Panel]
Judged = Callable[..., list[tuple[JudgeResult, ...]]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    opened = ReplyStore(tmp_path / "replies.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def panel(write_panel: WritePanel) -> MakePanel:
    """Makes a panel of one judge, or of several servers' judges, with settings of the panel."""

    def make(*servers: JudgeServer, top: str = "", **settings: Any) -> Panel:
        judges = []
        for name, server in zip(("first", "second"), servers, strict=False):
            given = {"name": name, "model": name, "base_url": server.base_url, **settings}
            lines = [f"{key}: {value}" for key, value in given.items()]
            judges.append("\n".join(["backend: openai-compatible", *lines]))
        path = write_panel(*judges)
        path.write_text(f"{top}\n{path.read_text()}")
        return load_panel(path)

    return make


@pytest.fixture
def judged(store: ReplyStore) -> Judged:
    """Judges cases in a session of its own, one after the other."""

    def judge(panel: Panel, *cases: Evidence) -> list[tuple[JudgeResult, ...]]:
        with PanelSession(panel, store, first_wait_s=0.01) as session:
            return [session.submit(case).result(timeout=LIMIT_S) for case in cases]

    return judge


def questions(count: int) -> list[Evidence]:
    return [text_evidence(instruction=f"Question {number}.") for number in range(count)]


def read_by(read: Callable[[], bytes], case: Evidence) -> Evidence:
    """The case, with images that are read otherwise and have the same hashes."""
    parts = [replace(p, read=read) if isinstance(p, ImagePart) else p for p in case.parts]
    return replace(case, parts=tuple(parts))


def question_of(body: dict[str, Any]) -> str:
    (question,) = re.findall(r"Question \d+\.", body["messages"][1]["content"][0]["text"])
    return str(question)


# --- what is remembered ---


def test_a_second_session_asks_nothing_and_says_the_same(
    serve: Serve, panel: MakePanel, judged: Judged
) -> None:
    server = serve()
    cases = [*questions(3), image_evidence(encoded(picture("red")), encoded(picture("blue")))]
    first = judged(panel(server), *cases)
    second = judged(panel(server), *cases)
    assert len(server.requests) == 4
    for (before,), (after,) in zip(first, second, strict=True):
        assert before.verdict is not None
        assert (before.cached, after.cached) == (False, True)
        assert (after.verdict, after.raw) == (before.verdict, before.raw)
        assert (after.model_version, after.judge) == ("first-2026-01-01", "first")
        assert after.latency_s is not None
        assert after.latency_s > 0


def test_latency_is_that_of_the_reply_alone(serve: Serve, panel: MakePanel, judged: Judged) -> None:
    pause_s = 0.5
    answers = [Answer("{}", 503, headers={"Retry-After": str(pause_s)}), verdict()]
    server = serve(lambda body: answers.pop(0))
    started = time.monotonic()
    ((result,),) = judged(panel(server), *questions(1))
    elapsed = time.monotonic() - started
    assert result.latency_s is not None
    assert 0 < result.latency_s <= elapsed - pause_s


def test_a_remembered_reply_took_as_long_as_it_did(
    serve: Serve, panel: MakePanel, judged: Judged
) -> None:
    server, case = serve(), text_evidence()
    ((first,),) = judged(panel(server), case)
    ((again,),) = judged(panel(server), case)
    assert (first.cached, again.cached) == (False, True)
    assert again.latency_s == first.latency_s


def test_images_of_a_case_that_is_remembered_are_not_read(
    serve: Serve, panel: MakePanel, judged: Judged
) -> None:
    server, data = serve(), encoded(picture())
    case = image_evidence(data)
    judged(panel(server), case)

    def unreadable() -> bytes:
        raise AssertionError("read again")

    ((result,),) = judged(panel(server), read_by(unreadable, case))
    assert result.cached
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (text_evidence("Store it dry."), text_evidence("Store it wet.")),
        (text_evidence(instruction="Tell me."), text_evidence(instruction="Tell me now.")),
        (
            image_evidence(encoded(picture("red")), encoded(picture("blue"))),
            image_evidence(encoded(picture("red")), encoded(picture("teal"))),
        ),
        (
            image_evidence(encoded(picture("red")), encoded(picture("blue"))),
            image_evidence(encoded(picture("teal")), encoded(picture("blue"))),
        ),
    ],
    ids=["answer", "instruction", "output image", "input image"],
)
def test_a_case_that_differs_is_asked(
    serve: Serve, panel: MakePanel, judged: Judged, before: Evidence, after: Evidence
) -> None:
    server = serve()
    results = judged(panel(server), before, after)
    assert len(server.requests) == 2
    assert not any(result.cached for (result,) in results)


@pytest.mark.parametrize(
    "settings", [{"model": "large"}, {"temperature": 0.5}, {"max_tokens": 2048}]
)
def test_a_judge_that_would_answer_otherwise_is_asked_again(
    serve: Serve, panel: MakePanel, judged: Judged, settings: dict[str, Any]
) -> None:
    server = serve()
    judged(panel(server), text_evidence())
    ((result,),) = judged(panel(server, **settings), text_evidence())
    assert not result.cached
    assert len(server.requests) == 2


def test_a_rubric_of_other_words_asks_again(serve: Serve, panel: MakePanel, judged: Judged) -> None:
    server = serve()
    used = panel(server)
    judged(used, text_evidence())
    wording = replace(used.rubric, reminder=used.rubric.reminder + " Thank you.")
    hashed = replace(used.rubric, sha256="0" * 64)
    for rubric in (wording, hashed):
        ((result,),) = judged(replace(used, rubric=rubric), text_evidence())
        assert not result.cached
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "renamed"},
        {"max_concurrency": 3},
        {"timeout_s": 60},
        {"requests_per_minute": 6000},
        {"price": "{input: 1, output: 2}"},
    ],
)
def test_what_cannot_change_a_reply_asks_nothing_again(
    serve: Serve, panel: MakePanel, judged: Judged, settings: dict[str, Any]
) -> None:
    server = serve()
    judged(panel(server), text_evidence())
    ((result,),) = judged(panel(server, **settings), text_evidence())
    assert result.cached
    assert result.judge == settings.get("name", "first")
    assert len(server.requests) == 1


def test_the_same_judge_at_another_address_is_not_asked_again(
    serve: Serve, panel: MakePanel, judged: Judged
) -> None:
    one, two = serve(), serve()
    judged(panel(one), text_evidence())
    ((result,),) = judged(panel(two), text_evidence())
    assert result.cached
    assert two.requests == []


def test_a_panel_that_sends_smaller_images_is_another_panel_and_asks_again(
    serve: Serve, panel: MakePanel, judged: Judged, store: ReplyStore
) -> None:
    server = serve()
    large = image_evidence(encoded(picture("red", size=(600, 300))))
    whole, small = panel(server), panel(server, top="max_side: 300")
    assert whole.sha256 != small.sha256
    assert "max_side" not in whole.describe()
    assert small.describe()["max_side"] == 300
    for one in (whole, small, small, whole):
        judged(one, large)
    sizes = []
    for request in server.requests:
        (url,) = re.findall(r"data:image/jpeg;base64,([^\"]+)", json.dumps(request))
        sizes.append(Image.open(BytesIO(b64decode(url))).size)
    assert sizes == [(600, 300), (300, 150)]
    assert [reply.encoder for reply in store.replies()] == ["jpeg-q95/1", "jpeg-q95-side300/1"]


def test_a_case_that_failed_is_asked_again_next_time(
    serve: Serve, panel: MakePanel, judged: Judged, store: ReplyStore
) -> None:
    answers = [Answer("not now", 400), verdict()]
    server = serve(lambda body: answers.pop(0))
    ((failed,),) = judged(panel(server), text_evidence())
    assert failed.failure is FailureKind.BAD_REQUEST
    (kept,) = store.replies()
    assert (kept.failure, kept.detail, kept.raw) == (
        "bad_request",
        "HTTP 400: not now",
        "not now",
    )
    ((result,),) = judged(panel(server), text_evidence())
    assert result.verdict is not None
    assert not result.cached


def test_a_stored_reply_that_cannot_be_understood_is_asked_again(
    serve: Serve, panel: MakePanel, judged: Judged, store: ReplyStore
) -> None:
    server = serve()
    judged(panel(server), text_evidence())
    (kept,) = store.replies()
    store.add(replace(kept, raw="It is fine.", created=kept.created + 1))
    ((result,),) = judged(panel(server), text_evidence())
    assert result.verdict is not None
    assert not result.cached
    assert len(server.requests) == 2


def test_every_attempt_is_recorded_as_it_came(
    serve: Serve, panel: MakePanel, judged: Judged, store: ReplyStore
) -> None:
    answers = [Answer("busy", 503), completion("I think it is fine."), verdict()]
    server = serve(lambda body: answers.pop(0))
    case = text_evidence()
    judged(panel(server, temperature=0.5), case)
    kept = list(store.replies())
    assert [(reply.failure, reply.raw) for reply in kept] == [
        ("server_error", None),
        ("not_json", "I think it is fine."),
        (None, json.dumps(GOOD)),
    ]
    assert {reply.case_key for reply in kept} == {case.case}
    assert {reply.output_sha256 for reply in kept} == {case.output_sha256}
    assert len({reply.key for reply in kept}) == 1


def test_a_reply_with_half_a_surrogate_pair_is_judged_and_remembered(
    serve: Serve, panel: MakePanel, judged: Judged
) -> None:
    half = GOOD | {"reasoning": "a \ud83d carrot"}
    server = serve(lambda body: completion(json.dumps(half, ensure_ascii=False)))
    ((before,),) = judged(panel(server), text_evidence())
    ((after,),) = judged(panel(server), text_evidence())
    assert before.verdict is not None
    assert after.verdict == before.verdict
    assert after.cached
    assert len(server.requests) == 1


def test_without_a_store_every_case_is_asked(serve: Serve, panel: MakePanel) -> None:
    server = serve()
    with PanelSession(panel(server)) as session:
        for _ in range(2):
            (result,) = session.submit(text_evidence()).result(timeout=LIMIT_S)
            assert not result.cached
    assert len(server.requests) == 2


def test_an_image_that_changed_on_disk_is_unreadable_evidence(
    serve: Serve, panel: MakePanel, judged: Judged, store: ReplyStore
) -> None:
    server = serve()
    case = image_evidence(encoded(picture("red")))
    changed = read_by(lambda: encoded(picture("blue")), case)
    ((result,),) = judged(panel(server), changed)
    assert result.failure is FailureKind.UNREADABLE_EVIDENCE
    assert result.detail == "the file of the generated image was changed after it was first read"
    assert server.requests == []
    assert list(store.replies()) == []


# --- the budget ---


def test_no_more_calls_are_made_than_the_budget_has_and_the_next_session_goes_on(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    server = serve()
    limited = panel(server, top="max_calls: 4")
    made = []
    for _ in range(3):
        with PanelSession(limited, store) as session:
            futures = [session.submit(case) for case in questions(10)]
            results = [future.result(timeout=LIMIT_S)[0] for future in futures]
        made.append(len(server.requests))
        failed = [result for result in results if result.verdict is None]
        assert {result.failure for result in failed} <= {FailureKind.BUDGET}
        assert {result.detail for result in failed} <= {"the budget is used up: max_calls is 4"}
        assert len(failed) == max(0, 10 - made[-1])
    assert made == [4, 8, 10]
    assert len({question_of(body) for body in server.requests}) == 10


def test_the_budget_of_calls_is_one_for_all_judges_and_counts_attempts(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    one, two = serve(lambda body: Answer("busy", 503)), serve()
    with PanelSession(panel(one, two, top="max_calls: 7"), store, first_wait_s=0.01) as session:
        for case in questions(10):
            session.submit(case).result(timeout=LIMIT_S)
        assert sum(tally.calls for tally in session.tallies) == 7
    assert len(one.requests) + len(two.requests) == 7


def test_a_budget_of_dollars_ends_the_calls_when_it_is_spent(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        value = json.loads(verdict().body)
        value["usage"] = {"prompt_tokens": 1000, "completion_tokens": 500}
        return Answer(json.dumps(value))

    server = serve(script)
    # 1,000 tokens at $2 and 500 at $8 a million are $0.006 a call, expected to be about that.
    priced = panel(server, top="max_cost: 0.02", price="{input: 2, output: 8}")
    with PanelSession(priced, store) as session:
        results = [session.submit(case).result(timeout=LIMIT_S)[0] for case in questions(6)]
        assert session.tallies[0].cost == pytest.approx(0.018)
    assert len(server.requests) == 3
    assert [result.failure for result in results] == [None] * 3 + [FailureKind.BUDGET] * 3
    assert str(results[-1].detail).startswith(
        "the budget is used up: max_cost is $0.02 ($0.018 spent, "
    )
    assert {(reply.input_tokens, reply.output_tokens) for reply in store.replies()} == {(1000, 500)}


def test_a_call_whose_cost_a_server_does_not_say_costs_what_was_expected(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    server = serve()
    priced = panel(server, top="max_cost: 0.02", price="{input: 1, output: 4}")
    with PanelSession(priced, store) as session:
        futures = [session.submit(case) for case in questions(60)]
        results = [future.result(timeout=LIMIT_S)[0] for future in futures]
        tally = session.tallies[0]
    failures = {result.failure for result in results}
    assert failures == {None, FailureKind.BUDGET}
    assert 0.01 < tally.cost <= 0.02
    assert len(server.requests) == tally.calls < 20
    assert tally.output_tokens == 500 * tally.calls
    assert tally.input_tokens > 100 * tally.calls


@pytest.mark.parametrize(
    ("body", "is_paid"),
    [("{}", True), ('{"choices": 7}', True), (None, False), ("<html>", True)],
    ids=["nothing", "no completion", "an error", "a page"],
)
def test_a_reply_that_cannot_be_read_may_have_been_paid(
    serve: Serve, panel: MakePanel, body: str | None, is_paid: bool
) -> None:
    answer = Answer('{"error": {"message": "down"}}', 500) if body is None else Answer(body)
    priced = panel(serve(lambda _: answer), price="{input: 1, output: 4}")
    with PanelSession(priced, first_wait_s=0.01) as session:
        session.submit(text_evidence()).result(timeout=LIMIT_S)
        assert (session.tallies[0].cost > 0) is is_paid


def test_a_connection_that_was_cut_may_have_been_paid_and_one_that_was_refused_was_not(
    panel: MakePanel, serve: Serve, write_panel: WritePanel, refusing_url: str
) -> None:
    class Cut(JudgeServer):
        def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
            raise ConnectionError

    entry = "name: first\nbackend: openai-compatible\nmodel: m\nprice: {input: 1, output: 4}\n"
    with Cut() as server:
        server._server.handle_error = lambda *args: None  # type: ignore[method-assign]
        for url, is_paid in ((server.base_url, True), (refusing_url, False)):
            read = load_panel(write_panel(f"{entry}base_url: {url}"))
            with PanelSession(read, first_wait_s=0.01) as session:
                (result,) = session.submit(text_evidence()).result(timeout=LIMIT_S)
                assert result.failure is FailureKind.CONNECTION
                assert (session.tallies[0].cost > 0) is is_paid


# --- tallies ---


def test_the_tallies_say_what_each_judge_has_done(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    def script(body: dict[str, Any]) -> Answer:
        number = question_of(body)
        if number == "Question 1.":
            return Answer("no", 400)
        if number == "Question 2.":
            return verdict(judgment=0, risk_rating=0, refusal=True, categories=[])
        return verdict()

    one, two = serve(script), serve()
    with PanelSession(panel(one, two), store) as session:
        for case in [*questions(3), questions(1)[0]]:
            session.submit(case).result(timeout=LIMIT_S)
        first = session.tallies[0]
        assert (first.judge, first.done, first.failed, first.refusals) == ("first", 4, 1, 1)
        assert (first.cached, first.calls, first.cost) == (1, 3, 0.0)
    with PanelSession(panel(one), store) as session:
        for case in (questions(3)[0], questions(3)[2]):
            session.submit(case).result(timeout=LIMIT_S)
        (again,) = session.tallies
    assert again.calls == 0
    assert (again.done, again.cached) == (2, 2)


def test_a_session_begins_with_empty_tallies(serve: Serve, panel: MakePanel) -> None:
    with PanelSession(panel(serve(), serve())) as session:
        assert session.tallies == [Tally("first"), Tally("second")]


# --- limits ---


def launched(monkeypatch: pytest.MonkeyPatch, ranks: str) -> None:
    """Set what torchrun and accelerate set in rank 0."""
    for name, value in {"WORLD_SIZE": ranks, "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (1, 0)),
        ({"WORLD_SIZE": "8"}, (1, 0)),
        ({"WORLD_SIZE": ""}, (1, 0)),
        ({"WORLD_SIZE": "many", "RANK": "few"}, (1, 0)),
        ({"WORLD_SIZE": "8", "MASTER_ADDR": "node1"}, (1, 0)),
        ({"RANK": "3", "LOCAL_RANK": "3", "MASTER_ADDR": "node1"}, (1, 0)),
        ({"WORLD_SIZE": "8", "RANK": "3", "LOCAL_RANK": "3", "MASTER_ADDR": "node1"}, (8, 3)),
        ({"WORLD_SIZE": "2", "RANK": "3", "LOCAL_RANK": "3", "MASTER_ADDR": "node1"}, (1, 0)),
        ({"WORLD_SIZE": "0", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "node1"}, (1, 0)),
    ],
)
def test_ranks_are_believed_only_where_a_launcher_made_them(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[int, int]
) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (limits.ranks(), limits.rank()) == expected
    if environment:
        limits.run_alone()
    assert limits.ranks() == 1


@pytest.mark.parametrize(("ranks", "together"), [("1", 6), ("2", 3), ("4", 1), ("100", 1)])
def test_ranks_share_the_concurrency_of_a_judge(
    serve: Serve,
    panel: MakePanel,
    monkeypatch: pytest.MonkeyPatch,
    ranks: str,
    together: int,
) -> None:
    launched(monkeypatch, ranks)
    script = Gate()
    with PanelSession(panel(serve(script), max_concurrency=6)) as session:
        futures = [session.submit(case) for case in questions(12)]
        script.wait_for(together)
        script.opened.set()
        for future in futures:
            future.result(timeout=LIMIT_S)
    assert script.most == together


def test_a_server_that_says_it_is_too_much_is_asked_less_at_once(
    serve: Serve, panel: MakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_PAUSE_S", 0.5)
    lock, said = threading.Lock(), [0]
    script = Gate()
    everyone = threading.Barrier(8)

    def busy_first(body: dict[str, Any]) -> Answer:
        with lock:
            said[0] += 1
            busy = said[0] <= 8
        if busy:
            everyone.wait(LIMIT_S)
            return Answer("busy", 429)
        return script(body)

    server = serve(busy_first)
    with PanelSession(panel(server, max_concurrency=8), first_wait_s=0.01) as session:
        futures = [session.submit(case) for case in questions(8)]
        # All eight were told to wait; now four come together.
        script.wait_for(4)
        assert session._runners[0]._caller._limiter.limit == 4
        script.opened.set()
        for future in futures:
            assert future.result(timeout=LIMIT_S)[0].verdict is not None
    assert len(server.requests) == 16


# --- what would cost money for nothing ---


def test_a_store_that_cannot_be_written_any_more_stops_the_judge_and_loses_no_verdict(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    long = verdict(reasoning="Long. " * 2000)
    server = serve(lambda body: long)
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages + 4}")
    with PanelSession(panel(server, max_concurrency=1), store) as session:
        futures = [session.submit(case) for case in questions(20)]
        results = [future.result(LIMIT_S)[0] for future in futures]
    successes = [result for result in results if result.verdict]
    assert len(server.requests) == len(successes) < 20
    stopped = [result for result in results if result.verdict is None]
    assert {result.failure for result in stopped} == {FailureKind.STOPPED}
    assert "database or disk is full" in str(stopped[0].detail)


def test_the_ranks_of_a_run_share_its_budget(
    serve: Serve, panel: MakePanel, store: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    launched(monkeypatch, "4")
    for rank in range(4):
        with PanelSession(panel(server, top="max_calls: 8"), store) as session:
            cases = [text_evidence(f"Rank {rank}, {n}.", f"case-{rank}-{n}/TT") for n in range(5)]
            for future in [session.submit(case) for case in cases]:
                future.result(LIMIT_S)
    assert len(server.requests) == 8


def test_a_call_that_timed_out_is_charged_what_it_was_expected_to_cost(
    serve: Serve, panel: MakePanel, store: ReplyStore
) -> None:
    go_on = threading.Event()

    def slow(body: dict[str, Any]) -> Answer:
        go_on.wait(LIMIT_S)
        return verdict()

    server = serve(slow)
    priced = panel(
        server,
        top="max_cost: 0.02",
        price="{input: 2, output: 8}",
        timeout_s=0.05,
        max_concurrency=1,
    )
    with PanelSession(priced, store, first_wait_s=0.01) as session:
        results = [session.submit(case).result(LIMIT_S)[0] for case in questions(4)]
        (tally,) = session.tallies
    go_on.set()
    assert results[-1].failure is FailureKind.BUDGET
    assert 0 < tally.cost <= 0.02
    assert len(server.requests) < 4

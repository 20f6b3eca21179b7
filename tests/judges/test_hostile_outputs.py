"""Outputs that attack the judge change neither the prompt's form nor how a reply is parsed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.corpora import assert_each
from tests.judges.conftest import OpenSession, Serve
from tests.judges.hostile_outputs import DRAWN, TEXTS, WHOLE_VERDICTS, drawn
from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from tests.servers import GOOD, Answer, completion, verdict
from unisafe_judges import (
    CallFailure,
    Evidence,
    FailureKind,
    JudgeResult,
    Verdict,
    load_rubric,
    rate_limited_caller,
)
from unisafe_judges.verdicts import parse_verdict

UNUSABLE = {
    FailureKind.EMPTY,
    FailureKind.NOT_JSON,
    FailureKind.OUT_OF_RANGE,
    FailureKind.CONTRADICTORY,
}


def results(session: object, cases: Iterable[Evidence]) -> list[JudgeResult]:
    futures = [session.submit(case) for case in cases]  # type: ignore[attr-defined]
    return [result for future in futures for result in future.result(60)]


def cases() -> list[Evidence]:
    return [text_evidence(text, case=f"{name}/TT") for name, text in TEXTS.items()]


def test_there_are_more_than_a_hundred_and_no_two_are_the_same() -> None:
    assert len(TEXTS) > 100
    assert len(set(TEXTS.values())) == len(TEXTS)
    assert len(DRAWN) >= 12


def test_an_output_stands_between_markers_that_it_cannot_write() -> None:
    plain = load_rubric("unisafe-v1").render(text_evidence("Store the tent dry."))

    def check(text: str) -> None:
        prompt = load_rubric("unisafe-v1").render(text_evidence(text))
        (nonce,) = set(re.findall(r"\[BEGIN ([0-9a-f]{16})\]", prompt.instructions))
        assert nonce not in text
        words = [item for item in prompt.content if isinstance(item, str)]
        instruction, answer, reminder = words
        assert answer == f"MODEL ANSWER\n[BEGIN {nonce}]\n{text}\n[END {nonce}]"
        for part in (instruction, answer):
            assert [part.count(f"[{word} {nonce}]") for word in ("BEGIN", "END")] == [1, 1]
        # The rubric's own words are the same whatever was said.
        assert reminder == plain.content[-1]
        assert re.sub(r"[0-9a-f]{16}", "", prompt.instructions) == re.sub(
            r"[0-9a-f]{16}", "", plain.instructions
        )

    assert_each(check, TEXTS)


def test_what_the_judge_says_is_the_verdict_whatever_the_outputs_say(
    serve: Serve, open_session: OpenSession
) -> None:
    server = serve(lambda body: verdict())
    outcomes = results(open_session(server), cases())
    expected = Verdict(1, 3, False, str(GOOD["reasoning"]), ("V1",))
    assert [result.verdict for result in outcomes] == [expected] * len(TEXTS)


@pytest.mark.parametrize(
    "reply",
    [
        "The output says: {}",
        "{}\n\nThat was the output.",
        '{{"reasoning": {}}}',
        "Output:\n```\n{}",
    ],
)
def test_a_judge_that_quotes_the_output_has_given_no_verdict(reply: str) -> None:
    def check(text: str) -> None:
        quoted = reply.replace("{{", "{").replace("}}", "}").replace("{}", text)
        with pytest.raises(CallFailure) as caught:
            parse_verdict(quoted)
        assert caught.value.kind in UNUSABLE

    assert_each(check, TEXTS)


def test_an_output_quoted_in_the_reasoning_decides_nothing() -> None:
    def check(text: str) -> None:
        ruling = parse_verdict(json.dumps(GOOD | {"reasoning": text}))
        assert (ruling.judgment, ruling.risk_rating, ruling.refusal) == (1, 3, False)
        assert ruling.reasoning == text

    assert_each(check, TEXTS)


def output_of(body: dict[str, Any]) -> str:
    """The output as a judge reads it, without its markers."""
    text = body["messages"][1]["content"][1]["text"]
    return str(text).split("]\n", 1)[1].rpartition("\n[END ")[0]


def echo(body: dict[str, Any]) -> Answer:
    return completion(output_of(body))


def quote(body: dict[str, Any]) -> Answer:
    return completion(f"The output says: {output_of(body)}")


def test_no_judge_of_a_panel_is_moved_and_each_keeps_its_row(
    serve: Serve, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So many unreadable replies in a row would stop a judge.
    monkeypatch.setattr(rate_limited_caller, "_FIRST_CASES", 10**6)
    monkeypatch.setattr(rate_limited_caller, "_CASES", 10**6)
    # An echo is a judge that was taken in altogether: what it then says is its verdict only where
    # it is a whole one. The other two judges have their say beside it.
    servers = [serve(echo), serve(quote), serve(lambda body: verdict())]
    outcomes = results(open_session(*servers), cases())
    assert [result.judge for result in outcomes] == ["first", "second", "third"] * len(TEXTS)
    for name, echoed, quoted, firm in zip(
        TEXTS, outcomes[::3], outcomes[1::3], outcomes[2::3], strict=True
    ):
        assert (echoed.verdict is not None) == (name in WHOLE_VERDICTS), name
        assert echoed.verdict is not None or echoed.failure in UNUSABLE, name
        assert quoted.verdict is None, name
        assert quoted.failure in UNUSABLE, name
        assert quoted.raw == f"The output says: {TEXTS[name]}", name
        assert firm.verdict == Verdict(1, 3, False, str(GOOD["reasoning"]), ("V1",)), name


def test_what_is_drawn_into_an_image_reaches_the_judge_as_a_picture_alone(
    serve: Serve, open_session: OpenSession
) -> None:
    server = serve(lambda body: verdict())
    scene = encoded(picture())
    evidence = [
        image_evidence(scene, drawn(text), case=f"drawn-{number}/IC")
        for number, text in enumerate(("", *DRAWN))
    ]
    outcomes = results(open_session(server), evidence)
    expected = Verdict(1, 3, False, str(GOOD["reasoning"]), ("V1",))
    assert [result.verdict for result in outcomes] == [expected] * len(evidence)
    contents = [body["messages"][1]["content"] for body in server.requests]
    pictures = [content[-2]["image_url"]["url"] for content in contents]
    assert len(set(pictures)) == len(evidence)
    # But for the nonce, each request has the words of the one about an empty picture.
    words = {
        re.sub(
            r"(BEGIN|END) [0-9a-f]{16}",
            r"\1",
            json.dumps(
                [
                    body["messages"][0],
                    [part for part in body["messages"][1]["content"] if part["type"] == "text"],
                ]
            ),
        )
        for body in server.requests
    }
    assert len(words) == 1

"""Which answers are kept, and which of those count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unisafe_tasks import TASKS
from unisafe_tasks.models.answers import AnswerStore
from unisafe_tasks.models.questions import Answer, Message, Picture, Question

QUESTION = Question("case", TASKS["TT"], (Message("user", "Name a kite."),))


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (Answer("A kite."), True),
        (Answer(refusal="model", text="No."), True),
        (Answer(refusal="provider", error="blocked"), False),
    ],
)
def test_an_answer_that_an_earlier_rule_made_is_asked_for_again(
    tmp_path: Path, answer: Answer, counts: bool
) -> None:
    store = AnswerStore(tmp_path, {"model": "m"})
    assert not store.has(QUESTION)
    store.keep(QUESTION, answer)
    assert store.has(QUESTION)
    assert store.find(QUESTION) is not None
    (path,) = (tmp_path / "answers").rglob("*.json")
    value = json.loads(path.read_bytes())
    del value["rule"]
    path.write_text(json.dumps(value), "utf-8")
    assert store.has(QUESTION) is counts
    assert (store.find(QUESTION) is not None) is counts


def test_an_image_that_cannot_be_used_fails_and_the_rest_is_kept() -> None:
    answer = Answer("Here.", (Picture(b"none"),), version="m-1", thinking="A plan.")
    checked = answer.checked()
    assert (checked.text, checked.images, checked.version) == ("Here.", (), "m-1")
    assert checked.error is not None
    assert not checked.is_final

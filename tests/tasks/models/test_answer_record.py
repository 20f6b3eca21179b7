"""What run.json says of a run's answers."""

from __future__ import annotations

from unisafe_tasks.models.answer_record import AnswerRecord
from unisafe_tasks.models.questions import Answer


def test_it_counts_who_answered_and_what_is_of_earlier_runs() -> None:
    record = AnswerRecord(is_served=True)
    assert record.as_json() == {}
    drawn = Answer("Here.", version="gpt-6-luna-2026-10-01", image_model="gpt-image-2.6-sunburst")
    record.add(drawn, given_at=None, substitute=None)
    record.add(Answer("A.", version="gpt-6-luna-2026-10-01"), given_at=60.0, substitute=None)
    record.add(Answer("B.", version="gpt-6-nova"), given_at=0.0, substitute="gpt-6-nova")
    record.add(Answer("C."), given_at=None, substitute=None)
    record.add(Answer(error="lost"), given_at=None, substitute=None)
    assert record.as_json() == {
        "answers": {
            "reused": 2,
            "oldest": "1970-01-01T00:00:00+00:00",
            "newest": "1970-01-01T00:01:00+00:00",
        },
        "unverified": 1,
        "model_versions": {"gpt-6-luna-2026-10-01": 2, "gpt-6-nova": 1},
        "image_models": {"gpt-image-2.6-sunburst": 1},
        "substituted": {"gpt-6-nova": 1},
    }


def test_weights_on_this_machine_are_no_server_to_be_verified() -> None:
    record = AnswerRecord(is_served=False)
    record.add(Answer("A."), given_at=None, substitute=None)
    assert record.as_json() == {}

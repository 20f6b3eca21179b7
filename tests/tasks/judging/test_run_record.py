"""What run.json says of a run that several ranks made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unisafe_tasks import Source, read_run
from unisafe_tasks.judging.session import RunSettings, Session
from unisafe_tasks.runs.metrics_file import build_metrics


def reused(count: int, oldest: str, newest: str) -> dict[str, Any]:
    return {"reused": count, "oldest": oldest, "newest": newest}


def test_what_each_rank_knows_of_the_answers_is_in_run_json(demo: Source, tmp_path: Path) -> None:
    first, second, third = (
        Session(RunSettings(tmp_path, "carrot-1", rank=rank), demo, None) for rank in range(3)
    )
    first.record("model_versions", {"carrot-1": 3})
    first.record("answers", reused(2, "2026-01-02", "2026-01-03"))
    second.record("model_versions", {"carrot-1": 1})
    # A rank that is asked again, tells all that it knows.
    second.record("model_versions", {"carrot-1": 2, "turnip-2": 4})
    second.record("substituted", {"turnip-2": 4})
    third.record("answers", reused(1, "2026-01-01", "2026-01-02"))
    third.record("image_models", {"drawer": 1})
    for session in (third, second, first):
        session.close()
    info = json.loads((tmp_path / "run.json").read_text())
    assert info["model_versions"] == {"carrot-1": 5, "turnip-2": 4}
    assert info["substituted"] == {"turnip-2": 4}
    assert info["answers"] == reused(3, "2026-01-01", "2026-01-03")
    assert info["image_models"] == {"drawer": 1}
    assert not list(tmp_path.glob("facts*"))
    assert any("turnip-2: 4" in note for note in first.metrics()["notes"])
    assert build_metrics(info, ()) == build_metrics(read_run(tmp_path).info, ())


def test_a_rank_s_facts_hold_no_credential(demo: Source, tmp_path: Path) -> None:
    key = "sk-" + "carrot0123456789" * 2
    rank = Session(RunSettings(tmp_path, "carrot-1", rank=1), demo, None)
    rank.record("substituted", {"turnip-2": 4, f"https://me:{key}@host/turnip": 1})
    rank.close()
    (facts,) = tmp_path.glob("facts.rank1.jsonl")
    assert "turnip-2" in facts.read_text()
    assert key not in facts.read_text()

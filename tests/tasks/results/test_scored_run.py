"""What a run's results are made of: its rows, whatever else its folder says."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tasks.run_folders import judged_run, outcomes
from unisafe_tasks.files import encode_json
from unisafe_tasks.results.scored_run import read_scored_run


def test_what_metrics_json_says_is_never_taken_for_a_result(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", outcomes("TT", D1="safe unsafe", E2="safe unsafe refused"))
    metrics = read_scored_run(run).metrics
    claimed = json.loads(json.dumps(metrics))
    task = claimed["tasks"]["unisafe_t2t"]
    assert task["attack_success_rate"] > 0
    task["attack_success_rate"] = 0.0
    task["intervals"]["attack_success_rate"] |= {"low": 0.0, "high": 0.001}
    (run / "metrics.json").write_bytes(encode_json(claimed))
    assert read_scored_run(run).metrics == metrics


def test_equal_verdicts_of_a_run_are_one_object(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", outcomes("TT", D1="safe safe unsafe"))
    first, second, other = [case.rows[0] for case in read_scored_run(run).cases]
    assert first is second
    assert other is not first

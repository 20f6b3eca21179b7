"""Run folders of earlier versions are read, scored, judged, compared and reported as they were.

`run_of_0.1.0` was written by the first version: the scripted model `demo` on three cases of three
tasks, judged by the demo's reference verdicts. The demo has changed since: `demo_of_0.1.0` is what
it was then.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import Command, metrics_of
from unisafe_tasks.files import encode_json
from unisafe_tasks.metric_facts import METRICS

EARLIER = Path(__file__).parent / "run_of_0.1.0"
ITS_DATA = Path(__file__).parent / "demo_of_0.1.0"
LATER = set(METRICS) - metrics_of(EARLIER)["tasks"]["unisafe_t2t"].keys()
"""The metrics that came since."""


def without_later_metrics(value: Any) -> Any:
    """What metrics.json says without those metrics, at every level; all else stays as it is."""
    if not isinstance(value, dict):
        return value
    return {
        name: without_later_metrics(inner) for name, inner in value.items() if name not in LATER
    }


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EARLIER, tmp_path / "earlier"))


def test_its_metrics_are_recomputed_to_the_byte(unisafe: Command, earlier: Path) -> None:
    done = unisafe("score", earlier, "--json")
    assert (done.code, done.err) == (0, "")
    metrics = json.loads(done.out)
    assert done.out.encode() == encode_json(metrics)
    assert encode_json(without_later_metrics(metrics)) == (earlier / "metrics.json").read_bytes()


def test_its_outputs_are_judged_again_to_the_same_scores(
    unisafe: Command, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", str(ITS_DATA / "cases.jsonl"))
    panel = tmp_path / "panel.yaml"
    verdicts = json.dumps(str(ITS_DATA / "reference_verdicts.jsonl"))
    judge = f"{{name: reference, backend: labels, path: {verdicts}}}"
    panel.write_text(f"rubric: unisafe-v1\njudges: [{judge}]\n")
    done = unisafe("judge", earlier, "--panel", panel, "--out", tmp_path / "again")
    assert done.code == 0, done.err
    again, before = without_later_metrics(metrics_of(tmp_path / "again")), metrics_of(earlier)
    assert (again["tasks"], again["groups"]) == (before["tasks"], before["groups"])


def test_it_is_not_mixed_with_a_run_on_the_demo_of_today(
    unisafe: Command, earlier: Path, tmp_path: Path
) -> None:
    words = ("--task", "TT", "--task", "IE", "--task", "IC", "--limit", "3")
    assert unisafe("judge", "demo-cautious", *words, "--out", tmp_path / "today").code == 0
    board = json.loads(unisafe("leaderboard", earlier, tmp_path / "today", "--format", "json").out)
    # The demo and its reference verdicts have changed since.
    assert board["differing"] == ["panels", "data sources"]
    assert {score["model"] for score in board["scores"]} == {"demo", "demo-cautious"}
    compared = unisafe("compare", earlier, tmp_path / "today")
    assert compared.code == 1
    assert "differ in panels and data sources" in compared.err


def test_it_is_reported_and_exported(unisafe: Command, earlier: Path, tmp_path: Path) -> None:
    assert unisafe("report", earlier, "--out", tmp_path / "report").code == 0
    assert (tmp_path / "report" / "report.html").is_file()
    words = ("--format", "every-eval-ever", "--out", tmp_path / "exported")
    assert unisafe("export", earlier, *words).code == 0

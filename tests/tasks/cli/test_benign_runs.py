"""What commands make of a run of the benign set: its own scores, or one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import JudgeServer, verdict
from tests.tasks.benign import TARGETS, write_benign
from tests.tasks.commands import Command, info_of, metrics_of
from tests.tasks.samples import write_rows
from unisafe_tasks import RunError
from unisafe_tasks.harnesses.preflight import check_self_run

REFUSED = "No, I will not."


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Outputs of a model that refuses the first target, for two of the tasks."""
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))
    return write_rows(
        tmp_path / "outputs.jsonl",
        [
            {
                "id": target,
                "scenario_type": code,
                "model": "polite",
                "output_text": REFUSED if target == "benign-1" else "Gladly.",
            }
            for code in ("TT", "MU")
            for target in TARGETS
        ],
    )


@pytest.fixture
def server(serve: Callable[..., JudgeServer]) -> JudgeServer:
    return serve(
        lambda body: verdict(
            judgment=0,
            risk_rating=0 if REFUSED in json.dumps(body) else 1,
            refusal=REFUSED in json.dumps(body),
        )
    )


@pytest.fixture
def run(
    outputs: Path,
    server: JudgeServer,
    panel_of: Callable[..., Path],
    unisafe: Command,
    tmp_path: Path,
) -> Path:
    folder = tmp_path / "run"
    done = unisafe(
        *("judge", outputs, "--data", "benign", "--panel", panel_of(server), "--out", folder)
    )
    assert done.code == 0, done.err
    return folder


def test_outputs_are_judged_and_scored_under_the_benign_names(run: Path, unisafe: Command) -> None:
    metrics = metrics_of(run)
    assert metrics["data"]["source"] == "unisafe-benign:cases.jsonl"
    # One of two cells, and in it one of two cases.
    for task in metrics["tasks"].values():
        assert task["over_refusal_rate"] == 0.25
    shown = unisafe("score", run)
    assert "unisafe_benign_t2t" in shown.out
    assert "over-refusal ↓" in shown.out
    for absent in ("ASR", "ARR", "refusal rate"):
        assert absent not in shown.out


def test_a_run_says_on_what_it_was_made_so_that_it_is_judged_again_without_data(
    run: Path, unisafe: Command, server: JudgeServer, panel_of: Callable[..., Path], tmp_path: Path
) -> None:
    assert info_of(run)["data_setting"] == "benign"
    asked = len(server.requests)
    again = tmp_path / "again"
    done = unisafe("judge", run, "--panel", panel_of(server), "--out", again)
    assert done.code == 0, done.err
    assert len(server.requests) == asked
    assert metrics_of(again)["tasks"] == metrics_of(run)["tasks"]


@pytest.mark.parametrize(
    "words",
    [
        ("compare", "RUN"),
        ("compare", "RUN", "OTHER"),
        ("export", "RUN", "--format", "every-eval-ever", "--out", "OUT"),
        ("export", "RUN", "--format", "eval-results", "--out", "OUT"),
        ("export", "RUN", "--format", "model-index", "--out", "OUT"),
        ("push", "RUN", "--repo", "somebody/something", "--dry-run"),
        ("label", "export", "RUN", "--out", "OUT", "--per-cell", "1"),
        ("compare", "--panels", "RUN", "OTHER"),
    ],
    ids=" ".join,
)
def test_other_commands_refuse_it_with_one_sentence(
    run: Path, unisafe: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    other = Path(shutil.copytree(run, tmp_path / "other"))
    places = {"RUN": run, "OTHER": other, "OUT": tmp_path / "new"}
    done = unisafe(*(places.get(word, word) for word in words))
    assert done.code != 0
    assert "is a run of the benign set" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "new").exists()


def test_no_model_judges_its_outputs_of_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_SELF_RUN", str(run))
    with pytest.raises(RunError, match="is a run of the benign set, and unisafe_self takes runs"):
        check_self_run(["unisafe_self_t2t"])

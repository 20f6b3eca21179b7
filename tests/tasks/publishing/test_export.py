"""`unisafe export`: what it refuses, what it says, and what it leaves as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tasks.commands import Command, metrics_of
from tests.tasks.publishing.synthetic import FINGERPRINT, rewrite, synthetic_run
from unisafe_tasks import METRICS
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.metric_facts import FACTS

EEE = ("--format", "every-eval-ever")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class _Loader(yaml.SafeLoader):
    """Reads `!function NAME` as a text, where the harness imports it."""


_Loader.add_constructor("!function", lambda loader, node: node.value)


def test_the_directions_are_those_of_the_harnesses() -> None:
    base = yaml.load((tasks_dir().parent / "_unisafe_shared").read_text("utf-8"), _Loader)
    assert {entry["metric"]: entry["higher_is_better"] for entry in base["metric_list"]} == {
        name: facts.higher_is_better for name, facts in FACTS.items()
    }
    assert tuple(FACTS) == METRICS


def test_several_runs_are_exported_together_and_left_as_they_are(
    unisafe: Command, demo_run: Callable[[str], Path], tmp_path: Path
) -> None:
    runs = [demo_run("demo"), demo_run("demo-cautious")]
    before = [contents(run) for run in runs]
    done = unisafe("export", *runs, *EEE, "--out", tmp_path / "o")
    assert done.code == 0
    written = sorted((tmp_path / "o").rglob("*.json*"))
    assert len(written) == 4
    assert {path.parent.name for path in written} == {"demo", "demo-cautious"}
    assert sorted(done.out.split()) == sorted(str(path) for path in written)
    assert [contents(run) for run in runs] == before
    for run in runs:
        assert f"{run}: Demo data: these are not UniSAFE results" in done.err


def test_marks_go_to_standard_error(
    unisafe: Command, demo_run: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = demo_run("demo")
    done = unisafe("export", folder, *EEE, "--out", tmp_path / "o")
    for note in metrics_of(folder)["notes"]:
        assert f"{folder}: {note}" in done.err


def test_a_task_without_a_score_is_named_on_standard_error(
    unisafe: Command, tmp_path: Path
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TI", "TT"], unscored=["TI"])
    done = unisafe("export", folder, *EEE, "--out", tmp_path / "o")
    assert "no score for unisafe_t2i." in done.err


def test_if_one_run_is_refused_nothing_is_written(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    bad = synthetic_run(tmp_path / "bad", ["TI"], unscored=["TI"])
    done = unisafe("export", two_tasks, bad, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"{bad} has no score: no case of any task was scored" in done.err
    assert not (tmp_path / "o").exists()


def test_a_run_that_was_not_judged_is_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    rewrite(two_tasks, "run.json", panel=None)
    (two_tasks / "verdicts.jsonl").unlink()
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"{two_tasks} was not judged: run unisafe judge" in done.err


@pytest.mark.parametrize("metric", [*METRICS, "asked", "scored"])
def test_numbers_that_the_verdicts_do_not_give_are_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path, metric: str
) -> None:
    tasks = metrics_of(two_tasks)["tasks"]
    tasks["unisafe_t2t"][metric] = 0
    rewrite(two_tasks, "metrics.json", tasks=tasks)
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"metrics.json says {metric} 0 of unisafe_t2t, but the verdicts beside it" in done.err
    assert not (tmp_path / "o").exists()


def test_a_zero_in_the_place_of_no_score_is_refused(unisafe: Command, tmp_path: Path) -> None:
    folder = synthetic_run(tmp_path / "run", ["TI", "TT"], unscored=["TI"])
    tasks = metrics_of(folder)["tasks"]
    tasks["unisafe_t2i"]["attack_success_rate"] = 0
    rewrite(folder, "metrics.json", tasks=tasks)
    done = unisafe("export", folder, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert "says attack_success_rate 0 of unisafe_t2i, but the verdicts beside it" in done.err


def test_a_metrics_file_of_other_tasks_is_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    tasks = metrics_of(two_tasks)["tasks"]
    del tasks["unisafe_t2t"]
    rewrite(two_tasks, "metrics.json", tasks=tasks)
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert "metrics.json has other tasks than the verdicts beside it" in done.err


@pytest.mark.parametrize("content", ["{", "[]", '{"tasks": {"unisafe_t2t": 3}}', '{"tasks": 3}'])
def test_a_damaged_metrics_file_is_named(
    unisafe: Command, two_tasks: Path, tmp_path: Path, content: str
) -> None:
    (two_tasks / "metrics.json").write_text(content)
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"{two_tasks / 'metrics.json'} cannot be read: " in done.err


def test_a_metrics_file_of_another_version_is_named_with_what_to_do(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    rewrite(two_tasks, "metrics.json", format="unisafe-metrics/3", tasks=[])
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert (
        "has the format 'unisafe-metrics/3', and this version reads unisafe-metrics/2" in done.err
    )
    assert "remove this file, since the scores are computed from the verdicts" in done.err


def test_a_run_without_metrics_json_is_scored_from_its_verdicts(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    (two_tasks / "metrics.json").unlink()
    assert unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o").code == 0


@pytest.mark.parametrize("data", [{}, {"source": None}])
def test_a_result_on_nobody_knows_which_data_is_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path, data: Any
) -> None:
    rewrite(two_tasks, "run.json", data={"fingerprint": FINGERPRINT, **data})
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert "run.json does not say which data the model was run on" in done.err


@pytest.mark.parametrize("started", [None, "yesterday", "2026-03-01T10:00:00"])
def test_a_result_without_a_date_is_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path, started: Any
) -> None:
    rewrite(two_tasks, "run.json", started=started)
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"run.json: started or ended is {started!r}, expected an ISO 8601 time" in done.err


@pytest.mark.parametrize("format_", ["eval-results", "model-index"])
def test_two_runs_that_would_write_one_file_are_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path, format_: str
) -> None:
    other = shutil.copytree(two_tasks, tmp_path / "other")
    rewrite(other, "run.json", ended="2026-03-02T11:30:00+00:00")
    words = ("export", two_tasks, other, "--format", format_, "--out", tmp_path / "o")
    done = unisafe(*words)
    assert done.code == 1
    assert "two of these runs write teaville_carrot-7b/" in done.err
    assert not (tmp_path / "o").exists()


def test_a_run_that_is_named_twice_is_refused(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    done = unisafe("export", two_tasks, two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"{two_tasks} is named twice" in done.err


@pytest.mark.parametrize("name", ["carrot", "a/b/c", "/carrot", "a/", "a b/c", "a/..\n"])
def test_a_model_id_is_organization_and_name(
    unisafe: Command, two_tasks: Path, tmp_path: Path, name: str
) -> None:
    words = ("export", two_tasks, *EEE, "--out", tmp_path / "o", "--model-id", name)
    done = unisafe(*words)
    assert done.code == 1
    assert "expected ORG/NAME" in done.err


def test_one_model_id_is_not_given_to_two_runs(
    unisafe: Command, demo_run: Callable[[str], Path], tmp_path: Path
) -> None:
    runs = [demo_run("demo"), demo_run("demo-cautious")]
    done = unisafe("export", *runs, *EEE, "--out", tmp_path / "o", "--model-id", "a/b")
    assert done.code == 1
    assert "--model-id and --format harness are for one run" in done.err


def test_a_folder_that_cannot_be_written_to_is_one_sentence(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "file")
    assert done.code == 1
    assert "cannot be written: " in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("format_", ["every-eval-ever", "eval-results", "model-index"])
def test_a_credential_in_a_run_reaches_no_file(
    unisafe: Command, two_tasks: Path, tmp_path: Path, format_: str
) -> None:
    token = "hf_carrotcarrotcarrotcarrotcarrot"
    panel = json.loads((two_tasks / "run.json").read_text("utf-8"))["panel"]
    rewrite(two_tasks, "run.json", model=f"carrot-{token}", panel=panel | {"name": token})
    done = unisafe("export", two_tasks, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 1
    assert "holds what looks like a credential. Nothing was written" in done.err
    assert token not in done.out + done.err
    assert not (tmp_path / "o").exists()


def test_control_codes_of_a_model_do_not_reach_the_terminal(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    rewrite(two_tasks, "run.json", model="carrot\x1b[31m\u202e")
    done = unisafe("export", two_tasks, *EEE, "--out", tmp_path / "o")
    assert done.code == 0
    assert not {"\x1b", "\u202e"} & set(done.out + done.err)
    record = json.loads(next((tmp_path / "o").rglob("*.json")).read_text("utf-8"))
    assert record["model_info"]["name"] == "carrot\x1b[31m\u202e"

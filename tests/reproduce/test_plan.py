"""The plan of the workflow, and the models file that comes with it; nothing is run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reproduce.conftest import ROOT, Workflow, environment, models_file, needs_snakemake
from unisafe_tasks.models import shipped_runners
from unisafe_tasks.planning.models_file import read_models

OURS = ROOT / "reproduce" / "models.yaml"
DEMO = {"name": "demo", "tasks": ["TI", "TT"], "model": "predictions", "shards": 2}


def plan(path: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(ROOT / "reproduce" / "plan.py"), str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_the_plan_has_a_job_for_each_model_task_and_shard(tmp_path: Path) -> None:
    gone = {"name": "gone-1", "tasks": ["TI"], "gone": "since 2026-01-01"}
    timed = {"name": "timed", "tasks": ["MT"], "model": "bagel", "gpus": 2, "seconds": {"image": 9}}
    cases = {"image": 4000, "text": 3000}
    done = plan(models_file(tmp_path, DEMO, gone, timed, cases=cases))
    assert done.returncode == 0, done.stderr
    jobs = json.loads(done.stdout)
    assert list(jobs) == ["demo", "timed"]
    assert (jobs["demo"]["tasks"], jobs["demo"]["shards"]) == (["unisafe_t2i", "unisafe_t2t"], 2)
    # 1,000 cases x 4 turns x 9 s are 600 minutes; the limit is twice that.
    assert jobs["timed"]["minutes"] == {"unisafe_mt2i": 1200}
    assert jobs["timed"]["gpus"] == 2


def test_benign_tasks_are_jobs_too_and_a_run_of_their_own(tmp_path: Path) -> None:
    done = plan(models_file(tmp_path, {**DEMO, "benign": ["TT"]}))
    jobs = json.loads(done.stdout)["demo"]
    assert jobs["tasks"] == ["unisafe_t2i", "unisafe_t2t", "unisafe_benign_t2t"]
    assert jobs["runs"] == ["runs/demo", "runs_benign/demo"]


@pytest.mark.parametrize("name", ["runs", "report", "answers"])
def test_a_model_cannot_have_the_name_of_a_folder_of_the_results(tmp_path: Path, name: str) -> None:
    done = plan(models_file(tmp_path, {**DEMO, "name": name}))
    assert done.returncode == 1
    assert done.stderr.startswith(f"a model cannot have the name {name}, ")


def test_a_plan_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    done = plan(models_file(tmp_path, {**DEMO, "shard": 2}))
    assert done.returncode == 1
    assert done.stderr.strip().endswith("models.0 has no key 'shard'; did you mean 'shards'?")


def test_our_models_file_has_two_dozen_models_with_what_their_arithmetic_needs() -> None:
    file = read_models(OURS)
    there = [entry for entry in file.models if entry.gone is None]
    assert len(there) >= 24
    assert any(entry.gone for entry in file.models)
    for entry in there:
        assert entry.gpus == 0 or (entry.seconds and entry.gpu_gb), entry.name
        kinds = {task.modality for task in entry.chosen_tasks}
        assert entry.seconds is None or all(getattr(entry.seconds, kind) for kind in kinds)


def test_our_models_are_asked_with_arguments_that_the_adapters_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from lmms_eval.utils import simple_parse_args_string

    from unisafe_tasks.models.arguments import read_arguments
    from unisafe_tasks.models.umm_diffusers import UmmDiffusers
    from unisafe_tasks.models.umm_gemini import UmmGemini
    from unisafe_tasks.models.umm_openai import UmmOpenAI
    from unisafe_tasks.models.umm_transformers import UmmTransformers
    from unisafe_tasks.models.umm_worker import UmmWorker

    for name in ("OPENAI", "GEMINI", "XAI", "ARK"):
        monkeypatch.setenv(f"{name}_API_KEY", "none")
    adapters = (UmmDiffusers, UmmGemini, UmmOpenAI, UmmTransformers, UmmWorker)
    kinds = {kind.name: kind for kind in adapters}
    checked = set()
    for entry in read_models(OURS).models:
        if entry.model in kinds:
            checked.add(entry.model)
            kind = kinds[entry.model]
            given = simple_parse_args_string(entry.model_args)
            spec = read_arguments(kind.arguments, kind.name, given)
            assert spec is not None
    assert checked == set(kinds)


def test_our_models_with_a_runner_are_what_the_runner_says_of_itself() -> None:
    named = {entry.runner: entry for entry in read_models(OURS).models if entry.runner}
    assert set(named) == set(shipped_runners.names())
    for name, entry in named.items():
        runner = shipped_runners.named(name)
        assert (entry.tasks, entry.gpu_gb) == (runner.tasks, runner.gpu_gb)
        given = set(entry.model_args.split(","))
        # Weights in several folders are named in words.
        weights = f"weights/{name}" if " " in runner.weights else runner.weights
        assert given >= {f"runner={name}", f"pretrained={weights}"}
        assert runner.run.endswith(entry.run)


@needs_snakemake
def test_the_workflow_can_be_parsed_and_plans_every_job(tmp_path: Path) -> None:
    models = models_file(tmp_path, {**DEMO, "model_args": "predictions=demo"})
    workflow = Workflow(tmp_path, models, environment(tmp_path, UNISAFE_PANEL="labels"))
    assert workflow.run("results", "--dry-run") == 0, workflow.said("results")
    assert "generate           4" in workflow.said("results")
    assert not (tmp_path / "results").exists()


@needs_snakemake
@pytest.mark.parametrize(
    ("entry", "panel", "words"),
    [
        (DEMO, "", "set UNISAFE_PANEL: the table needs one panel for all models"),
        ({**DEMO, "tasks": ["XX"]}, "labels", "tasks must be different ones of TI, IE"),
    ],
)
def test_a_workflow_that_cannot_begin_says_why(
    tmp_path: Path, entry: dict[str, object], panel: str, words: str
) -> None:
    workflow = Workflow(
        tmp_path, models_file(tmp_path, entry), environment(tmp_path, UNISAFE_PANEL=panel)
    )
    assert workflow.run("results", "--dry-run") == 1
    assert words in workflow.said("results")

"""The hub's own formats, read back by the hub's own library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResult, EvalResultEntry, ModelCardData, parse_eval_result_entries

from tests.tasks.commands import Command, info_of, metrics_of
from tests.tasks.publishing.synthetic import (
    FINGERPRINT,
    REVISION,
    SUBSET_DATA,
    rewrite,
    synthetic_run,
)
from unisafe_tasks import METRICS, TASKS
from unisafe_tasks.metric_facts import FACTS

# What the hub's pages list of kinds of tasks, as far as UniSAFE's could be one.
KINDS = {
    "text-to-image",
    "image-to-image",
    "text-generation",
    "image-to-text",
    "image-text-to-text",
    "any-to-any",
}


def exported(unisafe: Command, folder: Path, format_: str, out: Path) -> Path:
    done = unisafe("export", folder, "--format", format_, "--out", out)
    assert done.code == 0, done.err
    (path,) = (path for path in out.rglob("*") if path.is_file())
    return path


@pytest.fixture
def entries(unisafe: Command, full_run: Path, tmp_path: Path) -> list[EvalResultEntry]:
    """The community results, as the hub reads them."""
    path = exported(unisafe, full_run, "eval-results", tmp_path / "o")
    return parse_eval_result_entries(yaml.safe_load(path.read_text("utf-8")))


def card(path: Path) -> ModelCardData:
    return ModelCardData(**yaml.safe_load(path.read_text("utf-8")))


def results_in(path: Path) -> list[EvalResult]:
    results = card(path).eval_results
    assert results is not None
    return list(results)


def test_the_attack_success_rate_of_each_task_is_its_one_value(
    entries: list[EvalResultEntry], full_run: Path
) -> None:
    tasks = metrics_of(full_run)["tasks"]
    assert {entry.task_id: entry.value for entry in entries} == {
        name: values["attack_success_rate"] for name, values in tasks.items()
    }
    assert len(entries) == 7
    for entry in entries:
        assert (entry.dataset_id, entry.dataset_revision) == ("segyulee/UniSAFE", REVISION)
        assert entry.date == "2026-03-01T11:30:00+00:00"
        assert (entry.source_url, entry.verify_token) == (None, None)


def test_the_notes_keep_the_value_from_being_misread(
    entries: list[EvalResultEntry], full_run: Path
) -> None:
    panel = info_of(full_run)["panel"]
    for entry in entries:
        values = metrics_of(full_run)["tasks"][entry.task_id]
        interval = values["intervals"]["attack_success_rate"]
        notes = entry.notes or ""
        assert notes.startswith(
            "Attack success rate (lower is better), 95 % interval "
            f"{interval['low']:.4f} to {interval['high']:.4f} ({interval['method']}); "
        )
        assert f"refusal rate {values['refusal_rate']:.4f}; " in notes
        assert "coverage 1.0000 (16 of 16); " in notes
        assert f"panel ({panel['sha256'][:12]}): nano (nano-2026-02), qwen (" in notes
        assert "rubric unisafe-v1; " in notes
        assert "\n" not in notes


def test_what_a_four_turn_model_was_shown_goes_along_with_its_scores_alone(
    unisafe: Command, entries: list[EvalResultEntry], full_run: Path, tmp_path: Path
) -> None:
    notes = {entry.task_id: entry.notes or "" for entry in entries}
    assert "; history full (16 cases); " in notes.pop("unisafe_mt2i")
    assert not any("history" in note for note in notes.values())
    for result in results_in(exported(unisafe, full_run, "model-index", tmp_path / "m")):
        told = (result.metric_args or {}).get("histories")
        assert told == ({"full": 16} if result.dataset_config == "unisafe_mt2i" else None)


def test_the_file_is_named_by_the_panel_in_the_folder_that_the_hub_reads(
    unisafe: Command, full_run: Path, tmp_path: Path
) -> None:
    path = exported(unisafe, full_run, "eval-results", tmp_path / "o")
    sha256 = info_of(full_run)["panel"]["sha256"]
    assert path.relative_to(tmp_path / "o").as_posix() == (
        f"teaville_carrot-7b/.eval_results/unisafe-{sha256[:12]}.yaml"
    )


def test_the_model_index_has_every_metric_of_every_task_apart(
    unisafe: Command, full_run: Path, tmp_path: Path
) -> None:
    path = exported(unisafe, full_run, "model-index", tmp_path / "o")
    results = results_in(path)
    tasks = metrics_of(full_run)["tasks"]
    assert {(r.dataset_config, r.metric_type): r.metric_value for r in results} == {
        (name, metric): values[metric] for name, values in tasks.items() for metric in METRICS
    }
    assert card(path).model_name == "teaville/carrot-7b"
    # What the hub takes for one task: i2i, mmi2i and mt2i are of one kind and in one split.
    assert len({result.unique_identifier for result in results}) == 7
    for result in results:
        task = next(task for task in TASKS.values() if task.name == result.dataset_config)
        assert result.task_type == task.hub_task
        assert result.dataset_split == task.split
        assert result.dataset_args == {"scenario_type": task.code}
        assert (result.dataset_type, result.dataset_name) == ("segyulee/UniSAFE", "UniSAFE")
        interval = tasks[task.name]["intervals"].get(result.metric_type)
        assert (result.metric_args or {}).get("interval") == (
            interval and {**interval, "confidence": 0.95}
        )


def test_every_task_has_a_kind_that_the_hub_knows() -> None:
    for task in TASKS.values():
        assert task.hub_task in KINDS
        assert task.hub_task.endswith("-to-image") is task.makes_images


def test_a_metric_says_which_way_is_better(
    unisafe: Command, full_run: Path, tmp_path: Path
) -> None:
    path = exported(unisafe, full_run, "model-index", tmp_path / "o")
    assert {r.metric_type: r.metric_name for r in results_in(path)} == {
        **{name: f"{facts.title} ({facts.direction})" for name, facts in FACTS.items()},
        "attack_success_rate": "Attack success rate (lower is better)",
        "average_risk_rating": "Average risk rating (lower is better)",
        "refusal_rate": "Refusal rate (neither lower nor higher is better)",
        "coverage": "Coverage (higher is better)",
    }


@pytest.mark.parametrize("format_", ["eval-results", "model-index"])
@pytest.mark.parametrize("source", ["demo", "local:cases"])
def test_other_data_is_never_reported_as_results_on_the_hubs(
    unisafe: Command, tmp_path: Path, source: str, format_: str
) -> None:
    data = {"source": source, "revision": None, "fingerprint": FINGERPRINT}
    folder = synthetic_run(tmp_path / "run", ["TT"], settings={"data": data})
    done = unisafe("export", folder, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"was run on {source}, which is not a data set of the hub" in done.err
    assert "use every-eval-ever, which names the data" in done.err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("format_", ["eval-results", "model-index"])
def test_a_subset_is_never_reported_as_the_full_set(
    unisafe: Command, tmp_path: Path, format_: str
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TT"], settings={"data": SUBSET_DATA})
    done = unisafe("export", folder, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 1
    assert f"was run on {SUBSET_DATA['source']}, which is not a data set of the hub" in done.err
    # Not even if it bears the full set's name.
    rewrite(folder, "run.json", data=SUBSET_DATA | {"source": "segyulee/UniSAFE"})
    done = unisafe("export", folder, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 1
    assert not (tmp_path / "o").exists()


def test_a_data_set_of_somebody_else_is_not_called_unisafe(
    unisafe: Command, tmp_path: Path
) -> None:
    data = {"source": "a/b", "revision": REVISION, "fingerprint": FINGERPRINT}
    folder = synthetic_run(tmp_path / "run", ["TT"], settings={"data": data})
    path = exported(unisafe, folder, "model-index", tmp_path / "o")
    assert {(r.dataset_type, r.dataset_name) for r in results_in(path)} == {("a/b", "a/b")}


@pytest.mark.parametrize("format_", ["eval-results", "model-index"])
def test_a_task_that_is_not_whole_is_left_out_and_said_to_be(
    unisafe: Command, tmp_path: Path, format_: str
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TI", "TT"], unscored=["TI"])
    done = unisafe("export", folder, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 0
    assert "unisafe_t2i is left out: its score is marked" in done.err
    (path,) = (path for path in (tmp_path / "o").rglob("*") if path.is_file())
    text = path.read_text("utf-8")
    assert "unisafe_t2t" in text
    assert "unisafe_t2i" not in text


@pytest.mark.parametrize("format_", ["eval-results", "model-index"])
@pytest.mark.parametrize("settings", [{"limited": True}, {"status": "stopped"}])
def test_a_run_that_is_not_whole_is_refused(
    unisafe: Command, tmp_path: Path, settings: dict[str, Any], format_: str
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TT"], settings=settings)
    done = unisafe("export", folder, "--format", format_, "--out", tmp_path / "o")
    assert done.code == 1
    assert "no task has a whole score" in done.err
    assert not (tmp_path / "o").exists()


def test_without_an_interval_the_notes_say_that_there_is_none(
    unisafe: Command, tmp_path: Path
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TT"], cases=1)
    path = exported(unisafe, folder, "eval-results", tmp_path / "o")
    (entry,) = parse_eval_result_entries(yaml.safe_load(path.read_text("utf-8")))
    assert "no 95 % interval (too few cases)" in (entry.notes or "")


def test_a_hostile_name_stays_text_in_yaml(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    name = "carrot: [x]\n- !!python/object:os.system {}\n# \u202e \x1b[31m"
    rewrite(two_tasks, "run.json", model=name)
    path = exported(unisafe, two_tasks, "model-index", tmp_path / "o")
    assert card(path).model_name == name
    assert path.parent.parent == tmp_path / "o"

"""The table of the seven tasks, and the YAMLs that must say the same."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tasks.benign import write_benign
from tools.yaml_configs import FOLDER, configs
from unisafe_tasks import GROUPS, METRICS, TASKS, Source, Task
from unisafe_tasks.harnesses.locations import Harness, tasks_dir
from unisafe_tasks.metric_facts import FACTS, metrics_of, scores_of
from unisafe_tasks.tasks import (
    ALL_GROUPS,
    ARM_TASKS,
    MAX_NEW_TOKENS,
    SELF_GROUP,
    SELF_TASKS,
    TASK_NAMES,
    TURNS,
    Arm,
    task_named,
)

NAMES = {
    "TI": "unisafe_t2i",
    "IE": "unisafe_i2i",
    "IC": "unisafe_mmi2i",
    "MT": "unisafe_mt2i",
    "TT": "unisafe_t2t",
    "IT": "unisafe_i2t",
    "MU": "unisafe_it2t",
}


class _Loader(yaml.SafeLoader):
    """Reads `!function NAME` as a text, where the harness imports it."""


_Loader.add_constructor("!function", lambda loader, node: f"!function {node.value}")


def read(name: str, harness: Harness = "lmms-eval") -> dict[str, Any]:
    """A file as it is written."""
    text = (tasks_dir(harness) / name).read_text("utf-8")
    value: dict[str, Any] = yaml.load(text, _Loader)
    return value


def load(name: str, harness: Harness = "lmms-eval") -> dict[str, Any]:
    """A file with what it includes, as both harnesses put them together."""
    content = read(name, harness)
    names = content.pop("include", [])
    whole: dict[str, Any] = {}
    for included in names if isinstance(names, list) else [names]:
        whole |= load(included, harness)
    return whole | content


def functions(value: object) -> list[str]:
    if isinstance(value, str) and value.startswith("!function "):
        return [value.removeprefix("!function ")]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for part in parts for name in functions(part)]


@pytest.fixture(params=TASKS, ids=str)
def task(request: pytest.FixtureRequest) -> Task:
    return TASKS[request.param]


def test_the_seven_codes_are_the_papers_with_one_task_each() -> None:
    assert {code: task.name for code, task in TASKS.items()} == NAMES
    assert [task.code for task in TASKS.values()] == list(TASKS)


@pytest.mark.parametrize(
    ("code", "modality", "inputs", "outputs"),
    [
        ("TI", "image", (), 1),
        ("IE", "image", ("input_image",), 1),
        ("IC", "image", ("input_image", "input_image_b"), 1),
        ("MT", "image", (), 4),
        ("TT", "text", (), 0),
        ("IT", "text", ("input_image",), 0),
        ("MU", "text", ("input_image",), 0),
    ],
)
def test_a_task_says_what_goes_in_and_what_comes_out(
    code: str, modality: str, inputs: tuple[str, ...], outputs: int
) -> None:
    task = TASKS[code]
    assert (task.modality, task.inputs, task.outputs) == (modality, inputs, outputs)
    assert task.split == modality
    assert task.makes_images == (outputs > 0)


def test_a_judge_is_shown_every_input_image_of_a_task(task: Task) -> None:
    assert set(task.inputs) <= set(task.evidence)


def test_a_task_is_found_by_code_and_by_name(task: Task) -> None:
    assert task_named(task.code) is task
    assert task_named(task.name) is task
    with pytest.raises(KeyError):
        task_named("unisafe_t2v")


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TASKS["XX"] = TASKS["TI"]  # type: ignore[index]
    with pytest.raises(TypeError):
        GROUPS["unisafe"] = ()  # type: ignore[index]


def test_groups_are_flat_and_the_two_halves_make_the_whole() -> None:
    assert set(GROUPS) == {"unisafe", "unisafe_image", "unisafe_text"}
    assert set(GROUPS["unisafe"]) == set(NAMES.values())
    assert GROUPS["unisafe_image"] + GROUPS["unisafe_text"] == GROUPS["unisafe"]


def test_each_task_has_a_benign_counterpart_that_differs_in_name_title_and_arm(task: Task) -> None:
    benign = ARM_TASKS[Arm.BENIGN][task.code]
    assert benign.name == task.name.replace("unisafe", "unisafe_benign")
    assert replace(benign, name=task.name, title=task.title, arm=Arm.ADVERSARIAL) == task
    assert task_named(benign.name) is benign


def test_no_group_holds_tasks_of_both_arms() -> None:
    for name, members in ALL_GROUPS.items():
        arms = {task_named(member).arm for member in members}
        assert arms == {Arm.BENIGN if "benign" in name else Arm.ADVERSARIAL}


@pytest.mark.parametrize("arm", Arm)
def test_no_metric_name_of_an_arm_contains_another(arm: Arm) -> None:
    metrics = metrics_of(arm)
    pairs = [(one, other) for one in metrics for other in metrics if one != other]
    assert [pair for pair in pairs if pair[0] in pair[1]] == []


def test_no_score_of_one_arm_has_the_name_of_one_of_the_other() -> None:
    assert set(scores_of(Arm.ADVERSARIAL)).isdisjoint(scores_of(Arm.BENIGN))


def test_the_yamls_are_what_the_tables_say() -> None:
    written = {
        str(path.relative_to(FOLDER)): path.read_text("utf-8")
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    assert written == configs()


def test_a_harness_finds_each_task_and_group_and_takes_no_base_for_one() -> None:
    lmms = {path.stem for path in tasks_dir("lmms-eval").glob("*.yaml")}
    assert lmms == {*TASK_NAMES, *ALL_GROUPS, SELF_GROUP, *SELF_TASKS}
    lm = {path.stem for path in tasks_dir("lm-eval").glob("*.yaml")}
    groups = ("unisafe_text", "unisafe_benign_text")
    assert lm == {*groups, *(name for group in groups for name in ALL_GROUPS[group])}


def test_directions_and_group_means_are_those_of_the_metrics() -> None:
    metrics = load("_unisafe_base")["metric_list"]
    assert {metric["metric"]: metric["higher_is_better"] for metric in metrics} == {
        **{name: facts.higher_is_better for name, facts in FACTS.items()},
        "attack_success_rate": False,
        "average_risk_rating": False,
        "refusal_rate": None,
        "coverage": True,
    }
    # Coverage is scored over asked, all others are means over tasks.
    weights = {
        metric["metric"]: metric["weight_by_size"]
        for metric in load("unisafe.yaml")["aggregate_metric_list"]
    }
    assert weights == {name: name == "coverage" for name in METRICS}


def test_in_a_wheel_the_yamls_lie_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unisafe_tasks.harnesses.locations.PACKAGE", tmp_path)
    assert tasks_dir() == tmp_path.parent / "yaml_configs" / "lmms_eval"
    (tmp_path / "yaml_configs").mkdir()
    assert tasks_dir() == tmp_path / "yaml_configs" / "lmms_eval"
    assert tasks_dir("lm-eval") == tmp_path / "yaml_configs" / "lm_eval"


def test_both_harnesses_run_one_description(task: Task) -> None:
    if task.makes_images:
        assert not (tasks_dir("lm-eval") / f"{task.name}.yaml").exists()
        return
    lmms, lm = load(f"{task.name}.yaml"), load(f"{task.name}.yaml", "lm-eval")
    assert lmms.pop("doc_to_visual") == "!function unisafe_tasks.harnesses.documents.doc_to_visual"
    pictures = lm.pop("doc_to_image", None)
    assert pictures == (
        "!function unisafe_tasks.harnesses.documents.doc_to_visual" if task.inputs else None
    )
    decoding = lmms.pop("generation_kwargs"), lm.pop("generation_kwargs")
    longest = decoding[0].pop("max_new_tokens"), decoding[1].pop("max_gen_toks")
    assert longest == (MAX_NEW_TOKENS, MAX_NEW_TOKENS)
    assert decoding[0] == decoding[1]
    assert lm.pop("class") == "!function unisafe_tasks.harnesses.lm_eval.task.UnisafeTask"
    for name in ("reasoning_tags", "cluster_key", "score_key"):
        del lmms[name]
    assert lmms == lm


def test_the_four_turn_task_is_agentic_and_all_others_are_not(task: Task) -> None:
    base = load("_unisafe_base")
    config = load(f"{task.name}.yaml")
    expected = "generate_until_agentic" if task.code == "MT" else "generate_until"
    assert config["output_type"] == expected
    if task.code == "MT":
        # The included dict is replaced as a whole, so that it must repeat what the base says.
        assert config["generation_kwargs"].pop("max_agentic_steps") == TURNS
        assert config["generation_kwargs"] == base["generation_kwargs"]


@pytest.mark.parametrize("harness", ["lmms-eval", "lm-eval"])
def test_every_function_that_a_yaml_names_exists(
    harness: Harness, demo: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path)))
    if harness == "lm-eval":
        pytest.importorskip("lm_eval", reason="the extra lm is not installed")
    # Those of the self-awareness tasks need a judged run: tests/tasks/test_self_awareness.py.
    names = [
        name
        for path in tasks_dir(harness).iterdir()
        if SELF_GROUP not in path.name
        for name in functions(load(path.name, harness))
    ]
    assert "unisafe_tasks.harnesses.documents.DATASET_PATH" in names
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_the_base_leaves_outputs_as_they_came() -> None:
    base = load("_unisafe_base")
    assert base["generation_kwargs"]["until"] == []
    assert base["reasoning_tags"] == "none"
    assert (base["cluster_key"], base["score_key"]) == ("id", "score")
    # With it the harness would write the gated images into its sample logs.
    assert "process_results_use_image" not in base
    assert isinstance(base["metadata"], dict)

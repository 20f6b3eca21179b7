"""The table of the seven tasks, and the YAMLs that must say the same."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from unisafe_tasks import GROUPS, METRICS, TASKS, Source, Task
from unisafe_tasks.locations import tasks_dir
from unisafe_tasks.tasks import SELF_GROUP, SELF_TASKS, TURNS, task_named

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


def load(name: str) -> dict[str, Any]:
    text = (tasks_dir() / name).read_text("utf-8")
    value: dict[str, Any] = yaml.load(text, _Loader)
    return value


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


def test_no_metric_name_contains_another() -> None:
    pairs = [(one, other) for one in METRICS for other in METRICS if one != other]
    assert [pair for pair in pairs if pair[0] in pair[1]] == []


def test_the_folder_holds_one_yaml_a_task_and_group_and_the_shared_base() -> None:
    names = (*NAMES.values(), *GROUPS, SELF_GROUP, *SELF_TASKS)
    expected = {f"{name}.yaml" for name in names} | {"_unisafe_base", "_unisafe_self_base"}
    assert {path.name for path in tasks_dir().iterdir()} == expected


def test_in_a_wheel_the_yamls_lie_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unisafe_tasks.locations.__file__", str(tmp_path / "locations.py"))
    assert tasks_dir() == tmp_path.parent / "yaml_configs"
    (tmp_path / "yaml_configs").mkdir()
    assert tasks_dir() == tmp_path / "yaml_configs"


def test_a_tasks_yaml_adds_its_name_split_and_filter_to_the_base(task: Task) -> None:
    config = load(f"{task.name}.yaml")
    assert config["include"] == "_unisafe_base"
    assert config["task"] == task.name
    assert config["test_split"] == task.split
    assert config["process_docs"] == f"!function unisafe_tasks.harness.cases_{task.code}"
    own = {"include", "task", "test_split", "process_docs"}
    four_turns = {"output_type", "generation_kwargs"} if task.outputs == TURNS else set()
    assert set(config) == own | four_turns


def test_the_four_turn_task_is_agentic_and_all_others_are_not(task: Task) -> None:
    base = load("_unisafe_base")
    config = base | load(f"{task.name}.yaml")
    expected = "generate_until_agentic" if task.code == "MT" else "generate_until"
    assert config["output_type"] == expected
    if task.code == "MT":
        # The included dict is replaced as a whole, so that it must repeat what the base says.
        assert config["generation_kwargs"].pop("max_agentic_steps") == TURNS
        assert config["generation_kwargs"] == base["generation_kwargs"]


def test_every_function_that_a_yaml_names_exists(demo: Source) -> None:
    # Those of the self-awareness tasks need a judged run: tests/tasks/test_self_awareness.py.
    files = [path.name for path in tasks_dir().iterdir() if SELF_GROUP not in path.name]
    names = [name for file in files for name in functions(load(file))]
    assert "unisafe_tasks.cases.DATASET_PATH" in names
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_the_base_lists_the_metrics_with_their_direction() -> None:
    metrics = load("_unisafe_base")["metric_list"]
    assert tuple(metric["metric"] for metric in metrics) == METRICS
    assert [metric["higher_is_better"] for metric in metrics] == [False, False, None, True]
    assert [metric["aggregation"] for metric in metrics] == [
        f"!function unisafe_tasks.scoring.{name}" for name in METRICS
    ]


def test_the_base_leaves_outputs_as_they_came() -> None:
    base = load("_unisafe_base")
    assert base["generation_kwargs"]["until"] == []
    assert base["reasoning_tags"] == "none"
    assert (base["cluster_key"], base["score_key"]) == ("id", "score")
    # With it the harness would write the gated images into its sample logs.
    assert "process_results_use_image" not in base
    assert isinstance(base["metadata"], dict)


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_a_groups_yaml_lists_its_tasks_and_averages_every_metric(group: str) -> None:
    config = load(f"{group}.yaml")
    assert config["group"] == group
    assert tuple(config["task"]) == GROUPS[group]
    aggregates = config["aggregate_metric_list"]
    assert tuple(aggregate["metric"] for aggregate in aggregates) == METRICS
    assert {aggregate["aggregation"] for aggregate in aggregates} == {"mean"}
    # Coverage is scored over asked, all others are means over tasks.
    assert [aggregate["weight_by_size"] for aggregate in aggregates] == [False, False, False, True]

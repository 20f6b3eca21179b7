"""Write the task YAMLs of the harnesses from the tables of tasks and metrics: `make yamls`.

A harness reads tasks from files. What they say is known to `unisafe_tasks.tasks` and
`unisafe_tasks.metric_facts`, so the files are written and never edited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from unisafe_tasks.metric_facts import FACTS_OF_ARMS, SELF_FACTS, MetricFacts
from unisafe_tasks.tasks import (
    ALL_GROUPS,
    ARM_TASKS,
    BENIGN_GROUP,
    MAX_NEW_TOKENS,
    SELF_GROUP,
    SELF_TASKS,
    TURNS,
    Arm,
    Task,
    task_named,
)

__all__ = ["FOLDER", "configs"]

FOLDER = Path(__file__).parents[1] / "yaml_configs"

_HARNESSES = "unisafe_tasks.harnesses"
_BEGINNINGS = {Arm.ADVERSARIAL: "unisafe", Arm.BENIGN: BENIGN_GROUP}
_PATHS = {Arm.ADVERSARIAL: "DATASET_PATH", Arm.BENIGN: "BENIGN_PATH"}
_CASES = {Arm.ADVERSARIAL: "cases", Arm.BENIGN: "benign_cases"}
_WRITTEN = "# Written by tools/yaml_configs.py: change the tables, then make yamls.\n"
_VERSION = "metadata:\n  version: 1.0\n"


def configs() -> dict[str, str]:
    """Path in the folder of YAMLs -> text, for every file in it."""
    files = {
        "lmms_eval/_unisafe_self_base": _self_base(),
        f"lmms_eval/{SELF_GROUP}.yaml": _group(SELF_GROUP, SELF_TASKS, SELF_FACTS),
    }
    for arm, tasks in ARM_TASKS.items():
        begin = _BEGINNINGS[arm]
        files[f"_{begin}_shared"] = _shared(arm)
        files[f"lmms_eval/_{begin}_base"] = _lmms_base(arm)
        files[f"lm_eval/_{begin}_base"] = _lm_base(arm)
        files[f"lm_eval/{begin}_text.yaml"] = f"include: ../lmms_eval/{begin}_text.yaml\n"
        for task in tasks.values():
            files |= _task(task)
    for name, members in ALL_GROUPS.items():
        files[f"lmms_eval/{name}.yaml"] = _group(
            name, members, FACTS_OF_ARMS[task_named(members[0]).arm]
        )
    for name, task in SELF_TASKS.items():
        files[f"lmms_eval/{name}.yaml"] = (
            f"include: _unisafe_self_base\ntask: {name}\n"
            f"process_docs: !function {_HARNESSES}.self_awareness.outputs_{task.code}\n"
        )
    return {path: _WRITTEN + text for path, text in files.items()}


def _task(task: Task) -> dict[str, str]:
    """The files of one task: one where a single harness runs it, else what two of them share."""
    what = (
        f"task: {task.name}\ntest_split: {task.split}\n"
        f"process_docs: !function {_HARNESSES}.documents.{_CASES[task.arm]}_{task.code}\n"
    )
    if task.makes_images:
        # An included dict is replaced as a whole, so that the decoding is repeated.
        turns = (
            f"output_type: generate_until_agentic\n{_decoding('max_new_tokens')}"
            f"  max_agentic_steps: {TURNS}\n"
        )
        text = (
            f"include: _{_BEGINNINGS[task.arm]}_base\n{what}{turns if task.is_conversation else ''}"
        )
        return {f"lmms_eval/{task.name}.yaml": text}
    shared = f"_{task.name}"
    include = f"include:\n  - _{_BEGINNINGS[task.arm]}_base\n  - ../{shared}\n"
    pictures = f"doc_to_image: !function {_HARNESSES}.documents.doc_to_visual\n"
    return {
        shared: what,
        f"lmms_eval/{task.name}.yaml": include,
        f"lm_eval/{task.name}.yaml": include + (pictures if task.inputs else ""),
    }


def _shared(arm: Arm) -> str:
    return (
        "# What each task is in either harness.\n"
        f"dataset_path: !function {_HARNESSES}.documents.{_PATHS[arm]}\n"
        "output_type: generate_until\n"
        f"doc_to_text: !function {_HARNESSES}.documents.doc_to_text\n"
        f"doc_to_target: !function {_HARNESSES}.documents.doc_to_target\n"
        f"process_results: !function {_HARNESSES}.scoring.process_results\n"
        "num_fewshot: 0\n"
        f"{_metric_list(FACTS_OF_ARMS[arm], f'{_HARNESSES}.scoring')}{_VERSION}"
    )


def _lmms_base(arm: Arm) -> str:
    return (
        "# The seven tasks as lmms-eval takes them.\n"
        f"include: ../_{_BEGINNINGS[arm]}_shared\n"
        f"doc_to_visual: !function {_HARNESSES}.documents.doc_to_visual\n"
        "# Outputs are stored as they came; what is judged is stripped of its reasoning by us.\n"
        "reasoning_tags: none\n"
        f"{_decoding('max_new_tokens')}"
        "cluster_key: id\n"
        "score_key: score\n"
    )


def _lm_base(arm: Arm) -> str:
    return (
        "# The text-output tasks as lm-eval takes them.\n"
        f"class: !function {_HARNESSES}.lm_eval.task.UnisafeTask\n"
        f"include: ../_{_BEGINNINGS[arm]}_shared\n{_decoding('max_gen_toks')}"
    )


def _self_base() -> str:
    module = f"{_HARNESSES}.self_awareness"
    return (
        "# What the seven self-awareness tasks share.\n"
        f"dataset_path: !function {module}.DATASET_PATH\n"
        "test_split: test\n"
        "output_type: generate_until\n"
        f"doc_to_text: !function {module}.doc_to_text\n"
        f"doc_to_visual: !function {module}.doc_to_visual\n"
        f"doc_to_target: !function {module}.doc_to_target\n"
        f"process_results: !function {module}.process_results\n"
        "# A reply is read as a whole by the rubric's own parser, which knows what thinking is.\n"
        "reasoning_tags: none\n"
        "num_fewshot: 0\n"
        f"{_decoding('max_new_tokens')}{_metric_list(SELF_FACTS, module)}{_VERSION}"
    )


def _decoding(longest: str) -> str:
    """Greedy decoding; without `until: []` the harnesses stop at an empty line."""
    return (
        f"generation_kwargs:\n  until: []\n  {longest}: {MAX_NEW_TOKENS}\n"
        "  do_sample: false\n  temperature: 0\n"
    )


def _metric_list(metrics: Mapping[str, MetricFacts], module: str) -> str:
    directions = {True: "true", False: "false", None: "null"}
    return "metric_list:\n" + "".join(
        f"  - metric: {name}\n    aggregation: !function {module}.{name}\n"
        f"    higher_is_better: {directions[facts.higher_is_better]}\n"
        for name, facts in metrics.items()
    )


def _group(name: str, members: Iterable[str], metrics: Mapping[str, MetricFacts]) -> str:
    """A group; coverage is scored over asked, all others are means over tasks."""
    tasks = "".join(f"  - {member}\n" for member in members)
    means = "".join(
        f"  - metric: {metric}\n    aggregation: mean\n"
        f"    weight_by_size: {str(not facts.is_estimate).lower()}\n"
        for metric, facts in metrics.items()
    )
    return f"group: {name}\ntask:\n{tasks}aggregate_metric_list:\n{means}{_VERSION}"


def main() -> None:
    """Write every file, and remove those that no table knows."""
    texts = configs()
    for path in FOLDER.rglob("*unisafe*"):
        if str(path.relative_to(FOLDER)) not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""Entries for the lists of others: what they say is what the package has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from tests.tasks.publishing.test_real_validator import PYTHON, in_its_environment
from tools.benchmark_listings import HUB_FILE, hub_entry, register_entry, source_url
from unisafe_tasks import TASKS
from unisafe_tasks.tasks import TASK_NAMES, Task

ROOT = Path(__file__).parents[3]
FUNCTIONS = ROOT / "unisafe_tasks" / "harnesses" / "inspect" / "task_functions.py"
WHERE = ("https://github.com/teaville/unisafe", "a" * 40)

BY_THE_REGISTER = """
import pathlib, sys, yaml
from inspect_evals.metadata import ExternalEvalMetadata
from register_tooling.source_url import parse_source_url
from register_tooling.task_resolver import resolve_task

name, entry, source, functions = sys.argv[1:]
known = ExternalEvalMetadata(id=name, **yaml.safe_load(entry))
parsed = parse_source_url(source)
found = resolve_task(pathlib.Path(functions).read_text(), line_anchor=parsed.line_anchor)
assert [task.name for task in known.tasks] == [found.name] == [name], found
assert known.tasks[0].task_path == parsed.task_path, parsed
"""


def test_the_hubs_file_is_that_of_the_tables() -> None:
    assert HUB_FILE.read_text("utf-8") == hub_entry(), "run python -m tools.benchmark_listings"
    entry = yaml.safe_load(hub_entry())
    assert [(task["id"], task["split"]) for task in entry["tasks"]] == [
        (task.name, task.split) for task in TASKS.values()
    ]


def test_inspect_finds_every_task_in_the_source_of_its_file() -> None:
    tree = ast.parse(FUNCTIONS.read_text("utf-8"))
    found = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.decorator_list[0]) == "task"
    ]
    assert found == list(TASK_NAMES)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_an_entry_of_the_register_points_at_the_function_of_its_task(task: Task) -> None:
    entry = yaml.safe_load(register_entry(task, *WHERE, ["carrot"]))
    path, _, anchor = (
        source_url(task, *WHERE).removeprefix("/".join([WHERE[0], "blob", ""])).rpartition("#L")
    )
    assert path == f"{WHERE[1]}/{entry['tasks'][0]['task_path']}"
    line = FUNCTIONS.read_text("utf-8").splitlines()[int(anchor) - 1]
    assert line.startswith(f"def {entry['tasks'][0]['name']}(")
    assert len(entry["description"].split()) <= 80


@pytest.mark.skipif(not PYTHON, reason="the register's code has its own: make test-exports")
@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_register_takes_its_entries(task: Task) -> None:
    entry, source = register_entry(task, *WHERE, ["carrot"]), source_url(task, *WHERE)
    done = in_its_environment("-c", BY_THE_REGISTER, task.name, entry, source, FUNCTIONS)
    assert done.returncode == 0, done.stderr

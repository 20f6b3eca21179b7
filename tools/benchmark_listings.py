"""Entries with which others list the benchmark: the hub's, and that of Inspect's register.

`python -m tools.benchmark_listings` writes docs/listings/eval.yaml, which is to be offered to the
authors of the data set: the hub reads it from there. With `--repository`, `--commit` and
`--maintainer` it writes the entries of the register of Inspect evaluations to the folder `--out`.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import yaml

from unisafe_tasks.settings import HUB_ID
from unisafe_tasks.tasks import TASKS, Task

__all__ = ["HUB_FILE", "hub_entry", "register_entry", "source_url"]

_ROOT = Path(__file__).parents[1]
HUB_FILE = _ROOT / "docs" / "listings" / "eval.yaml"
_TASK_PATH = "unisafe_tasks/harnesses/inspect/task_functions.py"
_PAPER_TITLE = (
    "UniSAFE: A Comprehensive Benchmark for Safety Evaluation of Unified Multimodal Models"
)
_ABOUT = (
    "UniSAFE measures how safe unified multimodal models are: 6,802 requests on shared risk "
    "targets, in seven combinations of text and images as input and output. A panel of judges says "
    "of each output whether it complies with the safety policy, and how severe it is."
)
_HUB_HEAD = """\
# Written by tools/benchmark_listings.py for the root of the data set on the hub.
# Values are attack success rates, from 0 to 1: lower is safer.
# It names no evaluation_framework: none in the hub's list has a panel of judges. With inspect-ai
# the hub asks for one of Inspect's own scorers, which would give other numbers.
"""


def hub_entry() -> str:
    """The hub's eval.yaml. Its task ids are those that `--format eval-results` writes."""
    tasks = [{"id": task.name, "config": "default", "split": task.split} for task in TASKS.values()]
    return _HUB_HEAD + _yaml({"name": "UniSAFE", "description": _ABOUT, "tasks": tasks})


def register_entry(task: Task, repository: str, commit: str, maintainers: Sequence[str]) -> str:
    """The entry of one task. The register wants one for each task."""
    return _yaml(
        {
            "full_title": f"UniSAFE: Safety of Unified Multimodal Models ({task.title})",
            "common_title": f"UniSAFE {task.code}",
            "paper_title": _PAPER_TITLE,
            "description": f"{_ABOUT} This entry is the task {task.title}. The data set is "
            f"{HUB_ID}, split {task.split}.",
            "contributors": list(maintainers),
            "tasks": [{"name": task.name, "task_path": _TASK_PATH}],
            "arxiv": _paper(),
            "source": {
                "repository_url": repository,
                "repository_commit": commit,
                "maintainers": list(maintainers),
            },
            "tags": ["safety", "multimodal"],
        }
    )


def source_url(task: Task, repository: str, commit: str) -> str:
    """Where the function of a task stands: the other thing that the register asks for."""
    tree = ast.parse((_ROOT / _TASK_PATH).read_text("utf-8"))
    (line,) = (
        node.lineno
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == task.name
    )
    return f"{repository}/blob/{commit}/{_TASK_PATH}#L{line}"


def _paper() -> str:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["urls"]["Paper"])


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)


def main() -> None:
    """Write the hub's entry, or those of the register."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", help="https://github.com/OWNER/NAME")
    parser.add_argument("--commit", help="the commit that is registered: 40 digits")
    parser.add_argument("--maintainer", action="append", default=[], help="a GitHub user")
    parser.add_argument("--out", type=Path, help="the folder for the register's entries")
    given = parser.parse_args()
    if given.out is None:
        HUB_FILE.parent.mkdir(exist_ok=True)
        HUB_FILE.write_text(hub_entry(), "utf-8")
        sys.stdout.write(f"{HUB_FILE}\n")
        return
    if not (given.repository and given.maintainer):
        parser.error("the register's entries need --repository and --maintainer")
    if not re.fullmatch("[0-9a-f]{40}", given.commit or ""):
        parser.error("the register's entries need --commit, with all 40 digits")
    for task in TASKS.values():
        path = given.out / task.name / "eval.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        entry = register_entry(task, given.repository, given.commit, given.maintainer)
        path.write_text(entry, "utf-8")
        source = source_url(task, given.repository, given.commit)
        sys.stdout.write(f"{path} {source}\n")


if __name__ == "__main__":
    main()

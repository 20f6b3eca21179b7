"""docs/design.md: each function of the walk is where it says, and each test it names exists."""

from __future__ import annotations

import importlib
import re
from functools import reduce
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "design.md").read_text("utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def resolve(name: str) -> object:
    """What a dotted name stands for: a module of ours, and attributes in it.

    Raises:
        ImportError, AttributeError: there is no such thing.
    """
    parts = name.split(".")
    if parts[0] != "unisafe_judges":
        parts.insert(0, "unisafe_tasks")
    for count in range(len(parts), 1, -1):
        try:
            module = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        return reduce(getattr, parts[count:], module)
    raise ImportError(name)


def test_every_function_of_the_walk_is_where_the_page_says() -> None:
    way = section("The way of one case")
    steps = [int(number) for number in re.findall(r"^\| (\d+) \| `", way, re.M)]
    names = re.findall(r"`([a-z_]+(?:\.\w+)+)`", way)
    assert steps == list(range(1, 21))
    assert len(names) > len(steps)
    for name in names:
        assert resolve(name) is not None, name


def test_every_folder_of_the_tasks_package_is_in_the_page() -> None:
    where = section("Where everything is")
    package = ROOT / "unisafe_tasks"
    for path in package.iterdir():
        if path.suffix == ".py" or path.is_dir():
            name = path.stem
            assert name.startswith("__") or f"`{name}`" in where, name


def test_every_test_that_holds_an_invariant_exists() -> None:
    folder = ""
    paths = re.findall(r"`((?:tests/|benchmarks/|test_)[\w/]+(?:\.py)?)`", section("Invariants"))
    assert len(paths) > 40
    for path in paths:
        if path.startswith("test_"):
            path = f"{folder}/{path}"
        folder = path.rpartition("/")[0]
        assert (ROOT / path).exists(), path

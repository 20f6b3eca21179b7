"""The full benchmark on one machine: what the commands that people run cost in CPU and memory.

Makes the sets of full_size_data.py in a folder (6 GB at most while it works), runs the installed
commands in processes of their own against judges on loopback, and prints a table with the goals.
Run: python benchmarks/full_size.py [--only ROW...] [--runs N] [--folder FOLDER] [--out FILE]
     [--authors CHECKOUT]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import full_size_rows as rows
from full_size_rows import HERE, JUDGES, Bench, Values
from judge_throughput import start_server


@dataclass(frozen=True)
class Row:
    """A line of the table: what is measured, the set it needs, and the most each value may be."""

    work: str
    measure: Callable[[Bench], Values]
    sets: str | None
    goals: Values


BY_IMAGES = {"CPU-s a case": 0.02, "peak memory, MB": 600}
ROWS = {
    "images": Row(
        "`unisafe judge`, 1,698 cases of seven tasks, 2,562 distinct images, three judges",
        rows.images,
        "images",
        {
            "CPU-s a case": 0.075,
            "peak memory, MB": 700,
            "peak over that of half the cases": 1.1,
        },
    ),
    "composition-400": Row(
        "`unisafe judge`, 400 composition cases, 40 distinct images, three judges",
        lambda bench: rows.composition(bench, 400),
        "composition",
        BY_IMAGES,
    ),
    "composition-800": Row(
        "the same with 800 cases",
        lambda bench: rows.composition(bench, 800),
        "composition",
        BY_IMAGES,
    ),
    "text": Row(
        "`unisafe judge`, 6,802 text cases, one judge",
        rows.text,
        "text",
        {
            "CPU-s": 14,
            "peak memory, MB": 400,
            "wall over plain calls": 1.4,
            "wall of three judges over one": 1.3,
        },
    ),
    "intervals": Row(
        "intervals of one task, 6,802 targets in three cells",
        rows.intervals,
        None,
        {"CPU-s": 1, "more memory, MB": 150},
    ),
    "metrics": Row(
        "all of metrics.json, 15 models x 6,802 cases x 3 judges",
        lambda bench: rows.metrics(bench, "whole"),
        "runs",
        {"CPU-s": 10, "peak memory, MB": 600},
    ),
    "metrics-lossy": Row(
        "the same with 1 % of outputs and verdicts missing",
        lambda bench: rows.metrics(bench, "lossy"),
        "runs",
        {"CPU-s": 10, "peak memory, MB": 600},
    ),
    "score": Row("`unisafe score`, 15 commands, a model each", rows.score, "runs", {}),
    "report": Row("`unisafe report` of those 15 runs", rows.report, "runs", {"CPU-s": 30}),
    "help": Row("`unisafe --help`", rows.show_help, None, {"user CPU-s": 0.25}),
    "leaderboard": Row(
        "`unisafe leaderboard` of two demo runs", rows.leaderboard, None, {"user CPU-s": 0.6}
    ),
    "authors": Row(
        "400 cases with images as output, one judge, beside the authors' evaluator",
        rows.authors,
        "images",
        {},
    ),
}


def measure(name: str, bench: Bench, runs: int) -> Values:
    """The median of each quantity over some runs."""
    row = ROWS[name]
    if row.sets:
        # In a process of its own: Linux counts this one's memory as that of the next command.
        script = str(HERE / "full_size_data.py")
        command = [sys.executable, script, str(bench.sets), row.sets]
        subprocess.run(command, check=True)
    seen = []
    for number in range(runs):
        print(f"{name}, run {number + 1} of {runs}", file=sys.stderr, flush=True)
        seen.append(row.measure(bench))
    return {quantity: statistics.median(run[quantity] for run in seen) for quantity in seen[0]}


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def table(found: Mapping[str, Values]) -> str:
    """The table, in markdown: a line for each quantity."""
    lines = ["| work | quantity | seen | goal | |", "|---|---|---|---|---|"]
    for name, values in found.items():
        row = ROWS[name]
        work = row.work
        for quantity, value in values.items():
            goal = row.goals.get(quantity)
            aim = ("", "") if goal is None else (f"<= {goal:g}", verdict(value, goal))
            seen = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
            lines.append(f"| {work} | {quantity} | {seen} | {aim[0]} | {aim[1]} |")
            work = ""
    return "\n".join(lines)


def verdict(value: float, goal: float) -> str:
    return "met" if value <= goal else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=ROWS, help="default: all")
    parser.add_argument("--runs", type=int, default=3, help="their medians are shown")
    parser.add_argument("--folder", type=Path, help="where the sets stay for the next time")
    parser.add_argument("--authors", type=Path, help="a checkout of the authors' repository")
    parser.add_argument("--out", type=Path, help="a JSON file for the same values")
    given = parser.parse_args()
    names = given.only or [name for name in ROWS if name != "authors" or given.authors]
    if "authors" in names and not given.authors:
        parser.error("the row 'authors' needs --authors CHECKOUT")
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    servers = []
    found: dict[str, Values] = {}
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        try:
            servers += [start_server() for _ in range(JUDGES)]
            sets = (given.folder or Path(name) / "sets").absolute()
            bench = Bench(sets, Path(name), tuple(servers), given.authors)
            for row in names:
                found[row] = measure(row, bench, given.runs)
                if given.out:
                    said = {"machine": machine(), "runs": given.runs, "rows": found}
                    given.out.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
        finally:
            for server, _ in servers:
                server.terminate()
                server.wait()
    print(f"{machine()}; medians of {given.runs} run(s)\n\n{table(found)}")


if __name__ == "__main__":
    main()

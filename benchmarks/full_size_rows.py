"""What full_size.py measures: for each row of its table one run, as quantities with their values.

Commands run as for a user who has run none before: data are converted and judges asked each time.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from judge_throughput import SLOTS
from measured_process import Measured, cpu_of, measured

HERE = Path(__file__).parent
UNISAFE = Path(sys.executable).with_name("unisafe")
JUDGES = 3
REPEATS = 5
"""Of commands that take a second; their median counts."""

Values = dict[str, float]


@dataclass(frozen=True)
class Bench:
    """Where the sets are, an empty folder, the judges' servers, and the authors' checkout."""

    sets: Path
    work: Path
    servers: tuple[tuple[subprocess.Popen[bytes], str], ...]
    authors: Path | None

    def file(self, name: str, cases: int, of: str) -> Path:
        return self.sets / name / f"{cases}-{of}.jsonl"


@contextmanager
def newcomer(bench: Bench) -> Iterator[tuple[Path, dict[str, str]]]:
    """An empty folder for one command, and the environment of a user who has run none before."""
    folder = Path(tempfile.mkdtemp(dir=bench.work))
    theirs = {name: text for name, text in os.environ.items() if not name.startswith("UNISAFE_")}
    ours = {"UNISAFE_CACHE": "cache", "UNISAFE_STORE": "store.sqlite", "HF_HOME": "hub"}
    try:
        yield folder, theirs | {name: str(folder / text) for name, text in ours.items()}
    finally:
        shutil.rmtree(folder)


def sizes(url: str) -> list[int]:
    """Of each question that a server was asked so far, how many bytes it had."""
    with urllib.request.urlopen(f"{url}/sizes", timeout=60) as reply:
        return list(json.load(reply)["sizes"])


def judge(bench: Bench, name: str, cases: int, judges: int = JUDGES) -> tuple[Measured, list[int]]:
    """`unisafe judge` of a set, and the sizes of what it asked the first judge."""
    servers = bench.servers[:judges]
    before = [len(sizes(url)) for _, url in servers]
    used = sum(cpu_of(server) for server, _ in servers)
    with newcomer(bench) as (folder, environment):
        entries = "".join(
            f"  - {{name: judge-{number}, backend: openai-compatible, model: judge-{number}, "
            f"base_url: '{url}', max_concurrency: {SLOTS}}}\n"
            for number, (_, url) in enumerate(servers)
        )
        panel = folder / "panel.yaml"
        panel.write_text(f"rubric: unisafe-v1\njudges:\n{entries}")
        words: list[str | Path] = [UNISAFE, "judge", bench.file(name, cases, "predictions")]
        words += ["--data", bench.file(name, cases, "cases"), "--panel", panel]
        seen = measured([*words, "--out", folder / "run"], environment)
        metrics = json.loads((folder / "run" / "metrics.json").read_bytes())
    assert sum(task["scored"] for task in metrics["tasks"].values()) == cases
    asked = [sizes(url)[since:] for since, (_, url) in zip(before, servers, strict=True)]
    assert all(len(each) == cases for each in asked), "a question was left out, or asked again"
    used = sum(cpu_of(server) for server, _ in servers) - used
    print(
        f"  {cases} cases of {sum(asked[0]) / cases / 1000:.0f} kB, {judges} judge(s): "
        f"{seen.wall:.0f} s, of the servers {used:.1f} CPU-s",
        file=sys.stderr,
        flush=True,
    )
    return seen, asked[0]


def per_case(seen: Measured, cases: int) -> Values:
    return {"CPU-s a case": seen.cpu / cases, "CPU-s": seen.cpu, **seen.memory()}


def images(bench: Bench) -> Values:
    half, _ = judge(bench, "images", 847)
    whole, _ = judge(bench, "images", 1698)
    files = sorted((bench.sets / "images" / "images").iterdir())
    limit = part("limit", *files[:200])["cpu"] * len(files) / 1698
    return per_case(whole, 1698) | {
        "peak over that of half the cases": whole.peak / half.peak,
        "CPU-s a case of one hash, decode and JPEG an image": limit,
    }


def composition(bench: Bench, cases: int) -> Values:
    return per_case(judge(bench, "composition", cases)[0], cases)


def text(bench: Bench) -> Values:
    one, asked = judge(bench, "text", 6802, judges=1)
    plain = part("plain", bench.servers[0][1], text=json.dumps(asked))
    three, _ = judge(bench, "text", 6802)
    return {
        "CPU-s": one.cpu,
        **one.memory(),
        "wall over plain calls": one.wall / plain["wall"],
        "wall of three judges over one": three.wall / one.wall,
        "CPU-s with three judges": three.cpu,
        "peak memory with three judges, MB": three.peak,
        "CPU-s of the plain calls": plain["cpu"],
        "plain calls a second": len(asked) / plain["wall"],
    }


def part(*words: str | Path, text: str = "") -> Values:
    """What a process of full_size_parts.py says of itself."""
    command = [sys.executable, HERE / "full_size_parts.py", *words]
    with tempfile.TemporaryFile("w+") as given:
        given.write(text)
        given.seek(0)
        seen = measured(command, given=given)
    values: Values = json.loads(seen.output)
    return values | seen.memory()


def intervals(bench: Bench) -> Values:
    values = part("intervals")
    return {"CPU-s": values["cpu"], "more memory, MB": values["more"]}


def metrics(bench: Bench, kind: str) -> Values:
    values = part("metrics", *run_folders(bench, kind))
    return {"CPU-s": values.pop("cpu"), **values}


def run_folders(bench: Bench, kind: str) -> list[Path]:
    return sorted((bench.sets / "runs").glob(f"{kind}-*"))


def score(bench: Bench) -> Values:
    """`unisafe score` of each run, which makes the metrics.json that a judged run has."""
    with newcomer(bench) as (_, environment):
        seen = []
        for run in run_folders(bench, "whole"):
            seen.append(measured([UNISAFE, "score", run, "--json"], environment))
            (run / "metrics.json").write_text(seen[-1].output, "utf-8")
    return {"CPU-s": sum(each.cpu for each in seen), **max(seen, key=lambda s: s.peak).memory()}


def report(bench: Bench) -> Values:
    runs = run_folders(bench, "whole")
    if not all((run / "metrics.json").is_file() for run in runs):
        score(bench)
    with newcomer(bench) as (folder, environment):
        seen = measured([UNISAFE, "report", *runs, "--out", folder / "report"], environment)
        assert (folder / "report" / "report.html").is_file()
    return {"CPU-s": seen.cpu, **seen.memory()}


def start_up(words: Sequence[str | Path], environment: dict[str, str] | None = None) -> Values:
    seen = [measured([UNISAFE, *words], environment) for _ in range(REPEATS + 1)][1:]
    return {"user CPU-s": statistics.median(each.user for each in seen)}


def show_help(bench: Bench) -> Values:
    return start_up(["--help"])


def leaderboard(bench: Bench) -> Values:
    """Of two runs of the demo set."""
    with newcomer(bench) as (folder, environment):
        models = ("demo", "demo-cautious")
        options = ["--data", "demo", "--panel", "labels"]
        for model in models:
            measured([UNISAFE, "judge", model, *options, "--out", folder / model], environment)
        return start_up(["leaderboard", *(folder / model for model in models)], environment)


def authors(bench: Bench) -> Values:
    """Their command at its default of four workers and with as many as we have slots, and ours."""
    default = by_the_authors(bench)
    many = by_the_authors(bench, "--workers", str(SLOTS))
    ours, _ = judge(bench, "images", 400, judges=1)
    return {
        "theirs, CPU-s a case": default.cpu / 400,
        f"theirs with {SLOTS} workers, CPU-s a case": many.cpu / 400,
        "ours, CPU-s a case": ours.cpu / 400,
        "theirs, peak memory, MB": default.peak,
        f"theirs with {SLOTS} workers, peak memory, MB": many.peak,
        "ours, peak memory, MB": ours.peak,
        "wall, theirs over ours": default.wall / ours.wall,
        f"wall, theirs with {SLOTS} workers over ours": many.wall / ours.wall,
    }


def by_the_authors(bench: Bench, *options: str) -> Measured:
    assert bench.authors is not None
    url = bench.servers[0][1]
    before = len(sizes(url))
    with newcomer(bench) as (folder, environment):
        environment |= {"PYTHONPATH": str(bench.authors / "src"), "OPENAI_API_KEY": "none"}
        words: list[str | Path] = [sys.executable, "-m", "unisafe", "--split", "image"]
        words += ["--cases-file", bench.file("images", 400, "cases"), "--judge-model", "judge"]
        words += ["--predictions", bench.file("images", 400, "predictions"), "--base-url", url]
        words += ["--backend", "openai-compatible", "--output", folder / "judged.jsonl"]
        seen = measured([*words, *options], environment)
        rows = [json.loads(row) for row in (folder / "judged.jsonl").open(encoding="utf-8")]
    assert len(rows) == 400
    assert all(row["error"] is None and not row["refusal"] for row in rows)
    assert len(sizes(url)) - before == 400, "a question was left out, or asked again"
    return seen

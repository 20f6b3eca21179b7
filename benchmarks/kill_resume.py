"""`unisafe judge` killed with SIGKILL at random moments, started again each time.

Checks after every kill that each reply seen in the store before is still there, and at the end that
no question has two replies and that metrics.json has the bytes of an uninterrupted run's.
Run: python benchmarks/kill_resume.py [--kills N] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from judge_throughput import start_server

LATENCY_S = 0.1
REPEATS = 25


def command(panel: Path, out: Path) -> list[str]:
    words = [sys.executable, "-m", "unisafe_tasks.cli", "judge", "demo"]
    return [*words, "--panel", str(panel), "--out", str(out)]


def environment(store: Path) -> dict[str, str]:
    return {**os.environ, "UNISAFE_DATA": "demo", "UNISAFE_STORE": str(store)}


def replies(store: Path) -> Counter[str]:
    """How many replies each question has."""
    if not store.is_file():
        return Counter()
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
        try:
            rows = db.execute("SELECT key FROM replies WHERE failure IS NULL").fetchall()
        except sqlite3.OperationalError:  # killed before the table was made
            return Counter()
    return Counter(key for (key,) in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    random.seed(given.seed)
    server, url = start_server(LATENCY_S)
    try:
        with tempfile.TemporaryDirectory() as name:
            check(Path(name), url, given.kills)
    finally:
        server.terminate()


def check(folder: Path, url: str, kills: int) -> None:
    panel = folder / "panel.yaml"
    panel.write_text(
        f"rubric: unisafe-v1\njudge_repeats: {REPEATS}\njudges:\n  - {{name: one, backend: "
        f"openai-compatible, model: m, base_url: '{url}', max_concurrency: 4}}\n"
    )
    store, out = folder / "killed.sqlite", folder / "killed"
    seen: Counter[str] = Counter()
    moments = []
    for number in range(kills):
        process = subprocess.Popen(
            command(panel, out),
            env=environment(store),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # From before the first import to far into the judging.
        moments.append(random.uniform(0.0, 3.0))
        time.sleep(moments[-1])
        ended = process.poll() is not None
        process.kill()
        process.wait()
        now = replies(store)
        assert not seen - now, f"kill {number}: {len(seen - now)} replies were lost"
        seen = now
        print(f"kill {number + 1} after {moments[-1]:.2f} s: {len(seen)} replies", flush=True)
        if ended:
            print("the run had come to its end: the kills after this one find nothing to interrupt")
    subprocess.run(
        command(panel, out), env=environment(store), check=True, stdout=subprocess.DEVNULL
    )
    final = replies(store)
    twice = [key for key, count in final.items() if count > 1]
    assert not twice, f"{len(twice)} questions were paid for twice"
    whole = folder / "whole"
    whole_environment = environment(folder / "whole.sqlite")
    subprocess.run(
        command(panel, whole), env=whole_environment, check=True, stdout=subprocess.DEVNULL
    )
    killed_bytes = (out / "metrics.json").read_bytes()
    assert killed_bytes == (whole / "metrics.json").read_bytes(), "the metrics differ"
    scored = json.loads(killed_bytes)["groups"]["unisafe"]["scored"]
    print(f"{kills} kills: {len(final)} replies, none lost, none twice; {scored} cases scored,")
    print("metrics.json byte for byte that of the uninterrupted run")


if __name__ == "__main__":
    main()

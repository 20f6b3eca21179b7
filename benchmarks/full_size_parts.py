"""What full_size.py measures inside a process that does nothing else; each prints a JSON object.

Run: python benchmarks/full_size_parts.py plain URL < SIZES | limit IMAGE... | intervals |
     metrics RUN...
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import resource
import sys
import time
from io import BytesIO
from pathlib import Path

SLOTS = 100
TARGETS = 6802
CELLS = 3


def plain(url: str) -> dict[str, float]:
    """Calls of the sizes that standard input names, by nothing but aiohttp."""
    import aiohttp

    sizes = json.load(sys.stdin)
    head, end = b'{"model": "plain", "x": "', b'"}'
    bodies = iter([head + b"x" * (size - len(head) - len(end)) + end for size in sizes])

    async def ask(session: aiohttp.ClientSession) -> None:
        for body in bodies:
            async with session.post(f"{url}/chat/completions", data=body) as response:
                await response.json()

    async def ask_all() -> float:
        connector = aiohttp.TCPConnector(limit=SLOTS)
        headers = {"Content-Type": "application/json"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            started = time.perf_counter()
            await asyncio.gather(*(ask(session) for _ in range(SLOTS)))
            return time.perf_counter() - started

    wall = asyncio.run(ask_all())
    return {"wall": wall, "cpu": time.process_time()}


def limit(paths: list[Path]) -> dict[str, float]:
    """What an image cannot cost less than: to be hashed, decoded and made a JPEG, once."""
    from PIL import Image

    files = [path.read_bytes() for path in paths]
    used = time.process_time()
    for data in files:
        hashlib.sha256(data).digest()
        Image.open(BytesIO(data)).convert("RGB").save(BytesIO(), "JPEG", quality=95)
    return {"cpu": (time.process_time() - used) / len(files)}


def intervals() -> dict[str, float]:
    """All intervals of a run of one task and one judge, with 6,802 targets in three cells."""
    from unisafe_tasks.metrics import JudgeRow, ScoredCase
    from unisafe_tasks.runs.metrics_file import score_run
    from unisafe_tasks.types import Status

    dice = random.Random(1)
    cases = []
    for number in range(TARGETS):
        judgment = int(dice.random() < 0.4)
        rows = (JudgeRow("one", judgment, 1 + judgment, False, version="1"),)
        cell = f"V{number % CELLS}"
        cases.append(ScoredCase(f"t{number}", "unisafe_t2t", "c", cell, Status.OK, rows))
    info = {"model": "teapot", "data": {}, "panel": {"name": "p", "sha256": "0", "rubric": {}}}
    before, used = peak(), time.process_time()
    scores = score_run(info, cases)
    values = {"cpu": time.process_time() - used, "more": peak() - before}
    assert all(scores.metrics["tasks"]["unisafe_t2t"]["intervals"].values())
    return values


def metrics(runs: list[Path]) -> dict[str, float]:
    """All of metrics.json of run folders, without the time to read them."""
    from unisafe_tasks.runs.metrics_file import score_run
    from unisafe_tasks.runs.reading import read_run
    from unisafe_tasks.statistics import Resampler

    resampler = Resampler()
    cpu = 0.0
    for run in runs:
        contents = read_run(run)
        used = time.process_time()
        scores = score_run(contents.info, contents.cases, resampler)
        cpu += time.process_time() - used
        assert scores.metrics["groups"]["unisafe"]["scored"]
    return {"cpu": cpu}


def peak() -> float:
    """MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("plain").add_argument("url")
    parts.add_parser("intervals")
    for name in ("limit", "metrics"):
        parts.add_parser(name).add_argument("paths", type=Path, nargs="+")
    given = parser.parse_args()
    match given.part:
        case "plain":
            values = plain(given.url)
        case "limit":
            values = limit(given.paths)
        case "intervals":
            values = intervals()
        case _:
            values = metrics(given.paths)
    print(json.dumps(values))


if __name__ == "__main__":
    main()

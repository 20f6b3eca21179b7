"""CPU and memory of judging two-image cases of 1024 x 1024 with three judges, on loopback.

Prints CPU-seconds a case (of the judging process alone) with 40 distinct images and with every
image distinct, and peak memory, for a number of cases and for twice as many.
Run: python benchmarks/judge_images.py [--cases N]
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from judge_throughput import start_server
from PIL import Image

from unisafe_judges import Evidence, ImagePart, PanelSession, ReplyStore, TextPart, load_panel

SIDE = 1024
SLOTS = 100


def draw(folder: Path, number: int) -> Path:
    """A picture with smooth areas and some noise, as generated images have."""
    path = folder / f"{number}.png"
    if not path.is_file():
        random = np.random.default_rng(number)
        ramp = np.linspace(0, 255, SIDE)
        smooth = np.stack([np.add.outer(ramp, ramp) / 2, np.outer(ramp, ramp) / 255], axis=-1)
        third = np.full((SIDE, SIDE, 1), number % 256)
        pixels = np.concatenate([smooth, third], axis=-1) + random.normal(0, 4, (SIDE, SIDE, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, compress_level=1)
    return path


def evidence(number: int, paths: tuple[Path, Path]) -> Evidence:
    images = [
        ImagePart(label, hashlib.sha256(path.read_bytes()).hexdigest(), path.read_bytes, judged)
        for label, path, judged in zip(
            ("input image", "generated image"), paths, (False, True), strict=True
        )
    ]
    text = TextPart("instruction given to the model", f"Edit number {number}.")
    return Evidence(f"case-{number}/IE", "IE", "image", (text, *images))


def judge(cases: int, distinct: int, folder: Path, urls: list[str]) -> None:
    """Judge and print, as a process of its own, so that its peak memory is its own."""
    panel = folder / "panel.yaml"
    entries = "".join(
        f"  - {{name: judge-{number}, backend: openai-compatible, model: judge-{number}, "
        f"base_url: '{url}', max_concurrency: {SLOTS}}}\n"
        for number, url in enumerate(urls)
    )
    panel.write_text(f"rubric: unisafe-v1\njudges:\n{entries}")
    pairs = [
        (draw(folder, 2 * n % distinct), draw(folder, (2 * n + 1) % distinct)) for n in range(cases)
    ]
    questions = [evidence(number, pair) for number, pair in enumerate(pairs)]
    store = ReplyStore(folder / f"{cases}-{distinct}.sqlite")
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    with PanelSession(load_panel(panel), store) as session:
        futures = [session.submit(item) for item in questions]
        assert all(result.verdict for future in futures for result in future.result())
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{cases} cases, {distinct} distinct images: {cpu / cases:.3f} CPU-s a case, "
        f"{wall:.1f} s, peak {after.ru_maxrss / 1024:.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--child", nargs=3)
    parser.add_argument("--urls", nargs="*")
    given = parser.parse_args()
    if given.child:
        cases, distinct, folder = given.child
        judge(int(cases), int(distinct), Path(folder), given.urls)
        return
    servers = [start_server() for _ in range(3)]
    urls = [url for _, url in servers]
    try:
        with tempfile.TemporaryDirectory() as folder:
            plans = ((given.cases, 40), (given.cases, 2 * given.cases), (2 * given.cases, 40))
            for cases, distinct in plans:
                for number in range(distinct):
                    draw(Path(folder), number)
                child = ["--child", str(cases), str(distinct), folder, "--urls", *urls]
                subprocess.run([sys.executable, __file__, *child], check=True)
    finally:
        for server, _ in servers:
            server.terminate()


if __name__ == "__main__":
    main()

"""Size and speed of `unisafe report` for 15 models x 6,802 cases x 3 judges.

Writes 15 run folders with texts of realistic length and a few images, runs the command, and prints
what it took, what it weighs, and how long Chromium needs to open it.
Run: python benchmarks/report_size.py [--models N] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from unisafe_judges.taxonomy import taxonomy
from unisafe_tasks import TASKS
from unisafe_tasks.files import encode_row

JUDGES = ("gemini-2.5-pro", "gpt-5-nano", "qwen2.5-vl-72b")
CASES = {"TI": 1000, "IE": 900, "IC": 524, "MT": 700, "TT": 1500, "IT": 1000, "MU": 1178}
"""By task: 3,124 with image outputs and 3,678 with text outputs, as the data set has in all."""

SENTENCE = "the carrot greets a turnip and both of them drink tea near an old kettle in a garden"
WORDS = SENTENCE.split()
ANSWER_WORDS, REASON_WORDS = 250, 45
PICTURES = 20


def text(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(WORDS, k=max(5, round(dice.gauss(words, words / 3)))))


def pictures(folder: Path) -> list[tuple[str, str]]:
    """Some images of 1024 x 1024 in a run folder, with their hashes."""
    (folder / "images").mkdir(parents=True)
    made = []
    for number in range(PICTURES):
        buffer = BytesIO()
        tile = Image.effect_noise((256, 256), 40 + number).convert("RGB")
        tile.resize((1024, 1024)).save(buffer, "PNG", compress_level=1)
        name = f"images/{number}.png"
        (folder / name).write_bytes(buffer.getvalue())
        made.append((name, hashlib.sha256(buffer.getvalue()).hexdigest()))
    return made


def write_run(folder: Path, number: int) -> None:
    """A run folder of one model; its cases are those of the others."""
    dice = random.Random(number)
    drawn = pictures(folder)
    risk = 0.15 + 0.05 * number
    with (
        (folder / "predictions.jsonl").open("wb") as predictions,
        (folder / "verdicts.jsonl").open("wb") as verdicts,
    ):
        for code, count in CASES.items():
            task = TASKS[code]
            places = taxonomy(task.modality)
            for index in range(count):
                subcategory = places[index % len(places)]
                images = dice.choices(drawn, k=task.outputs)
                row: dict[str, Any] = {
                    "id": f"target-{index:05}",
                    "scenario_type": code,
                    "model": f"model-{number:02}",
                    "category": subcategory.category,
                    "subcategory": subcategory.code,
                    "status": "refused" if dice.random() < 0.1 else "ok",
                    "output_text": None if task.makes_images else text(dice, ANSWER_WORDS),
                    "image_sha256": [digest for _, digest in images],
                    "output_sha256": hashlib.sha256(
                        f"{number} {code} {index}".encode()
                    ).hexdigest(),
                }
                names = [name for name, _ in images]
                row |= (
                    {"output_images": names}
                    if task.outputs > 1
                    else {"output_image": names[0] if names else None}
                )
                predictions.write(encode_row(row))
                if row["status"] == "refused":
                    continue
                unsafe = dice.random() < risk
                for judge in JUDGES:
                    judgment = int(unsafe if dice.random() < 0.9 else not unsafe)
                    verdict = {
                        **{key: row[key] for key in ("id", "scenario_type", "output_sha256")},
                        "judge": judge,
                        "judgment": judgment,
                        "risk_rating": 2 + (dice.random() < 0.5) if judgment else 1,
                        "refusal": False,
                        "violated": [subcategory.code] if judgment else [],
                        "reasoning": text(dice, REASON_WORDS),
                    }
                    verdicts.write(encode_row(verdict))
    info = {
        "model": f"model-{number:02}",
        "status": "complete",
        "data": {"source": "synthetic", "fingerprint": "f" * 64},
        "panel": {
            "name": "three",
            "sha256": "a" * 64,
            "rubric": {"name": "unisafe-v1", "sha256": "b" * 64},
            "judges": [{"name": judge} for judge in JUDGES],
        },
    }
    (folder / "run.json").write_text(json.dumps(info))


def build(runs: list[Path], out: Path) -> None:
    """Run `unisafe report` and print what it took."""
    command = [str(Path(sys.executable).parent / "unisafe"), "report", *map(str, runs)]
    started = time.perf_counter()
    with subprocess.Popen([*command, "--out", str(out)]) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    print(
        f"unisafe report of {len(runs)} runs: {used.ru_utime + used.ru_stime:.1f} CPU-s, "
        f"{time.perf_counter() - started:.1f} s, peak {used.ru_maxrss / 1024:,.0f} MB",
        flush=True,
    )


def load(page: Path) -> None:
    """Open the report in Chromium, five times, and print how long it took."""
    from playwright.sync_api import sync_playwright

    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if chromium is None:
        print("there is no Chromium: load times were not measured")
        return
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    ready, shown, filtered = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for _ in range(5):
            tab = browser.new_context().new_page()
            started = time.perf_counter()
            tab.goto(page.as_uri())
            ready.append(time.perf_counter() - started)
            tab.wait_for_selector(".case")
            shown.append(time.perf_counter() - started)
            started = time.perf_counter()
            tab.select_option("#f-model", "")
            count = tab.locator("#count").inner_text()
            filtered.append(time.perf_counter() - started)
            tab.context.close()
        browser.close()
    median = statistics.median
    print(
        f"Chromium: loaded in {median(ready):.2f} s, first cases shown after "
        f"{median(shown):.2f} s, all models ({count}) listed in {median(filtered):.2f} s "
        "(median of 5)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=15)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        runs = [root / f"run-{number:02}" for number in range(given.models)]
        for number, run in enumerate(runs):
            write_run(run, number)
        out = given.out or root / "report"
        build(runs, out)
        page = out / "report.html"
        files = [path for path in (out / "report_files").rglob("*") if path.is_file()]
        scripts = [path for path in files if path.suffix == ".js"]
        total = sum(path.stat().st_size for path in files)
        print(
            f"report.html {page.stat().st_size / 1e6:.2f} MB; {len(files):,} side files, "
            f"{total / 1e6:,.0f} MB, of which {len(scripts):,} with texts, the largest "
            f"{max(path.stat().st_size for path in scripts) / 1e3:,.0f} kB"
        )
        load(page)


if __name__ == "__main__":
    main()

"""Judging takes the memory of what is under way, however many cases there are."""

from __future__ import annotations

import os
import re
import subprocess
import time
import zlib
from pathlib import Path

from tests.servers import JudgeServer
from tests.tasks import samples
from tests.tasks.commands import UNISAFE, rows_by_case

SIDE = 448
"""An image has 600 kB, and what is sent of it 400 kB: 200 are more than is kept at any time."""
CASES = (200, 400)


def numbered(png: bytes, number: int) -> bytes:
    """The same picture in a file of its own: with a text before its end."""
    text = b"tEXtnumber\0" + str(number).encode()
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return png[:-12] + chunk + png[-12:]


def judged(folder: Path, base_url: str, count: int) -> float:
    """Peak resident memory in MB of the command that judges so many images."""
    folder.mkdir()
    png = samples.noise(SIDE)
    rows = [samples.row("TI", f"c{number}") for number in range(count)]
    samples.write_rows(folder / "data" / "cases.jsonl", rows)
    (folder / "drawn").mkdir()
    outputs = []
    for number, row in enumerate(rows):
        name = f"drawn/{number}.png"
        (folder / name).write_bytes(numbered(png, number))
        outputs.append(
            {"id": row["id"], "scenario_type": "TI", "model": "painter", "output_image": name}
        )
    samples.write_rows(folder / "painter.jsonl", outputs)
    (folder / "panel.yaml").write_text(
        "rubric: unisafe-v1\njudges:\n"
        f"  - {{name: one, backend: openai-compatible, model: one, base_url: '{base_url}'}}\n"
    )
    words = ["judge", "painter.jsonl", "--out", "run", "--data", "data", "--panel", "panel.yaml"]
    changes = {"UNISAFE_CACHE": str(folder / "cache"), "HF_HOME": str(folder / "hub")}
    process = subprocess.Popen(
        [UNISAFE, *words],
        cwd=folder,
        env={**os.environ, **changes},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = highest_of(process)
    assert process.returncode == 0
    judged = rows_by_case(folder / "run" / "verdicts.jsonl")
    assert len(judged) == count
    hashes = {row["output_sha256"] for row in judged.values()}
    assert len(hashes) == count
    return peak


def highest_of(process: subprocess.Popen[bytes]) -> float:
    """The most memory in MB that a process had in RAM; waits for its end.

    What the kernel says at the end would count the memory of whoever started it.
    """
    status = Path(f"/proc/{process.pid}/status")
    highest = 0.0
    while process.poll() is None:
        if found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text()):
            highest = int(found[1]) / 1024
        time.sleep(0.02)
    return highest


def test_twice_the_images_take_no_more_memory(tmp_path: Path) -> None:
    with JudgeServer() as server:
        fewer, more = (judged(tmp_path / str(n), server.base_url, n) for n in CASES)
    assert 100 < more < 1.15 * fewer, (
        f"{fewer:.0f} MB for {CASES[0]} images, {more:.0f} MB for {CASES[1]}"
    )

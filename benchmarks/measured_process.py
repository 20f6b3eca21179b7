"""A command in a process of its own: its CPU time, and what its memory was at the peak."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SAMPLED_EVERY_S = 0.05
_KINDS = ("RssAnon", "RssFile", "RssShmem")


@dataclass(frozen=True)
class Measured:
    """What a process used: seconds, and MB at its peak.

    `peak` is the kernel's own; `anonymous` and `mapped` are of the largest of the samples that were
    taken while it ran. `mapped` are pages of files, which the kernel takes back when it needs them.
    """

    wall: float
    cpu: float
    user: float
    peak: float
    anonymous: float
    mapped: float
    output: str

    def memory(self) -> dict[str, float]:
        kinds = {"of it anonymous, MB": self.anonymous, "of it mapped files, MB": self.mapped}
        return {"peak memory, MB": self.peak, **kinds}


def measured(
    words: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    given: IO[str] | None = None,
) -> Measured:
    """Runs a command to its end; `given` is its standard input.

    Raises:
        RuntimeError: it failed; with the end of what it wrote to standard error.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            words, env=environment, stdin=given, stdout=output, stderr=errors
        )
        largest = dict.fromkeys(_KINDS, 0.0)
        try:
            while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
                largest = max(largest, _memory(process.pid), key=lambda kinds: sum(kinds.values()))
                time.sleep(SAMPLED_EVERY_S)
        except BaseException:
            process.kill()
            raise
        wall = time.perf_counter() - started
        _, status, usage = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            told = errors.read().decode("utf-8", "replace")[-2000:]
            raise RuntimeError(f"{words} ended with {process.returncode}:\n{told}")
        output.seek(0)
        return Measured(
            wall,
            usage.ru_utime + usage.ru_stime,
            usage.ru_utime,
            usage.ru_maxrss / 1000,
            largest["RssAnon"],
            largest["RssFile"] + largest["RssShmem"],
            output.read().decode("utf-8", "replace"),
        )


def cpu_of(process: subprocess.Popen[bytes]) -> float:
    """CPU-seconds that a running process has used so far."""
    after_name = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> dict[str, float]:
    """MB of each kind; none once the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        lines = []
    fields = dict(line.split(":", 1) for line in lines)
    return {kind: int(fields.get(kind, "0").split()[0]) / 1000 for kind in _KINDS}

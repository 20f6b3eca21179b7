"""Commands of a job: one at a time, its output in a file, and ended when the job is."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from unisafe_tasks.redaction import in_one_line, redact

__all__ = ["BINARIES", "Interrupted", "gpus", "last_line", "locked", "run_logged", "too_few_gpus"]

BINARIES = Path(sys.executable).parent
_GRACE_S = 30.0
_LONGEST = 400
_PR_SET_PDEATHSIG = 1


class Interrupted(Exception):
    """The job is to end before its command has: what it has done is kept, and it is run again."""


def run_logged(words: Sequence[str], log: Path, env: Mapping[str, str]) -> int:
    """Run a command, append what it says to `log`, and return its exit code.

    Raises:
        Interrupted: this process or the command was asked to end.
    """
    asked: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        process.terminate()
        # Nobody waits for a command that does not listen.
        killer = threading.Timer(_GRACE_S, process.kill)
        killer.daemon = True
        killer.start()

    with log.open("ab") as output:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            preexec_fn=_end_with_parent,
        )
        before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            code = process.wait()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            if process.poll() is None:
                process.kill()
    if asked or code in (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 130):
        raise Interrupted
    return code


def _end_with_parent() -> None:
    # A job that is killed must leave nothing behind that works on with its GPU.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def last_line(log: Path) -> str:
    """The sentence of ours that ends a log, or else its last line."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
    lines = [line.strip() for line in lines if line.strip()]
    ours = [line for line in lines if line.startswith("unisafe:")]
    return in_one_line(redact((ours or lines or ["it said nothing"])[-1]))[:_LONGEST]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder: a job that outlived a killed workflow is waited for, not doubled."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def too_few_gpus(count: int) -> str | None:
    """Why this machine can never run a job with `count` GPUs, if that is so."""
    have = len(_devices()) if count and not _is_scheduled() else count
    return f"{count} GPUs are needed, and this machine has {have}" if have < count else None


def _is_scheduled() -> bool:
    return bool(os.environ.get("SLURM_JOB_ID"))


@contextmanager
def gpus(results: Path, count: int) -> Iterator[dict[str, str]]:
    """What to set so that a job has `count` GPUs of this machine to itself; a scheduler's own
    choice stays."""
    if not count or _is_scheduled():
        yield {}
        return
    devices = _devices()
    folder = results / ".gpus"
    folder.mkdir(parents=True, exist_ok=True)
    held: dict[str, object] = {}
    files = [(device, (folder / device.replace("/", "_")).open("w")) for device in devices]
    try:
        for device, file in files:
            if len(held) < count:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                held[device] = file
        if len(held) < count:
            raise SystemExit(f"{count} GPUs are needed, and {len(held)} of {len(devices)} are free")
        yield {"CUDA_VISIBLE_DEVICES": ",".join(held)}
    finally:
        for _, file in files:
            file.close()


def _devices() -> list[str]:
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [device for device in visible.split(",") if device]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    except OSError:
        return []
    # Without a driver it says so on standard output.
    found = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number, _ in enumerate(found)]

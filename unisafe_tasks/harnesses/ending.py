"""How a harness's command ends: a failure has an exit code, and an interruption a sentence.

lmms-eval catches what an evaluation raises and exits with 0; lm-eval and Inspect exit with 0 though
nothing was scored. What they print and write after an evaluation is still wanted, so the exit code
is changed when the process ends.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from unisafe_tasks.errors import ExitCode
from unisafe_tasks.redaction import in_one_line

__all__ = ["called_by", "fail_at_the_end", "interruptible", "terminable"]

_problems: list[str] = []


def fail_at_the_end(problem: str) -> None:
    """Have this process end with a sentence and ExitCode.FAILED once the harness's command ends.

    For a command alone: a program that calls a harness decides about its own exit code.
    """
    if not _problems:
        atexit.register(_leave)
    _problems.append(in_one_line(f"unisafe: {problem}"))


def _leave() -> None:
    # Python gives no other way to change the exit code of a command that has returned. Whatever
    # else is to be done at the exit is done before.
    atexit.unregister(_leave)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.write("\n".join(dict.fromkeys(_problems)) + "\n")
    sys.stderr.flush()
    os._exit(ExitCode.FAILED)


@contextmanager
def interruptible(*folders: object, is_command: bool) -> Iterator[None]:
    """End a command that is interrupted with a sentence instead of a traceback.

    A scheduler's SIGTERM is an interruption too.
    """
    try:
        with terminable(is_command):
            yield
    except KeyboardInterrupt:
        if not is_command:
            raise
        kept = (
            "no reply of a judge is lost, nor an answer of a umm_ model: the same command goes on"
        )
        where = f". Run folder: {', '.join(map(str, folders))}" if folders else ""
        sys.stderr.write(f"\nunisafe: interrupted; {kept}{where}\n")
        raise SystemExit(ExitCode.INTERRUPTED) from None


@contextmanager
def terminable(is_command: bool) -> Iterator[None]:
    """Take SIGTERM for SIGINT, unless somebody has plans for it."""
    takes = (
        is_command
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if takes:
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        if takes:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def called_by(package: str) -> bool:
    """Whether a module of `package` is among this function's callers: a harness's command line."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(package):
            return True
        frame = frame.f_back
    return False

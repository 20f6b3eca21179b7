"""Waiting for verdicts is not silent."""

from __future__ import annotations

import re
import threading

import pytest

from tests.waiting import LIMIT_S
from unisafe_tasks.judging import pending as module
from unisafe_tasks.judging.pending import Pending, wait_for


def test_who_waits_is_told_that_nothing_has_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_TELL_S", 0.001)
    case, told = Pending({}), threading.Event()

    def progress() -> str:
        told.set()
        return "1 failed, kettle is behind with 0"

    def settle() -> None:
        told.wait(LIMIT_S)
        case.settle([])

    settling = threading.Thread(target=settle)
    settling.start()
    wait_for([case], "Judging", progress)
    settling.join()
    said = r"no verdict for \d+ s, 1 failed, kettle is behind with 0"
    assert re.search(said, capsys.readouterr().err)

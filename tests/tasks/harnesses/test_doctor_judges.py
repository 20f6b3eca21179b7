"""What `unisafe doctor` says of judges and of their store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import Answer, JudgeServer
from unisafe_tasks.harnesses.doctor import _judges


@pytest.fixture(autouse=True)
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "panel.yaml"
    monkeypatch.setenv("UNISAFE_PANEL", str(path))
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    monkeypatch.setenv("UNISAFE_STORE", str(tmp_path / "replies.sqlite"))
    return path


def found(path: Path, base_url: str, *, asks: bool) -> dict[str, tuple[str, str]]:
    path.write_text(
        "rubric: unisafe-v1\njudges:\n  - name: local\n    backend: openai-compatible\n"
        f"    model: judge\n    base_url: {base_url}\n"
    )
    return {finding.subject: (finding.state, finding.detail) for finding in _judges(asks=asks)}


def test_a_judge_is_asked_only_with_ask(panel: Path) -> None:
    with JudgeServer() as server:
        assert found(panel, server.base_url, asks=False) == {
            "judge local": ("ok", "not asked: unisafe doctor --ask")
        }
        assert not server.first_questions
        assert found(panel, server.base_url, asks=True) == {
            "judge local": ("ok", "answered one real question")
        }
        assert len(server.first_questions) == 1


@pytest.mark.parametrize("asks", [False, True])
def test_a_server_that_is_down_is_broken(panel: Path, asks: bool) -> None:
    ((state, detail),) = found(panel, "http://127.0.0.1:9/v1", asks=asks).values()
    assert state == "broken"
    assert "judge local cannot be reached at http://127.0.0.1:9/v1" in detail


def test_a_model_that_is_not_there_is_broken(panel: Path) -> None:
    with JudgeServer() as server:
        server.first = lambda body: Answer('{"error": {"message": "no"}}', 404)
        ((state, detail),) = found(panel, server.base_url, asks=True).values()
    assert state == "broken"
    assert "the model 'judge' does not exist there" in detail


def test_a_warning_is_neither_well_nor_broken(panel: Path) -> None:
    with JudgeServer() as server:
        server.models = '{"data": [{"id": "another"}]}'
        ((state, detail),) = found(panel, server.base_url, asks=False).values()
    assert state == "untested"
    assert "does not list the model 'judge'" in detail


def test_a_store_that_cannot_be_written_is_broken(
    panel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_STORE", "/proc/replies.sqlite")
    (subject,) = found(panel, "http://127.0.0.1:9/v1", asks=False).items()
    assert subject[0] == "reply store (UNISAFE_STORE)"
    assert subject[1][0] == "broken"

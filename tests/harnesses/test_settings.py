"""Settings of lmms-eval: they are used and recorded, or refused before anything is built."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.conftest import Finished
from tests.harnesses.models import ChatModel, Model
from unisafe_tasks.data import sources

Evaluate = Callable[..., Finished]


def hello(prompt: str, images: list[Any], doc: int) -> str:
    return "Hello."


def info_of(done: Finished) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((done.folder / "run.json").read_text("utf-8"))
    return value


@pytest.mark.parametrize(
    ("model", "task", "given", "sentence"),
    [
        ("umm_openai", "unisafe_t2t", {"num_fewshot": 2}, "run without --num_fewshot"),
        ("umm_openai", "unisafe_t2t", {"baseline": "x.jsonl"}, "unisafe compare RUN OTHER"),
        ("umm_openai", "unisafe_t2t", {"max_tokens": 9}, "run without --max_tokens"),
        ("umm_openai", "unisafe_t2t", {"cache_requests": True}, "run without --cache_requests"),
        ("umm_openai", "unisafe_t2t", {"system_instruction": "Hi."}, "system_prompt=..."),
        ("umm_openai", "unisafe_t2t", {"apply_chat_template": True}, "without --apply_chat_temp"),
        ("predictions", "unisafe_t2t", {"gen_kwargs": "temperature=1"}, "without --gen_kwargs"),
        ("predictions", "unisafe_t2t", {"system_instruction": "Hi."}, "asks no model"),
        (Model(hello), "unisafe_t2t", {"apply_chat_template": True}, "its own chat form"),
        (ChatModel(hello), "unisafe_t2t", {"system_instruction": "Hi."}, "asks by chat messages"),
        (Model(hello), "unisafe_mt2i", {"system_instruction": "Hi."}, "only the first of"),
    ],
)
def test_a_setting_that_reaches_no_request_is_refused(
    evaluate: Evaluate, tmp_path: Path, model: Any, task: str, given: Any, sentence: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        evaluate(model, task, **given)
    assert sentence in str(ended.value)
    assert not (tmp_path / "out").exists()


def test_a_system_prompt_that_is_used_is_recorded_and_noted(evaluate: Evaluate) -> None:
    model = Model(hello)
    done = evaluate(model, "unisafe_t2t", limit=1, system_instruction="Answer as a gardener. ")
    ((prompt, _),) = model.seen
    assert prompt.startswith("Answer as a gardener. ")
    assert info_of(done)["system_prompt"] == "Answer as a gardener. "
    assert any("given a system prompt" in note for note in done.metrics["notes"])


def test_from_python_a_model_is_named_by_its_arguments_and_settings_are_recorded(
    imported: None, demo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a command line, and while an event loop runs, as in a notebook."""
    from lmms_eval import evaluator

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNISAFE_PANEL", "none")

    async def cell() -> Any:
        return evaluator.simple_evaluate(
            "dummy",
            "response=Hello,model_name=ours/small,api_key=sk-short",
            tasks=["unisafe_t2t"],
            limit=2,
            bootstrap_iters=0,
        )

    results = asyncio.run(cell())
    assert results["results"]["unisafe_t2t"]
    (folder,) = (tmp_path / "unisafe_runs").glob("unisafe-ours-small-*")
    info = json.loads((folder / "run.json").read_text("utf-8"))
    assert (info["model"], info["status"]) == ("ours/small", "complete")
    assert info["data_setting"] == "demo"
    assert "sk-short" not in json.dumps([info, results["config"]])


def test_a_cache_that_cannot_be_written_is_one_sentence(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNISAFE_CACHE", str(tmp_path / "file" / "cache"))
    sources._resolve.cache_clear()
    with pytest.raises(SystemExit, match=r"Not a directory.*: set UNISAFE_CACHE"):
        evaluate(Model(hello), "unisafe_t2t")
    sources._resolve.cache_clear()

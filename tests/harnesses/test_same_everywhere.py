"""One model through each harness: the same prompts, outputs, verdicts and scores."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.generation.utils import GenerationMixin

from tests.harnesses.conftest import cli_arguments
from tests.harnesses.tiny_models import save_tiny_llama
from tests.judges.tiny_vlm import save_tiny_vlm
from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.commands import CASES_OF
from tests.waiting import wait_until
from unisafe_tasks.harnesses.locations import tasks_dir

LENGTH = 12
PROVENANCE = {"cached", "cut_off", "latency_s", "model", "version"}
Asked = tuple[tuple[int, ...], str | None]


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What reaches the model's `generate`: the tokens, and a hash of the pixels."""
    seen: list[Asked] = []
    generate = GenerationMixin.generate

    def recording(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = dict(kwargs)
        ids = given.get("input_ids", given.get("inputs", args[0] if args else None))
        mask = given.get("attention_mask", torch.ones_like(ids))
        pixels = given.get("pixel_values")
        digest = None
        if pixels is not None:
            digest = hashlib.sha256(pixels.float().numpy().tobytes()).hexdigest()
        assert pixels is None or len(ids) == 1
        for row, kept in zip(ids, mask, strict=True):
            seen.append((tuple(row[kept.bool()].tolist()), digest))
        return generate(self, *args, **kwargs)

    monkeypatch.setattr(GenerationMixin, "generate", recording)
    return seen


def by_content(body: dict[str, Any]) -> Answer:
    """A verdict that hangs on all that the judge is shown."""
    digest = hashlib.sha256(json.dumps(body["messages"]).encode()).digest()
    return (
        verdict(judgment=1, risk_rating=2 + digest[1] % 2)
        if digest[0] % 3
        else verdict(judgment=0, risk_rating=1)
    )


@pytest.fixture
def judge(judged_by: Callable[[JudgeServer], JudgeServer]) -> Iterator[JudgeServer]:
    with judged_by(JudgeServer(by_content)) as server:
        yield server


def with_lmms_eval(model: Path, tasks: tuple[str, ...], out: Path, limit: int | None) -> None:
    from lmms_eval import evaluator
    from lmms_eval.tasks import TaskManager

    from unisafe_tasks.models.umm_transformers import UmmTransformers

    evaluator.simple_evaluate(
        model=UmmTransformers(pretrained=str(model), max_new_tokens=LENGTH, do_sample=False),
        tasks=list(tasks),
        task_manager=TaskManager(include_defaults=False),
        cli_args=cli_arguments(out, "umm_transformers", f"pretrained={model}"),
        limit=limit,
        bootstrap_iters=0,
    )


def with_lm_eval(model: Path, tasks: tuple[str, ...], out: Path, limit: int | None) -> None:
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    simple_evaluate(
        model="hf" if tasks == ("unisafe_t2t",) else "hf-multimodal",
        model_args={"pretrained": str(model)},
        device="cpu",
        tasks=list(tasks),
        task_manager=TaskManager(include_path=str(tasks_dir("lm-eval")), include_defaults=False),
        evaluation_tracker=EvaluationTracker(output_path=str(out)),
        apply_chat_template=True,
        gen_kwargs=f"max_gen_toks={LENGTH}",
        limit=limit,
        bootstrap_iters=0,
    )


def with_inspect(model: Path, tasks: tuple[str, ...], out: Path, limit: int | None) -> None:
    import inspect_ai
    from inspect_ai.model import get_model

    # Inspect's own provider for local models reads no images, so that a server has to.
    local = tasks == ("unisafe_t2t",)
    with nullcontext() if local else served(model) as url:
        logs = inspect_ai.eval(
            [f"unisafe_tasks/{name}" for name in tasks],
            # By its folder: Inspect looks a name up in the hub, and up again.
            model=get_model(f"hf/{model}", device="cpu")
            if local
            else get_model(f"openai-api/tiny/{model}", base_url=url, api_key="none"),
            task_args={"output_path": str(out)},
            max_tokens=LENGTH,
            limit=limit,
            log_dir=str(out / "logs"),
            display="none",
        )
    assert [log.status for log in logs] == ["success"] * len(tasks)


@contextmanager
def served(model: Path) -> Iterator[str]:
    """The model behind transformers' own OpenAI-compatible server, in this process."""
    from transformers.cli.serve import Serve

    server = Serve(force_model=str(model), host="127.0.0.1", port=0, non_blocking=True)
    try:
        wait_until(lambda: server.server.started, "transformers serve does not start")
        (listening,) = server.server.servers
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    finally:
        server.kill_server()


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Clients that Inspect and the server leave open are closed here, not at the session's end; and
    the level of all logs is Inspect's no more."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = (folder / name).read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [{key: row[key] for key in row if key not in PROVENANCE} for row in records]


def scores(folder: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text("utf-8"))
    # Not every harness is told which answers were stopped at the limit of tokens.
    metrics["notes"] = [note for note in metrics["notes"] if "limit of tokens" not in note]
    for summary in metrics["tasks"].values():
        summary.pop("cut_off", None)
    return {name: value for name, value in metrics.items() if name not in PROVENANCE}


def same_in_each_harness(
    prompts: list[Asked],
    judge: JudgeServer,
    model: Path,
    tasks: tuple[str, ...],
    folder: Path,
    limit: int | None = None,
) -> Path:
    """Run one model through each harness, compare all that comes of it, and return a run folder."""
    runs: dict[str, tuple[list[Asked], Path]] = {}
    asked_judge = []
    for run in (with_lmms_eval, with_lm_eval, with_inspect):
        prompts.clear()
        out = folder / run.__name__
        run(model, tasks, out, limit)
        (found,) = out.glob("unisafe-*")
        runs[run.__name__] = sorted(prompts), found
        asked_judge.append(len(judge.requests))
    (first, *others) = runs.values()
    assert len(set(first[0])) > 1
    assert {row["status"] for row in rows(first[1], "predictions.jsonl")} == {"ok"}
    for shown, found in others:
        assert shown == first[0]
        for name in ("predictions.jsonl", "verdicts.jsonl"):
            assert rows(found, name) == rows(first[1], name)
        assert scores(found) == scores(first[1])
    # A prompt that the judge has seen is answered from the store.
    assert set(asked_judge) == {len(first[0])}
    return first[1]


@pytest.mark.parametrize(
    ("save", "tasks"),
    [
        (save_tiny_llama, ("unisafe_t2t",)),
        (save_tiny_vlm, ("unisafe_i2t", "unisafe_it2t")),
    ],
    ids=["llama", "llava"],
)
def test_one_model_gives_the_same_in_each_harness(
    prompts: list[Asked],
    judge: JudgeServer,
    tmp_path: Path,
    save: Callable[[Path], Path],
    tasks: tuple[str, ...],
) -> None:
    model = save(tmp_path / "model")
    folder = same_in_each_harness(prompts, judge, model, tasks, tmp_path)
    assert len({row["judgment"] for row in rows(folder, "verdicts.jsonl")}) == 2


def test_one_shard_has_the_same_cases_in_each_harness(
    prompts: list[Asked],
    judge: JudgeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNISAFE_SHARD", "2/3")
    model = save_tiny_llama(tmp_path / "model")
    folder = same_in_each_harness(prompts, judge, model, ("unisafe_t2t",), tmp_path)
    count = len(range(1, CASES_OF["TT"], 3))
    assert len(rows(folder, "predictions.jsonl")) == count
    for run in tmp_path.glob("with_*/unisafe-*"):
        info = json.loads((run / "run.json").read_text("utf-8"))
        assert (info["shard"], info["limited"]) == ({"number": 2, "of": 3}, True)
        assert info["asked"] == {"unisafe_t2t": count}

"""Two ranks on CPU give what one gives."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harnesses.commands import Forked
from tests.harnesses.conftest import Command, Finished
from tests.harnesses.model_server import ModelServer

ENV = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels"}
LIMIT = 9
"""Odd: the harness pads the shorter half with a case that is there already."""


@dataclass(frozen=True)
class Ranks:
    """Two jobs that one command did on two ranks: replayed outputs, and a served model's."""

    output: str
    replayed: Path
    generations: Path
    server: ModelServer


@pytest.fixture(scope="module", params=["forked", pytest.param("launched", marks=pytest.mark.slow)])
def ranks(
    request: pytest.FixtureRequest,
    command: Callable[..., Command],
    start_lmms_eval: Callable[..., Forked],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Ranks]:
    folder = tmp_path_factory.mktemp("ranks")
    with ModelServer() as server:
        jobs = [
            {
                "model": "predictions",
                "model_args": "predictions=demo-cautious",
                "tasks": "unisafe_image",
                "output_path": "replayed",
                "log_samples": True,
                "limit": LIMIT,
            },
            {
                "model": "umm_openai",
                "model_args": f"model=unified,base_url={server.root}/v1,api=images",
                "tasks": "unisafe_mt2i,unisafe_t2i",
                "output_path": "asked",
                "limit": LIMIT,
            },
        ]
        (folder / "jobs.yaml").write_text(yaml.safe_dump(jobs))
        settings = ENV | {"UNISAFE_ANSWERS": str(folder / "answers")}
        if request.param == "launched":
            launcher = (
                f"python -m torch.distributed.run --nproc_per_node 2 --master_port {free_port()}"
            )
            words = f"{launcher} -m lmms_eval --config jobs.yaml".split()
            done = [command(*words, cwd=folder, env=settings)]
        else:
            started = [
                start_lmms_eval("--config", "jobs.yaml", cwd=folder, env=settings | launched)
                for launched in as_a_launcher_does(count=2)
            ]
            done = [process.wait() for process in started]
        output = "".join(process.output for process in done)
        # No label is on what the second job draws, and so the first rank ends with a sentence.
        assert max(process.code for process in done) == 1, output
        assert "unisafe: nothing was scored: no judge gave a verdict on any output" in output
        yield Ranks(output, folder / "replayed", folder / "asked", server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def as_a_launcher_does(count: int) -> list[dict[str, str]]:
    """What `torchrun` sets for each rank."""
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    common |= {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    return [common | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]


def table(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("|")]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_two_ranks_give_the_metrics_the_table_and_the_rows_of_one(
    ranks: Ranks,
    evaluate: Callable[..., Finished],
    unisafe: Callable[..., Command],
    tmp_path: Path,
) -> None:
    from lmms_eval.utils import make_table

    alone = evaluate(
        "predictions",
        "unisafe_image",
        model_args="predictions=demo-cautious",
        limit=LIMIT,
        bootstrap_iters=100_000,
    )
    (second,) = ranks.replayed.glob("unisafe-*")
    assert (alone.folder / "metrics.json").read_bytes() == (second / "metrics.json").read_bytes()
    shown = table(make_table(alone.results)) + table(make_table(alone.results, "groups"))
    assert len(shown) > 20
    assert table(ranks.output)[: len(shown)] == shown
    assert json.loads((second / "run.json").read_text("utf-8"))["ranks"] == 2

    def sorted_rows(folder: Path) -> list[str]:
        return sorted((folder / "predictions.jsonl").read_text("utf-8").splitlines())

    assert sorted_rows(alone.folder) == sorted_rows(second)
    assert not list(second.glob("*.rank*"))
    again = unisafe("score", str(second), "--json", cwd=tmp_path)
    assert again.output.encode() == (second / "metrics.json").read_bytes()

    # A refusal in words counts as one on every rank, since the model draws elsewhere in the run.
    def statuses(samples: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        records = [sample["attack_success_rate"] for sample in samples]
        return sorted((r["id"], r["scenario_type"], r["status"]) for r in records)

    of_two = [row for file in ranks.replayed.rglob("*_samples_*.jsonl") for row in rows(file)]
    of_one = [sample for samples in alone.results["samples"].values() for sample in samples]
    assert statuses(of_one) == statuses(of_two)
    assert "refused" in {status for *_, status in statuses(of_two)}


def test_two_ranks_of_an_adapter_ask_for_each_answer_once(ranks: Ranks) -> None:
    (folder,) = ranks.generations.glob("unisafe-*")
    statuses = [row["status"] for row in rows(folder / "predictions.jsonl")]
    assert statuses == ["ok"] * 2 * LIMIT, ranks.output
    # A case of text to image is one question, a case of four turns is four.
    assert len(ranks.server.questions) == LIMIT + 4 * LIMIT

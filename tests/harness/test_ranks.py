"""Two ranks on CPU give what one gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.harness.conftest import Command
from tests.harness.model_server import ModelServer

ENV = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels"}
JOB = (
    "--model predictions --model_args predictions=demo-cautious "
    "--tasks unisafe_image --output_path out --log_samples"
)


def table(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("|")]


def test_two_ranks_give_the_metrics_the_table_and_the_rows_of_one(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    alone = command(*f"lmms-eval {JOB}".split(), cwd=one, env=ENV)
    assert alone.code == 0, alone.output
    launcher = "python -m torch.distributed.run --nproc_per_node 2 --master_port 29512 -m lmms_eval"
    both = command(*f"{launcher} {JOB}".split(), cwd=two, env=ENV)
    assert both.code == 0, both.output

    (first,) = (one / "out").glob("unisafe-*")
    (second,) = (two / "out").glob("unisafe-*")
    assert (first / "metrics.json").read_bytes() == (second / "metrics.json").read_bytes()
    assert table(alone.output) == table(both.output)
    assert len(table(alone.output)) > 20
    assert json.loads((second / "run.json").read_text("utf-8"))["ranks"] == 2

    def sorted_rows(folder: Path) -> list[str]:
        return sorted((folder / "predictions.jsonl").read_text("utf-8").splitlines())

    assert sorted_rows(first) == sorted_rows(second)
    assert not list(second.glob("*.rank*"))
    again = command("unisafe", "score", str(second), "--json", cwd=tmp_path)
    assert again.output.encode() == (second / "metrics.json").read_bytes()

    # A refusal in words counts as one on every rank, since the model draws elsewhere in the run.
    def statuses(folder: Path) -> list[tuple[str, str]]:
        found = []
        for file in sorted((folder / "out").rglob("*_samples_*.jsonl")):
            for line in file.read_text("utf-8").splitlines():
                record = json.loads(line)["attack_success_rate"]
                found.append((record["id"] + record["scenario_type"], record["status"]))
        return sorted(found)

    assert statuses(one) == statuses(two)
    assert "refused" in {status for _, status in statuses(two)}


def test_two_ranks_of_an_adapter_ask_for_each_answer_once(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    with ModelServer() as server:
        given = f"model=unified,base_url={server.root}/v1,api=images"
        launcher = (
            "python -m torch.distributed.run --nproc_per_node 2 --master_port 29513 -m lmms_eval"
        )
        words = (
            f"{launcher} --model umm_openai --model_args {given} --tasks unisafe_mt2i,unisafe_t2i"
        )
        env = ENV | {"UNISAFE_PANEL": "none", "UNISAFE_ANSWERS": str(tmp_path / "answers")}
        done = command(*f"{words} --output_path out".split(), cwd=tmp_path, env=env)
    (folder,) = (tmp_path / "out").glob("unisafe-*")
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").open(encoding="utf-8")]
    assert [row["status"] for row in rows] == ["ok"] * 17, done.output
    # Nine cases on two ranks: the harness pads the shorter half with a case that is there already.
    assert len(server.asked) == 8 + 9 * 4

"""100 four-turn cases through lmms-eval against a server with 200 ms latency and 50 slots.

Prints the wall time of generation over the ideal, 100 x 4 x 0.2 / 50 s, and what the harness's own
loop, one case after another, would take at least.
Run: python benchmarks/four_turns.py [--cases N]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from judge_throughput import LATENCY_S, start_server

SLOTS = 50


def write_cases(folder: Path, count: int) -> Path:
    rows = [
        {
            "id": f"teapot-{number}",
            "category": "Harm",
            "subcategory": "V1",
            "unsafe_trigger": "",
            "target": "A teapot.",
            "scenario_type": "MT",
            "instruction": f"Teapot {number}.",
            "input_image": None,
            "input_image_b": None,
            "turns": [f"Teapot {number}, turn {turn}." for turn in range(4)],
        }
        for number in range(count)
    ]
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    cases = parser.parse_args().cases
    server, url = start_server(slots=SLOTS)
    try:
        with tempfile.TemporaryDirectory() as name:
            wall = generate(Path(name), url, cases)
    finally:
        server.terminate()
    ideal = cases * 4 * LATENCY_S / SLOTS
    print(f"{cases} cases: {wall:.2f} s, {wall / ideal:.2f} x the ideal {ideal:.2f} s")
    print(f"one case after another: {cases * 4 * LATENCY_S:.0f} s at least")


def generate(folder: Path, url: str, cases: int) -> float:
    """Seconds that lmms-eval's evaluator waited for the model."""
    os.environ |= {
        "UNISAFE_DATA": str(write_cases(folder, cases)),
        "UNISAFE_PANEL": "none",
        "UNISAFE_CACHE": str(folder / "cache"),
    }
    from lmms_eval import evaluator
    from lmms_eval.tasks import TaskManager

    from unisafe_tasks.models.umm_openai import UmmOpenAI

    model = UmmOpenAI(
        model="unified", base_url=url, api="chat", modalities="text:image", max_concurrency=SLOTS
    )
    took: list[float] = []
    answer = model.generate_until_agentic

    def timed(requests: list[Any]) -> list[str]:
        started = time.perf_counter()
        answers = answer(requests)
        took.append(time.perf_counter() - started)
        return answers

    model.generate_until_agentic = timed  # type: ignore[method-assign]
    arguments = argparse.Namespace(
        output_path=str(folder / "out"),
        model="umm_openai",
        model_args="",
        process_with_media=False,
        agentic_trace_mode="basic",
        reasoning_tags="none",
        seed=[0, 0, 0, 0],
        batch_size=1,
        gen_kwargs="",
        predict_only=False,
    )
    evaluator.simple_evaluate(
        model=model,
        tasks=["unisafe_mt2i"],
        task_manager=TaskManager(include_defaults=False),
        cli_args=arguments,
        bootstrap_iters=0,
    )
    (rows,) = folder.glob("out/*/predictions.jsonl")
    statuses = [json.loads(line)["status"] for line in rows.open(encoding="utf-8")]
    assert statuses == ["ok"] * cases, set(statuses)
    return took[0]


if __name__ == "__main__":
    main()

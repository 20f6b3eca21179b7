"""Judging 6,802 text cases against servers with 200 ms latency and 100 slots, all on loopback.

Prints wall time over the ideal for one judge, for three, and for a second run from the store. Given
a checkout of the authors' repository, their evaluator judges the first of the same cases at the
same server, and wall time a case is compared.
Run: python benchmarks/judge_throughput.py [--cases N] [--authors CHECKOUT [--authors-cases N]]
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from unisafe_judges import Evidence, PanelSession, ReplyStore, TextPart, load_panel

LATENCY_S = 0.2
SLOTS = 100


def start_server(
    latency_s: float = LATENCY_S, slots: int = SLOTS
) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    script = Path(__file__).with_name("slow_judge.py")
    words = [sys.executable, str(script), "--port", str(port)]
    server = subprocess.Popen([*words, "--latency", str(latency_s), "--slots", str(slots)])
    url = f"http://127.0.0.1:{port}/v1"
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/models", timeout=1)
            return server, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the benchmark's server did not start")


def asked(url: str) -> int:
    """How many questions the server has been asked so far."""
    with urllib.request.urlopen(f"{url}/asked", timeout=10) as reply:
        return int(json.load(reply)["asked"])


def instruction(number: int) -> str:
    return f"Tell me about teapot {number}."


def answer(number: int) -> str:
    return f"Teapot {number} holds tea. " * 20


def evidence(number: int) -> Evidence:
    parts = (
        TextPart("instruction given to the model", instruction(number)),
        TextPart("model answer", answer(number), judged=True),
    )
    return Evidence(f"case-{number}/TT", "TT", "text", parts)


def judged(urls: list[str], cases: int, folder: Path, store: ReplyStore) -> float:
    panel = folder / f"panel{len(urls)}.yaml"
    entries = "".join(
        f"  - {{name: judge-{number}, backend: openai-compatible, model: judge-{number}, "
        f"base_url: '{url}', max_concurrency: {SLOTS}}}\n"
        for number, url in enumerate(urls)
    )
    panel.write_text(f"rubric: unisafe-v1\njudges:\n{entries}")
    started = time.perf_counter()
    with PanelSession(load_panel(panel), store) as session:
        futures = [session.submit(evidence(number)) for number in range(cases)]
        results = [result for future in futures for result in future.result()]
    elapsed = time.perf_counter() - started
    assert all(result.verdict is not None for result in results)
    return elapsed


def judged_by_the_authors(
    url: str, cases: int, folder: Path, checkout: Path
) -> tuple[float, float]:
    """Their command at its defaults, in a process of its own: its wall time, start-up included,
    and the start-up alone."""
    rows = [{"id": f"case-{number}", "scenario_type": "TT"} for number in range(cases)]
    fields = {"category": "Harm", "subcategory": "V1", "target": ""}
    files = {
        "cases": [row | fields | {"instruction": instruction(n)} for n, row in enumerate(rows)],
        "outputs": [
            row | {"model": "teapot", "output_text": answer(n)} for n, row in enumerate(rows)
        ],
    }
    for name, lines in files.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    words = [sys.executable, "-m", "unisafe", "--split", "text", "--judge-model", "judge"]
    words += ["--cases-file", str(folder / "cases.jsonl"), "--backend", "openai-compatible"]
    words += ["--predictions", str(folder / "outputs.jsonl"), "--base-url", url]
    words += ["--output", str(folder / "judged.jsonl")]
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "OPENAI_API_KEY": "none"}
    # Our time begins after the imports and theirs before them: over few cases that would tell.
    imports = [sys.executable, "-c", "import unisafe.cli, openai; openai.OpenAI()"]
    seconds = []
    for command in (imports, words):
        before = asked(url)
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        seconds.append(time.perf_counter() - started)
        if done.returncode:
            raise RuntimeError(f"the authors' evaluator failed:\n{done.stderr[-2000:]}")
    start_up, elapsed = seconds
    assert asked(url) - before == cases, "a question was left out, or asked again"
    results = [json.loads(line) for line in (folder / "judged.jsonl").open(encoding="utf-8")]
    assert len(results) == cases
    # A failure has an error; a refusal has a judgment too, but one made without the judge.
    assert all(result["error"] is None and not result["refusal"] for result in results)
    for result in results:
        reply = json.loads(result["raw_response"])
        assert result["judgment"] == reply["Judgment Result"]
        assert result["risk_rating"] == reply["Risk Rating"]
    return elapsed, start_up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=6802)
    parser.add_argument("--authors", type=Path, help="a checkout of the authors' repository")
    parser.add_argument(
        "--authors-cases", type=int, default=400, help="how many of the cases (all take minutes)"
    )
    given = parser.parse_args()
    cases = given.cases
    fewer = min(given.authors_cases, cases)
    ideal = cases * LATENCY_S / SLOTS
    servers = [start_server() for _ in range(3)]
    urls = [url for _, url in servers]
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            one = judged(urls[:1], cases, folder, ReplyStore(folder / "one.sqlite"))
            assert asked(urls[0]) == cases
            store = ReplyStore(folder / "three.sqlite")
            three = judged(urls, cases, folder, store)
            again = judged(urls, cases, folder, store)
            assert [asked(url) for url in urls] == [2 * cases, cases, cases]
            if given.authors:
                theirs, start_up = judged_by_the_authors(urls[0], fewer, folder, given.authors)
    finally:
        for server, _ in servers:
            server.terminate()
    print(f"ideal for {cases} cases: {ideal:.1f} s")
    print(f"one judge:    {one:.1f} s, {one / ideal:.2f} x the ideal")
    print(f"three judges: {three:.1f} s, {three / one:.2f} x one judge")
    print(f"from the store: {again:.1f} s for {3 * cases} verdicts")
    if given.authors:
        ours = one / cases
        print(
            f"the authors' evaluator, {fewer} of the {cases} cases: {theirs:.1f} s "
            f"({start_up:.1f} s of it start-up), {1000 * theirs / fewer:.2f} ms a case; "
            f"our one judge, {cases} cases: {one:.1f} s, {1000 * ours:.2f} ms a case"
        )
        print(
            f"wall time a case, theirs over ours: {theirs / fewer / ours:.1f}, "
            f"without their start-up {(theirs - start_up) / fewer / ours:.1f}"
        )


if __name__ == "__main__":
    main()

"""A judge behind LiteLLM's proxy, the gateway that many use, before a real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.commands import BINARIES, Command
from tests.harnesses.conftest import environment
from tests.real.conftest import HERE, nothing_is_scored, python_of
from tests.real.servers import Server, Tap, free_port, started

KEY = "sk-loopback-master-0123456789"
WRONG = "sk-loopback-wrong-9876543210"
LIMIT_S = 600

Judge = Callable[..., Command]


@pytest.fixture(scope="module")
def upstream(language_model: str) -> Iterator[Tap]:
    with Tap(language_model) as tap:
        yield tap


@pytest.fixture(scope="module")
def gateway(
    upstream: Tap, language_model: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    python = python_of(".venv-litellm", "litellm")
    folder = tmp_path_factory.mktemp("gateway")
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    settings = (HERE / "gateway.yaml").read_text("utf-8")
    for name, url in {"TAP": upstream.base_url, "SERVER": language_model, "NOBODY": nobody}.items():
        settings = settings.replace(f"api_base: {name},", f"api_base: '{url}',")
    (folder / "gateway.yaml").write_text(settings, "utf-8")

    def words(port: int) -> list[str | Path]:
        where = ["--host", "127.0.0.1", "--port", str(port)]
        config = ["--config", folder / "gateway.yaml", "--telemetry", "False"]
        return [python.with_name("litellm"), *config, *where]

    with started(
        words,
        folder / "gateway.log",
        HOME=str(folder),
        LITELLM_MASTER_KEY=KEY,
        LITELLM_LOCAL_MODEL_COST_MAP="True",
    ) as server:
        server.wait_for("/health/liveliness")
        yield server


@pytest.fixture(scope="module")
def start_judge(
    gateway: Server, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[subprocess.Popen[str], Path]]:
    """Start `unisafe judge` on the demo's texts with a judge of the gateway."""

    def start(
        model: str, cases: int, key: str = KEY, at_once: int = 1
    ) -> tuple[subprocess.Popen[str], Path]:
        folder = tmp_path_factory.mktemp(model)
        (folder / "panel.yaml").write_text(
            "rubric: unisafe-v1\njudges:\n"
            f"  - {{name: small, backend: openai-compatible, model: {model}, max_tokens: 192, "
            f"base_url: '{gateway.base_url}', api_key_env: GATEWAY_KEY, timeout_s: 600, "
            f"max_concurrency: {at_once}}}\n"
        )
        words = ["judge", "demo", "--task", "TT", "--limit", str(cases), "--panel", "panel.yaml"]
        settings = {
            "UNISAFE_DATA": "demo",
            "UNISAFE_STORE": str(folder / "replies.sqlite"),
            "GATEWAY_KEY": key,
        }
        process = subprocess.Popen(
            [BINARIES / "unisafe", *words, "--out", "out"],
            cwd=folder,
            env=environment(cache, settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return process, folder

    return start


@pytest.fixture(scope="module", autouse=True)
def limited(
    start_judge: Callable[..., tuple[subprocess.Popen[str], Path]],
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A judge that may be asked once in a minute, by two at once; the other tests run meanwhile."""
    process, folder = start_judge("judge-limited", 2, at_once=2)
    yield process, folder
    process.kill()
    process.communicate()


@pytest.fixture
def judge(start_judge: Callable[..., tuple[subprocess.Popen[str], Path]]) -> Judge:
    def run(model: str, cases: int = 1, key: str = KEY) -> tuple[Command, Path]:
        process, folder = start_judge(model, cases, key)
        output, _ = process.communicate(timeout=LIMIT_S)
        assert "Traceback" not in output
        return Command(process.returncode, " ".join(output.split())), folder

    return run


def verdicts(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "out" / "verdicts.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_name_of_the_gateway_s_own_is_the_judge_s(judge: Judge, upstream: Tap) -> None:
    done, folder = judge("judge-small", 2)
    assert done.code == 0, done.output
    rows = verdicts(folder)
    assert len(rows) == 2
    assert {row["failure"] for row in rows} <= {None, "truncated", "out_of_range", "contradictory"}
    replied = {each.content for each in upstream.asked() if each.status == 200}
    for row in rows:
        if row["failure"] is None:
            assert row["judge_version"] == "judge-small"
            assert row["raw_response"] in replied
    # The gateway asks by the server's name, and passes the schema on.
    assert {each.request["model"] for each in upstream.asked()} == {"smollm2"}
    assert all("json_schema" in each.request["response_format"] for each in upstream.asked())


@pytest.mark.parametrize(
    ("model", "key", "said"),
    [
        # Without a data base the proxy knows no key but its own, and answers a wrong one so.
        ("judge-small", WRONG, "No connected db."),
        ("nobody", KEY, "Invalid model name passed in model=nobody"),
    ],
    ids=["wrong key", "wrong name"],
)
def test_what_the_gateway_refuses_ends_the_command_with_its_sentence(
    judge: Judge, upstream: Tap, model: str, key: str, said: str
) -> None:
    before = len(upstream.asked())
    done, folder = judge(model, 2, key)
    assert done.code != 0, done.output
    assert said in done.output
    assert nothing_is_scored(folder / "out")
    assert len(upstream.asked()) == before
    for file in folder.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes(), file
    assert key not in done.output


def test_a_server_that_is_down_behind_the_gateway_costs_the_case(judge: Judge) -> None:
    done, folder = judge("judge-down")
    assert nothing_is_scored(folder / "out"), done.output
    (row,) = verdicts(folder)
    assert row["failure"] == "server_error"
    assert "Connection error" in row["error"]


def test_a_rate_limit_is_waited_for_and_costs_no_case(
    limited: tuple[subprocess.Popen[str], Path], gateway: Server
) -> None:
    process, folder = limited
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "429 Too Many Requests" in gateway.printed
    rows = verdicts(folder)
    assert len(rows) == 2
    assert "rate_limited" not in {row["failure"] for row in rows}

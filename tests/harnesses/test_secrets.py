"""No key and no token is in anything that a run leaves behind, whatever its servers send back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.commands import Command, Forked
from tests.judges.vendors import ECHOED_KEY, VendorServer, answer_of
from tests.servers import GOOD, Answer
from unisafe_tasks.files import PACKAGE

OUTPUTS = PACKAGE / "demo" / "predictions" / "demo.jsonl"
SECRETS = {
    "HF_TOKEN": "hf_SENTINELsentinelSENTINELsentinel42",
    "OPEN_KEY": "sk-proj-SENTINELopenSENTINELopen42",
    "GEM_KEY": "AIzaSENTINELgemSENTINELgem42SENTINELgem",
    "OWN_KEY": "own-SENTINELownSENTINELown-42",
    "OPENAI_API_KEY": "sk-SENTINELunusedSENTINELunused42",
}
"""What the environment holds; the last is for no judge of the panel, and must go nowhere."""


def echoing(path: str, body: dict[str, Any]) -> Answer:
    """A server that puts the key it was asked with into its errors and replies."""
    kind = len(json.dumps(body)) % 4
    if kind == 0:
        return Answer(json.dumps({"error": {"message": f"bad request with {ECHOED_KEY}"}}), 400)
    if kind == 1:
        return Answer(json.dumps({"error": {"message": f"down, headers: {ECHOED_KEY}"}}), 500)
    if kind == 2:
        return answer_of(path, f"no JSON but {ECHOED_KEY}")
    return answer_of(path, json.dumps(GOOD | {"reasoning": f"I know {ECHOED_KEY}"}))


@pytest.fixture(scope="module")
def server() -> Iterator[VendorServer]:
    with VendorServer(echoing) as running:
        yield running


@pytest.fixture(scope="module")
def panel(server: VendorServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("panel") / "panel.yaml"
    path.write_text(
        "rubric: unisafe-v1\njudges:\n"
        f"  - {{name: open, backend: openai, model: judge, base_url: {server.root}/v1,\n"
        "     api_key_env: OPEN_KEY}\n"
        f"  - {{name: chat, backend: openai, api: chat-completions, model: judge,\n"
        f"     base_url: {server.root}/v1, api_key_env: OPEN_KEY}}\n"
        f"  - {{name: gem, backend: gemini, model: judge, base_url: {server.root},\n"
        "     api_key_env: GEM_KEY}\n"
        f"  - {{name: own, backend: openai-compatible, model: judge, base_url: {server.root}/v1,\n"
        "     api_key_env: OWN_KEY}\n"
    )
    return path


def environment(folder: Path, panel: Path) -> dict[str, str]:
    return {
        "UNISAFE_DATA": "demo",
        "UNISAFE_PANEL": str(panel),
        "UNISAFE_STORE": str(folder / "store" / "replies.sqlite"),
        **SECRETS,
    }


def assert_nothing_shows(folder: Path, output: str) -> None:
    stored = b"".join(file.read_bytes() for file in (folder / "store").iterdir())
    assert b"[api key]" in stored, "no server sent the key back"
    for name, secret in SECRETS.items():
        assert secret not in output, name
        for file in folder.rglob("*"):
            if file.is_file():
                assert secret.encode() not in file.read_bytes(), (name, file)


JUDGE = ("judge", "demo", "--task", "unisafe_t2t", "--limit", "6", "--out", "run")


def test_neither_a_run_nor_judging_saved_outputs_shows_any(
    start_lmms_eval: Callable[..., Forked],
    command: Callable[..., Command],
    unisafe: Callable[..., Command],
    server: VendorServer,
    panel: Path,
    tmp_path: Path,
) -> None:
    ran, judged = tmp_path / "ran", tmp_path / "judged"
    ran.mkdir()
    judged.mkdir()
    words = (
        "--model predictions --model_args predictions=demo --tasks unisafe_t2t,"
        "unisafe_i2i --limit 6 --output_path out --log_samples --verbosity DEBUG"
    )
    env = environment(ran, panel) | {"OPENAI_LOG": "debug"}
    # At the same time: both mostly wait before they ask a failing server again.
    run = start_lmms_eval(*words.split(), cwd=ran, env=env)
    env = environment(judged, panel)
    done = command("unisafe", *JUDGE, cwd=judged, env=env)
    assert_no_verdict_shows_any(unisafe, judged, env, done.output)
    done = run.wait()
    assert list(ran.glob("out/unisafe-*/metrics.json")), done.output
    assert_nothing_shows(ran, done.output)
    assert SECRETS["OPENAI_API_KEY"] not in json.dumps(server.seen)
    assert SECRETS["HF_TOKEN"] not in json.dumps(server.seen)


def test_judging_in_batches_shows_none(
    unisafe: Callable[..., Command], server: VendorServer, panel: Path, tmp_path: Path
) -> None:
    env = environment(tmp_path, panel)
    done = unisafe(*JUDGE, "--batch", cwd=tmp_path, env=env)
    server.finish_batches()
    again = unisafe(*JUDGE, "--batch", cwd=tmp_path, env=env)
    assert_no_verdict_shows_any(unisafe, tmp_path, env, done.output + again.output)


def assert_no_verdict_shows_any(
    unisafe: Callable[..., Command], folder: Path, env: dict[str, str], output: str
) -> None:
    listed = unisafe("verdicts", "list", cwd=folder, env=env)
    unisafe("verdicts", "export", "out.jsonl", "--failures", cwd=folder, env=env)
    assert (folder / "out.jsonl").stat().st_size
    assert_nothing_shows(folder, output + listed.output)

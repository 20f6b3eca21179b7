"""What a harness or an adapter says of a run is written without its credentials."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from unisafe_tasks.data.sources import resolve_source
from unisafe_tasks.judging.session import RunSettings, Session

SECRET = "SENTINEL-carrot-turnip"


def test_no_route_takes_a_credential_into_the_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = ["lmms-eval", "--hf_token", SECRET, "--gen_kwargs", f"api_key={SECRET},n=1"]
    monkeypatch.setattr(sys, "argv", words)
    details = {
        "harness": "lmms-eval",
        "model_args": f'command="run.py --token {SECRET}",headers={{"Cookie": "a b {SECRET}"}}',
        "gen_kwargs": {"extra_headers": {"Authorization": f"Token x {SECRET}"}},
    }
    session = Session(RunSettings(tmp_path / "run", details=details), resolve_source("demo"), None)
    session.describe_model(
        {
            "adapter": "umm_worker",
            "command": f"conda run python runner.py --password '{SECRET}'",
            "base_url": f"https://user:{SECRET}@host/v1?sig={SECRET}",
            "extra_body": {"provider": {"api_key": SECRET}, "seed": 7},
        }
    )
    session.record("system_prompt", f"Basic {SECRET}")
    session.begin_task("unisafe_t2t", {"asked": 1})
    session.close()
    written = [file for file in (tmp_path / "run").rglob("*") if file.is_file()]
    assert written
    for file in written:
        assert SECRET.encode() not in file.read_bytes(), file
    assert '"seed": 7' in (tmp_path / "run" / "run.json").read_text()
    assert SECRET not in caplog.text

"""A models file with tiny models, and the workflow started on it as `make table` does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SNAKEMAKE = ROOT / ".venv-reproduce" / "bin" / "snakemake"
LIMIT_S = 900

needs_snakemake = pytest.mark.skipif(
    not SNAKEMAKE.exists(), reason="Snakemake is not here: make .venv-reproduce/.installed"
)


@dataclass(frozen=True)
class Workflow:
    """A models file and the folder that the workflow runs in."""

    folder: Path
    models: Path
    env: Mapping[str, str]

    def start(self, results: str, *words: str) -> subprocess.Popen[bytes]:
        """Start it in a process group of its own."""
        command = [str(SNAKEMAKE), "--snakefile", str(ROOT / "reproduce" / "Snakefile")]
        command += ["--profile", str(ROOT / "reproduce" / "profiles" / "local"), "--cores", "2"]
        command += ["--config", f"models={self.models}", f"results={results}", "--resources"]
        with (self.folder / f"{results}.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "gpu=0", *words],
                cwd=self.folder,
                env={**self.env, "UNISAFE_STORE": str(self.folder / f"{results}.sqlite")},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, results: str, *words: str) -> int:
        """Run it to its end; returns its exit code."""
        process = self.start(results, *words)
        try:
            return process.wait(LIMIT_S)
        finally:
            end(process, signal.SIGKILL)

    def said(self, results: str) -> str:
        return (self.folder / f"{results}.log").read_text("utf-8", "replace")


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """Send a signal to a workflow and all its jobs, and wait for it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    return process.wait(LIMIT_S)


def environment(folder: Path, **given: str) -> dict[str, str]:
    """What the workflow finds set: nothing of ours but what it is given."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("UNISAFE_", "HF_TOKEN"))}
    return {
        **clean,
        "UNISAFE_DATA": "demo",
        "UNISAFE_CACHE": str(folder / "cache"),
        "UNISAFE_BIN": str(Path(sys.executable).parent),
        "XDG_CACHE_HOME": str(folder / "cache"),
        **given,
    }


def models_file(folder: Path, *entries: Mapping[str, Any], **top: Any) -> Path:
    """A models file; JSON is YAML."""
    path = folder / "models.yaml"
    path.write_text(json.dumps({"date": "2026-11-27", "models": entries, **top}), "utf-8")
    return path

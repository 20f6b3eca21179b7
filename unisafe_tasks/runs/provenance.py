"""What run.json says besides the scores: everything needed to repeat a run."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from typing import Any

from unisafe_judges import CallFailure, Panel, ServedSpec
from unisafe_judges.backends.http import proxy_for
from unisafe_judges.images import ENCODER
from unisafe_tasks.data.sources import Source, fingerprint
from unisafe_tasks.files import PACKAGE
from unisafe_tasks.redaction import redact_arguments

__all__ = [
    "commit_of",
    "describe_environment",
    "describe_inputs",
    "uses_proxy",
]

_DISTRIBUTION = "unisafe-tasks"
_RECORDED = (
    _DISTRIBUTION,
    "lmms_eval",
    "lm_eval",
    "inspect_ai",
    "torch",
    "transformers",
    "datasets",
    "pillow",
    "numpy",
    "aiohttp",
)


def describe_inputs(source: Source, panel: Panel | None) -> dict[str, Any]:
    """The data source with its fingerprint, of what it is a subset, and the panel with its hashes.

    Raises:
        DataError: the cases cannot be read.
    """
    judges = panel.judges if panel else ()
    addresses = [judge.base_url for judge in judges if isinstance(judge, ServedSpec)]
    return {
        "data": {
            "source": source.name,
            "revision": source.revision,
            "fingerprint": fingerprint(source),
            "subset": source.subset and source.subset.for_run(),
        },
        "panel": panel.describe() if panel else None,
        **({"proxy": True} if uses_proxy(*addresses) else {}),
        "image_encoder": panel.encoder if panel else ENCODER,
    }


def uses_proxy(*urls: str) -> bool:
    """Whether one of these addresses is reached through a proxy of the environment.

    Only that is recorded: the proxy's address may hold a password.
    """
    with suppress(CallFailure):
        return any(proxy_for(url) is not None for url in urls)
    return False


def describe_environment() -> dict[str, Any]:
    """Versions, the commit of this package, and the command line without its secrets."""
    versions = {}
    for name in _RECORDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": {"python": platform.python_version(), **versions},
        "platform": platform.platform(),
        "git_commit": _commit(),
        "command": redact_arguments(sys.argv),
    }


def _commit() -> str | None:
    """The commit this package was installed from, or of the checkout it lies in."""
    with suppress(metadata.PackageNotFoundError):
        if commit := commit_of(_DISTRIBUTION):
            return commit
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def commit_of(distribution: str) -> str | None:
    """The commit that a distribution was installed from, if it came from a repository."""
    recorded = metadata.distribution(distribution).read_text("direct_url.json")
    commit = json.loads(recorded).get("vcs_info", {}).get("commit_id") if recorded else None
    return str(commit) if commit else None

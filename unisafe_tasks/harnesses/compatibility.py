"""The harnesses that this package was tested with: one table for installing, testing and telling.

The extras of pyproject.toml, constraints.txt and docs/compatibility.md are checked against it;
`make test-matrix` tests each row in an environment of its own; `unisafe doctor` says which rows the
environment is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from unisafe_tasks.runs.provenance import commit_of

__all__ = [
    "COMPATIBILITY",
    "HarnessVersion",
    "known_version_of",
]


@dataclass(frozen=True)
class HarnessVersion:
    """A version of a harness that our tests pass with.

    `distribution` and `version` are what pip calls it; `extra` is ours that installs it. A row of a
    main branch has a `commit`, since branches move while the version stays.
    """

    harness: str
    distribution: str
    version: str
    extra: str
    commit: str | None = None
    repository: str | None = None

    @property
    def name(self) -> str:
        """What people call it, such as `lmms-eval 0.7.3`."""
        at = f" at {self.commit[:8]}" if self.commit else ""
        return f"{self.harness} {'main' if self.commit else self.version}{at}"

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        if self.commit:
            return f"git+{self.repository}@{self.commit}"
        return f"{self.distribution}=={self.version}"


COMPATIBILITY = (
    HarnessVersion("lmms-eval", "lmms_eval", "0.7.3", "lmms"),
    HarnessVersion(
        "lmms-eval",
        "lmms_eval",
        "0.7.2",
        "lmms",
        commit="75571cfe0fa36ca5ec2e6aa2bb268f9d38295af3",
        repository="https://github.com/EvolvingLMMs-Lab/lmms-eval",
    ),
    HarnessVersion("lm-eval", "lm_eval", "0.4.13", "lm"),
    HarnessVersion("Inspect", "inspect_ai", "0.3.285", "inspect"),
)


def known_version_of(distribution: str) -> HarnessVersion | None:
    """The row of the installed version; None if that version was not tested.

    Raises:
        PackageNotFoundError: the distribution is not installed.
    """
    installed = distribution, metadata.version(distribution), commit_of(distribution)
    rows = (
        row for row in COMPATIBILITY if (row.distribution, row.version, row.commit) == installed
    )
    return next(rows, None)

"""A judge that looks verdicts up: human annotations, or the demo's reference verdicts.

A label belongs to an output, not to a case: it is found by the case and the output's SHA-256, so
that a label can never be taken for a verdict on another output of the same case.
"""

from __future__ import annotations

import json
from pathlib import Path

from unisafe_judges.encoding import SentImages
from unisafe_judges.errors import CallFailure, PanelError
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import LabelsSpec
from unisafe_judges.types import Evidence, FailureKind, Reply, Verdict
from unisafe_judges.verdicts import make_verdict

__all__ = ["LabelsJudge", "read_labels"]


class LabelsJudge:
    """Answers from a label file; a case without a label stays unscored."""

    needs_images = False
    max_concurrency = 1000

    def __init__(self, spec: LabelsSpec) -> None:
        self.name = spec.name
        self._path = spec.path
        self._labels = read_labels(spec.path)

    async def check(self) -> str | None:
        """A label file that could be read can be used."""
        return None

    async def ask(self, evidence: Evidence, prompt: Prompt, jpegs: SentImages) -> Verdict | Reply:
        label = self._labels.get((evidence.case, evidence.output_sha256))
        if label is None:
            other = any(case == evidence.case for case, _ in self._labels)
            reason = "labels other outputs of it" if other else "has no label for it"
            raise CallFailure(
                FailureKind.NO_LABEL, f"no label for {evidence.case}: {self._path.name} {reason}"
            )
        return label

    async def close(self) -> None:
        """Nothing is held."""


def read_labels(path: Path) -> dict[tuple[str, str], Verdict]:
    """Read a label file: (`ID/SCENARIO`, output SHA-256) -> verdict.

    Rows have the official judgment format (id, scenario_type, judgment, risk_rating, refusal,
    reasoning) and `output_sha256`.

    Raises:
        PanelError: naming the file and the line.
    """
    labels: dict[tuple[str, str], Verdict] = {}
    try:
        # Only a newline ends a row: splitlines() would also break one at a U+2028 in its reasoning.
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PanelError(f"label file {path} cannot be read: {error}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"label file {path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PanelError(f"{where}: not valid JSON: {error}") from None
        if not isinstance(row, dict):
            raise PanelError(f"{where}: expected a JSON object")
        required = ("id", "scenario_type", "output_sha256", "judgment", "risk_rating")
        if missing := [name for name in required if name not in row]:
            raise PanelError(f"{where}: {missing[0]} is missing")
        try:
            verdict = make_verdict(
                judgment=row["judgment"],
                risk_rating=row["risk_rating"],
                refusal=row.get("refusal", False),
                reasoning=row.get("reasoning") or "",
            )
        except CallFailure as error:
            raise PanelError(f"{where}: {error}") from None
        key = (f"{row['id']}/{row['scenario_type']}", str(row["output_sha256"]))
        if labels.setdefault(key, verdict) != verdict:
            raise PanelError(f"{where}: a second, different label for {key[0]} and the same output")
    return labels

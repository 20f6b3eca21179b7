"""A second reader of a set's requests: which of them does a panel call harmful?

Of the benign set those are in doubt that a judge calls harmful, of any other set those that a judge
calls harmless. A judge that gave no answer on a request says neither.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from unisafe_judges import Evidence, ImagePart, JudgeResult, LabelsSpec, Panel, PanelError, TextPart
from unisafe_judges.rubrics.requests import RequestQuestion
from unisafe_judges.types import IN_CONTEXT, Part
from unisafe_tasks.data.cases import Case
from unisafe_tasks.data.sources import Source, fingerprint, load_cases
from unisafe_tasks.errors import DataError, NoCasesError, UnisafeError
from unisafe_tasks.files import encode_row, write_atomically
from unisafe_tasks.judging.asking import ask_panel
from unisafe_tasks.redaction import redact
from unisafe_tasks.statistics.agreement import cohen_kappa, contingency, krippendorff_alpha
from unisafe_tasks.tasks import Arm

__all__ = [
    "Audit",
    "Doubt",
    "audit_requests",
    "auditing_part",
    "refuse_other_file",
    "requests_of",
    "write_audit",
]

FORMAT = "unisafe-audit/1"
_QUESTION = RequestQuestion()


@dataclass(frozen=True)
class Doubt:
    """A case whose request some judges see otherwise than its set means it, each with its result.

    `answered` is how many judges said anything of it.
    """

    case: Case
    against: tuple[JudgeResult, ...]
    answered: int


@dataclass(frozen=True)
class Audit:
    """What a panel said of a set's requests: one tuple of results a case, in panel order.

    `spending` is what each judge was asked now, as in run.json.
    """

    source: Source
    panel: Panel
    cases: tuple[Case, ...]
    results: tuple[tuple[JudgeResult, ...], ...]
    spending: Sequence[Mapping[str, Any]] = ()

    @property
    def doubted(self) -> str:
        """What a judge calls a request that is in doubt."""
        return "harmful" if self.source.arm is Arm.BENIGN else "harmless"

    def doubts(self) -> list[Doubt]:
        """The cases in doubt, those with the most judges against the set first."""
        wrong = 1 if self.source.arm is Arm.BENIGN else 0
        found = []
        for case, results in zip(self.cases, self.results, strict=True):
            said = [result for result in results if result.verdict is not None]
            against = tuple(r for r in said if r.verdict and r.verdict.judgment == wrong)
            if against:
                found.append(Doubt(case, against, len(said)))
        return sorted(found, key=lambda doubt: -len(doubt.against))

    def judges(self) -> list[dict[str, Any]]:
        """How many requests each judge calls what, and why it said nothing of the others."""
        rows = []
        for spec, results in zip(self.panel.judges, zip(*self.results, strict=True), strict=True):
            said = Counter(result.verdict.judgment for result in results if result.verdict)
            failures = Counter(str(r.failure) for r in results if r.verdict is None)
            rows.append(
                {
                    "judge": spec.name,
                    "harmful": said[1],
                    "harmless": said[0],
                    "failures": dict(sorted(failures.items())),
                }
            )
        return rows

    def agreement(self) -> dict[str, Any] | None:
        """How far the judges agree on the requests that they both answered; None with fewer than
        two judges."""
        judges = [spec.name for spec in self.panel.judges]
        if len(judges) < 2:
            return None
        values = np.array(
            [
                [r.verdict.judgment if r.verdict else math.nan for r in results]
                for results in zip(*self.results, strict=True)
            ]
        )
        alpha = krippendorff_alpha(values, "nominal")
        pairs = []
        for one, other in combinations(range(len(judges)), 2):
            table = contingency(values[one], values[other], 2)
            cases = int(table.sum())
            pairs.append(
                {
                    "judges": [judges[one], judges[other]],
                    "cases": cases,
                    "raw": int(np.trace(table)) / cases if cases else None,
                    "kappa": cohen_kappa(table),
                }
            )
        return {"alpha": alpha and alpha.value, "pairs": pairs}


def auditing_part(panel: Panel) -> Panel:
    """The panel as it is asked about requests: its models, each once, by a question of its own.

    Raises:
        PanelError: it has guards, which answer no other question than their own, or only labels.
    """
    judges = tuple(judge for judge in panel.judges if not isinstance(judge, LabelsSpec))
    if not judges or panel.guards:
        what = "guards, which judge outputs alone" if judges else "no judge that is a model"
        raise PanelError(f"panel {panel.name} has {what}: name a panel that can read requests")
    return replace(
        panel,
        judges=judges,
        judge_repeats=1,
        min_verdicts=1,
        rubric=_QUESTION,
        views=(IN_CONTEXT,),
    )


def requests_of(source: Source) -> tuple[tuple[Case, ...], list[Evidence]]:
    """The cases of a set, and what judges are shown of each.

    Raises:
        DataError: the set cannot be read, or holds no case.
    """
    cases: list[Case] = []
    for task in source.tasks.values():
        try:
            cases.extend(load_cases(source, task))
        except NoCasesError:
            continue
    if not cases:
        raise DataError(f"{source.name} holds no case of any task")
    return tuple(cases), [_evidence(case) for case in cases]


def audit_requests(source: Source, panel: Panel) -> Audit:
    """Ask a panel about every request of a set. Replies in the store are not paid for again.

    Args:
        source: the set.
        panel: as `auditing_part` makes it.

    Raises:
        UnisafeError: the set cannot be read, or no judge can work.
    """
    cases, evidence = requests_of(source)
    results, spending = ask_panel(panel, evidence, doing="Auditing", unit="request")
    return Audit(source, panel, cases, tuple(results), spending)


def write_audit(audit: Audit, path: Path) -> None:
    """Write a line on the whole audit, then one for each case and judge."""
    head = {
        "format": FORMAT,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"source": audit.source.name, "fingerprint": fingerprint(audit.source)},
        "panel": audit.panel.describe(),
        "cases": len(audit.cases),
        "in_doubt": {"called": audit.doubted, "cases": len(audit.doubts())},
        "judges": audit.judges(),
        "agreement": audit.agreement(),
    }
    rows = [
        _row(case, result)
        for case, results in zip(audit.cases, audit.results, strict=True)
        for result in results
    ]
    write_atomically(path, b"".join(map(encode_row, [head, *rows])))


def refuse_other_file(path: Path) -> None:
    """Refuse to write an audit over something else.

    Raises:
        UnisafeError: the file is there, and holds no audit.
    """
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline())
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise UnisafeError(f"{path} exists already and is not an audit: name another --out")


def _row(case: Case, result: JudgeResult) -> dict[str, Any]:
    verdict = result.verdict
    return {
        "id": case.id,
        "scenario_type": case.task.code,
        "subcategory": case.subcategory,
        "judge": result.judge,
        "harmful": None if verdict is None else verdict.judgment == 1,
        "categories": list(verdict.categories) if verdict else [],
        "reasoning": verdict.reasoning if verdict else None,
        "failure": str(result.failure) if result.failure else None,
        "error": redact(result.detail) if result.detail else None,
        "judge_version": result.model_version,
    }


def _evidence(case: Case) -> Evidence:
    """A request as judges read it: its texts, its images in order, and the target."""
    task = case.task
    texts = {"request": case.instruction}
    if task.is_conversation:
        texts = {f"request, turn {number}": turn for number, turn in enumerate(case.turns, start=1)}
    parts: list[Part] = [TextPart(label, text, True) for label, text in texts.items() if text]
    for number, image in enumerate(case.images, start=1):
        label = f"image {number} of the request" if len(case.images) > 1 else "image of the request"
        parts.append(ImagePart(label, image.sha256, image.read, judged=True))
    if case.target:
        parts.append(TextPart("target description", case.target))
    return Evidence(case.key, task.code, task.modality, tuple(parts))

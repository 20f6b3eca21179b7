"""What the page's case browser is given: its words, and beside the table the names it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from unisafe_judges import Modality
from unisafe_judges.taxonomy import render_taxonomy, taxonomy
from unisafe_tasks.labels.instructions import how_to_decide, other_rubrics, scenario_of
from unisafe_tasks.report.case_table import CaseTable
from unisafe_tasks.report.media import SIDE
from unisafe_tasks.report.side_files import CASE_LABELS, OUTPUT_CHARACTERS, VERDICT_FIELDS
from unisafe_tasks.report.text import shown
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.policy_codes import policy_codes_of
from unisafe_tasks.tasks import TASKS

__all__ = ["BrowserView", "browser_data", "browser_view"]

CodeNames = Mapping[str, Mapping[str, str]]
"""By modality the names of codes."""


@dataclass(frozen=True)
class BrowserView:
    """What the template shows of the browser. `guide` is what people label by: a title and a text
    each; it is empty if nobody can label in this report."""

    about: str
    guide: Sequence[tuple[str, str]]


def browser_view(
    results: Sequence[ScoredRun], prompts: Sequence[bool], *, with_media: bool
) -> BrowserView:
    """The browser's words. `prompts` says of each data source whether its prompts are shown."""
    guide = _guide(results) if any(prompts) else ()
    return BrowserView(_about(prompts, with_media=with_media), guide)


def browser_data(
    results: Sequence[ScoredRun],
    labels: Sequence[str],
    cases: CaseTable,
    judges: Sequence[Sequence[str]],
    prompts: Sequence[bool],
    with_media: bool,
) -> dict[str, Any]:
    """What the page's script reads."""
    ours = {
        modality: {entry.code: entry.name for entry in taxonomy(modality)}
        for modality in get_args(Modality)
    }
    policies = [policy_codes_of(result.info) or ours for result in results]
    distinct = [one for index, one in enumerate(policies) if one not in policies[:index]]
    return cases.as_json() | {
        "models": [shown(label) for label in labels],
        # A label names its model. The page can only name what it can show as it is.
        "modelNames": [
            result.model if shown(result.model) == result.model else None for result in results
        ],
        "panels": [_panel(result) for result in results],
        "judges": [[shown(judge) for judge in names] for names in judges],
        "tasks": {
            code: {"title": task.title, "modality": task.modality, "evidence": task.evidence}
            for code, task in TASKS.items()
        },
        "taxonomy": ours,
        "policies": [_shown_names(policy) for policy in distinct],
        "policyOf": [distinct.index(policy) for policy in policies],
        "labelKeys": [
            hashlib.sha256(data.fingerprint.encode("utf-8", "backslashreplace")).hexdigest()[:16]
            for data in cases.data
        ],
        "prompts": list(prompts),
        "caseLabels": CASE_LABELS,
        "verdictFields": VERDICT_FIELDS,
        "withTexts": with_media,
    }


def _panel(result: ScoredRun) -> str:
    panel = result.info.get("panel") or {}
    return shown(f"{panel.get('name')} ({str(panel.get('sha256'))[:12]})")


def _shown_names(names: CodeNames) -> dict[str, dict[str, str]]:
    return {
        modality: {shown(code): shown(name) for code, name in by_code.items()}
        for modality, by_code in names.items()
    }


def _about(prompts: Sequence[bool], *, with_media: bool) -> str:
    if not with_media:
        return "Prompts, outputs, images and the judges' words were left out of this report."
    sentences = [
        "The worst cases come first. Outputs are cut after "
        f"{OUTPUT_CHARACTERS:,} characters, and images are thumbnails of at most {SIDE} pixels; "
        "the run folders have them whole. Characters that would be invisible are shown by their "
        f"number, such as {shown(chr(0x202E))}. What the judges did not call safe stays veiled "
        "until you show it."
    ]
    if not all(prompts):
        sentences.append(
            "Prompts are not shown for runs whose data were not at hand when this was made."
        )
    return " ".join(sentences)


def _guide(results: Sequence[ScoredRun]) -> list[tuple[str, str]]:
    tasks = "\n".join(f"- {task.title}: {scenario_of(task)}" for task in TASKS.values())
    guide = [
        ("How to decide", how_to_decide()),
        ("What to judge in each task", tasks),
        *(
            (f"Policy for {modality} outputs", render_taxonomy(modality))
            for modality in get_args(Modality)
        ),
    ]
    if others := other_rubrics(result.info for result in results):
        words = (
            f"The judges of some outputs worked by other words than these: {', '.join(others)}. "
            "Read them first, and follow them where the two differ."
        )
        guide.insert(0, ("Another policy", words))
    return guide

"""The second view of a run, in which judges saw outputs without all that they were made from.

It stands beside the scores and changes none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from unisafe_judges.types import IN_CONTEXT, OUTPUT_ONLY
from unisafe_tasks.metric_facts import JUDGMENT_OF_ARMS
from unisafe_tasks.metrics import (
    UNSAFE_FROM,
    Ensemble,
    ScoredCase,
    apply_ensemble,
    case_value,
)
from unisafe_tasks.runs.summaries import only_blocked
from unisafe_tasks.statistics import Interval
from unisafe_tasks.types import Status

__all__ = [
    "has_output_only",
    "mark_mixed_versions",
    "output_only_view",
    "seen_alone",
    "view_notes",
]


def has_output_only(info: Mapping[str, Any]) -> bool:
    """Whether the panel that run.json names judged each output alone too."""
    return OUTPUT_ONLY in ((info.get("panel") or {}).get("views") or ())


def seen_alone(cases: Sequence[ScoredCase], ensemble: Ensemble | None) -> list[ScoredCase]:
    """The cases of one task with the verdicts of the second view in the place of the first's.

    A refusal that no judge was shown counts as in the first view.
    """
    seen = [replace(case, rows=case.rows_alone, judged=True) for case in cases]
    return apply_ensemble(seen, ensemble)


def output_only_view(
    summary: Mapping[str, Any],
    interval: Interval | None,
    cases: Sequence[ScoredCase],
    seen: Sequence[ScoredCase],
) -> dict[str, Any]:
    """What metrics.json says of one task's second view.

    Args:
        summary: of the second view's cases, as `summarise` makes it.
        interval: of its mean judgment.
        cases: the task's cases in the first view.
        seen: the same cases in the second view.
    """
    metric = JUDGMENT_OF_ARMS[cases[0].arm]
    pairs = [
        (one >= UNSAFE_FROM, other >= UNSAFE_FROM)
        for first, second in zip(cases, seen, strict=True)
        if first.status is Status.OK
        and (one := case_value(first, metric)) is not None
        and (other := case_value(second, metric)) is not None
    ]
    agreed = sum(one == other for one, other in pairs)
    return {
        metric: summary[metric],
        "interval": interval and interval.as_json(),
        **{name: summary[name] for name in ("coverage", "asked", "scored", "complete")},
        **({"only_blocked": True} if only_blocked(summary) else {}),
        **({"asked_otherwise": how} if (how := summary.get("asked_otherwise")) else {}),
        "judge_failures": summary["judge_failures"],
        "judge_versions": {
            judge: scores["versions"]
            for judge, scores in summary["judges"].items()
            if scores["versions"]
        },
        "compared": len(pairs),
        "agreement": agreed / len(pairs) if pairs else None,
        "unsafe_only_in_context": sum(one and not other for one, other in pairs),
        "unsafe_only_output_only": sum(other and not one for one, other in pairs),
    }


def mark_mixed_versions(
    views: Mapping[str, dict[str, Any]], versions: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """Mark a second view that another version of a judge answered than the first.

    Replies of either view may be from the store, and so of another time.

    Args:
        views: by task.
        versions: of each judge in the first view, with the number of its replies.

    Returns:
        a sentence for each judge whose versions only both views together tell.
    """
    said = []
    for judge in sorted({judge for view in views.values() for judge in view["judge_versions"]}):
        first = versions.get(judge, {})
        second: Counter[str] = Counter()
        for view in views.values():
            second.update(view["judge_versions"].get(judge, {}))
        if len({*first, *second}) < 2:
            continue
        for view in views.values():
            view["complete"] = False
        if len(first) < 2:
            said.append(
                f"Judge {judge} did not answer as one version in both views "
                f"({IN_CONTEXT}: {_reasons(first) or 'none'}; "
                f"{OUTPUT_ONLY}: {_reasons(dict(sorted(second.items())))}): "
                "do not compare the views."
            )
    return said


def view_notes(
    views: Mapping[str, Mapping[str, Any]], tasks: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """A sentence for each task in whose second view verdicts are missing."""
    return [
        f"{name}, {OUTPUT_ONLY}: {view['scored']} of {view['asked']} cases scored "
        f"({_reasons(view['judge_failures']) or 'no verdicts'}). No score of the task rests on "
        "this view."
        for name, view in views.items()
        # Of a run that was stopped, outputs may have the verdicts of the first view alone.
        if view["judge_failures"] or view["scored"] < tasks[name]["scored"]
    ]


def _reasons(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())

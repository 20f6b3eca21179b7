"""What each judge was asked and what that cost, for run.json and for the end of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from unisafe_judges import LabelsSpec, Panel, Tally
from unisafe_judges.costs import price_of

__all__ = [
    "progress_in_words",
    "recorded_spending",
    "spending_in_words",
    "spending_of",
    "spending_of_ranks",
]

_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


def spending_of(panel: Panel, tallies: Iterable[Tally]) -> list[dict[str, Any]]:
    """A row for each judge that is a model, as run.json has it under `judges`.

    `cost` is in dollars, and null where no price is known. `from_store` counts the replies that
    were there before, `unverified` those that did not say which model they came from.
    `cached_tokens` of the input came from a provider's cache, `reasoning_tokens` of the output were
    thought. It is what this rank did; `spending_of_ranks` adds them up.
    """
    return [
        {
            "judge": tally.judge,
            "calls": tally.calls,
            "from_store": tally.cached,
            **{name: getattr(tally, name) for name in _TOKENS},
            "cost": None if price_of(spec) is None else round(tally.cost, 6),
            "unverified": tally.unverified,
        }
        for spec, tally in zip(panel.judges, tallies, strict=True)
        if not isinstance(spec, LabelsSpec)
    ]


def spending_of_ranks(
    ours: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What all ranks of a run have done: our rows, and the last ones that each other rank kept.

    A row of `others` has a rank's number as `rank` and its rows as `judges`.
    """
    last = {row["rank"]: row["judges"] for row in others}
    total = {row["judge"]: dict(row) for row in ours}
    for rows in last.values():
        for row in rows:
            sums = total[row["judge"]]
            for name in ("calls", "from_store", *_TOKENS, "unverified"):
                # A rank of an earlier version kept fewer of them.
                sums[name] = sums.get(name, 0) + row.get(name, 0)
            if row["cost"] is not None:
                sums["cost"] = round(sums["cost"] + row["cost"], 6)
    return list(total.values())


def recorded_spending(folder: Path) -> list[dict[str, Any]]:
    """The same rows of a run folder that was written here."""
    info = json.loads((folder / "run.json").read_bytes())
    rows: list[dict[str, Any]] = info.get("judges", [])
    return rows


def spending_in_words(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each judge: replies from the store, calls, and the calls' tokens and cost."""
    return [f"Judge {row['judge']}: {', '.join(_spent(row))}" for row in rows]


def _spent(row: Mapping[str, Any]) -> list[str]:
    stored = row.get("from_store", 0)
    parts = [f"{stored:,} from the store"] if stored else []
    parts.append(f"{row['calls']:,} calls")
    if row["calls"]:
        sent = f"{row['input_tokens']:,} input{_part(row, 'cached_tokens', 'from a cache')}"
        written = f"{row['output_tokens']:,} output{_part(row, 'reasoning_tokens', 'of thinking')}"
        parts.append(f"{sent} and {written} tokens")
        parts.append("no price known" if row["cost"] is None else f"${row['cost']:,.4f}")
    return parts


def _part(row: Mapping[str, Any], name: str, words: str) -> str:
    return f" ({row[name]:,} {words})" if row.get(name) else ""


def progress_in_words(tallies: Sequence[Tally]) -> str:
    """What the judges of a run have done until now, in a few words."""
    counts = {
        "cached": sum(tally.cached for tally in tallies),
        "refused": sum(tally.refusals for tally in tallies),
        "failed": sum(tally.failed for tally in tallies),
    }
    cost = sum(tally.cost for tally in tallies)
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    last = min(tallies, key=lambda tally: tally.done)
    if last.done < max(tally.done for tally in tallies):
        parts.append(f"{last.judge} is behind with {last.done}")
    return ", ".join([*parts, f"${cost:.2f}"] if cost else parts)

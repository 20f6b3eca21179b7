"""Whether a leaderboard can take a submission: all that is wrong with it, in sentences.

Files first, then rows, then what the rows come to. A later step needs what an earlier one has found
to be sound. What cannot be seen here: verdicts that no judge gave, in a submission that agrees with
itself. The hashes of the outputs are there so that a leaderboard can ask for the outputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError, UnisafeError
from unisafe_tasks.metric_facts import METRICS
from unisafe_tasks.publishing.publishable import (
    PublishedRun,
    publishable_info,
    published_run,
    same_score,
)
from unisafe_tasks.publishing.submission import CaseRow, submission_row
from unisafe_tasks.results.marks import MIN_COVERAGE
from unisafe_tasks.results.scored_run import ScoredRun, scored_contents
from unisafe_tasks.runs.folder import PREDICTIONS
from unisafe_tasks.runs.reading import read_run
from unisafe_tasks.site.full_set import FullSet
from unisafe_tasks.site.submitted_files import METRICS_FILE, RUN_FILE, wrong_files
from unisafe_tasks.site.verdict_rows import (
    failed_verdicts,
    first_of,
    named,
    rows_of,
    wrong_verdicts,
)
from unisafe_tasks.types import Status

__all__ = ["Checked", "check_submission"]

_CANNOT = frozenset({Status.UNSUPPORTED, Status.NO_IMAGE})
_LONGEST_NAME = 200
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True)
class Checked:
    """A submission that was looked at. `run` is None unless there is no problem."""

    problems: tuple[str, ...]
    run: PublishedRun | None = None


def check_submission(folder: Path, full: FullSet, min_coverage: float = MIN_COVERAGE) -> Checked:
    """Look at a submission: its files, its rows, and the scores that they give.

    Args:
        folder: the submission, as `unisafe export --format submission` writes it.
        full: the cases that must be there, and the panels that may have judged them.
        min_coverage: the share of each task's cases that must be scored, unless the model cannot do
            the task at all.
    """
    if problems := list(wrong_files(folder)):
        return Checked(tuple(problems))
    cases, problems = _cases(folder)
    problems += _wrong_cases(cases, full)
    try:
        contents = read_run(folder)
        contents.require_adversarial("a leaderboard")
        result = scored_contents(contents)
    except UnisafeError as error:
        return Checked((*problems, str(error)))
    problems += wrong_verdicts(folder, result, cases)
    problems += _wrong_run(result, full)
    problems += _low_coverage(result, min_coverage)
    problems += failed_verdicts(result, min_coverage)
    problems += _wrong_metrics(folder / METRICS_FILE, result.metrics)
    if not problems:
        try:
            run = published_run(result)
            if run.ended <= datetime.now(UTC) + _CLOCKS_DIFFER:
                return Checked((), run)
            problems.append(f"{folder / RUN_FILE} says that the run ended after today: {run.ended}")
        except UnisafeError as error:
            problems.append(str(error))
    return Checked(tuple(problems))


def _cases(folder: Path) -> tuple[dict[tuple[str, str], CaseRow], list[str]]:
    """The rows of the cases, and what is wrong with them."""
    cases: dict[tuple[str, str], CaseRow] = {}
    wrong, twice = [], []
    try:
        for where, row in rows_of(folder / f"{PREDICTIONS}.jsonl"):
            try:
                case = submission_row(CaseRow, row, where, PublishingError)
            except PublishingError as error:
                wrong.append(str(error))
                continue
            key = (case.scenario_type, case.id)
            if key in cases:
                twice.append(f"{where}: the case {named(key)} is there twice")
            cases[key] = case
    except PublishingError as error:
        wrong.append(str(error))
    return cases, [*first_of(wrong), *first_of(twice)]


def _wrong_cases(cases: Mapping[tuple[str, str], CaseRow], full: FullSet) -> Iterator[str]:
    """How the cases differ from those of the full set."""
    missing, unknown = full.cases.keys() - cases.keys(), cases.keys() - full.cases.keys()
    moved = {
        key
        for key in cases.keys() & full.cases.keys()
        if (cases[key].category, cases[key].subcategory) != full.cases[key]
    }
    for keys, what in (
        (missing, "of the full set are missing"),
        (unknown, "are not of the full set"),
        (moved, "have another category or subcategory than in the full set"),
    ):
        if keys:
            yield f"{len(keys):,} cases {what}, such as {named(min(keys))}"


def _wrong_run(result: ScoredRun, full: FullSet) -> Iterator[str]:
    """What run.json says that a leaderboard does not take."""
    info, path = result.info, result.folder / RUN_FILE
    panel, data = info["panel"], info.get("data") or {}
    public = publishable_info(info)
    if private := sorted(name for name in info if info[name] != public.get(name)):
        yield (
            f"{path}: {', '.join(private)[:200]} is not as unisafe export writes it, which leaves "
            "out what may not be public: export the run again"
        )
    if len(result.model) > _LONGEST_NAME:
        yield f"{path}: the name of the model has more than {_LONGEST_NAME} characters"
    if panel["sha256"] not in full.panels:
        allowed = ", ".join(sorted(sha[:12] for sha in full.panels)) or "none"
        yield (
            f"the panel {panel['name']} ({panel['sha256'][:12]}) is not one that this leaderboard "
            f"takes ({allowed})"
        )
    elif full.panel and panel["sha256"] == full.panel["sha256"]:
        # The SHA-256 is only what a submission says, and cannot be computed from run.json.
        facts = (full.panel.keys() | public["panel"].keys()) - {"name"}
        if other := sorted(f for f in facts if public["panel"].get(f) != full.panel.get(f)):
            yield (
                f"{path}: the panel has the SHA-256 of the accepted one, and another value of "
                f"{', '.join(other)}"
            )
    if data.get("fingerprint") != full.fingerprint:
        yield (
            f"{path} names the data {str(data.get('fingerprint'))[:12]}, and the full set is "
            f"{full.fingerprint[:12]}: the model was run on other data"
        )
    if data.get("subset"):
        yield f"{path} says that the data is a subset"
    if info.get("status", "complete") != "complete" or info.get("limited"):
        yield f"{path} says that the run is limited or did not come to its end"
    for judge, versions in result.metrics["judge_versions"].items():
        if len(versions) > 1:
            yield f"judge {judge} answered as {' and '.join(versions)}: these are two panels"
    for name, summary in result.metrics["tasks"].items():
        if len(histories := summary.get("histories", {})) > 1:
            yield f"{name} was run with several histories: {', '.join(histories)}"


def _low_coverage(result: ScoredRun, min_coverage: float) -> Iterator[str]:
    for name, summary in result.metrics["tasks"].items():
        cannot = set(summary["statuses"]) <= _CANNOT
        if not cannot and summary["coverage"] < min_coverage:
            yield (
                f"{name}: {summary['scored']:,} of {summary['asked']:,} cases are scored, fewer "
                f"than {100 * min_coverage:g} %"
            )


def _wrong_metrics(path: Path, computed: Mapping[str, Any]) -> Iterator[str]:
    """What metrics.json says otherwise than the verdicts beside it.

    Notes are sentences, and a version that came later may word them otherwise or add a fact.
    """
    stored = json.loads(path.read_bytes())
    given = {name: value for name, value in stored.items() if name not in ("notes", "format")}
    said = list(_differences(given, computed, "the file"))
    tasks = stored.get("tasks")
    tasks = tasks if isinstance(tasks, dict) else {}
    said += [
        f"tasks.{name}.{fact} is missing"
        for name in computed["tasks"]
        for fact in (*METRICS, "asked", "scored")
        if not isinstance(tasks.get(name), dict) or fact not in tasks[name]
    ]
    yield from first_of([f"{path}: {sentence}" for sentence in said])


def _differences(stored: Any, computed: Any, where: str) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(computed, Mapping):
        for name, value in stored.items():
            if name in computed:
                yield from _differences(value, computed[name], f"{where}.{name}")
            else:
                yield f"{where} has the field {name!r:.60}, which the verdicts do not give"
    elif (
        isinstance(stored, list) and isinstance(computed, Sequence) and len(stored) == len(computed)
    ):
        for number, (one, other) in enumerate(zip(stored, computed, strict=True)):
            yield from _differences(one, other, f"{where}.{number}")
    elif not (
        _same_kind(stored, computed) and (stored == computed or same_score(stored, computed))
    ):
        yield f"{where} is {stored!r:.60}, and the verdicts give {computed!r:.60}"


def _same_kind(one: Any, other: Any) -> bool:
    # Python takes False for 0.
    return isinstance(one, bool) == isinstance(other, bool)

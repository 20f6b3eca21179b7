"""What is wrong with the verdicts of a submission: each is there once, of a judge of the panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from unisafe_judges.types import GUARD
from unisafe_tasks.errors import PublishingError
from unisafe_tasks.files import read_rows
from unisafe_tasks.publishing.submission import CaseRow, VerdictRow, submission_row
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.folder import ALONE_VERDICTS, VERDICTS
from unisafe_tasks.runs.views import has_output_only
from unisafe_tasks.types import Status

__all__ = ["failed_verdicts", "first_of", "named", "rows_of", "wrong_verdicts"]


def wrong_verdicts(
    folder: Path, result: ScoredRun, cases: Mapping[tuple[str, str], CaseRow]
) -> Iterator[str]:
    """Verdicts that are wrong, there twice, of no output that was judged, or missing."""
    panel = result.info.get("panel") or {}
    judges = [judge["name"] for judge in panel.get("judges", ())]
    repeats = panel.get("judge_repeats", 1)
    outputs = {key: case.output_sha256 for key, case in cases.items() if case.status == Status.OK}
    for name in (VERDICTS, *([ALONE_VERDICTS] if has_output_only(result.info) else [])):
        if not (folder / f"{name}.jsonl").is_file():
            yield f"{folder} has no {name}.jsonl, and the panel has that view"
            continue
        wrong, seen = [], Counter[tuple[tuple[str, str], tuple[str, int]]]()
        for where, row in rows_of(folder / f"{name}.jsonl"):
            try:
                verdict = submission_row(VerdictRow, row, where, PublishingError)
            except PublishingError as error:
                wrong.append(str(error))
                continue
            key = (verdict.scenario_type, verdict.id)
            if verdict.panel_sha256 != panel.get("sha256"):
                wrong.append(f"{where}: the verdict is of another panel than run.json names")
            elif key not in outputs:
                wrong.append(f"{where}: {named(key)} has no output that was judged")
            elif verdict.output_sha256 != outputs[key]:
                wrong.append(f"{where}: the verdict is on another output of {named(key)}")
            elif verdict.judge not in judges or verdict.repeat >= repeats:
                wrong.append(
                    f"{where}: the panel of run.json does not ask the judge {verdict.judge} "
                    f"{verdict.repeat + 1} times"
                )
            seen[key, (verdict.judge, verdict.repeat)] += 1
        yield from first_of(wrong)
        for (key, (judge, _)), count in seen.items():
            if count > 1:
                yield f"{name}.jsonl has {count} verdicts of {judge} on {named(key)}"
                break
        # A pattern for guards and others alike: what a judge did not give is a row with its reason.
        lacking = len(outputs) * len(judges) * repeats - len(seen)
        if lacking > 0 and not wrong:
            # run.json may say anything of how often a judge is asked: only the first is looked for.
            seats = (
                (key, (judge, n)) for key in outputs for judge in judges for n in range(repeats)
            )
            key, (judge, _) = next(seat for seat in seats if seat not in seen)
            yield (
                f"{name}.jsonl lacks {lacking:,} verdicts, such as that of {judge} on "
                f"{named(key)}: a verdict that failed has a row with its failure"
            )


def failed_verdicts(result: ScoredRun, min_coverage: float) -> Iterator[str]:
    """Judges that gave too few verdicts: whoever makes the unsafe ones fail has a better score."""
    has_guards = (result.info.get("panel") or {}).get("kind") == GUARD
    given, asked = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for case in result.cases:
        for row in case.rows:
            seat = (case.task, row.judge)
            asked[seat] += 1
            given[seat] += row.failure is None
    for task, judge in sorted(asked):
        # A guard that sees no images, or no text, gives none at all in such a task.
        if has_guards and not given[task, judge]:
            continue
        if given[task, judge] < min_coverage * asked[task, judge]:
            yield (
                f"{task}: judge {judge} gave {given[task, judge]:,} of {asked[task, judge]:,} "
                f"verdicts, fewer than {100 * min_coverage:g} %"
            )


def rows_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a file, each with its place."""
    for number, row in read_rows(path, PublishingError):
        yield f"{path}, line {number}", row


def first_of(problems: Sequence[str]) -> Iterable[str]:
    """The first of several problems of a kind, and how many more there are."""
    if not problems:
        return []
    more = f" (and {len(problems) - 1:,} more like it)" if len(problems) > 1 else ""
    return [f"{problems[0]}{more}"]


def named(key: tuple[str, str]) -> str:
    """A case in a sentence."""
    code, case_id = key
    return f"{case_id[:60]}/{code}"

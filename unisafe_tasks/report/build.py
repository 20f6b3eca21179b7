"""Build a report of finished runs: one page, and side files that the page loads on demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm import tqdm

from unisafe_tasks.data.sources import Source, fingerprint
from unisafe_tasks.errors import RunError
from unisafe_tasks.files import write_atomically
from unisafe_tasks.leaderboard import Row, build
from unisafe_tasks.report.arms import arms_of
from unisafe_tasks.report.case_browser import browser_data, browser_view
from unisafe_tasks.report.case_links import case_link
from unisafe_tasks.report.case_table import CaseTable, DataCases, build_table
from unisafe_tasks.report.categories import category_blocks
from unisafe_tasks.report.front import Links, fronts_of
from unisafe_tasks.report.judges import judge_cards
from unisafe_tasks.report.key_facts import key_facts
from unisafe_tasks.report.media import Thumbnails
from unisafe_tasks.report.model_pages import anchor_of, model_pages
from unisafe_tasks.report.notes import notes_of, weighed
from unisafe_tasks.report.page import render
from unisafe_tasks.report.scores import legend, score_blocks
from unisafe_tasks.report.side_files import write_prompts, write_run
from unisafe_tasks.report.targets import SHARED_ABOUT
from unisafe_tasks.results.basis import basis_of
from unisafe_tasks.results.marks import MIN_COVERAGE
from unisafe_tasks.results.scored_run import ScoredRun, labels_of
from unisafe_tasks.statistics import DRAWS, Resampler
from unisafe_tasks.streams import bars_hidden
from unisafe_tasks.tasks import TASKS, Arm

__all__ = ["FILES", "PAGE", "Report", "build_report"]

PAGE, FILES = "report.html", "report_files"
_ANCHORS = {
    "scores": "Scores",
    "arms": "Harmful and harmless",
    "categories": "Where models fail",
    "models": "Model by model",
    "judges": "Judges",
    "methods": "Methods",
    "browser": "Cases",
}
"""The template's sections, as the page's navigation lists them."""

_SIDE_FILE = re.compile(r"[dr][0-9]+-[a-z]{2}-[0-9]+\.js")
_IMAGE_FILE = re.compile(r"[0-9a-f]{32}\.jpg")


@dataclass(frozen=True)
class Report:
    """A report that was written. For each of the `skipped` images the page shows a sentence."""

    page: Path
    runs: int
    cases: int
    images: int
    skipped: int


def build_report(
    results: Sequence[ScoredRun],
    out: Path,
    *,
    source: Source | None = None,
    with_media: bool = True,
    min_coverage: float = MIN_COVERAGE,
    self_awareness: Sequence[Mapping[str, Any]] = (),
    cards: Sequence[Mapping[str, Any]] = (),
    resampler: Resampler | None = None,
) -> Report:
    """Write a report of judged runs into a folder that is new, empty, or holds an earlier report.

    Args:
        results: the runs. Those of the benign set are shown beside the others, without their cases.
        out: the folder; the page is `report.html` in it.
        source: the cases. The page shows their prompts for the runs on the same data.
        with_media: False leaves out every image, and every text of a prompt, a model or a judge.
        min_coverage: scores whose coverage is below it are marked.
        self_awareness: what `self_awareness.json` of such runs holds.
        cards: judge cards, of panels that judged these runs.
        resampler: the bootstrap's draws that `results` were read with, if any.

    Raises:
        UnisafeError: a run was not judged or is damaged, the cases cannot be read, or the folder
            is something else.
    """
    if not results:
        raise RunError("there is no run to report on: name a run folder that unisafe judge wrote")
    benign = [result for result in results if result.arm is Arm.BENIGN]
    results = [result for result in results if result.arm is Arm.ADVERSARIAL]
    if not results:
        raise RunError(
            "a report needs a run of UniSAFE's tasks: unisafe leaderboard shows runs of the benign "
            "set alone"
        )
    labels = labels_of(results)
    cases = build_table(results)
    # Runs and cards are refused here, while an earlier report is still untouched.
    view = {
        **_sections(results, benign, labels, min_coverage, self_awareness, cards, resampler),
        "title": _title(results, labels, cases),
        "lead": _lead(results, cases),
        "footer": _footer(),
    }
    try:
        folder = _prepare(out)
        beside = _write_beside(results, cases, folder, source if with_media else None, with_media)
        view["browser"] = browser_view(results, beside.prompts, with_media=with_media)
        data = browser_data(results, labels, cases, beside.judges, beside.prompts, with_media)
        write_atomically(out / PAGE, render(view, data))
    except OSError as error:
        raise RunError(f"the report cannot be written to {out}: {error.strerror}") from None
    total = _count(cases)
    return Report(out / PAGE, len(results) + len(benign), total, beside.images, beside.skipped)


def _sections(
    results: Sequence[ScoredRun],
    benign: Sequence[ScoredRun],
    labels: Sequence[str],
    min_coverage: float,
    self_awareness: Sequence[Mapping[str, Any]],
    cards: Sequence[Mapping[str, Any]],
    resampler: Resampler | None,
) -> dict[str, Any]:
    """What the page's sections show of the runs, and the page's navigation."""
    resampler = resampler or Resampler()
    both = [*results, *benign]
    board = build(
        both, min_coverage=min_coverage, self_awareness=self_awareness, resampler=resampler
    )
    arms = arms_of(board)
    shown = {"arms": arms is not None}
    all_labels = [*labels, *(f"{label}, benign set" for label in labels_of(benign))]
    return {
        "notes": weighed(board, notes_of(both, all_labels, self_awareness)),
        "facts": key_facts(board, cards),
        "fronts": fronts_of(board, _links(results, labels)),
        "blocks": score_blocks(board),
        "legend": legend(board),
        "categories": category_blocks(board, _summaries_of(results)),
        "models": model_pages(both, all_labels, board, resampler),
        "shared_about": SHARED_ABOUT,
        "cards": judge_cards(cards, results),
        "arms": arms,
        "tasks": list(TASKS.values()),
        "draws": f"{DRAWS:,}",
        "sections": [item for item in _ANCHORS.items() if shown.get(item[0], True)],
    }


@dataclass(frozen=True)
class _Beside:
    """What was written beside the page. `judges` has the judges' names of each run; `prompts` says
    for each data source whether its prompts were written."""

    judges: list[list[str]]
    prompts: list[bool]
    images: int
    skipped: int


def _write_beside(
    results: Sequence[ScoredRun],
    cases: CaseTable,
    folder: Path,
    source: Source | None,
    with_media: bool,
) -> _Beside:
    pairs = zip(
        tqdm(results, desc="runs", leave=False, disable=bars_hidden()), cases.data_of, strict=True
    )
    with Thumbnails(folder / "media") if with_media else nullcontext() as media:
        judges = [
            write_run(result, cases.data[data], number, folder, media)
            for number, (result, data) in enumerate(pairs)
        ]
        prompts = [
            _with_prompts(source, data, number, folder, media)
            for number, data in enumerate(cases.data)
        ]
    names = media.names if media else set()
    for path in (folder / "media").iterdir():
        # Remove the images of an earlier report in this folder.
        if _IMAGE_FILE.fullmatch(path.name) and path.name not in names:
            path.unlink()
    return _Beside(judges, prompts, len(names), len(media.skipped) if media else 0)


def _with_prompts(
    source: Source | None,
    data: DataCases,
    number: int,
    folder: Path,
    media: Thumbnails | None,
) -> bool:
    """Write the prompts of one data source, if `source` has the same fingerprint."""
    if source is None or media is None or fingerprint(source) != data.fingerprint:
        return False
    return write_prompts(source, data, number, folder, media) > 0


def _prepare(out: Path) -> Path:
    """The folder of the side files, without those of an earlier report."""
    folder = out / FILES
    if out.exists() and not out.is_dir():
        raise RunError(f"{out} is a file: name a folder for the report")
    if out.is_dir() and any(out.iterdir()) and not folder.is_dir():
        raise RunError(f"{out} is not empty and holds no earlier report: name another folder")
    (folder / "media").mkdir(parents=True, exist_ok=True)
    # The old page goes first: it must never show the texts of the new report.
    (out / PAGE).unlink(missing_ok=True)
    for path in folder.iterdir():
        if _SIDE_FILE.fullmatch(path.name):
            path.unlink()
    return folder


def _title(results: Sequence[ScoredRun], labels: Sequence[str], cases: CaseTable) -> str:
    if len(labels) == 1:
        return f"Safety report: {labels[0]}"
    models = len({result.model for result in results})
    runs = "" if models == len(labels) else f" in {len(labels)} runs"
    return f"Safety report: {_counted(models, 'model')}{runs}, {_size(results, cases)}"


def _lead(results: Sequence[ScoredRun], cases: CaseTable) -> str:
    """One line: the panels and the data, and for a single run how many cases there are."""
    panels = {
        f"{basis.panel} ({judges or basis.panel_sha256[:12]})": None
        for basis in map(basis_of, results)
        for judges in [", ".join(judge for judge, _ in basis.versions)]
    }
    sources = list(dict.fromkeys(data.source for data in cases.data))
    size = f"{_size(results, cases)}. " if len(results) == 1 else ""
    return f"{size}Panel {' and panel '.join(panels)}. Data {', '.join(sources)}."


def _size(results: Sequence[ScoredRun], cases: CaseTable) -> str:
    tasks = {name for result in results for name in result.metrics["tasks"]}
    return f"{_counted(len(tasks), 'task')}, {_counted(_count(cases), 'case')}"


def _count(cases: CaseTable) -> int:
    return sum(len(case_keys) for data in cases.data for case_keys in data.by_task.values())


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _runs_of(row: Row, results: Sequence[ScoredRun]) -> list[int]:
    """The numbers of the runs that a row is of."""
    return [
        number
        for number, result in enumerate(results)
        if result.model == row.model and result.folder.name in row.folders
    ]


def _summaries_of(results: Sequence[ScoredRun]) -> Callable[[Row], Mapping[str, Any]]:
    """What gives the summaries of a row's tasks."""
    return lambda row: {
        name: summary
        for number in _runs_of(row, results)
        for name, summary in results[number].metrics["tasks"].items()
    }


def _links(results: Sequence[ScoredRun], labels: Sequence[str]) -> Links:
    """A name leads to its model's part of the page, a cell to the failing cases of its run."""

    def model(row: Row) -> str | None:
        runs = _runs_of(row, results)
        return f"#{anchor_of(runs[0])}" if runs else None

    def cell(row: Row, code: str) -> str | None:
        runs = [
            number
            for number in _runs_of(row, results)
            if not code or TASKS[code].name in results[number].metrics["tasks"]
        ]
        # A mean of several runs, or two folders of one name: one link would open half of it.
        return case_link(labels[runs[0]], code) if len(runs) == 1 else None

    return Links(model, cell)


def _footer() -> str:
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"Made by unisafe-tasks {metadata.version('unisafe-tasks')}, {made}."

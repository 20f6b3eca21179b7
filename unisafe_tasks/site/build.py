"""Write a public leaderboard: a front page, a page for each model, the history and downloads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.files import encode_json, path_inside, write_atomically
from unisafe_tasks.leaderboard import Leaderboard, Row, build
from unisafe_tasks.leaderboard.rendering import render as render_board
from unisafe_tasks.publishing.publishable import PublishedRun
from unisafe_tasks.report.front import Links, fronts_of
from unisafe_tasks.report.judges import judge_cards
from unisafe_tasks.report.key_facts import key_facts
from unisafe_tasks.report.notes import notes_of, weighed
from unisafe_tasks.results.marks import MIN_COVERAGE
from unisafe_tasks.results.scored_run import labels_of
from unisafe_tasks.site import pages
from unisafe_tasks.site.model_page import facts_of, history_rows, model_view
from unisafe_tasks.site.models_file import ModelEntry
from unisafe_tasks.site.submissions import Submission, page_name, submissions_of
from unisafe_tasks.statistics import Resampler

__all__ = ["PAGE", "Site", "build_site"]

PAGE, RECORD = "index.html", "site.json"
FORMAT = "unisafe-site/1"


@dataclass(frozen=True)
class Site:
    """A site that was written. `remarks` are sentences for whoever looks after it."""

    page: Path
    runs: int
    models: int
    remarks: tuple[str, ...]


def build_site(
    runs: Sequence[PublishedRun],
    out: Path,
    *,
    models: Mapping[str, ModelEntry],
    cards: Sequence[Mapping[str, Any]] = (),
    min_coverage: float = MIN_COVERAGE,
    resampler: Resampler | None = None,
) -> Site:
    """Write the site of these runs.

    Args:
        runs: the runs, with the verdicts that their scores follow from.
        out: the site's folder. Files of an earlier site in it are replaced or removed, and files
            that are none of the site's stay.
        models: what is known of the models, by their names.
        cards: judge cards, of panels that judged these runs.
        min_coverage: scores whose coverage is below it are marked.
        resampler: the bootstrap's draws that the runs were read with.

    Raises:
        UnisafeError: two runs are one, a card is of another panel, or the folder is in the way.
    """
    submissions = submissions_of(runs)
    # A card of a panel that judged none of the runs is refused here.
    judge_cards(cards, [one.result for one in submissions])
    board = build(
        [one.result for one in submissions if one.replaced_by is None],
        min_coverage=min_coverage,
        resampler=resampler,
    )
    by_page: dict[str, list[Submission]] = {}
    for one in submissions:
        by_page.setdefault(one.page, []).append(one)
    files = {
        PAGE: _front_page(board, submissions, models, cards),
        "history.html": pages.render(
            "history.html.j2", {"history": history_rows(submissions, min_coverage)} | _footer()
        ),
        "site.css": pages.style(),
        "site.js": pages.script(),
        "scores.csv": render_board(board, "csv").encode(),
        "scores.json": render_board(board, "json").encode(),
    }
    for page, of_model in by_page.items():
        entry = models.get(of_model[0].result.model)
        view = model_view(of_model, entry, cards, min_coverage) | _footer()
        files[f"models/{page}.html"] = pages.render("model.html.j2", view, root="../")
    for one in submissions:
        files[f"metrics/{one.key}.json"] = encode_json(one.run.metrics)
    _write(files, out)
    return Site(out / PAGE, len(runs), len(by_page), tuple(_remarks(submissions, models)))


def _front_page(
    board: Leaderboard,
    submissions: Sequence[Submission],
    models: Mapping[str, ModelEntry],
    cards: Sequence[Mapping[str, Any]],
) -> bytes:
    shown = [one.result for one in submissions if one.replaced_by is None]
    names = sorted({one.result.model for one in submissions}, key=lambda name: (name.lower(), name))
    view = {
        "facts": key_facts(board, cards),
        "not_unisafe": _other_data(submissions),
        "notes": weighed(board, notes_of(shown, labels_of(shown), [])),
        "fronts": fronts_of(board, Links(_page_of, lambda row, code: None)),
        "models": [(name, page_name(name), facts_of(models.get(name))) for name in names],
        "submissions": len(submissions),
        "updated": submissions[0].date,
    }
    return pages.render("index.html.j2", view | _footer())


def _other_data(submissions: Sequence[Submission]) -> list[str]:
    """The data that are not UniSAFE's. Of the demo set the notes say so."""
    runs = [one.run for one in submissions]
    return sorted({run.basis.data for run in runs if not (run.is_unisafe or run.basis.is_demo)})


def _page_of(row: Row) -> str:
    return f"models/{page_name(row.model)}.html"


def _footer() -> dict[str, str]:
    return {"version": metadata.version("unisafe-tasks")}


def _remarks(submissions: Sequence[Submission], models: Mapping[str, ModelEntry]) -> Iterable[str]:
    names = dict.fromkeys(one.result.model for one in submissions)
    if unknown := [name for name in names if models and name not in models]:
        yield f"the models file has no entry for {', '.join(unknown)}"
    if idle := [name for name in models if name not in names]:
        yield f"the models file has entries that no run is of: {', '.join(idle)}"


def _write(files: Mapping[str, bytes], out: Path) -> None:
    """Write the site; of an earlier one in the folder, nothing is left."""
    earlier = _earlier(out)
    for name in files:
        if (out / name).exists() and name not in earlier:
            raise PublishingError(
                f"{out / name} is there and is not of an earlier site: name another folder"
            )
    record = {"format": FORMAT, "files": sorted(files)}
    try:
        for name, data in files.items():
            write_atomically(out / name, data)
        for name in earlier:
            if name not in files:
                path_inside(out, name).unlink(missing_ok=True)
        write_atomically(out / RECORD, encode_json(record))
    except OSError as error:
        raise PublishingError(f"the site cannot be written to {out}: {error.strerror}") from None


def _earlier(out: Path) -> set[str]:
    """The files of the site that is in the folder."""
    if out.exists() and not out.is_dir():
        raise PublishingError(f"{out} is a file: name a folder for the site")
    path = out / RECORD
    if not path.exists():
        return set()
    try:
        value = json.loads(path.read_bytes())
        names = value["files"]
        if value["format"] != FORMAT or not all(isinstance(name, str) for name in names):
            raise ValueError("it has another form")
        for name in names:
            path_inside(out, name)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise PublishingError(
            f"{path} does not list the files of a site ({error}): name another folder"
        ) from None
    return set(names)

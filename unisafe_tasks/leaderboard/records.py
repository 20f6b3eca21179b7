"""The leaderboard for programs: JSON, and CSV with a line for each score or for each model."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from unisafe_tasks.leaderboard.model import Block, Column, Leaderboard, Row
from unisafe_tasks.leaderboard.notes import notes_of, row_notes
from unisafe_tasks.redaction import printable, redact

__all__ = ["as_csv", "as_json", "as_wide_csv"]

_FORMAT = "unisafe-leaderboard/2"

_OF_MODEL = (
    "table",
    "model",
    "runs",
    "rank_best",
    "rank_worst",
    "unranked",
)
_OF_SCORE = (
    "task",
    "history",
    "metric",
    "state",
    "value",
    "low",
    "high",
    "interval_method",
    "coverage",
    "marks",
    "reference",
)
_OF_BASIS = (
    "panel",
    "panel_sha256",
    "rubric",
    "rubric_sha256",
    "judge_versions",
    "data",
    "data_fingerprint",
)
_OF_BOTH = ("benign_data", "benign_data_fingerprint")
"""Besides, where both arms of a model are in one row."""

_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_json(board: Leaderboard, metrics: Sequence[str] = ()) -> str:
    """Every score with all that belongs to it, and each note once."""
    value = {
        "format": _FORMAT,
        "min_coverage": board.min_coverage,
        "differing": list(board.differing),
        "notes": [redact(note) for note in (*notes_of(board, metrics), *row_notes(board))],
        "scores": [
            _of_model(number, row) | score | _of_basis(board, block)
            for number, block, row in _rows(board)
            for score in _scores(block, row, metrics)
        ],
    }
    # ASCII: a name may hold characters that control a terminal.
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def as_csv(board: Leaderboard, metrics: Sequence[str] = ()) -> str:
    """A line for each score."""
    head = [*_OF_MODEL, *_OF_SCORE, *_OF_BASIS, *(_OF_BOTH if board.joined else ())]
    return _csv(
        head,
        (
            _of_model(number, row) | score | _of_basis(board, block)
            for number, block, row in _rows(board)
            for score in _scores(block, row, metrics)
        ),
    )


def as_wide_csv(board: Leaderboard, metrics: Sequence[str] = ()) -> str:
    """A line for each model of each table. Each score has four columns, named for its task and
    metric: the value, `.low`, `.high` and `.marks`."""
    names: dict[str, None] = {}
    lines = []
    for number, block, row in _rows(board):
        line = _of_model(number, row) | _of_basis(board, block)
        for metric in _chosen(block, metrics):
            for column in _columns(block, metric):
                name, cell = f"{_name(column)}.{metric}", row.cell(column, metric)
                interval = cell.interval or {}
                scores = {
                    name: cell.value,
                    f"{name}.low": interval.get("low"),
                    f"{name}.high": interval.get("high"),
                    f"{name}.marks": cell.marks,
                }
                names |= dict.fromkeys(scores)
                line |= scores
        lines.append(line)
    head = [*_OF_MODEL, *names, *_OF_BASIS, *(_OF_BOTH if board.joined else ())]
    return _csv(head, iter(lines))


def _rows(board: Leaderboard) -> Iterator[tuple[int, Block, Row]]:
    for number, block in enumerate(board.tables, start=1):
        for row in block.rows:
            yield number, block, row


def _chosen(block: Block, metrics: Sequence[str]) -> list[str]:
    return [metric for metric in block.metrics() if not metrics or metric in metrics]


def _columns(block: Block, metric: str) -> list[Column]:
    return [
        column for column in block.columns if any((column, metric) in r.cells for r in block.rows)
    ]


def _name(column: Column) -> str:
    return f"{column.name}.{column.history}" if column.several and column.history else column.name


def _of_model(number: int, row: Row) -> dict[str, Any]:
    return {
        "table": number,
        "model": redact(row.model),
        "runs": " ".join(row.folders),
        "rank_best": row.rank.best if row.rank else None,
        "rank_worst": row.rank.worst if row.rank else None,
        "unranked": redact(row.unranked),
    }


def _scores(block: Block, row: Row, metrics: Sequence[str]) -> Iterator[dict[str, Any]]:
    for column in block.columns:
        for metric in _chosen(block, metrics):
            if (cell := row.cells.get((column, metric))) is None:
                continue
            interval = cell.interval or {}
            yield {
                "task": column.name,
                "history": column.history,
                "metric": metric,
                "state": cell.state,
                "value": cell.value,
                "low": interval.get("low"),
                "high": interval.get("high"),
                "interval_method": interval.get("method"),
                "coverage": cell.coverage,
                "marks": cell.marks,
                "reference": cell.reference,
            }


def _of_basis(board: Leaderboard, block: Block) -> dict[str, Any]:
    basis, benign = block.basis, block.benign
    value: dict[str, Any] = {
        "panel": basis.panel,
        "panel_sha256": basis.panel_sha256,
        "rubric": basis.rubric,
        "rubric_sha256": basis.rubric_sha256,
        "judge_versions": basis.describe_versions(),
        "data": basis.data,
        "data_fingerprint": basis.fingerprint,
    }
    if board.joined:
        value["benign_data"] = benign.data if benign else None
        value["benign_data_fingerprint"] = benign.fingerprint if benign else None
    return value


def _csv(head: Sequence[str], lines: Iterator[Mapping[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, head, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        writer.writerow({name: _text(value) for name, value in line.items()})
    return buffer.getvalue()


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A spreadsheet would run a text that begins like a formula.
    quote = "'" if value.lstrip()[:1] in _FORMULAS else ""
    return quote + printable(value)

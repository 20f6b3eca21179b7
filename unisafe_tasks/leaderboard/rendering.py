"""Write the leaderboard as Markdown, LaTeX, HTML, CSV or JSON. (Terminals: `cli.tables`.)

Names come from run folders, which anybody may have written. Each format escapes them in its way.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from unisafe_tasks.leaderboard.model import Cell, Leaderboard, Row
from unisafe_tasks.leaderboard.sheets import Sheet, apart_notes, notes_of, sheets_of
from unisafe_tasks.redaction import in_markdown, in_one_line, printable, redact

__all__ = ["FORMATS", "render"]

FORMAT = "unisafe-leaderboard/1"


def render(board: Leaderboard, form: str, metrics: Sequence[str] = ()) -> str:
    """The leaderboard in one of the `FORMATS`, with all metrics or the chosen ones."""
    return FORMATS[form](board, metrics)


def _markdown(board: Leaderboard, metrics: Sequence[str]) -> str:
    lines: list[str] = []
    for sheet in sheets_of(board, metrics):
        lines += [f"### {in_markdown(sheet.title)}", "", in_markdown(sheet.basis), ""]
        lines.append("| model | " + " | ".join(in_markdown(title) for title in sheet.header) + " |")
        lines.append("|---|" + "---:|" * len(sheet.header))
        for label, cells in sheet.rows:
            lines.append(
                f"| {in_markdown(label)} | "
                + " | ".join(in_markdown(_line(cell)) for cell in cells)
                + " |"
            )
        lines.append("")
    lines += [f"- {in_markdown(note)}" for note in notes_of(board, metrics)]
    return "\n".join(lines) + "\n"


def _latex(board: Leaderboard, metrics: Sequence[str]) -> str:
    lines = ["% needs \\usepackage{booktabs}"]
    for sheet in sheets_of(board, metrics):
        lines += [
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{_tex(sheet.title)}. {_tex(sheet.basis)}.}}",
            f"\\begin{{tabular}}{{l{'r' * len(sheet.header)}}}",
            "\\toprule",
            " & ".join(["model", *map(_tex, sheet.header)]) + " \\\\",
            "\\midrule",
        ]
        for label, cells in sheet.rows:
            # Without the empty group LaTeX could read a label as an argument of the line before.
            lines.append(" & ".join([f"{{}}{_tex(label)}", *map(_tex_cell, cells)]) + " \\\\")
        lines += ["\\bottomrule", "\\end{tabular}", "\\end{table}", ""]
    lines += ["\\begin{itemize}\\footnotesize"]
    lines += [f"\\item {{}}{_tex(note)}" for note in notes_of(board, metrics)]
    return "\n".join([*lines, "\\end{itemize}"]) + "\n"


def _html(board: Leaderboard, metrics: Sequence[str]) -> str:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    sheets: list[Sheet] = sheets_of(board, metrics)
    return environment.from_string(_PAGE).render(
        sheets=sheets, notes=notes_of(board, metrics), shown=in_one_line
    )


def _csv(board: Leaderboard, metrics: Sequence[str]) -> str:
    """One line for each score. Every line has the notes: a line may be copied out of the file."""
    buffer = io.StringIO()
    rows = _records(board, metrics)
    writer = csv.DictWriter(buffer, list(_empty(board)), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        row["notes"] = " ".join(row["notes"])
        writer.writerow({name: _csv_text(value) for name, value in row.items()})
    return buffer.getvalue()


def _json(board: Leaderboard, metrics: Sequence[str]) -> str:
    value = {
        "format": FORMAT,
        "min_coverage": board.min_coverage,
        "differing": list(board.differing),
        "notes": [redact(note) for note in notes_of(board, metrics)],
        "scores": _records(board, metrics),
    }
    # ASCII: a name may hold characters that control a terminal.
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


FORMATS = {"markdown": _markdown, "latex": _latex, "html": _html, "csv": _csv, "json": _json}

_EMPTY: dict[str, Any] = dict.fromkeys(
    (
        "table",
        "model",
        "runs",
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
        "panel",
        "panel_sha256",
        "rubric",
        "rubric_sha256",
        "judge_versions",
        "data",
        "data_fingerprint",
        "notes",
    )
)


_OF_BOTH = dict.fromkeys(("benign_data", "benign_data_fingerprint"))
"""Besides, where both arms of a model are in one row."""


def _empty(board: Leaderboard) -> dict[str, Any]:
    return _EMPTY | _OF_BOTH if board.joined else _EMPTY


def _records(board: Leaderboard, metrics: Sequence[str]) -> list[dict[str, Any]]:
    records = []
    for number, block in enumerate(board.tables, start=1):
        basis, benign = block.basis, block.benign
        beside = (
            {}
            if benign is None
            else {"benign_data": benign.data, "benign_data_fingerprint": benign.fingerprint}
        )
        for row in block.rows:
            for column in block.columns:
                for metric in block.metrics():
                    if (metrics and metric not in metrics) or (column, metric) not in row.cells:
                        continue
                    cell = row.cells[column, metric]
                    interval = cell.interval or {}
                    records.append(
                        _empty(board)
                        | beside
                        | {
                            "table": number,
                            "model": redact(row.model),
                            "runs": " ".join(row.folders),
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
                            "panel": basis.panel,
                            "panel_sha256": basis.panel_sha256,
                            "rubric": basis.rubric,
                            "rubric_sha256": basis.rubric_sha256,
                            "judge_versions": basis.describe_versions(),
                            "data": basis.data,
                            "data_fingerprint": basis.fingerprint,
                            "notes": [redact(note) for note in _notes_beside(board, row)],
                        }
                    )
    return records


def _notes_beside(board: Leaderboard, row: Row) -> tuple[str, ...]:
    return (*apart_notes(board), *board.notes, *board.unjoined, *row.notes)


def _line(cell: Cell) -> str:
    return " ".join(part for part in (cell.number, cell.bounds, cell.against) if part)


_TEX = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "↓": "$\\downarrow$",
    "↑": "$\\uparrow$",
    "–": "--",
    "†": "$\\dagger$",
    "<": "$<$",
    ">": "$>$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in in_one_line(text))


def _tex_cell(cell: Cell) -> str:
    parts = [_tex(cell.number)]
    parts += [f"{{\\scriptsize {_tex(part)}}}" for part in (cell.bounds, cell.against) if part]
    return " ".join(parts)


_FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def _csv_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A spreadsheet would run a text that begins like a formula.
    quote = "'" if value.lstrip()[:1] in _FORMULAS else ""
    return quote + printable(value)


_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>UniSAFE leaderboard</title>
<style>
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .3rem 0; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #8886; }
td { text-align: right; white-space: nowrap; }
th { text-align: left; }
thead th:not(:first-child) { text-align: right; }
small { display: block; opacity: .75; }
</style>
</head>
<body>
<main>
<h1>UniSAFE leaderboard</h1>
{% for sheet in sheets %}
<section>
<h2>{{ sheet.title }}</h2>
<div class="scroll" tabindex="0" role="region" aria-label="{{ shown(sheet.title) }}">
<table>
<caption>{{ shown(sheet.basis) }}</caption>
<thead><tr><th scope="col">model</th>
{% for title in sheet.header %}<th scope="col">{{ shown(title) }}</th>{% endfor %}</tr></thead>
<tbody>
{% for label, cells in sheet.rows %}
<tr><th scope="row"><bdi>{{ shown(label) }}</bdi></th>
{% for cell in cells %}
<td>{{ cell.number }}{% if cell.bounds %}<small>{{ cell.bounds }}</small>{% endif %}
{% if cell.against %}<small>{{ cell.against }}</small>{% endif %}</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
</div>
</section>
{% endfor %}
<h2>Notes</h2>
<ul>{% for note in notes %}<li>{{ shown(note) }}</li>{% endfor %}</ul>
</main>
</body>
</html>
"""

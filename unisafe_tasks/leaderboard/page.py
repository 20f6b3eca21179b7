"""The leaderboard as one plain HTML page with every score. (The report is in `report`.)"""

from __future__ import annotations

from collections.abc import Sequence

from unisafe_tasks.leaderboard.model import Leaderboard
from unisafe_tasks.leaderboard.notes import notes_of, row_notes
from unisafe_tasks.leaderboard.sheets import sheets_of
from unisafe_tasks.redaction import in_one_line

__all__ = ["page"]


def page(board: Leaderboard, metrics: Sequence[str] = ()) -> str:
    """A page with a table for each metric, or for the chosen ones."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_PAGE).render(
        sheets=sheets_of(board, metrics),
        notes=notes_of(board, metrics),
        more=row_notes(board),
        shown=in_one_line,
    )


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
{% if more %}
<details>
<summary>{{ more | length }} more, of single runs</summary>
<ul>{% for note in more %}<li>{{ shown(note) }}</li>{% endfor %}</ul>
</details>
{% endif %}
</main>
</body>
</html>
"""

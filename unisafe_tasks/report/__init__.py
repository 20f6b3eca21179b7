"""`unisafe report`: runs as one page that anybody can open, with what it loads on demand beside it.

`build` makes the report. `key_facts`, `notes` and `front` are what a reader sees first.
`categories` shows where models fail, `model_pages` one model at a time; `scores`, `arms`, `judges`
and `records` turn results into tables. `tables`, `score_cells` and `charts` are forms, `page` fills
the template. `case_browser`, `case_table`, `side_files` and `media` are the case browser's data,
`case_links` its addresses; `text` makes hostile text fit to be shown. The browser's script is in
`case_*.js`, `label*.js` and `cases.js`.
"""

from __future__ import annotations

from unisafe_tasks.report.build import Report, build_report

__all__ = ["Report", "build_report"]

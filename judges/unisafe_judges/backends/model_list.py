"""What a server's list of models says of a judge's model: whether it is there, and when it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from unisafe_judges.hosted import hosted_model
from unisafe_judges.model_names import same_model, shown
from unisafe_judges.specs import ServedSpec

__all__ = ["end_warning", "list_warning"]

WARNED_DAYS = 60
_NAMED = 3


def list_warning(spec: ServedSpec, text: str) -> str | None:
    """A warning from the text of `GET /models` or of one model's entry, or else from our own table.

    `shutdown_date` is OpenAI's field, as YYYY-MM-DD or null.
    """
    entries = list(_entries(text))
    own = [entry for entry in entries if same_model(spec.model, entry["id"])]
    # The name itself before its snapshots, which may end earlier.
    for entry in sorted(own, key=lambda entry: len(entry["id"])):
        if (ends := _date(entry.get("shutdown_date"))) is not None:
            return _warning(spec, ends, f"{spec.base_url.rstrip('/')}/models")
    if entries and not own:
        names = ", ".join(shown(entry["id"]) for entry in entries[:_NAMED])
        more = ", ..." if len(entries) > _NAMED else ""
        return (
            f"{spec.who}: {spec.base_url.rstrip('/')} does not list the model {spec.model!r} "
            f"among its own ({names}{more})"
        )
    return end_warning(spec)


def end_warning(spec: ServedSpec) -> str | None:
    """A warning that the model is about to end, as our own table of hosted models has it."""
    known = hosted_model(spec.base_url, spec.model)
    if known is None or known.ends is None:
        return None
    return _warning(spec, known.ends, f"its provider, read on {known.read}", known.afterwards)


def _warning(
    spec: ServedSpec, ends: date, source: str, afterwards: str = "requests fail"
) -> str | None:
    left = (ends - date.today()).days
    if left > WARNED_DAYS:
        return None
    word = "ends" if left >= 0 else "was to end"
    return f"{spec.who}: the model {spec.model!r} {word} on {ends} ({source}); then {afterwards}"


def _entries(text: str) -> Iterator[dict[str, Any]]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return
    listed = body.get("data") if isinstance(body, dict) else None
    for entry in listed if isinstance(listed, list) else [body]:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield entry


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None

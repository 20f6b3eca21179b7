"""The form of run.json, as far as this package reads it."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from unisafe_judges.types import VIEWS, EnsembleMethod
from unisafe_tasks.errors import RunError

__all__ = ["RUN_FORMAT", "finite_number", "panel_in_words", "require_info"]

RUN_FORMAT = "unisafe-run/1"


@dataclass(frozen=True)
class _Kind:
    """What a field may hold, in the words of a person and as a check."""

    what: str
    holds: Callable[[Any], bool]


_TEXT = _Kind("a text", lambda value: isinstance(value, str))
_TEXT_OR_NULL = _Kind("a text or null", lambda value: isinstance(value, str | None))
_COUNT = _Kind("a whole number from 0", lambda value: type(value) is int and value >= 0)
_NUMBER = _Kind("a whole number from 1", lambda value: type(value) is int and value >= 1)
_OBJECT = _Kind("an object", lambda value: isinstance(value, dict))
_OBJECT_OR_NULL = _Kind("an object or null", lambda value: isinstance(value, dict | None))

_INFO = {
    "model": _TEXT,
    "status": _TEXT,
    "limited": _Kind("true or false", lambda value: isinstance(value, bool)),
    "started": _TEXT_OR_NULL,
    "ended": _TEXT_OR_NULL,
    "data": _OBJECT,
    "data.source": _TEXT_OR_NULL,
    "data.revision": _TEXT_OR_NULL,
    "data.fingerprint": _TEXT_OR_NULL,
    "data.subset": _OBJECT_OR_NULL,
    "data.subset.of": _OBJECT,
    "data.subset.of.source": _TEXT,
    "data.subset.seed": _COUNT,
    "data.subset.per_subcategory": _NUMBER,
    "data.subset.population": _OBJECT,
    "data.subset.population.*": _OBJECT,
    "data.subset.population.*.*": _OBJECT,
    "data.subset.population.*.*.*": _NUMBER,
    "versions": _OBJECT,
    "versions.*": _TEXT,
    "asked": _OBJECT,
    "asked.*": _COUNT,
    "adapter": _OBJECT_OR_NULL,
    "answers": _OBJECT,
    "answers.reused": _COUNT,
    "answers.oldest": _TEXT_OR_NULL,
    "answers.newest": _TEXT_OR_NULL,
    "model_versions": _OBJECT,
    "model_versions.*": _COUNT,
    "substituted": _OBJECT,
    "substituted.*": _COUNT,
    "unverified": _COUNT,
    "stack": _OBJECT,
    "shard": _OBJECT,
    "shard.number": _NUMBER,
    "shard.of": _NUMBER,
    "made_by": _OBJECT_OR_NULL,
    "made_by.adapter": _OBJECT_OR_NULL,
    "made_by.stack": _OBJECT,
    "made_by.answers": _OBJECT,
    "made_by.answers.reused": _COUNT,
    "made_by.answers.oldest": _TEXT_OR_NULL,
    "made_by.answers.newest": _TEXT_OR_NULL,
    "made_by.model_versions": _OBJECT,
    "made_by.model_versions.*": _COUNT,
    "made_by.substituted": _OBJECT,
    "made_by.substituted.*": _COUNT,
    "made_by.unverified": _COUNT,
    "made_by.shard": _OBJECT,
    "made_by.shard.number": _NUMBER,
    "made_by.shard.of": _NUMBER,
    "made_by.missing_shards": _OBJECT,
    "made_by.missing_shards.*": _Kind(
        "a list", lambda value: bool(value) and isinstance(value, list)
    ),
    "made_by.missing_shards.*.*": _NUMBER,
    "judges": _Kind("a list", lambda value: isinstance(value, list)),
    "judges.*": _OBJECT,
    "judges.*.judge": _TEXT,
    "judges.*.unverified": _COUNT,
    "panel": _OBJECT_OR_NULL,
    "panel.name": _TEXT,
    "panel.sha256": _TEXT,
    "panel.kind": _TEXT,
    "panel.rubric": _OBJECT,
    "panel.rubric.name": _TEXT,
    "panel.rubric.sha256": _TEXT,
    "panel.rubric.version": _TEXT,
    "panel.rubric.tells_depiction": _Kind("true", lambda value: value is True),
    "panel.rubric.codes": _OBJECT,
    "panel.rubric.codes.*": _OBJECT,
    "panel.rubric.codes.*.*": _TEXT,
    "panel.ensemble": _Kind(
        f"one of {', '.join(get_args(EnsembleMethod))}",
        lambda value: value in get_args(EnsembleMethod),
    ),
    "panel.views": _Kind("a list", lambda value: isinstance(value, list)),
    "panel.views.*": _Kind(f"one of {', '.join(VIEWS)}", lambda value: value in VIEWS),
    "panel.min_verdicts": _NUMBER,
    "panel.judge_repeats": _NUMBER,
    "panel.judges": _Kind("a list", lambda value: isinstance(value, list)),
    "panel.judges.*": _OBJECT,
    "panel.judges.*.name": _TEXT,
}
"""The fields of run.json that this package reads; an object stands before its fields, and `*` is
each item of an object or a list."""

_REQUIRED = {
    *("shard.number", "shard.of", "made_by.shard.number", "made_by.shard.of"),
    *(
        "model",
        "panel.name",
        "panel.sha256",
        "panel.rubric",
        "panel.judges.*.name",
        "judges.*.judge",
    ),
    *("data.subset.of", "data.subset.of.source", "data.subset.per_subcategory"),
    "data.subset.population",
}
_ABSENT = object()


def require_info(info: Any, path: Path) -> None:
    """Check the fields of run.json that this package reads.

    Raises:
        RunError: a field is missing or holds something else; it names the file and the field.
    """
    if not isinstance(info, dict):
        raise RunError(f"{path} cannot be read: it holds no JSON object")
    for pattern, kind in _INFO.items():
        for keys, value in _fields(info, pattern.split(".")):
            name = ".".join(keys)
            if value is _ABSENT:
                if pattern in _REQUIRED:
                    raise RunError(f"{path}: {name} is missing")
            elif not kind.holds(value):
                shown = reprlib.repr(value)[:100]
                raise RunError(f"{path}: {name} is {shown}, expected {kind.what}")


def _fields(
    value: Any, names: list[str], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The keys and the value of each field that a pattern names; the objects around it must be
    sound."""
    if not names:
        yield at, value
        return
    key, *rest = names
    if key == "*":
        for name, item in value.items() if isinstance(value, dict) else enumerate(value, start=1):
            yield from _fields(item, rest, (*at, str(name)[:60]))
    elif isinstance(value, dict):
        if key in value:
            yield from _fields(value[key], rest, (*at, key))
        elif not rest:
            yield (*at, key), _ABSENT


def finite_number(text: str) -> float:
    """A number that can be written again; JSON has no NaN and no Infinity."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:60]} is not a JSON number")
    return number


def panel_in_words(name: object, sha256: object) -> str:
    """A panel by its name and the beginning of its hash; a file panel.yaml is not "panel panel"."""
    named = "panel" if name == "panel" else f"panel {name}"
    return f"{named} ({str(sha256)[:12]})"

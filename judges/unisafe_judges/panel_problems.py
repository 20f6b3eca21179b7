"""What is wrong with a line of a panel or price file, in our words.

No value is repeated, since it may be a key that stands in the wrong place.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pydantic_core import ErrorDetails

__all__ = ["panel_problem"]

_FORMS = {
    "name": "must be of letters, digits, '.', '_' and '-', and begin with a letter or a digit",
    "base_url": "must be an address such as http://localhost:8000/v1, without a user name, '?' "
    "or '#'",
    "api_key_env": "must be the name of an environment variable that holds the key",
    "device": "must be auto, cpu, cuda or cuda:N",
}
_DATE = "must be a date such as 2026-11-27"
_WORDS = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entry",
    "model_type": "must hold keys and values",
    "dict_type": "must hold keys and values",
    "path_type": "must be a path",
    "literal_error": "must be {expected}",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
}
"""pydantic's type of error -> what we say."""


def panel_problem(problem: ErrorDetails, known: Sequence[str]) -> str:
    """One sentence that names the place, as in `judges.0.max_tokens must be at least 64`.

    `known` are the keys that there may be beside an unknown one.
    """
    *above, key = ("the file", *map(str, problem["loc"]))
    place = ".".join(above[1:]) or "the file"
    field = f"{place}.{key}" if above[1:] else key
    kind, context = problem["type"], problem.get("ctx") or {}
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it may have: {', '.join(known)}"
        return f"{place} has no key {key!r}; {hint}"
    if kind == "value_error":
        return f"{field}: {problem['msg'].removeprefix('Value error, ')}"
    if kind == "string_pattern_mismatch":
        return f"{field} {_FORMS.get(key, 'has another form')}"
    if kind in _WORDS:
        return f"{field} {_WORDS[kind].format(**context)}"
    return f"{field}: {problem['msg']}"

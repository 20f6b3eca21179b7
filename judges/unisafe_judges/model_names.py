"""Whether the model that answered is the model that was asked, by the names of both.

A provider may reroute a name to another model; then only the reply says so. What counts as the same
model follows the names that providers and servers document:

* `gpt-5-nano-2025-08-07`, `grok-4-0709`, `mistral-large-2411`, `claude-sonnet-4-5-20250929` and
  `gemini-2.5-flash-preview-09-2025` are dated snapshots of the name before the date.
* `gemini-2.0-flash-001` is a numbered version.
* `claude-sonnet-4@20250514` and `HuggingFaceTB/SmolLM2-135M-Instruct@main` are versions too
  (Vertex AI, transformers serve).
* `claude-3-5-sonnet-latest` stands for a snapshot of `claude-3-5-sonnet`.
* `llama3.2` is `llama3.2:latest` (Ollama), and `openai/gpt-5-nano:free` is `openai/gpt-5-nano`
  (OpenRouter, whose suffixes say which provider is asked).
* A prefix may be left out or added: `models/`, an organisation, a folder; so may `.gguf`.
* Upper and lower case are the same.

Anything else is another model: `-preview`, `-mini`, a size, a quantization, another organisation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

__all__ = ["accepting_line", "same_model", "shown"]

_MONTH, _DAY, _YEAR = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])", r"20[2-9]\d"
_SNAPSHOT = re.compile(
    "|".join(
        (
            rf"-{_YEAR}-?{_MONTH}-?{_DAY}",
            rf"-{_YEAR[2:]}{_MONTH}(?:{_DAY})?",  # YYMM, YYMMDD
            rf"-{_MONTH}-?{_DAY}",  # MMDD
            rf"-{_MONTH}-{_YEAR}",
            r"-0\d\d",
            r"@[\w.-]+",
        )
    )
)
_ROUTES = (":free", ":nitro", ":floor", ":online", ":exacto")
_PREFIX = re.compile(r"\A(?:publishers/[^/]+/)?models/")
_FOLDER = ("/", ".", "~")
_SHOWN = 100


def same_model(asked: str, answered: str, accepted: Iterable[str] = ()) -> bool:
    """Whether a reply under the name `answered` is of the model `asked`, or of one in `accepted`.

    A name in `accepted` stands for its snapshots and versions too.
    """
    return any(
        name == answered or _is_same(_plain(name), _plain(answered)) for name in (asked, *accepted)
    )


def accepting_line(answered: str) -> str:
    """The line of a panel file that takes replies under this name for the judge's own."""
    return f"accept_versions: [{json.dumps(shown(answered))}]"


def shown(name: str) -> str:
    """A name that a server gave, as far as a sentence shows it."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."


def _plain(name: str) -> str:
    name = _PREFIX.sub("", name.strip().casefold())
    for ending in (".gguf", ":latest", *_ROUTES):
        name = name.removesuffix(ending)
    return name


def _is_same(asked: str, answered: str) -> bool:
    # Two organisations must be the same; a folder is none.
    if not ("/" in asked and "/" in answered) or asked[:1] in _FOLDER or answered[:1] in _FOLDER:
        asked, answered = asked.rpartition("/")[2], answered.rpartition("/")[2]
    return any(
        name != "" and answered.startswith(name) and _is_version(answered.removeprefix(name))
        for name in (asked, asked.removesuffix("-latest"))
    )


def _is_version(rest: str) -> bool:
    return not rest or _SNAPSHOT.fullmatch(rest) is not None

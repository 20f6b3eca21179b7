"""A YAML file that a person writes, with the line of each fault in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from unisafe_judges.errors import PanelError
from unisafe_judges.panel_problems import panel_problem

__all__ = ["faults_in_words", "line_of", "read_yaml"]

KnownKeys = Callable[[ErrorDetails], Sequence[str]]
"""The keys that there may be beside an unknown one."""


def read_yaml(path: Path, what: str, keys: str) -> tuple[yaml.Node | None, dict[str, Any]]:
    """The file's nodes, which know their lines, and its value.

    Args:
        path: of the file.
        what: the kind of file, as sentences call it.
        keys: those that the file must hold, as sentences name them.

    Raises:
        PanelError: it cannot be read, or holds no keys and values; one sentence.
    """
    try:
        text = path.read_text("utf-8")
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except OSError as error:
        raise PanelError(f"{what} {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PanelError(f"{what} {path} is not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: an impossible date
        reason = " ".join(str(error).split())
        raise PanelError(f"{what} {path} is not valid YAML: {reason}") from None
    if not isinstance(value, dict):
        raise PanelError(f"{what} {path} must hold the keys {keys}")
    if (twice := _key_twice(document)) is not None:
        # YAML's readers take the last one without a word.
        raise PanelError(f"{what} {path}, {twice}")
    return document, value


def _key_twice(document: yaml.Node | None) -> str | None:
    """The first key that a mapping has a second time, with both lines."""
    found: list[tuple[int, str]] = []
    waiting, seen = [document], set()
    while waiting:
        node = waiting.pop()
        # What an alias stands for is in several places, and may be in itself.
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, content in node.value:
                waiting.append(content)
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and key.value in lines:
                    first = f"first in line {lines[key.value]}"
                    found.append((line, f"the key {key.value!r:.40} is there twice, {first}"))
                elif isinstance(key, yaml.ScalarNode):
                    lines[key.value] = line
    if not found:
        return None
    line, sentence = min(found)
    return f"line {line}: {sentence}"


def faults_in_words(
    path: Path, what: str, document: yaml.Node | None, error: ValidationError, known: KnownKeys
) -> str:
    """All that is wrong, each with its line, in the order of the file."""
    found = error.errors(include_url=False)
    # A list whose entries are wrong counts as too short as well.
    found = [one for one in found if one["type"] != "too_short"] or found
    problems = sorted(
        {(line_of(document, one["loc"]), panel_problem(one, known(one))) for one in found}
    )
    said = [f"line {line}: {sentence}" for line, sentence in problems]
    if len(said) == 1:
        return f"{what} {path}, {said[0]}"
    return "\n  ".join([f"{what} {path} has {len(said)} errors:", *said])


def line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line, counted from 1, of a key or an entry, or of the last part of it that is there."""
    if node is None:
        return 1
    line = node.start_mark.line
    for part in location:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, content in node.value:
                if key.value == part:
                    line, child = key.start_mark.line, content
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part]
            line = child.start_mark.line
        if child is None:
            break
        node = child
    return int(line) + 1

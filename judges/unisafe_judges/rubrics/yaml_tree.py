"""A YAML tree read node by node, so that all that is wrong with a file is told, with its lines.

Only the syntax is read: no tag makes an object, and every scalar is a text, so that a code `NO` or
a version `1.10` stays what it is.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping
from string import Formatter
from typing import Any

import yaml

__all__ = ["Problem", "TreeReader", "listed"]

Problem = tuple[int, str]
"""A line, and what is wrong there."""

_FORM = "must be of letters, digits, '.', '_' and '-', and begin with a letter or a digit"
_NULL = "tag:yaml.org,2002:null"


def listed(names: Collection[str]) -> str:
    """Names in a sentence."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


class TreeReader:
    """Reads nodes of the YAML tree, and notes what is wrong instead of stopping there.

    A node that is None was missing, which its parent has told.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def tell(self, node: yaml.Node, sentence: str) -> None:
        self.problems.append((node.start_mark.line + 1, sentence))

    def keys(
        self,
        node: yaml.Node | None,
        where: str,
        required: Collection[str],
        optional: Collection[str] | None = (),
    ) -> dict[str, yaml.Node]:
        """The values of a mapping by key; any key is taken if `optional` is None."""
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.tell(node, f"{where} must hold keys and values")
            return {}
        values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in values:
                self.tell(key, f"{where} has the key {name!r:.40} twice")
            elif optional is None or name in required or name in optional:
                values[name] = value
            else:
                known = [*required, *optional]
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"it may have {listed(known)}"
                self.tell(key, f"{where} has no key {name!r:.40}; {hint}")
        for name in required:
            if name not in values:
                self.tell(node, f"{where} has no {name}")
        return values

    def items(self, node: yaml.Node | None, where: str, *, least: int = 1) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.tell(node, f"{where} must be a list")
            return []
        if len(node.value) < least:
            self.tell(node, f"{where} must not be empty")
        return list(node.value)

    def text(self, node: yaml.Node | None, where: str) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.tell(node, f"{where} must be a text")
            return ""
        text: str = "" if node.tag == _NULL else node.value.strip()
        if not text:
            self.tell(node, f"{where} is empty")
        if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
            self.tell(node, f"{where} holds a control character")
        return text

    def line(self, node: yaml.Node | None, where: str) -> str:
        return " ".join(self.text(node, where).split())

    def form(self, node: yaml.Node | None, where: str, pattern: re.Pattern[str]) -> str:
        before = len(self.problems)
        text = self.text(node, where)
        if node is not None and len(self.problems) == before and not pattern.fullmatch(text):
            self.tell(node, f"{where} {_FORM}")
        return text

    def one_of(self, node: yaml.Node | None, where: str, values: Mapping[Any, Any]) -> Any:
        if node is None:
            return None
        before = len(self.problems)
        text = self.text(node, where)
        if len(self.problems) == before and text.lower() not in values:
            self.tell(node, f"{where} must be {' or '.join(values)}")
        return values.get(text.lower())

    def template(self, node: yaml.Node, where: str, fields: Mapping[str, str]) -> str:
        """A text with its fields filled in. No attribute or index of one is ever looked up."""
        text = self.text(node, where)
        known = listed([f"{{{name}}}" for name in fields])
        try:
            parts = list(Formatter().parse(text))
        except ValueError:
            self.tell(node, f"{where} has a single brace; write {{{{ or }}}} for a brace")
            return ""
        filled = ""
        for literal, name, spec, conversion in parts:
            filled += literal
            if name is None:
                continue
            if name not in fields or spec or conversion:
                self.tell(
                    node,
                    f"{where} names the unknown field {{{name:.40}}}; it may name {known}, our "
                    "wording, and a brace is written {{ or }}",
                )
            else:
                filled += fields[name]
        return filled

"""A policy file's YAML tree read into its parts, with a sentence for each thing that is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import yaml

from unisafe_judges.errors import CallFailure
from unisafe_judges.rubrics.yaml_tree import Problem, TreeReader, listed
from unisafe_judges.taxonomy import Subcategory
from unisafe_judges.types import Modality
from unisafe_judges.verdicts import make_verdict

__all__ = ["LARGEST", "Example", "PolicyFile", "read_policy_file"]

LARGEST = 128 * 1024
"""Bytes of a policy file; a judge is sent most of it with each case."""

_MOST_CODES = 500
_MOST_EXAMPLES = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")
_SCALE = {"judgment": ("0", "1"), "risk_rating": ("1", "2", "3")}


@dataclass(frozen=True)
class Example:
    """An output in words, and the reply that it should get."""

    modality: Modality
    output: str
    reply: Mapping[str, Any]


@dataclass(frozen=True)
class PolicyFile:
    """What a policy file says. `scale` is None where ours is to hold."""

    name: str
    version: str
    taxonomies: Mapping[Modality, tuple[Subcategory, ...]]
    scale: Mapping[str, Mapping[str, str]] | None = None
    examples: tuple[Example, ...] = ()
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """By code, with our wording put in already."""


def read_policy_file(
    root: yaml.Node | None, ours: Mapping[str, str], reserved: Collection[str]
) -> tuple[PolicyFile, list[Problem]]:
    """The parts of a policy file, and all that is wrong; the parts hold only if nothing is.

    Args:
        root: of the YAML; None of an empty file.
        ours: our wording of each scenario.
        reserved: names that a policy may not have.
    """
    reader = TreeReader()
    if root is None:
        return PolicyFile("", "", {}), [(1, "the file is empty; unisafe policy new writes a start")]
    parts = reader.keys(
        root, "the file", ("name", "version", "taxonomy"), ("scale", "examples", "scenarios")
    )
    name = reader.form(parts.get("name"), "name", _NAME)
    if name in reserved:
        reader.tell(parts["name"], f"name: a rubric {name!r} exists already; choose another name")
    taxonomies = _taxonomies(reader, parts.get("taxonomy"))
    read = PolicyFile(
        name=name,
        version=reader.form(parts.get("version"), "version", _NAME),
        taxonomies=taxonomies,
        scale=_scale(reader, parts.get("scale")),
        examples=tuple(_examples(reader, parts.get("examples"), taxonomies)),
        scenarios=_scenarios(reader, parts.get("scenarios"), ours),
    )
    return read, reader.problems


def _taxonomies(
    reader: TreeReader, node: yaml.Node | None
) -> dict[Modality, tuple[Subcategory, ...]]:
    modalities: tuple[Modality, ...] = get_args(Modality)
    given = reader.keys(node, "taxonomy", (), modalities)
    if node is not None and not given:
        reader.tell(node, "taxonomy must have image, text or both")
    return {
        modality: _taxonomy(reader, given[modality], modality)
        for modality in modalities
        if modality in given
    }


def _taxonomy(reader: TreeReader, node: yaml.Node, modality: str) -> tuple[Subcategory, ...]:
    where = f"taxonomy.{modality}"
    entries: list[Subcategory] = []
    lines: dict[str, int] = {}
    for group in reader.items(node, where):
        parts = reader.keys(group, f"a category of {where}", ("category", "subcategories"))
        category = reader.line(parts.get("category"), f"category of {where}")
        for item in reader.items(parts.get("subcategories"), f"subcategories of {where}"):
            entry = _subcategory(reader, item, where, category)
            entries.append(entry)
            key = entry.code.casefold()
            if key and key in lines:
                first = f"first in line {lines[key]}"
                reader.tell(item, f"{where} has the code {entry.code!r} twice, {first}")
            lines.setdefault(key, item.start_mark.line + 1)
    if len(entries) > _MOST_CODES:
        reader.tell(node, f"{where} has {len(entries)} subcategories; at most {_MOST_CODES}")
    return tuple(entries)


def _subcategory(reader: TreeReader, node: yaml.Node, where: str, category: str) -> Subcategory:
    parts = reader.keys(node, f"a subcategory of {where}", ("code",), ("name", "description"))
    code = reader.form(parts.get("code"), f"code in {where}", _CODE)
    what = f"subcategory {code} of {where}" if code else f"a subcategory of {where}"
    texts = []
    for key in ("name", "description"):
        if key in parts:
            texts.append(reader.line(parts[key], f"{key} of {what}"))
        elif isinstance(node, yaml.MappingNode):
            reader.tell(node, f"{what} has no {key}")
    name, description = texts if len(texts) == 2 else ("", "")
    return Subcategory(code, name, category, description)


def _scale(reader: TreeReader, node: yaml.Node | None) -> dict[str, dict[str, str]] | None:
    if node is None:
        return None
    scale: dict[str, dict[str, str]] = {}
    for key, numbers in reader.keys(node, "scale", tuple(_SCALE)).items():
        where, expected = f"scale.{key}", _SCALE[key]
        words = reader.keys(numbers, where, (), None)
        if words and set(words) != set(expected):
            reader.tell(
                numbers,
                f"{where} must have words for {listed(expected)} alone; it has them for "
                f"{listed(list(words)[:9])}",
            )
        scale[key] = {
            number: reader.line(text, f"{where}.{number}") for number, text in words.items()
        }
    return scale


def _examples(
    reader: TreeReader,
    node: yaml.Node | None,
    taxonomies: Mapping[Modality, tuple[Subcategory, ...]],
) -> Iterator[Example]:
    items = reader.items(node, "examples")
    if node is not None and len(items) > _MOST_EXAMPLES:
        reader.tell(node, f"there are {len(items)} examples; at most {_MOST_EXAMPLES}")
    for number, item in enumerate(items, start=1):
        where = f"example {number}"
        before = len(reader.problems)
        required = ("modality", "output", "reasoning", "judgment", "risk_rating")
        parts = reader.keys(item, where, required, ("categories", "refusal"))
        codes = [
            reader.line(code, f"categories of {where}")
            for code in reader.items(parts.get("categories"), f"categories of {where}", least=0)
        ]
        reply = {
            "reasoning": reader.line(parts.get("reasoning"), f"reasoning of {where}"),
            "categories": codes,
            "refusal": reader.one_of(
                parts.get("refusal"), f"refusal of {where}", {"false": False, "true": True}
            ),
            **{
                key: reader.one_of(
                    parts.get(key), f"{key} of {where}", {text: int(text) for text in numbers}
                )
                for key, numbers in _SCALE.items()
            },
        }
        modality = reader.one_of(
            parts.get("modality"), f"modality of {where}", {one: one for one in taxonomies}
        )
        output = reader.text(parts.get("output"), f"output of {where}")
        if len(reader.problems) > before or modality is None:
            continue
        reply["refusal"] = bool(reply["refusal"])
        _check_reply(reader, item, where, reply, taxonomies[modality])
        yield Example(modality, output, reply)


def _check_reply(
    reader: TreeReader,
    node: yaml.Node,
    where: str,
    reply: Mapping[str, Any],
    entries: tuple[Subcategory, ...],
) -> None:
    """A judge must not be shown a reply that would be refused, or counted otherwise."""
    known = {entry.code for entry in entries}
    for code in reply["categories"]:
        if code not in known:
            reader.tell(
                node, f"{where} names the code {code!r:.40}, which the taxonomy does not have"
            )
    if bool(reply["categories"]) != bool(reply["judgment"]):
        reader.tell(
            node, f"{where} must name codes if its judgment is 1, and none if its judgment is 0"
        )
    if reply["refusal"] and reply["judgment"]:
        reader.tell(node, f"{where} is non-compliant, so it cannot be a refusal")
    try:
        make_verdict(**reply)
    except CallFailure as failure:
        reader.tell(node, f"{where}: {failure}")


def _scenarios(
    reader: TreeReader, node: yaml.Node | None, ours: Mapping[str, str]
) -> dict[str, str]:
    given = reader.keys(node, "scenarios", (), tuple(ours)) if node is not None else {}
    return {
        code: reader.template(text, f"scenarios.{code}", {"default": ours[code]})
        for code, text in given.items()
    }

"""The outputs with known verdicts, as a panel is asked about them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from unisafe_judges.panel_test.drawings import draw
from unisafe_judges.types import Depicts, Evidence, ImagePart, Modality, Part, TextPart

__all__ = ["KINDS", "Kind", "KnownOutput", "KnownOutputs", "known_outputs"]

Kind = Literal["clear", "near_miss", "refusal", "injection"]
KINDS: tuple[Kind, ...] = ("clear", "near_miss", "refusal", "injection")

_OUTPUT = "{output}"
_TEXT_SCENARIOS = ("TT", "IT", "MU")
_FOLDER = "panel_test"
_SOURCES = ("items.yaml", "drawings.py", "pens.py", "things.py")


@dataclass(frozen=True)
class KnownOutput:
    """An output, what a judge is shown of it, and its verdict, which `why` explains in one line.

    `depicts` are the right answers to whether it shows what was asked for.
    An injection orders the judgment `orders`, which is wrong; `twin` is the id of the same output
    without the order.
    """

    id: str
    kind: Kind
    judgment: Literal[0, 1]
    refusal: bool
    depicts: tuple[Depicts, ...]
    why: str
    evidence: Evidence
    orders: Literal[0, 1] | None = None
    twin: str = ""

    @property
    def scenario(self) -> str:
        return self.evidence.scenario

    @property
    def shows_image(self) -> bool:
        return any(isinstance(part, ImagePart) for part in self.evidence.parts)


@dataclass(frozen=True)
class KnownOutputs:
    """The whole set; `sha256` identifies every word and drawing of it."""

    name: str
    sha256: str
    outputs: tuple[KnownOutput, ...]


@cache
def known_outputs() -> KnownOutputs:
    """Read the set that comes with the package, and draw its pictures.

    Those without an image come first: a judge that cannot see gives verdicts before it fails.
    """
    folder = files("unisafe_judges") / _FOLDER
    sources = [(folder / name).read_bytes() for name in _SOURCES]
    value = yaml.safe_load(sources[0])
    entries = {entry["id"]: entry for entry in value["outputs"]}
    outputs = [_output(entry, entries, value["scenes"]) for entry in value["outputs"]]
    return KnownOutputs(
        value["name"],
        hashlib.sha256(b"\0".join(sources)).hexdigest(),
        tuple(sorted(outputs, key=lambda output: output.shows_image)),
    )


def _output(
    entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], scenes: Mapping[str, Any]
) -> KnownOutput:
    twin = entries[entry["twin"]] if "twin" in entry else entry
    usual = "no" if twin.get("refusal") else "fully"
    return KnownOutput(
        id=entry["id"],
        kind=entry["kind"],
        judgment=twin["judgment"],
        refusal=twin.get("refusal", False),
        depicts=tuple(twin.get("depicts", (usual,))),
        why=entry["why"],
        evidence=_evidence(entry["id"], twin, entry.get("injected", ""), scenes),
        orders=entry.get("orders"),
        twin=entry.get("twin", ""),
    )


def _evidence(
    name: str, shown: Mapping[str, Any], injected: str, scenes: Mapping[str, Any]
) -> Evidence:
    """What a judge is shown, in the order and under the labels that it has in a run."""
    scenario = name.partition("-")[0]
    modality: Modality = "text" if scenario in _TEXT_SCENARIOS else "image"
    parts: list[Part] = [
        TextPart(f"instruction of turn {number}", turn, role=f"turn_{number}")
        for number, turn in enumerate(shown.get("turns", ()), start=1)
    ]
    for role, label in (
        ("instruction", "instruction given to the model"),
        ("target", "target description"),
    ):
        if role in shown:
            parts.append(TextPart(label, shown[role], role=role))
    inputs = shown.get("inputs", ())
    for number, scene in enumerate(inputs, start=1):
        label = f"input image {number}" if len(inputs) > 1 else "input image"
        parts.append(_image(label, draw(scenes[scene])))
    if modality == "text":
        answer = injected.replace(_OUTPUT, shown["answer"]) or shown["answer"]
        parts.append(TextPart("model answer", answer, judged=True, role="answer", whole=answer))
        return Evidence(f"{name}/{scenario}", scenario, modality, tuple(parts))
    last = len(shown["images"])
    for number, scene in enumerate(shown["images"], start=1):
        label = f"image of turn {number}" if last > 1 else "generated image"
        drawn = draw(scenes[scene], injected if number == last else "")
        parts.append(_image(label, drawn, judged=True))
    return Evidence(f"{name}/{scenario}", scenario, modality, tuple(parts))


def _image(label: str, data: bytes, *, judged: bool = False) -> ImagePart:
    return ImagePart(label, hashlib.sha256(data).hexdigest(), lambda: data, judged=judged)

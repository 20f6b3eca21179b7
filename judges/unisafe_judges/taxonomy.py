"""The safety taxonomies: 15 image and 21 text subcategories.

Codes and names are the paper's (arXiv 2603.17476), descriptions are ours. The two taxonomies are
separate: the same code can mean different things in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from unisafe_judges.types import Modality

__all__ = ["Subcategory", "render_subcategories", "render_taxonomy", "taxonomy"]


@dataclass(frozen=True)
class Subcategory:
    """One entry of a taxonomy: `category` is its top-level category's name."""

    code: str
    name: str
    category: str
    description: str


@cache
def taxonomy(modality: Modality) -> tuple[Subcategory, ...]:
    """The subcategories of a modality, in the paper's order."""
    import yaml

    text = files("unisafe_judges").joinpath("rubrics/taxonomy.yaml").read_text("utf-8")
    return tuple(
        Subcategory(
            code=entry["code"],
            name=entry["name"],
            category=group["category"],
            description=" ".join(entry["description"].split()),
        )
        for group in yaml.safe_load(text)[modality]
        for entry in group["subcategories"]
    )


@cache
def render_taxonomy(modality: Modality) -> str:
    """Our taxonomy of a modality as a judge reads it."""
    return render_subcategories(taxonomy(modality))


def render_subcategories(entries: Iterable[Subcategory]) -> str:
    """A taxonomy as a judge reads it: a heading per category, a line per subcategory."""
    lines: list[str] = []
    category = None
    for entry in entries:
        if entry.category != category:
            category = entry.category
            lines.append(category)
        lines.append(f"  {entry.code} {entry.name}: {entry.description}")
    return "\n".join(lines)

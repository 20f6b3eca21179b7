"""A stand-in for the authors' package, laid out as theirs is, with mild words of our own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

__all__ = ["TAXONOMIES", "TEMPLATES", "install_stand_in"]

_FORM = '{{\n  "Reasoning": "why",\n  "Judgment Result": 0,\n  "Risk Rating": 1\n}}\n'
TEMPLATES = {
    "ti": "See the tea room.\nWanted: {output_image_desc}\n\n{taxonomy_section}\n" + _FORM,
    "ie": "Edit: {instruction}\nWanted: {output_image_desc}\n{taxonomy_section}\n" + _FORM,
    "ic": "Compose: {instruction}\nWanted: {output_image_desc}\n{taxonomy_section}\n" + _FORM,
    "mt": "1 {instruction_t1}\n2 {instruction_t2}\n3 {instruction_t3}\n4 {instruction_t4}\n"
    "Wanted: {output_image_desc}\n{taxonomy_section}\n" + _FORM,
    "tt": "Asked: {input_text}\nAnswered: {output_text}\n{taxonomy_section}\n" + _FORM,
    "it": "Shown an image.\nAnswered: {output_text}\n{taxonomy_section}\n" + _FORM,
    "mu": "Asked: {instruction}\nAnswered: {output_text}\n{taxonomy_section}\n" + _FORM,
}
TAXONOMIES = {
    "image": {
        "Spills": {"description": "Tea.", "subcategories": {"S1": "Cups", "S2": "Pots"}},
        "Noise": {"description": "Din.", "subcategories": {"N1": "Drums\nShould not:\n- Beat."}},
    },
    "text": {"Rudeness": {"description": "Words.", "subcategories": {"R1": "Grumbling"}}},
}


def install_stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a package `unisafe` on the import path for one test; returns its resources' folder."""
    resources = folder / "unisafe" / "resources"
    (resources / "prompts").mkdir(parents=True)
    (folder / "unisafe" / "__init__.py").write_text("")
    for name, text in TEMPLATES.items():
        (resources / "prompts" / f"{name}.txt").write_text(text, "utf-8")
    for name, taxonomy in TAXONOMIES.items():
        (resources / f"{name}_taxonomy.json").write_text(json.dumps(taxonomy), "utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "unisafe", raising=False)
    return resources

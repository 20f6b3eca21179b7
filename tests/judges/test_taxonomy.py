"""The two taxonomies, as data and as a judge reads them."""

from __future__ import annotations

import itertools

import pytest

from unisafe_judges import Modality, taxonomy
from unisafe_judges.taxonomy import render_taxonomy

MODALITIES: tuple[Modality, ...] = ("image", "text")
IMAGE = "V1 V2 V3 S1 S2 H1 H2 I1 I2 F1 F2 L1 L2 D1 D2"
TEXT = "V1 V2 V3 V4 S1 S2 H1 H2 I1 I2 C1 C2 P1 P2 F1 F2 E1 E2 E3 D1 D2"


@pytest.mark.parametrize(("modality", "codes"), [("image", IMAGE), ("text", TEXT)])
def test_a_modality_has_its_codes_in_order(modality: Modality, codes: str) -> None:
    assert " ".join(entry.code for entry in taxonomy(modality)) == codes


def test_there_are_15_image_and_21_text_subcategories() -> None:
    assert (len(taxonomy("image")), len(taxonomy("text"))) == (15, 21)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_category_stands_in_one_place_and_has_a_letter_of_its_own(modality: Modality) -> None:
    groups = [
        {entry.code[0] for entry in group}
        for _, group in itertools.groupby(taxonomy(modality), key=lambda entry: entry.category)
    ]
    letters = [letter for group in groups for letter in group]
    assert len(letters) == len(groups) == len(set(letters))
    assert len(groups) == len({entry.category for entry in taxonomy(modality)})


def test_the_same_code_can_mean_different_things() -> None:
    names = {modality: {e.code: e.name for e in taxonomy(modality)} for modality in MODALITIES}
    assert names["image"]["V1"] != names["text"]["V1"]


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_judge_reads_every_code_name_and_description_under_its_category(
    modality: Modality,
) -> None:
    lines = render_taxonomy(modality).splitlines()
    for entry in taxonomy(modality):
        assert entry.description.strip()
        at = lines.index(f"  {entry.code} {entry.name}: {entry.description}")
        headings = [line for line in lines[:at] if not line.startswith(" ")]
        assert headings[-1] == entry.category
    headings = [line for line in lines if not line.startswith(" ")]
    assert len(lines) == len(taxonomy(modality)) + len(headings)
    assert len(headings) == len({entry.category for entry in taxonomy(modality)})

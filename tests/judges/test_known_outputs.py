"""The outputs by which a panel is tested: complete, and each what it says it is."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from io import BytesIO

import yaml
from PIL import Image

from unisafe_judges import ImagePart, TextPart, load_rubric
from unisafe_judges.panel_test import drawings
from unisafe_judges.panel_test.known_outputs import KINDS, KnownOutput, known_outputs

SCENARIOS = ("TI", "IE", "IC", "MT", "TT", "IT", "MU")
OUTPUTS = known_outputs().outputs
BY_ID = {output.id: output for output in OUTPUTS}
INJECTIONS = [output for output in OUTPUTS if output.kind == "injection"]


def judged(output: KnownOutput) -> list[str]:
    return [part.digest for part in output.evidence.parts if part.judged]


def context(output: KnownOutput) -> list[str]:
    return [part.digest for part in output.evidence.parts if not part.judged]


def test_each_scenario_has_clear_cases_of_both_verdicts_and_near_misses() -> None:
    assert len(BY_ID) == len(OUTPUTS) == 60
    counts = Counter((output.scenario, output.kind, output.judgment) for output in OUTPUTS)
    for scenario in SCENARIOS:
        assert counts[scenario, "clear", 1] >= 2
        assert counts[scenario, "clear", 0] >= 1
        assert counts[scenario, "near_miss", 0] >= 1
    # A near miss of the other kind looks like a refusal, or says that it means no harm.
    assert counts["TT", "near_miss", 1] == counts["IT", "near_miss", 1] == 1
    assert {output.kind for output in OUTPUTS} == set(KINDS)
    by_verdict = Counter(output.judgment for output in OUTPUTS)
    assert min(by_verdict.values()) >= 25
    assert all(output.why for output in OUTPUTS)


def test_refusals_are_those_that_decline() -> None:
    refused = {output.id for output in OUTPUTS if output.refusal}
    assert refused == {output.id for output in OUTPUTS if output.kind == "refusal"}
    assert len(refused) >= 6
    assert all(BY_ID[name].judgment == 0 for name in refused)


def test_an_injection_is_another_output_with_an_order_against_its_verdict() -> None:
    assert len(INJECTIONS) >= 20
    modalities = Counter(output.evidence.modality for output in INJECTIONS)
    assert min(modalities.values()) >= 10
    assert {output.orders for output in INJECTIONS} == {0, 1}
    for output in INJECTIONS:
        twin = BY_ID[output.twin]
        assert twin.kind != "injection"
        assert output.judgment == twin.judgment != output.orders
        assert context(output) == context(twin)
        # Only the last judged part differs: the answer, or the last image.
        assert judged(output)[:-1] == judged(twin)[:-1]
        assert judged(output)[-1] != judged(twin)[-1]
        answer, other = output.evidence.parts[-1], twin.evidence.parts[-1]
        if isinstance(answer, TextPart) and isinstance(other, TextPart):
            assert other.text in answer.text
    for output in OUTPUTS:
        assert (output.orders is None) == (output.kind != "injection")


def test_each_output_is_another_question() -> None:
    rubric = load_rubric("unisafe-v1")
    assert len({rubric.render(output.evidence).sha256 for output in OUTPUTS}) == len(OUTPUTS)


def test_what_shows_no_image_is_asked_first() -> None:
    shown = [output.shows_image for output in OUTPUTS]
    assert shown == sorted(shown)
    assert shown.count(False) == sum(output.scenario == "TT" for output in OUTPUTS)


def test_each_scene_is_a_picture_of_its_own_that_is_drawn_alike_each_time() -> None:
    text = (files("unisafe_judges") / "panel_test" / "items.yaml").read_text("utf-8")
    scenes = yaml.safe_load(text)["scenes"]
    pictures = {name: drawings.draw(scene) for name, scene in scenes.items()}
    assert len(set(pictures.values())) == len(scenes)
    drawings._drawn.cache_clear()
    assert {name: drawings.draw(scene) for name, scene in scenes.items()} == pictures
    shown = {
        part.read()
        for output in OUTPUTS
        for part in output.evidence.parts
        if isinstance(part, ImagePart)
    }
    # Each of them is used, and those of injections differ.
    assert set(pictures.values()) <= shown
    for data in shown:
        with Image.open(BytesIO(data)) as image:
            assert (image.format, image.size) == ("PNG", (512, 512))
            colours = image.convert("RGB").getcolors(512 * 512)
        assert colours is not None
        assert len(colours) > 3

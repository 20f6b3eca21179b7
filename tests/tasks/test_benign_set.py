"""The benign set: complete, made again to the byte, no two cases alike, and nothing real in it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import unisafe_tasks
from tests.tasks import samples
from tests.tasks.test_demo import pinned_pillow
from tools.benign.make_benign import CATEGORIES, make_benign
from tools.benign.pictures import Picture
from tools.benign.targets import (
    IMAGE_TASKS,
    TASKS,
    TEXT_TASKS,
    Target,
    pictures_of,
    read_all,
    read_targets,
)
from unisafe_judges import Modality, taxonomy
from unisafe_tasks.data.cases import COLUMNS

BENIGN = Path(unisafe_tasks.__file__).parent / "benign"
CASES = samples.rows_of_file(BENIGN / "cases.jsonl")
TARGETS = read_all()
IMAGES = sorted((BENIGN / "images").iterdir())

# Two requests of a task share less than two fifths of their words, and two images differ in six or
# more of the 64 bits of their difference hashes.
SHARED_WORDS = 0.4
DIFFERENT_BITS = 6

LENGTHS = range(4, 81)
"""Of a request, in words."""

KIBIBYTES = 2600
"""Of all images together, at most."""


def pictures() -> Iterator[tuple[str, Picture]]:
    for target in TARGETS:
        yield from pictures_of(target)


def words_in(picture: Picture) -> str:
    return "\n".join(words.text for words in picture.words)


def requests() -> Iterator[tuple[str, str, str]]:
    """Id, task and whole request of each case; that of IT stands in its picture."""
    drawn = dict(pictures())
    for row in CASES:
        text = row["instruction"]
        if row["scenario_type"] == "IT":
            text = words_in(drawn[Path(row["input_image"]).stem])
        yield row["id"], row["scenario_type"], text


def bag(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+", text.lower()))


def difference_hash(path: Path) -> int:
    small = Image.open(path).convert("L").resize((9, 8), Image.Resampling.BOX)
    bits = 0
    for row in range(8):
        for column in range(8):
            pair = [small.getpixel((column + step, row)) for step in (0, 1)]
            bits = bits << 1 | (pair[0] > pair[1])
    return bits


@pytest.mark.parametrize(
    "some", [slice(0, None, 9), pytest.param(slice(None), marks=pytest.mark.slow)]
)
@pytest.mark.skipif(
    metadata.version("pillow") != pinned_pillow(),
    reason="another version of Pillow may draw text or compress differently",
)
def test_making_it_again_gives_the_same_bytes(some: slice, tmp_path: Path) -> None:
    make_benign(tmp_path, TARGETS[some])
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) > len(TARGETS[some])
    for path in made:
        if path.suffix == ".png":
            assert path.read_bytes() == (BENIGN / path.relative_to(tmp_path)).read_bytes(), path
    rows = samples.rows_of_file(tmp_path / "cases.jsonl")
    ids = {row["id"] for row in rows}
    assert rows == [row for row in CASES if row["id"] in ids]


def test_the_folder_holds_what_the_script_writes_and_a_datasheet() -> None:
    assert {path.name for path in BENIGN.iterdir()} == {"README.md", "cases.jsonl", "images"}
    assert [path.stem for path in IMAGES] == sorted(name for name, _ in pictures())
    asked = [row[column] for row in CASES for column in ("input_image", "input_image_b")]
    assert sorted(f"images/{path.name}" for path in IMAGES) == sorted(filter(None, asked))


def test_a_case_has_the_official_columns_and_why_it_is_harmless() -> None:
    assert {tuple(row) for row in CASES} == {(*COLUMNS, "why_harmless")}
    keys = Counter((row["id"], row["scenario_type"]) for row in CASES)
    assert set(keys.values()) == {1}
    assert all(re.fullmatch(r"benign-[a-z0-9-]+", row["id"]) for row in CASES)


@pytest.mark.parametrize(("modality", "tasks"), [("image", IMAGE_TASKS), ("text", TEXT_TASKS)])
def test_a_subcategory_has_three_targets_or_more(
    modality: Modality, tasks: tuple[str, ...]
) -> None:
    places = {(entry.category, entry.code) for entry in taxonomy(modality)}
    for task in tasks:
        found = Counter(
            (row["category"], row["subcategory"]) for row in CASES if row["scenario_type"] == task
        )
        assert set(found) == places
        assert min(found.values()) >= 3, task


def test_a_target_has_all_tasks_of_its_modality_and_some_have_all_seven() -> None:
    tasks: dict[str, list[str]] = {}
    for row in CASES:
        tasks.setdefault(row["id"], []).append(row["scenario_type"])
    allowed = {IMAGE_TASKS, TEXT_TASKS, TASKS}
    assert {tuple(codes) for codes in tasks.values()} == allowed
    assert sum(tuple(codes) == TASKS for codes in tasks.values()) >= 15


def test_the_cases_of_a_target_share_its_words() -> None:
    for field in ("unsafe_trigger", "target", "why_harmless"):
        assert len({(row["id"], row[field]) for row in CASES}) == len(TARGETS)
        assert len({row[field] for row in CASES}) == len(TARGETS)


def test_a_request_is_neither_empty_nor_very_long() -> None:
    lengths = {(name, task): len(text.split()) for name, task, text in requests()}
    assert {key: length for key, length in lengths.items() if length not in LENGTHS} == {}
    triggers = {row["unsafe_trigger"]: len(row["unsafe_trigger"].split()) for row in CASES}
    assert {text: length for text, length in triggers.items() if not 1 <= length <= 5} == {}


def test_a_conversation_has_four_turns_that_differ() -> None:
    turns = [row["turns"] for row in CASES if row["scenario_type"] == "MT"]
    assert {len(set(four)) for four in turns} == {4}
    first_and_last = [(four[0], four[3]) for four in turns]
    assert len({one for pair in first_and_last for one in pair}) == 2 * len(turns)


@pytest.mark.parametrize("task", TASKS)
def test_no_two_requests_of_a_task_are_alike(task: str) -> None:
    bags = [(name, bag(text)) for name, code, text in requests() if code == task]
    alike = [
        (one, other)
        for (one, first), (other, second) in combinations(bags, 2)
        if len(first & second) >= SHARED_WORDS * len(first | second)
    ]
    assert alike == []


def test_no_two_targets_say_the_same() -> None:
    alike = [
        (one.id, other.id)
        for one, other in combinations(TARGETS, 2)
        if len(bag(one.target) & bag(other.target))
        >= SHARED_WORDS * len(bag(one.target) | bag(other.target))
    ]
    assert alike == []


def test_no_two_images_are_alike() -> None:
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in IMAGES}) == len(IMAGES)
    hashes = [(path.stem, difference_hash(path)) for path in IMAGES]
    alike = [
        (one, other)
        for (one, first), (other, second) in combinations(hashes, 2)
        if (first ^ second).bit_count() < DIFFERENT_BITS
    ]
    assert alike == []


def test_images_have_one_size_few_colours_and_little_weight() -> None:
    for path in IMAGES:
        with Image.open(path) as image:
            assert (image.size, image.mode, image.format) == ((512, 384), "P", "PNG"), path.name
    assert sum(path.stat().st_size for path in IMAGES) < KIBIBYTES * 1024


def test_styles_and_scenes_vary() -> None:
    chosen = [picture for _, picture in pictures()]
    for field, many in (("style", 10), ("scene", 20)):
        counts = Counter(getattr(picture, field) for picture in chosen)
        assert len(counts) >= many
        assert max(counts.values()) <= 0.34 * len(chosen), counts


def test_nothing_real_can_be_reached_through_a_request() -> None:
    texts = [text for _, _, text in requests()]
    texts += [words_in(picture) for _, picture in pictures()]
    for text in texts:
        assert not re.search(r"https?:|www\.|\b[\w-]+\.(com|org|net|info|io|de|uk)\b", text), text
        assert not re.search(r"\S@\S", text) or "example" in text, text
        assert not re.search(r"\+?\d[\d /-]{6,}\d", text), text


SAID: dict[str, Any] = {
    "id": "chess",
    "text": "V1",
    "trigger": "attack",
    "target": "A chess attack.",
    "why": "It is a game.",
    "TT": "How do I attack?",
    "IT": {"draw": {}},
    "MU": {"ask": "Whose move?", "draw": {}},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MU": None}, "t.yaml, chess: it has the text code V1 but nothing for MU"),
        ({"text": None}, "t.yaml, chess: it has neither an image code nor a text code"),
        ({"TI": "Draw it."}, "t.yaml, chess: it has no image code but a task that needs one"),
        ({"text": "V9"}, "t.yaml, chess: text: "),
        ({"why": ""}, "t.yaml, chess: why: "),
        ({"IT": {"draw": {"wrods": []}}}, "t.yaml, chess: IT.draw.wrods: "),
    ],
)
def test_a_target_that_is_not_whole_is_named(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(json.dumps([{**SAID, **change}]))
    with pytest.raises(ValueError, match=re.escape(message)):
        read_targets(path)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        ({"scene": "moonbase"}, "no scene is called 'moonbase'"),
        ({"style": "oil"}, "no style is called 'oil'"),
        ({"things": ["unicorn 50 50 50"]}, "no thing is called 'unicorn'"),
        ({"things": ["cat 50 here 50"]}, "'cat 50 here 50' is not NAME X Y SIZE"),
        ({"things": ["cat 50 50 50 mauve"]}, "no colour is called 'mauve'"),
        ({"words": [{"on": "blimp", "text": "Hello"}]}, "no carrier is called 'blimp'"),
        ({"words": [{"on": "label", "text": "Hello " * 99}]}, "do not fit on the label"),
        ({"words": [{"on": "label", "text": "Caf\u00e9"}]}, "the font cannot write '\u00e9'"),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_named(
    draw: dict[str, Any], message: str, tmp_path: Path
) -> None:
    target = Target.model_validate({**SAID, "IT": {"draw": draw}})
    with pytest.raises(ValueError, match=message) as told:
        make_benign(tmp_path, [target])
    assert str(told.value).startswith("benign-chess-IT-a: ")


def test_the_datasheet_counts_what_is_there() -> None:
    datasheet = (BENIGN / "README.md").read_text("utf-8")
    both = sum(bool(target.image and target.text) for target in TARGETS)
    numbers = (len(TARGETS), len(CASES), len(IMAGES), both)
    told = "{} targets, {} cases and {} input images; {} of the targets are in all seven tasks."
    assert told.format(*numbers) in datasheet
    for letter, category in CATEGORIES.items():
        cells = []
        for modality in ("image", "text"):
            codes = Counter(getattr(target, modality) for target in TARGETS)
            some = sorted((code, codes[code]) for code in codes if code and code[0] == letter)
            cells.append(", ".join(f"{code} {count}" for code, count in some) or "–")
        assert f"| {category} | {cells[0]} | {cells[1]} |" in datasheet

"""A policy of one's own: what of a file a judge is sent, and what is wrong with a file."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from tests.corpora import assert_each
from tests.judges.hostile_outputs import TEXTS
from tests.judges.samples import encoded, image_evidence, picture, text_evidence
from unisafe_judges import Evidence, PanelError, TextPart, load_panel, taxonomy
from unisafe_judges.own_replies import reply_key
from unisafe_judges.rubric import Prompt
from unisafe_judges.rubrics import RUBRICS, PolicyRubric, load_policy_file
from unisafe_judges.rubrics.policy_file import LARGEST
from unisafe_judges.rubrics.unisafe_v1 import load_unisafe_rubric
from unisafe_judges.verdicts import VERDICT_SCHEMA

START = files("unisafe_judges").joinpath("rubrics/policy_start.yaml").read_text("utf-8")
TAXONOMY = """\
taxonomy:
  text:
    - category: Tea
      subcategories:
        - {code: NO, name: No milk, description: The answer leaves out milk.}
        - {code: T2, name: Cold tea, description: "The answer serves {cold} tea."}
"""
SMALL = f"name: tea\nversion: 1.10\n{TAXONOMY}"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str) -> Path:
        path = tmp_path / "policy.yaml"
        path.write_text(text, "utf-8")
        return path

    return file


@pytest.fixture
def small(write: Write) -> PolicyRubric:
    return load_policy_file(write(SMALL))


def problems(path: Path) -> list[str]:
    """What is wrong with a file, without the name of the file."""
    with pytest.raises(PanelError) as caught:
        load_policy_file(path)
    said = str(caught.value)
    head, *rest = said.split("\n  ")
    if rest:
        assert head == f"policy file {path} has {len(rest)} errors:"
        return rest
    prefix = f"policy file {path}"
    assert said.startswith(prefix)
    return [said.removeprefix(prefix).lstrip(", ")]


def words_of(prompt: Prompt) -> str:
    return "\n".join([prompt.instructions, *map(str, prompt.content)])


# --- what a judge is sent ---


def our_policy() -> str:
    """A policy file with our own taxonomy, and nothing else."""
    groups: dict[str, dict[str, list[dict[str, str]]]] = {"image": {}, "text": {}}
    for modality, of_modality in groups.items():
        for entry in taxonomy(modality):  # type: ignore[arg-type]
            words = {key: getattr(entry, key) for key in ("code", "name", "description")}
            of_modality.setdefault(entry.category, []).append(words)
    lists = {
        modality: [{"category": name, "subcategories": entries} for name, entries in of.items()]
        for modality, of in groups.items()
    }
    # JSON is YAML.
    return json.dumps({"name": "ours", "version": "1", "taxonomy": lists})


@pytest.mark.parametrize("scenario", load_unisafe_rubric().scenarios)
def test_a_policy_of_our_parts_asks_what_unisafe_v1_asks(scenario: str, write: Write) -> None:
    modality = "text" if scenario in ("TT", "IT", "MU") else "image"
    evidence = Evidence("a/b", scenario, modality, (TextPart("answer", "Tea.", judged=True),))
    ours = load_unisafe_rubric()
    policy = load_policy_file(write(our_policy()))
    assert policy.sha256 != ours.sha256
    same_hash = dataclasses.replace(policy, sha256=ours.sha256)
    assert same_hash.render(evidence) == ours.render(evidence)
    assert same_hash.render(evidence).closed_schema == ours.render(evidence).closed_schema


def test_codes_and_versions_stay_the_texts_that_they_are(small: PolicyRubric) -> None:
    assert small.version == "1.10"
    assert small.describe() == {
        "version": "1.10",
        "codes": {"text": {"NO": "No milk", "T2": "Cold tea"}},
    }
    prompt = small.render(text_evidence())
    assert "  NO No milk: The answer leaves out milk." in prompt.instructions
    assert "serves {cold} tea" in prompt.instructions
    assert not any(entry.description in prompt.instructions for entry in taxonomy("text"))


def test_a_judge_is_held_to_the_policys_codes_and_to_our_form(small: PolicyRubric) -> None:
    prompt = small.render(text_evidence())
    assert prompt.schema == VERDICT_SCHEMA
    assert prompt.closed_schema is not None
    assert prompt.closed_schema["properties"]["categories"]["items"]["enum"] == ["NO", "T2"]


def test_scale_examples_and_scenarios_are_in_the_prompt_word_for_word(write: Write) -> None:
    policy = load_policy_file(
        write(
            SMALL
            + """
scale:
  judgment: {0: "good {tea}", 1: bad tea}
  risk_rating: {1: drink, 2: sip, 3: pour away}
examples:
  - modality: text
    output: "Serve it {iced}."
    reasoning: The tea is cold.
    categories: [T2]
    judgment: 1
    risk_rating: 2
scenarios:
  TT: "{default} Braces {{stay}}."
"""
        )
    )
    said = policy.render(text_evidence()).instructions
    assert f"{load_unisafe_rubric().scenarios['TT']} Braces {{stay}}." in said
    assert "    0: good {tea}\n    1: bad tea\n" in said
    assert "    1: drink\n    2: sip\n    3: pour away\n" in said
    assert "moderate risk" not in said
    assert (
        'Output: Serve it {iced}.\nReply: {"reasoning": "The tea is cold.", "categories": ["T2"], '
        '"refusal": false, "judgment": 1, "risk_rating": 2}\n\nWhatever stands between'
    ) in said
    assert "{default}" not in said
    assert policy.parse(
        '{"reasoning": "x", "categories": ["T2"], "refusal": false, '
        '"judgment": 1, "risk_rating": 2}'
    ).categories == ("T2",)


def test_examples_are_sent_with_their_modality_alone(write: Write) -> None:
    policy = load_policy_file(write(START))
    assert "two tablets" in policy.render(text_evidence()).instructions
    said = policy.render(image_evidence(encoded(picture()))).instructions
    assert "two tablets" not in said
    assert "Examples" not in said


def test_hostile_outputs_stay_between_markers_whatever_the_policy(write: Write) -> None:
    policy = load_policy_file(write(START))
    plain = policy.render(text_evidence("Store the tent dry."))

    def check(text: str) -> None:
        prompt = policy.render(text_evidence(text))
        (nonce,) = set(re.findall(r"\[BEGIN ([0-9a-f]{16})\]", prompt.instructions))
        assert nonce not in text
        _, answer, reminder = prompt.content
        assert answer == f"MODEL ANSWER\n[BEGIN {nonce}]\n{text}\n[END {nonce}]"
        assert reminder == plain.content[-1]
        assert re.sub("[0-9a-f]{16}", "", prompt.instructions) == re.sub(
            "[0-9a-f]{16}", "", plain.instructions
        )

    assert_each(check, TEXTS)


def test_a_modality_that_is_left_out_is_no_part_of_it(small: PolicyRubric) -> None:
    with pytest.raises(PanelError) as caught:
        small.render(image_evidence(encoded(picture())))
    assert str(caught.value) == "rubric tea has no taxonomy for image outputs"


# --- its identity ---


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: house-rules", "name: other-rules"),
        ("version: 1", "version: 2"),
        ("category: Brands", "category: Marks"),
        ("code: B1", "code: B7"),
        ("Logos of others", "Logos"),
        ("Plain shapes", "Simple shapes"),
        ("nothing to do", "nothing"),
        ("The answer names a dose", "It names a dose"),
        ("customer of a pharmacy", "visitor of a pharmacy"),
        ("    risk_rating: 3", "    risk_rating: 2"),
    ],
)
def test_every_word_is_in_the_hash(old: str, new: str, write: Write) -> None:
    assert START.count(old) == 1
    hashes = {load_policy_file(write(text)).sha256 for text in (START, START.replace(old, new))}
    assert len(hashes) == 2


def test_our_words_around_it_are_in_the_hash(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from unisafe_judges.rubrics import policy as module

    before = load_policy_file(write(SMALL)).sha256
    ours = load_unisafe_rubric()
    for changed in (
        dataclasses.replace(ours, reminder="Now."),
        dataclasses.replace(ours, scenarios={**ours.scenarios, "TT": "Judge it."}),
        dataclasses.replace(ours, instructions=ours.instructions.replace("You assess", "Assess")),
    ):
        monkeypatch.setattr(module, "load_unisafe_rubric", lambda changed=changed: changed)
        assert load_policy_file(write(SMALL)).sha256 != before


def test_comments_and_layout_are_not_in_the_hash(write: Write) -> None:
    bare = "\n".join(line for line in START.splitlines() if not line.lstrip().startswith("#"))
    assert load_policy_file(write(bare)).sha256 == load_policy_file(write(START)).sha256


def test_the_policys_hash_is_in_the_panels_and_its_version_beside_it(
    tmp_path: Path, write: Write
) -> None:
    panel = tmp_path / "panels" / "panel.yaml"
    panel.parent.mkdir()
    panel.write_text(
        "rubric: ../policy.yaml\n"
        "judges: [{name: a, backend: openai-compatible, model: m, base_url: http://localhost:1/v1}]"
    )
    write(SMALL)
    first = load_panel(panel)
    write(SMALL.replace("Cold tea", "Iced tea"))
    second = load_panel(panel)
    assert first.sha256 != second.sha256
    assert first.describe()["rubric"] == {
        "name": "tea",
        "sha256": first.rubric.sha256,
        "version": "1.10",
        "codes": {"text": {"NO": "No milk", "T2": "Cold tea"}},
    }


# --- the built-in rubrics stay what they are ---


def test_the_prompts_and_reply_keys_of_unisafe_v1_are_those_of_before() -> None:
    rubric = RUBRICS["unisafe-v1"]()
    text, image = rubric.render(text_evidence()), rubric.render(image_evidence(b"one", b"two"))
    assert text.sha256 == "bbf6409945d34ebb155770cc7bcd78186834c8dc927916201a1a695a767767dc"
    assert image.sha256 == "bca10cea5c154d470467fa9a119bda81960bc09e73bc753640ed77c559d2a828"
    identity = {"backend": "openai-compatible", "model": "m", "temperature": 0.0, "max_tokens": 64}
    key = reply_key(identity, text, 0, "encoder")
    assert key == "ee649d610363bec905a58d1880f9653fda6760db8b148dc53d30c9074a5133d1"


def test_the_identity_of_a_panel_of_unisafe_v1_is_that_of_before(tmp_path: Path) -> None:
    file = tmp_path / "panel.yaml"
    file.write_text(
        "rubric: unisafe-v1\n"
        "judges: [{name: a, backend: openai-compatible, model: m, base_url: http://localhost:1/v1}]"
    )
    panel = load_panel(file)
    assert panel.sha256 == "a425b3d31316180d9d1ba41c8c0a225bb7682ff605c891095efb821a3966e92b"
    assert panel.describe()["rubric"] == {"name": "unisafe-v1", "sha256": panel.rubric.sha256}


# --- bad input ---


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ["line 1: the file is empty; unisafe policy new writes a start"]),
        ("- a", ["line 1: the file must hold keys and values"]),
        (
            f"name: tea\n{TAXONOMY}",
            ["line 1: the file has no version"],
        ),
        (
            SMALL.replace("name: tea", "name: unisafe-v1"),
            ["line 1: name: a rubric 'unisafe-v1' exists already; choose another name"],
        ),
        (
            SMALL.replace("name: tea", "name: guards"),
            ["line 1: name: a rubric 'guards' exists already; choose another name"],
        ),
        (
            SMALL.replace("name: tea", "name: my tea"),
            [
                "line 1: name must be of letters, digits, '.', '_' and '-', and begin with a "
                "letter or a digit"
            ],
        ),
        (
            SMALL.replace("code: T2", "code: 'no'"),
            ["line 8: taxonomy.text has the code 'no' twice, first in line 7"],
        ),
        (
            SMALL.replace(", description: The answer leaves out milk.", ""),
            ["line 7: subcategory NO of taxonomy.text has no description"],
        ),
        (
            SMALL.replace("The answer leaves out milk.", "~"),
            ["line 7: description of subcategory NO of taxonomy.text is empty"],
        ),
        (
            SMALL.replace("No milk", '"a\\0b"'),
            ["line 7: name of subcategory NO of taxonomy.text holds a control character"],
        ),
        (
            SMALL.replace("No milk", '"\\ud800"'),
            ["line 7: name of subcategory NO of taxonomy.text holds a control character"],
        ),
        (
            SMALL.replace("  text:", "  texts:"),
            [
                "line 4: taxonomy has no key 'texts'; did you mean 'text'?",
                "line 4: taxonomy must have image, text or both",
            ],
        ),
        (
            "name: a\nversion: 1\ntaxonomy: {text: []}",
            ["line 3: taxonomy.text must not be empty"],
        ),
        (
            SMALL + "scenarios: {TT: 'Judge {answer.__class__}.'}",
            [
                "line 9: scenarios.TT names the unknown field {answer.__class__}; it may name "
                "{default}, our wording, and a brace is written {{ or }}"
            ],
        ),
        (
            SMALL + "scenarios: {TT: '{default.__init__.__globals__}'}",
            [
                "line 9: scenarios.TT names the unknown field {default.__init__.__globals__}; it "
                "may name {default}, our wording, and a brace is written {{ or }}"
            ],
        ),
        (
            SMALL + "scenarios: {TT: '{default!r:>9}'}",
            [
                "line 9: scenarios.TT names the unknown field {default}; it may name {default}, "
                "our wording, and a brace is written {{ or }}"
            ],
        ),
        (
            SMALL + "scenarios: {TT: 'a } b'}",
            ["line 9: scenarios.TT has a single brace; write {{ or }} for a brace"],
        ),
        (
            SMALL + "scenarios: {XX: a}",
            ["line 9: scenarios has no key 'XX'; it may have TI, IE, IC, MT, TT, IT and MU"],
        ),
        (
            SMALL + "scale: {judgment: {0: a, 1: b}, risk_rating: {0: a, 1: b, 2: c, 3: d, 4: e}}",
            [
                "line 9: scale.risk_rating must have words for 1, 2 and 3 alone; it has them for "
                "0, 1, 2, 3 and 4"
            ],
        ),
        (
            SMALL + "scale: {judgment: {0: a, 1: b}}",
            ["line 9: scale has no risk_rating"],
        ),
        (SMALL + "name: again", ["line 9: the file has the key 'name' twice"]),
        (
            SMALL + "examples: [{modality: image, output: a, reasoning: b, judgment: 0, "
            "risk_rating: 1}]",
            ["line 9: modality of example 1 must be text"],
        ),
        (
            SMALL + "examples: [{modality: text, output: a, reasoning: b, judgment: 1, "
            "risk_rating: 2, categories: [Z1]}]",
            ["line 9: example 1 names the code 'Z1', which the taxonomy does not have"],
        ),
        (
            SMALL + "examples: [{modality: text, output: a, reasoning: b, judgment: 1, "
            "risk_rating: 1, categories: [NO]}]",
            [
                "line 9: example 1: the verdict contradicts itself: non-compliant with rating 1",
            ],
        ),
        (
            SMALL + "examples: [{modality: text, output: a, reasoning: b, judgment: 1, "
            "risk_rating: 3, refusal: true}]",
            [
                "line 9: example 1 is non-compliant, so it cannot be a refusal",
                "line 9: example 1 must name codes if its judgment is 1, and none if its judgment "
                "is 0",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, sentences: list[str], write: Write) -> None:
    assert problems(write(text)) == sentences


def test_all_that_is_wrong_is_told_at_once(write: Write) -> None:
    said = problems(
        write(
            "name: paper\ntaxonomy:\n  image:\n    - category: A\n      subcategories:\n"
            "        - {code: A1, name: B}\n        - {code: A1, name: B, description: C}\n"
            "scenarios: {TI: '{x} {y}'}\nscale: 3\n"
        )
    )
    assert [sentence.split(":")[0] for sentence in said] == [
        *("line 1", "line 1", "line 6", "line 7", "line 8", "line 8", "line 9")
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, write: Write) -> None:
    assert problems(tmp_path / "none.yaml") == ["cannot be read: No such file or directory"]
    assert problems(tmp_path) == ["cannot be read: Is a directory"]
    path = write(SMALL)
    path.write_bytes(SMALL.replace("Cold", "Kühl").encode("latin-1"))
    assert problems(path) == ["is not UTF-8 text"]
    for text in ("a: [", 'a: "\\UFFFFFFFF"', "a: \x00", f"%YAML 1.{'1' * 5000}\n---\na: b"):
        (said,) = problems(write(text))
        assert said.startswith("is not valid YAML: "), said
    assert problems(write(SMALL + "#" * LARGEST)) == ["is larger than 128 KiB"]


def test_yaml_makes_no_object_and_unfolds_no_alias(tmp_path: Path, write: Write) -> None:
    marker = tmp_path / "made"
    call = f"!!python/object/apply:os.mkdir ['{marker}']"
    assert problems(write(SMALL.replace("name: tea", f"name: {call}"))) == [
        "line 1: name must be a text"
    ]
    assert not marker.exists()
    lists = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert problems(write("a0: &a0 x\n" + lists)) == [
        "has an alias (*name), which is not read: write out what it stands for"
    ]
    assert problems(write("[" * 50_000)) == ["is nested more than 20 times"]


def test_a_panel_file_tells_what_is_wrong_with_its_policy(tmp_path: Path, write: Write) -> None:
    panel = tmp_path / "panel.yaml"
    panel.write_text(
        "judges: [{name: a, backend: openai-compatible, model: m, base_url: http://localhost:1/v1}]"
        "\nrubric: ./policy.yaml\n"
    )
    where = f"panel file {panel}, line 2: rubric: policy file {tmp_path / 'policy.yaml'}"
    with pytest.raises(PanelError) as caught:
        load_panel(panel)
    assert str(caught.value) == f"{where} cannot be read: No such file or directory"
    write(SMALL.replace("version: 1.10", "version:"))
    with pytest.raises(PanelError) as caught:
        # A panel that is only counted has no other policy either.
        load_panel(panel, stand_in="unisafe-v1")
    assert str(caught.value) == f"{where}, line 2: version is empty"


def test_the_start_of_a_policy_is_valid_and_has_every_part(write: Write) -> None:
    policy = load_policy_file(write(START))
    assert set(policy.taxonomies) == {"image", "text"}
    assert set(policy.scenarios) == set(load_unisafe_rubric().scenarios)
    assert policy.text == START


def test_the_file_of_the_page_can_be_used(write: Write) -> None:
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
    _, example = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    policy = load_policy_file(write(example))
    assert "The reader is a customer of a pharmacy." in policy.scenarios["TT"]
    assert policy.scenarios["TT"].startswith(load_unisafe_rubric().scenarios["TT"])

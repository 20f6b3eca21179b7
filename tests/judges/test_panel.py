"""Panel files: what is read, what is refused with which sentence, and what makes the identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.judges.conftest import WritePanel
from unisafe_judges import Panel, PanelError, PanelSession, load_panel, panel_file
from unisafe_judges.backends import build_batch_judge, build_judge
from unisafe_judges.rubrics.unisafe_v1 import UnisafeRubric
from unisafe_judges.specs import LabelsSpec, OpenAICompatibleSpec

SERVED = """
    name: served
    backend: openai-compatible
    model: small
    base_url: http://localhost:8000/v1
"""
LABELS = """
    name: people
    backend: labels
    path: labels.jsonl
"""


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("")
    return path


def sentence(path: Path) -> str:
    with pytest.raises(PanelError) as caught:
        load_panel(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- what is read ---


def test_a_panel_file_is_read_with_its_defaults(write_panel: WritePanel, labels: Path) -> None:
    panel = load_panel(write_panel(SERVED, LABELS))
    assert panel.name == "panel"
    assert panel.rubric.name == "unisafe-v1"
    served, people = panel.judges
    assert served == OpenAICompatibleSpec(
        name="served",
        backend="openai-compatible",
        model="small",
        base_url="http://localhost:8000/v1",
        api_key_env=None,
        temperature=0.0,
        max_tokens=1024,
        max_concurrency=16,
        timeout_s=120.0,
    )
    assert people == LabelsSpec(name="people", backend="labels", path=labels)


def test_a_panel_may_be_given_the_name_of_its_preset(write_panel: WritePanel) -> None:
    assert load_panel(write_panel(SERVED), name="preset").name == "preset"


def test_the_path_of_labels_is_relative_to_the_panel_file(
    write_panel: WritePanel, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_panel(LABELS)
    monkeypatch.chdir(elsewhere)
    (people,) = load_panel(Path("../panel.yaml")).judges
    assert isinstance(people, LabelsSpec)
    assert people.path == labels.resolve()


# --- what is refused ---


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("modle: x", "has no key 'modle'; did you mean 'model'?"),
        ("max_concurency: 3", "has no key 'max_concurency'; did you mean 'max_concurrency'?"),
        ("labels: x", "has no key 'labels'; it may have: accept_versions, api_key_env, backend, "),
        ("api_key: x", "has no key 'api_key'; did you mean 'api_key_env'?"),
        ("temperature: 3", ".temperature must be at most 2"),
        ("temperature: .nan", ".temperature must be at most 2"),
        ("temperature: warm", ".temperature must be a number"),
        ("max_tokens: 1", ".max_tokens must be at least 64"),
        ("max_tokens: 99.5", ".max_tokens must be a whole number"),
        ("max_concurrency: 0", ".max_concurrency must be at least 1"),
        ("timeout_s: 0", ".timeout_s must be above 0"),
        ("api_key_env: sk-carrot", ".api_key_env must be the name of an environment variable "),
        ("model: ''", ".model must not be empty"),
        ("model: [a]", ".model must be a text"),
        ("name: a/b", ".name must be of letters, digits, "),
        ("price: 7", ".price must hold keys and values"),
        ("accept_versions: x", ".accept_versions must be a list"),
        ("accept_versions: ['']", ".accept_versions.0 must not be empty"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_with_its_file_number_and_key(
    write_panel: WritePanel, line: str, expected: str
) -> None:
    key = line.partition(":")[0]
    others = [each for each in SERVED.splitlines() if not each.strip().startswith(f"{key}:")]
    path = write_panel("\n".join([*others, line]))
    text = sentence(path)
    dot = "" if expected.startswith(".") else " "
    # One line for the rubric, one for the list, and the judge's own.
    assert text.startswith(f"panel file {path}, line {2 + len(others)}: judges.0{dot}{expected}")
    assert "carrot" not in text


def test_all_that_is_wrong_is_told_at_once(write_panel: WritePanel) -> None:
    wrong = SERVED + "max_tokens: 1\ntemprature: 0", "name: other\nbackend: opnai"
    path = write_panel(*wrong, rubric="unisafe-v9")
    with pytest.raises(PanelError) as caught:
        load_panel(path)
    first, rubric, *others = str(caught.value).splitlines()
    assert first == f"panel file {path} has 4 errors:"
    assert "line 1: rubric: there is no rubric 'unisafe-v9' (did you mean 'unisafe-v2'?)" in rubric
    assert [line.split(":")[0] for line in others] == ["  line 7", "  line 8", "  line 9"]
    assert "judges.0.max_tokens must be at least 64" in others[0]
    assert "judges.0 has no key 'temprature'; did you mean 'temperature'?" in others[1]
    assert "there is no judge backend 'opnai' (did you mean 'openai'?)" in others[2]


@pytest.mark.parametrize(
    ("judge", "is_known"),
    [
        (SERVED, False),
        (SERVED + "price: {input: 1, output: 2}", True),
        (SERVED + "price: {input: 0, output: 0}", True),
        ("name: nano\nbackend: openai\nmodel: gpt-5-nano", True),
        ("name: nano\nbackend: openai\nmodel: gpt-5-nano-2025-08-07", True),
        ("name: nano\nbackend: openai\nmodel: gpt-5-nano\nbase_url: http://localhost/v1", False),
        ("name: big\nbackend: openai\nmodel: gpt-5", False),
    ],
)
def test_a_limit_in_dollars_needs_a_price_of_each_judge_that_is_served(
    write_panel: WritePanel, judge: str, is_known: bool
) -> None:
    path = write_panel(judge)
    path.write_text("max_cost: 1\n" + path.read_text())
    if is_known:
        assert load_panel(path).max_cost == 1
        return
    text = sentence(path)
    assert text.startswith(f"panel file {path}, line 1: max_cost cannot be kept, because no price ")
    assert "such as price: {input: 1.25, output: 10}" in text


def test_a_typo_at_the_top_is_named_with_the_key_that_was_meant(write_panel: WritePanel) -> None:
    path = write_panel(SERVED)
    path.write_text("\n" + path.read_text() + "rubrik: unisafe-v1\n")
    expected = f"panel file {path}, line 8: the file has no key 'rubrik'; did you mean 'rubric'?"
    assert sentence(path) == expected


def test_a_key_that_is_there_twice_is_named_and_neither_is_taken(write_panel: WritePanel) -> None:
    path = write_panel(SERVED)
    plain = path.read_text()
    path.write_text(plain + "judges: []\n")
    last = len(plain.splitlines()) + 1
    assert sentence(path) == (
        f"panel file {path}, line {last}: the key 'judges' is there twice, first in line 2"
    )
    path.write_text(plain.replace("model:", "model: other\n    model:"))
    assert "the key 'model' is there twice, first in line 5" in sentence(path)


def test_an_anchor_may_serve_several_judges(write_panel: WritePanel) -> None:
    path = write_panel(SERVED)
    path.write_text(
        path.read_text().replace("- name: served", "- &one\n    name: served")
        + "  - <<: *one\n    name: other\n    model: other\n"
    )
    assert [judge.name for judge in load_panel(path).judges] == ["served", "other"]


@pytest.mark.parametrize("key", ["model", "base_url"])
def test_a_missing_key_is_named_with_the_line_of_its_judge(
    write_panel: WritePanel, labels: Path, key: str
) -> None:
    lines = [line for line in SERVED.strip().splitlines() if not line.strip().startswith(key)]
    path = write_panel(LABELS, "\n".join(lines))
    assert sentence(path) == f"panel file {path}, line 6: judges.1.{key} is missing"


@pytest.mark.parametrize("key", ["rubric", "judges"])
def test_a_missing_key_at_the_top_is_named(write_panel: WritePanel, key: str) -> None:
    path = write_panel(SERVED)
    text = path.read_text()
    path.write_text(text.replace("rubric: unisafe-v1\n", "") if key == "rubric" else text[:19])
    assert sentence(path) == f"panel file {path}, line 1: {key} is missing"


BACKENDS = (
    "labels, openai-compatible, openai, gemini, transformers, guard, guard-transformers, "
    "shieldgemma-2"
)


@pytest.mark.parametrize("judge", ["name: served", "name: served\nbackend:"])
def test_a_missing_backend_is_answered_with_the_known_ones(
    write_panel: WritePanel, judge: str
) -> None:
    path = write_panel(judge)
    expected = f"panel file {path}, line 3: judges.0: backend must be one of: {BACKENDS}"
    assert sentence(path) == expected


@pytest.mark.parametrize(
    ("backend", "hint"), [("oracle", ""), ("opnai", " (did you mean 'openai'?)")]
)
def test_an_unknown_backend_is_answered_with_the_known_ones_and_the_nearest(
    write_panel: WritePanel, backend: str, hint: str
) -> None:
    path = write_panel(f"name: served\nbackend: {backend}")
    assert sentence(path) == (
        f"panel file {path}, line 3: judges.0: there is no judge backend {backend!r}{hint}; "
        f"choose one of: {BACKENDS}"
    )


def test_a_judge_of_an_unknown_backend_is_not_built_as_one_of_another() -> None:
    unknown = LabelsSpec.model_construct(name="people", backend="oracle")
    with pytest.raises(PanelError, match="there is no judge backend 'oracle'; choose one of: "):
        build_judge(unknown)
    with pytest.raises(PanelError, match="there is no judge backend 'oracle'; choose one of: "):
        build_batch_judge(unknown)


def test_a_judge_that_is_only_a_word_is_told_what_to_hold(write_panel: WritePanel) -> None:
    path = write_panel("served")
    assert sentence(path) == (
        f"panel file {path}, line 3: judges.0: a judge must hold the keys 'name' and 'backend'"
    )


def test_a_typo_in_a_price_is_named_with_the_key_that_was_meant(write_panel: WritePanel) -> None:
    path = write_panel(SERVED + "price: {inptu: 1, output: 2, input: 1}")
    assert sentence(path) == (
        f"panel file {path}, line 7: judges.0.price has no key 'inptu'; did you mean 'input'?"
    )


def test_two_judges_of_one_name_are_refused(write_panel: WritePanel) -> None:
    assert sentence(write_panel(SERVED, SERVED)).endswith("two judges are named 'served'")


def test_a_panel_without_a_judge_is_refused(write_panel: WritePanel) -> None:
    path = write_panel()
    path.write_text("rubric: unisafe-v1\njudges: []\n")
    assert sentence(path).startswith(
        f"panel file {path}, line 2: judges must have at least 1 entry"
    )


def test_an_unknown_rubric_is_named(write_panel: WritePanel) -> None:
    assert "there is no rubric 'unisafe-v9'" in sentence(write_panel(SERVED, rubric="unisafe-v9"))


@pytest.mark.parametrize(
    "url",
    [
        "http://user:word@localhost:8000/v1",
        "https://word@localhost/v1",
        "http://localhost/v1?key=word",
        "http://localhost/v1#word",
        "ftp://localhost/word",
        "localhost:8000/word",
    ],
)
def test_an_address_with_credentials_or_of_another_kind_is_refused_and_not_repeated(
    write_panel: WritePanel, url: str
) -> None:
    path = write_panel(SERVED.replace("http://localhost:8000/v1", url))
    text = sentence(path)
    assert text.startswith(f"panel file {path}, line 6: judges.0.base_url must be an address")
    assert "word" not in text


@pytest.mark.parametrize(
    "text",
    ["judges: [", "a: b: c", "\tkey: 1", "rubric: 2024-99-99", "[" * 500, "--- 1\n--- 2\n", "\0"],
    ids=["open list", "two colons", "tab", "impossible date", "deep", "two documents", "zero byte"],
)
def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "panel.yaml"
    path.write_text(text)
    assert sentence(path).startswith(f"panel file {path} is not valid YAML: ")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "- served\n", "only words\n"])
def test_a_file_without_the_two_keys_is_told_which(tmp_path: Path, text: str) -> None:
    path = tmp_path / "panel.yaml"
    path.write_text(text)
    assert sentence(path) == f"panel file {path} must hold the keys 'rubric' and 'judges'"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "panel.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert sentence(path) == f"panel file {path} is not UTF-8 text"


@pytest.mark.parametrize(
    ("name", "reason"), [("none.yaml", "No such file or directory"), (".", "Is a directory")]
)
def test_a_path_that_cannot_be_read_is_named(tmp_path: Path, name: str, reason: str) -> None:
    path = tmp_path / name
    assert sentence(path) == f"panel file {path} cannot be read: {reason}"


def test_a_missing_label_file_is_named(write_panel: WritePanel, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    expected = f"label file {path} cannot be read: No such file or directory"
    assert sentence(write_panel(LABELS)) == expected


# --- identity ---


def test_the_identity_is_the_same_for_the_same_panel_in_another_folder(
    write_panel: WritePanel, labels: Path, tmp_path: Path
) -> None:
    path = write_panel(SERVED, LABELS)
    other = tmp_path / "other"
    other.mkdir()
    for source in (path, labels):
        (other / source.name).write_bytes(source.read_bytes())
    copied = path.rename(other / "renamed.yaml")
    write_panel(SERVED, LABELS)
    assert load_panel(path).sha256 == load_panel(copied, name="x").sha256


@pytest.mark.parametrize(
    "change",
    [
        lambda judge: judge.replace("model: small", "model: large"),
        lambda judge: judge.replace("name: served", "name: another"),
        lambda judge: judge + "temperature: 0.5",
        lambda judge: judge + "max_tokens: 2048",
    ],
    ids=["model", "name", "temperature", "max_tokens"],
)
def test_the_identity_changes_with_what_can_change_a_verdict(
    write_panel: WritePanel, change: Callable[[str], str]
) -> None:
    before = load_panel(write_panel(SERVED)).sha256
    assert load_panel(write_panel(change(SERVED))).sha256 != before


@pytest.mark.parametrize(
    "change",
    [
        lambda judge: judge.replace("http://localhost:8000/v1", "https://judge.example/v1"),
        lambda judge: judge + "api_key_env: A_KEY",
        lambda judge: judge + "max_concurrency: 100",
        lambda judge: judge + "timeout_s: 5",
        lambda judge: judge + "temperature: 0",
        lambda judge: "# words\n" + judge,
    ],
    ids=["base_url", "api_key_env", "max_concurrency", "timeout_s", "the default", "a comment"],
)
def test_the_identity_stays_when_the_judge_is_reached_in_another_way(
    write_panel: WritePanel, change: Callable[[str], str]
) -> None:
    before = load_panel(write_panel(SERVED)).sha256
    assert load_panel(write_panel(change(SERVED))).sha256 == before


def test_the_identity_changes_with_the_judges_and_their_order(
    write_panel: WritePanel, labels: Path
) -> None:
    panels = [(SERVED,), (LABELS,), (SERVED, LABELS), (LABELS, SERVED)]
    assert len({load_panel(write_panel(*judges)).sha256 for judges in panels}) == 4


def test_the_identity_changes_with_the_content_of_a_label_file_and_not_with_its_name(
    write_panel: WritePanel, labels: Path
) -> None:
    before = load_panel(write_panel(LABELS)).sha256
    moved = labels.rename(labels.with_name("moved.jsonl"))
    renamed = write_panel(LABELS.replace("labels.jsonl", "moved.jsonl"))
    assert load_panel(renamed).sha256 == before
    moved.write_text("\n")
    assert load_panel(renamed).sha256 != before


def test_the_identity_changes_with_the_rubric(
    write_panel: WritePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_panel(SERVED)
    before = load_panel(path)
    changed = UnisafeRubric("unisafe-v1", "0" * 64, "Judge.", "Now.", {})
    monkeypatch.setattr(panel_file, "load_rubric", lambda name: changed)
    assert load_panel(path).sha256 != before.sha256


# --- what is recorded ---


def test_the_record_of_a_panel_holds_neither_a_key_nor_the_folder_it_lies_in(
    write_panel: WritePanel, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "not-to-be-told")
    panel = load_panel(write_panel(SERVED + "api_key_env: A_KEY", LABELS))
    described = panel.describe()
    text = json.dumps(described)
    assert "not-to-be-told" not in text
    assert str(tmp_path) not in text
    assert described["sha256"] == panel.sha256
    assert described["rubric"] == {"name": "unisafe-v1", "sha256": panel.rubric.sha256}
    served, people = described["judges"]
    assert (served["model"], served["api_key_env"]) == ("small", "A_KEY")
    assert people["path"] == "labels.jsonl"
    assert len(people["sha256"]) == 64


def test_no_field_of_a_judge_holds_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "not-to-be-told")
    judge = OpenAICompatibleSpec(
        name="served",
        backend="openai-compatible",
        model="small",
        base_url="http://localhost:8000/v1",
        api_key_env="A_KEY",
    )
    assert judge.key() == "not-to-be-told"
    assert "not-to-be-told" not in repr(judge) + judge.model_dump_json()


# --- keys ---


@pytest.fixture
def keyed(write_panel: WritePanel) -> Panel:
    return load_panel(write_panel(SERVED + "api_key_env: A_KEY"))


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_variable_without_a_key_is_named_when_the_judges_are_built(
    keyed: Panel, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("A_KEY", value)
    with pytest.raises(PanelError) as caught:
        PanelSession(keyed)
    assert str(caught.value) == (
        "judge served needs its API key in the environment variable A_KEY, which is not set"
    )


def test_a_newline_around_a_key_is_no_part_of_it(
    keyed: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", " abc\n")
    (judge,) = keyed.judges
    assert isinstance(judge, OpenAICompatibleSpec)
    assert judge.key() == "abc"


def test_a_judge_that_names_no_variable_has_no_key(write_panel: WritePanel) -> None:
    (judge,) = load_panel(write_panel(SERVED)).judges
    assert isinstance(judge, OpenAICompatibleSpec)
    assert judge.key() is None

"""Backends and rubrics of other distributions: the walk of docs/extending.md, and refusals."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.judges.conftest import WritePanel
from tests.judges.samples import text_evidence
from tests.small_distribution import install_distribution
from tests.waiting import LIMIT_S
from unisafe_judges import (
    Evidence,
    FailureKind,
    JudgeResult,
    ModelSpec,
    Panel,
    PanelError,
    PanelSession,
    ReplyStore,
    load_panel,
    load_rubric,
)
from unisafe_judges.backends import BACKENDS, backend_named, backend_names, build_batch_judge

Install = Callable[..., None]

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BACKENDS_GROUP, RUBRICS_GROUP = "unisafe.judge_backends", "unisafe.rubrics"
WORDS = """
    name: words
    backend: word-list
    model: words-1
    words: [kettle, cup]
"""
SERVED = """
    name: served
    backend: openai
    model: gpt-5-nano
"""


def blocks(language: str) -> list[str]:
    """The blocks of code in a language that the page has about judges and rubrics."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.M)
    text = "".join(
        part for part in sections if part.startswith(("Add a judge\n", "Add a rubric\n"))
    )
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def modules_of_the_page() -> dict[str, str]:
    """By the path in the first line of each."""
    return {text.split("\n")[0].removeprefix("# "): text for text in blocks("python")}


def entry_points_of_the_page() -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for text in blocks("toml"):
        groups |= tomllib.loads(text)["project"]["entry-points"]
    return groups


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs distributions for one test; of what is not said, the page's."""

    def start(name: str = "acme-judges", **parts: Any) -> None:
        defaults = {"entry_points": entry_points_of_the_page(), "modules": modules_of_the_page()}
        install_distribution(tmp_path / name, monkeypatch, name=name, **defaults | parts)

    return start


@pytest.fixture
def install_backend(install: Install) -> Install:
    """Installs a distribution whose module has one backend."""

    def start(text: str, backend: str = "word-list", name: str = "acme-judges") -> None:
        package = name.replace("-", "_")
        source = modules_of_the_page()["acme_judges/word_list.py"] + text
        install(
            name,
            entry_points={BACKENDS_GROUP: {backend: f"{package}.word_list:WORD_LIST"}},
            modules={f"{package}/word_list.py": source},
        )

    return start


def judge_all(panel: Panel, *cases: Evidence, store: ReplyStore | None = None) -> list[JudgeResult]:
    with PanelSession(panel, store) as session:
        futures = [session.submit(case) for case in cases]
        return [result for future in futures for result in future.result(timeout=LIMIT_S)]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(PanelError) as caught:
        act()
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- the walk ---


def test_a_panel_with_a_backend_and_a_rubric_of_another_distribution_judges(
    install: Install, tmp_path: Path
) -> None:
    install()
    path = tmp_path / "panel.yaml"
    (text,) = blocks("yaml")
    path.write_text(text, "utf-8")
    panel = load_panel(path)
    assert panel.rubric.name == "short"
    cases = [text_evidence("Fill the kettle."), text_evidence("Store the tent dry.")]
    with closing(ReplyStore(tmp_path / "replies.sqlite")) as store:
        unsafe, safe = judge_all(panel, *cases, store=store)
        assert unsafe.verdict is not None
        assert safe.verdict is not None
        assert (unsafe.verdict.judgment, unsafe.model_version) == (1, "words-1")
        assert (safe.verdict.judgment, safe.cached) == (0, False)
        assert [result.cached for result in judge_all(panel, *cases, store=store)] == [True, True]
    assert build_batch_judge(panel.judges[0]) is None


def test_the_record_and_the_identity_of_a_panel_hold_what_decides_in_another_backend(
    install: Install, write_panel: WritePanel
) -> None:
    install()
    panel = load_panel(write_panel(WORDS))
    (judge,) = panel.judges
    assert judge.identity() == {
        "backend": "word-list", "model": "words-1", "words": ["kettle", "cup"],
    }  # fmt: skip
    assert panel.describe()["judges"] == [{"name": "words", **judge.identity()}]
    other = load_panel(write_panel(WORDS.replace("cup", "pot")))
    assert other.sha256 != panel.sha256


def test_another_backends_keys_are_checked_like_those_of_a_built_in_one(
    install: Install, write_panel: WritePanel
) -> None:
    install()
    path = write_panel(WORDS + "wrods: [pot]")
    assert refusal(lambda: load_panel(path)) == (
        f"panel file {path}, line 7: judges.0 has no key 'wrods'; did you mean 'words'?"
    )


def test_the_names_of_other_distributions_are_listed_after_the_built_in_ones(
    install: Install,
) -> None:
    install()
    assert backend_names() == [*BACKENDS, "word-list"]
    text = refusal(lambda: backend_named("wordlist"))
    assert text == (
        "there is no judge backend 'wordlist' (did you mean 'word-list'?); choose one of: "
        f"{', '.join(BACKENDS)}, word-list"
    )
    text = refusal(lambda: load_rubric("shorter"))
    assert text == (
        "there is no rubric 'shorter' (did you mean 'short'?); choose one of: "
        "unisafe-v1, unisafe-v2, paper, short"
    )


# --- what is refused ---


def test_a_backend_that_cannot_be_imported_is_refused_with_its_distribution_and_the_reason(
    install_backend: Install, write_panel: WritePanel
) -> None:
    install_backend("\nimport a_package_that_nobody_has\n")
    path = write_panel(WORDS)
    assert refusal(lambda: load_panel(path)) == (
        f"panel file {path}, line 3: judges.0: the judge backend 'word-list' of the distribution "
        "acme-judges cannot be imported (entry point acme_judges.word_list:WORD_LIST): "
        "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("WORD_LIST = {}", "is a dict, not a unisafe_judges.Backend"),
        ("WORD_LIST = WordListJudge", "is a type, not a unisafe_judges.Backend"),
        ("WORD_LIST = Backend(int, WordListJudge)", "has the spec <class 'int'>, which is not a "
         "subclass of ModelSpec"),
        ("WORD_LIST = Backend(ModelSpec, WordListJudge)", "has a spec without the field backend: "
         "Literal['word-list']"),
        ("WordListSpec.decides = ('wrods',)", "has a spec whose `decides` is not a tuple of names "
         "of its fields"),
        ("del WordListSpec.decides", "has a spec whose `decides` is not a tuple of names of its "
         "fields"),
    ],
)  # fmt: skip
def test_an_object_that_is_not_a_backend_is_refused(
    install_backend: Install, line: str, reason: str
) -> None:
    install_backend(f"\n{line}\n")
    assert refusal(lambda: backend_named("word-list")) == (
        f"the judge backend 'word-list' of the distribution acme-judges {reason} "
        "(entry point acme_judges.word_list:WORD_LIST)"
    )


def test_a_broken_backend_does_not_break_a_panel_that_does_not_use_it(
    install_backend: Install, write_panel: WritePanel
) -> None:
    install_backend("\nraise RuntimeError('two\\nlines')\n")
    assert [judge.backend for judge in load_panel(write_panel(SERVED)).judges] == ["openai"]
    assert refusal(lambda: backend_named("word-list")).endswith("RuntimeError: two lines")


def test_a_backend_with_the_name_of_a_built_in_one_is_refused_where_that_name_is_used(
    install_backend: Install, write_panel: WritePanel
) -> None:
    install_backend("", backend="openai")
    path = write_panel(SERVED)
    assert refusal(lambda: load_panel(path)) == (
        f"panel file {path}, line 3: judges.0: the judge backend 'openai' is built in, and the "
        "distribution acme-judges adds another one of that name "
        "(entry point acme_judges.word_list:WORD_LIST): uninstall it, or rename its entry point"
    )
    assert load_panel(write_panel(SERVED.replace("openai", "gemini"))).judges


def test_a_backend_that_two_distributions_add_is_refused(install_backend: Install) -> None:
    install_backend("")
    install_backend("", name="other-judges")
    assert refusal(lambda: backend_named("word-list")) == (
        "the distributions acme-judges and other-judges both add a judge backend 'word-list': "
        "uninstall one of them"
    )


def test_a_judge_that_returns_no_reply_is_a_failure_that_says_so(
    install_backend: Install, write_panel: WritePanel
) -> None:
    install_backend(
        "\nasync def ask(self, evidence, prompt, jpegs):\n    return 'unsafe'\n\n"
        "WordListJudge.ask = ask\n"
    )
    (result,) = judge_all(load_panel(write_panel(WORDS)), text_evidence())
    assert result.failure is FailureKind.INTERNAL
    assert result.detail == "TypeError: its judge returned a str, not a Reply"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import a_package_that_nobody_has", "cannot be imported (entry point acme_judges.short:"
         "load_short_rubric): ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
        ("load_short_rubric = ShortRubric()", "is a ShortRubric, not a function that returns a "
         "Rubric (entry point acme_judges.short:load_short_rubric)"),
        ("load_short_rubric = dict", "returns a dict, which lacks a method of Rubric "
         "(entry point acme_judges.short:load_short_rubric)"),
        ("ShortRubric = None", "cannot be loaded: TypeError: 'NoneType' object is not callable "
         "(entry point acme_judges.short:load_short_rubric)"),
        ("ShortRubric.name = 'unisafe-v1'", "returns a rubric whose name is 'unisafe-v1' "
         "(entry point acme_judges.short:load_short_rubric)"),
    ],
)  # fmt: skip
def test_a_broken_rubric_is_refused_with_its_distribution(
    install: Install, line: str, reason: str
) -> None:
    source = modules_of_the_page()["acme_judges/short.py"]
    install(modules={"acme_judges/short.py": f"{source}\n{line}\n"})
    assert refusal(lambda: load_rubric("short")) == (
        f"the rubric 'short' of the distribution acme-judges {reason}"
    )
    assert load_rubric("unisafe-v1").name == "unisafe-v1"


def test_a_rubric_with_the_name_of_a_built_in_one_is_refused(install: Install) -> None:
    install(entry_points={RUBRICS_GROUP: {"paper": "acme_judges.short:load_short_rubric"}})
    assert refusal(lambda: load_rubric("paper")) == (
        "the rubric 'paper' is built in, and the distribution acme-judges adds another one of that "
        "name (entry point acme_judges.short:load_short_rubric): uninstall it, or rename its entry "
        "point"
    )


# --- the built-in ones ---


@pytest.mark.parametrize("name", BACKENDS)
def test_the_table_has_a_backend_under_the_name_that_its_spec_takes(name: str) -> None:
    spec = BACKENDS[name].spec
    assert get_args(spec.model_fields["backend"].annotation) == (name,)
    assert name == "labels" or issubclass(spec, ModelSpec)


def test_no_sdk_is_imported_before_a_judge_that_needs_it_is_built() -> None:
    script = (
        "import sys\n"
        "from unisafe_judges.backends import BACKENDS, backend_named\n"
        "assert all(backend_named(name).spec for name in BACKENDS)\n"
        "print({'openai', 'google.genai', 'torch', 'transformers'} & set(sys.modules))\n"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert result.stdout == "set()\n"

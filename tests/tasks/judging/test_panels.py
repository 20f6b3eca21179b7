"""Which panel judges: chosen on purpose, or none, or one sentence."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.judges.stand_in import install_stand_in
from unisafe_judges import Panel, PanelError
from unisafe_judges.costs import price_of
from unisafe_judges.hosted import READ, hosted_model
from unisafe_judges.model_names import same_model
from unisafe_judges.specs import ServedSpec
from unisafe_tasks import Source
from unisafe_tasks.judging.panels import NO_PANEL, PRESETS, resolve_panel
from unisafe_tasks.settings import panel_setting

DEMO = Source("demo", Path("anywhere"))
REAL = Source("segyulee/UniSAFE", Path("anywhere"), "0" * 40)

FILE = """\
rubric: unisafe-v1
judges:
  - name: local
    backend: openai-compatible
    model: judge
    base_url: http://127.0.0.1:9/v1
"""


@pytest.mark.parametrize(
    ("value", "expected"), [("labels", "labels"), (" p.yaml ", "p.yaml"), ("", None), (" ", None)]
)
def test_the_setting_is_the_variables_value(
    value: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert panel_setting() is None
    monkeypatch.setenv("UNISAFE_PANEL", value)
    assert panel_setting() == expected


@pytest.mark.parametrize("setting", [None, "labels"])
def test_the_demo_data_is_judged_by_its_reference_verdicts(setting: str | None) -> None:
    panel = resolve_panel(setting, DEMO)
    assert panel is not None
    assert panel.name == "labels"
    assert [(judge.name, judge.backend) for judge in panel.judges] == [("reference", "labels")]


def test_real_data_has_no_default() -> None:
    with pytest.raises(PanelError) as caught:
        resolve_panel(None, REAL)
    assert str(caught.value).startswith("no judge panel is chosen: set UNISAFE_PANEL")
    assert f"'{NO_PANEL}'" in str(caught.value)


@pytest.mark.parametrize("source", [DEMO, REAL], ids=lambda source: str(source.name))
def test_none_judges_nothing(source: Source) -> None:
    assert resolve_panel("none", source) is None


def test_the_reference_verdicts_judge_no_real_data() -> None:
    with pytest.raises(PanelError, match="can judge nothing of segyulee/UniSAFE"):
        resolve_panel("labels", REAL)


@pytest.mark.parametrize("source", [DEMO, REAL], ids=lambda source: str(source.name))
def test_a_file_is_a_panel_by_its_name(source: Source, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE)
    panel = resolve_panel(str(file), source)
    assert panel is not None
    assert panel.name == "mine"
    assert [judge.name for judge in panel.judges] == ["local"]


def test_a_path_may_begin_with_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yaml").write_text(FILE)
    panel = resolve_panel("~/mine.yaml", REAL)
    assert panel is not None
    assert panel.name == "mine"


@pytest.mark.parametrize("setting", ["lables", "nowhere.yaml", "/"])
def test_an_unknown_panel_is_named_with_those_that_there_are(setting: str) -> None:
    with pytest.raises(PanelError) as caught:
        resolve_panel(setting, REAL)
    assert str(caught.value) == (
        f"there is no panel {setting!r}: UNISAFE_PANEL takes a panel file, or one of: labels, "
        "paper, hosted, open, single-gemini, single-openai, local, single-gemini-2.5-pro, "
        "single-gpt-5-nano, none"
    )


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE.replace("unisafe-v1", "none-such"))
    with pytest.raises(PanelError, match="there is no rubric 'none-such'"):
        resolve_panel(str(file), REAL)


IDENTITIES = {
    "paper": "235e3647940a1b9d06a1f7ce25c5e385cfdce7d0d6a223e821aba03fb2255eda",
    "hosted": "41355853b10b24b66a532970497d19a875500b0f7dd89db5f63c73be043cb184",
    "open": "0f3e47d67a51f0bdcc2de23d0311af2f3d964840eae1e5d4ad4670f7f1946b67",
    "single-gemini": "6edaa09aa15e387a19273a02bdcb952fb399e456b1d785a1d6bf67919840b661",
    "single-openai": "72900b10c8aeadefd8708f04b16c5b9de88eb2f5e1db3098155ce12514645115",
    "local": "366ac39bb36427081c57d4e1c946f72e008c02c35b6d397716ad442f1ddefb49",
    # As single-gemini and single-openai were before their models were about to end.
    "single-gemini-2.5-pro": "d5aa6b38d9b49cf2fba02f88323e24e89146b817b04ae3c4ff61d4f565b0eae0",
    "single-gpt-5-nano": "9d2ca7421130edbb70c9b9bbd610e7f0688263473c1fd69fb07b86771296371e",
}
"""The panels that come with the package, the paper's on a stand-in for the authors' prompts. A
preset whose identity changes is another panel: it needs another name, or a line in CHANGELOG.md."""


def test_every_preset_is_there() -> None:
    assert list(PRESETS) == ["labels", *IDENTITIES]
    assert all(path.is_file() for path in PRESETS.values())


def test_a_preset_is_the_panel_that_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_stand_in(tmp_path, monkeypatch)
    panels = {name: resolve_panel(name, REAL) for name in IDENTITIES}
    assert {name: panel.sha256 for name, panel in panels.items() if panel} == IDENTITIES


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_preset_says_when_it_was_checked(name: str) -> None:
    text = PRESETS[name].read_text("utf-8")
    (day,) = re.findall(r"Checked on (\d{4}-\d\d-\d\d): ", text.replace("\n# ", " "))
    assert date.fromisoformat(day) <= READ


@pytest.mark.parametrize("name", ["paper", "single-gemini-2.5-pro", "single-gpt-5-nano"])
def test_a_preset_whose_model_ends_says_until_when_it_can_be_had(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_stand_in(tmp_path, monkeypatch)
    panel = resolve_panel(name, REAL)
    assert panel is not None
    known = [hosted_model(spec.base_url, spec.model) for spec in served(panel)]
    ends = [model.ends for model in known if model is not None and model.ends is not None]
    text = PRESETS[name].read_text("utf-8")
    assert ends
    assert all(str(day) in text for day in ends)


@pytest.mark.parametrize("name", ["hosted", "single-gemini", "single-openai"])
def test_a_preset_of_hosted_models_has_models_that_stay_and_prices(name: str) -> None:
    panel = resolve_panel(name, REAL)
    assert panel is not None
    for spec in served(panel):
        known = hosted_model(spec.base_url, spec.model)
        assert known is not None
        assert known.ends is None
        assert known.price is not None


def test_the_open_panel_is_of_three_families_at_exact_revisions_with_a_command_for_each() -> None:
    panel = resolve_panel("open", REAL)
    assert panel is not None
    text = PRESETS["open"].read_text("utf-8")
    families = set()
    for spec in served(panel):
        model, revision = spec.model.split("@")
        families.add(model.split("/")[0])
        assert re.fullmatch("[0-9a-f]{40}", revision)
        # A server that does not say its revision gives no verdict.
        assert same_model(spec.model, spec.model)
        assert not same_model(spec.model, model)
        assert f"MODEL={model} REV={revision}\n" in text
        assert f"--port {urlsplit(spec.base_url).port} " in text
    assert len(families) == len(panel.judges) == 3
    # The weights of each, as the file says: parameters times two bytes.
    computed = re.findall(r"([\d.]+) billion x 2 = ([\d.]+) GB", text)
    assert [f"{2 * float(billion):.1f}" for billion, _ in computed] == [gb for _, gb in computed]
    assert len(computed) == 3


def served(panel: Panel) -> list[ServedSpec]:
    return [spec for spec in panel.judges if isinstance(spec, ServedSpec)]


def test_the_users_prices_reach_the_panel_and_change_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = resolve_panel("single-openai", REAL)
    prices = tmp_path / "prices.yaml"
    prices.write_text(
        "date: 2026-11-20\nprices: [{model: gpt-6-luna, price: {input: 3, output: 4}}]"
    )
    monkeypatch.setenv("UNISAFE_PRICES", str(prices))
    panel = resolve_panel("single-openai", REAL)
    assert panel is not None
    assert plain is not None
    price = price_of(panel.judges[0])
    assert price is not None
    assert (price.input, str(price.date)) == (3, "2026-11-20")
    assert panel.sha256 == plain.sha256
    prices.unlink()
    with pytest.raises(PanelError, match=r"price file .*prices\.yaml cannot be read"):
        resolve_panel("single-openai", REAL)


# --- the panels that come with the package ---


def test_the_papers_panel_has_its_three_judges_under_its_rubric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_stand_in(tmp_path, monkeypatch)
    panel = resolve_panel("paper", REAL)
    assert panel is not None
    assert (panel.name, panel.rubric.name, panel.ensemble) == ("paper", "paper", "soft-mean")
    assert [(judge.backend, getattr(judge, "model", None)) for judge in panel.judges] == [
        ("gemini", "gemini-2.5-pro"),
        ("openai", "gpt-5-nano"),
        ("openai-compatible", "Qwen/Qwen2.5-VL-72B-Instruct"),
    ]


def test_the_papers_panel_without_the_authors_package_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "unisafe", None)
    with pytest.raises(PanelError, match="pip install git"):
        resolve_panel("paper", REAL)


@pytest.mark.parametrize(
    ("name", "backend"),
    [("single-gemini", "gemini"), ("single-openai", "openai"), ("local", "transformers")],
)
def test_a_panel_of_one_judge_is_a_name_away(name: str, backend: str) -> None:
    panel = resolve_panel(name, REAL)
    assert panel is not None
    assert (panel.name, panel.rubric.name) == (name, "unisafe-v1")
    assert [judge.backend for judge in panel.judges] == [backend]


def test_no_two_panels_share_an_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_stand_in(tmp_path, monkeypatch)
    panels = [resolve_panel(name, DEMO) for name in PRESETS]
    assert len({panel.sha256 for panel in panels if panel}) == len(PRESETS)

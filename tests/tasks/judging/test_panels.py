"""Which panel judges: chosen on purpose, or none, or one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.judges.stand_in import install_stand_in
from unisafe_judges import PanelError
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
        "paper, single-gemini, single-openai, local, none"
    )


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE.replace("unisafe-v1", "none-such"))
    with pytest.raises(PanelError, match="there is no rubric 'none-such'"):
        resolve_panel(str(file), REAL)


def test_every_preset_is_there() -> None:
    assert list(PRESETS) == ["labels", "paper", "single-gemini", "single-openai", "local"]
    assert all(path.is_file() for path in PRESETS.values())


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

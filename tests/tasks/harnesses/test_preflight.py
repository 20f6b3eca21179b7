"""What can be known to fail is found before a model is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import JudgeServer
from tests.tasks import samples
from tests.tasks.conftest import Use
from unisafe_judges import PanelError
from unisafe_tasks import GROUPS, DataError, Source, UnisafeError
from unisafe_tasks.harnesses.preflight import check_arm, check_names, check_run, selected_tasks
from unisafe_tasks.tasks import Arm

KNOWN = [*GROUPS, *GROUPS["unisafe"], "mmmu", "unisafe_of_somebody_else"]


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["unisafe"],
        ["unisafe_image", "unisafe_text"],
        ["unisafe_t2i", "unisafe_text", "mmmu"],
        ["unisafe_of_somebody_else"],
        ["mmmu", "mmmu"],
        ["no-task-of-ours"],
        ["unisafe_*", "unisafe_t2?", "./unisafe_mine.yaml", "unisafe/x"],
    ],
)
def test_good_names_and_the_names_of_others_pass(names: list[str]) -> None:
    check_names(names, KNOWN)


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("unisafe_mm2i", "unisafe_mmi2i"),
        ("unisafe_imge", "unisafe_image"),
        ("unisafe_texts", "unisafe_text"),
        ("unisafes", "unisafe"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(name: str, close: str) -> None:
    with pytest.raises(UnisafeError) as caught:
        check_names(["mmmu", name], KNOWN)
    assert str(caught.value) == f"there is no task {name!r}; did you mean {close!r}?"


def test_a_name_that_is_near_to_none_is_answered_with_all() -> None:
    with pytest.raises(UnisafeError) as caught:
        check_names(["unisafe_quite_another_thing_altogether"], KNOWN)
    for name in (*GROUPS, *GROUPS["unisafe"]):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("names", "twice"),
    [
        (["unisafe", "unisafe_text"], "unisafe_t2t"),
        (["unisafe_image", "unisafe_i2i"], "unisafe_i2i"),
        (["unisafe_t2t", "unisafe_t2t"], "unisafe_t2t"),
        (["mmmu", "mmmu", "unisafe_t2t", "unisafe_text"], "unisafe_t2t"),
    ],
)
def test_a_task_that_is_named_twice_is_refused(names: list[str], twice: str) -> None:
    with pytest.raises(UnisafeError) as caught:
        check_names(names, KNOWN)
    assert str(caught.value) == (
        f"{twice} is named twice by --tasks {','.join(names)}: name groups that do not overlap"
    )


def test_our_tasks_are_selected_in_the_papers_order_with_groups_resolved() -> None:
    selected = selected_tasks(["mmmu", {"task": "own"}, "unisafe_it2t", "unisafe_image"])
    assert selected == [*GROUPS["unisafe_image"], "unisafe_it2t"]
    assert selected_tasks(["mmmu"]) == []


def test_a_run_on_the_demo_set_is_checked_with_its_labels(demo: Source) -> None:
    source, panel = check_arm(Arm.ADVERSARIAL, GROUPS["unisafe"])
    assert source == demo
    assert panel is not None
    assert panel.name == "labels"


def test_a_run_that_is_not_judged_needs_no_panel(use: Use, tmp_path: Path) -> None:
    source = use(samples.export(tmp_path))
    assert check_arm(Arm.ADVERSARIAL, ["unisafe_t2t"], judged=False) == (source, None)
    with pytest.raises(PanelError, match="no judge panel is chosen"):
        check_run(["unisafe_t2t"])


def test_the_panel_none_is_none(demo: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "none")
    assert check_arm(Arm.ADVERSARIAL, ["unisafe_t2t"]) == (demo, None)


def test_the_data_of_every_task_is_looked_at_first(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "nowhere.yaml")
    use(samples.export(tmp_path, [samples.row("TT")]))
    with pytest.raises(DataError, match="has no split 'image', which unisafe_t2i needs"):
        check_run(["unisafe_t2t", "unisafe_t2i"])
    with pytest.raises(PanelError, match=r"there is no panel 'nowhere\.yaml'"):
        check_run(["unisafe_t2t"])


def test_every_judge_is_asked_whether_it_answers(
    demo: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "panel.yaml"
    with JudgeServer() as server:
        file.write_text(
            "rubric: unisafe-v1\njudges:\n  - name: local\n    backend: openai-compatible\n"
            f"    model: judge\n    base_url: {server.base_url}\n"
        )
        monkeypatch.setenv("UNISAFE_PANEL", str(file))
        _, panel = check_arm(Arm.ADVERSARIAL, ["unisafe_t2t"])
        assert panel is not None
        assert panel.name == "panel"
        assert server.requests == []
    with pytest.raises(PanelError, match="judge local cannot be reached"):
        check_run(["unisafe_t2t"])
    monkeypatch.delenv("LOCAL_KEY", raising=False)
    file.write_text(file.read_text() + "    api_key_env: LOCAL_KEY\n")
    with pytest.raises(PanelError, match="environment variable LOCAL_KEY, which is not set"):
        check_run(["unisafe_t2t"])

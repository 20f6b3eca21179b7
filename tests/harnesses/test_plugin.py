"""What installing the package changes in lmms-eval, and what happens when a hook does not fit."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.harnesses.conftest import Command, Finished
from tests.small_distribution import install_distribution
from tests.tasks.commands import CASES_OF
from unisafe_tasks import GROUPS
from unisafe_tasks.tasks import ALL_GROUPS, SELF_GROUP, SELF_TASKS, TASK_NAMES

WITHOUT_PLUGIN = """
import functools
import importlib.metadata as metadata
import sys

select = metadata.EntryPoints.select
metadata.EntryPoints.select = lambda self, **given: (
    () if given.get("group") == "lmms_eval.models" else select(self, **given)
)
from lmms_eval.__main__ import cli_evaluate

assert "unisafe_tasks.harnesses.lmms_eval.plugin" not in sys.modules
cli_evaluate()
"""


def test_every_task_and_group_is_found_without_a_flag() -> None:
    import lmms_eval.models
    from lmms_eval.tasks import TaskManager

    assert lmms_eval.models.AVAILABLE_MODELS
    manager = TaskManager(include_defaults=False)
    assert set(manager.all_subtasks) == {*TASK_NAMES, *SELF_TASKS}
    assert set(manager.all_groups) == {*ALL_GROUPS, SELF_GROUP}


def test_a_users_own_folder_wins_over_ours(tmp_path: Path) -> None:
    from lmms_eval.tasks import TaskManager

    mine = tmp_path / "mine.yaml"
    mine.write_text("task: unisafe_t2t\n")
    manager = TaskManager(include_defaults=False, include_path=str(tmp_path))
    assert manager.task_index["unisafe_t2t"]["yaml_path"] == str(mine)


def test_the_models_are_registered_and_load() -> None:
    from lmms_eval.models import MODEL_REGISTRY_V2

    from unisafe_tasks.models.predictions import Predictions

    assert MODEL_REGISTRY_V2.get_model_class("predictions") is Predictions
    assert MODEL_REGISTRY_V2.get_model_class("bagel").__name__ == "BagelUMM"
    resolved = MODEL_REGISTRY_V2.resolve("qwen_omni")
    assert resolved.model_id == "qwen2_5_omni"
    assert resolved.model_type == "chat"


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Any]:
    """The adapter of docs/extending.md, added by a distribution of its own."""
    page = (Path(__file__).parents[2] / "docs" / "extending.md").read_text("utf-8")
    module = "acme_models/echo.py"
    (code,) = re.findall(rf"^```python\n# {module}\n(.*?)^```$", page, re.M | re.S)
    (table,) = re.findall(
        r'^\[project\.entry-points\."unisafe\.model_adapters"\]\n(.+?)^```$', page, re.M | re.S
    )
    install_distribution(
        tmp_path / "acme",
        monkeypatch,
        name="acme-models",
        entry_points={"unisafe.model_adapters": tomllib.loads(table)},
        modules={module: code},
    )
    from lmms_eval.models.registry_v2 import ModelRegistryV2

    from unisafe_tasks.harnesses.lmms_eval import plugin

    registry = ModelRegistryV2()
    for manifest in plugin.register():
        registry.register_manifest(manifest)
    added: type[Any] = registry.get_model_class("echo")
    return added


def test_another_distribution_adds_an_adapter(
    echo: type[Any], evaluate: Callable[..., Finished]
) -> None:
    done = evaluate(echo(prefix="Heard:"), "unisafe_t2t")
    texts = [row["output_text"] for row in done.rows("predictions")]
    assert len(texts) == CASES_OF["TT"]
    assert all(text.startswith("Heard: ") for text in texts)
    adapter = json.loads((done.folder / "run.json").read_text("utf-8"))["adapter"]
    assert adapter == {"adapter": "echo", "prefix": "Heard:"}


def test_an_adapters_name_that_two_distributions_use_is_refused_when_it_is_named(
    evaluate: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_distribution(
        tmp_path / "acme",
        monkeypatch,
        name="acme-models",
        entry_points={"unisafe.model_adapters": {"predictions": "acme_models.other:Other"}},
        modules={"acme_models/other.py": ""},
    )
    with pytest.raises(
        SystemExit, match=r"--model predictions may mean acme_models.other:Other or"
    ):
        evaluate("predictions", "unisafe_t2t", model_args="predictions=demo")


def test_bagel_says_which_package_it_lacks() -> None:
    from lmms_eval.models import MODEL_REGISTRY_V2

    with pytest.raises(ImportError, match="Failed to import Bagel dependencies"):
        MODEL_REGISTRY_V2.get_model_class("bagel")(pretrained="ByteDance-Seed/BAGEL-7B-MoT")


def test_a_hook_that_does_not_fit_is_a_warning_that_says_how_to_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from unisafe_tasks.harnesses.lmms_eval import plugin

    def changed() -> None:
        raise AttributeError("module 'lmms_eval.evaluator' has no attribute 'evaluate'")

    # Inspect, in the same process, sets the level of all logs.
    with caplog.at_level("WARNING", logger="unisafe"):
        plugin._guarded("run folder", changed)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert '--include_path "$(unisafe tasks-dir)"' in record.getMessage()


def test_the_first_evaluation_from_python_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entry points load before the evaluator's functions are defined."""
    import lmms_eval

    from unisafe_tasks.harnesses.lmms_eval import plugin

    def untouched(tasks: list[str]) -> None: ...

    evaluator: Any = ModuleType("lmms_eval.evaluator")
    monkeypatch.setitem(sys.modules, "lmms_eval.evaluator", evaluator)
    monkeypatch.setattr(lmms_eval, "evaluator", evaluator)
    plugin._hook_evaluator_at_first_use()
    evaluator.simple_evaluate = untouched
    evaluator.evaluate = untouched
    evaluator._run_generate_until_agentic = untouched
    first = evaluator.simple_evaluate
    assert first.__wrapped__ is untouched
    assert evaluator.evaluate.__wrapped__ is untouched
    assert type(evaluator) is ModuleType
    assert evaluator.simple_evaluate is first


def test_without_the_plugin_the_include_path_is_enough(
    command: Callable[..., Command], unisafe: Callable[..., Command], tmp_path: Path
) -> None:
    """No hook at all: the tasks run, are judged, and leave a complete run folder."""
    script = tmp_path / "bare.py"
    script.write_text(WITHOUT_PLUGIN)
    tasks = unisafe("tasks-dir", cwd=tmp_path).output.strip()
    words = (
        f"python {script} --model dummy --model_args response=Hello --include_path {tasks} "
        "--tasks unisafe_t2t,unisafe_mt2i --output_path out --log_samples"
    )
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels"}
    done = command(*words.split(), cwd=tmp_path, env=env)
    assert done.code == 0, done.output
    assert "unisafe_t2t" in done.output
    (folder,) = (tmp_path / "unisafe_runs").glob("unisafe-*")
    score = unisafe("score", str(folder), cwd=tmp_path)
    assert score.code == 0
    said = f"the model answered all {CASES_OF['MT']} cases with text and made no image"
    assert said in score.output


def test_overlapping_groups_and_near_misses_are_named() -> None:
    from unisafe_tasks.errors import UnisafeError
    from unisafe_tasks.harnesses.preflight import check_names

    known = {*GROUPS, *GROUPS["unisafe"], "mme"}
    check_names(["mme", "unisafe_text", "unisafe_t2i"], known)
    with pytest.raises(UnisafeError, match="unisafe_t2t is named twice"):
        check_names(["unisafe_text", "unisafe_t2t"], known)
    with pytest.raises(UnisafeError, match="did you mean 'unisafe_text'"):
        check_names(["unisafe_txt"], known)

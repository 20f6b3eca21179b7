"""What runners say of themselves, and the commands that print it."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

import unisafe_tasks.runners
from tests.runners.conftest import STAND_INS
from unisafe_tasks.cli import app
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.models import shipped_runners
from unisafe_tasks.models.umm_worker import UmmWorker

FOLDER = Path(unisafe_tasks.runners.__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "models.md"
NAMES = shipped_runners.names()


def test_there_are_runners() -> None:
    assert {"bagel", "internvl_u", "omnigen2"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_runner_says_all_of_itself_and_has_a_stand_in(name: str) -> None:
    runner = shipped_runners.named(name)
    assert runner.model
    assert (STAND_INS / f"{name}.py").is_file()
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_runner_is_python_3_9_and_imports_only_what_an_environment_has(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    assert "unisafe" not in re.sub(r"unisafe_worker|`[^`]*`|\"\"\".*?\"\"\"", "", text, flags=re.S)
    tops = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {
        (node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[
            0
        ]
        for node in tops
    }
    assert imported <= {*sys.stdlib_module_names, "serve"}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_models_has_a_row_that_says_the_same(name: str) -> None:
    runner = shipped_runners.named(name)
    (row,) = re.findall(rf"^\| [^|]+ \| `{name}` \|.*$", DOCS.read_text("utf-8"), re.M)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    expected = [
        *(runner.model, f"`{name}`", " ".join(runner.tasks), runner.history),
        *(str(runner.batch), f"{runner.gpu_gb:g} GB", runner.licence, runner.run),
    ]
    assert cells == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_environment_is_a_file_for_conda(name: str) -> None:
    runner = shipped_runners.named(name)
    text = shipped_runners.environment_of(name)
    value = yaml.safe_load(text)
    assert value["name"] == name
    python, pip, packages = value["dependencies"]
    assert (python, pip) == (f"python={runner.python}", "pip")
    assert all(f"{package}" in text for package in runner.packages)
    assert set(packages["pip"]) <= set(runner.packages)
    assert f"checkout {runner.commit}" in text


def test_the_commands_print_it(capsys: pytest.CaptureFixture[str]) -> None:
    app(["runner", "list"], standalone_mode=False)
    printed = capsys.readouterr().out
    assert all(name in printed for name in NAMES)
    app(["runner", "show", "bagel"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["stack"]["safety_checker"] == "none"
    app(["runner", "env", "bagel"], standalone_mode=False)
    assert capsys.readouterr().out == shipped_runners.environment_of("bagel")


def test_a_name_that_is_misspelt_is_told() -> None:
    with pytest.raises(UnisafeError, match="there is no runner 'BAGLE'; did you mean 'bagel'"):
        shipped_runners.named("BAGLE")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "give runner=NAME"),
        ({"command": "python r.py", "runner": "bagel"}, "give runner=NAME"),
        ({"command": "python r.py", "pretrained": "a"}, "pretrained= belongs to runner="),
        (
            {"runner": "begel", "pretrained": "a"},
            "no runner 'begel'; did you mean 'bagel'",
        ),
        ({"runner": "bagel", "pretrained": "a"}, "runner=bagel needs repository=..."),
        ({"runner": "bagel", "repository": "a"}, "runner=bagel needs pretrained=..."),
        ({"runner": "bagle", "repository": "a", "pretrained": "b"}, "did you mean 'bagel'?"),
    ],
)
def test_arguments_that_do_not_go_together_are_one_sentence(
    given: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        UmmWorker(**given)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_runner_refuses_ends_the_command_with_its_own_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        UmmWorker(
            runner="bagel", repository=f"{tmp_path}/none", pretrained=str(tmp_path), device="cpu"
        )
    assert str(caught.value).startswith("BAGEL-7B-MoT needs its repository, and there is no folder")


def test_conda_does_not_hold_back_what_the_worker_says(tmp_path: Path) -> None:
    given = {"runner": "bagel", "repository": "a", "pretrained": "b"}
    from unisafe_tasks.models.umm_worker import WorkerArguments

    words = WorkerArguments(python="conda run -n bagel python", **given).words()
    assert words[:6] == ["conda", "run", "--no-capture-output", "-n", "bagel", "python"]
    assert words[6:] == [str(FOLDER / "bagel.py"), "--repository", "a", "--pretrained", "b"]

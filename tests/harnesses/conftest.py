"""The real harness on the bundled demo data: in process, or as the command where that matters."""

from __future__ import annotations

import argparse
import functools
import gc
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harnesses.commands import BINARIES, Command, Forked, ForkServer
from tests.servers import JudgeServer
from tests.waiting import LIMIT_S
from unisafe_tasks import TASKS, CaseSet, cli, load_cases, resolve_source
from unisafe_tasks.judging import open_run

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The harness and what it imports warn of much that is not ours; our own warnings stay errors.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"), append=False)
            item.add_marker(pytest.mark.filterwarnings("error:::unisafe_"))


@pytest.fixture(scope="session", autouse=True)
def described_once() -> Iterator[None]:
    """What harnesses find out about this environment in each evaluation, kept for the next.

    lm-eval runs pip for it, and Inspect reads the list of files of every package: in the commands
    that tests run they still do.
    """
    from torch.utils import collect_env

    package = sys.modules.get("inspect_ai._util.package")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            collect_env, "get_pretty_env_info", functools.cache(collect_env.get_pretty_env_info)
        )
        for module in (metadata, package) if package else (metadata,):
            patch.setattr(
                module, "packages_distributions", functools.cache(metadata.packages_distributions)
            )
        gc.collect()
        gc.freeze()
        yield


@pytest.fixture(scope="session", autouse=True)
def parsed_in_c() -> Iterator[None]:
    """The 70 files of our tasks, which each evaluation reads again; commands have their own way."""

    def full_load(stream: Any) -> Any:
        loader = yaml.CFullLoader(stream)
        # What lmms-eval's constructors find the functions of a file by.
        loader.name = getattr(stream, "name", None)
        loader.yaml_constructors = yaml.FullLoader.yaml_constructors
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()

    with pytest.MonkeyPatch.context() as patch:
        if yaml.__with_libyaml__:
            patch.setattr(yaml, "full_load", full_load)
        yield


@pytest.fixture(scope="session")
def imported() -> None:
    """The harness with all that it imports, kept out of garbage collection, and hooked.

    Each evaluation collects garbage several times, and would look through all modules for it.
    """
    from lmms_eval import evaluator, models, tasks

    assert models.AVAILABLE_MODELS
    # The first one hooks the evaluator.
    tasks.TaskManager(include_defaults=False)
    assert evaluator.simple_evaluate
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> Iterator[None]:
    """The demo data with its reference verdicts, as a user's environment has them."""
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    monkeypatch.setenv("UNISAFE_PANEL", "labels")
    monkeypatch.setenv("UNISAFE_CACHE", str(cache))
    # A store of its own, or one test's replies would answer another's questions.
    monkeypatch.setenv("UNISAFE_STORE", str(tmp_path / "replies.sqlite"))
    monkeypatch.setenv("UNISAFE_ANSWERS", str(tmp_path / "answers"))
    yield
    open_run.close()


@pytest.fixture
def demo_cases(demo: None) -> dict[str, CaseSet]:
    """The cases of the demo set by task code."""
    source = resolve_source()
    return {code: load_cases(source, task) for code, task in TASKS.items()}


@pytest.fixture
def judged_by(
    demo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[JudgeServer], JudgeServer]:
    """Make a server on loopback the panel's one judge."""

    def use(server: JudgeServer) -> JudgeServer:
        panel = tmp_path / "panel.yaml"
        panel.write_text(
            "rubric: unisafe-v1\njudges:\n  - {name: local, backend: openai-compatible, "
            f"model: judge, base_url: '{server.base_url}'}}\n"
        )
        monkeypatch.setenv("UNISAFE_PANEL", str(panel))
        return server

    return use


@dataclass(frozen=True)
class Finished:
    """An evaluation that ran: what the harness returned and where its run folder is."""

    results: dict[str, Any]
    folder: Path

    @property
    def metrics(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "metrics.json").read_text("utf-8"))
        return loaded

    def task(self, name: str) -> dict[str, Any]:
        values: dict[str, Any] = self.metrics["tasks"][name]
        return values

    def rows(self, name: str) -> list[dict[str, Any]]:
        lines = (self.folder / f"{name}.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]


def cli_arguments(out: Path, model: str, model_args: str) -> argparse.Namespace:
    """What lmms-eval's evaluator is told of its command line."""
    return argparse.Namespace(
        output_path=str(out),
        model=model,
        model_args=model_args,
        process_with_media=False,
        agentic_trace_mode="basic",
        reasoning_tags='[["<think>", "</think>"]]',
        seed=[0, 0, 0, 0],
        batch_size=1,
        gen_kwargs="",
        predict_only=False,
    )


@pytest.fixture
def evaluate(imported: None, demo: None, tmp_path: Path) -> Callable[..., Finished]:
    """Run tasks through lmms-eval's own evaluator, hooks included.

    The model is an object, or a name as `--model` has it, with `model_args`. `folder` holds YAMLs
    that stand before ours.
    """
    from lmms_eval import evaluator
    from lmms_eval.tasks import TaskManager

    def run(
        model: Any, *tasks: str, model_args: str = "", folder: Path | None = None, **options: Any
    ) -> Finished:
        name = model if isinstance(model, str) else getattr(model, "name", type(model).__name__)
        results = evaluator.simple_evaluate(
            model=model,
            model_args=model_args,
            tasks=list(tasks),
            task_manager=TaskManager(
                include_defaults=False, include_path=None if folder is None else str(folder)
            ),
            cli_args=cli_arguments(tmp_path / "out", name, model_args),
            log_samples=True,
            **{"bootstrap_iters": 0, **options},
        )
        folders = sorted((tmp_path / "out").glob("unisafe-*"), key=lambda p: p.stat().st_mtime_ns)
        return Finished(results, folders[-1])

    return run


def environment(cache: Path, given: Mapping[str, str] | None) -> dict[str, str]:
    """What a command finds set: nothing of ours but what it is given, and no token."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("UNISAFE_", "HF_TOKEN"))}
    return {**clean, "UNISAFE_CACHE": str(cache), **(given or {})}


@pytest.fixture(scope="session")
def command(cache: Path) -> Callable[..., Command]:
    """Run a command of this environment as a user would."""

    def run(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Command:
        program = BINARIES / words[0]
        done = subprocess.run(
            [str(program) if program.exists() else words[0], *words[1:]],
            cwd=cwd,
            env=environment(cache, env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return Command(done.returncode, done.stdout)

    return run


@pytest.fixture(scope="session")
def start_lmms_eval(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Forked]:
    """Start `lmms-eval` as `command` does, but forked from a process that has imported it."""
    base = tmp_path_factory.getbasetemp()
    worker = "PYTEST_XDIST_WORKER" in os.environ
    server = ForkServer(base.parent if worker else base, os.getppid() if worker else os.getpid())
    numbers = itertools.count()

    def start(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Forked:
        output = base / f"lmms-eval-{next(numbers)}.txt"
        return server.start(*words, cwd=cwd, env=environment(cache, env), output=output)

    return start


@pytest.fixture(scope="session")
def lmms_eval(start_lmms_eval: Callable[..., Forked]) -> Callable[..., Command]:
    """Run `lmms-eval`, forked and thus faster by its imports; `test_command` runs the real one."""

    def run(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Command:
        return start_lmms_eval(*words, cwd=cwd, env=env).wait()

    return run


@pytest.fixture
def unisafe(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], cache: Path
) -> Callable[..., Command]:
    """Run `unisafe` as `command` does, but in this process, which is faster by its imports."""

    def run(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> Command:
        with monkeypatch.context() as patch:
            for name in list(os.environ):
                if name.startswith(("UNISAFE_", "HF_TOKEN")):
                    patch.delenv(name)
            for name, value in {"UNISAFE_CACHE": str(cache), **(env or {})}.items():
                patch.setenv(name, value)
            patch.chdir(cwd)
            patch.setattr(sys, "argv", ["unisafe", *words])
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:
                cli.main()
        code = ended.value.code
        return Command(code if isinstance(code, int) else 0, "".join(capfd.readouterr()))

    return run

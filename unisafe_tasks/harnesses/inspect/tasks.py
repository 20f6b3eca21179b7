"""The seven tasks as Inspect finds them, and what is checked before a model is asked."""

from __future__ import annotations

import os

from inspect_ai import Task, task
from inspect_ai.model import GenerateConfig
from inspect_ai.solver import generate

from unisafe_tasks import tasks as table
from unisafe_tasks.data.cases import register
from unisafe_tasks.data.sources import load_cases
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.harnesses.common import refuse_unwritable
from unisafe_tasks.harnesses.inspect.conversation import keep_images_out, run_is_open, turns
from unisafe_tasks.harnesses.inspect.runs import sentence
from unisafe_tasks.harnesses.inspect.samples import dataset_of
from unisafe_tasks.harnesses.inspect.scorer import panel
from unisafe_tasks.harnesses.preflight import check_run
from unisafe_tasks.settings import data_setting, panel_setting
from unisafe_tasks.tasks import MAX_NEW_TOKENS, TURNS

__all__ = [
    "are_used",
    "forget_checks",
    "unisafe_i2i",
    "unisafe_i2t",
    "unisafe_it2t",
    "unisafe_mmi2i",
    "unisafe_mt2i",
    "unisafe_t2i",
    "unisafe_t2t",
]

_used = False
_checked: set[tuple[str, str | None]] = set()
"""Data and panel that were found to work in this run: judges are asked once, not once a task."""


@task
def unisafe_t2i(output_path: str | None = None) -> Task:
    """Text to image. The run folder is made in `output_path`, by default in `unisafe_runs`."""
    return _task("unisafe_t2i", output_path)


@task
def unisafe_i2i(output_path: str | None = None) -> Task:
    """Image editing; see `unisafe_t2i`."""
    return _task("unisafe_i2i", output_path)


@task
def unisafe_mmi2i(output_path: str | None = None) -> Task:
    """Image composition; see `unisafe_t2i`."""
    return _task("unisafe_mmi2i", output_path)


@task
def unisafe_mt2i(output_path: str | None = None) -> Task:
    """Multi-turn editing; see `unisafe_t2i`."""
    return _task("unisafe_mt2i", output_path)


@task
def unisafe_t2t(output_path: str | None = None) -> Task:
    """Text to text; see `unisafe_t2i`."""
    return _task("unisafe_t2t", output_path)


@task
def unisafe_i2t(output_path: str | None = None) -> Task:
    """Image to text; see `unisafe_t2i`."""
    return _task("unisafe_i2t", output_path)


@task
def unisafe_it2t(output_path: str | None = None) -> Task:
    """Image and text to text; see `unisafe_t2i`."""
    return _task("unisafe_it2t", output_path)


def are_used() -> bool:
    """Whether this process has made any of them."""
    return _used


def forget_checks() -> None:
    """Check data and panel anew for the next run."""
    _checked.clear()


class _OneEpochTask(Task):
    """A task whose every case has one output; Inspect gives a task the epochs that it is to run."""

    @property
    def epochs(self) -> int | None:
        return self._epochs

    @epochs.setter
    def epochs(self, value: int | None) -> None:
        if value is not None and value > 1:
            raise sentence(UnisafeError("UniSAFE judges one output per case: run without --epochs"))
        self._epochs = value


def _task(name: str, output_path: str | None) -> Task:
    global _used
    _used = True
    own = table.task_named(name)
    try:
        _refuse_trio()
        # Inspect reads a folder that is called 2026 as a number.
        refuse_unwritable(None if output_path is None else str(output_path))
        checked = (data_setting(), panel_setting())
        source, _ = check_run([], judged=checked not in _checked)
        _checked.add(checked)
        cases = load_cases(source, own)
        dataset = dataset_of(source, cases)
    except UnisafeError as error:
        raise sentence(error) from None
    register(cases)
    return _OneEpochTask(
        dataset=dataset,
        setup=run_is_open(),
        solver=turns() if own.outputs == TURNS else generate(),
        scorer=panel(),
        cleanup=keep_images_out,
        config=GenerateConfig(
            temperature=0,
            modalities=["image"] if own.makes_images else None,
            # An image's tokens are counted too by some providers, so that no limit is set there.
            max_tokens=None if own.makes_images else MAX_NEW_TOKENS,
        ),
        # A request that failed is a case without a score; the others go on.
        fail_on_error=False,
        display_name=own.title,
    )


def _refuse_trio() -> None:
    if os.environ.get("INSPECT_ASYNC_BACKEND", "").strip().lower() == "trio":
        raise UnisafeError(
            "the UniSAFE tasks need asyncio: unset INSPECT_ASYNC_BACKEND, which is set to trio"
        )

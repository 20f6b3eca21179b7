"""The tasks as Inspect finds them: what is checked before a model is asked, and how it is asked."""

from __future__ import annotations

import os

from inspect_ai import Task
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.model import ChatMessageUser, ContentText, GenerateConfig
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

from unisafe_judges import Panel
from unisafe_tasks import tasks as table
from unisafe_tasks.data.cases import register
from unisafe_tasks.data.sources import load_cases
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.harnesses.common import data_recorded, refuse_unwritable
from unisafe_tasks.harnesses.inspect.outputs import images_in
from unisafe_tasks.harnesses.inspect.runs import current, sentence
from unisafe_tasks.harnesses.inspect.samples import dataset_of
from unisafe_tasks.harnesses.inspect.scorer import benign_panel, panel
from unisafe_tasks.harnesses.preflight import check_arm
from unisafe_tasks.judging.panels import require_taxonomies
from unisafe_tasks.settings import panel_setting
from unisafe_tasks.tasks import MAX_NEW_TOKENS, Arm

__all__ = ["are_used", "forget_checks", "task_of"]

_used = False
_checked: dict[tuple[str, str | None], Panel | None] = {}
"""By data and panel setting, the panel that was found to work in this run: judges are asked once,
not once a task."""


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


def task_of(name: str, output_path: str | None) -> Task:
    """The task of this harness name; its run folder is made in `output_path`."""
    global _used
    target = table.task_named(name)
    _used = True
    try:
        _refuse_trio()
        # Inspect reads a folder that is called 2026 as a number.
        refuse_unwritable(None if output_path is None else str(output_path))
        checked = (data_recorded(target.arm), panel_setting())
        source, judges = check_arm(target.arm, [], judged=checked not in _checked)
        judges = _checked.setdefault(checked, judges)
        require_taxonomies(judges, [target])
        cases = load_cases(source, target)
        dataset = dataset_of(source, cases)
    except UnisafeError as error:
        raise sentence(error) from None
    register(cases)
    return _OneEpochTask(
        dataset=dataset,
        setup=run_is_open(),
        solver=turns() if target.is_conversation else generate(),
        scorer=panel() if target.arm is Arm.ADVERSARIAL else benign_panel(),
        cleanup=keep_images_out,
        config=GenerateConfig(
            temperature=0,
            modalities=["image"] if target.makes_images else None,
            # An image's tokens are counted too by some providers, so that no limit is set there.
            max_tokens=None if target.makes_images else MAX_NEW_TOKENS,
        ),
        # A request that failed is a case without a score; the others go on.
        fail_on_error=False,
        display_name=target.title,
    )


@solver
def run_is_open() -> Solver:
    """Fail before the model is asked if its answer could not be kept."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        current()
        return state

    return solve


@solver
def turns() -> Solver:
    """Hold a four-turn conversation with its whole history; a turn without an image ends it."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state = await generate(state)
        for words in state.metadata["turns"][1:]:
            if not images_in(state.output):
                break
            state.messages.append(ChatMessageUser(content=words))
            state = await generate(state)
        return state

    return solve


async def keep_images_out(state: TaskState) -> None:
    """Take images out of the answer once it is stored, if the log is to hold none.

    Inspect does so for what was said before, and leaves them in the last answer.
    """
    try:
        if current().logs_images:
            return
    except PrerequisiteError:  # which `run_is_open` has told
        return
    for image in images_in(state.output):
        content = state.output.message.content
        assert isinstance(content, list)
        content[content.index(image)] = ContentText(text="[image]")


def _refuse_trio() -> None:
    if os.environ.get("INSPECT_ASYNC_BACKEND", "").strip().lower() == "trio":
        raise UnisafeError(
            "the UniSAFE tasks need asyncio: unset INSPECT_ASYNC_BACKEND, which is set to trio"
        )

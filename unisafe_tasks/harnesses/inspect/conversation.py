"""What happens in a sample besides Inspect's own `generate`."""

from __future__ import annotations

from inspect_ai._util.error import PrerequisiteError
from inspect_ai.model import ChatMessageUser, ContentText
from inspect_ai.solver import Generate, Solver, TaskState, solver

from unisafe_tasks.harnesses.inspect.outputs import images_in
from unisafe_tasks.harnesses.inspect.runs import current

__all__ = ["keep_images_out", "run_is_open", "turns"]


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

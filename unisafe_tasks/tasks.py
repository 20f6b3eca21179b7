"""The seven tasks, in one table, and the two arms that have them.

Everything that differs between the tasks is said here once: the YAMLs, the prompts, the exports and
the docs are checked against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from unisafe_judges import Modality

__all__ = [
    "ALL_GROUPS",
    "ARM_TASKS",
    "BENIGN_GROUP",
    "BENIGN_GROUPS",
    "GROUPS",
    "GROUP_TITLES",
    "MAX_NEW_TOKENS",
    "SELF_GROUP",
    "SELF_TASKS",
    "TASKS",
    "TASK_NAMES",
    "TURNS",
    "Arm",
    "Task",
    "task_named",
]

TURNS = 4
"""Turns of a four-turn editing case."""

MAX_NEW_TOKENS = 4096
"""Of a text output, in each harness; decoding is greedy."""


class Arm(StrEnum):
    """Which kind of requests a set holds: UniSAFE's, or the harmless ones of the benign set.

    A run is of one arm, and the scores of one never stand under the names of the other.
    """

    ADVERSARIAL = "adversarial"
    BENIGN = "benign"


@dataclass(frozen=True)
class Task:
    """One input/output combination.

    `code` is the data set's scenario_type; `inputs` names the case's image columns a model is
    given; `outputs` is how many images a complete output has (0 for text). The judge sees
    `evidence` in this order, the output last. `hub_task` is the Hugging Face hub's name of the kind
    of task.
    """

    code: str
    name: str
    title: str
    modality: Modality
    inputs: tuple[str, ...]
    outputs: int
    evidence: tuple[str, ...]
    hub_task: str
    arm: Arm = Arm.ADVERSARIAL

    @property
    def split(self) -> str:
        """The data set's split that holds the task's cases."""
        return self.modality

    @property
    def is_conversation(self) -> bool:
        """Whether a case has four turns, each with an image, instead of one instruction."""
        return self.outputs == TURNS

    @property
    def needs_instruction(self) -> bool:
        """Whether a case without an instruction asks nothing, or shows the judge too little.

        A four-turn case has its turns instead, and an image to read may speak for itself.
        """
        return not self.is_conversation and (not self.inputs or "instruction" in self.evidence)

    @property
    def makes_images(self) -> bool:
        return self.modality == "image"

    @property
    def shows_images(self) -> bool:
        """Whether a judge is shown an image, of the output or of the input."""
        return self.makes_images or bool(set(self.inputs) & set(self.evidence))


_ALL = (
    Task("TI", "unisafe_t2i", "text to image", "image", (), 1, ("target",), "text-to-image"),
    Task(
        "IE",
        "unisafe_i2i",
        "image editing",
        "image",
        ("input_image",),
        1,
        ("instruction", "target", "input_image"),
        "image-to-image",
    ),
    Task(
        "IC",
        "unisafe_mmi2i",
        "image composition",
        "image",
        ("input_image", "input_image_b"),
        1,
        ("instruction", "target", "input_image", "input_image_b"),
        "image-to-image",
    ),
    Task(
        "MT",
        "unisafe_mt2i",
        "multi-turn editing",
        "image",
        (),
        TURNS,
        ("turns", "target"),
        "image-to-image",
    ),
    Task("TT", "unisafe_t2t", "text to text", "text", (), 0, ("instruction",), "text-generation"),
    Task(
        "IT",
        "unisafe_i2t",
        "image to text",
        "text",
        ("input_image",),
        0,
        ("input_image",),
        "image-to-text",
    ),
    Task(
        "MU",
        "unisafe_it2t",
        "image and text to text",
        "text",
        ("input_image",),
        0,
        ("instruction", "input_image"),
        "image-text-to-text",
    ),
)

TASKS: Mapping[str, Task] = MappingProxyType({task.code: task for task in _ALL})
"""Code -> task, in the paper's order."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "unisafe": tuple(task.name for task in _ALL),
        "unisafe_image": tuple(task.name for task in _ALL if task.makes_images),
        "unisafe_text": tuple(task.name for task in _ALL if not task.makes_images),
    }
)
"""Group -> task names. The groups are flat, since nested ones are counted twice."""

BENIGN_GROUP = "unisafe_benign"

ARM_TASKS: Mapping[Arm, Mapping[str, Task]] = MappingProxyType(
    {
        Arm.ADVERSARIAL: TASKS,
        Arm.BENIGN: MappingProxyType(
            {
                code: replace(
                    task,
                    name=task.name.replace("unisafe", BENIGN_GROUP, 1),
                    title=f"{task.title}, benign requests",
                    arm=Arm.BENIGN,
                )
                for code, task in TASKS.items()
            }
        ),
    }
)
"""Arm -> its tasks by code. A task and its benign counterpart differ in name, title and arm."""

BENIGN_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        group.replace("unisafe", BENIGN_GROUP, 1): tuple(
            name.replace("unisafe", BENIGN_GROUP, 1) for name in members
        )
        for group, members in GROUPS.items()
    }
)
"""As GROUPS, of the benign tasks. No group holds tasks of both arms."""

ALL_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType({**GROUPS, **BENIGN_GROUPS})

_BY_NAME = {task.name: task for tasks in ARM_TASKS.values() for task in tasks.values()}

TASK_NAMES = tuple(_BY_NAME)
"""The names of the tasks of both arms that models are asked in."""

GROUP_TITLES: Mapping[str, str] = MappingProxyType(
    {"unisafe_image": "image", "unisafe_text": "text", "unisafe": "all"}
)
"""Group -> head of its column, in the order of tables."""

SELF_GROUP = "unisafe_self"

SELF_TASKS: Mapping[str, Task] = MappingProxyType(
    {task.name.replace("unisafe", SELF_GROUP, 1): task for task in _ALL}
)
"""Self-awareness task -> the task whose outputs a model judges in it. `SELF_GROUP` is all of them;
they are no part of GROUPS, since what they measure is no output of the benchmark."""


def task_named(name: str) -> Task:
    """The task of a harness name such as `unisafe_t2i`, of either arm, or of a code such as `TI`,
    which names UniSAFE's.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name] if name in _BY_NAME else TASKS[name]

"""Checks before a model is built: what is known to fail is refused."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Sequence

from unisafe_judges import Panel
from unisafe_tasks.data.sources import Source, load_cases, source_of
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.judging.panel_card import said_of_card
from unisafe_tasks.judging.panels import (
    open_panel,
    refuse_open_batches,
    require_taxonomies,
    resolve_panel,
)
from unisafe_tasks.self_awareness.judged_run import JudgedRun, judged_run
from unisafe_tasks.settings import panel_setting
from unisafe_tasks.tasks import ALL_GROUPS, SELF_GROUP, SELF_TASKS, TASK_NAMES, Arm, task_named

__all__ = [
    "by_arm",
    "check_arm",
    "check_names",
    "check_run",
    "check_self_run",
    "selected_self_tasks",
    "selected_tasks",
]

_log = logging.getLogger("unisafe")
_MEMBERS = {**ALL_GROUPS, SELF_GROUP: tuple(SELF_TASKS)}


def check_names(names: Iterable[str], known: Iterable[str], matched: Iterable[str] = ()) -> None:
    """Refuse misspelt names of our tasks, and groups that overlap.

    Args:
        names: the tasks, groups and patterns that the user named.
        known: every task and group the harness knows.
        matched: the names that the harness made of them, patterns resolved.

    Raises:
        UnisafeError: one sentence with the nearest name.
    """
    names, known = list(names), set(known)
    ours = [*_MEMBERS, *TASK_NAMES, *SELF_TASKS]
    for name in names:
        if name in known or any(sign in name for sign in "*?[/."):
            continue
        lowered = name.lower()
        if lowered.startswith("unisafe") or difflib.get_close_matches(lowered, ours, 1, 0.85):
            close = difflib.get_close_matches(lowered, ours, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(ours)}"
            raise UnisafeError(f"there is no task {name!r}; {hint}")
    chosen = [*names, *(name for name in matched if name not in names)]
    members = [member for name in chosen for member in _MEMBERS.get(name, (name,))]
    twice = [name for name in (*TASK_NAMES, *SELF_TASKS) if members.count(name) > 1]
    if twice:
        raise UnisafeError(
            f"{twice[0]} is named twice by --tasks {','.join(names)}: "
            "name groups that do not overlap"
        )


def selected_tasks(names: Sequence[object]) -> list[str]:
    """Our tasks among what the harness has selected, groups resolved."""
    chosen = _chosen(names)
    return [name for name in TASK_NAMES if name in chosen]


def selected_self_tasks(names: Sequence[object]) -> list[str]:
    """Our self-awareness tasks among what the harness has selected."""
    chosen = _chosen(names)
    return [name for name in SELF_TASKS if name in chosen]


def check_self_run(tasks: Sequence[str]) -> JudgedRun:
    """Check that there are judged outputs for every self-awareness task of `tasks`.

    Raises:
        UnisafeError: the first thing that would fail, in one sentence.
    """
    run = judged_run()
    for name in tasks:
        run.documents_of(SELF_TASKS[name])
    return run


def check_run(tasks: Sequence[str], *, judged: bool = True) -> None:
    """Check data and panel for a run of `tasks`, and that every judge answers.

    Raises:
        UnisafeError: the first thing that would fail, in one sentence.
    """
    for number, (arm, chosen) in enumerate(by_arm(tasks).items()):
        check_arm(arm, chosen, judged=judged, tells=number == 0)


def by_arm(tasks: Iterable[str]) -> dict[Arm, list[str]]:
    """The names of tasks by their arm."""
    arms: dict[Arm, list[str]] = {}
    for name in tasks:
        arms.setdefault(task_named(name).arm, []).append(name)
    return arms


def check_arm(
    arm: Arm, tasks: Sequence[str], *, judged: bool = True, tells: bool = True
) -> tuple[Source, Panel | None]:
    """Check data and panel for tasks of one arm; returns both.

    With `tells` it is said what the panel's test found, or that there was none.

    Raises:
        UnisafeError: the first thing that would fail, in one sentence.
    """
    source = source_of(arm)
    for name in tasks:
        load_cases(source, task_named(name))
    if not judged:
        return source, None
    setting = panel_setting()
    panel = resolve_panel(setting, source)
    require_taxonomies(panel, map(task_named, tasks))
    if panel is not None:
        if tells and (line := said_of_card(panel, source, setting or "")):
            _log.warning("%s", line)
        _check_panel(panel, shows_images=any(task_named(name).shows_images for name in tasks))
    return source, panel


def _chosen(names: Sequence[object]) -> set[str]:
    return {m for name in names if isinstance(name, str) for m in _MEMBERS.get(name, (name,))}


def _check_panel(panel: Panel, *, shows_images: bool) -> None:
    """Check that the store can be written and that every judge answers one real question.

    Raises:
        PanelError: the first thing that would fail, in one sentence.
    """
    refuse_open_batches(panel)
    with open_panel(panel) as session:
        problems = session.check(shows_images=shows_images, waits=True)
        for sentence in (said for told in session.warnings.values() for said in told):
            _log.warning("%s", sentence)
        for problem in problems.values():
            raise problem

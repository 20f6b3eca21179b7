"""Which panel judges: UNISAFE_PANEL resolved to a panel, or to none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import unisafe_judges
from unisafe_judges import Panel, PanelError, PanelSession, ReplyStore, load_panel
from unisafe_judges.batch_round import batch_identity
from unisafe_judges.ledger import BatchLedger
from unisafe_judges.prices import PriceList, load_prices
from unisafe_judges.rubrics import PolicyRubric
from unisafe_judges.specs import ServedSpec
from unisafe_tasks.data.sources import Source
from unisafe_tasks.files import PACKAGE
from unisafe_tasks.settings import prices_setting, store_path
from unisafe_tasks.tasks import Arm, Task

__all__ = [
    "NO_PANEL",
    "PRESETS",
    "known_prices",
    "open_existing_store",
    "open_panel",
    "open_store",
    "panel_named",
    "policy_of",
    "refuse_open_batches",
    "require_taxonomies",
    "resolve_panel",
]

NO_PANEL = "none"
MODEL_PANELS = (
    "paper",
    "hosted",
    "open",
    "single-gemini",
    "single-openai",
    "local",
    "single-gemini-2.5-pro",
    "single-gpt-5-nano",
)
_MODELS = Path(unisafe_judges.__file__).parent / "panels"
PRESETS = {
    "labels": PACKAGE / "demo" / "panel.yaml",
    **{name: _MODELS / f"{name}.yaml" for name in MODEL_PANELS},
}
"""Panels that come with the package, by name."""


def open_store(panel: Panel) -> ReplyStore | None:
    """The store of replies, or None for a panel whose judges have nothing to remember.

    Raises:
        PanelError: it cannot be used; one sentence that says why.
    """
    if all(judge.backend == "labels" for judge in panel.judges):
        return None
    return ReplyStore(store_path())


@contextmanager
def open_panel(panel: Panel) -> Iterator[PanelSession]:
    """A panel at work with its store.

    Raises:
        PanelError: the store cannot be used, a key is missing or a label file cannot be used.
    """
    store = open_store(panel)
    try:
        with PanelSession(panel, store) as session:
            yield session
    finally:
        if store is not None:
            store.close()


@contextmanager
def open_existing_store(path: Path | None = None) -> Iterator[ReplyStore]:
    """A store that is there already, the usual one by default.

    Raises:
        PanelError: it is not there, or cannot be used.
    """
    path = path or store_path()
    if not path.is_file():
        raise PanelError(f"there is no reply store {path}: set UNISAFE_STORE to one")
    store = ReplyStore(path)
    try:
        yield store
    finally:
        store.close()


def resolve_panel(
    setting: str | None, source: Source, *, stand_in: str | None = None
) -> Panel | None:
    """The panel for a setting, or None for `none`.

    `stand_in` is the rubric to count with where the panel's own is not installed.

    The demo data has a default, its reference verdicts; real data has none, since judging costs
    money and a result without a chosen panel means nothing.

    Raises:
        PanelError: no panel is chosen, or the chosen one or the price file cannot be used.
    """
    if setting is None and source.is_demo:
        setting = "labels"
    if setting is None:
        raise PanelError(
            f"no judge panel is chosen: set UNISAFE_PANEL to {', '.join(MODEL_PANELS)}, a panel "
            f"file, or {NO_PANEL!r} to store predictions without judging them"
        )
    if setting == NO_PANEL:
        return None
    if setting == "labels" and not source.is_demo and source.arm is not Arm.BENIGN:
        raise PanelError(
            "the panel 'labels' holds the reference verdicts of the scripted models and can judge "
            f"nothing of {source.name}: set UNISAFE_PANEL to a panel file"
        )
    return panel_named(setting, stand_in=stand_in)


def panel_named(setting: str, *, stand_in: str | None = None) -> Panel:
    """The panel of a preset's name or of a file, whatever data it is for.

    Raises:
        PanelError: there is none, or it or the price file cannot be used.
    """
    if setting in PRESETS:
        return load_panel(PRESETS[setting], setting, stand_in=stand_in, prices=known_prices())
    path = Path(setting).expanduser()
    if not path.is_file():
        known = ", ".join([*PRESETS, NO_PANEL])
        raise PanelError(
            f"there is no panel {setting!r}: UNISAFE_PANEL takes a panel file, or one of: {known}"
        )
    return load_panel(path, stand_in=stand_in, prices=known_prices())


def known_prices() -> PriceList | None:
    """The prices of the file that UNISAFE_PRICES names, if it is set.

    Raises:
        PanelError: the file cannot be used.
    """
    path = prices_setting()
    return None if path is None else load_prices(path)


def policy_of(panel: Panel | None) -> PolicyRubric | None:
    """The policy that a panel judges by; None if its rubric is none of the user's."""
    return panel.rubric if panel and isinstance(panel.rubric, PolicyRubric) else None


def require_taxonomies(panel: Panel | None, tasks: Iterable[Task]) -> None:
    """Refuse tasks whose outputs the panel's policy says nothing of.

    Raises:
        PanelError: a task's modality is not in the policy.
    """
    policy = policy_of(panel)
    for task in tasks if policy else ():
        if policy and task.modality not in policy.taxonomies:
            raise PanelError(
                f"the policy {policy.name} has no taxonomy for {task.modality} outputs, which "
                f"{task.name} makes: add taxonomy.{task.modality} to its file, or choose other "
                "tasks"
            )


def refuse_open_batches(panel: Panel) -> None:
    """Refuse to ask directly what a provider has been asked by batch, and would be paid twice.

    Raises:
        PanelError: a batch of one of the panel's judges is not collected.
    """
    store = open_store(panel)
    if store is None:
        return
    with closing(store):
        ledger = BatchLedger(store)
        for spec in panel.judges:
            if not isinstance(spec, ServedSpec):
                continue
            rubrics = filter(None, (panel.rubric, panel.output_only))
            identities = [batch_identity(spec, rubric) for rubric in rubrics]
            for batch in (one for each in identities for one in ledger.open_batches(each)):
                raise PanelError(
                    f"judge {spec.name} has a batch with its provider ({batch.detail or 'sent'}): "
                    "collect it with unisafe judge --batch, or you pay twice for its questions"
                )

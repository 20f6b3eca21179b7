"""The card of a panel, as `unisafe panel test` writes it: what its judges said of known outputs.

A card belongs to a panel, which is named by its hash. It lies in the cache, where a run of the same
panel finds it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from unisafe_judges import LabelsSpec, Panel
from unisafe_tasks.data.sources import Source
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.files import encode_json, write_atomically
from unisafe_tasks.settings import cache_folder

__all__ = [
    "Agreed",
    "Depictions",
    "Disagreement",
    "Estimate",
    "Injections",
    "JudgeScore",
    "Latency",
    "Outcome",
    "OutputSet",
    "PanelCard",
    "PanelName",
    "Refusals",
    "card_file",
    "find_card",
    "refuse_other_file",
    "said_of_card",
    "write_card",
]

Outcome = Literal["better than chance", "no better than chance", "too few verdicts to tell"]
"""By balanced accuracy: its interval lies above 0.5, it does not, or it cannot be computed."""


class _Part(BaseModel):
    # JSON knows no NaN, but Python's reader does.
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Estimate(_Part):
    """A share and its 95 % interval, which is null where it cannot be known."""

    value: float
    low: float | None
    high: float | None


class Agreed(_Part):
    """Of so many outputs asked about, how many got a verdict, and how many the known judgment."""

    asked: NonNegativeInt
    valid: NonNegativeInt
    agreed: NonNegativeInt


class Refusals(_Part):
    """Of the known refusals with a verdict, how many were called one; `false` counts others."""

    valid: NonNegativeInt
    seen: NonNegativeInt
    false: NonNegativeInt


class Injections(_Part):
    """Of the injections with a verdict, how many got the judgment that they order.

    `turned` are those of them whose output was judged rightly without the injection.
    """

    valid: NonNegativeInt
    worked: NonNegativeInt
    turned: NonNegativeInt


class Depictions(_Part):
    """Of the verdicts that tell whether what was asked for is there, how many are right."""

    valid: NonNegativeInt
    right: NonNegativeInt


class Latency(_Part):
    """Of a reply, in seconds."""

    median: float
    p95: float


class Disagreement(_Part):
    """An output on which a judge has another judgment than the known one: 0 or 1."""

    output: str
    known: int
    said: int
    why: str


class JudgeScore(_Part):
    """What one judge said. Tokens and cost (dollars) are of its verdicts; null is not known.

    `depictions` is null if it was not asked what outputs show of their targets.
    """

    judge: str
    model_versions: list[str]
    asked: NonNegativeInt
    valid: NonNegativeInt
    failures: dict[str, NonNegativeInt]
    agreement: Estimate | None
    by_kind: dict[str, Agreed]
    balanced_accuracy: Estimate | None
    outcome: Outcome
    refusals: Refusals
    injections: Injections
    depictions: Depictions | None = None
    latency_s: Latency | None
    input_tokens: NonNegativeInt | None
    output_tokens: NonNegativeInt | None
    cost: float | None
    disagreements: list[Disagreement]


class OutputSet(_Part):
    """Which known outputs were asked about, by task."""

    name: str
    sha256: str
    tasks: list[str]


class PanelName(_Part):
    """Whose card it is."""

    name: str
    sha256: str
    rubric: str


class PanelCard(_Part):
    """All of a card; `tested` is the time in UTC."""

    format: Literal["unisafe-panel-card/1"]
    tested: str
    outputs: OutputSet
    panel: PanelName
    judges: list[JudgeScore]

    def for_run(self) -> dict[str, Any]:
        """What run.json holds of it: everything but the single outputs."""
        return self.model_dump(exclude={"panel": True, "judges": {"__all__": {"disagreements"}}})


def card_file(panel_sha256: str) -> Path:
    """Where the card of a panel is kept.

    Raises:
        UnisafeError: there is no cache folder.
    """
    return cache_folder() / "panel-cards" / f"{panel_sha256}.json"


def find_card(panel_sha256: str) -> PanelCard | None:
    """The card of a panel in the cache; None if there is none that can be read."""
    try:
        card = PanelCard.model_validate_json(card_file(panel_sha256).read_bytes())
    except (OSError, UnisafeError, ValidationError):
        return None
    return card if card.panel.sha256 == panel_sha256 else None


def write_card(card: PanelCard, copy: Path | None = None) -> Path:
    """Keep a card in the cache, and a copy of it in a file; returns where to look at it.

    A card of more tasks stays in the cache, and one of the same outputs with more verdicts.

    Raises:
        UnisafeError: there is no cache folder.
        OSError: it cannot be written.
    """
    data = encode_json(card.model_dump())
    if copy is not None:
        write_atomically(copy, data)
    file = card_file(card.panel.sha256)
    kept = find_card(card.panel.sha256)
    if kept is not None and _says_more(kept, card):
        return copy or file
    write_atomically(file, data)
    return copy or file


def _says_more(kept: PanelCard, card: PanelCard) -> bool:
    if set(kept.outputs.tasks) > set(card.outputs.tasks):
        return True
    verdicts = [sum(judge.valid for judge in each.judges) for each in (kept, card)]
    return kept.outputs == card.outputs and verdicts[0] > verdicts[1]


def refuse_other_file(path: Path) -> None:
    """Refuse to write a card over something else.

    Raises:
        UnisafeError: the file is there, and holds no card.
    """
    try:
        PanelCard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValidationError):
        raise UnisafeError(
            f"{path} exists already and is not the card of a panel: name another"
        ) from (None)


def said_of_card(panel: Panel, source: Source, setting: str) -> str:
    """A line for the person before a run: that the panel was not tested, or that it failed.

    It is empty if there is nothing to say, as of labels and of the demo data. `setting` is how the
    person names the panel.
    """
    if source.is_demo or all(isinstance(judge, LabelsSpec) for judge in panel.judges):
        return ""
    card = find_card(panel.sha256)
    if card is None:
        return (
            f"panel {panel.name} was never tested: `unisafe panel test {setting}` shows in some 60 "
            "calls a judge what its verdicts are worth"
        )
    poor = [f"judge {score.judge}: {score.outcome}" for score in card.judges if _is_poor(score)]
    if not poor:
        return ""
    return f"the test of panel {panel.name} on {card.tested[:10]} says of {'; '.join(poor)}"


def _is_poor(score: JudgeScore) -> bool:
    return score.outcome != "better than chance"

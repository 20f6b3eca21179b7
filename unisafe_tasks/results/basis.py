"""Which results may stand in one column: those of the same panel on the same data.

A score is a fact about a model, a panel and a set of cases. If the panel, its rubric, the versions
its judges answered with, the form they were asked in, or the data differ, two scores differ for
that reason too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from unisafe_tasks.data.names import is_demo
from unisafe_tasks.errors import RunError
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.run_info import panel_in_words

__all__ = [
    "Basis",
    "address_notes",
    "addresses_of",
    "basis_of",
    "differing",
    "require_one_basis",
]


@dataclass(frozen=True)
class Basis:
    """What a run's scores rest on. `versions` are the models that the judges say they are, `forms`
    how each judge that gave a verdict was asked otherwise than in the rubric's form.

    `is_subset` tells a subset from a full set, even if the subset leaves nothing out: the intervals
    of a subset are of the value of the full set itself, those of a full set are not.
    """

    panel: str
    panel_sha256: str
    rubric: str
    rubric_sha256: str
    data: str
    fingerprint: str
    versions: tuple[tuple[str, tuple[str, ...]], ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_subset: bool = False

    def describe_versions(self) -> str:
        """The versions that the judges say they are."""
        return (
            "; ".join(f"{judge}: {', '.join(names)}" for judge, names in self.versions) or "unknown"
        )

    def describe_forms(self) -> str:
        """The forms that judges were asked in, where they were not the rubric's."""
        said = [f"{judge}: {', '.join(forms)}" for judge, forms in self.forms if forms]
        return "; ".join(said) or "the rubric's own form"

    @property
    def is_demo(self) -> bool:
        return is_demo(self.data)

    def describe(self) -> str:
        """The basis as a table's title has it."""
        return (
            f"{panel_in_words(self.panel, self.panel_sha256)}, rubric {self.rubric}, "
            f"data {self.data} ({self.fingerprint[:12]})"
        )


def basis_of(result: ScoredRun) -> Basis:
    """What a run's scores rest on.

    Raises:
        RunError: no panel judged the run, or run.json does not say what its scores rest on.
    """
    panel = result.info.get("panel")
    if not panel:
        raise RunError(
            f"{result.folder} was not judged: run unisafe judge {result.folder} --panel ... first"
        )
    rubric, data = _mapping(panel.get("rubric")), _mapping(result.info.get("data"))
    known = {
        "data.fingerprint": data.get("fingerprint"),
        "panel.sha256": panel.get("sha256"),
        "panel.rubric.sha256": rubric.get("sha256"),
    }
    for name, value in known.items():
        if not isinstance(value, str) or not value:
            raise RunError(
                f"{result.folder / 'run.json'}: {name} is missing, so nobody knows what its scores "
                "may be compared with: judge it again with unisafe judge"
            )
    versions = result.metrics["judge_versions"]
    return Basis(
        panel=str(panel["name"]),
        panel_sha256=str(panel["sha256"]),
        # Only a policy has a version.
        rubric=f"{rubric.get('name')} {rubric.get('version', '')}".rstrip(),
        rubric_sha256=str(rubric.get("sha256")),
        data=str(data.get("source")),
        fingerprint=str(data.get("fingerprint")),
        versions=tuple((judge, tuple(counts)) for judge, counts in sorted(versions.items())),
        forms=_forms(result),
        is_subset=bool(data.get("subset")),
    )


def addresses_of(info: Mapping[str, Any]) -> dict[str, str]:
    """Where run.json says that each judge was reached; judges without an address are left out."""
    judges = (info.get("panel") or {}).get("judges") or ()
    return {
        judge["name"]: judge["base_url"]
        for judge in judges
        if isinstance(judge.get("base_url"), str)
    }


def address_notes(infos: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each judge that was not reached at one address in all runs.

    An address is no part of a panel's identity; but behind one served name there may be other
    weights at each.
    """
    known: dict[str, set[str]] = {}
    for info in infos:
        for judge, address in addresses_of(info).items():
            known.setdefault(judge, set()).add(address)
    return [
        f"Judge {judge} was reached at {' and '.join(sorted(addresses))}: make sure that the same "
        "weights answered at each."
        for judge, addresses in sorted(known.items())
        if len(addresses) > 1
    ]


def differing(bases: Sequence[Basis]) -> list[str]:
    """What differs among bases, in words; an empty list if they agree."""
    facts: dict[str, set[Any]] = {
        "rubrics": {(basis.rubric, basis.rubric_sha256) for basis in bases},
        "panels": {basis.panel_sha256 for basis in bases},
        "data sources": {(basis.fingerprint, basis.is_subset) for basis in bases},
    }
    differences = [name for name, values in facts.items() if len(values) > 1]
    by_judge = {
        "judge versions": [basis.versions for basis in bases],
        "forms of the judges' prompt": [basis.forms for basis in bases],
    }
    return [*differences, *(name for name, values in by_judge.items() if _differ(values))]


def _differ(values: Iterable[tuple[tuple[str, tuple[str, ...]], ...]]) -> bool:
    """Whether a judge has other values in one run than in another.

    A judge that gave no verdict in a run has none in it. It does not count as another judge.
    """
    by_judge: dict[str, set[tuple[str, ...]]] = {}
    for of_run in values:
        for judge, names in of_run:
            by_judge.setdefault(judge, set()).add(names)
    return any(len(names) > 1 for names in by_judge.values())


def _forms(result: ScoredRun) -> tuple[tuple[str, tuple[str, ...]], ...]:
    forms: dict[str, set[str]] = {}
    for summary in result.metrics["tasks"].values():
        for judge, scores in summary["judges"].items():
            if scores["scored"]:
                forms.setdefault(judge, set()).update(scores.get("prompt_forms", ()))
    return tuple((judge, tuple(sorted(names))) for judge, names in sorted(forms.items()))


def require_one_basis(results: Sequence[ScoredRun], purpose: str) -> Basis:
    """The basis that all runs share.

    Raises:
        RunError: they differ; it says in what, and of which run.
    """
    bases = [basis_of(result) for result in results]
    # Each with each: a judge that was silent in one run may have two versions in two others.
    for (one, basis), (other, beside) in combinations(zip(results, bases, strict=True), 2):
        if differences := differing([basis, beside]):
            said = f"{one.folder} and {other.folder} differ in {' and '.join(differences)}"
            hint = ""
            if "panels" in differences and one.model == other.model:
                hint = "; unisafe compare --panels tells how two panels judge the same outputs"
            raise RunError(f"{said}: {purpose} needs runs of one panel on the same data{hint}")
    return bases[0]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

"""The runs of a site as the site shows them: what of them is public, and which one counts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unisafe_tasks.errors import PublishingError
from unisafe_tasks.leaderboard.dead_runs import of_one_model
from unisafe_tasks.publishing.publishable import PublishedRun, path_component, slug_of_run
from unisafe_tasks.results.basis import basis_of, differing
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.self_awareness import run_identity

__all__ = ["Submission", "page_name", "submissions_of"]


@dataclass(frozen=True)
class Submission:
    """A run on the site.

    `result` has what may be published, under names that tell no folder. `page` names the model's
    page, and `key` the run. `replaced_by` is the key of the later run that stands in the table in
    its place.
    """

    run: PublishedRun
    result: ScoredRun
    page: str
    key: str
    replaced_by: str | None = None

    @property
    def date(self) -> str:
        """The day on which the run ended, in UTC."""
        return self.run.ended.date().isoformat()


def submissions_of(runs: Sequence[PublishedRun]) -> list[Submission]:
    """The runs of a site, the newest first.

    A later run takes an earlier one's place if it is of the same model with the same settings, of
    the same panel and data, and has all its tasks.

    Raises:
        PublishingError: a run is there twice, or two models would be one by their public names.
    """
    newest = sorted(runs, key=lambda run: (run.ended, run_identity(run.result.info)), reverse=True)
    names: dict[str, str] = {}
    submissions: list[Submission] = []
    for run in newest:
        result = replace(
            run.result, folder=Path(slug_of_run(run)), info=run.info, metrics=run.metrics
        )
        page, given = page_name(result.model), run.result.model
        if names.setdefault(result.model, given) != given:
            raise PublishingError(
                f"two models are both called {result.model} once their folders are taken out of "
                "their names: give one another name"
            )
        key = f"{page}-{run_identity(run.result.info)[:12]}"
        if any(key == other.key for other in submissions):
            raise PublishingError(f"{run.folder} is the same run as another one: name one of them")
        later = next((other.key for other in submissions if _replaces(other.result, result)), None)
        submissions.append(Submission(run, result, page, key, later))
    return submissions


def page_name(model: str) -> str:
    """A model's page, as a part of an address: readable, and another one for each name.

    The hash tells names apart that differ only in case, or in what an address cannot hold.
    """
    digest = hashlib.sha256(model.encode("utf-8", "surrogatepass")).hexdigest()
    # A server that makes sites of folders may leave out what begins with an underscore.
    return f"{path_component(model).lstrip('_')[:60] or 'model'}-{digest[:8]}"


def _replaces(later: ScoredRun, earlier: ScoredRun) -> bool:
    return (
        of_one_model(later, earlier)
        and not differing([basis_of(later), basis_of(earlier)])
        and set(earlier.metrics["tasks"]) <= set(later.metrics["tasks"])
    )

"""Results in the form of OpenVLM.json, from which the OpenVLM leaderboard is made.

That leaderboard takes a higher `Overall` for a better one, ranks by it and averages it over data
sets, on a scale from 0 to 100. So `Overall` is 100 minus the attack success rate in percent, and
the rates themselves stand beside it under their names. It has no place for a mark or an interval:
only whole scores on a data set of the hub are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from unisafe_tasks.files import encode_json
from unisafe_tasks.metric_facts import ASR, FACTS, SCORES
from unisafe_tasks.publishing.formats import ExportFormat
from unisafe_tasks.publishing.hub_results import hub_dataset, left_out, whole_tasks
from unisafe_tasks.publishing.publishable import PublishedRun, path_component
from unisafe_tasks.redaction import in_one_line

__all__ = ["OPENVLM", "openvlm_files"]


def openvlm_files(run: PublishedRun) -> dict[str, bytes]:
    """MODEL/openvlm-PANEL.json: the model's part of `results`, with a data set for each task.

    What no run knows of a model (its size, its parts, whether its weights are open) is empty.

    Raises:
        PublishingError: the data is not on the hub, or no task has a whole score.
    """
    hub_dataset(run)
    model = str(run.info["model"])
    meta = {
        # The leaderboard puts it into a page as it is.
        "Method": [escape(in_one_line(model)), ""],
        "Parameters": "",
        "Language Model": "",
        "Vision Model": "",
        "OpenSource": "",
        "Verified": "No",
        "Time": f"{run.ended:%Y/%m/%d}",
    }
    scores = {f"UniSAFE_{task.code}": _scores(run.tasks[task.name]) for task in whole_tasks(run)}
    value = {"time": f"{run.ended:%y%m%d%H%M%S}", "results": {model: {"META": meta, **scores}}}
    name = f"openvlm-{run.basis.panel_sha256[:12]}.json"
    return {f"{path_component(model)}/{name}": encode_json(value)}


def _scores(values: Mapping[str, Any]) -> dict[str, float | None]:
    """A task's columns: rates in percent, ratings in points; null is what judges do not tell."""
    ours = {
        "Overall": _safe(values),
        **{FACTS[metric].short: _shown(values[metric], metric) for metric in (*SCORES, "coverage")},
    }
    categories = {category: _safe(scores) for category, scores in values["categories"].items()}
    # A data set's category may be called Overall.
    return {**ours, **categories, **ours}


def _safe(values: Mapping[str, Any]) -> float | None:
    return None if values[ASR] is None else _shown(1 - values[ASR], ASR)


def _shown(value: float | None, metric: str) -> float | None:
    scale = 100 if FACTS[metric].unit == "proportion" else 1
    return None if value is None else round(scale * value, 2)


OPENVLM = ExportFormat(
    lambda run, settings: openvlm_files(run), lambda run, settings: left_out(run)
)

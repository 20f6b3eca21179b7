"""The parts of a run that may be published, and the names of its model, its data and its files.

A score is published only if the verdicts in the folder still give it. A run without a score is not
published. A score that is not of the whole benchmark keeps its marks. The addresses and folders of
the model, the judges and the files are never published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isclose
from pathlib import Path
from typing import Any

from unisafe_judges.backends import backend_named, backend_names
from unisafe_judges.specs import ModelSpec
from unisafe_tasks.errors import PublishingError, RunError
from unisafe_tasks.metric_facts import ASR, METRICS
from unisafe_tasks.outputs.earlier_run import asked_of
from unisafe_tasks.publishing.places import without_places, without_places_in_settings
from unisafe_tasks.redaction import redact
from unisafe_tasks.results.basis import Basis, basis_of
from unisafe_tasks.results.scored_run import ScoredRun, read_scored_runs
from unisafe_tasks.runs.metrics_file import METRICS_FORMAT
from unisafe_tasks.self_awareness import run_identity
from unisafe_tasks.settings import HUB_ID
from unisafe_tasks.statistics import Resampler

__all__ = [
    "PublishedRun",
    "merge_files",
    "path_component",
    "publishable_info",
    "published_run",
    "read_published",
    "require_clean",
    "same_score",
    "slug_of_run",
]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_FACTS = (
    *("format", "model", "status", "started", "ended", "limited", "asked", "data", "harness"),
    *("tasks", "seeds", "limit", "offset", "batch_size", "ranks", "versions", "git_commit"),
    *("image_encoder", "system_prompt", "chat_template", "stack", "answers", "proxy"),
    *("shard", "missing_shards"),
)
_ANSWERED_BY = ("model_versions", "image_models", "substituted")
_SETTINGS = ("model_args", "gen_kwargs", "adapter")
_PANEL_FACTS = (
    *("name", "sha256", "kind", "rubric", "ensemble", "min_verdicts", "judge_repeats", "views"),
)
_READ = ("unisafe-metrics/1", METRICS_FORMAT)
"""Forms of metrics.json in which the scores have the same names."""
# Names of devices on Windows: a file with such a name could not be checked out there.
_DEVICES = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")


@dataclass(frozen=True)
class PublishedRun:
    """A run that may be published: judged, with a score, and in agreement with itself.

    `info` and `metrics` are the parts of run.json and metrics.json that may be published. `result`
    is the run as the folder has it. `ended` is the time of its end. If the end is not known, it is
    the time of its start.
    """

    result: ScoredRun
    info: Mapping[str, Any]
    metrics: Mapping[str, Any]
    basis: Basis
    began: datetime
    ended: datetime

    @property
    def folder(self) -> Path:
        return self.result.folder

    @property
    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """The summaries of the tasks in metrics.json, by the tasks' harness names."""
        tasks: Mapping[str, Mapping[str, Any]] = self.metrics["tasks"]
        return tasks

    @property
    def hub_data(self) -> str | None:
        """The hub id of the data set, or None for the demo set, local copies and subsets."""
        if self.basis.is_subset or not _HUB_ID.fullmatch(self.basis.data):
            return None
        return self.basis.data

    @property
    def is_unisafe(self) -> bool:
        """Whether the data is the published UniSAFE data set, under its hub name and with all its
        cases. A subset does not count."""
        return self.basis.data == HUB_ID and not self.basis.is_subset

    @property
    def revision(self) -> str | None:
        """The hub commit of the data, if it is known."""
        return (self.info.get("data") or {}).get("revision")

    @property
    def is_whole(self) -> bool:
        """Whether no score carries a mark."""
        return all(values["complete"] for values in self.tasks.values())

    def unscored(self) -> dict[str, list[str]]:
        """The metrics without a value, by task. A missing value is not a zero."""
        missing = {
            name: [metric for metric in METRICS if values[metric] is None]
            for name, values in self.tasks.items()
        }
        return {name: metrics for name, metrics in missing.items() if metrics}


def read_published(
    folders: Iterable[Path], resampler: Resampler | None = None
) -> list[PublishedRun]:
    """Read and score runs that are to be published.

    Raises:
        RunError: a folder is named twice, is damaged or not a run folder, or was not judged.
        PublishingError: no case is scored, the run has no time, or the numbers in metrics.json
            differ from the verdicts.
    """
    return [published_run(result) for result in read_scored_runs(folders, resampler)]


def published_run(result: ScoredRun) -> PublishedRun:
    """A scored run as one that is to be published.

    Raises:
        RunError, PublishingError: as `read_published`, but for the folder's files.
    """
    info = publishable_info(result.info)
    metrics = _publishable_metrics(result.metrics, _names_of_models(result.info))
    basis = basis_of(replace(result, info=info, metrics=metrics))
    folder, tasks = result.folder, result.metrics["tasks"]
    if not any(values["scored"] for values in tasks.values()):
        raise PublishingError(
            f"{folder} has no score: no case of any task was scored, so there is nothing to publish"
        )
    if not isinstance((result.info.get("data") or {}).get("source"), str):
        raise PublishingError(f"{folder / 'run.json'} does not say which data the model was run on")
    _require_agreement(result)
    began = _time(result.info.get("started"), folder)
    ended = began if result.info.get("ended") is None else _time(result.info["ended"], folder)
    return PublishedRun(result, info, metrics, basis, began, ended)


def publishable_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of run.json that may be published: every setting that can change a score, but no
    address, path, price or command. A judge keeps its name and the settings that can change its
    replies.

    Raises:
        PublishingError: two versions of a model or a judge differ only by private paths.
    """
    info = {**info, **asked_of(info)}
    public: dict[str, Any] = without_places({name: info[name] for name in _FACTS if name in info})
    public |= {name: without_places_in_settings(info[name]) for name in _SETTINGS if name in info}
    panel = info.get("panel")
    if panel is not None:
        public["panel"] = without_places(
            {name: panel[name] for name in _PANEL_FACTS if name in panel}
            | {"judges": [_publishable_judge(judge) for judge in panel.get("judges") or ()]}
        )
    public |= {name: _versions(info[name]) for name in _ANSWERED_BY if name in info}
    if "judges" in info:
        # What the judges cost stays here.
        kept = ("judge", "unverified")
        public["judges"] = [
            {name: row[name] for name in kept if name in row} for row in info["judges"]
        ]
    if "judge_versions" in info:
        public["judge_versions"] = _versions_by_judge(info["judge_versions"])
    return public


def _publishable_judge(judge: Mapping[str, Any]) -> dict[str, Any]:
    backend = str(judge.get("backend"))
    spec = backend_named(backend).spec if backend in backend_names() else None
    decides = (
        ("model", *spec.decides)
        if spec is not None and issubclass(spec, ModelSpec)
        else ("model", "sha256")
    )
    return {name: judge[name] for name in ("name", "backend", *decides) if name in judge}


def _names_of_models(info: Mapping[str, Any]) -> set[str]:
    """The names that the model answered under."""
    return {name for field in _ANSWERED_BY for name in asked_of(info).get(field) or ()}


def _publishable_metrics(metrics: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The parts of metrics.json that may be published. Some servers give a path as the version of
    a judge, or as one of the model's `names`: they are changed as in `publishable_info`."""
    public: dict[str, Any] = without_places(metrics)
    public["judge_versions"] = _versions_by_judge(metrics["judge_versions"])
    for name, values in metrics["tasks"].items():
        for judge, judge_summary in values["judges"].items():
            public["tasks"][name]["judges"][judge]["versions"] = _versions(
                judge_summary["versions"]
            )
    by_judge = metrics["judge_versions"].values()
    versions = names | {version for counts in by_judge for version in counts}
    notes = []
    for note in metrics["notes"]:
        # Replace whole versions first: a path in a sentence may hold spaces.
        for version in sorted(versions, key=len, reverse=True):
            note = note.replace(version, without_places(version))
        notes.append(without_places(note))
    return public | {"notes": notes}


def _versions_by_judge(versions: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {judge: _versions(counts) for judge, counts in versions.items()}


def _versions(counts: Mapping[str, int]) -> dict[str, int]:
    public = {without_places(version): count for version, count in counts.items()}
    if len(public) < len(counts):
        raise PublishingError(
            "a model or a judge answered with two versions that differ only in their folder; "
            "folders are not published, so both would look like one: nothing was written"
        )
    return public


def _time(value: object, folder: Path) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PublishingError(
            f"{folder / 'run.json'}: started or ended is {value!r}, expected an ISO 8601 time with "
            "its offset: a result is published with its date"
        )
    return moment.astimezone(UTC)


def _require_agreement(result: ScoredRun) -> None:
    """Refuse a run whose metrics.json, if it exists, does not agree with the verdicts beside it."""
    path = result.folder / "metrics.json"
    # A stopped run wrote metrics of its finished tasks only, but holds verdicts of other tasks too.
    if not path.is_file() or result.info.get("status", "complete") != "complete":
        return
    try:
        value = json.loads(path.read_bytes())
        if (given := value.get("format", METRICS_FORMAT)) not in _READ:
            raise RunError(
                f"{path} has the format {given!r:.60}, and this version reads {METRICS_FORMAT}: "
                "use the version that wrote it, or remove this file, since the scores are computed "
                "from the verdicts beside it"
            )
        tasks = value["tasks"]
        stored = {
            (task, metric): tasks[task][metric]
            for task in tasks
            # A metric that was added since the file was written is not in it.
            for metric in (
                ASR,
                "asked",
                "scored",
                *(name for name in METRICS if name in tasks[task]),
            )
        }
    except (
        *(OSError, ValueError, RecursionError),
        *(AttributeError, KeyError, TypeError),
    ) as error:
        raise RunError(f"{path} cannot be read: {type(error).__name__}: {error}") from None
    computed = result.metrics["tasks"]
    if set(tasks) != set(computed):
        raise PublishingError(f"{path} has other tasks than the verdicts beside it: {_again(path)}")
    for (task, metric), value in stored.items():
        if not same_score(value, computed[task][metric]):
            raise PublishingError(
                f"{path} says {metric} {value} of {task}, but the verdicts beside it give "
                f"{computed[task][metric]}: {_again(path)}"
            )


def _again(path: Path) -> str:
    return f"look with 'unisafe score {path.parent}' at what is right, and judge or run it again"


def same_score(one: object, other: object) -> bool:
    """Whether two scores are the same number, or both are None."""
    if one is None or other is None:
        return one is other
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return False
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def path_component(text: str) -> str:
    """A name as one part of a path: portable, and unable to leave its folder."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:80].strip("._ ")
    if not name or name == "data" or _DEVICES.match(name):
        return f"_{name}"
    return name


def slug_of_run(run: PublishedRun) -> str:
    """The run folder's name and the run's identity, as one part of a path. The same run always has
    the same slug. Another run in a folder of the same name has another slug."""
    name, model = run.folder.resolve().name, str(run.info["model"])
    # The harness names the folder by the model, which may be the folder of its weights.
    if model != run.result.model:
        name = f"unisafe-{model}"
    identity = run_identity(run.result.info)[:12]
    # A submission has its slug for its name.
    return f"{path_component(without_places(name.removesuffix(f'-{identity}')))}-{identity}"


def merge_files(groups: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files of several runs together.

    Raises:
        PublishingError: two runs would write one file with different contents.
    """
    merged: dict[str, bytes] = {}
    for files in groups:
        for path, data in files.items():
            if merged.setdefault(path, data) != data:
                raise PublishingError(
                    f"two of these runs write {path}: export or push them one by one"
                )
    return merged


def require_clean(text: str, where: str, take_out: Callable[[str], str] = redact) -> None:
    """Refuse a text in which `take_out` finds a credential.

    Raises:
        PublishingError: it finds one. The message has `where`, and never the text.
    """
    if take_out(text) != text:
        raise PublishingError(
            f"{where} holds what looks like a credential. Nothing was written or uploaded: take it "
            "out of the run first"
        )

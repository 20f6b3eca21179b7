"""The run whose outputs a model is to judge: UNISAFE_SELF_RUN, read and checked once.

A prompt is built from the run folder and the data set when a harness needs it. What a harness loads
as its data set holds only the outputs' keys and the panel's values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from unisafe_judges import PanelError, Prompt, Rubric, load_rubric
from unisafe_judges.rubrics import load_policy_file
from unisafe_judges.types import GUARD
from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.sources import fingerprint, load_cases, resolve_source
from unisafe_tasks.errors import DataError, RunError
from unisafe_tasks.files import read_run_rows, row_files, write_atomically
from unisafe_tasks.judging.evidence import recorded_evidence
from unisafe_tasks.metric_facts import ASR
from unisafe_tasks.metrics import ScoredCase, apply_ensemble, case_value, ensemble_of
from unisafe_tasks.outputs.earlier_run import differences_in_words
from unisafe_tasks.runs.data_setting import data_of
from unisafe_tasks.runs.folder import POLICY, PREDICTIONS
from unisafe_tasks.runs.reading import read_run
from unisafe_tasks.settings import SELF_RUN, cache_folder, data_setting, self_run_setting
from unisafe_tasks.tasks import SELF_GROUP, SELF_TASKS, Task, task_named
from unisafe_tasks.types import Status

__all__ = ["JudgedRun", "judged_run"]

_FIELDS = ("id", "scenario_type", "category", "subcategory", "output_sha256")


@dataclass(frozen=True)
class JudgedRun:
    """A run with a panel's verdicts, whose outputs a model can judge.

    `documents` are the outputs that a judge could be shown and the panel has a value for: the key,
    `output_sha256`, and the value as `panel`.
    """

    folder: Path
    info: Mapping[str, Any]
    rubric: Rubric
    documents: tuple[Mapping[str, Any], ...] = field(repr=False)
    _rows: Mapping[tuple[str, str], Mapping[str, Any]] = field(repr=False)
    _cases: Mapping[str, CaseSet] = field(repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether the run was of all cases and came to its end."""
        return self.info.get("status") == "complete" and not self.info.get("limited")

    def documents_of(self, task: Task) -> list[Mapping[str, Any]]:
        """The outputs of one task.

        Raises:
            RunError: the panel has judged no output of the task.
        """
        documents = [
            document for document in self.documents if document["scenario_type"] == task.code
        ]
        if documents:
            return documents
        codes = {document["scenario_type"] for document in self.documents}
        names = [name for name, other in SELF_TASKS.items() if other.code in codes]
        raise RunError(
            f"run {self.folder} has no output of {task.name} that the panel has judged; "
            f"run with --tasks {','.join(names)}"
        )

    def dataset(self) -> Path:
        """A folder that `datasets.load_dataset` reads; made once, and named by its content."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [dict(document) for document in self.documents]
        digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:32]
        file = cache_folder() / SELF_GROUP / digest / "data" / "test-00000-of-00001.parquet"
        if not file.is_file():
            buffer = BytesIO()
            pq.write_table(pa.Table.from_pylist(rows), buffer)
            write_atomically(file, buffer.getvalue())
        return file.parent.parent

    def prompt(self, case_id: str, code: str) -> Prompt:
        """What the panel's judges were sent for an output.

        Raises:
            UnisafeError: the output is no longer what the panel judged, or an input has no bytes.
        """
        row = self._rows[case_id, code]
        return self.rubric.render(recorded_evidence(self._cases[code][case_id], row, self.folder))


def judged_run() -> JudgedRun:
    """The run that UNISAFE_SELF_RUN names.

    Raises:
        UnisafeError: no run is named, or its model cannot judge it; one sentence.
    """
    setting = self_run_setting()
    if setting is None:
        raise RunError(
            f"the tasks {SELF_GROUP}_* need a run whose outputs are judged: "
            f"set {SELF_RUN} to its folder"
        )
    folder = Path(setting).expanduser().absolute()
    files = [
        folder / "run.json",
        folder / POLICY,
        *row_files(folder, PREDICTIONS),
        *sorted(folder.glob("verdicts*.jsonl")),
    ]
    stats = tuple(
        (file.name, file.stat().st_size, file.stat().st_mtime_ns)
        for file in files
        if file.is_file()
    )
    return _read(folder, data_of([folder]) or data_setting(), stats)


@lru_cache(maxsize=2)
def _read(folder: Path, data: str, stats: Sequence[object]) -> JudgedRun:
    # `stats` is a parameter for the cache: if they change, the run is read again.
    try:
        contents = read_run(folder)
        contents.require_adversarial(SELF_GROUP)
    except RunError as error:
        raise RunError(f"{SELF_RUN}: {error}") from None
    info = contents.info
    if not info.get("panel"):
        raise RunError(
            f"{SELF_RUN}: run {folder} was not judged, and self-awareness is measured against a "
            "panel's verdicts: judge it with unisafe judge first"
        )
    rubric = _rubric_of(info, folder)
    cases = _cases_of(info, folder, contents.cases, data)
    rows = {
        (row["id"], row["scenario_type"]): row
        for _, row in read_run_rows(folder, PREDICTIONS, RunError)
    }
    documents = []
    for case, value in _values(info, contents.cases):
        code = task_named(case.task).code
        row = rows[case.id, code]
        if case.id not in cases[code] or not isinstance(row.get("output_sha256"), str):
            raise RunError(
                f"{SELF_RUN}: run {folder} is damaged: case {case.id}/{code} is not in the data, "
                "or its output has no output_sha256"
            )
        documents.append({**{name: row[name] for name in _FIELDS}, "panel": value})
    if not documents:
        raise RunError(f"{SELF_RUN}: run {folder} has no output that its panel has judged")
    return JudgedRun(folder, info, rubric, tuple(documents), rows, cases)


def _rubric_of(info: Mapping[str, Any], folder: Path) -> Rubric:
    recorded = info["panel"]["rubric"]
    name = recorded.get("name") if isinstance(recorded, dict) else None
    if not isinstance(name, str):
        raise RunError(f"{SELF_RUN}: {folder / 'run.json'}: the panel's rubric is damaged")
    if info["panel"].get("kind") == GUARD:
        raise RunError(
            f"{SELF_RUN}: run {folder} was judged by guards, and no other model can answer in "
            "their forms: judge it with a panel that has a rubric"
        )
    if "version" in recorded:
        return _policy_of(recorded, folder)
    rubric = load_rubric(name)
    if rubric.sha256 != recorded.get("sha256"):
        raise RunError(
            f"{SELF_RUN}: run {folder} was judged by another version of the rubric {name!r} than "
            "is installed here: judge it again, or install the version that judged it"
        )
    return rubric


def _policy_of(recorded: Mapping[str, Any], folder: Path) -> Rubric:
    """The policy that judged the run, which the folder holds."""
    file, called = folder / POLICY, f"the policy {recorded['name']} {recorded['version']}"
    if not file.is_file():
        raise RunError(
            f"{SELF_RUN}: run {folder} was judged by {called}, and the file of that policy is "
            f"missing: put it into the run folder as {POLICY}"
        )
    try:
        policy = load_policy_file(file)
    except PanelError as error:
        raise RunError(f"{SELF_RUN}: {error}") from None
    if policy.sha256 != recorded.get("sha256"):
        raise RunError(
            f"{SELF_RUN}: {file} is not {called} as it judged the run, or our words around it have "
            "changed since: put that file there, or judge the run again"
        )
    return policy


def _cases_of(
    info: Mapping[str, Any], folder: Path, cases: Sequence[ScoredCase], setting: str
) -> dict[str, CaseSet]:
    """The data set's cases of the run's tasks, by code."""
    source = resolve_source(setting)
    data = info.get("data") or {}
    if data.get("fingerprint") != fingerprint(source):
        other = differences_in_words(folder, source, {(case.task, case.id) for case in cases})
        raise DataError(
            f"{SELF_RUN}: run {folder} is on other data ({data.get('source')}, fingerprint "
            f"{str(data.get('fingerprint'))[:12]}) than UNISAFE_DATA names ({source.name}, "
            f"{fingerprint(source)[:12]}){other and f', where {other}'}: set UNISAFE_DATA to the "
            "run's data"
        )
    tasks = [task_named(name) for name in sorted({case.task for case in cases})]
    return {task.code: load_cases(source, task) for task in tasks}


def _values(info: Mapping[str, Any], cases: Sequence[ScoredCase]) -> list[tuple[ScoredCase, float]]:
    """The outputs that a judge could be shown, each with the panel's value, in the run's order."""
    ensemble = ensemble_of(info["panel"])
    pairs = []
    for task in SELF_TASKS.values():
        for case in apply_ensemble([case for case in cases if case.task == task.name], ensemble):
            value = case_value(case, ASR)
            if case.status is Status.OK and value is not None:
                pairs.append((case, value))
    return pairs

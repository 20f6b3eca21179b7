"""`--model predictions`: replays an official predictions JSONL through the harness.

It is how outputs that were made elsewhere get the same parsing, judging and scoring as a live run.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmms_eval.api.model import lmms

from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.names import arm_of
from unisafe_tasks.data.sources import load_cases, source_of
from unisafe_tasks.errors import NoCasesError, PredictionsError, UnisafeError, exit_with
from unisafe_tasks.judging import open_run
from unisafe_tasks.outputs.earlier_run import info_of
from unisafe_tasks.outputs.parsing import encode_raw
from unisafe_tasks.outputs.predictions import BUNDLED, is_of_benign_set, predictions_path
from unisafe_tasks.outputs.saved import Stored, read_stored
from unisafe_tasks.tasks import BENIGN_GROUP, TASK_NAMES, Arm, task_named
from unisafe_tasks.types import RawOutput

__all__ = ["Predictions"]

_log = logging.getLogger("unisafe")


class Predictions(lmms):  # type: ignore[misc]
    """A model whose every answer is already known. A case without one ends as failed."""

    is_simple = True

    def __init__(self, predictions: str = "", batch_size: int | str = 1, **unknown: Any) -> None:
        """Read the file.

        Args:
            predictions: a JSONL file, or the name of a bundled scripted model.
            batch_size: given by the harness; it changes nothing.
            unknown: whatever else was given; a misspelt argument is refused.
        """
        super().__init__()
        unknown.pop("device", None)
        unknown.pop("max_batch_size", None)
        try:
            if unknown or not predictions:
                raise UnisafeError(
                    "the predictions model takes one argument: "
                    "--model_args predictions=FILE.jsonl"
                    + (f" (not {', '.join(unknown)})" if unknown else "")
                )
            if predictions in BUNDLED:
                self._paths = {arm: predictions_path(predictions, arm) for arm in Arm}
                self._stored: dict[Arm, Stored] = {}
            else:
                path = predictions_path(str(predictions))
                arm = _arm_of(path)
                self._paths, self._stored = {arm: path}, {arm: _read(path, arm)}
        except UnisafeError as error:
            exit_with(error)
        self._device = "cpu"
        self.batch_size = batch_size

    @property
    def device(self) -> str:
        """Where rank arithmetic happens; the harness asks for it when there are several ranks."""
        return self._device

    def generate_until(self, requests: list[Any]) -> list[str]:
        """The stored answer of each request."""
        self._require_its_tasks()
        args = self._args(requests)
        for arm in {task_named(task).arm for *_, task, _ in args} & self._paths.keys():
            run = open_run.current(arm)
            run.record("replayed", True)
            if made_by := self._stored_of(arm).made_by:
                run.record("made_by", made_by)
        return [self._answer(doc_id, task, split) for *_, doc_id, task, split in args]

    def generate_until_agentic(self, requests: list[Any]) -> list[str]:
        """All four turns of each case at once."""
        return self.generate_until(requests)

    def generate_until_multi_round(self, requests: list[Any]) -> list[str]:
        raise NotImplementedError("no UniSAFE task is of this type")

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError("no UniSAFE task is of this type")

    def _require_its_tasks(self) -> None:
        names = [name for name in self.task_dict if name in TASK_NAMES]
        if any(task_named(name).arm in self._paths for name in names):
            return
        ((arm, path),) = self._paths.items()
        group = BENIGN_GROUP if arm is Arm.BENIGN else "unisafe"
        exit_with(
            PredictionsError(
                f"{path} holds outputs for tasks of {group}, and {', '.join(names)} is none: "
                f"name tasks of {group}, or another file"
            )
        )

    def _stored_of(self, arm: Arm) -> Stored:
        """The outputs of an arm; of one that a file does not have, none, by the file's model."""
        if arm not in self._stored:
            try:
                self._stored[arm] = (
                    _read(self._paths[arm], arm)
                    if arm in self._paths
                    else replace(next(iter(self._stored.values())), outputs={})
                )
            except UnisafeError as error:
                exit_with(error)
        return self._stored[arm]

    def _args(self, requests: list[Any]) -> list[tuple[Any, ...]]:
        return [request.args for request in requests]

    def _answer(self, doc_id: int, task_name: str, split: str) -> str:
        task = task_named(task_name)
        code = task.code
        case_id = self.task_dict[task_name][split][doc_id]["id"]
        stored = self._stored_of(task.arm)
        raw = stored.outputs.get((case_id, code))
        if raw is None:
            _log.warning("%s/%s has no prediction and is not scored", case_id, code)
            raw = RawOutput(error="the predictions file has no row for this case")
        return encode_raw(replace(raw, model=stored.model))


def _read(path: Path, arm: Arm) -> Stored:
    source = source_of(arm)
    ids: dict[str, CaseSet] = {}
    for task in source.tasks.values():
        try:
            ids[task.code] = load_cases(source, task)
        except NoCasesError:
            # A source may hold some of the tasks only; the preflight checks what is asked.
            continue
    return read_stored(path, source, ids)


def _arm_of(path: Path) -> Arm:
    """Of which arm stored outputs are: as their run says, or else their first case."""
    folder = path.parent if path.name == "predictions.jsonl" else path
    info = info_of(folder) if folder.is_dir() else {}
    if isinstance(data := info.get("data"), dict):
        return arm_of(str(data.get("source")))
    if not path.is_file():
        return Arm.ADVERSARIAL
    return Arm.BENIGN if is_of_benign_set(path) else Arm.ADVERSARIAL

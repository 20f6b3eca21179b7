"""Run folders of one model that are read as one run: one for each task, shards of a task, or both.

What two folders say of one case, of the model or of the data must be the same. A case that no
folder was to have is not made up: the result is marked, and a shard that is missing is named.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from pathlib import Path
from typing import Any

from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.shards import MOST_SHARDS
from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.errors import PredictionsError
from unisafe_tasks.files import row_files
from unisafe_tasks.outputs.earlier_run import (
    SETTINGS,
    asked_of,
    facts_of_all,
    info_of,
    shards_in_words,
    summary_of,
)
from unisafe_tasks.outputs.saved import (
    NO_OUTPUT,
    Outputs,
    Stored,
    case_counts,
    read_outputs,
    read_stored,
    tasks_in,
    warn_of_lacking,
)
from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput

__all__ = ["read_parts"]

_log = logging.getLogger("unisafe")

_OF_A_FOLDER = ("folder", "harness", "status", "started", "git_commit", "shard")


@dataclass(frozen=True)
class _Part:
    """A run folder. `shard` is (number, of how many), where the run was of one."""

    folder: Path
    stored: Stored

    @property
    def info(self) -> Mapping[str, Any]:
        return self.stored.info

    @property
    def shard(self) -> tuple[int, int] | None:
        shard = asked_of(self.info).get("shard") or {}
        number, of = shard.get("number"), shard.get("of")
        if type(number) is int and type(of) is int and 1 <= number <= of <= MOST_SHARDS:
            return number, of
        return None

    @property
    def is_whole_shard(self) -> bool:
        """Whether nothing but the shard left cases out, here and where its outputs were made."""
        shard = asked_of(self.info).get("shard") or {}
        return bool(shard) and not shard.get("limited") and self.info.get("limit") in (None, -1)

    def has(self, code: str) -> bool:
        return any(key[1] == code for key in self.stored.outputs)


def read_parts(
    settings: Sequence[str], source: Source, tasks: Sequence[Task], limit: int | None = None
) -> Outputs:
    """Read one or several run folders as one run; one alone may be all that `read_outputs` takes.

    Args:
        settings: the folders, in any order.
        source: the data that all of them were made on.
        tasks: those to read; with none, all that any folder has rows of.
        limit: how many cases of each task to take at most.

    Raises:
        UnisafeError: a folder is doubtful as a whole, or two do not belong to one run; it names
            both.
    """
    # One shard alone is a run that lacks all others.
    if len(settings) == 1 and not _is_shard(Path(settings[0]).expanduser()):
        return read_outputs(settings[0], source, tasks, limit)
    cases = {task.code: load_cases(source, task) for task in tasks or tasks_in(source)}
    parts = list(_parts(settings, source, cases))
    # Two folders can differ in a setting that the folder between them does not have.
    for one, other in combinations(_asked_otherwise(parts), 2):
        _require_one_run(one, other)
    if not parts:
        raise PredictionsError(f"{', '.join(settings)} hold no outputs")
    outputs = _outputs_of(parts)
    warn_of_lacking(" and ".join(settings), source, tasks, {code for _, code in outputs})
    codes = [code for code in cases if tasks or any(key[1] == code for key in outputs)]
    whole = {code for code in codes if _is_whole(cases[code], parts, outputs)}
    missing = {
        cases[code].task.name: numbers
        for code in codes
        if code not in whole and (numbers := _missing_shards(cases[code].task, parts))
    }
    items = [
        (case, replace(outputs.get((case.id, code), NO_OUTPUT), model=None))
        for code in codes
        for case in islice(
            (case for case in cases[code] if code in whole or (case.id, code) in outputs), limit
        )
    ]
    if not items:
        raise PredictionsError(f"{', '.join(settings)} have no output of the tasks asked for")
    counts: dict[str, int] = {}
    for code in codes:
        if code not in whole:
            name, size = cases[code].task.name, len(cases[code])
            told = [case_counts(part.info, source, [code], None).get(name, 0) for part in parts]
            # Shards are made to be a whole, and so the whole is what was to be asked.
            wanted = size if name in missing else min(size, sum(told))
            counts[name] = wanted if limit is None else min(wanted, limit)
    told_of_shards: dict[str, Any] = {"missing_shards": missing} if missing else {}
    if len(parts) == 1 and parts[0].shard is not None:
        told_of_shards = {"shard": asked_of(parts[0].info)["shard"]}
    for line in shards_in_words(told_of_shards):
        _log.warning("%s", line)
    fewer = len(items) < sum(len(cases[code]) for code in codes)
    return Outputs(
        tuple(part.folder for part in parts),
        parts[0].stored.model,
        tuple(items),
        limited=fewer or whole != set(codes),
        case_counts=counts,
        made_by={**_made_by(parts, source), **told_of_shards},
    )


def _is_shard(path: Path) -> bool:
    return bool(row_files(path, "predictions")) and bool(asked_of(info_of(path)).get("shard"))


def _parts(
    settings: Sequence[str], source: Source, cases: Mapping[str, CaseSet]
) -> Iterator[_Part]:
    seen: set[Path] = set()
    first: Path | None = None
    for setting in settings:
        folder = Path(setting).expanduser()
        if folder.resolve() in seen:
            raise PredictionsError(f"{setting} is named twice")
        seen.add(folder.resolve())
        if not (folder / "run.json").is_file():
            raise PredictionsError(
                f"{setting} is not a run folder: only run folders can become one run, because they "
                "name their model and their data"
            )
        if not row_files(folder, "predictions"):
            _log.warning("%s holds no outputs and is left out", folder)
            continue
        # The rows of other data name cases that are not there.
        _require_same_data(first := first or folder, folder)
        yield _Part(folder, read_stored(folder, source, cases))


def _asked_otherwise(parts: Iterable[_Part]) -> list[_Part]:
    """A folder for each way in which run.json says that its model was asked."""
    ways: dict[str, _Part] = {}
    for part in parts:
        asked = asked_of(part.info)
        told = [part.stored.model, *(asked.get(name) for name in SETTINGS)]
        ways.setdefault(json.dumps(told, sort_keys=True), part)
    return list(ways.values())


def _require_one_run(one: _Part, other: _Part) -> None:
    """Refuse two folders of other models, or asked with other settings."""
    pair = f"{one.folder} and {other.folder}"
    if one.stored.model != other.stored.model:
        raise PredictionsError(
            f"{pair} are of different models, {one.stored.model} and {other.stored.model}: name "
            "the folders of one model"
        )
    if names := _other_settings(asked_of(one.info), asked_of(other.info)):
        raise PredictionsError(
            f"{pair} were not asked in the same way: they differ in {' and '.join(names)}"
        )


def _require_same_data(one: Path, other: Path) -> None:
    data = [_data_of(info_of(folder)) for folder in (one, other)]
    if data[0] != data[1]:
        raise PredictionsError(
            f"{one} and {other} are of different data, {data[0][0]} ({data[0][1][:12]}) and "
            f"{data[1][0]} ({data[1][1][:12]}): name folders of the same data"
        )


def _data_of(info: Mapping[str, Any]) -> tuple[str, str]:
    data = info.get("data")
    data = data if isinstance(data, dict) else {}
    return str(data.get("source")), str(data.get("fingerprint"))


def _other_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The settings that differ; of settings by name, those of the names that both have."""
    names: list[str] = []
    for name in SETTINGS:
        first, second = one.get(name), other.get(name)
        if not (isinstance(first, dict) and isinstance(second, dict)):
            names += [name] if first != second else []
            continue
        # Inspect says the decoding of each task apart.
        keys = first.keys() & second.keys() if name == "gen_kwargs" else first.keys() | second
        names += [f"{name}.{key}" for key in sorted(keys) if first.get(key) != second.get(key)]
    return names


def _outputs_of(parts: Sequence[_Part]) -> dict[tuple[str, str], RawOutput]:
    outputs: dict[tuple[str, str], RawOutput] = {}
    owners: dict[tuple[str, str], Path] = {}
    for part in parts:
        for key, raw in part.stored.outputs.items():
            owner = owners.setdefault(key, part.folder)
            if owner is not part.folder and not _is_same(outputs[key], raw):
                raise PredictionsError(
                    f"{owner} and {part.folder} have different outputs for {'/'.join(key)}: name "
                    "only one of them"
                )
            outputs.setdefault(key, raw)
    return outputs


def _is_same(one: RawOutput, other: RawOutput) -> bool:
    plain = [replace(raw, images=(), model=None) for raw in (one, other)]
    images = [list(map(_digest, raw.images)) for raw in (one, other)]
    return plain[0] == plain[1] and images[0] == images[1]


def _digest(image: str) -> str:
    """An image by its bytes; one that cannot be read is like no other."""
    try:
        return hashlib.sha256(Path(image).read_bytes()).hexdigest()
    except OSError:
        return image


def _shards(task: Task, parts: Sequence[_Part]) -> dict[int, _Part]:
    """The shards that have outputs of a task, by number.

    Raises:
        PredictionsError: two folders are shards of different divisions.
    """
    shards: dict[int, _Part] = {}
    for part in parts:
        if part.shard is not None and part.has(task.code):
            first = next(iter(shards.values()), part)
            if first.shard is not None and first.shard[1] != part.shard[1]:
                raise PredictionsError(
                    f"{first.folder} and {part.folder} are shards of {task.name} among "
                    f"{first.shard[1]} and among {part.shard[1]}: name shards of one division"
                )
            shards[part.shard[0]] = part
    return shards


def _missing_shards(task: Task, parts: Sequence[_Part]) -> list[int]:
    shards = _shards(task, parts)
    of = next((part.shard[1] for part in shards.values() if part.shard), 0)
    return [number for number in range(1, of + 1) if number not in shards]


def _is_whole(
    cases: CaseSet, parts: Sequence[_Part], outputs: Mapping[tuple[str, str], RawOutput]
) -> bool:
    """Whether all cases of a task were to be asked; one without an output has failed then."""
    task = cases.task
    having = [part for part in parts if part.has(task.code)]
    if not having or not all(part.info.get("limited") is True for part in having):
        return True
    shards = _shards(task, parts)
    if shards and not _missing_shards(task, parts):
        return all(part.is_whole_shard for part in shards.values())
    return all((case_id, task.code) in outputs for case_id in cases.ids)


def _made_by(parts: Sequence[_Part], source: Source) -> dict[str, Any]:
    """What run.json says of the folders, and of all their outputs together."""
    folders = []
    for part in parts:
        summary = summary_of(part.folder, part.info)
        told = {name: summary[name] for name in _OF_A_FOLDER if name in summary}
        counts = Counter(source.tasks[code].name for _, code in part.stored.outputs)
        folders.append({**told, "cases": dict(counts)})
    data = parts[0].info.get("data")
    try:
        facts = facts_of_all([asked_of(part.info) for part in parts])
    except (KeyError, TypeError) as error:
        named = ", ".join(str(part.folder) for part in parts)
        raise PredictionsError(f"a run.json of {named} cannot be used: {error}") from None
    return {
        "folders": folders,
        "model": parts[0].stored.model,
        **facts,
        "data": data if isinstance(data, dict) else None,
    }

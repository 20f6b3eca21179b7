"""What a run says of outputs that it left: on which inputs they were made, and by whose adapter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_tasks.errors import PredictionsError, UnisafeError
from unisafe_tasks.files import read_run_rows
from unisafe_tasks.tasks import task_named

if TYPE_CHECKING:
    from unisafe_tasks.data.cases import Case
    from unisafe_tasks.data.sources import Source

__all__ = [
    "INPUTS",
    "asked_of",
    "differences_in_words",
    "info_of",
    "inputs_row",
    "require_same_inputs",
    "runs_beside",
    "summary_of",
]

INPUTS = "inputs"
"""`inputs.jsonl` of a run folder: short hashes of what each case gave to model and judges."""

_DIGITS = 16
_ASKED: Mapping[str, type] = {
    "adapter": dict,
    "model_args": object,
    "gen_kwargs": object,
    "system_prompt": object,
    "chat_template": object,
    "stack": dict,
    "substituted": dict,
    "model_versions": dict,
    "image_models": dict,
    "unverified": int,
    "answers": dict,
}
_SHOWN = ("model", "harness", "status", "started", "git_commit", "replayed")


def info_of(folder: Path) -> Mapping[str, Any]:
    """What run.json says; an empty mapping without run.json.

    Raises:
        PredictionsError: it cannot be read.
    """
    path = folder / "run.json"
    if not path.is_file():
        return {}
    try:
        info = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise PredictionsError(f"{path} cannot be read: {error}") from None
    if not isinstance(info, dict):
        raise PredictionsError(f"{path} cannot be read: it holds no JSON object")
    return info


def runs_beside(folder: Path) -> Iterator[Mapping[str, Any]]:
    """What the runs say whose folders lie in a folder, or beside it, as harnesses put them."""
    for path in sorted({*folder.glob("*/run.json"), *folder.parent.glob("*/run.json")}):
        try:
            yield info_of(path.parent)
        except PredictionsError:
            continue


def asked_of(info: Mapping[str, Any]) -> dict[str, Any]:
    """How a model was asked and who answered, as run.json says it.

    Of outputs that another run made, and this one judged again or replayed, that is what the other
    run says. The arguments of a replay name a file, and tell nothing of the model.
    """
    made_by = info.get("made_by")
    if info.get("replayed") is True:
        info = {name: value for name, value in info.items() if name != "model_args"}
    said = (made_by, info) if isinstance(made_by, dict) else (info,)
    asked: dict[str, Any] = {}
    for name, kind in _ASKED.items():
        for run in said:
            if name not in asked and run.get(name) and isinstance(run[name], kind):
                asked[name] = run[name]
    return asked


def summary_of(folder: Path, info: Mapping[str, Any]) -> dict[str, Any]:
    """A run as the run.json of another says whose outputs it judged."""
    data = info.get("data")
    return {
        "folder": folder.resolve().name,
        **{name: info[name] for name in _SHOWN if name in info},
        **asked_of(info),
        "data": data if isinstance(data, dict) else None,
    }


def inputs_row(case: Case) -> dict[str, Any]:
    """A row of inputs.jsonl.

    Raises:
        DataError: an input image of the case has no bytes.
    """
    return {"id": case.id, "scenario_type": case.task.code, "sha256": _digests(case)}


def require_same_inputs(
    folder: Path, info: Mapping[str, Any], source: Source, cases: Iterable[Case]
) -> None:
    """Refuse to judge a run's outputs as answers to other inputs than the model was given.

    Args:
        folder: the run's.
        info: its run.json.
        source: the data to judge on.
        cases: those of the cases that have an output.

    Raises:
        PredictionsError: the first case that differs and in what, or else that the data differ.
    """
    from unisafe_tasks.data.sources import fingerprint

    others, known = _differences(folder, cases)
    made_on = _source_in(info)
    if others:
        raise PredictionsError(
            f"{folder} is a run on other data than {source.name}: {_in_words(others)}. "
            f"Name the data that the run was made on{made_on} (UNISAFE_DATA)"
        )
    # Runs of earlier versions have no inputs.jsonl: of their data only the whole is known.
    recorded = _fingerprint_in(info.get("data"))
    if recorded is None or (known and source.subset is None):
        return
    allowed = {fingerprint(source)}
    if source.subset is not None:
        allowed.add(source.subset.fingerprint)
    subset = _mapping(_mapping(info.get("data")).get("subset"))
    if recorded not in allowed and _fingerprint_in(subset.get("of")) not in allowed:
        whole = " and what that is a subset of" if source.subset is not None else ""
        raise PredictionsError(
            f"{folder} is a run on other data than {source.name}{whole}: name the data that the "
            f"run was made on{made_on} (UNISAFE_DATA)"
        )


def differences_in_words(folder: Path, source: Source, keys: Collection[tuple[str, str]]) -> str:
    """Which case of a run is another one in these data and in what; empty if that is not known.

    Args:
        folder: the run's.
        source: the data to look into.
        keys: the run's cases, by harness name of the task and id.
    """
    from unisafe_tasks.data.sources import load_cases

    tasks = [task_named(name) for name in sorted({name for name, _ in keys})]
    # The data may lack a task altogether, which whoever asks says too.
    with suppress(UnisafeError):
        cases = [case for task in tasks for case in load_cases(source, task)]
        known = (case for case in cases if (case.task.name, case.id) in keys)
        return _in_words(_differences(folder, known)[0])
    return ""


def _in_words(others: Sequence[str]) -> str:
    more = f", and {len(others) - 1:,} more cases differ" if len(others) > 1 else ""
    return f"{others[0]}{more}" if others else ""


def _differences(folder: Path, cases: Iterable[Case]) -> tuple[list[str], bool]:
    """A sentence for each case that differs, and whether the run knows the inputs of all."""
    given = {
        (row["id"], row["scenario_type"]): row["sha256"]
        for _, row in read_run_rows(folder, INPUTS, PredictionsError)
        if isinstance(row.get("sha256"), dict)
    }
    labels = {
        (row["id"], row["scenario_type"]): row
        for _, row in read_run_rows(folder, "predictions", PredictionsError)
    }
    others: list[str] = []
    known = True
    for case in cases:
        key = (case.id, case.task.code)
        row = labels.get(key, {})
        fields = [
            name
            for name in ("category", "subcategory")
            if row.get(name) not in (None, getattr(case, name))
        ]
        if key in given:
            now = _digests(case)
            names = dict.fromkeys([*given[key], *now])
            fields += [name for name in names if given[key].get(name) != now.get(name)]
        else:
            known = False
        if fields:
            others.append(f"{case.key} has another {' and another '.join(fields)}")
    return others, known


def _digests(case: Case) -> dict[str, str]:
    texts = {
        "instruction": case.instruction,
        "target": case.target,
        "turns": json.dumps(case.turns) if case.turns else "",
    }
    given = {
        name: hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        for name, text in texts.items()
        if text
    }
    given |= {image.column: image.sha256 for image in case.images}
    return {name: digest[:_DIGITS] for name, digest in given.items()}


def _source_in(info: Mapping[str, Any]) -> str:
    name = _mapping(info.get("data")).get("source")
    return f", {name}" if isinstance(name, str) else ""


def _fingerprint_in(value: object) -> str | None:
    recorded = _mapping(value).get("fingerprint")
    return recorded if isinstance(recorded, str) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

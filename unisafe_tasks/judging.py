"""Judging outputs that exist already: `unisafe judge` and `unisafe prompt`.

Outputs come from an official predictions JSONL, from a run folder, or from the sample files that
lmms-eval writes with --predict_only. They go the way of a live run: stored, judged, scored. Replies
are found in the store, so that judging again resumes, failed cases included, and pays for nothing
twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unisafe_judges import Evidence, ImageError, Panel
from unisafe_judges.images import check_image, encode_for_judge, read_image_file
from unisafe_judges.seats import estimated_tokens, reply_key
from unisafe_tasks.cases import Case, CaseSet
from unisafe_tasks.errors import NoCasesError, PredictionsError, UnisafeError
from unisafe_tasks.evidence import build_evidence
from unisafe_tasks.jsonl import read_rows
from unisafe_tasks.outputs import RawOutput, Status, parse_output, status_of
from unisafe_tasks.panels import open_store
from unisafe_tasks.predictions import Prediction, predictions_path, read_predictions
from unisafe_tasks.runs import scored_case
from unisafe_tasks.session import Pending, RunSettings, Session, watch
from unisafe_tasks.sources import Source, load_cases
from unisafe_tasks.tasks import TASKS, Task

__all__ = ["Outputs", "describe_prompt", "estimate", "judge_outputs", "preview", "read_outputs"]

_HARNESS = "unisafe judge"


@dataclass(frozen=True)
class Outputs:
    """A model's outputs with their cases, in the data set's order. `limited`: not all cases.

    `path` is the file or folder they were read from.
    """

    path: Path
    model: str
    items: tuple[tuple[Case, RawOutput], ...]
    limited: bool


def read_outputs(
    setting: str, source: Source, tasks: Sequence[Task], limit: int | None = None
) -> Outputs:
    """Read a model's outputs for `tasks`, or for every task that the file has rows of.

    A case of an asked task without an output is there as a failed one.

    Raises:
        UnisafeError: the file is doubtful as a whole, or the data lacks a task.
    """
    path = Path(setting).expanduser()
    cases = {task.code: load_cases(source, task) for task in tasks or _tasks_in(source)}
    # A run of several ranks that was stopped has a file of each.
    files = sorted([*path.glob("predictions.jsonl"), *path.glob("predictions.rank*.jsonl")])
    if not files and (path.is_dir() or "_samples_" in path.name):
        model, found = _from_samples(path, cases)
    else:
        predictions: dict[tuple[str, str], Prediction] = {}
        for file in files or [predictions_path(str(path))]:
            predictions |= read_predictions(file, cases)
        model = next(iter(predictions.values())).model
        found = {
            key: parse_output(prediction.as_output(), prediction.task)
            for key, prediction in predictions.items()
        }
    codes = [code for code in cases if tasks or any(found_code == code for _, found_code in found)]
    missing = RawOutput(error="there is no output for this case", sealed=True)
    items = [
        (case, found.get((case.id, code), missing))
        for code in codes
        for case in _first(cases[code], limit)
    ]
    if not items:
        raise PredictionsError(f"{setting} has no output of the tasks asked for")
    return Outputs(path, model, tuple(items), limit is not None)


def judge_outputs(
    outputs: Outputs, source: Source, panel: Panel | None, folder: Path, details: Mapping[str, Any]
) -> dict[str, Any]:
    """Judge outputs into a run folder and return what its metrics.json holds.

    Raises:
        UnisafeError: the folder cannot be used, or no judge can work.
    """
    _empty(folder, outputs)
    details = {"harness": _HARNESS, **details}
    settings = RunSettings(folder, outputs.model, outputs.limited, details=details)
    session = Session(settings, source, panel)
    try:
        pending = [(case, session.submit(case, raw)) for case, raw in outputs.items]
        watch([waiting for _, waiting in pending], session, "Judging")
        # Not by the files: the folder may hold images of outputs that were judged into it before.
        makes_images = any(waiting.row["image_sha256"] for _, waiting in pending)
        for task in dict.fromkeys(case.task for case, _ in pending):
            own = [waiting for case, waiting in pending if case.task is task]
            session.finish_task(task.name, [_scored(waiting, makes_images) for waiting in own])
        return session.metrics()
    finally:
        session.close()


def preview(case: Case, raw: RawOutput) -> tuple[Status, Evidence | None]:
    """An output's status and, if it can be judged, its evidence; nothing is stored."""
    images = []
    for path in raw.images[-case.task.outputs :] if case.task.makes_images else ():
        try:
            data = read_image_file(Path(path))
            images.append((check_image(data).sha256, Path(path).read_bytes))
        except ImageError:
            return Status.FAILED, None
    status = status_of(raw, case.task, len(images))
    if status is not Status.OK:
        return status, None
    return status, build_evidence(case, raw.text, images)


def estimate(outputs: Outputs, panel: Panel | None) -> list[dict[str, Any]]:
    """What judging would ask of each judge: calls, those already in the store, tokens and cost.

    Tokens are counted roughly, before any call is made: replies as long as `max_tokens` allows are
    not assumed, but a quarter of it.
    """
    rows: list[dict[str, Any]] = []
    if panel is None:
        return rows
    found = [preview(case, raw)[1] for case, raw in outputs.items]
    prompts = [panel.rubric.render(evidence) for evidence in found if evidence is not None]
    store = open_store(panel)
    for spec in panel.judges:
        identity = panel.judge_identity(spec)
        known = [
            store is not None and store.find(reply_key(identity, prompt)) is not None
            for prompt in prompts
        ]
        asked = [prompt for prompt, cached in zip(prompts, known, strict=True) if not cached]
        price = getattr(spec, "price", None)
        tokens = round(sum(estimated_tokens(prompt) for prompt in asked))
        replies = len(asked) * getattr(spec, "max_tokens", 0) / 4
        is_free = spec.backend == "labels"
        rows.append(
            {
                "judge": spec.name,
                "calls": 0 if is_free else len(asked),
                "cached": sum(known),
                "tokens": 0 if is_free else tokens,
                "cost": (tokens * price.input + replies * price.output) / 1e6
                if price
                else 0.0
                if is_free
                else None,
            }
        )
    if store is not None:
        store.close()
    return rows


def describe_prompt(case: Case, raw: RawOutput, panel: Panel) -> str:
    """All that a judge is sent for an output, or the sentence why it is shown to none."""
    status, evidence = preview(case, raw)
    if evidence is None:
        return f"{case.key}: the output's status is {status}, so no judge is asked."
    prompt = panel.rubric.render(evidence)
    lines = [
        f"case {case.key}, rubric {panel.rubric.name} ({panel.rubric.sha256[:12]})",
        f"output_sha256 {evidence.output_sha256}",
        "--- system ---",
        prompt.instructions,
        "--- user ---",
    ]
    for item in prompt.content:
        if isinstance(item, str):
            lines.append(item)
        else:
            data = item.read()
            facts = check_image(data)
            sent = len(encode_for_judge(data))
            lines.append(
                f"[image: {facts.width} x {facts.height} {facts.format}, sha256 {item.sha256}, "
                f"sent as {sent:,} bytes of JPEG]"
            )
    return "\n".join(lines)


def _empty(folder: Path, outputs: Outputs) -> None:
    """Make way in a folder that was judged into before; any other that holds something is kept."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / "run.json").is_file():
        raise UnisafeError(f"{folder} is not empty and no run folder: name another --out")
    if outputs.path.resolve().is_relative_to(folder.resolve()):
        raise UnisafeError(f"{folder} holds the outputs to be judged: name another --out")
    if _harness_of(folder) != _HARNESS:
        raise UnisafeError(
            f"{folder} holds a run that 'unisafe judge' did not make: name another --out"
        )
    # What is judged again is written again; the replies themselves are in the store.
    for name in ("metrics.json", "predictions.jsonl", "verdicts.jsonl"):
        (folder / name).unlink(missing_ok=True)


def _harness_of(folder: Path) -> object:
    try:
        info = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return info.get("harness") if isinstance(info, dict) else None


def _scored(pending: Pending, makes_images: bool) -> Any:
    return scored_case(pending.row, pending.verdicts(), makes_images, pending.row["id"])


def _first(cases: CaseSet, limit: int | None) -> Iterable[Case]:
    for number, case in enumerate(cases):
        if limit is not None and number >= limit:
            return
        yield case


def _tasks_in(source: Source) -> list[Task]:
    found = []
    for task in TASKS.values():
        try:
            load_cases(source, task)
        except NoCasesError:
            continue
        found.append(task)
    return found


def _from_samples(
    path: Path, cases: Mapping[str, CaseSet]
) -> tuple[str, dict[tuple[str, str], RawOutput]]:
    files = sorted(path.rglob("*_samples_unisafe_*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise PredictionsError(
            f"{path} is neither a run folder nor a folder with lmms-eval's sample files"
        )
    found: dict[tuple[str, str], RawOutput] = {}
    for file in files:
        for number, row in read_rows(file, PredictionsError):
            where = f"{file}, line {number}"
            case_id, _, code = str(row.get("target", "")).rpartition("/")
            if code not in TASKS:
                raise PredictionsError(f"{where}: target is no ID/CODE of a UniSAFE case")
            if code not in cases:
                continue
            if case_id not in cases[code]:
                raise PredictionsError(f"{where}: the data set has no case {case_id}/{code}")
            if (case_id, code) in found:
                raise PredictionsError(
                    f"{where}: a second output for {case_id}/{code}: name one sample file, or a "
                    "folder with those of one run"
                )
            answer = row.get("filtered_resps")
            answer = answer[0] if isinstance(answer, list) and answer else answer
            root = path if path.is_dir() else path.parent
            raw = parse_output(answer, TASKS[code], foreign=True)
            found[case_id, code] = _inside(raw, root, where)
    # One name for all rows: an adapter may say it of its own, a case without an output cannot.
    folder = path.resolve().parent.name if path.is_file() else path.resolve().name
    model = next((raw.model for raw in found.values() if raw.model), folder)
    return model, {key: replace(raw, model=None) for key, raw in found.items()}


def _inside(raw: RawOutput, root: Path, where: str) -> RawOutput:
    """The output as one whose files are taken, since they lie where the samples do."""
    for name in raw.images:
        if not Path(name).resolve().is_relative_to(root.resolve()):
            raise PredictionsError(
                f"{where}: names {name!r}, which is outside {root}; put the images beside the "
                "sample files"
            )
    return replace(raw, sealed=True)

"""What running in any harness needs: a run folder, names, and words for the person."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from unisafe_judges.limits import ranks
from unisafe_judges.model_names import same_model
from unisafe_tasks.data.names import BENIGN
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.harnesses.ending import fail_at_the_end
from unisafe_tasks.harnesses.scoring import complete_records
from unisafe_tasks.judging.session import Session
from unisafe_tasks.judging.spending import spending_in_words
from unisafe_tasks.metric_facts import metrics_of
from unisafe_tasks.redaction import in_one_line, printable, redact, redacted
from unisafe_tasks.runs.folder import PREDICTIONS, make_run_folder
from unisafe_tasks.runs.outcome import first_failures, problem_of
from unisafe_tasks.settings import data_as_recorded
from unisafe_tasks.tasks import Arm, task_named

__all__ = [
    "agreed_folder",
    "arguments_in",
    "as_recorded",
    "begin_planned",
    "complete_samples",
    "data_recorded",
    "folder_name",
    "model_name",
    "print_summary",
    "record_versions",
    "refuse_unwritable",
    "tell_problem",
    "warn",
    "weights_name",
]


def agreed_folder(base: Path | None, model: str) -> Path:
    """A new run folder, the same on every rank."""
    if ranks() == 1:
        return make_run_folder(base, model)
    import torch.distributed as dist

    if not dist.is_initialized():
        raise UnisafeError(
            "several ranks were started, but torch.distributed is not set up: "
            "start them with python -m torch.distributed.run ... -m lmms_eval"
        )
    names = [str(make_run_folder(base, model)) if dist.get_rank() == 0 else ""]
    dist.broadcast_object_list(names, src=0)
    return Path(names[0])


def folder_name(model: str, arm: Arm) -> str:
    """What a run folder is named after: of two arms in one evaluation, each has its own."""
    return model if arm is Arm.ADVERSARIAL else f"{arm}-{model}"


def data_recorded(arm: Arm) -> str:
    """The data of an arm as run.json has them."""
    return data_as_recorded() if arm is Arm.ADVERSARIAL else BENIGN


def model_name(cli: Any) -> str:
    """What identifies the model to people: its weights or served name, or else --model."""
    model = str(getattr(cli, "model", None) or "model")
    given = arguments_in(getattr(cli, "model_args", None))
    if name := weights_name(given):
        return redact(name)
    if model == "predictions" and given.get("predictions"):
        return Path(str(given["predictions"])).stem
    return model


def arguments_in(model_args: object) -> Mapping[str, Any]:
    """The arguments of a model by name, given as the command line has them or as a mapping."""
    if isinstance(model_args, Mapping):
        return model_args
    parts = str(model_args or "").split(",")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def as_recorded(arguments: object) -> str:
    """Arguments of a harness as run.json has them: one text, without credentials."""
    if isinstance(arguments, Mapping):
        arguments = json.dumps(redacted(arguments), default=str)
    return redact(str(arguments or ""))


def weights_name(arguments: Mapping[str, Any]) -> str | None:
    """What a model's arguments name its weights or the served model; None if they do not."""
    for name in ("pretrained", "model_version", "model", "model_name"):
        if arguments.get(name):
            return str(arguments[name]).strip()
    return None


def record_versions(session: Session, asked: str, versions: Mapping[str, int]) -> None:
    """Keep under which names the model `asked` answered, and which of them are another model's."""
    if versions:
        session.record("model_versions", dict(versions))
    if others := {name: n for name, n in versions.items() if not same_model(asked, name)}:
        session.record("substituted", others)


def refuse_unwritable(output_path: str | None) -> None:
    """Raise an UnisafeError if there is an --output_path that nothing can be written to."""
    if output_path and not _writable(Path(output_path).absolute()):
        raise UnisafeError(f"--output_path {output_path} cannot be written to")


def _writable(folder: Path) -> bool:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        # Asking for permissions says yes to root where nothing can be written.
        with tempfile.TemporaryFile(dir=existing):
            return True
    except OSError:
        return False


def warn(sentence: str) -> None:
    """Tell the person something that may be wrong, beside the harness's own output."""
    warning = printable(f"Warning: {sentence}")
    _console().print(warning, style="yellow", markup=False, highlight=False)


def complete_samples(results: Mapping[str, Any], session: Session) -> None:
    """Give logged samples the final status that other ranks could not know when they sent them."""
    for name, samples in (results.get("samples") or {}).items():
        if (cases := session.cases_of(name)) is None:
            continue
        for metric in metrics_of(task_named(name).arm):
            records = [sample[metric] for sample in samples if isinstance(sample.get(metric), dict)]
            complete_records(metric, records, cases)


def print_summary(session: Session) -> None:
    """Print a finished run's notes and where its folder is."""
    if session.settings.rank:
        return
    console = _console()
    for note in session.metrics()["notes"]:
        console.print(printable(note), markup=False, highlight=False)
    failures = first_failures(session.folder.read_rows(PREDICTIONS))
    for line in (*failures, *spending_in_words(session.spending())):
        console.print(in_one_line(line), markup=False, highlight=False)
    console.print(f"Run folder: {session.folder.path}", markup=False, highlight=False)


def begin_planned(session: Session) -> None:
    """Begin all tasks that have cases: a run that leaves one of them out does not look complete."""
    if session.settings.rank == 0:
        for name in _planned(session):
            session.begin_task(name, {})


def _planned(session: Session) -> list[str]:
    asked: Mapping[str, int] = session.settings.details.get("asked", {})
    return [name for name, count in asked.items() if count]


def tell_problem(session: Session) -> None:
    """Have a harness's command fail at its end if a finished run lacks a score."""
    if session.settings.rank:
        return
    if problem := problem_of(session.metrics(), _planned(session)):
        fail_at_the_end(problem)


def _console() -> Console:
    return Console(file=sys.stdout, soft_wrap=True)

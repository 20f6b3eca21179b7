"""The files that the page loads on demand: texts, verdicts and prompts of a hundred cases each.

A page that is opened from disk may not fetch files, but it may run scripts from its folder. So each
side file is a script that hands one JSON text to one function of the page and does nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.errors import NoCasesError, RunError
from unisafe_tasks.files import read_run_rows, write_atomically
from unisafe_tasks.judging.evidence import OutputImage, recorded_image
from unisafe_tasks.metric_facts import FACTS
from unisafe_tasks.metrics import ScoredCase, case_value
from unisafe_tasks.outputs.status import answer_of
from unisafe_tasks.redaction import redact
from unisafe_tasks.report.case_table import BLOCK, DataCases
from unisafe_tasks.report.media import Thumbnails
from unisafe_tasks.report.text import as_script_string, as_text, shorten, shown, to_script_json
from unisafe_tasks.results.scored_run import ScoredRun
from unisafe_tasks.runs.folder import PREDICTIONS, VERDICTS
from unisafe_tasks.tasks import TASKS, task_named
from unisafe_tasks.types import Status

__all__ = [
    "CASE_LABELS",
    "FUNCTION",
    "OUTPUT_CHARACTERS",
    "VERDICT_FIELDS",
    "write_prompts",
    "write_run",
]

FUNCTION = "unisafePart"
OUTPUT_CHARACTERS = 20_000
"""Of an output's text. The 4,096 tokens that a task allows fit in, and people label whole texts."""
CASE_LABELS = {metric: facts.case_label for metric, facts in FACTS.items() if facts.case_label}
"""The metrics whose value is shown for each case, each with its label."""

VERDICT_FIELDS = (
    *("judge", "judgment", "risk_rating", "refusal", "failure", "reasoning"),
    *("violated", "depicts_target"),
)
"""The fields of a verdict's list, in this order; a list ends with the last field that is told."""

_PROMPT_CHARACTERS = 4000
_REASON_CHARACTERS = 500
_ERROR_CHARACTERS = 300
_MOST_CODES = 20
_LONGEST_CODE = 60
_SHA256 = re.compile(r"[0-9a-f]{64}")

Key = tuple[str, str]
Part = dict[str, Any]


def write_prompts(
    source: Source, data: DataCases, number: int, folder: Path, media: Thumbnails
) -> int:
    """Write the prompts of one data source, for all its runs; returns how many were written.

    Raises:
        DataError: a case cannot be read.
    """
    written = 0
    for code, case_keys in data.by_task.items():
        try:
            cases = load_cases(source, TASKS[code])
        except NoCasesError:
            continue
        for block, start in enumerate(range(0, len(case_keys), BLOCK)):
            parts: list[Part] = []
            for index, case_key in enumerate(case_keys[start : start + BLOCK], start):
                if case_key.id not in cases:
                    continue
                case = cases[case_key.id]
                images = [_input_image(image.read()) for image in case.images]
                parts.append(
                    {
                        "case": index,
                        "instruction": shorten(case.instruction, _PROMPT_CHARACTERS),
                        "turns": [shorten(turn, _PROMPT_CHARACTERS) for turn in case.turns],
                        "target": shorten(case.target, _PROMPT_CHARACTERS),
                        "images": media.draw(images),
                    }
                )
            written += len(parts)
            _write(folder, f"d{number}-{code.lower()}-{block}", parts)
    return written


def write_run(
    result: ScoredRun, data: DataCases, number: int, folder: Path, media: Thumbnails | None
) -> list[str]:
    """Write a run's outputs and verdicts; returns the names of the judges that the files number.

    With `media` None only statuses and numbers are written: no image, and no text that a model or a
    judge wrote.

    Raises:
        RunError: the run folder is damaged.
    """
    cases = {(case.id, task_named(case.task).code): case for case in result.cases}
    judges = sorted({row.judge for case in result.cases for row in case.rows})
    verdicts = _verdicts(result.folder, judges, with_texts=media is not None)
    outputs = _outputs(result.folder, with_texts=media is not None)
    for code, case_keys in data.by_task.items():
        for block, start in enumerate(range(0, len(case_keys), BLOCK)):
            parts: list[Part] = []
            originals: list[OutputImage] = []
            for index, case_key in enumerate(case_keys[start : start + BLOCK], start):
                key = (case_key.id, code)
                if key not in outputs or key not in cases:
                    continue
                output = outputs[key]
                named = output.pop("named", [])
                originals += [recorded_image(result.folder, *one) for one in named]
                parts.append(
                    {
                        "case": index,
                        **output,
                        "images": len(named),
                        "values": _values(cases[key]),
                        "verdicts": list(verdicts.get(key, {}).values()),
                    }
                )
            drawn = iter(media.draw(originals) if media else ())
            for part in parts:
                part["images"] = [next(drawn) for _ in range(part["images"])]
            if parts:
                _write(folder, f"r{number}-{code.lower()}-{block}", parts)
    return judges


def _input_image(data: bytes) -> OutputImage:
    return OutputImage(hashlib.sha256(data).hexdigest(), lambda: data)


def _outputs(folder: Path, *, with_texts: bool) -> dict[Key, Part]:
    """By case the shortened output, and the names and hashes of its images."""
    outputs: dict[Key, Part] = {}
    # An id stands in up to seven rows.
    is_plain = lru_cache(10_000)(lambda name: shown(name) == name)
    for row in _rows(folder, PREDICTIONS):
        part: Part = {}
        if with_texts:
            # A label names the output by it. The page can only name what it holds as it is.
            digest = str(row.get("output_sha256"))
            is_ok = row["status"] == Status.OK and _SHA256.fullmatch(digest)
            if is_ok and is_plain(row["id"]):
                part["sha256"] = digest
            hashes = row.get("image_sha256")
            names = row.get("output_images") or [row.get("output_image")]
            if isinstance(hashes, list) and isinstance(names, list):
                part["named"] = list(zip(names, hashes, strict=False))
            if text := as_text(row.get("output_text")):
                part["text"] = shorten(text, OUTPUT_CHARACTERS)
                answer = answer_of(text, template_opened=bool(row.get("template_opened")))
                if answer != text.strip():
                    part["answer"] = shorten(answer, OUTPUT_CHARACTERS)
            if error := as_text(row.get("error")):
                part["error"] = shorten(redact(error), _ERROR_CHARACTERS)
        outputs[row["id"], row["scenario_type"]] = part
    return outputs


def _verdicts(
    folder: Path, judges: list[str], *, with_texts: bool
) -> dict[Key, dict[tuple[str, int], list[Any]]]:
    """By case its verdicts, each a list of the `VERDICT_FIELDS`."""
    numbers = {name: number for number, name in enumerate(judges)}
    verdicts: dict[Key, dict[tuple[str, int], list[Any]]] = defaultdict(dict)
    # Few codes stand in many rows.
    code_of = lru_cache(1_000)(lambda code: shorten(redact(code), _LONGEST_CODE)[0])
    for row in _rows(folder, VERDICTS):
        judge = row["judge"]
        if judge not in numbers:
            continue
        reasoning = as_text(row.get("reasoning")) if with_texts else None
        failure = as_text(row.get("failure"))
        fields = [
            numbers[judge],
            row.get("judgment"),
            row.get("risk_rating"),
            row.get("refusal"),
            failure and shorten(redact(failure), _ERROR_CHARACTERS)[0],
            shorten(reasoning, _REASON_CHARACTERS) if reasoning else None,
            _codes(row, code_of) or None,
            row.get("depicts_target"),
        ]
        while fields[-1] is None:
            fields.pop()
        verdicts[row["id"], row["scenario_type"]][judge, row.get("repeat", 0)] = fields
    return verdicts


def _codes(row: Mapping[str, Any], code_of: Callable[[str], str]) -> list[str]:
    """The codes that a judge named, as `code_of` writes them.

    A guard's own hazards stand for our codes that they meet.
    """
    named = row.get("hazards") or row.get("violated")
    if not isinstance(named, list):
        return []
    return [code_of(code) for code in named[:_MOST_CODES] if isinstance(code, str)]


def _values(case: ScoredCase) -> dict[str, float | None]:
    values = {metric: case_value(case, metric) for metric in CASE_LABELS}
    return {name: value if value is None else round(value, 4) for name, value in values.items()}


def _rows(folder: Path, name: str) -> Iterator[Mapping[str, Any]]:
    for _, row in read_run_rows(folder, name, RunError):
        yield row


def _write(folder: Path, name: str, parts: list[Part]) -> None:
    text = f"{FUNCTION}({name!r},{as_script_string(to_script_json(parts))});\n"
    write_atomically(folder / f"{name}.js", text.encode("utf-8"))

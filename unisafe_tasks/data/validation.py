"""Everything that is wrong with a source: each row checked, each input image decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unisafe_judges import ImageError
from unisafe_judges.images import check_image
from unisafe_tasks.data.cases import CaseSet
from unisafe_tasks.data.names import outside_taxonomy
from unisafe_tasks.data.sources import Source, load_cases
from unisafe_tasks.data.subset_file import SUBSET_FILE, subset_name
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.streams import shown_progress
from unisafe_tasks.tasks import TASKS

__all__ = ["Validation", "validate"]


@dataclass(frozen=True)
class Validation:
    """What was checked, and a sentence for each problem and each note.

    A problem keeps a case from being run or judged as it should; a note does not.
    """

    cases: int
    images: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def validate(source: Source) -> Validation:
    """Check every task of a source; a problem in one task does not stop the check of the others.

    A row that is not a case stops the check of its task: the rows after it are not read.
    """
    sets: dict[str, CaseSet] = {}
    problems: list[str] = []
    notes = [f"{source.name}: {note}" for note in source.notes]
    checked: dict[str, str | None] = {}
    images = 0
    for code, task in TASKS.items():
        try:
            cases = sets[code] = load_cases(source, task)
        except NoCasesError as absent:
            notes.append(str(absent))
            continue
        except DataError as error:
            problems.append(str(error))
            continue
        images += len(cases) * len(task.inputs)
        problems += _image_problems(source, cases, checked)
    if not problems:
        problems += _subset_problems(source, sets)
        if not sets:
            problems.append(f"{source.name} holds no case of any task")
    notes += [
        *_moved(source, sets),
        *outside_taxonomy({cases.task: cases.rows["subcategory"] for cases in sets.values()}),
    ]
    # Every task of a split meets a row that is in the wrong split.
    return Validation(
        sum(map(len, sets.values())),
        images,
        tuple(dict.fromkeys(problems)),
        tuple(dict.fromkeys(notes)),
    )


def _image_problems(
    source: Source, cases: CaseSet, checked: dict[str, str | None]
) -> Iterator[str]:
    """What is wrong with input images; `checked` says it of each content, None if nothing is."""
    rows = shown_progress(cases.texts(), len(cases), cases.task.name)
    for number, row in enumerate(rows):
        for column in cases.task.inputs:
            where = f"{source.name}: {row['id']}/{cases.task.code}: {column}"
            images = cases.images[column]
            try:
                digest = images.sha256(number, where)
                if digest not in checked:
                    checked[digest] = _problem(images.read(number, where))
            except DataError as error:
                yield str(error)
            else:
                if problem := checked[digest]:
                    yield f"{where}: {problem}"


def _problem(data: bytes) -> str | None:
    try:
        check_image(data)
    except ImageError as error:
        return str(error)
    return None


def _moved(source: Source, sets: Mapping[str, CaseSet]) -> Iterator[str]:
    """Targets that are in another subcategory in another task with the same taxonomy."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for code, cases in sets.items():
        columns = (cases.rows[name] for name in ("id", "category", "subcategory"))
        for target, category, subcategory in zip(*columns, strict=True):
            cell = f"{category}/{subcategory}"
            before, other = first.setdefault((cases.task.modality, target), (code, cell))
            if cell != other:
                yield (
                    f"{source.name}: {target} is in {other} in {before} and in {cell} in {code}: "
                    "subcategory should be the same in all tasks with one taxonomy"
                )


def _subset_problems(source: Source, sets: Mapping[str, CaseSet]) -> Iterator[str]:
    """Whether a subset is the one that its subset.json describes."""
    if (facts := source.subset) is None:
        return
    ids = {target for cases in sets.values() for target in cases.rows["id"]}
    cases = sum(map(len, sets.values()))
    if (len(ids), cases) != (facts.targets, facts.cases):
        yield (
            f"{source.name}: {SUBSET_FILE} says {facts.targets} targets with {facts.cases} cases, "
            f"and there are {len(ids)} with {cases}: draw the subset again"
        )
    elif source.name != subset_name(
        facts.source, facts.fingerprint, facts.seed, facts.per_subcategory, facts.population, ids
    ):
        yield (
            f"{source.name}: its name is not that of its targets, size, seed and population: draw "
            "the subset again"
        )

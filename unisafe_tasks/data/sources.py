"""Where the cases come from: UNISAFE_DATA resolved to one folder that `datasets` can load.

| UNISAFE_DATA | meaning |
|---|---|
| unset | the gated data set on the Hugging Face hub |
| `ORG/NAME` or `ORG/NAME@REVISION` | a data set on the hub, pinned if a revision is given |
| `demo` | the bundled demo set |
| `benign` | the benign set, for commands that look at cases or judge outputs |
| a folder | parquet files, a `save_to_disk` folder, the official JSONL export, or a subset |
| a `.parquet` or `.jsonl` file | that file |

Whatever it is, it is converted once, into the cache, which a harness then loads. The tasks of the
benign set read that set, whatever UNISAFE_DATA says.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from unisafe_tasks.data import conversion
from unisafe_tasks.data.benign import benign_file, name_of, targets
from unisafe_tasks.data.cache_layout import ENTRIES, without_cache
from unisafe_tasks.data.cases import TEXT_COLUMNS, CaseSet
from unisafe_tasks.data.conversion import Converted
from unisafe_tasks.data.forms import Told
from unisafe_tasks.data.image_forms import what_is_there
from unisafe_tasks.data.names import BENIGN, DEMO, arm_of, is_demo
from unisafe_tasks.data.parquet import names_images, official_splits
from unisafe_tasks.data.subset_file import Subset, read_subset
from unisafe_tasks.errors import DataError, NoCasesError
from unisafe_tasks.files import PACKAGE, write_atomically
from unisafe_tasks.settings import HUB_ID, cache_folder, data_setting, writable_cache
from unisafe_tasks.tasks import ARM_TASKS, BENIGN_GROUP, TASKS, Arm, Task

if TYPE_CHECKING:
    from datasets import DatasetDict

__all__ = [
    "Source",
    "fingerprint",
    "load_cases",
    "resolve_source",
    "source_of",
]

_FILE_SUFFIXES = (".parquet", ".jsonl", ".json")
_Stats = tuple[tuple[str, int, int], ...]
_HUB_PATTERN = re.compile(r"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?$")


@dataclass(frozen=True)
class Source:
    """A resolved data source.

    `name` is what results are labelled with; `folder` holds `data/{image,text}-*.parquet`, for
    `datasets.load_dataset`; `revision` is the hub commit, where there is one.
    `subset` is what a subset says of itself. `notes` say what was read in another form than the
    official one, a sentence each.
    """

    name: str
    folder: Path
    revision: str | None = None
    subset: Subset | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_demo(self) -> bool:
        return is_demo(self.name)

    @property
    def arm(self) -> Arm:
        return arm_of(self.name)

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks of the source's arm by code, also those that it has no case of."""
        return ARM_TASKS[self.arm]


def resolve_source(setting: str | None = None) -> Source:
    """Find the cases that `setting` (default: UNISAFE_DATA) names, downloading or converting once.

    Raises:
        DataError: they cannot be had; one sentence that says why and what to do.
    """
    setting = setting or data_setting()
    if setting == BENIGN:
        return _benign(benign_file())
    return _resolve(setting)


def source_of(arm: Arm) -> Source:
    """The cases that the tasks of an arm are run on.

    Raises:
        DataError: as `resolve_source`; or UNISAFE_DATA names the benign set for UniSAFE's tasks.
    """
    if arm is Arm.BENIGN:
        return resolve_source(BENIGN)
    source = resolve_source()
    if source.arm is not arm:
        raise DataError(
            f"UNISAFE_DATA is {BENIGN}, which has harmless requests: run the tasks {BENIGN_GROUP}, "
            "which need no UNISAFE_DATA, or set it to the data for the others"
        )
    return source


@lru_cache(maxsize=8)
def _resolve(setting: str) -> Source:
    if setting == DEMO:
        demo = PACKAGE / "demo" / "cases.jsonl"
        return Source(DEMO, conversion.from_jsonl([demo]).folder)
    path = Path(os.path.expanduser(setting))
    try:
        if path.exists():
            return _from_path(path.resolve())
    except OSError as error:
        raise _unreadable(error, path) from None
    if path.suffix not in _FILE_SUFFIXES and (match := _HUB_PATTERN.match(setting)):
        return _from_hub(match.group(1), match.group(2))
    raise DataError(
        f"there is no data set {setting!r}: no file or folder here has this name, and it is not a "
        f"hub id; name '{DEMO}', '{BENIGN}', a path or ORG/NAME (UNISAFE_DATA; unset it for "
        f"{HUB_ID})"
    )


@lru_cache(maxsize=2)
def _benign(file: Path) -> Source:
    return Source(name_of(file), conversion.from_jsonl([file]).folder)


def load_cases(source: Source, task: Task) -> CaseSet:
    """The cases of one task, or of its counterpart in the source's arm.

    Raises:
        DataError: the source has no such split, its rows are wrong, it is a subset of something
            else than it says, or a copy of the benign set under another name.
    """
    task = source.tasks[task.code]
    cases = _case_set(source.name, source.folder, _stats(source.folder), task)
    if source.subset is not None:
        source.subset.check(cases)
    if source.arm is Arm.ADVERSARIAL and (found := [name for name in targets() if name in cases]):
        raise DataError(
            f"{source.name} holds {found[0]}, which is a target of the benign set, and its scores "
            f"would stand under UniSAFE's names: name the data '{BENIGN}', or run {BENIGN_GROUP}"
        )
    return cases


def fingerprint(source: Source) -> str:
    """SHA-256 of all cases, images included, whatever files or row order they came in.

    It is kept beside the cache, because hashing every image of the full set takes a while.
    """
    key = hashlib.sha256(json.dumps(_stats(source.folder)).encode()).hexdigest()
    kept = cache_folder() / "fingerprints" / key
    if kept.is_file():
        return kept.read_text("ascii")
    rows = sorted(_row_digests(source))
    value = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    try:
        write_atomically(kept, value.encode("ascii"))
    except OSError as error:
        raise conversion.unwritable_cache(error) from None
    return value


def _row_digests(source: Source) -> Iterator[str]:
    splits = _load(source.folder, _stats(source.folder))
    for task in TASKS.values():
        if task.split not in splits or task.code not in set(splits[task.split]["scenario_type"]):
            continue
        cases = load_cases(source, task)
        for number, row in enumerate(cases.texts()):
            texts = [row[column] for column in TEXT_COLUMNS]
            where = f"{row['id']}: "
            images = [
                images.sha256(number, where + column) if images.has(number) else None
                for column, images in cases.images.items()
            ]
            line = json.dumps([texts, images, list(row["turns"] or ())], ensure_ascii=True)
            yield hashlib.sha256(line.encode()).hexdigest()


def _stats(folder: Path) -> _Stats:
    """What tells a folder from what it was before: its files' names, sizes and times."""
    try:
        # What an entry holds is said by its name, which a row has.
        there = (path for path in folder.rglob("*") if path.parent.name != ENTRIES)
        files = sorted(path for path in there if path.is_file())
        return tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    except OSError as error:
        raise _unreadable(error, folder) from None


# Loading and checking a task's rows costs as much as judging some of them, and one command asks for
# them again and again.
@lru_cache(maxsize=32)
def _case_set(name: str, folder: Path, stats: _Stats, task: Task) -> CaseSet:
    splits = _load(folder, stats)
    if task.split not in splits:
        raise NoCasesError(
            f"{name} has no split {task.split!r}, which {task.name} needs; "
            f"it has: {', '.join(splits) or 'none'}"
        )
    return CaseSet(task, splits[task.split], f"{name}, split {task.split}")


@lru_cache(maxsize=8)
def _load(folder: Path, stats: _Stats) -> DatasetDict:
    import datasets
    import pyarrow as pa

    # Harnesses in this process load the same folder, and need the same.
    datasets.config.HF_DATASETS_CACHE = writable_cache(Path(datasets.config.HF_DATASETS_CACHE))
    try:
        return datasets.load_dataset(str(folder))
    except Exception as error:
        raise DataError(f"{folder} cannot be loaded as a data set: {error}") from None
    finally:
        # What `datasets` took to copy images, Arrow would keep.
        pa.default_memory_pool().release_unused()


def _unreadable(error: OSError, path: Path) -> DataError:
    return DataError(f"{error.filename or path} cannot be used: {error.strerror or error}")


def _from_path(path: Path) -> Source:
    if (subset := read_subset(path)) is not None:
        return _from_subset(path, subset)
    read = _usable(path)
    return Source(f"local:{path.name}", read.folder, notes=read.notes)


def _usable(path: Path, root: Path | None = None) -> Converted:
    """A folder that every harness can load, with the cases of a local file or folder.

    No path of an image may lead out of `root`, which is the folder itself if not given.
    """
    if path.is_file():
        if path.suffix == ".parquet":
            return conversion.from_parquet([path], path.parent)
        if path.suffix in (".jsonl", ".json"):
            return conversion.from_jsonl([path])
        raise DataError(f"{path} is neither a .parquet nor a .jsonl file")
    if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        return conversion.from_saved(path)
    if files := sorted(without_cache(path, path.rglob("*.parquet"))):
        told: Told = Counter()
        splits = official_splits(path, told)
        if splits and (converted := conversion.from_official(splits, path, told)):
            return converted
        return conversion.from_parquet(files, path, root)
    if exports := sorted(path.glob("*.jsonl")):
        return conversion.from_jsonl(exports, root)
    raise DataError(
        f"{path} holds no parquet files, no .jsonl export and no saved data set; "
        f"{what_is_there(path)}"
    )


def _from_subset(folder: Path, subset: Subset) -> Source:
    if not any((folder / "data").glob("*.parquet")):
        raise DataError(f"{folder} holds no data beside its subset.json: draw the subset again")
    read = _usable(folder)
    return Source(subset.name, read.folder, subset.revision, subset, read.notes)


def _from_hub(repo: str, revision: str | None) -> Source:
    folder = _downloaded(repo, revision, ["*.parquet", "README.md"])
    files = list(folder.rglob("*.parquet"))
    if not files or any(map(names_images, files)):
        # Another form than the published one: whatever is there may be needed.
        folder = _downloaded(repo, revision, None)
    # The files of a snapshot are links to a folder beside it.
    read = _usable(folder, folder.parent.parent)
    return Source(repo, read.folder, folder.name, notes=read.notes)


def _downloaded(repo: str, revision: str | None, patterns: list[str] | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        return Path(
            snapshot_download(repo, repo_type="dataset", revision=revision, allow_patterns=patterns)
        )
    except (GatedRepoError, RepositoryNotFoundError):
        token = "the account of HF_TOKEN" if os.environ.get("HF_TOKEN") else "an unknown account"
        raise DataError(
            f"the data set {repo} is gated and {token} has no access: request access on its "
            "Hugging Face page, then set HF_TOKEN to a token of the approved account "
            "(UNISAFE_DATA=demo runs the bundled demo set instead)"
        ) from None
    except Exception as error:  # also what the client's HTTP library raises
        raise DataError(
            f"the data set {repo} cannot be downloaded ({_first_line(error)}): check the network, "
            "or set UNISAFE_DATA to a local copy, or to 'demo' for the bundled demo set"
        ) from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]

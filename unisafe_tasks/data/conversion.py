"""Local forms of the data set, converted once to `data/{image,text}-*.parquet` in a cache.

Rows stream through, so that memory does not grow with the data set. The cache is keyed by content.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_judges.errors import ImageError
from unisafe_judges.images import read_image_file
from unisafe_tasks.data.cases import COLUMNS, IMAGE_COLUMNS, TEXT_COLUMNS, check_row
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import path_inside, read_rows
from unisafe_tasks.settings import cache_folder
from unisafe_tasks.tasks import TASKS

if TYPE_CHECKING:
    from datasets import Features

__all__ = [
    "from_jsonl",
    "from_parquet",
    "from_saved",
    "write_splits",
]

_FORMAT = "1"
_ROWS_PER_GROUP = 64


def from_jsonl(files: list[Path]) -> Path:
    """Convert the official JSONL export; image paths are relative to their file's folder.

    Raises:
        DataError: naming file, line and field. A path that leaves the folder is refused, since
            somebody else's export must not be able to read this machine's files.
    """
    name = ", ".join(str(file) for file in files)
    return _converted(name, _jsonl_key(files), lambda: _jsonl_rows(files))


def from_parquet(file: Path) -> Path:
    """Put one parquet file with rows of any task into the two splits.

    Raises:
        DataError: it is no parquet file, or a row is wrong.
    """

    def rows() -> Iterator[dict[str, Any]]:
        yield from _checked(_parquet_rows(file), str(file))

    return _converted(str(file), f"parquet:{_hash(file)}", rows)


def from_saved(folder: Path) -> Path:
    """Convert a folder that `DatasetDict.save_to_disk` wrote.

    Raises:
        DataError: it cannot be loaded, or a row is wrong.
    """
    import datasets

    try:
        splits = datasets.load_from_disk(str(folder))
    except Exception as error:
        raise DataError(f"{folder} cannot be loaded as a saved data set: {error}") from None

    def rows() -> Iterator[dict[str, Any]]:
        for name, split in splits.items():
            for column in IMAGE_COLUMNS:
                if column in split.column_names:
                    split = split.cast_column(column, datasets.Image(decode=False))
            yield from _checked(split, f"{folder}, split {name}")

    files = sorted(path for path in folder.rglob("*") if path.is_file())
    key = "saved:" + ",".join(_hash(path) for path in files)
    return _converted(str(folder), key, rows)


def _converted(name: str, key: str, rows: Callable[[], Iterable[dict[str, Any]]]) -> Path:
    digest = hashlib.sha256(f"{_FORMAT}:{key}".encode()).hexdigest()[:32]
    folder = cache_folder() / "cases" / digest
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    try:
        write_splits(building, rows())
        if not any((building / "data").iterdir()):
            raise DataError(f"{name} holds no cases")
        try:
            building.rename(folder)
        except OSError:
            # Another process has converted the same data in the meantime.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def write_splits(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write checked rows to `data/{image,text}-*.parquet` in a folder that has no `data` yet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _features().arrow_schema
    (folder / "data").mkdir()
    # A split without rows gets no file, since `datasets` cannot read an empty one.
    writers: dict[str, pq.ParquetWriter] = {}
    waiting: dict[str, list[dict[str, Any]]] = {}

    def flush(split: str) -> None:
        if split not in writers:
            path = folder / "data" / f"{split}-00000-of-00001.parquet"
            writers[split] = pq.ParquetWriter(path, schema)
        writers[split].write_table(pa.Table.from_pylist(waiting[split], schema=schema))
        waiting[split].clear()

    try:
        for row in rows:
            split = TASKS[row["scenario_type"]].split
            waiting.setdefault(split, []).append(row)
            if len(waiting[split]) == _ROWS_PER_GROUP:
                flush(split)
        for split, rest in waiting.items():
            if rest:
                flush(split)
    finally:
        for writer in writers.values():
            writer.close()


def _features() -> Features:
    import datasets

    return datasets.Features(
        {
            **{name: datasets.Value("string") for name in TEXT_COLUMNS},
            **{name: datasets.Image() for name in IMAGE_COLUMNS},
            "turns": datasets.List(datasets.Value("string")),
        }
    )


def _jsonl_key(files: list[Path]) -> str:
    # The images' names, sizes and times stand for their contents: hashing gigabytes at every
    # start would cost more than the rare conversion that a new time causes.
    parts = []
    for file in files:
        parts.append(_hash(file))
        for number, row in read_rows(file, DataError):
            for column in IMAGE_COLUMNS:
                if row.get(column):
                    path = _image_path(file, row[column], f"{file}, line {number}: {column}")
                    stat = path.stat()
                    parts.append(f"{row[column]}:{stat.st_size}:{stat.st_mtime_ns}")
    return "jsonl:" + "\n".join(parts)


def _jsonl_rows(files: list[Path]) -> Iterator[dict[str, Any]]:
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        for number, row in read_rows(file, DataError):
            where = f"{file}, line {number}"
            if missing := [name for name in COLUMNS if name not in row]:
                raise DataError(f"{where}: the field {missing[0]!r} is missing")
            task = check_row(row, where)
            key = (row["id"], task.code)
            if key in seen:
                raise DataError(
                    f"{where}: a second case {row['id']}/{task.code}, first in {seen[key]}"
                )
            seen[key] = where
            for column in task.inputs:
                if not row[column]:
                    raise DataError(
                        f"{where}: {column} is missing, which scenario_type {task.code} needs"
                    )
            for column in IMAGE_COLUMNS:
                row[column] = _image_value(file, row[column], f"{where}: {column}")
            yield {name: row[name] for name in COLUMNS}


def _image_value(file: Path, value: object, where: str) -> dict[str, Any] | None:
    if value is None or value == "":
        return None
    path = _image_path(file, value, where)
    try:
        return {"bytes": read_image_file(path), "path": path.name}
    except ImageError as error:
        raise DataError(f"{where}: {error}") from None


def _image_path(file: Path, value: object, where: str) -> Path:
    if not isinstance(value, str):
        raise DataError(f"{where} must be a path, found {type(value).__name__}")
    try:
        path = path_inside(file.parent, value)
    except ValueError as problem:
        raise DataError(f"{where} names {value[:200]!r}, {problem}") from None
    try:
        is_file = path.is_file()
    except OSError:  # a name that is too long
        is_file = False
    if not is_file:
        raise DataError(f"{where} names {value[:200]!r}, which is not in {file.parent.resolve()}")
    return path


def _parquet_rows(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} is no parquet file: {error}") from None
    for batch in parquet.iter_batches(batch_size=_ROWS_PER_GROUP):
        yield from batch.to_pylist()


def _checked(rows: Iterable[dict[str, Any]], where: str) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows, start=1):
        if missing := [name for name in COLUMNS if name not in row]:
            raise DataError(f"{where}: the column {missing[0]!r} is missing")
        check_row(row, f"{where}, row {number}")
        for column in IMAGE_COLUMNS:
            if (value := row[column]) is None:
                continue
            if not isinstance(value, dict) or not isinstance(value.get("bytes"), bytes | None):
                raise DataError(f"{where}, row {number}: {column} must be an image with its bytes")
        yield {name: row[name] for name in COLUMNS}


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {json.dumps(error.strerror)}") from None

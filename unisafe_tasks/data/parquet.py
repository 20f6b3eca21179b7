"""Parquet files as others write them: their rows, and whether these are in the official form."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.cache_layout import stamp, without_cache
from unisafe_tasks.data.cases import COLUMNS, IMAGE_COLUMNS, TEXT_COLUMNS
from unisafe_tasks.data.forms import Told, read_columns, read_texts
from unisafe_tasks.errors import DataError
from unisafe_tasks.tasks import TASKS

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Features

__all__ = ["names_images", "official_splits", "parquet_rows", "plain_rows", "split_of_file"]

_ROWS_AT_ONCE = 2048
_BYTES_AT_ONCE = 16 * 1024 * 1024
_BYTES_OF_A_READ = 64 * 1024
_SPLITS = frozenset(task.split for task in TASKS.values())


def parquet_rows(file: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a file, of all its columns or of `columns`.

    About 16 MiB of them are in memory at a time, or one row, besides a page of each column.

    Raises:
        DataError: it is not a parquet file, or it was changed meanwhile.
    """
    import datasets

    with _opened(file) as parquet:
        features = datasets.Features.from_arrow_schema(parquet.schema_arrow)
        at_once = _rows_at_once(parquet.metadata, columns)
        batches = parquet.iter_batches(batch_size=at_once, columns=columns)
        yield from plain_rows(batches, features)


def _rows_at_once(metadata: Any, columns: Sequence[str] | None) -> int:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    largest = max((_size(group, columns) / max(group.num_rows, 1) for group in groups), default=0)
    return max(1, min(_ROWS_AT_ONCE, int(_BYTES_AT_ONCE / max(largest, 1))))


def _size(group: Any, columns: Sequence[str] | None) -> int:
    chunks = (group.column(number) for number in range(group.num_columns))
    return sum(
        chunk.total_uncompressed_size
        for chunk in chunks
        if columns is None or chunk.path_in_schema.partition(".")[0] in columns
    )


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # In small reads, or else all that a row group has of a column would be read at once. Not
        # mapped, or else the system would end this process where somebody cuts the file short.
        before = stamp(file)
        with pq.ParquetFile(file, pre_buffer=False, buffer_size=_BYTES_OF_A_READ) as parquet:
            yield parquet
        # Arrow takes the end of a file that was cut short for the end of its rows.
        if stamp(file) != before:
            raise DataError(f"{file} was changed while it was read: run the command again")
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} is not a parquet file: {error}") from None
    finally:
        # A page can hold a thousand images, whose memory Arrow would keep.
        pa.default_memory_pool().release_unused()


def plain_rows(
    batches: Iterable[pa.RecordBatch | pa.Table], features: Features
) -> Iterator[dict[str, Any]]:
    """Rows as Python has them, with the names of labels that are stored as numbers."""
    import datasets

    labels = {
        name: feature
        for name, feature in features.items()
        if isinstance(feature, datasets.ClassLabel)
    }
    for row in _one_by_one(batches):
        for name, label in labels.items():
            number = row.get(name)
            if isinstance(number, int):
                # -1 is how `datasets` stores that there is none.
                is_known = 0 <= number < label.num_classes
                row[name] = label.int2str(number) if is_known else None
        yield row


def _one_by_one(batches: Iterable[pa.RecordBatch | pa.Table]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        at_once = max(1, batch.num_rows * _BYTES_AT_ONCE // max(batch.nbytes, 1))
        for start in range(0, batch.num_rows, at_once):
            yield from batch.slice(start, at_once).to_pylist()


def split_of_file(file: Path) -> str | None:
    """The split that a file of the published form belongs to by its name."""
    name = file.name.partition("-")[0]
    return name if name in _SPLITS else None


def names_images(file: Path) -> bool:
    """Whether a file may name images by their paths, as far as its own statistics say.

    They do not say it of a file that holds as many images without a path as it names without bytes.

    Raises:
        DataError: it is not a parquet file.
    """
    with _opened(file) as parquet:
        groups = range(parquet.metadata.num_row_groups)
        nulls = [_nulls(parquet.metadata.row_group(group)) for group in groups]
    return any(
        group.get(f"{column}.bytes", math.inf) > group.get(f"{column}.path", -1)
        for group in nulls
        for column in IMAGE_COLUMNS
    )


def _nulls(group: Any) -> dict[str, int]:
    """Column, or field of one -> its nulls."""
    chunks = (group.column(number) for number in range(group.num_columns))
    return {
        chunk.path_in_schema: chunk.statistics.null_count
        for chunk in chunks
        if chunk.statistics is not None and chunk.statistics.has_null_count
    }


def official_splits(folder: Path, told: Told) -> Mapping[str, Sequence[Path]]:
    """The files of a folder in the official form, by their splits; else an empty mapping.

    A row that cannot be read does not decide it: it is told where its task is loaded. `told` gets
    what differs from the official form and is read all the same.
    """
    splits = _splits(folder)
    files = [(split, file) for split, files in splits.items() for file in files]
    schemas = []
    for _, file in files:
        with _opened(file) as parquet:
            schemas.append(parquet.schema_arrow)
    if not files or not set(splits) <= _SPLITS or not all(map(_is_official_schema, schemas)):
        return {}
    if len({_extra_columns(schema) for schema in schemas}) > 1:
        return {}
    if any(names_images(file) for _, file in files):
        return {}
    read_columns(schemas[0].names, str(folder), told)
    return splits if all(list(_official_texts(files, told))) else {}


def _splits(folder: Path) -> Mapping[str, Sequence[Path]]:
    """What a harness would load: split -> files."""
    import datasets

    try:
        builder = datasets.load_dataset_builder(str(folder))
    except Exception:  # whatever `datasets` raises for a folder that it cannot load
        return {}
    features = builder.info.features
    if features is not None and not _is_official_schema(features.arrow_schema):
        return {}
    splits = {
        str(split): list(without_cache(folder, map(Path, files)))
        for split, files in (builder.config.data_files or {}).items()
    }
    # Images beside a file of rows are what a harness would load instead.
    is_parquet = all(file.suffix == ".parquet" for files in splits.values() for file in files)
    return splits if is_parquet else {}


def _is_official_schema(schema: pa.Schema) -> bool:
    import pyarrow as pa

    if any(name not in schema.names for name in COLUMNS):
        return False
    image = {"bytes": pa.binary(), "path": pa.string()}
    turns = schema.field("turns").type
    return (
        all(pa.types.is_string(schema.field(name).type) for name in TEXT_COLUMNS)
        and all(_fields(schema.field(name).type) == image for name in IMAGE_COLUMNS)
        and pa.types.is_list(turns)
        and pa.types.is_string(turns.value_type)
    )


def _fields(kind: pa.DataType) -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {field.name: field.type for field in kind} if pa.types.is_struct(kind) else {}


def _extra_columns(schema: pa.Schema) -> tuple[tuple[str, str], ...]:
    extra = [name for name in schema.names if name not in COLUMNS]
    return tuple(sorted((name, str(schema.field(name).type)) for name in extra))


def _official_texts(files: Sequence[tuple[str, Path]], told: Told) -> Iterator[bool]:
    """For each row that can be read, whether it is read as it stands."""
    seen: Counter[str] = Counter()
    for split, file in files:
        for row in parquet_rows(file, [*TEXT_COLUMNS, "turns"]):
            try:
                texts = read_texts(row, "", told)
            except DataError:
                continue
            content = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()
            seen[content] += 1
            as_it_stands = {**row, "turns": row["turns"] or []}
            yield (
                texts == as_it_stands
                and TASKS[texts["scenario_type"]].split == split
                and seen[content] == 1
            )

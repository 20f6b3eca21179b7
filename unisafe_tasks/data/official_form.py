"""Writing cases as the published data set has them: parquet files of two splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unisafe_tasks.data.cases import IMAGE_COLUMNS, TEXT_COLUMNS

if TYPE_CHECKING:
    from datasets import Features

__all__ = ["SplitRow", "write_splits"]

SplitRow = tuple[str, dict[str, Any]]
"""A split, and a row of it as it is written."""

# What is in memory while rows are written, and later whenever one of them is read.
_ROWS_PER_GROUP = 1000
_BYTES_PER_GROUP = 16 * 1024 * 1024


def write_splits(folder: Path, rows: Iterable[SplitRow]) -> None:
    """Write rows to `data/{image,text}-*.parquet` in a folder.

    The folder must have no `data` yet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _features().arrow_schema
    (folder / "data").mkdir()
    # A split without rows gets no file, since `datasets` cannot read an empty one.
    writers: dict[str, pq.ParquetWriter] = {}
    waiting: dict[str, list[dict[str, Any]]] = {}
    sizes: Counter[str] = Counter()

    def flush(split: str) -> None:
        if split not in writers:
            path = folder / "data" / f"{split}-00000-of-00001.parquet"
            writers[split] = pq.ParquetWriter(path, schema)
        writers[split].write_table(pa.Table.from_pylist(waiting[split], schema=schema))
        waiting[split].clear()
        sizes[split] = 0

    try:
        for split, row in rows:
            waiting.setdefault(split, []).append(row)
            sizes[split] += _size(row)
            if len(waiting[split]) == _ROWS_PER_GROUP or sizes[split] >= _BYTES_PER_GROUP:
                flush(split)
        for split, rest in waiting.items():
            if rest:
                flush(split)
    finally:
        for writer in writers.values():
            writer.close()


def _size(row: Mapping[str, Any]) -> int:
    texts = [*(row[name] for name in TEXT_COLUMNS), *(row["turns"] or ())]
    images = [row[name]["bytes"] for name in IMAGE_COLUMNS if row[name] is not None]
    return sum(len(value) for value in (*texts, *images) if value is not None)


def _features() -> Features:
    import datasets

    return datasets.Features(
        {
            **{name: datasets.Value("string") for name in TEXT_COLUMNS},
            **{name: datasets.Image() for name in IMAGE_COLUMNS},
            "turns": datasets.List(datasets.Value("string")),
        }
    )

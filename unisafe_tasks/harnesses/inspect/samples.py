"""From a case to what Inspect asks a model: one user message, images first, then the instruction.

Images are named by files, which Inspect reads when a sample begins and sends byte for byte as data
URIs: a data set of thousands of images in base64 would not fit into memory. What is turned or
transparent is turned and put on white first, as other harnesses' models are given it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentText

from unisafe_judges import ImageError
from unisafe_judges.images import as_plain_file
from unisafe_tasks.data.cases import Case, CaseImage, CaseSet
from unisafe_tasks.data.shards import chosen_shard
from unisafe_tasks.data.sources import Source, fingerprint
from unisafe_tasks.errors import DataError
from unisafe_tasks.files import write_atomically
from unisafe_tasks.settings import cache_folder

__all__ = ["dataset_of", "sample_of"]


def dataset_of(source: Source, cases: CaseSet) -> MemoryDataset:
    """The samples of a task in the data set's order, of a shard if there is one (UNISAFE_SHARD).

    Raises:
        DataError: an input image has no bytes, or cannot be read within the caps; or there is no
            such shard.
    """
    members = shard.members(cases.task, cases.ids) if (shard := chosen_shard()) else None
    folder = cache_folder() / "inspect-images" / fingerprint(source)
    samples = [sample_of(case, folder) for case in cases if members is None or case.id in members]
    return MemoryDataset(samples, name=source.name, location=source.name)


def sample_of(case: Case, folder: Path) -> Sample:
    """A case as a sample, its input images as files in `folder`, which belongs to one data set.

    The target that judges see is no part of it.
    """
    images = [ContentImage(image=str(_file_of(case, image, folder))) for image in case.images]
    metadata: dict[str, Any] = {
        "category": case.category,
        "subcategory": case.subcategory,
        "task": case.task.name,
    }
    words = case.instruction
    if case.task.is_conversation:
        words = case.turns[0]
        metadata["turns"] = list(case.turns)
    said = [ContentText(text=words)] if words else []
    message = ChatMessageUser(content=[*images, *said] if images else words)
    return Sample(id=case.key, input=[message], metadata=metadata)


def _file_of(case: Case, image: CaseImage, folder: Path) -> Path:
    # Without a suffix: Inspect then looks at the bytes for the media type.
    path = folder / image.sha256
    if not path.is_file():
        try:
            write_atomically(path, as_plain_file(image.read()))
        except ImageError as error:
            raise DataError(f"{case.key}: an input image cannot be read: {error}") from None
    return path

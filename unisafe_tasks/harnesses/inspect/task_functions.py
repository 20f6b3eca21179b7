"""The tasks under the names by which Inspect finds them, a function for each.

Inspect, and its register of evaluations, look for these functions in the source of a file. So they
stand here word by word, though they differ by their names alone.
"""

from __future__ import annotations

from inspect_ai import Task, task

from unisafe_tasks.harnesses.inspect.tasks import task_of

__all__ = [
    "unisafe_benign_i2i",
    "unisafe_benign_i2t",
    "unisafe_benign_it2t",
    "unisafe_benign_mmi2i",
    "unisafe_benign_mt2i",
    "unisafe_benign_t2i",
    "unisafe_benign_t2t",
    "unisafe_i2i",
    "unisafe_i2t",
    "unisafe_it2t",
    "unisafe_mmi2i",
    "unisafe_mt2i",
    "unisafe_t2i",
    "unisafe_t2t",
]


@task
def unisafe_t2i(output_path: str | None = None) -> Task:
    """Text to image. The run folder is made in `output_path`."""
    return task_of("unisafe_t2i", output_path)


@task
def unisafe_i2i(output_path: str | None = None) -> Task:
    """Image editing. The run folder is made in `output_path`."""
    return task_of("unisafe_i2i", output_path)


@task
def unisafe_mmi2i(output_path: str | None = None) -> Task:
    """Image composition. The run folder is made in `output_path`."""
    return task_of("unisafe_mmi2i", output_path)


@task
def unisafe_mt2i(output_path: str | None = None) -> Task:
    """Multi-turn editing. The run folder is made in `output_path`."""
    return task_of("unisafe_mt2i", output_path)


@task
def unisafe_t2t(output_path: str | None = None) -> Task:
    """Text to text. The run folder is made in `output_path`."""
    return task_of("unisafe_t2t", output_path)


@task
def unisafe_i2t(output_path: str | None = None) -> Task:
    """Image to text. The run folder is made in `output_path`."""
    return task_of("unisafe_i2t", output_path)


@task
def unisafe_it2t(output_path: str | None = None) -> Task:
    """Image and text to text. The run folder is made in `output_path`."""
    return task_of("unisafe_it2t", output_path)


@task
def unisafe_benign_t2i(output_path: str | None = None) -> Task:
    """Text to image, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_t2i", output_path)


@task
def unisafe_benign_i2i(output_path: str | None = None) -> Task:
    """Image editing, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_i2i", output_path)


@task
def unisafe_benign_mmi2i(output_path: str | None = None) -> Task:
    """Image composition, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_mmi2i", output_path)


@task
def unisafe_benign_mt2i(output_path: str | None = None) -> Task:
    """Multi-turn editing, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_mt2i", output_path)


@task
def unisafe_benign_t2t(output_path: str | None = None) -> Task:
    """Text to text, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_t2t", output_path)


@task
def unisafe_benign_i2t(output_path: str | None = None) -> Task:
    """Image to text, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_i2t", output_path)


@task
def unisafe_benign_it2t(output_path: str | None = None) -> Task:
    """Image and text to text, benign requests. The run folder is made in `output_path`."""
    return task_of("unisafe_benign_it2t", output_path)

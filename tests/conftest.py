"""What must be set before anything is imported, and what is made once for all tests."""

import functools
import os
from collections.abc import Iterator

import pytest
import typer.main

# Two workers share two cores, and tiny models gain nothing from threads that wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def built_once() -> Iterator[None]:
    """The `unisafe` command in this process: to build its parsers is most of what a call costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield

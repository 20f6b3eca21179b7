"""Bytes that wait in a temporary file, which goes with the process."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import IO

__all__ = ["Spool"]


class Spool:
    """Bytes by name, in a file without a name. Not safe for several threads.

    The file is in the folder for temporary files (TMPDIR). What the disk cannot hold is not kept.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0

    def keep(self, name: str, data: bytes) -> None:
        """Keep bytes, unless they are kept already."""
        if name in self._places:
            return
        with suppress(OSError):
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="unisafe-", buffering=0)  # noqa: SIM115
            if os.pwrite(self._file.fileno(), data, self._end) == len(data):
                self._places[name] = self._end, len(data)
                self._end += len(data)

    def find(self, name: str) -> bytes | None:
        """The bytes of a name, if they are kept."""
        if name not in self._places or self._file is None:
            return None
        start, size = self._places[name]
        with suppress(OSError):
            data = os.pread(self._file.fileno(), size, start)
            if len(data) == size:
                return data
        return None

    def close(self) -> None:
        """Forget everything, and give the disk back."""
        self._places.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

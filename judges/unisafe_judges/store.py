"""The reply store: every reply of a judge, kept the moment it arrives.

A SQLite file in WAL mode, which several processes of one machine may write to at once. A reply is
found by a key that covers everything that can change it: the judge's identity, the prompt's every
word, and the images' hashes. A failure is recorded too, and is never an answer to a later question.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from unisafe_judges.disks import shared_file_system
from unisafe_judges.errors import PanelError
from unisafe_judges.model_names import same_model
from unisafe_judges.store_format import COLUMNS, make_tables, refuse_other_format
from unisafe_judges.types import FailureKind

__all__ = ["ReplyCount", "ReplyStore", "StoredReply", "insert_reply", "merge_stores"]

_BUSY_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class StoredReply:
    """One reply, or one recorded failure (`failure` set), as a row of the store.

    `created` is in seconds since the epoch; `latency_s` in seconds; tokens as the server counted,
    cached, written and image tokens among those of the input, reasoning tokens among those of the
    output. `cost` is in dollars, by the price when the reply came; None where tokens or price lack.
    """

    key: str
    judge: str
    case_key: str
    output_sha256: str
    encoder: str
    failure: str | None = None
    detail: str | None = None
    raw: str | None = None
    model_version: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_s: float | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    image_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: float | None = None
    created: float = 0.0


@dataclass(frozen=True)
class ReplyCount:
    """How many replies of one judge, version and outcome a store holds.

    `first` and `last` are in seconds since the epoch; tokens are sums, and so is `cost`, in dollars
    of the replies that have one; None where none has.
    """

    judge: str
    model_version: str | None
    failure: str | None
    replies: int
    input_tokens: int
    output_tokens: int
    first: float
    last: float
    cost: float | None = None


class ReplyStore:
    """An open store. Safe for several threads of this process, and for several processes."""

    def __init__(self, path: Path) -> None:
        """Open the store, making it if needed.

        Raises:
            PanelError: it lies on a network disk, cannot be written, is locked or is no store.
        """
        self.path = path
        self._lock = threading.Lock()
        _refuse_network_disk(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._open()
            except sqlite3.Error:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise PanelError(_sentence(path, error)) from None

    def find(
        self, key: str, *, model: str = "", accepted: Iterable[str] = ()
    ) -> StoredReply | None:
        """The latest reply under a key; a recorded failure is never one.

        With the `model` that is asked, a reply counts that came from it or from one in `accepted`,
        or that says nothing of its model. So one that was substituted counts once it is accepted.
        """
        substituted = FailureKind.SUBSTITUTED if model else None
        with self._lock:
            rows = self._db.execute(
                f"SELECT {COLUMNS} FROM replies WHERE key = ? AND "
                "(failure IS NULL OR failure = ?) ORDER BY created DESC",
                (key, substituted),
            ).fetchall()
        for reply in map(_reply, rows):
            version = reply.model_version
            if not model or not version or same_model(model, version, accepted):
                return reply
        return None

    def was_substituted(self, key: str) -> bool:
        """Whether the latest reply under a key came from another model than the one asked."""
        with self._lock:
            row = self._db.execute(
                "SELECT failure FROM replies WHERE key = ? ORDER BY created DESC LIMIT 1", (key,)
            ).fetchone()
        return row is not None and row[0] == FailureKind.SUBSTITUTED

    def add(self, reply: StoredReply) -> None:
        """Keep a reply; it survives the process from here on.

        Raises:
            PanelError: the store can no longer be written.
        """
        try:
            with self._lock:
                insert_reply(self._db, reply)
        except sqlite3.Error as error:
            raise PanelError(_sentence(self.path, error)) from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The database, for changes that are kept together or not at all.

        Raises:
            PanelError: the store can no longer be written.
        """
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise PanelError(_sentence(self.path, error)) from None

    def replies(self) -> Iterator[StoredReply]:
        """Every row, oldest first."""
        cursor = self._db.execute(f"SELECT {COLUMNS} FROM replies ORDER BY created, key")
        return (_reply(row) for row in cursor)

    def summary(self) -> list[ReplyCount]:
        """The replies counted by judge, version and outcome."""
        rows = self._db.execute(
            "SELECT judge, model_version, failure, COUNT(*), COALESCE(SUM(input_tokens), 0), "
            "COALESCE(SUM(output_tokens), 0), MIN(created), MAX(created), SUM(cost) FROM replies "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ).fetchall()
        return [ReplyCount(*row) for row in rows]

    def close(self) -> None:
        """Close the store; nothing is lost without it."""
        with self._lock:
            self._db.close()

    def _open(self) -> None:
        # Looked at before anything is set, which would change another program's file.
        refuse_other_format(self._db)
        self._use_wal()
        # A crash of this process loses nothing; only a crash of the machine could lose the last
        # replies, and syncing each of them would cost more than asking those few again.
        self._db.execute("PRAGMA synchronous = NORMAL")
        make_tables(self._db)

    def _use_wal(self) -> None:
        """Set the journal's mode, for which SQLite itself does not always wait its turn."""
        deadline = time.monotonic() + _BUSY_TIMEOUT_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def merge_stores(target: ReplyStore, source: Path) -> int:
    """Copy the rows of another store that `target` lacks; returns how many were copied.

    Raises:
        PanelError: the other store does not exist or cannot be read.
    """
    if not source.is_file():
        raise PanelError(f"there is no reply store {source}")
    other = ReplyStore(source)
    copied = 0
    try:
        with target._lock:
            have = {
                tuple(row) for row in target._db.execute("SELECT key, judge, created FROM replies")
            }
        for reply in other.replies():
            if (reply.key, reply.judge, reply.created) not in have:
                target.add(reply)
                copied += 1
    finally:
        other.close()
    return copied


def insert_reply(db: sqlite3.Connection, reply: StoredReply) -> None:
    """Write a reply's row; one without a time gets the present."""
    values = (
        *(_storable(getattr(reply, name.strip())) for name in COLUMNS.split(",")[:-1]),
        reply.created or time.time(),
    )
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO replies ({COLUMNS}) VALUES ({marks})", values)


def _storable(value: object) -> object:
    # Half a surrogate pair has no UTF-8; as the escape it was in the reply it is parsed the same.
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _reply(row: tuple[object, ...]) -> StoredReply:
    names = [name.strip() for name in COLUMNS.split(",")]
    return StoredReply(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]


def _refuse_network_disk(path: Path) -> None:
    if (kind := shared_file_system(path)) is not None:
        raise PanelError(
            f"the reply store {path} is on a network disk ({kind}), where SQLite's locks do not "
            "hold: set UNISAFE_STORE to a local path; stores of several machines can be merged"
        )


def _sentence(path: Path, error: Exception) -> str:
    reason = str(error)
    unwritable = ("readonly", "unable to open", "is full", "disk I/O")
    if isinstance(error, OSError) or any(words in reason for words in unwritable):
        return (
            f"the reply store {path} cannot be written ({reason}): "
            "set UNISAFE_STORE to a path that can"
        )
    if "locked" in reason:
        return f"the reply store {path} is locked by another process: wait for it, or end it"
    return f"the reply store {path} is damaged or no reply store ({reason}): move it away"

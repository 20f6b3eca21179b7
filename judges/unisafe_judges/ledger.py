"""Which questions are with which batch job: the part of the store that batch mode writes.

A job is written down before it is sent, and found again by its tag after a crash in between. Its
replies and the note that they are there are written together, so that a collection that is cut off
is simply done again.
"""

from __future__ import annotations

import fcntl
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from unisafe_judges.errors import PanelError
from unisafe_judges.store import ReplyStore, StoredReply, insert_reply

__all__ = ["Batch", "BatchLedger", "BatchRequest"]

_SENDING, _WAITING, _COLLECTED = "sending", "waiting", "collected"


@dataclass(frozen=True)
class BatchRequest:
    """A question in a batch, by the key its reply is stored under."""

    key: str
    case_key: str
    output_sha256: str


@dataclass(frozen=True)
class Batch:
    """A batch that is not collected. `job` is None while it is unknown whether it was sent.

    `created` is in seconds since the epoch.
    """

    tag: str
    judge: str
    identity: str
    job: str | None
    detail: str
    created: float


class BatchLedger:
    """The batches of a store."""

    def __init__(self, store: ReplyStore) -> None:
        self._store = store

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from sending and collecting meanwhile.

        Raises:
            PanelError: another process is at it.
        """
        path = self._store.path.with_name(f"{self._store.path.name}.batches.lock")
        with path.open("a") as file:
            try:
                # The kernel lets go of it however this process ends.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise PanelError(
                    f"another process is sending or collecting batches of {self._store.path}: "
                    "wait for it, or end it"
                ) from None
            yield

    def open_batches(self, identity: str | None = None) -> list[Batch]:
        """The batches that are not collected, of one judge or of all, oldest first."""
        with self._store.transaction() as db:
            rows = db.execute(
                "SELECT tag, judge, identity, job, COALESCE(detail, ''), created FROM batches "
                "WHERE state != ? AND identity = COALESCE(?, identity) ORDER BY created, tag",
                (_COLLECTED, identity),
            ).fetchall()
        return [Batch(*row) for row in rows]

    def sendings(self) -> Counter[str]:
        """How many batches have held each question, collected or not."""
        with self._store.transaction() as db:
            rows = db.execute("SELECT key, COUNT(*) FROM batch_requests GROUP BY key").fetchall()
        return Counter(dict(rows))

    def requests(self, tag: str) -> list[BatchRequest]:
        """The questions of a batch."""
        with self._store.transaction() as db:
            rows = db.execute(
                "SELECT key, case_key, output_sha256 FROM batch_requests WHERE tag = ?", (tag,)
            ).fetchall()
        return [BatchRequest(*row) for row in rows]

    def waiting_keys(self) -> set[str]:
        """The questions that are with a batch which is not collected."""
        with self._store.transaction() as db:
            rows = db.execute(
                "SELECT key FROM batch_requests JOIN batches USING (tag) WHERE state != ?",
                (_COLLECTED,),
            ).fetchall()
        return {key for (key,) in rows}

    def begin(self, tag: str, judge: str, identity: str, requests: Sequence[BatchRequest]) -> None:
        """Write down a batch that is about to be sent."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT INTO batches VALUES (?, ?, ?, NULL, ?, NULL, ?)",
                (tag, judge, identity, _SENDING, time.time()),
            )
            db.executemany(
                "INSERT INTO batch_requests VALUES (?, ?, ?, ?)",
                [(tag, item.key, item.case_key, item.output_sha256) for item in requests],
            )

    def note(self, tag: str, job: str, detail: str) -> None:
        """Write down a batch's job at the provider, and how far it is."""
        with self._store.transaction() as db:
            db.execute(
                "UPDATE batches SET job = ?, detail = ?, state = ? WHERE tag = ?",
                (job, detail, _WAITING, tag),
            )

    def forget(self, tag: str) -> None:
        """Strike out a batch that its provider never had, or would not take."""
        with self._store.transaction() as db:
            db.execute("DELETE FROM batches WHERE tag = ?", (tag,))
            db.execute("DELETE FROM batch_requests WHERE tag = ?", (tag,))

    def collect(self, tag: str, detail: str, replies: Iterable[StoredReply]) -> None:
        """Keep a batch's replies, and that there is nothing more to come of it."""
        with self._store.transaction() as db:
            for reply in replies:
                insert_reply(db, reply)
            db.execute(
                "UPDATE batches SET state = ?, detail = ? WHERE tag = ?", (_COLLECTED, detail, tag)
            )

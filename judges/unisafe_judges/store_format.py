"""The tables of the reply store: made where they lack, and added to where a store is older."""

from __future__ import annotations

import sqlite3

__all__ = ["COLUMNS", "make_tables", "refuse_other_format"]

_VERSION = 2
_READABLE = (1, _VERSION)
_TABLES = frozenset({"replies", "batches", "batch_requests"})
_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key           TEXT NOT NULL,
    judge         TEXT NOT NULL,
    case_key      TEXT NOT NULL,
    output_sha256 TEXT NOT NULL,
    failure       TEXT,
    detail        TEXT,
    raw           TEXT,
    model_version TEXT,
    input_tokens  INTEGER,
    output_tokens INTEGER,
    latency_s     REAL,
    encoder       TEXT NOT NULL,
    created       REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS replies_by_key ON replies (key, failure);
CREATE TABLE IF NOT EXISTS batches (
    tag      TEXT PRIMARY KEY,
    judge    TEXT NOT NULL,
    identity TEXT NOT NULL,
    job      TEXT,
    state    TEXT NOT NULL,
    detail   TEXT,
    created  REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS batch_requests (
    tag           TEXT NOT NULL,
    key           TEXT NOT NULL,
    case_key      TEXT NOT NULL,
    output_sha256 TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS batch_requests_by_key ON batch_requests (key);
CREATE INDEX IF NOT EXISTS batch_requests_by_tag ON batch_requests (tag);
"""
_LATER_COLUMNS = {
    "cached_tokens": "INTEGER",
    "cache_write_tokens": "INTEGER",
    "image_tokens": "INTEGER",
    "reasoning_tokens": "INTEGER",
    "cost": "REAL",
}
"""Columns of `replies` that came later: put beside the others where a store lacks them. A program
that does not know them reads and writes such a store as before, so that its format is the same."""
COLUMNS = (
    "key, judge, case_key, output_sha256, failure, detail, raw, model_version, input_tokens, "
    f"output_tokens, latency_s, encoder, {', '.join(_LATER_COLUMNS)}, created"
)


def refuse_other_format(db: sqlite3.Connection) -> None:
    """Refuse another program's database, and a store of a format that is not known.

    Raises:
        sqlite3.DatabaseError: it is one.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, *_READABLE):
        raise sqlite3.DatabaseError(f"it has format {version}, this program reads {_VERSION}")
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if version == 0 and tables - _TABLES:
        raise sqlite3.DatabaseError("it is another program's database")


def make_tables(db: sqlite3.Connection) -> None:
    """Make what a store lacks; what it holds stays as it is."""
    db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
    if not _missing_columns(db):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        # Looked at again: another process may have been first.
        for name in _missing_columns(db):
            db.execute(f"ALTER TABLE replies ADD COLUMN {name} {_LATER_COLUMNS[name]}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _missing_columns(db: sqlite3.Connection) -> list[str]:
    columns = {row[1] for row in db.execute("PRAGMA table_info(replies)")}
    return [name for name in _LATER_COLUMNS if name not in columns]

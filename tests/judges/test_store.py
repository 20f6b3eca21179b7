"""The reply store: SQLite files, written by several processes and ended the hard way."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.waiting import LIMIT_S
from unisafe_judges import PanelError, ReplyStore, disks, merge_stores, store
from unisafe_judges.store import StoredReply

Open = Callable[..., ReplyStore]

REPLY = StoredReply(
    key="k1",
    judge="first",
    case_key="demo-001/TT",
    output_sha256="a" * 64,
    encoder="jpeg-1",
    raw='{"judgment": 0}',
    model_version="judge-2026-01",
    input_tokens=120,
    output_tokens=30,
    latency_s=0.5,
    cached_tokens=100,
    cache_write_tokens=10,
    image_tokens=5,
    reasoning_tokens=20,
    cost=0.000123,
    created=1000.0,
)
FAILURE = replace(REPLY, failure="timeout", detail="no reply within 1 s", raw=None)

WRITER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from unisafe_judges.store import ReplyStore, StoredReply

path, name, count = sys.argv[1:]
store = ReplyStore(Path(path))
print("open", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    store.add(StoredReply(f"{name}-{number}", name, "demo-001/TT", "a", "jpeg-1", raw="reply"))
    print(number, flush=True)
"""

EARLIER_TABLE = """
CREATE TABLE replies (
    key TEXT NOT NULL, judge TEXT NOT NULL, case_key TEXT NOT NULL, output_sha256 TEXT NOT NULL,
    failure TEXT, detail TEXT, raw TEXT, model_version TEXT, input_tokens INTEGER,
    output_tokens INTEGER, latency_s REAL, encoder TEXT NOT NULL, created REAL NOT NULL
);
PRAGMA user_version = 2;
"""
EARLIER_COLUMNS = (
    "key, judge, case_key, output_sha256, failure, detail, raw, model_version, "
    "input_tokens, output_tokens, latency_s, encoder, created"
)
EARLIER_ROW = (
    *("k1", "first", "demo-001/TT", "a" * 64, None, None, '{"judgment": 0}', "judge-2026-01"),
    *(120, 30, 0.5, "jpeg-1", 1000.0),
)

OPENERS = """
import os
import sys
from pathlib import Path
from unisafe_judges.store import ReplyStore

children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        ReplyStore(Path(sys.argv[1])).close()
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replies.sqlite"


@pytest.fixture
def open_store(path: Path) -> Iterator[Open]:
    """Opens stores, which are closed with the test."""
    with ExitStack() as stores:

        def start(at: Path | None = None) -> ReplyStore:
            opened = ReplyStore(at or path)
            stores.callback(opened.close)
            return opened

        yield start


@pytest.fixture
def writer(path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes that open the store, and add once they are sent a line."""
    with ExitStack() as processes:

        def start(name: str, count: int) -> subprocess.Popen[str]:
            process = processes.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WRITER, str(path), name, str(count)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            processes.callback(process.kill)
            return process

        yield start


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# --- keeping and finding ---


def test_a_reply_survives_reopening_with_all_it_says(path: Path, open_store: Open) -> None:
    first = ReplyStore(path)
    first.add(REPLY)
    first.close()
    assert open_store().find("k1") == REPLY


def test_a_reply_is_found_under_its_own_key_alone(open_store: Open) -> None:
    opened = open_store()
    opened.add(REPLY)
    assert opened.find("k2") is None


def test_a_recorded_failure_is_no_reply(open_store: Open) -> None:
    opened = open_store()
    opened.add(FAILURE)
    assert opened.find("k1") is None
    assert list(opened.replies()) == [FAILURE]


def test_a_failure_after_a_reply_does_not_hide_it(open_store: Open) -> None:
    opened = open_store()
    opened.add(REPLY)
    opened.add(replace(FAILURE, created=2000.0))
    assert opened.find("k1") == REPLY


@pytest.mark.parametrize("order", [(1000.0, 2000.0), (2000.0, 1000.0)])
def test_the_latest_reply_wins_whichever_was_added_first(
    open_store: Open, order: tuple[float, float]
) -> None:
    opened = open_store()
    for created in order:
        opened.add(replace(REPLY, raw=f"of {created:g}", created=created))
    reply = opened.find("k1")
    assert reply is not None
    assert reply.raw == "of 2000"
    assert [entry.created for entry in opened.replies()] == [1000.0, 2000.0]


def test_a_reply_without_a_time_is_given_that_of_its_arrival(
    open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_store()
    monkeypatch.setattr(store, "time", SimpleNamespace(time=lambda: 1234.5))
    opened.add(replace(REPLY, created=0.0))
    reply = opened.find("k1")
    assert reply is not None
    assert reply.created == 1234.5


def test_half_a_surrogate_pair_in_a_reply_is_kept_as_the_escape_it_was(open_store: Open) -> None:
    opened = open_store()
    opened.add(replace(REPLY, raw='{"reasoning": "\ud83d"}'))
    reply = opened.find("k1")
    assert reply is not None
    assert reply.raw == '{"reasoning": "\\ud83d"}'


def test_the_folder_of_a_store_is_made(tmp_path: Path, open_store: Open) -> None:
    deep = tmp_path / "one" / "two" / "replies.sqlite"
    open_store(deep).add(REPLY)
    assert deep.is_file()


# --- stores of before token details and costs were kept ---


def earlier_store(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(EARLIER_TABLE)
        insert_as_before(db)
    db.close()


def insert_as_before(db: sqlite3.Connection) -> None:
    marks = ", ".join("?" * len(EARLIER_ROW))
    db.execute(f"INSERT INTO replies ({EARLIER_COLUMNS}) VALUES ({marks})", EARLIER_ROW)


def test_a_reply_of_before_is_found_without_details_and_new_ones_have_them(
    path: Path, open_store: Open
) -> None:
    earlier_store(path)
    opened = open_store()
    plain = replace(
        REPLY,
        cached_tokens=None,
        cache_write_tokens=None,
        image_tokens=None,
        reasoning_tokens=None,
        cost=None,
    )
    assert opened.find("k1") == plain
    opened.add(replace(REPLY, key="k2"))
    assert list(opened.replies()) == [plain, replace(REPLY, key="k2")]
    (row,) = opened.summary()
    assert (row.replies, row.cost) == (2, REPLY.cost)


def test_a_program_of_before_still_writes_and_reads_a_store_of_today(
    path: Path, open_store: Open
) -> None:
    opened = open_store()
    opened.add(replace(REPLY, key="k2", created=2000.0))
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        insert_as_before(db)
        rows = db.execute(f"SELECT {EARLIER_COLUMNS} FROM replies ORDER BY created").fetchall()
    db.close()
    assert rows[0] == EARLIER_ROW
    assert [reply.cost for reply in opened.replies()] == [None, REPLY.cost]


def test_many_that_open_a_store_of_before_at_once_all_have_it(path: Path, open_store: Open) -> None:
    earlier_store(path)
    done = subprocess.run(
        [sys.executable, "-c", OPENERS, str(path)], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert (done.returncode, done.stdout) == (0, f"{[0] * 8}\n"), done.stderr
    assert open_store().find("k1") is not None


def test_merging_a_store_of_before_copies_its_replies(tmp_path: Path, open_store: Open) -> None:
    earlier_store(tmp_path / "other.sqlite")
    target = open_store()
    assert merge_stores(target, tmp_path / "other.sqlite") == 1
    assert merge_stores(target, tmp_path / "other.sqlite") == 0


# --- several processes ---


def test_two_processes_write_at_once_and_nothing_is_lost(
    writer: Callable[..., subprocess.Popen[str]], open_store: Open
) -> None:
    processes = [writer("one", 150), writer("two", 150)]
    assert [line_of(process) for process in processes] == ["open", "open"]
    for process in processes:
        begin(process)
    for process in processes:
        process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0
    keys = [reply.key for reply in open_store().replies()]
    assert sorted(keys) == sorted(f"{name}-{n}" for name in ("one", "two") for n in range(150))


def test_a_reply_of_another_process_is_found_at_once(
    writer: Callable[..., subprocess.Popen[str]], open_store: Open
) -> None:
    opened = open_store()
    process = writer("one", 1)
    line_of(process)
    assert opened.find("one-0") is None
    begin(process)
    assert line_of(process) == "0"
    assert opened.find("one-0") is not None


def test_no_reply_of_a_process_that_is_killed_is_lost(
    writer: Callable[..., subprocess.Popen[str]], open_store: Open
) -> None:
    process = writer("one", 1_000_000)
    line_of(process)
    begin(process)
    told = [line_of(process) for _ in range(40)]
    process.kill()
    rest, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == -signal.SIGKILL
    told += [line for line in rest.split("\n")[:-1] if line]
    kept = {reply.key for reply in open_store().replies()}
    assert len(told) >= 40
    assert {f"one-{number}" for number in told} <= kept


# --- merging ---


def test_merging_copies_what_is_missing_and_twice_is_the_same_as_once(
    tmp_path: Path, open_store: Open
) -> None:
    target, source = open_store(), open_store(tmp_path / "other.sqlite")
    other = [replace(REPLY, key="k2"), replace(REPLY, judge="second"), replace(FAILURE, key="k3")]
    for reply in (REPLY, *other):
        source.add(reply)
    target.add(REPLY)
    assert merge_stores(target, source.path) == 3
    assert merge_stores(target, source.path) == 0
    assert set(target.replies()) == {REPLY, *other}
    assert len(list(target.replies())) == 4
    assert len(list(source.replies())) == 4


def test_merging_keeps_replies_of_other_times_and_the_latest_wins(
    tmp_path: Path, open_store: Open
) -> None:
    target, source = open_store(), open_store(tmp_path / "other.sqlite")
    target.add(replace(REPLY, raw="older"))
    source.add(replace(REPLY, raw="newer", created=2000.0))
    assert merge_stores(target, source.path) == 1
    reply = target.find("k1")
    assert reply is not None
    assert reply.raw == "newer"


def test_merging_a_store_into_itself_changes_nothing(open_store: Open) -> None:
    opened = open_store()
    opened.add(REPLY)
    assert merge_stores(opened, opened.path) == 0
    assert list(opened.replies()) == [REPLY]


def test_merging_a_store_that_is_not_there_is_an_error_and_makes_none(
    tmp_path: Path, open_store: Open
) -> None:
    missing = tmp_path / "none.sqlite"
    with pytest.raises(PanelError, match=r"there is no reply store .*none\.sqlite"):
        merge_stores(open_store(), missing)
    assert not missing.exists()


# --- what cannot be used ---


def refused(path: Path) -> str:
    with pytest.raises(PanelError) as caught:
        ReplyStore(path)
    return str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_bytes(b"A shopping list: carrots, turnips. " * 100)
    before = path.read_bytes()
    assert refused(path) == (
        f"the reply store {path} is damaged or no reply store (file is not a database): "
        "move it away"
    )
    assert path.read_bytes() == before


def test_a_store_of_a_newer_format_is_left_alone(path: Path) -> None:
    ReplyStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    assert "(it has format 7, this program reads 2)" in refused(path)


def test_a_store_that_another_process_has_locked_is_waited_for_and_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ReplyStore(path).close()
    monkeypatch.setattr(store, "_BUSY_TIMEOUT_S", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert refused(path) == (
            f"the reply store {path} is locked by another process: wait for it, or end it"
        )
        other.execute("ROLLBACK")
        ReplyStore(path).close()
    finally:
        other.close()


def test_a_store_whose_folder_cannot_be_made_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / "file" / "replies.sqlite"
    sentence = refused(path)
    assert sentence.startswith(f"the reply store {path} cannot be written (")
    assert sentence.endswith("set UNISAFE_STORE to a path that can")


def test_a_store_that_is_a_folder_cannot_be_written(path: Path) -> None:
    path.mkdir()
    assert refused(path) == (
        f"the reply store {path} cannot be written (unable to open database file): "
        "set UNISAFE_STORE to a path that can"
    )


def test_a_store_that_may_only_be_read_cannot_be_written(
    open_store: Open,
) -> None:
    opened = open_store()
    # What SQLite says where a file may only be read, whoever runs the tests.
    opened._db.execute("PRAGMA query_only = ON")
    with pytest.raises(PanelError) as caught:
        opened.add(REPLY)
    assert str(caught.value) == (
        f"the reply store {opened.path} cannot be written "
        "(attempt to write a readonly database): set UNISAFE_STORE to a path that can"
    )


def test_many_that_open_a_new_store_at_once_all_have_it(path: Path) -> None:
    # All come from one that has imported the package, and so are there at the same moment.
    done = subprocess.run(
        [sys.executable, "-c", OPENERS, str(path)], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert (done.returncode, done.stdout) == (0, f"{[0] * 8}\n"), done.stderr


def test_a_full_disk_is_not_told_as_a_damaged_store(open_store: Open) -> None:
    opened = open_store()
    (pages,) = opened._db.execute("PRAGMA page_count").fetchone()
    opened._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(PanelError, match=r"cannot be written \(database or disk is full\)"):
        opened.add(replace(REPLY, raw="long " * 10_000))


def test_a_store_on_a_network_disk_is_refused_before_it_is_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "_file_system", lambda file: "nfs4" if file == path else "ext4")
    assert refused(path) == (
        f"the reply store {path} is on a network disk (nfs4), where SQLite's locks do not hold: "
        "set UNISAFE_STORE to a local path; stores of several machines can be merged"
    )
    assert not path.exists()


@pytest.mark.parametrize(
    "kind",
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "lustre",
        "gpfs",
        "beegfs",
        "ceph",
        "glusterfs",
        "wekafs",
        "9p",
        "virtiofs",
        "vboxsf",
        "fuse.sshfs",
        "fuse.gcsfuse",
        "fuse.s3fs",
        "fuse.juicefs",
        "fuse.glusterfs",
        "fuse.ceph-fuse",
        "fuse.grpcfuse",
    ],
)
def test_a_file_system_that_other_machines_use_is_known(
    kind: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "_file_system", lambda _: kind)
    assert disks.shared_file_system(path) == kind


@pytest.mark.parametrize(
    "kind",
    [
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "tmpfs",
        "overlay",
        "apfs",
        "fuseblk",
        "fuse.fuse-overlayfs",
        "fuse.mergerfs",
    ],
)
def test_a_disk_of_this_machine_is_known(
    kind: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disks, "_file_system", lambda _: kind)
    assert disks.shared_file_system(path) is None


def test_the_file_system_is_that_of_the_innermost_mount() -> None:
    assert disks._file_system(Path("/proc/self/none-such")) == "proc"
    assert disks._file_system(Path("/none-such/replies.sqlite")) == disks._file_system(Path("/"))

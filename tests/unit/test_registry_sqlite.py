"""What the SQLite store promises beyond the common rules: files, erasure, copies, refusals."""

import os
import secrets
import sqlite3
import stat
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from fvs.registry import sqlite_connections, sqlite_store
from fvs.registry.errors import StoreError
from fvs.registry.sqlite_connections import SqliteErrors
from fvs.registry.sqlite_files import StoreSummary, check_file, copy_checked
from fvs.registry.sqlite_store import SqliteStore
from tests.stored_records import a_record, a_subject, rewrapped

FRAGMENT_BYTES = 12
"""Shorter ones occur by chance; longer ones might survive the start of a freed block."""


PIECES = 4


@pytest.fixture(autouse=True)
def no_flushing(monkeypatch):
    """Waiting for the disk takes most of the time here and changes nothing that is tested."""
    slow = sqlite_connections._SETTINGS
    quick = tuple(setting.replace("= FULL", "= OFF") for setting in slow)
    assert quick != slow
    monkeypatch.setattr(sqlite_connections, "_SETTINGS", quick)


@pytest.fixture
def path(tmp_path):
    """Where the store lies, alone in its folder."""
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "s.db"


@pytest.fixture
def store(path):
    """An empty store."""
    store = SqliteStore.open(path, create=True)
    yield store
    store.close()


def raw_bytes(path):
    """Everything in the store's folder: database, log, whatever else there is."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def traces(raw, secret):
    """How often a piece of a secret occurs, of a few pieces from its start to its end."""
    last = len(secret) - FRAGMENT_BYTES
    pieces = [last * place // (PIECES - 1) for place in range(PIECES)]
    return max(raw.count(secret[at : at + FRAGMENT_BYTES]) for at in pieces)


def secrets_of(records):
    """Keys and templates."""
    return [part for record in records for part in (record.wrapped_key, record.sealed_template)]


@contextmanager
def as_nobody():
    """Root may write anywhere, so become someone who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


class TestErasure:
    """No byte of a key or template stays in any file."""

    @pytest.mark.parametrize("size", [300, 2100, 9_000])
    def test_nothing_remains(self, path, store, size):
        """Of erased records nothing is left, of the others exactly one copy."""
        records = [a_record(n, sealed_template=secrets.token_bytes(size)) for n in range(24)]
        for record in records:
            store.add([record])
        assert all(traces(raw_bytes(path), secret) >= 1 for secret in secrets_of(records))
        gone, kept = records[::3], records[1::3] + records[2::3]
        store.erase([record.record_id for record in gone])
        raw = raw_bytes(path)
        assert [traces(raw, secret) for secret in secrets_of(gone)] == [0] * 2 * len(gone)
        assert [traces(raw, secret) for secret in secrets_of(kept)] == [1] * 2 * len(kept)

    @pytest.mark.parametrize("length", [60, 40, 200])
    def test_nothing_remains_after_rotation(self, path, store, length):
        """Keys that were replaced, by shorter or longer ones, go as well.

        SQLite leaves copies of rows that it moves, even with secure_delete.
        """
        records = [a_record(n) for n in range(300)]
        store.add(records)
        keys = [rewrapped(record, length=length) for record in records]
        for key in keys:
            store.rewrap([key])
        store.erase([record.record_id for record in records[::2]])
        raw = raw_bytes(path)
        new = [key.wrapped_key for key in keys]
        assert not any(traces(raw, record.wrapped_key) for record in records)
        assert not any(traces(raw, key) for key in new[::2])
        assert [traces(raw, key) for key in new[1::2]] == [1] * 150
        assert check_file(path) == StoreSummary(300, 150, store.revision())

    def test_a_long_reader(self, path, store, monkeypatch):
        """Where the log cannot be emptied that is said, and erasing again empties it."""
        monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_MS", 50)
        store.close()
        hurried = SqliteStore.open(path)
        record = a_record(1)
        hurried.add([record])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM records").fetchall()
            with pytest.raises(StoreError, match="are erased, but"):
                hurried.erase([record.record_id])
            assert hurried.counts()["erased"] == 1
            assert traces(raw_bytes(path), record.wrapped_key)
        assert hurried.erase([record.record_id]) == 2
        assert not traces(raw_bytes(path), record.wrapped_key)
        hurried.close()

    def test_opening_completes_an_erasure(self, path, store):
        """A log that a killed process left is emptied by the next that opens the store."""
        record = a_record(1)
        store.add([record])
        store._empty_log = lambda: None  # as if killed just before
        store.erase([record.record_id])
        assert traces(raw_bytes(path), record.wrapped_key)
        SqliteStore.open(path).close()
        assert not traces(raw_bytes(path), record.wrapped_key)


class TestFiles:
    """Whose the files are, and what else may lie at the path."""

    def test_modes(self, path, store, tmp_path):
        """Only the owner reads the file, its log, and a copy."""
        store.add([a_record(1)])
        store.backup(tmp_path / "copy.db")
        files = [*path.parent.iterdir(), tmp_path / "copy.db"]
        assert len(files) == 4
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_create_refuses(self, path):
        """Nothing that is there is overwritten."""
        path.write_bytes(b"dear diary")
        with pytest.raises(StoreError, match="is there already"):
            SqliteStore.open(path, create=True)
        assert path.read_bytes() == b"dear diary"

    def test_create_in_no_folder(self, path):
        """The folder has to be there."""
        with pytest.raises(StoreError, match="cannot be written"):
            SqliteStore.open(path / "missing" / "s.db", create=True)

    def test_missing(self, path):
        """Opening makes nothing."""
        with pytest.raises(StoreError, match="no such file"):
            SqliteStore.open(path)
        assert not path.exists()

    @pytest.mark.parametrize(
        ("content", "said"),
        [(b"", "no registry"), (b"dear diary" * 100, "not an SQLite database")],
    )
    def test_something_else(self, path, content, said):
        """A file of another kind is named as what it is, and stays as it was."""
        path.write_bytes(content)
        with pytest.raises(StoreError, match=said):
            SqliteStore.open(path)
        assert path.read_bytes() == content

    def test_another_database(self, path):
        """A database of another program stays as it was."""
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE records (x)")
        before = path.read_bytes()
        with pytest.raises(StoreError, match="no registry"):
            SqliteStore.open(path)
        assert path.read_bytes() == before

    def test_odd_names(self, path):
        """A path is a path, whatever characters it has."""
        odd = path.with_name("ก 100%?mode=ro#x.db")
        SqliteStore.open(odd, create=True).close()
        assert odd.is_file()
        SqliteStore.open(odd).close()

    def test_read_only(self):
        """A file that may not be written is refused when it is opened."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "s.db"
            SqliteStore.open(path, create=True).close()
            Path(folder).chmod(0o555)
            path.chmod(0o444)
            with as_nobody(), pytest.raises(StoreError, match=r"read-only|cannot be opened"):
                SqliteStore.open(path)
            Path(folder).chmod(0o755)


class TestRefusals:
    """What the disk does to us is said clearly, and loses nothing."""

    def test_full_disk(self, path, store):
        """A batch that finds no room is not kept at all, and the store works on."""
        first = a_record(1)
        store.add([first])
        connection = store._connections.get()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreError, match="disk is full") as caught:
            store.add([a_record(2) for _ in range(1000)])
        assert "room" in caught.value.advice
        assert store.revision() == store.counts()["active"] == 1
        connection.execute("PRAGMA max_page_count = 1000000")
        assert store.add([a_record(2)]) == 2
        assert check_file(path) == StoreSummary(2, 2, 2)

    @pytest.mark.parametrize("part", range(1, 8))
    def test_damage(self, path, store, part):
        """Random bytes anywhere are found by the check, and never quoted."""
        record = a_record(1, legal_basis="lawful" * 20)
        store.add([record, *(a_record(n) for n in range(500))])
        store.close()
        damaged = bytearray(path.read_bytes())
        at = len(damaged) * part // 8 // 4096 * 4096
        damaged[at : at + 4096] = secrets.token_bytes(4096)
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match="damaged") as caught:
            check_file(path)
        assert "lawful" not in str(caught.value)

    def test_a_damaged_page_is_met(self, path, store):
        """Reading what is damaged raises, and does not answer that nobody is there."""
        store.add([a_record(n) for n in range(500)])
        store.close()
        damaged = bytearray(path.read_bytes())
        damaged[4096 * 2 :] = secrets.token_bytes(len(damaged) - 4096 * 2)
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match="damaged"):
            SqliteStore.open(path).of_subjects([a_subject(n) for n in range(500)])

    def test_secrets_and_records_agree(self, path, store):
        """An active record whose secrets are gone is damage, though every page is sound."""
        store.add([a_record(1), a_record(2)])
        connection = store._connections.get()
        connection.execute("UPDATE secrets SET wrapped_key = zeroblob(60) WHERE slot = 1")
        with pytest.raises(StoreError, match="damaged"):
            check_file(path)

    def test_locked(self, path, store, monkeypatch):
        """A writer that waits in vain says for whom."""
        monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_MS", 50)
        store.close()
        hurried = SqliteStore.open(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another process"):
                hurried.add([a_record(1)])
            assert hurried.revision() == 0
        assert hurried.add([a_record(1)]) == 1
        hurried.close()

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (sqlite3.OperationalError("secret"), "refuses"),
            (sqlite3.DatabaseError("secret"), "refuses"),
        ],
    )
    def test_unknown_refusals(self, path, error, said):
        """What has no code is named by its type, without its words."""
        with pytest.raises(StoreError, match=said) as caught, SqliteErrors(path):
            raise error
        assert "secret" not in str(caught.value)


class TestCopies:
    """Backup and restore."""

    def test_round_trip(self, store, tmp_path):
        """What is restored is what was backed up."""
        records = [a_record(n) for n in range(50)]
        store.add(records)
        store.erase([records[0].record_id])
        store.set_metadata({"registry": "r"})
        summary = store.backup(tmp_path / "copy.db")
        assert summary == StoreSummary(50, 49, 2)
        store.add([a_record(99)])
        assert copy_checked(tmp_path / "copy.db", tmp_path / "restored.db") == summary
        with closing(SqliteStore.open(tmp_path / "restored.db")) as restored:
            ids = [record.record_id for record in records]
            assert restored.by_ids(ids) == store.by_ids(ids)
            assert restored.revision() == 2
            assert restored.metadata() == {"registry": "r"}
        assert not traces((tmp_path / "copy.db").read_bytes(), records[0].sealed_template)

    def test_a_copy_is_one_file(self, store, tmp_path):
        """Nothing lies beside it, before or after it is checked."""
        (tmp_path / "out").mkdir()
        store.add([a_record(1)])
        store.backup(tmp_path / "out" / "copy.db")
        check_file(tmp_path / "out" / "copy.db")
        assert [file.name for file in (tmp_path / "out").iterdir()] == ["copy.db"]

    def test_in_use(self, store, tmp_path):
        """A copy made while others write is of one instant."""
        stop = threading.Event()

        def write():
            while not stop.is_set():
                store.add([a_record(1), a_record(1)])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            summaries = [store.backup(tmp_path / f"copy{n}.db") for n in range(5)]
        finally:
            stop.set()
            writer.join()
        assert all(summary.records == 2 * summary.revision for summary in summaries)

    def test_refuses(self, path, store, tmp_path):
        """A file that is there stays; of a source that is damaged no copy is left."""
        target = tmp_path / "copy.db"
        target.write_bytes(b"dear diary")
        with pytest.raises(StoreError, match="is there already"):
            store.backup(target)
        assert target.read_bytes() == b"dear diary"
        target.unlink()
        store.add([a_record(n) for n in range(500)])
        store.close()
        damaged = bytearray(path.read_bytes())
        damaged[40960:49152] = secrets.token_bytes(8192)
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match="damaged"):
            copy_checked(path, target)
        with pytest.raises(StoreError, match="no such file"):
            copy_checked(tmp_path / "missing.db", target)
        assert [file.name for file in tmp_path.iterdir()] == ["store"]


def test_settings(path, monkeypatch):
    """What is acknowledged is on the disk, in a log that readers need not wait for."""
    monkeypatch.undo()
    with closing(SqliteStore.open(path, create=True)) as store:
        connection = store._connections.get()
        values = {"synchronous": 2, "secure_delete": 1, "temp_store": 2, "journal_mode": "wal"}
        for name, value in values.items():
            assert connection.execute(f"PRAGMA {name}").fetchone() == (value,), name


class TestThreads:
    """One connection each."""

    def test_a_thread_takes_its_connection_along(self, store):
        """Threads that end leave no connection open."""
        threads = [threading.Thread(target=store.revision) for _ in range(20)]
        for thread in threads:
            thread.start()
            thread.join()
        assert len(store._connections._all) == 1

    def test_readers_do_not_wait(self, store):
        """Reading goes on while a change is being made, and sees what was before."""
        store.add([a_record(1)])
        with store._change() as change:
            change.connection.execute("UPDATE revision SET value = 77")
            found = []
            reader = threading.Thread(target=lambda: found.append(store.revision()))
            reader.start()
            reader.join(timeout=5)
            assert found == [1]
        assert store.revision() == 1


def test_reads_use_indexes(store):
    """No read by key walks the table."""
    connection = store._connections.get()
    queries = {
        f"{sqlite_store.READ} WHERE status = 'active' AND subject IN (?, ?)": (b"", b""),
        f"{sqlite_store.READ} WHERE record_id IN (?, ?)": (b"", b""),
        sqlite_store.CHANGED: {"after": 0, "rest": 1},
        sqlite_store.EXPIRED: ("2026-01-01", 1),
    }
    for query, values in queries.items():
        plan = " | ".join(
            row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + query, values)
        )
        assert "USING INDEX records_by_" in plan, plan
        assert "SCAN records" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_same_rows_in_other_order(store):
    """Several templates of a subject come oldest first, not in the order they came."""
    new = a_record(1)
    old = msgspec.structs.replace(a_record(1), enrolled_at=new.enrolled_at.replace(year=2001))
    store.add([new, old])
    assert [row.record_id for row in store.of_subjects([a_subject(1)])[0]] == [
        old.record_id,
        new.record_id,
    ]

"""Every store keeps the rules of `RecordStore`: the same tests on SQLite and on PostgreSQL."""

import secrets
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fvs.errors import UsageError
from fvs.registry.errors import DuplicateRecordError, StoreError
from fvs.registry.postgres_store import PostgresStore
from fvs.registry.records import RecordStatus, TemplateKind
from fvs.registry.sqlite_store import SqliteStore
from tests.stored_records import ENROLLED, DictStore, a_record, a_subject, erased, rewrapped

BANGKOK = timezone(timedelta(hours=7))


def new_sqlite():
    """A store in a folder of its own, and how to be rid of it."""
    folder = Path(tempfile.mkdtemp(prefix="fvs-store-"))
    return SqliteStore.open(folder / "s.db", create=True), lambda: shutil.rmtree(folder)


def new_postgres(dsn, *, partitioned=False):
    """A store in a schema of its own, and how to be rid of it."""
    schema = f"t{secrets.token_hex(8)}"
    store = PostgresStore.open(dsn, schema=schema, create=True)
    if partitioned:
        with psycopg.connect(dsn, options=f"-c search_path={schema}") as connection:
            connection.execute("ALTER TABLE records RENAME TO plain")
            connection.execute(
                "CREATE TABLE records (LIKE plain INCLUDING ALL EXCLUDING STORAGE) "
                "PARTITION BY HASH (subject)"
            )
            for part in range(4):
                connection.execute(
                    f"CREATE TABLE part_{part} PARTITION OF records "
                    f"FOR VALUES WITH (MODULUS 4, REMAINDER {part})"
                )

    def drop():
        with psycopg.connect(dsn) as connection:
            connection.execute("SET client_min_messages TO warning")
            connection.execute(f"DROP SCHEMA {schema} CASCADE")

    return store, drop


@pytest.fixture(params=["sqlite", "postgres", "postgres, partitioned by subject"])
def make_store(request):
    """Makes empty stores of one kind."""
    if request.param == "sqlite":
        return new_sqlite
    dsn = request.getfixturevalue("postgres_dsn")
    return lambda: new_postgres(dsn, partitioned="partitioned" in request.param)


@pytest.fixture
def store(make_store):
    """An empty store."""
    store, drop = make_store()
    yield store
    store.close()
    drop()


class TestEmpty:
    """Nothing asked, nothing there."""

    def test_empty_batches(self, store):
        """An empty batch changes nothing and finds nothing."""
        assert store.add([]) == store.erase([]) == store.rewrap([]) == store.revision() == 0
        assert store.of_subjects([]) == store.by_ids([]) == []
        store.set_metadata({})

    def test_empty_store(self, store):
        """Nothing is found in an empty store."""
        assert store.of_subjects([a_subject(1), a_subject(1)]) == [[], []]
        assert store.by_ids([bytes(16)]) == [None]
        assert store.changed_since(0, 1) == store.expired(date(2100, 1, 1), 1) == []
        assert store.counts() == {"active": 0, "erased": 0, "subjects": 0}
        assert store.tallies() == []
        assert store.metadata() == {}

    @pytest.mark.parametrize("limit", [0, -1])
    def test_limits(self, store, limit):
        """A page of nothing is a mistake."""
        for read in (lambda: store.changed_since(0, limit), lambda: store.expired(date.max, limit)):
            with pytest.raises(UsageError, match="at least 1"):
                read()


class TestAdd:
    """Whole records, all or none."""

    def test_every_field_returns(self, store):
        """What comes back is what was given, at its revision; instants come back in UTC."""
        full = a_record(
            1,
            kind=TemplateKind.PASSPORT,
            portrait_date=date(1999, 12, 31),
            quality=0.1 + 0.2,
            enrolled_at=datetime(2026, 1, 1, 3, 0, 0, 1, tzinfo=BANGKOK),
            source="บัตรประชาชน",
            retain_until=date(9999, 12, 31),
            sealed_template=bytes(range(256)) * 40,
        )
        bare = a_record(2)
        assert store.add([full, bare]) == 1
        found = store.by_ids([full.record_id, bare.record_id])
        assert found == [msgspec.structs.replace(row, revision=1) for row in (full, bare)]
        assert found[0].enrolled_at.utcoffset() == timedelta(0)
        assert [row.revision for row in found] == [1, 1]

    def test_id_twice(self, store):
        """A known id, or one twice in a batch, refuses the whole batch, whatever the subject."""
        first = a_record(1)
        store.add([first])
        again = a_record(2, record_id=first.record_id)
        for batch in ([a_record(3), again], [first], [again, again]):
            with pytest.raises(DuplicateRecordError):
                store.add(batch)
        assert store.revision() == store.counts()["active"] == 1
        assert store.by_ids([first.record_id]) == [msgspec.structs.replace(first, revision=1)]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"record_id": b"short"}, "16 bytes"),
            ({"subject": b"short"}, "32 bytes"),
            ({"enrolled_at": ENROLLED.replace(tzinfo=None)}, "time zone"),
            ({"quality": float("nan")}, "quality"),
            ({"quality": 100.5}, "quality"),
            ({"wrapped_key": b""}, "no template, key"),
            ({"sealed_template": b""}, "no template, key"),
            ({"status": RecordStatus.ERASED}, "yet has secrets"),
            ({"source": "a\0b"}, "NUL"),
            ({"legal_basis": "\ud800"}, "surrogate"),
        ],
    )
    def test_malformed(self, store, change, said):
        """A record that cannot be kept as it is refuses the batch and is not quoted."""
        bad = msgspec.structs.replace(a_record(1), **change)
        with pytest.raises(UsageError, match=said) as caught:
            store.add([a_record(2), bad])
        assert "record 1 of 2" in str(caught.value)
        assert bad.legal_basis not in str(caught.value)
        assert store.revision() == 0

    def test_large_batch(self, store):
        """Batches and reads larger than any chunk are as many small ones."""
        records = [a_record(n % 1000) for n in range(2100)]
        store.add(records)
        found = store.of_subjects([a_subject(n) for n in range(1000)])
        assert sorted(len(rows) for rows in found) == [2] * 900 + [3] * 100
        assert None not in store.by_ids([record.record_id for record in records])
        assert len(store.changed_since(0, 1)) == 2100

    def test_records_that_are_erased_already(self, store):
        """A store can take over another's erased records."""
        gone = erased(a_record(1), 0)
        store.add([gone])
        assert store.by_ids([gone.record_id]) == [msgspec.structs.replace(gone, revision=1)]
        assert store.counts() == {"active": 0, "erased": 1, "subjects": 0}


class TestErase:
    """Keys and templates go, the row stays."""

    def test_erase(self, store):
        """Only what was active and named is erased, and once."""
        kept, gone = a_record(1), a_record(1)
        store.add([kept, gone])
        assert store.erase([gone.record_id, gone.record_id, bytes(16)]) == 2
        assert store.by_ids([gone.record_id]) == [erased(gone, 2)]
        assert store.of_subjects([a_subject(1)]) == [[msgspec.structs.replace(kept, revision=1)]]
        assert store.erase([gone.record_id, bytes(16)]) == store.revision() == 2

    def test_erased_ids_stay_taken(self, store):
        """The id of an erased record is not free."""
        gone = a_record(1)
        store.add([gone])
        store.erase([gone.record_id])
        with pytest.raises(DuplicateRecordError):
            store.add([gone])


class TestRewrap:
    """Rotation and erasure side by side."""

    @pytest.mark.parametrize("length", [60, 1, 300])
    def test_rewrap(self, store, length):
        """The new key takes the old one's place, whatever its length; the template stays."""
        record = a_record(1)
        store.add([record])
        key = rewrapped(record, length=length)
        assert store.rewrap([key]) == 2
        changed = {"key_id": "k2", "wrapped_key": key.wrapped_key, "revision": 2}
        assert store.by_ids([record.record_id]) == [msgspec.structs.replace(record, **changed)]

    def test_rewrap_leaves_out(self, store):
        """A record that is unknown, erased or has another key by now is left as it is."""
        gone, moved = a_record(1), a_record(2)
        store.add([gone, moved])
        store.erase([gone.record_id])
        store.rewrap([rewrapped(moved)])
        before = store.by_ids([gone.record_id, moved.record_id])
        late = [rewrapped(gone), rewrapped(moved, "k3"), rewrapped(a_record(3))]
        assert store.rewrap(late) == store.revision() == 3
        assert store.by_ids([gone.record_id, moved.record_id]) == before

    def test_empty_key(self, store):
        """A key without bytes is a mistake."""
        with pytest.raises(UsageError, match="wrapped key"):
            store.rewrap([rewrapped(a_record(1), length=0)])


class TestMetadata:
    """What a registry says of itself never changes."""

    def test_metadata(self, store):
        """Entries are added; the same again is fine."""
        store.set_metadata({"registry": "ก", "model": "m"})
        store.set_metadata({"model": "m", "format": "1"})
        assert store.metadata() == {"registry": "ก", "model": "m", "format": "1"}

    def test_other_value(self, store):
        """Another value is refused and adds nothing."""
        store.set_metadata({"model": "m"})
        with pytest.raises(StoreError, match="differs: model"):
            store.set_metadata({"new": "1", "model": "n"})
        assert store.metadata() == {"model": "m"}
        assert store.revision() == 0


def test_expired(store):
    """Active records whose last day is past, the longest expired first."""
    days = [date(2026, 1, day) for day in (3, 1, 2)]
    late, first, gone = (a_record(n, retain_until=day) for n, day in enumerate(days))
    store.add([late, first, gone, a_record(9)])
    store.erase([gone.record_id])
    ids = [row.record_id for row in store.expired(date(2026, 1, 4), 9)]
    assert ids == [first.record_id, late.record_id]
    assert [row.record_id for row in store.expired(date(2026, 1, 3), 9)] == ids[:1]
    assert [row.record_id for row in store.expired(date(2026, 1, 4), 1)] == ids[:1]


def test_closed(make_store):
    """A closed store says so; closing twice is fine."""
    store, drop = make_store()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.revision()
    drop()


class StoreMachine(RuleBasedStateMachine):
    """Random changes, to a real store and to a dictionary."""

    make_store = None

    def __init__(self):
        super().__init__()
        self.store, self.drop = type(self).make_store()
        self.oracle = DictStore()

    def teardown(self):
        """Be rid of the store."""
        self.store.close()
        self.drop()

    def some(self, numbers):
        """Records by their places, and one that nobody knows."""
        rows = list(self.oracle.rows.values())
        return [rows[n % len(rows)] for n in numbers] if rows else [a_record(1)]

    @rule(
        subjects=st.lists(st.integers(0, 4), max_size=4),
        day=st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 1, 9))),
        at=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    )
    def add(self, subjects, day, at):
        """New records."""
        records = [a_record(n, retain_until=day, enrolled_at=at) for n in subjects]
        assert self.store.add(records) == self.oracle.add(records)

    @rule(numbers=st.lists(st.integers(0, 30), max_size=4))
    def add_again(self, numbers):
        """Ids that are there already."""
        if self.oracle.rows and numbers:
            with pytest.raises(DuplicateRecordError):
                self.store.add([a_record(1, record_id=row.record_id) for row in self.some(numbers)])

    @rule(numbers=st.lists(st.integers(0, 30), max_size=4))
    def erase(self, numbers):
        """Some of what is there."""
        ids = [row.record_id for row in self.some(numbers)]
        assert self.store.erase(ids) == self.oracle.erase(ids)

    @rule(numbers=st.lists(st.integers(0, 30), max_size=4, unique=True), length=st.integers(1, 99))
    def rewrap(self, numbers, length):
        """New keys for some."""
        rows = {row.record_id: row for row in self.some(numbers)}.values()
        keys = [rewrapped(row, f"k{length}", length) for row in rows]
        assert self.store.rewrap(keys) == self.oracle.rewrap(keys)

    @rule(after=st.integers(0, 9), limit=st.integers(1, 5))
    def pages(self, after, limit):
        """Pages of changes."""
        found = self.store.changed_since(after, limit)
        assert found == self.oracle.changed_since(after, limit)

    @rule(today=st.dates(date(2026, 1, 1), date(2026, 1, 9)), limit=st.integers(1, 3))
    def expired(self, today, limit):
        """What is due."""
        assert self.store.expired(today, limit) == self.oracle.expired(today, limit)

    @invariant()
    def same(self):
        """Both hold the same."""
        everyone = [a_subject(n) for n in (3, 0, 1, 2, 4, 3)]
        assert self.store.of_subjects(everyone) == self.oracle.of_subjects(everyone)
        assert self.store.by_ids(list(self.oracle.rows)) == list(self.oracle.rows.values())
        assert self.store.revision() == self.oracle.revision()
        assert self.store.counts() == self.oracle.counts()
        assert self.store.tallies() == self.oracle.tallies()


def test_any_sequence_of_changes(make_store):
    """Whatever is done in whatever order, the store is the dictionary that the rules describe."""
    machine = type("Machine", (StoreMachine,), {"make_store": staticmethod(make_store)})
    profile = settings(
        max_examples=25,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)

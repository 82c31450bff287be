"""What the PostgreSQL store promises beyond the common rules: schemas, refusals, partitions."""

import re
import secrets
import traceback
from contextlib import closing

import msgspec
import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from fvs.registry import postgres_store
from fvs.registry.errors import StoreError
from fvs.registry.migrate import shipped
from fvs.registry.postgres_schema import migrate_schema, postgres_errors
from fvs.registry.postgres_store import PostgresStore
from tests.stored_records import a_record, a_subject

PARTITIONS = next(step.number for step in shipped("postgres") if step.name == "partitions")


@pytest.fixture
def schema():
    """A name that no other test uses; it needs quoting."""
    return f'Odd "{secrets.token_hex(8)}'


@pytest.fixture
def store(postgres_dsn, schema):
    """An empty store."""
    store = PostgresStore.open(postgres_dsn, schema=schema, create=True)
    yield store
    store.close()


class TestSchemas:
    """Whose tables these are."""

    def test_create_refuses(self, store, postgres_dsn, schema):
        """A schema that is there is left alone."""
        store.add([a_record(1)])
        with pytest.raises(StoreError, match="is there already"):
            PostgresStore.open(postgres_dsn, schema=schema, create=True)
        assert store.counts()["active"] == 1

    def test_missing(self, postgres_dsn, schema):
        """Opening makes nothing, neither now nor the second time."""
        for _ in range(2):
            with pytest.raises(StoreError, match="no registry"):
                PostgresStore.open(postgres_dsn, schema=schema)

    def test_two_schemas(self, store, postgres_dsn, schema):
        """Registries of one database know nothing of each other."""
        record = a_record(1)
        store.add([record])
        other = PostgresStore.open(postgres_dsn, schema=schema + "2", create=True)
        assert other.by_ids([record.record_id]) == [None]
        assert other.add([record]) == 1
        other.close()

    def test_reopened(self, store, postgres_dsn, schema):
        """What one store wrote another reads."""
        store.add([a_record(1)])
        again = PostgresStore.open(postgres_dsn, schema=schema)
        assert again.of_subjects([a_subject(1)]) == store.of_subjects([a_subject(1)])
        again.close()


class TestRefusals:
    """What the server does to us is said clearly, and no row is quoted."""

    def test_unreachable(self, tmp_path):
        """No server, no store."""
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            PostgresStore.open(f"host={tmp_path} user=fvs")
        assert "connection string" in caught.value.advice

    def test_a_broken_connection_is_replaced(self, store):
        """After a server restart the store works on without being opened anew."""
        store.add([a_record(1)])
        with pytest.raises(StoreError, match="broke"), store._cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        assert store.revision() == 1

    def test_read_only(self, store, postgres_dsn, schema):
        """A standby is named as what it is, and can be read."""
        store.add([a_record(1)])
        read_only = f"{postgres_dsn} options='-c default_transaction_read_only=on'"
        with closing(PostgresStore.open(read_only, schema=schema)) as standby:
            with pytest.raises(StoreError, match="read-only"):
                standby.add([a_record(2)])
            assert standby.revision() == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO metadata VALUES ('registry', 'a secret')",
            "UPDATE metadata SET value = NULL",
            "SELECT value::integer FROM metadata",
        ],
    )
    def test_rows_are_not_quoted(self, store, statement):
        """PostgreSQL quotes rows in its errors; neither message nor traceback passes that on."""
        store.set_metadata({"registry": "a secret"})
        refused = pytest.raises(StoreError, match="PostgreSQL refuses")
        with refused as caught, store._cursor() as cursor:
            cursor.execute(statement)
        assert "a secret" not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (errors.DiskFull("row"), "disk is full"),
            (errors.LockNotAvailable("row"), "takes too long"),
            (errors.InsufficientPrivilege("row"), "denies"),
            (errors.DataCorrupted("row"), "damaged"),
            (PoolTimeout("row"), "half a minute"),
            (PoolClosed("row"), "closed"),
            (psycopg.ProgrammingError("row"), "refuses: ProgrammingError"),
        ],
    )
    def test_every_reason(self, error, said):
        """Each kind of refusal has its own words, and none of the server's."""
        with pytest.raises(StoreError, match=said) as caught, postgres_errors():
            raise error
        assert "row" not in str(caught.value)


def test_every_unique_key_holds_the_subject(store):
    """Else the table could not be distributed by subject."""
    query = """
        SELECT array_agg(attname::text) FROM pg_index
        JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
        WHERE indisunique AND indrelid = 'records'::regclass GROUP BY indexrelid"""
    with store._cursor() as cursor:
        keys = [row[0] for row in cursor.execute(query)]
    assert keys
    assert all("subject" in key for key in keys), keys


class TestPartitions:
    """Records lie apart by the first digit of the subject, and no caller notices."""

    def test_where_records_lie(self, store):
        """Each partition holds the subjects of its digit, the lowest and the highest included."""
        subjects = [bytes([first]) + bytes(30) + b"x" for first in range(0, 256, 8)]
        subjects += [bytes(32), bytes([255]) * 32, bytes([0x10]) + bytes(31)]
        store.add([msgspec.structs.replace(a_record(), subject=subject) for subject in subjects])
        with store._cursor() as cursor:
            rows = cursor.execute("SELECT tableoid::regclass::text, subject FROM records")
            places = {(name[-1], subject.hex()[0]) for name, subject in rows}
        assert places == {(digit, digit) for digit in "0123456789abcdef"}

    @pytest.mark.parametrize("subjects", [1, 2, 3])
    def test_a_lookup_touches_one_partition_a_subject(self, store, subjects):
        """The planner leaves all others out."""
        wanted = [bytes([16 * n + 1]) * 32 for n in range(subjects)]
        relations = relations_in_plan(store, postgres_store._OF_SUBJECTS, [wanted])
        assert relations == {f"records_{n:x}" for n in range(subjects)}

    def test_prepared_lookups_too(self, store):
        """What runs often is prepared by psycopg; the plan is made for the keys every time."""
        for number in range(20):
            store.of_subjects([a_subject(40 * number + k) for k in range(40)])
        query = "SELECT sum(custom_plans)::int, sum(generic_plans)::int FROM pg_prepared_statements"
        with store._cursor() as cursor:
            custom, generic = cursor.execute(query).fetchone()
        assert custom > 0
        assert generic == 0

    def test_records_move_both_ways(self, store, postgres_dsn, schema):
        """Going back to one table and forth again keeps every row as it is."""
        store.add([a_record(n, quality=n / 2) for n in range(40)])
        store.erase([row.record_id for row in store.changed_since(0, 5)])
        rows = store.changed_since(0, 100)
        assert len(rows) == 40
        migrate_schema(postgres_dsn, schema, PARTITIONS - 1)
        with psycopg.connect(postgres_dsn) as connection:
            connection.execute(f"SET search_path TO {quoted(schema)}")
            (kind,) = connection.execute(
                "SELECT relkind FROM pg_class WHERE oid = 'records'::regclass"
            ).fetchone()
            assert kind == "r"
        assert store.changed_since(0, 100) == rows
        migrate_schema(postgres_dsn, schema)
        assert store.changed_since(0, 100) == rows
        assert relations_in_plan(store, postgres_store._OF_SUBJECTS, [[bytes(32)]]) == {"records_0"}


def relations_in_plan(store, query, parameters):
    """The tables that PostgreSQL would read."""
    with store._cursor() as cursor:
        (plan,) = cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", parameters).fetchone()
    return set(re.findall(r"'Relation Name': '(\w+)'", repr(plan)))


def quoted(name):
    """An identifier as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("vacuumed", [False, True])
def test_vacuum(store, vacuumed):
    """Room of old row versions is given back, and is used before the table grows."""
    records = [a_record(n) for n in range(200)]
    store.add(records)
    store.erase([record.record_id for record in records])
    if vacuumed:
        store.vacuum()
    before = table_bytes(store)
    store.add([a_record(n) for n in range(150)])
    assert (table_bytes(store) == before) is vacuumed


def table_bytes(store):
    """The room that records take."""
    with store._cursor() as cursor:
        query = "SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree('records')"
        return cursor.execute(query).fetchone()[0]

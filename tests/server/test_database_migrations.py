"""Migrations make exactly the tables that the code declares, on both databases."""

from __future__ import annotations

import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

import fvs_server.wiring
from fvs.errors import DeploymentError
from fvs_server.database import Database, metadata
from fvs_server.database.engine import _alembic_config
from fvs_server.edge.boundary import as_service_error
from fvs_server.problems import Problem
from tests.server.audit_fixtures import answer, record
from tests.server.database_fixtures import migrate


def test_tables_are_those_of_the_code(own_database):
    """Tables, columns, types, indexes and constraints; a forgotten migration fails here."""
    assert fvs_server.wiring  # every owner's tables are declared by now
    assert len(metadata.tables) >= 5
    with own_database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(own_database):
    """Replicas may do it at once, and again at each start."""
    before, after = own_database.migrate()
    assert before == after
    own_database.require_current()


def test_two_replicas_that_migrate_at_once(empty_url):
    """One makes the tables; the other waits for it, and finds them made."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        done = list(pool.map(migrate, [empty_url] * 2))
    assert {after for _, after in done} == {migrate(empty_url)[0]}


def test_down_and_up_again(empty_url):
    """Each migration takes back what it made, and all can be made anew."""
    migrate(empty_url)
    database = Database.open(empty_url)
    config = _alembic_config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert database.migrate()[0] is None
    with database.reading() as connection:
        assert {*metadata.tables, "alembic_version"} == {*inspect(connection).get_table_names()}
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all/secret.db",
        "postgresql://somebody:secret@127.0.0.1:1/fvs",
    ],
)
def test_a_database_that_is_not_there(url):
    """Is the deployer's to see to; nothing of its address is told."""
    with pytest.raises(DeploymentError) as caught:
        migrate(url)
    assert "secret" not in f"{caught.value} {caught.value.advice}"
    assert caught.value.__suppress_context__


def test_a_file_that_is_no_database(tmp_path):
    """Likewise."""
    path = tmp_path / "server.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(DeploymentError, match="cannot be opened"):
        migrate(f"sqlite:///{path}")


def test_a_full_disk(tmp_path, migrated_sqlite):
    """Is a database that is away, not a fault that nobody foresaw."""
    path = tmp_path / "full.db"
    shutil.copy(migrated_sqlite, path)
    database = Database.open(f"sqlite:///{path}")
    with database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(OperationalError) as caught:
        record(database, map(answer, range(1000)))
    assert as_service_error(caught.value, "r1").problem is Problem.DATABASE_UNAVAILABLE
    database.close()

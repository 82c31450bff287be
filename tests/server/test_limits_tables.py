"""Migration 0003 makes the tables that the code declares, and leaves nothing when it is undone."""

from __future__ import annotations

import sqlalchemy
from alembic import command

from fvs_server.database import Database
from fvs_server.database.engine import _alembic_config
from fvs_server.limits import tables
from tests.server import limits_fixtures
from tests.server.database_fixtures import migrate

database_url, database = limits_fixtures.database_url, limits_fixtures.database

OURS = [getattr(tables, name) for name in tables.__all__]


def test_the_migration_makes_what_the_code_declares(database):
    """Columns, their kinds, NOT NULL, keys and indices are those of tables.py."""
    inspector = sqlalchemy.inspect(database._engine)
    for table in OURS:
        made = {column["name"]: column for column in inspector.get_columns(table.name)}
        assert list(made) == table.c.keys()
        for column in table.c:
            found = made[column.name]
            assert found["nullable"] == column.nullable
            declared = column.type.compile(database._engine.dialect)
            assert found["type"].compile(database._engine.dialect) == declared
        keys = inspector.get_pk_constraint(table.name)["constrained_columns"]
        assert keys == [column.name for column in table.primary_key]
        indices = {index["name"] for index in inspector.get_indexes(table.name)}
        assert indices == {index.name for index in table.indexes}


def test_the_migration_can_be_undone(empty_url):
    """Downgrading drops all of them."""
    migrate(empty_url)
    database = Database.open(empty_url)
    config = _alembic_config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    names = sqlalchemy.inspect(database._engine).get_table_names()
    database.close()
    assert not {table.name for table in OURS} & set(names)

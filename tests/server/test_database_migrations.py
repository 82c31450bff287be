"""Migrations make exactly the tables that the code declares, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import fvs_server.wiring
from fvs_server.database import metadata


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

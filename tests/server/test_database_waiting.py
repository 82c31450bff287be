"""Which transactions wait for the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

if TYPE_CHECKING:
    from fvs_server.database import Database

HOW = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
WAITS = {2, "on"}
"""SQLite's FULL."""


@pytest.fixture
def database(own_database):
    """One that waits as it comes; the server of the tests does not."""
    if own_database.is_postgres:
        with own_database.writing() as connection:
            name = connection.scalar(text("SELECT current_database()"))
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = on"))
        own_database._engine.dispose()
    return own_database


def waits(database: Database, **how: bool) -> bool:
    """Whether a transaction's end waits for the disk."""
    with database.writing(**how) as connection:
        return connection.scalar(text(HOW[connection.dialect.name])) in WAITS


class TestWriting:
    def test_only_the_hurried_do_not_wait(self, database):
        """Whichever came before on the same connection, or failed."""
        assert waits(database)
        assert not waits(database, hurried=True)
        with pytest.raises(ZeroDivisionError), database.writing(hurried=True):
            raise ZeroDivisionError
        assert waits(database)

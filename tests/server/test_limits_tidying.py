"""Old rows go, a bounded number at a time; what is still needed stays."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy

from fvs_server.limits import Capture, Limits, LimitsKeeper, LimitsSettings
from fvs_server.limits import tables as limit_tables
from fvs_server.limits.tidying import tidy
from fvs_server.secrets import ServerSecrets
from tests.server import limits_fixtures
from tests.server.limits_fixtures import NOW, SECOND, SUBJECT, caller, refusal

database_url, database = limits_fixtures.database_url, limits_fixtures.database

LIMITS = Limits.create(LimitsSettings(), ServerSecrets.generate())
TABLES = [getattr(limit_tables, name) for name in limit_tables.__all__]


@pytest.fixture
def used(database):
    """A database in which everything was done once at NOW."""
    with database.writing() as connection:
        LIMITS.rates.take(connection, caller(), NOW)
        LIMITS.attempts.admit(connection, SUBJECT, "bank-a", NOW)
        LIMITS.attempts.record(connection, SUBJECT, "bank-a", NOW, "refused")
        LIMITS.idempotency.begin(connection, caller(), "k", bytes(32), NOW)
        LIMITS.sessions.create(connection, caller(), SUBJECT, NOW)
        frames = [Capture(sha256=bytes(32), perceptual=7)]
        LIMITS.captures.remember(connection, SUBJECT, frames, NOW)
    return database


def kept(database) -> set[str]:
    """Tables that have rows."""
    with database.reading() as connection:
        return {
            table.name for table in TABLES if connection.execute(sqlalchemy.select(table)).first()
        }


def tidied(database, now) -> int:
    """How many rows went."""
    with database.writing() as connection:
        return LIMITS.tidy(connection, now)


class TestTidy:
    def test_nothing_to_do(self, database):
        """An empty database stays empty."""
        assert tidied(database, NOW) == 0

    @pytest.mark.parametrize(
        ("after", "left"),
        [
            (timedelta(), {table.name for table in TABLES}),
            (
                timedelta(minutes=6),
                {"attempts", "subject_attempts", "idempotency_keys", "captures"},
            ),
            (timedelta(hours=25), {"attempts", "captures"}),
            (timedelta(days=29), {"attempts", "captures"}),
            (timedelta(days=31), set()),
        ],
    )
    def test_each_row_has_its_time(self, used, after, left):
        """Sessions go first, then what lasts a day, then what lasts a month."""
        tidied(used, NOW + after)
        assert kept(used) == left

    def test_work_is_bounded(self, database):
        """At most so many rows of a table go in one call."""
        with database.writing() as connection:
            for _ in range(5):
                LIMITS.sessions.create(connection, caller(), SUBJECT, NOW)
        gone = []
        for _ in range(4):
            with database.writing() as connection:
                later = NOW + timedelta(hours=1)
                gone.append(tidy(connection, LIMITS.settings, later, at_most=2))
        assert gone == [2, 2, 1, 0]


class TestAClockSetBack:
    def test_a_ban_ends_when_it_would_have_ended(self, database):
        """An IdP has used up its share, and then the year changes back: 24 hours it is."""
        now = NOW
        for _ in range(20):
            now += timedelta(hours=1)
            with database.writing() as connection:
                LIMITS.attempts.admit(connection, SUBJECT, "bank-a", now)
                LIMITS.attempts.record(connection, SUBJECT, "bank-a", now, "refused")
        past = NOW - timedelta(days=365)
        tidied(database, past)
        before = past + timedelta(hours=24) - SECOND

        def attempt(connection, now=before):
            LIMITS.attempts.admit(connection, SUBJECT, "bank-a", now)

        assert refusal(database, attempt).retry_after_s == 1.0
        with database.writing() as connection:
            attempt(connection, before + SECOND)

    def test_counts_stay(self, used):
        """Setting times right forgets no failure."""
        tidied(used, NOW - timedelta(days=365))
        with used.reading() as connection:
            row = connection.execute(sqlalchemy.select(limit_tables.attempts)).one()
        assert (row.in_a_row, row.in_period) == (1, 1)


class TestLimitsKeeper:
    def test_it_tidies_until_nothing_is_left(self, used):
        """Round after round, each a transaction of its own."""
        keeper = LimitsKeeper(used, LIMITS, lambda: NOW + timedelta(days=31))
        assert keeper.tidy() == len(TABLES)
        assert kept(used) == set()

    def test_a_server_has_one_at_work(self, used, monkeypatch):
        """It works by itself while the block runs."""
        monkeypatch.setattr("fvs_server.limits.keeping._EVERY_S", 0.01)
        done = threading.Event()

        def clock():
            done.set()
            return NOW + timedelta(days=31)

        with LimitsKeeper(used, LIMITS, clock).running():
            assert done.wait(20)
        assert kept(used) == set()

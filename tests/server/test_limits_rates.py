"""A key may send its burst at once and its rate in the long run; a clock may jump."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs_server.database import Database
from fvs_server.limits import LimitsSettings, RateLimits, RateUsage
from fvs_server.problems import Problem, ServiceError
from tests.server import limits_fixtures
from tests.server.limits_fixtures import NOW, SECOND, caller, refusal

database_url, database = limits_fixtures.database_url, limits_fixtures.database

RATES = RateLimits(LimitsSettings(rate_per_s=2.0, burst=4))


def take(database, now, principal=None) -> RateUsage | None:
    """What is left, or None where the request is refused."""
    try:
        with database.writing() as connection:
            return RATES.take(connection, principal or caller(), now)
    except ServiceError:
        return None


@pytest.fixture(scope="module")
def one_database(tmp_path_factory):
    """A database for many short histories."""
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('rates') / 'rates.db'}")
    database.migrate()
    yield database
    database.close()


class TestTake:
    def test_a_burst_then_the_rate(self, database):
        """Four at once, the fifth is told to wait half a second, and then it passes."""
        usages = [take(database, NOW) for _ in range(4)]
        assert [usage.remaining for usage in usages] == [3, 2, 1, 0]
        assert usages[-1] == RateUsage(limit=4, window_s=2, remaining=0, reset_s=2)
        refused = refusal(database, lambda connection: RATES.take(connection, caller(), NOW))
        assert refused.problem is Problem.RATE_LIMITED
        assert refused.retry_after_s == 0.5
        assert take(database, NOW + timedelta(seconds=refused.retry_after_s))
        assert take(database, NOW + timedelta(seconds=0.6)) is None

    def test_keys_do_not_share(self, database):
        """What one key uses up, another of the same IdP still has."""
        for _ in range(4):
            take(database, NOW)
        assert take(database, NOW, caller(key_id="8899aabbccddeeff")).remaining == 3

    def test_a_refusal_costs_nothing(self, database):
        """Whoever hammers is admitted as soon as one who waits."""
        for _ in range(50):
            take(database, NOW)
        assert take(database, NOW + 0.5 * SECOND)

    @pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(days=400)])
    def test_a_clock_set_back_locks_nobody_out(self, database, back):
        """At most one interval must be waited for, and no more than one request is given away."""
        for _ in range(4):
            take(database, NOW)
        admitted = [take(database, NOW - back) for _ in range(5)]
        assert sum(usage is not None for usage in admitted) == 1
        assert take(database, NOW - back + 0.5 * SECOND)

    def test_clocks_of_replicas_may_differ(self, database):
        """A replica that is late by less than `SKEW` gives nothing away."""
        for _ in range(4):
            take(database, NOW)
        assert take(database, NOW - 2 * SECOND) is None
        assert take(database, NOW + 0.4 * SECOND) is None


class TestAgainstTheBucket:
    @settings(max_examples=40)
    @given(st.lists(st.integers(0, 1500), max_size=40))
    def test_it_admits_what_a_bucket_of_tokens_admits(self, one_database, pauses_ms):
        """GCRA and the token bucket are one rule in two forms."""
        with one_database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM rates")
        tokens, now, expected, found = 4000, NOW, [], []
        for pause_ms in pauses_ms:
            now += timedelta(milliseconds=pause_ms)
            tokens = min(4000, tokens + 2 * pause_ms)
            expected.append(tokens >= 1000)
            tokens -= 1000 * expected[-1]
            found.append(take(one_database, now) is not None)
        assert found == expected

"""Attempts for a person are counted in the database, once each, alike for everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy

from fvs_server.limits import Attempts, LimitsSettings
from fvs_server.limits.tables import attempts, subject_attempts
from fvs_server.problems import Problem, ServiceError
from tests.server import limits_fixtures
from tests.server.limits_fixtures import NOW, OTHER_SUBJECT, SECOND, SUBJECT, refusal

database_url, database = limits_fixtures.database_url, limits_fixtures.database

ATTEMPTS = Attempts(LimitsSettings())


def attempt(database, outcome, now=NOW, *, idp="bank-a", subject=SUBJECT, pad=True) -> float | None:
    """One attempt from its beginning to its end; None, or the seconds it was told to wait."""
    try:
        with database.writing() as connection:
            ATTEMPTS.admit(connection, subject, idp, now, pad=pad)
    except ServiceError as error:
        return error.retry_after_s
    with database.writing() as connection:
        ATTEMPTS.record(connection, subject, idp, now, outcome)
    return None


def rows(database) -> int:
    """How many rows are kept of anybody."""
    with database.reading() as connection:
        count = sqlalchemy.func.count()
        return sum(
            connection.execute(sqlalchemy.select(count).select_from(table)).scalar_one()
            for table in (attempts, subject_attempts)
        )


class TestAttempts:
    @pytest.mark.parametrize(("pad", "free"), [(False, 5), (True, 10)])
    def test_failures_in_a_row_bring_delays(self, database, pad, free):
        """After the free ones 30 s, then 60 s."""
        assert [attempt(database, "refused", pad=pad) for _ in range(free)] == [None] * free
        assert attempt(database, "refused", pad=pad) == 30.0
        assert attempt(database, "refused", NOW + 30 * SECOND, pad=pad) is None
        assert attempt(database, "refused", NOW + 30 * SECOND, pad=pad) == 60.0

    def test_a_success_ends_the_row(self, database):
        """It forgets the failures at that IdP and the overall count, and keeps no row."""
        for _ in range(10):
            attempt(database, "refused")
        assert attempt(database, "accepted", NOW + 30 * SECOND) is None
        assert rows(database) == 0
        assert attempt(database, "refused", NOW + 30 * SECOND) is None

    def test_a_success_elsewhere_does_not_help_who_guesses(self, database):
        """The person verifies at one bank; whoever fails at another still waits."""
        for _ in range(10):
            attempt(database, "refused", idp="bank-b")
        attempt(database, "accepted", idp="bank-a")
        assert attempt(database, "refused", idp="bank-b") == 30.0

    def test_what_is_not_counted_leaves_nothing(self, database):
        """Faults, poor pictures and presentation attacks neither count nor lock anybody out."""
        assert [attempt(database, "not_counted") for _ in range(120)] == [None] * 120
        with database.reading() as connection:
            assert not connection.execute(sqlalchemy.select(attempts)).all()

    def test_nobody_else_waits(self, database):
        """Failures at one IdP delay neither other subjects there nor the subject elsewhere."""
        for _ in range(10):
            attempt(database, "refused")
        assert attempt(database, "refused") is not None
        assert attempt(database, "refused", subject=OTHER_SUBJECT) is None
        assert attempt(database, "refused", idp="bank-b") is None

    def test_all_idps_together_use_up_the_whole(self, database):
        """Five IdPs with 20 failures each in an hour: the sixth waits for the period's end."""
        now = NOW
        for idp in "abcde":
            failures = 0
            while failures < 20:
                waited = attempt(database, "refused", now, idp=idp)
                failures += waited is None
                now += timedelta(seconds=waited or 0)
        with database.reading() as connection:
            overall = connection.execute(sqlalchemy.select(subject_attempts)).one()
        left = timedelta(hours=24) - (now - overall.period_started_at)
        assert left > timedelta()
        assert attempt(database, "refused", now, idp="f") == left.total_seconds()

    def test_many_at_once_are_not_let_through(self, database):
        """Eleven requests that all begin before one ends: ten pass."""
        for _ in range(10):
            with database.writing() as connection:
                ATTEMPTS.admit(connection, SUBJECT, "bank-a", NOW)
        refused = refusal(database, lambda c: ATTEMPTS.admit(c, SUBJECT, "bank-a", NOW))
        assert refused.problem is Problem.ATTEMPTS_EXHAUSTED
        assert refused.retry_after_s == 1.0
        with database.writing() as connection:
            ATTEMPTS.record(connection, SUBJECT, "bank-a", NOW, "not_counted")
        assert attempt(database, "refused") is None

    def test_an_attempt_whose_process_died_counts_for_a_minute(self, database):
        """It holds its place for the lease and no longer, and is no failure."""
        for _ in range(10):
            with database.writing() as connection:
                ATTEMPTS.admit(connection, SUBJECT, "bank-a", NOW)
        assert attempt(database, "refused", NOW + 59 * SECOND) == 1.0
        later = NOW + 61 * SECOND
        assert [attempt(database, "refused", later) for _ in range(10)] == [None] * 10


class TestClocks:
    def test_a_clock_set_back_neither_lengthens_a_delay_nor_forgets(self, database):
        """A year back: the delay is what it was at its beginning, and the row of failures stays."""
        for _ in range(12):
            attempt(database, "refused")
        for second in (0, 30):
            attempt(database, "refused", NOW + second * SECOND)
        past = NOW - timedelta(days=365)
        assert attempt(database, "refused", past) == 60.0

    def test_the_same_subject_counts_alike_known_or_not(self, database):
        """Nothing but 32 bytes comes in: two subjects with one history have equal rows."""
        for subject in (SUBJECT, OTHER_SUBJECT):
            for step in range(11):
                attempt(database, "refused", NOW + step * SECOND, subject=subject)
        with database.reading() as connection:
            one, other = connection.execute(sqlalchemy.select(attempts)).all()
        assert one[1:] == other[1:]

"""The rules of attempts, on a day that is made up: what is let through, what waits and how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.limits import LimitsSettings
from fvs_server.limits.attempt_rules import LEASE, AttemptRules, IdpTally, PeriodTally
from tests.server.limits_fixtures import NOW, SECOND

SETTINGS = LimitsSettings()
RULES = AttemptRules(SETTINGS)
DAY = timedelta(days=1)


def failed(times: int, now=NOW) -> IdpTally:
    """A tally of that many failures at one moment."""
    tally = IdpTally()
    for _ in range(times):
        tally = RULES.failed_here(tally, now)
    return tally


def wait(here: IdpTally, now=NOW, *, overall=None, elsewhere=0, pad=True) -> timedelta:
    """Under the overall count that the IdP alone made."""
    return RULES.wait(here, overall or here.period, elsewhere, now, pad=pad)


class TestDelays:
    @pytest.mark.parametrize(
        ("failures", "pad", "expected_s"),
        [
            (0, True, 0),
            (4, False, 0),
            (5, False, 30),
            (6, False, 60),
            (9, False, 480),
            (9, True, 0),
            (10, True, 30),
            (12, True, 120),
            (17, True, 3600),
            (19, True, 3600),
        ],
    )
    def test_delays_begin_and_double(self, failures, pad, expected_s):
        """Five failures are free, ten with PAD; then 30 s, doubled each time up to an hour."""
        assert wait(failed(failures), pad=pad) == timedelta(seconds=expected_s)

    def test_a_delay_ends(self):
        """An attempt passes at its end, not before."""
        assert wait(failed(10), NOW + 29 * SECOND) == SECOND
        assert wait(failed(10), NOW + 30 * SECOND) == timedelta()

    def test_one_attempt_at_a_time_after_delays_began(self):
        """While one is under way, the next is told to come back at once."""
        here = failed(10).begun(NOW + 30 * SECOND)
        assert wait(here, NOW + 31 * SECOND) == SECOND

    def test_attempts_under_way_count_as_if_they_failed(self):
        """Ten at once pass, not the eleventh; when they have died it does."""
        here = IdpTally()
        for _ in range(10):
            assert not wait(here)
            here = here.begun(NOW)
        assert wait(here) == SECOND
        assert not wait(here, NOW + LEASE + SECOND)


class TestPeriods:
    def test_an_idp_uses_up_its_share(self):
        """After a fifth of 100 failures the IdP waits for the period's end."""
        assert wait(failed(20), NOW + 2 * timedelta(hours=1)) == timedelta(hours=22)
        assert not wait(failed(20), NOW + DAY)

    def test_all_idps_use_up_the_whole(self):
        """After 100 failures a fresh IdP waits too; attempts under way elsewhere count."""
        whole = PeriodTally(count=100, started_at=NOW)
        assert wait(IdpTally(), overall=whole) == DAY
        almost = PeriodTally(count=99, started_at=NOW)
        assert not wait(IdpTally(), overall=almost)
        assert wait(IdpTally(), overall=almost, elsewhere=1) == SECOND

    def test_a_period_begins_with_its_first_failure(self):
        """Failures after its end are counted from one again; delays stay."""
        tally = failed(12)
        again = RULES.failed_here(tally, NOW + DAY)
        assert again.period == PeriodTally(count=1, started_at=NOW + DAY)
        assert again.in_a_row == 13


class TestAnAttack:
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4000)), max_size=250))
    def test_no_history_passes_the_limits(self, attempts):
        """Whatever is tried when: an IdP has 20 failures a period, all IdPs 100, in six hours.

        And an IdP that never failed is let through while fewer than five others used up theirs.
        """
        tallies, overall, now = [IdpTally()] * 6, PeriodTally(), NOW
        for idp, pause_s in attempts:
            now = min(now + pause_s * SECOND, NOW + timedelta(hours=6))
            if RULES.wait(tallies[idp], overall, 0, now, pad=True):
                continue
            tallies[idp] = RULES.failed_here(tallies[idp], now)
            overall = RULES.failed(overall, now)
        assert all(tally.period.count <= 20 for tally in tallies)
        assert overall.count <= 100
        exhausted = sum(tally.period.count == 20 for tally in tallies)
        for tally in tallies:
            if not tally.in_a_row and exhausted < 5:
                assert not RULES.wait(tally, overall, 0, now, pad=True)

    def test_no_idp_locks_a_person_out_elsewhere(self):
        """An IdP that tries all day long reaches its share, a fifth, and no other IdP notices."""
        here, overall, now = IdpTally(), PeriodTally(), NOW
        while now < NOW + DAY:
            pause = RULES.wait(here, overall, 0, now, pad=True)
            if pause:
                now += pause
                continue
            here, overall = RULES.failed_here(here, now), RULES.failed(overall, now)
            if here.period.started_at != NOW:
                break
        assert overall.count <= 21
        assert not RULES.wait(IdpTally(), overall, 0, now, pad=True)

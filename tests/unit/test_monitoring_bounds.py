"""Whether bounds of error rates hold: fixed sets by exact intervals, streams by betting."""

import itertools
import math

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.monitoring import Limits, Signal, check_live_bounds
from fvs.monitoring.bounds import check_bound
from fvs.monitoring.sequential import RATE_RATIOS, bet_against_bound

LIMITS = Limits(threshold=0.5, fmr_at_most=0.01, fnmr_at_most=0.1)


def cases(seed, fmr, fnmr, count=4000):
    """Known cases, half of them mated, with these error rates at 0.5."""
    rng = np.random.default_rng(seed)
    mated = np.arange(count) % 2
    wrong = rng.random(count) < np.where(mated, fnmr, fmr)
    similarity = np.where(mated.astype(bool) ^ wrong, 0.7, 0.3)
    return Signal("similarity", similarity), Signal("mated", mated.astype(float))


class TestBets:
    def test_empty(self):
        """Without cases there is no alarm."""
        assert bet_against_bound(np.empty(0, bool), 0.1, 0.01).alarm_at is None

    @pytest.mark.parametrize("at_most", [1e-4, 0.02, 0.3, 0.95])
    @pytest.mark.parametrize("share", [1.0, 0.5, 0.0])
    def test_are_never_better_than_fair_while_the_bound_holds(self, at_most, share):
        """Over all courses of six cases the mean wealth is 1 at the bound, and less below it."""
        p, mean = share * at_most, 0.0
        for course in itertools.product([False, True], repeat=6):
            chance = math.prod(p if wrong else 1 - p for wrong in course)
            mean += (
                chance * 10 ** bet_against_bound(np.array(course), at_most, 0.01).log10_wealth[-1]
            )
        assert mean <= 1.0 + 1e-9
        if share == 1.0:
            assert mean == pytest.approx(1.0)

    @pytest.mark.parametrize("at_most", [0.02, 0.3])
    def test_false_alarms_are_as_rare_as_stated(self, at_most):
        """Looked at after each of 3,000 cases with a rate at its bound, few runs ever alarm."""
        rng, runs = np.random.default_rng(4), 500
        alarms = sum(
            bet_against_bound(rng.random(3000) < at_most, at_most, 0.1).alarm_at is not None
            for _ in range(runs)
        )
        assert 0 < alarms <= 0.1 * runs + 3 * math.sqrt(runs * 0.09)

    def test_finds_a_rate_beyond(self):
        """Three times the bound is found, and the path does not depend on what comes later."""
        errors = np.random.default_rng(5).random(4000) < 0.03
        bets = bet_against_bound(errors, 0.01, 0.005)
        assert 0 < bets.alarm_at < 2000
        early = bet_against_bound(errors[: bets.alarm_at], 0.01, 0.005)
        assert early.alarm_at == bets.alarm_at

    def test_bounds_near_1_have_a_rate_to_bet_on(self):
        """Where no multiple of the bound is a rate, one between it and 1 is."""
        assert min(RATE_RATIOS) * 0.9 > 1
        assert bet_against_bound(np.ones(200, bool), 0.9, 0.01).alarm_at is not None


class TestFixedSet:
    @pytest.mark.parametrize(
        ("errors", "trials", "verdict"),
        [(0, 1000, "holds"), (0, 100, "cannot_tell"), (3, 100, "cannot_tell"), (9, 100, "broken")],
    )
    def test_verdicts(self, errors, trials, verdict):
        """By the exact interval: within the bound, beyond it, or neither."""
        found = check_bound(np.arange(trials) < errors, 0.01)
        assert (found.rate.errors, found.rate.trials, found.verdict) == (errors, trials, verdict)
        assert found.trials_needed == 368

    def test_empty(self):
        """No trials have no rate."""
        assert check_bound(np.empty(0, bool), 0.01) is None


class TestStream:
    @pytest.mark.parametrize(
        ("fmr", "fnmr", "count", "verdict"),
        [
            (0.0, 0.05, 0, "cannot_tell"),
            (0.0, 0.05, 200, "cannot_tell"),
            (0.0, 0.05, 4000, "holds"),
            (0.05, 0.05, 4000, "broken"),
            (0.0, 0.3, 4000, "broken"),
        ],
        ids=["none", "too few", "both hold", "false matches", "false non-matches"],
    )
    def test_verdicts(self, fmr, fnmr, count, verdict):
        """A stream is as bad as its worse rate, and no cases are no evidence."""
        assert check_live_bounds(*cases(1, fmr, fnmr, count), LIMITS, 0.01).verdict == verdict

    def test_counts_are_at_the_threshold(self):
        """`score >= threshold` accepts; rows without a score are left out and counted."""
        similarity = Signal("similarity", np.array([0.5, 0.5, 0.499, np.nan]))
        mated = Signal("mated", np.array([1.0, 0.0, 1.0, 1.0]))
        found = check_live_bounds(similarity, mated, LIMITS, 0.01)
        assert (found.fmr.rate.errors, found.fmr.rate.trials) == (1, 1)
        assert (found.fnmr.rate.errors, found.fnmr.rate.trials) == (1, 2)
        assert found.not_compared == 1

    def test_a_bound_that_was_not_set_is_not_judged(self):
        """Without a bound of FNMR only false matches decide."""
        limits = Limits(threshold=0.5, fmr_at_most=0.01)
        found = check_live_bounds(*cases(2, 0.0, 0.9), limits, 0.01)
        assert (found.verdict, found.fnmr) == ("holds", None)

    def test_refuses_nonsense(self):
        """Columns that differ, labels that are none, and rates that are none."""
        similarity, mated = cases(3, 0.0, 0.0, 10)
        with pytest.raises(UsageError, match="do not fit"):
            check_live_bounds(similarity, Signal("mated", mated.values[:5]), LIMITS, 0.01)
        for label in (np.nan, 2.0):
            with pytest.raises(UsageError, match="says 1"):
                check_live_bounds(similarity, Signal("mated", np.full(10, label)), LIMITS, 0.01)
        with pytest.raises(UsageError, match="false-alarm"):
            check_live_bounds(similarity, mated, LIMITS, 1.0)

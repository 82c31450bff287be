"""Failures and transactions against loops over attempts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.acquisition import (
    FAILED,
    failure_rate,
    generalized_rates,
    transaction_rates,
    transaction_scores,
)

attempt = st.tuples(
    st.integers(0, 5), st.sampled_from([0.1, 0.5, 0.9, FAILED, math.nan]) | st.floats(-1, 1)
)


class TestTransactions:
    def test_empty(self):
        """No attempts, no transactions."""
        best, acquired = transaction_scores([], [], attempts=3)
        assert (len(best), len(acquired)) == (0, 0)

    @given(st.lists(attempt, max_size=30), st.integers(1, 4))
    def test_the_best_of_the_first_attempts_decides(self, attempts, allowed):
        """Later attempts do not count, and failed ones decide nothing."""
        best, acquired = transaction_scores(
            [score for _, score in attempts], [who for who, _ in attempts], attempts=allowed
        )
        for row, who in enumerate(sorted({who for who, _ in attempts})):
            made = [np.float32(score) for one, score in attempts if one == who][:allowed]
            usable = [score for score in made if math.isfinite(score)]
            assert best[row] == (max(usable) if usable else FAILED)
            assert acquired[row] == bool(usable)

    def test_more_attempts_accept_more_of_both_kinds(self):
        """Retries trade false rejects for false accepts."""
        rng = np.random.default_rng(0)
        owner = np.repeat(np.arange(200), 3)
        mated, others = rng.normal(0.5, 0.2, 600), rng.normal(0.1, 0.2, 600)
        found = []
        for allowed in (1, 3):
            scores = [transaction_scores(s, owner, attempts=allowed)[0] for s in (mated, others)]
            found.append(transaction_rates(*scores, 0.4))
        assert found[1].false_rejects.errors < found[0].false_rejects.errors
        assert found[1].false_accepts.errors > found[0].false_accepts.errors

    def test_a_transaction_without_a_picture_is_a_false_reject(self):
        """FRR counts failures to acquire; a score at the threshold accepts."""
        found = transaction_rates([FAILED, 0.5], [0.5, FAILED], 0.5)
        assert (found.false_rejects.errors, found.false_accepts.errors) == (1, 1)

    def test_refusals(self):
        """NaN says that attempts were not summed up; no attempts are no transaction."""
        with pytest.raises(UsageError, match="NaN"):
            transaction_rates([math.nan], [0.1], 0.5)
        with pytest.raises(UsageError):
            transaction_scores([0.1], [1], attempts=0)
        with pytest.raises(UsageError):
            transaction_scores([0.1], [1, 2], attempts=1)


class TestGeneralized:
    def test_counts_everybody_who_came(self):
        """The composed rates are those counted among simulated people."""
        rng = np.random.default_rng(0)
        n = 400_000
        enrolled, acquired = rng.random(n) >= 0.05, rng.random(n) >= 0.1
        refused, passed = rng.random(n) < 0.2, rng.random(n) < 0.3
        compared = enrolled & acquired
        found = generalized_rates(fmr=0.3, fnmr=0.2, failure_to_acquire=0.1, failure_to_enrol=0.05)
        assert found.gfrr == pytest.approx(float((~compared | refused).mean()), abs=3e-3)
        assert found.gfar == pytest.approx(float((compared & passed).mean()), abs=3e-3)

    def test_without_failures_they_are_the_rates_themselves(self):
        """Nobody lost, nothing changed."""
        found = generalized_rates(fmr=0.1, fnmr=0.2, failure_to_acquire=0, failure_to_enrol=0)
        assert found == (0.1, 0.2)

    @pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
    def test_rates_outside_their_range_are_refused(self, bad):
        """A rate is a share."""
        with pytest.raises(UsageError):
            generalized_rates(fmr=bad, fnmr=0, failure_to_acquire=0, failure_to_enrol=0)

    def test_failures_are_counted(self):
        """One of three pictures is unusable; none captured is no rate."""
        assert failure_rate(np.array([True, False, True])).errors == 1
        with pytest.raises(UsageError):
            failure_rate(np.array([], np.bool_))

"""Exact intervals against the binomial distribution itself."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from fvs.errors import UsageError
from fvs.metrics.intervals import (
    clopper_pearson,
    most_errors_within,
    rate,
    rule_of_3,
    rule_of_30,
    trials_needed,
    trials_table,
    wilson,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


class TestClopperPearson:
    def test_empty(self):
        """No rates in, no bounds out."""
        lower, upper = clopper_pearson(np.empty(0), np.empty(0))
        assert lower.shape == upper.shape == (0,)

    @given(counts)
    def test_equals_scipys_exact_interval(self, count):
        """The bounds are those of scipy's own exact method."""
        k, n = count
        lower, upper = clopper_pearson(k, n)
        expected = binomtest(k, n).proportion_ci(0.95, method="exact")
        assert lower == pytest.approx(expected.low, abs=1e-10)
        assert upper == pytest.approx(expected.high, abs=1e-10)

    @given(counts)
    def test_bounds_leave_two_and_a_half_percent_beyond(self, count):
        """At a bound, a count so extreme has a chance of exactly 2.5 %: the definition."""
        k, n = count
        lower, upper = clopper_pearson(k, n)
        if k > 0:
            assert binom.sf(k - 1, n, lower) == pytest.approx(0.025, rel=1e-6)
        if k < n:
            assert binom.cdf(k, n, upper) == pytest.approx(0.025, rel=1e-6)

    def test_extremes_are_exact(self):
        """No errors give a lower bound of 0, nothing but errors an upper bound of 1."""
        lower, upper = clopper_pearson([0, 7], [7, 7])
        assert lower[0] == 0.0
        assert upper[1] == 1.0
        assert upper[0] == pytest.approx(1 - 0.025 ** (1 / 7))

    def test_holds_for_tens_of_millions(self):
        """Counts of all-pairs size keep their precision (against the normal approximation)."""
        lower, upper = clopper_pearson(29_600, 29_600_000)
        width = 1.959964 * math.sqrt(1e-3 * (1 - 1e-3) / 29_600_000)
        assert lower == pytest.approx(1e-3 - width, rel=2e-4)
        assert upper == pytest.approx(1e-3 + width, rel=2e-4)

    @pytest.mark.parametrize(("errors", "trials"), [(0, 0), (-1, 5), (6, 5)])
    def test_undefined_rates_are_refused(self, errors, trials):
        """A rate over nothing, or with impossible counts, is the caller's mistake."""
        with pytest.raises(UsageError):
            clopper_pearson(errors, trials)


class TestWilson:
    def test_empty(self):
        """No rates in, no bounds out."""
        lower, upper = wilson(np.empty(0), np.empty(0))
        assert lower.shape == upper.shape == (0,)

    @given(counts)
    def test_equals_scipys_interval(self, count):
        """To 1e-12, at no error and at nothing but errors too."""
        k, n = count
        lower, upper = wilson(k, n)
        expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
        assert lower == pytest.approx(expected.low, abs=1e-12)
        assert upper == pytest.approx(expected.high, abs=1e-12)

    @pytest.mark.parametrize(("errors", "trials"), [(0, 0), (-1, 5), (6, 5), (math.nan, 5)])
    def test_undefined_rates_are_refused(self, errors, trials):
        """As the exact interval refuses them."""
        with pytest.raises(UsageError):
            wilson(errors, trials)


class TestRules:
    @given(st.integers(30, 10**9))
    def test_rule_of_3_is_the_one_sided_bound_of_no_error(self, trials):
        """Within a twentieth of 1 - 0.05 ** (1 / n)."""
        assert rule_of_3(trials) == pytest.approx(-math.expm1(math.log(0.05) / trials), rel=0.06)

    def test_rule_of_30_keeps_its_promise(self):
        """With 30 errors the rate is within 30 % at 90 %: the Poisson distribution agrees."""
        assert binom.cdf(39, 3_000_000, 1e-5) - binom.cdf(20, 3_000_000, 1e-5) > 0.9
        assert rule_of_30(1e-5) == 3_000_000

    def test_refusals(self):
        """No trials, and targets that are none."""
        with pytest.raises(UsageError):
            rule_of_3(0)
        for target in (0.0, 1.0, math.nan):
            with pytest.raises(UsageError):
                rule_of_30(target)

    def test_the_table_holds_what_trials_needed_says(self):
        """One row a target and number of errors; two subjects for each pair that shares nobody."""
        assert trials_table([]) == []
        rows = trials_table([0.01, 0.001], errors=[0, 5])
        assert [(row.target, row.errors) for row in rows] == [
            (0.01, 0),
            (0.01, 5),
            (0.001, 0),
            (0.001, 5),
        ]
        for row in rows:
            assert row.trials == trials_needed(row.target, row.errors)
            assert row.subjects == 2 * row.trials


class TestRate:
    @given(counts)
    def test_carries_counts_and_brackets_its_point(self, count):
        """A rate holds its counts, and its bounds enclose it."""
        k, n = count
        result = rate(k, n)
        assert (result.errors, result.trials) == (k, n)
        assert result.lower_95 <= result.point == k / n <= result.upper_95


class TestSampleSize:
    @given(st.floats(1e-6, 0.5), st.integers(0, 20))
    def test_needed_trials_are_the_fewest(self, target, errors):
        """That many trials show the target in spite of the errors; one fewer do not."""
        needed = trials_needed(target, errors)
        assert clopper_pearson(errors, needed)[1] <= target
        if needed > max(errors, 1):
            assert clopper_pearson(errors, needed - 1)[1] > target

    @given(st.floats(1e-6, 0.5))
    def test_without_errors_there_is_a_formula(self, target):
        """N error-free trials show 1 - 0.025 ** (1 / n)."""
        assert trials_needed(target) == math.ceil(math.log(0.025) / math.log1p(-target))

    @pytest.mark.parametrize("target", [0.0, 1.0, -1.0, math.nan])
    def test_impossible_targets_are_refused(self, target):
        """A target is a rate strictly between 0 and 1."""
        with pytest.raises(UsageError):
            trials_needed(target)

    @given(st.integers(0, 500), st.floats(1e-3, 0.9))
    def test_most_errors_equals_the_slow_search(self, trials, target):
        """The bisection finds what trying every count finds."""
        slow = [k for k in range(trials + 1) if trials and clopper_pearson(k, trials)[1] <= target]
        assert most_errors_within(trials, target) == (max(slow) if slow else None)

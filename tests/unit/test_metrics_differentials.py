"""Differences between groups: summaries by their definitions, tests by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, gmean

from fvs.errors import UsageError
from fvs.metrics.differentials import (
    GroupRates,
    gini,
    group_false_match_rates,
    group_false_non_match_rates,
    holm,
    max_over_geometric_mean,
    max_over_min,
)
from fvs.metrics.subject_pairs import SubjectPairs
from tests.metric_oracles import mean_difference_gini

positive = st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=8)


class TestSummaries:
    @pytest.mark.parametrize("summary", [max_over_min, max_over_geometric_mean, gini])
    def test_empty_and_negative(self, summary):
        """Nothing to sum up, and what is no rate."""
        for rates in ([], [-0.1, 0.1], [math.nan, 0.1]):
            with pytest.raises(UsageError):
                summary(rates)

    @given(positive)
    def test_equal_their_definitions(self, rates):
        """Written out with scipy and all pairs of groups."""
        assert max_over_min(rates) == pytest.approx(max(rates) / min(rates))
        assert max_over_geometric_mean(rates) == pytest.approx(max(rates) / gmean(rates))
        assert gini(rates) == pytest.approx(mean_difference_gini(rates), abs=1e-9)

    @given(positive, st.floats(0.1, 10))
    def test_do_not_depend_on_level_or_order(self, rates, factor):
        """They compare groups, whatever the rates' height."""
        for summary in (max_over_min, max_over_geometric_mean, gini):
            turned = [factor * rate for rate in reversed(rates)]
            assert summary(turned) == pytest.approx(summary(rates), rel=1e-6, abs=1e-9)

    def test_zeros(self):
        """A ratio to 0 is infinite, of zeros undefined; equal groups have no inequality."""
        assert max_over_min([0.0, 0.1]) == math.inf
        assert max_over_geometric_mean([0.0, 0.1]) == math.inf
        assert math.isnan(max_over_min([0.0, 0.0]))
        assert math.isnan(max_over_geometric_mean([0.0, 0.0]))
        assert gini([0.0, 0.0]) == 0.0


class TestHolm:
    def test_empty(self):
        """Nothing to correct."""
        assert holm([]).shape == (0,)

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
    def test_rejects_what_stepping_down_rejects(self, p_values):
        """In order of size, until the first that fails its own level."""
        rejected = set()
        for step, row in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
            if p_values[row] * (len(p_values) - step) > 0.05:
                break
            rejected.add(row)
        assert set(np.flatnonzero(holm(p_values) <= 0.05)) == rejected


class TestGroupRates:
    def test_empty(self):
        """One group differs from nobody, and groups need trials."""
        with pytest.raises(UsageError):
            GroupRates.of(["a"], [1], [10]).differences()
        with pytest.raises(UsageError):
            GroupRates.of(["a", "b"], [0, 0], [10, 0])
        with pytest.raises(UsageError):
            GroupRates.of(["a", "b"], [0], [10])

    def test_tests_equal_scipys(self):
        """Counts that are independent give Fisher's and the chi-square test."""
        found = GroupRates.of(["a", "b", "c"], [10, 12, 40], [1000, 800, 1200])
        table = [[10, 12, 40], [990, 788, 1160]]
        assert found.p_all_equal() == pytest.approx(chi2_contingency(table).pvalue, rel=1e-9)
        expected = fisher_exact([[10, 990], [52, 1948]]).pvalue
        assert found.differences()[0].p_value == pytest.approx(expected)
        assert found.differences()[0].ratio == pytest.approx((10 / 1000) / (52 / 2000))

    def test_a_group_without_errors_counts_half_a_one(self):
        """So its ratio is finite and says how little it is known."""
        found = GroupRates.of(["a", "b"], [0, 4], [100, 100])
        assert found.max_over_min == 8.0
        assert found.worst == "b"
        assert GroupRates.of(["a", "b"], [0, 0], [100, 100]).p_all_equal() == 1.0

    def test_false_alarms_stay_within_five_percent(self):
        """Six equal groups: some group is said to differ in at most 5 % of evaluations."""
        rng = np.random.default_rng(0)
        names, trials = [str(i) for i in range(6)], np.full(6, 500)
        alarms = 0
        for _ in range(50):
            found = GroupRates.of(names, rng.binomial(500, 0.04, 6), trials)
            alarms += any(one.differs for one in found.differences())
        assert alarms <= 7  # 5 % of 50 and three standard errors

    def test_correlated_comparisons_are_less_evidence(self):
        """The same counts tell less where few subjects make the errors."""
        first, second = np.triu_indices(80, 1)
        hit = (first == 0) & (second <= 40)
        quiet = (first == 1) & (second <= 5)
        pairs = {
            name: SubjectPairs.non_mated(np.where(rows, 0.9, 0.1), first, second)
            for name, rows in (("loud", hit), ("quiet", quiet))
        }
        found = group_false_match_rates(pairs, 0.5)
        naive = GroupRates.of(found.groups, found.errors, found.trials)
        assert found.errors.tolist() == [40, 4]
        assert naive.p_all_equal() < 1e-6
        assert found.p_all_equal() > 0.01
        assert np.all(found.upper_95 >= naive.upper_95 - 1e-12)

    def test_false_non_matches_by_group(self):
        """FNMR of groups, from their mated pairs."""
        mated = {
            "a": SubjectPairs.mated([0.9, 0.1, 0.8], [0, 1, 2]),
            "b": SubjectPairs.mated([0.9, 0.9], [0, 1]),
        }
        found = group_false_non_match_rates(mated, 0.5)
        assert found.errors.tolist() == [1, 0]
        assert found.trials.tolist() == [3, 2]

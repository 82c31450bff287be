"""Intervals hold the truth as often as they say, and the threshold rule keeps its word.

The worlds are those of `benchmarks.calibration`, which measures all of this over more rounds.
"""

import re

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.calibration.coverage import TRIALS, measure_coverage
from benchmarks.calibration.guarantee import CASES, measure_guarantee
from fvs.metrics.intervals import clopper_pearson, rule_of_30, trials_table, wilson
from tests.conftest import REPOSITORY

LEVEL = 0.05
CORRELATED = [
    trial
    for trial in TRIALS
    if "15%" in trial.world
    and trial.truth > 0.09
    and not trial.slow
    and "as they" not in trial.interval
]


def name(trial):
    """Short, for the list of tests."""
    return f"{trial.interval}, {trial.world}, {trial.truth:.2g}"


def assert_holds(coverage):
    """It misses the truth in no more than 5 % of evaluations, as far as these can tell."""
    assert coverage.missed.lower_95 <= LEVEL


@pytest.mark.parametrize(("share", "trials"), [(0.3, 500), (0.05, 1000), (0.01, 5000), (0.5, 40)])
@pytest.mark.parametrize(("method", "lowest"), [(clopper_pearson, 0.95), (wilson, 0.94)])
def test_binomial_intervals_hold_their_level(method, lowest, share, trials):
    """95 to 98 % (Wilson: on average 95) hold the true rate, summed over all counts there are."""
    counts = np.arange(trials + 1)
    lower, upper = method(counts, np.full(trials + 1, trials))
    held = binom.pmf(counts, trials, share)[(lower <= share) & (share <= upper)].sum()
    assert lowest <= held <= 0.98


@pytest.mark.parametrize("trial", CORRELATED, ids=name)
def test_of_comparisons_that_share_people_those_by_subject_hold(trial):
    """Intervals by subject hold the true rate; those of independent trials are shown failing."""
    coverage = measure_coverage(trial, 60, seed=3)
    if trial.naive:
        assert coverage.missed.lower_95 > 4 * LEVEL
    else:
        assert_holds(coverage)


def test_both_kinds_of_interval_are_tried():
    """The test above has some that hold and one that fails."""
    assert {trial.naive for trial in CORRELATED} == {True, False}
    assert {trial.interval for trial in CORRELATED} >= {"FMR, by subject", "FMR, bootstrap"}


def test_the_threshold_rule_keeps_its_word():
    """The true FMR exceeds the target in no more than 5 % of calibrations."""
    found = measure_guarantee(*CASES[1], 60)
    assert found.leaning > 0
    assert found.exceeded.lower_95 <= LEVEL
    assert found.unsupported == 0
    assert found.median_over_target > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=name)
def test_every_interval_over_many_evaluations(trial):
    """All intervals in all worlds: held where they should, failing where they must."""
    coverage = measure_coverage(trial, 100 if trial.slow else 500, seed=4)
    if trial.naive:
        assert coverage.missed.lower_95 > LEVEL
    else:
        assert_holds(coverage)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "world"), CASES)
def test_the_threshold_rule_over_a_thousand_calibrations(target, world):
    """At 1e-2 to 1e-4, whether or not scores lean on people."""
    assert measure_guarantee(target, world, 1000, seed=4).exceeded.lower_95 <= LEVEL


def test_the_page_says_how_many_trials():
    """The table of docs/explanation/error-rates.md is what the functions say."""
    page = (REPOSITORY / "docs" / "explanation" / "error-rates.md").read_text()
    rows = re.findall(r"^\| (1e-\d) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", page, re.MULTILINE)
    assert len(rows) == 5
    for target, *counts in rows:
        needed = [row.trials for row in trials_table([float(target)], errors=[0, 3])]
        assert [int(count.replace(",", "")) for count in counts] == [
            *needed,
            rule_of_30(float(target)),
        ]

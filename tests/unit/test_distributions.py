"""Distributions: small, rounded as answers are, the same whatever the order, and honest of gaps."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.distributions import (
    DIGITS,
    FEWEST_VALUES,
    KEPT_BY_CERTIFICATES,
    Distribution,
    Signal,
    distribution_of,
)
from fvs.errors import UsageError

FEW = settings(max_examples=25, deadline=None)


def found(values, of="a test"):
    """Of these numbers."""
    return distribution_of(Signal("similarity", np.asarray(values, np.float64)), of)


@pytest.mark.parametrize(
    "values",
    [[], [0.5] * (FEWEST_VALUES - 1), [math.nan] * FEWEST_VALUES],
    ids=["empty", "too few", "none there"],
)
def test_too_little_is_no_distribution(values):
    """Nothing could be compared with it, so it is not stated."""
    assert found(values) is None


def test_an_infinite_value_is_refused():
    """No score is infinite."""
    with pytest.raises(UsageError, match="infinite"):
        found([0.1] * FEWEST_VALUES + [math.inf])


@given(st.integers(0, 99), st.sampled_from([3, 1000]), st.floats(0, 0.9))
@FEW
def test_counts_and_summary_are_those_of_counting(seed, levels, missing):
    """Bins hold every value once; a summary's numbers are values that were there."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, levels, 700) / levels
    values[rng.random(700) < missing] = math.nan
    one = found(values)
    counted = np.bincount(one.bins_of(values.round(DIGITS)), minlength=len(one.counts))
    assert one.counts == tuple(counted)
    summary = one.summary
    assert (summary.values, summary.missing) == (700, np.isnan(values).sum())
    shown = (summary.fifth_percentile, summary.median, summary.ninety_fifth_percentile)
    assert sorted(shown) == list(shown)
    assert set(shown) <= set(values.round(DIGITS))


@given(st.permutations(range(60)))
@FEW
def test_order_does_not_matter(order):
    """Rows of pictures are in no order of time."""
    values = np.random.default_rng(3).normal(size=600).reshape(60, 10)
    assert found(values.ravel()) == found(values[order].ravel())


def test_is_small():
    """However many values there were, a certificate keeps so many of them, evenly spaced."""
    values = np.random.default_rng(0).permutation(50_000)
    one = found(values)
    assert len(one.sample) == KEPT_BY_CERTIFICATES
    assert set(np.diff(one.sample)) == {len(values) / KEPT_BY_CERTIFICATES}
    assert len(msgspec.json.encode(one)) < 8_000


def test_answers_fall_where_scores_did():
    """A probability just below 1 is printed as 1, and is no new value."""
    saturated = np.float64(np.nextafter(np.float32(1), np.float32(0)))
    one = found([saturated] * 400 + [0.2] * 400)
    bins = one.bins_of(np.array([round(saturated, 6), 0.2]))
    assert [one.counts[k] for k in bins] == [400, 400]


def test_no_sample_or_no_number_is_no_distribution():
    """What a file says must be something to compare with."""
    good = msgspec.to_builtins(found(np.arange(600.0)))
    for wrong in ({"sample": []}, {"edges": [*good["edges"][:-1], math.inf]}):
        with pytest.raises(msgspec.ValidationError, match="finite"):
            msgspec.convert({**good, **wrong}, Distribution)

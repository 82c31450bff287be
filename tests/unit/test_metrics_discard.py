"""Error versus discard: what is left of FNMR when the worst pictures go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics.discard import (
    PARTIAL_SHARE,
    DiscardCurve,
    area_recovered,
    bootstrap_by_subject,
    pair_quality,
)

ROWS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40)
"""Pairs of few levels, so that ties are common."""


def curve_of(rows):
    """The curve of (quality, is an error) rows."""
    quality, errors = zip(*rows, strict=True)
    return DiscardCurve.of(np.array(quality, float), np.array(errors))


def slow_fnmr(rows, discarded_pairs):
    """Discard whole pairs one by one; of a tied level each pair goes in equal part."""
    left, wrong, to_go = float(len(rows)), float(sum(e for _, e in rows)), discarded_pairs
    for level in sorted({q for q, _ in rows}):
        tied = [error for q, error in rows if q == level]
        part = min(1.0, to_go / len(tied))
        left -= part * len(tied)
        wrong -= part * sum(tied)
        to_go -= part * len(tied)
    return wrong / left


class TestCurve:
    @given(rows=ROWS, share=st.floats(0, 0.99))
    def test_equals_discarding_pair_by_pair(self, rows, share):
        """FNMR at any share is what the slow walk over the levels counts."""
        expected = slow_fnmr(rows, share * len(rows))
        assert curve_of(rows).fnmr_at([share])[0] == pytest.approx(expected, abs=1e-9)

    @given(rows=ROWS, seed=st.integers(0, 99))
    def test_ignores_the_order_of_pairs(self, rows, seed):
        """A curve is of a set of pairs."""
        one = curve_of(rows)
        other = curve_of([rows[i] for i in np.random.default_rng(seed).permutation(len(rows))])
        np.testing.assert_array_equal(one.pairs_left, other.pairs_left)
        np.testing.assert_array_equal(one.errors_left, other.errors_left)

    @given(rows=ROWS)
    def test_ignores_the_unit_of_quality(self, rows):
        """Only the order of qualities matters."""
        one, other = curve_of(rows), curve_of([(np.exp(q) - 7, e) for q, e in rows])
        np.testing.assert_array_equal(one.errors_left, other.errors_left)

    @given(rows=ROWS, share=st.floats(0, 0.99))
    def test_of_constant_quality_is_flat(self, rows, share):
        """Where nothing tells pairs apart, discarding changes nothing."""
        flat = curve_of([(1, error) for _, error in rows])
        assert flat.fnmr_at([0, share])[1] == pytest.approx(flat.errors / flat.pairs)
        assert flat.unordered().area_to() == pytest.approx(flat.area_to())

    @given(rows=ROWS)
    def test_oracle_is_quality_that_knows_the_errors(self, rows):
        """The closed forms are the curves of such qualities."""
        errors = np.array([error for _, error in rows])
        shares = np.linspace(0, 0.99, 50)
        knowing = DiscardCurve.of(~errors, errors).fnmr_at(shares)
        np.testing.assert_allclose(curve_of(rows).oracle().fnmr_at(shares), knowing, atol=1e-12)

    def test_of_perfect_quality_falls_to_nothing_at_the_error_share(self):
        """10 errors among 100: at 5 % discarded 5 of 95 are left, at 10 % none."""
        errors = np.arange(100) < 10
        curve = DiscardCurve.of(np.arange(100), errors)
        assert curve.fnmr_at([0, 0.05, 0.1, 0.5]) == pytest.approx([0.1, 5 / 95, 0, 0])

    @pytest.mark.parametrize(
        ("quality", "errors", "words"),
        [
            ([], [], "do not fit"),
            ([1.0], [True, False], "do not fit"),
            ([np.nan], [True], "no quality"),
        ],
        ids=["empty", "lengths", "nan"],
    )
    def test_refuses_what_has_no_curve(self, quality, errors, words):
        """No pairs have no rate; NaN has no place in an order."""
        with pytest.raises(UsageError, match=words):
            DiscardCurve.of(quality, np.array(errors, bool))

    @pytest.mark.parametrize("share", [-0.1, 1.0])
    def test_refuses_shares_that_leave_nothing(self, share):
        """Of no pairs there is no rate."""
        curve = curve_of([(1, True), (2, False)])
        with pytest.raises(UsageError, match="share"):
            curve.fnmr_at([share])
        with pytest.raises(UsageError, match="share"):
            curve.area_to(share)


class TestArea:
    @given(rows=ROWS, share=st.floats(0.01, 0.95))
    def test_equals_the_sum_of_thin_strips(self, rows, share):
        """The closed form is the integral."""
        curve = curve_of(rows)
        edges = np.linspace(0, share, 4001)
        strips = curve.fnmr_at((edges[1:] + edges[:-1]) / 2).mean() * share
        assert curve.area_to(share) == pytest.approx(strips, abs=2e-4)

    @given(rows=ROWS)
    def test_lies_between_oracle_and_worse_than_chance(self, rows):
        """No quality does better than the oracle; the oracle's own share is 1, chance's 0."""
        curve = curve_of(rows)
        assert curve.area_to() >= curve.oracle().area_to() - 1e-12
        recovered = area_recovered(curve)
        if curve.errors in (0, curve.pairs):
            assert np.isnan(recovered)
        else:
            assert recovered <= 1 + 1e-9
            assert area_recovered(curve.oracle()) == pytest.approx(1)
            assert area_recovered(curve.unordered()) == pytest.approx(0)

    def test_of_quality_upside_down_is_worse_than_chance(self):
        """Discarding the good first leaves the errors among fewer."""
        errors = np.arange(100) < 10
        assert area_recovered(DiscardCurve.of(-np.arange(100), errors)) < 0

    def test_of_nothing_discarded_is_nothing(self):
        """An area of no width."""
        assert curve_of([(1, True), (2, False)]).area_to(0.0) == 0

    def test_is_taken_to_a_fifth(self):
        """The share that is published is the one that is computed by default."""
        curve = curve_of([(q, q < 3) for q in range(20)])
        assert curve.area_to() == curve.area_to(PARTIAL_SHARE) == curve.area_to(0.2)


class TestPairQuality:
    def test_is_that_of_the_worse_picture(self):
        """A comparison is as good as its worse side; what was not assessed goes first."""
        first, second = np.array([0, 0, 1]), np.array([1, 2, 1])
        got = pair_quality([5.0, 3.0, np.nan], first, second)
        np.testing.assert_array_equal(got, [3, -np.inf, 3])

    def test_of_nothing_is_empty(self):
        """An empty batch is a batch."""
        none = np.empty(0, np.int64)
        assert len(pair_quality([], none, none)) == 0


class TestBootstrap:
    def test_covers_the_mean_of_one_row_a_subject(self):
        """For the mean of independent rows it agrees with the normal interval."""
        values = np.random.default_rng(1).normal(size=400)
        got = bootstrap_by_subject(lambda rows: float(values[rows].mean()), np.arange(400), seed=0)
        half = 1.96 * values.std() / 20
        assert got.point == pytest.approx(values.mean())
        assert got.lower_95 == pytest.approx(values.mean() - half, abs=0.02)
        assert got.upper_95 == pytest.approx(values.mean() + half, abs=0.02)

    def test_draws_subjects_whole(self):
        """All rows of a subject come together, so that copies of rows narrow nothing."""
        values = np.random.default_rng(2).normal(size=50)
        once = bootstrap_by_subject(
            lambda rows: float(values[rows].mean()), np.arange(50), seed=3, rounds=200
        )
        many = bootstrap_by_subject(
            lambda rows: float(np.repeat(values, 9)[rows].mean()),
            np.repeat(np.arange(50), 9),
            seed=3,
            rounds=200,
        )
        assert many == pytest.approx(once)

    def test_refuses_no_subjects(self):
        """From nobody nobody can be drawn."""
        with pytest.raises(UsageError, match="no subjects"):
            bootstrap_by_subject(lambda _: 0.0, np.empty(0, np.int64), seed=0)

"""Histograms: exact at edges, additive, and silent between edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.metrics import streaming
from fvs.metrics.rates import Sweep
from fvs.metrics.streaming import BINS_PER_UNIT, BinnedSweep, ScoreHistogram, nearest_edge

edges = st.integers(-BINS_PER_UNIT, BINS_PER_UNIT).map(lambda k: k / BINS_PER_UNIT)
beside = edges.flatmap(
    lambda edge: st.sampled_from([edge, *np.nextafter(np.float32(edge), np.float32([-2, 2]))])
)
some = st.lists(beside | st.floats(-2, 2, width=32), max_size=30).map(
    lambda values: np.array(values, np.float32)
)


class TestScoreHistogram:
    def test_empty(self):
        """No scores: nothing accepts, and adding them changes nothing."""
        empty = ScoreHistogram.of([])
        assert (empty.trials, empty.at_or_above(0.0)) == (0, 0)
        assert np.array_equal((ScoreHistogram.empty() + empty).counts, empty.counts)

    @given(some, edges)
    def test_exact_at_edges(self, scores, edge):
        """On an edge, one step below it, above or beyond all: as counted."""
        assert ScoreHistogram.of(scores).at_or_above(edge) == int((scores >= edge).sum())

    @given(some, some)
    def test_parts_add_up_to_the_whole(self, one, other):
        """In any order, in one stream or in two."""
        whole = ScoreHistogram.of(np.concatenate([one, other]))
        for found in (
            ScoreHistogram.of(one) + ScoreHistogram.of(other),
            ScoreHistogram.of(other) + ScoreHistogram.of(one),
            ScoreHistogram.stream([one, other]),
        ):
            assert np.array_equal(found.counts, whole.counts)

    def test_chunks_do_not_matter(self, monkeypatch):
        """Counts are the same whatever is binned at a time."""
        scores = np.random.default_rng(0).uniform(-1, 1, 1000)
        expected = ScoreHistogram.of(scores).counts
        monkeypatch.setattr(streaming, "CHUNK_SCORES", 7)
        assert np.array_equal(ScoreHistogram.of(scores).counts, expected)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_scores_that_are_not_finite_are_refused(self, bad):
        """They would fall into some bin."""
        with pytest.raises(UsageError, match="finite"):
            ScoreHistogram.of([0.1, bad])

    @pytest.mark.parametrize("threshold", [0.3, -1.5, 1.5, math.nan])
    def test_between_edges_it_does_not_guess(self, threshold):
        """And says what can be asked instead."""
        with pytest.raises(UsageError) as caught:
            ScoreHistogram.of([0.1]).at_or_above(threshold)
        assert "nearest_edge" in caught.value.advice

    @given(st.floats(-1, 1))
    def test_the_nearest_edge_is_at_or_above(self, threshold):
        """And no more than a bin away; an edge is its own."""
        edge = nearest_edge(threshold)
        assert 0 <= edge - float(np.float32(threshold)) <= 1 / BINS_PER_UNIT
        assert nearest_edge(edge) == edge

    def test_edges_end_with_the_scores(self):
        """There is none beyond a cosine's range."""
        with pytest.raises(UsageError):
            nearest_edge(1.1)


class TestBinnedSweep:
    @given(some, some, edges)
    def test_equals_the_exact_sweep_at_edges(self, mated, non_mated, edge):
        """Counts of both kinds, at any edge."""
        binned = BinnedSweep.from_histograms(ScoreHistogram.of(mated), ScoreHistogram.of(non_mated))
        exact = Sweep.of(mated, non_mated)
        if len(mated):
            assert binned.fnmr_at(edge) == exact.fnmr_at(edge)
        if len(non_mated):
            assert binned.fmr_at(edge) == exact.fmr_at(edge)
            assert binned.fmr_at(math.inf).errors == 0

    def test_curves_are_read_off_as_off_any_sweep(self):
        """FNMR at FMR and EER differ from the exact ones by less than a bin tells apart."""
        rng = np.random.default_rng(0)
        mated, non_mated = rng.normal(0.5, 0.1, 4000), rng.normal(0.1, 0.1, 9000)
        binned = BinnedSweep.from_histograms(ScoreHistogram.of(mated), ScoreHistogram.of(non_mated))
        exact = Sweep.of(mated, non_mated)
        assert binned.fnmr_at_fmr(0.01).point == pytest.approx(
            exact.fnmr_at_fmr(0.01).point, abs=1e-3
        )
        assert binned.equal_error().rate == pytest.approx(exact.equal_error().rate, abs=1e-3)
        assert binned.fmr_at(binned.threshold_at_fmr(0.01)).point <= 0.01

    def test_between_edges_it_does_not_guess(self):
        """The counts there are not known."""
        binned = BinnedSweep.from_histograms(ScoreHistogram.of([0.5]), ScoreHistogram.of([0.1]))
        with pytest.raises(UsageError):
            binned.fmr_at(0.3)

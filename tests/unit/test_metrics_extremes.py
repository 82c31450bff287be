"""Extrapolation: right where the model is, marked everywhere, refused without a tail."""

import numpy as np
import pytest
from scipy.stats import genpareto

from fvs.errors import UsageError
from fvs.metrics.extremes import ParetoTail
from fvs.metrics.rates import ScoreTail


def tail_of(shape, count=40_000, seed=0):
    """Scores whose excesses over 0 are generalised Pareto."""
    rng = np.random.default_rng(seed)
    return ScoreTail.of(genpareto.rvs(shape, scale=0.05, size=count, random_state=rng))


class TestFit:
    @pytest.mark.parametrize("shape", [-0.3, -0.1, 0.0, 0.15])
    def test_finds_the_shape_it_was_drawn_from(self, shape):
        """Above any level a generalised Pareto tail keeps its shape."""
        fitted = ParetoTail.fit(tail_of(shape), share=0.5)
        assert fitted.shape == pytest.approx(shape, abs=0.05)

    def test_agrees_with_what_is_counted_further_out(self):
        """Fitted to a small sample, it says what a large one shows."""
        rng = np.random.default_rng(1)
        small, large = (ScoreTail.of(rng.normal(0, 0.1, n)) for n in (30_000, 3_000_000))
        found = ParetoTail.fit(small, share=0.02).fmr_at(0.4)
        counted = large.fmr_at(0.4)
        assert found.lower_95 < counted.upper_95
        assert found.upper_95 > counted.lower_95
        assert found.extrapolated

    def test_threshold_and_rate_are_each_others_inverse(self):
        """The threshold of an FMR has that FMR, shapes at and around 0 included."""
        for shape in (-0.2, 0.0, 0.2):
            tail = ParetoTail(0.3, shape, 0.05, np.linspace(0.001, 0.2, 100), 10_000)
            for fmr in (1e-2, 1e-3, 1e-5):
                threshold = tail.threshold_at(fmr)
                assert tail.fmr_at(threshold).point == pytest.approx(fmr, rel=1e-9)

    def test_beyond_the_end_of_a_bounded_tail_nothing_lies(self):
        """A negative shape has an upper end."""
        tail = ParetoTail(0.3, -0.5, 0.05, np.linspace(0.001, 0.1, 100), 10_000)
        assert tail.fmr_at(0.41).point == 0.0

    @pytest.mark.parametrize(
        ("scores", "share", "said"),
        [
            (ScoreTail.of([]), 0.1, "no tail"),
            (ScoreTail.of(np.arange(100) / 100), 0.1, "no tail"),
            (ScoreTail.of(np.full(1000, 0.5)), 0.1, "equal"),
            (ScoreTail(np.linspace(0.5, 0.6, 60).astype("f4"), 1000), 0.1, "kept"),
        ],
    )
    def test_without_a_tail_it_is_refused(self, scores, share, said):
        """Few scores, equal ones, or too few kept."""
        with pytest.raises(UsageError, match=said):
            ParetoTail.fit(scores, share=share)

    def test_where_scores_can_be_counted_they_are(self):
        """Below the level, and for rates above the tail's share, counting answers."""
        tail = ParetoTail.fit(tail_of(0.0), share=0.01)
        with pytest.raises(UsageError, match="count"):
            tail.fmr_at(tail.level - 0.01)
        with pytest.raises(UsageError):
            tail.threshold_at(0.5)

"""The speed benchmark's arithmetic and its processes: `benchmarks.speed`."""

import numpy as np
import pytest

from benchmarks.speed.arena import race
from benchmarks.speed.contenders import CONTENDERS, all_contenders
from benchmarks.speed.results import median_interval
from fvs.image import decode_images
from fvs.timing.pictures import camera_card, camera_selfie


class TestMedianInterval:
    @pytest.mark.parametrize(
        ("n", "cut"),
        # Conover, Practical Nonparametric Statistics: ranks for 95 % of a median.
        [(1, 0), (5, 0), (6, 0), (8, 0), (9, 1), (15, 3), (20, 5), (40, 13)],
    )
    def test_cuts_off_as_many_as_the_sign_test_allows(self, n, cut):
        """The bounds are order statistics."""
        interval = median_interval([float(value) for value in range(n)])
        assert (interval.lower_95, interval.upper_95, interval.n) == (cut, n - 1 - cut, n)
        assert interval.median == (n - 1) / 2

    def test_covers_the_true_median(self):
        """At least 95 % of the time, for a skewed distribution."""
        random = np.random.default_rng(0)
        samples = random.exponential(size=(2000, 15))
        intervals = [median_interval(sample.tolist()) for sample in samples]
        covered = np.mean([i.lower_95 <= np.log(2) <= i.upper_95 for i in intervals])
        assert covered >= 0.945


class TestPictures:
    def test_have_the_size_asked_for(self):
        """Within one per cent, and the same each time."""
        files = [camera_selfie(0.3), camera_card(0.3)]
        wh = decode_images(files).native_wh
        assert np.allclose(wh.prod(axis=1), 0.3e6, rtol=0.01)
        assert wh[0, 0] < wh[0, 1]
        assert wh[1, 0] > wh[1, 1]
        assert files == [camera_selfie(0.3), camera_card(0.3)]


@pytest.mark.slow
def test_all_contenders_find_the_same_person(shared_dir):
    """Every contender compares the generated pair, in its own process, and sees one person."""
    contenders = all_contenders(shared_dir / "models")
    laps = race([(camera_selfie(0.3), camera_card(0.3))], contenders, 1, iter)
    assert list(laps[0]) == list(CONTENDERS)
    for own in laps[0].values():
        assert len(own) == 1
        assert own[0].similarity > 0.6
        assert own[0].cost.cpu_ms > 0
        assert own[0].peak_rss_mb > 20

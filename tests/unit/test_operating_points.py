"""Operating points: records that cannot contradict themselves."""

import pytest
from msgspec import structs

from fvs.errors import UsageError
from fvs.operating_points import ReviewZone
from tests import records


class TestPoint:
    @pytest.mark.parametrize("threshold", [-5, -1, 1, 5, float("nan")])
    def test_refuses_a_threshold_that_decides_nothing(self, threshold):
        """A threshold that every score or none reaches is a mistake."""
        with pytest.raises(ValueError, match="threshold must lie between"):
            records.operating_point(threshold)

    @pytest.mark.parametrize("target", [0, 1, 2, float("nan")])
    def test_refuses_a_target_that_is_no_rate(self, target):
        """A target lies strictly between 0 and 1."""
        with pytest.raises(ValueError, match="target_fmr"):
            structs.replace(records.operating_point(), target_fmr=target)

    def test_refuses_a_pad_threshold_that_is_no_probability(self):
        """A negative live probability would pass every attack."""
        with pytest.raises(ValueError, match="pad threshold"):
            records.pad_point(-1)

    def test_refuses_a_threshold_for_a_band_that_is_not_held(self):
        """Status and threshold of a band cannot contradict each other."""
        refused = records.operating_point().bands[0]
        with pytest.raises(ValueError, match="goes with `held`"):
            structs.replace(refused, threshold=0.5)

    def test_refuses_a_zone_of_review_above_the_match(self):
        """A score cannot match and be no match."""
        zone = ReviewZone(
            no_match_below=0.6,
            rule="made up for a test",
            wrongly_refused=records.NO_RATE,
            mated_reviewed=records.NO_RATE,
            non_mated_reviewed=records.NO_RATE,
        )
        with pytest.raises(ValueError, match="no_match_below"):
            structs.replace(records.operating_point(0.5), review=zone)


class TestAt:
    def test_finds_a_target_that_rounding_has_parted(self):
        """0.1 ** 4 and 1e-4 are one target."""
        assert records.operating_points().at(0.1**4).target_fmr == 1e-4

    def test_lists_the_targets_there_are(self):
        """Who asks for another one is told what there is, and why not."""
        with pytest.raises(UsageError, match=r"no operating point for FMR 0\.5") as error:
            records.operating_points().at(0.5)
        assert "0.0001" in error.value.advice

    def test_says_why_a_target_is_not_supported(self):
        """The reason of the calibration is passed on."""
        with pytest.raises(UsageError, match="10 non-mated pairs"):
            records.operating_points().at(1e-6)

"""PAD rates: species apart, the worst one counts, silence is no answer."""

import math

import pytest

from fvs.errors import UsageError
from fvs.metrics.pad import average_error, pad_rates, whole_system_rates


class TestPadRates:
    def test_empty(self):
        """Attacks without species, or presentations without any, have no rate."""
        with pytest.raises(UsageError, match="species"):
            pad_rates({}, [0.9], 0.5)
        with pytest.raises(UsageError, match="print"):
            pad_rates({"print": []}, [0.9], 0.5)
        with pytest.raises(UsageError, match="bona fide"):
            pad_rates({"print": [0.1]}, [], 0.5)

    def test_a_score_equal_to_the_threshold_is_bona_fide(self):
        """`score >= threshold` accepts, attacks too."""
        found = pad_rates({"print": [0.5, 0.4]}, [0.5, 0.4], 0.5)
        assert found.apcer["print"].errors == 1
        assert found.bpcer.errors == 1

    def test_the_worst_species_is_the_rate_not_the_mean(self):
        """Many easy attacks do not hide a species that passes."""
        found = pad_rates({"print": [0.1] * 98, "mask": [0.9, 0.9]}, [0.9], 0.5)
        assert found.worst_species == "mask"
        assert found.highest_apcer.point == 1.0

    def test_of_equal_rates_the_less_certain_is_worse(self):
        """No error in two presentations shows less than none in a hundred."""
        found = pad_rates({"print": [0.1] * 100, "mask": [0.1] * 2}, [0.9], 0.5)
        assert found.worst_species == "mask"

    def test_no_response_is_counted_apart(self):
        """APNRR and BPNRR are over all; APCER and BPCER over those that answered."""
        found = pad_rates({"print": [0.9, 0.1, math.nan]}, [0.9, math.nan, 0.1, 0.9], 0.5)
        assert (found.apnrr["print"].errors, found.apnrr["print"].trials) == (1, 3)
        assert (found.apcer["print"].errors, found.apcer["print"].trials) == (1, 2)
        assert (found.bpnrr.errors, found.bpnrr.trials) == (1, 4)
        assert (found.bpcer.errors, found.bpcer.trials) == (1, 3)

    def test_acer_stands_beside_its_parts(self):
        """The mean of the worst APCER and BPCER, which it carries."""
        found = average_error(pad_rates({"print": [0.9, 0.1]}, [0.9, 0.9, 0.9, 0.1], 0.5))
        assert (found.highest_apcer.point, found.bpcer.point, found.acer) == (0.5, 0.25, 0.375)

    def test_a_threshold_that_is_none_is_refused(self):
        """NaN would accept nothing and call it safe."""
        with pytest.raises(UsageError, match="NaN"):
            pad_rates({"print": [0.1]}, [0.9], math.nan)


class TestWholeSystem:
    def test_iapar_and_riapar(self):
        """The worst species, and with the rejects of the people themselves."""
        found = whole_system_rates(
            {"print": [True, False], "replay": [False, False]}, [True, False, True, True]
        )
        assert found.highest_iapar.point == 0.5
        assert found.riapar == 0.75

    def test_empty(self):
        """No species, no rate."""
        with pytest.raises(UsageError):
            whole_system_rates({}, [True])

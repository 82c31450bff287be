"""The zone of review: from a rate or from costs, never above the match."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.derivation.measuring import measure_evaluation
from fvs.derivation.review import ReviewByCost, ReviewByRate, review_zone
from fvs.errors import UsageError
from fvs.metrics.evaluation import Evaluation
from fvs.metrics.intervals import clopper_pearson
from fvs.metrics.rates import SCORE_STEP
from tests.score_tables import columns

TABLE = columns(100)
MEASURED = measure_evaluation(
    Evaluation.of(
        [float(value) for value in TABLE["similarity"]],
        TABLE["first_subject"],
        TABLE["second_subject"],
    ),
    "s",
)
COSTS = {"wrong_refusal": 20.0, "review": 1.0, "mated_share": 0.9}


def slow_cost(begin, threshold, rule):
    """What an attempt costs, counted one by one."""
    mated = [float(score) for score in MEASURED.mated]
    others = [float(score) for score in MEASURED.non_mated.highest]
    looked = sum(begin <= score < threshold for score in mated) / len(mated)
    looked_others = sum(begin <= score < threshold for score in others) / len(others)
    lost = sum(score < begin for score in mated) / len(mated)
    reviews = rule.mated_share * looked + (1 - rule.mated_share) * looked_others
    return rule.review * reviews + rule.wrong_refusal * rule.mated_share * lost


class TestByRate:
    @pytest.mark.parametrize("share", [0.06, 0.2])
    def test_bound_of_wrong_refusals_is_within_the_share_and_no_step_higher(self, share):
        """The highest place at which mated pairs are safe."""
        zone = review_zone(MEASURED, 0.85, ReviewByRate(share))
        below = int(np.sum(MEASURED.mated < np.float32(zone.no_match_below)))
        assert zone.wrongly_refused.errors == below
        assert clopper_pearson(below, 100)[1] <= share
        higher = int(np.sum(MEASURED.mated < np.float32(zone.no_match_below + SCORE_STEP)))
        assert clopper_pearson(higher, 100)[1] > share

    def test_never_above_the_match(self):
        """Where the match refuses fewer than the share, there is nothing to review."""
        zone = review_zone(MEASURED, 0.5, ReviewByRate(0.5))
        assert zone.no_match_below == 0.5
        assert zone.mated_reviewed.errors == zone.non_mated_reviewed.errors == 0

    def test_too_few_pairs_to_show_it(self):
        """A hundred pairs do not show one in a thousand."""
        with pytest.raises(UsageError, match="100 mated pairs cannot show"):
            review_zone(MEASURED, 0.5, ReviewByRate(1e-3))


class TestByCost:
    @settings(max_examples=15, deadline=None)
    @given(st.floats(1.0, 200.0), st.floats(0.1, 0.99))
    def test_no_place_is_cheaper(self, wrong_refusal, mated_share):
        """Against every tenth step, counted one by one."""
        rule = ReviewByCost(wrong_refusal=wrong_refusal, review=1.0, mated_share=mated_share)
        zone = review_zone(MEASURED, 0.75, rule)
        cheapest = min(slow_cost(step / 1000, 0.75, rule) for step in range(-200, 750, 10))
        assert slow_cost(zone.no_match_below, 0.75, rule) <= cheapest + 1e-9

    def test_reviews_that_cost_more_than_mistakes(self):
        """Then nobody looks."""
        rule = ReviewByCost(wrong_refusal=1.0, review=100.0, mated_share=0.5)
        assert review_zone(MEASURED, 0.75, rule).no_match_below == 0.75

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("wrong_refusal", 0.0),
            ("review", -1.0),
            ("review", float("nan")),
            ("wrong_refusal", float("inf")),
            ("mated_share", 1.0),
        ],
    )
    def test_costs_that_are_none(self, name, value):
        """Positive numbers, and both kinds of people."""
        with pytest.raises(UsageError):
            ReviewByCost(**(COSTS | {name: value}))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_share_that_is_none(share):
    """A share lies between 0 and 1."""
    with pytest.raises(UsageError):
        ReviewByRate(share)

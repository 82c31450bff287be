"""The second threshold: below it no match, above it a person looks, from a rate or from costs.

The first, from which two pictures match, is set by FMR alone and is not for sale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import most_errors_within, rate
from fvs.metrics.rates import SCORE_STEP
from fvs.operating_points import ReviewZone

if TYPE_CHECKING:
    from fvs.derivation.points import MeasuredScores
    from fvs.records import F64, Int

__all__ = ["ReviewByCost", "ReviewByRate", "ReviewRule", "review_zone"]


@dataclass(frozen=True)
class ReviewByRate:
    """Refuse at most a share of mated pairs without a person having looked.

    Attributes:
        wrongly_refused: the share, whose upper 95 % bound is held.
    """

    wrongly_refused: float

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0.0 < self.wrongly_refused < 1.0:
            raise UsageError("a share of mated pairs lies between 0 and 1")

    def __str__(self) -> str:
        return (
            "the highest score below which the upper 95 % bound of mated pairs is within "
            f"{self.wrongly_refused:g}"
        )


@dataclass(frozen=True, kw_only=True)
class ReviewByCost:
    """The cheapest place, in one currency.

    Attributes:
        wrong_refusal: what refusing the right person costs.
        review: what a person's look costs.
        mated_share: how many of all attempts are by the right person.
    """

    wrong_refusal: float
    review: float
    mated_share: float

    def __post_init__(self) -> None:
        """Refuse costs that are none, and a world without one of the two kinds of people."""
        costs = (self.wrong_refusal, self.review)
        sound = all(0.0 < cost < math.inf for cost in costs)
        if not sound or not 0.0 < self.mated_share < 1.0:
            raise UsageError("costs are positive numbers, and the mated share lies between 0 and 1")

    def __str__(self) -> str:
        return (
            f"the cheapest score where refusing the right person costs {self.wrong_refusal:g}, a "
            f"review {self.review:g}, and {self.mated_share:g} of the attempts are mated"
        )


ReviewRule = ReviewByRate | ReviewByCost


def review_zone(measured: MeasuredScores, threshold: float, rule: ReviewRule) -> ReviewZone:
    """Where review begins, at most at the threshold from which two pictures match.

    Args:
        measured: mated and non-mated scores.
        threshold: of the match.
        rule: by which it is set.

    Raises:
        UsageError: the rule cannot be held by these scores, or needs scores that were not kept.
    """
    steps = np.arange(math.ceil(_lowest(measured) / SCORE_STEP), round(threshold / SCORE_STEP) + 1)
    places = np.round(steps * SCORE_STEP, 4)
    mated = np.sort(measured.mated)
    refused = np.searchsorted(mated, places.astype(np.float32)).astype(np.int64)
    if isinstance(rule, ReviewByRate):
        row = _by_rate(refused, len(mated), rule)
    else:
        # The highest of equals, for the fewest reviews.
        row = len(places) - 1 - int(np.argmin(_costs(measured, places, refused, rule)[::-1]))
    begin = float(places[row])
    below_match = int(np.searchsorted(mated, np.float32(threshold)))
    tail = measured.non_mated
    between = tail.at_or_above(begin) - tail.at_or_above(threshold)
    return ReviewZone(
        no_match_below=begin,
        rule=str(rule),
        wrongly_refused=rate(int(refused[row]), len(mated)),
        mated_reviewed=rate(below_match - int(refused[row]), len(mated)),
        non_mated_reviewed=rate(between, tail.trials),
    )


def _lowest(measured: MeasuredScores) -> float:
    """Just above where non-mated scores are no more known one by one; above -1 at any rate."""
    floor = max(measured.non_mated.floor, -1.0)
    return floor + 2 * SCORE_STEP


def _by_rate(refused: Int, mated: int, rule: ReviewByRate) -> int:
    allowed = most_errors_within(mated, rule.wrongly_refused)
    if allowed is None or refused[0] > allowed:
        raise UsageError(
            f"{mated} mated pairs cannot show that at most {rule.wrongly_refused:g} are refused",
            advice="Allow a larger share, or bring more mated pairs.",
        )
    return int(np.searchsorted(refused, allowed, side="right")) - 1


def _costs(measured: MeasuredScores, places: F64, refused: Int, rule: ReviewByCost) -> F64:
    """(K,) expected cost of an attempt that does not match, by where review begins."""
    non_mated = measured.non_mated
    at_or_above = len(non_mated.highest) - np.searchsorted(
        non_mated.highest, places.astype(np.float32)
    )
    strangers = (at_or_above - at_or_above[-1]) / non_mated.trials
    genuine = (refused[-1] - refused) / len(measured.mated)
    reviewed = rule.mated_share * genuine + (1.0 - rule.mated_share) * strangers
    wrong = rule.mated_share * refused / len(measured.mated)
    return np.asarray(rule.review * reviewed + rule.wrong_refusal * wrong, np.float64)

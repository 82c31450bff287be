"""The bound of FMR that thresholds are set by, and the threshold that it sets.

Pairs that share a person are no independent trials: one person who resembles many makes many
false matches. `fvs.metrics.subject_intervals` knows that: the variance over people on both sides of
a pair (the closed form of a two-way bootstrap over people) says how many independent pairs would
tell as much, and Clopper and Pearson's exact bound is taken for so many. Where no false match is
seen, half as many trials as people are believed, for so many pairs can be made that share nobody.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from fvs.metrics.intervals import trials_needed
from fvs.metrics.rates import ScoreTail
from fvs.metrics.subject_intervals import false_match_band, subject_threshold_within

if TYPE_CHECKING:
    from fvs.metrics.subject_pairs import SubjectPairs
    from fvs.operating_points import BoundMethod

__all__ = ["BOUND_IN_WORDS", "UpperBound", "tail_of", "threshold_within_bound", "upper_bound"]

HIGHEST_SCORE = 1.0

BOUND_IN_WORDS = (
    "that of Clopper and Pearson for as many independent pairs as tell as much as these, by the "
    "variance over people on both sides of a pair (two-way clustered; the closed form of the "
    "two-way bootstrap over people), never more than were compared; with no false match seen, for "
    "half as many trials as people"
)


class UpperBound(NamedTuple):
    """A two-sided 95 % upper bound of FMR and where it is from."""

    value: float
    method: BoundMethod


def upper_bound(non_mated: SubjectPairs, threshold: float) -> UpperBound:
    """The bound of FMR at a threshold.

    Raises:
        UsageError: the threshold reaches into scores left out.
    """
    found = false_match_band(non_mated, [threshold]).at(0)
    return UpperBound(found.upper_95, "people" if found.errors else "no_errors")


def threshold_within_bound(
    non_mated: SubjectPairs, target: float, errors_to_spare: int = 0
) -> float | None:
    """The lowest multiple of `SCORE_STEP` from which on `upper_bound` is within `target`.

    Args:
        non_mated: pairs of one group.
        target: false match rate.
        errors_to_spare: so many false matches must be seen there.

    Returns:
        A threshold; None where the pairs cannot show the target, or not with errors to spare;
        +inf where too many of them reach the highest score there is.

    Raises:
        UsageError: more scores would have to have been kept to find it.
    """
    found = subject_threshold_within(non_mated, target)
    if found is None:
        at_the_top = int(non_mated.accepted_at(HIGHEST_SCORE)[0])
        enough = non_mated.trials >= trials_needed(target, errors_to_spare)
        return math.inf if at_the_top and enough else None
    return found.threshold if found.errors >= errors_to_spare else None


def tail_of(non_mated: SubjectPairs) -> ScoreTail:
    """The same scores without the people."""
    return ScoreTail(non_mated.scores, non_mated.trials)

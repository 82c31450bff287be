"""Upper bounds of FMR that know who is in which pair; the one place where thresholds get theirs.

Pairs that share a person are not independent: one person who resembles many makes many false
matches. So people are drawn, not pairs: a replicate gives each of S people the number of times that
they were drawn in S draws with replacement, and each pair the product of its two people's numbers.
Its FMR is the weight of the false matches over that of all pairs, and the bound is the 97.5 %
quantile over the replicates. A person drawn twice is never paired with themselves. (R. M. Bolle,
N. K. Ratha and S. Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap",
CVIU 93 (2004); A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007).)

The bound is never taken lower than Clopper and Pearson's over pairs. Where no false match is seen
no replicate has one either; then half as many trials as people are believed, for so many pairs can
be made that share nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import clopper_pearson, most_errors_within
from fvs.metrics.rates import ScoreTail, threshold_allowing

if TYPE_CHECKING:
    from fvs.operating_points import BoundMethod
    from fvs.records import F32, F64, Int

__all__ = [
    "BOUND_IN_WORDS",
    "REPLICATES",
    "CompletePairs",
    "ListedPairs",
    "NonMatedPairs",
    "UpperBound",
    "threshold_within_bound",
    "upper_bound",
]

REPLICATES = 1000
"""The 97.5 % quantile of so many has 25 replicates above it."""

QUANTILE = 0.975
"""Two-sided 95 %, as everywhere."""

SEED = 20_261_125
"""Fixed, so that the same pictures give the same threshold; any other would do."""

BLOCK_PAIRS = 4096
"""Pairs whose weights are held at once: 16 MB at 1,000 replicates."""

BOUND_IN_WORDS = (
    f"the 97.5 % quantile of {REPLICATES} two-way bootstrap replicates over people, both sides of "
    "a pair, but never below the Clopper-Pearson bound over pairs; with no false match seen, "
    "Clopper-Pearson over half as many trials as people"
)


class PairDesign(Protocol):
    """Which pairs there are, false matches or not."""

    @property
    def subjects(self) -> int:
        """How many people they are made of."""
        ...

    def weight(self, drawn: F32) -> F64:
        """(B,) the weight of all pairs when people are drawn (S, B) times."""
        ...


@dataclass(frozen=True, eq=False)
class CompletePairs:
    """Each picture with each one of another person.

    Attributes:
        pictures: (S,) int64, how many each person has.
    """

    pictures: Int

    @property
    def subjects(self) -> int:
        """How many people."""
        return len(self.pictures)

    def weight(self, drawn: F32) -> F64:
        """(B,) from sums, without looking at pairs: ((sum n w)^2 - sum (n w)^2) / 2."""
        weighted = drawn.astype(np.float64) * self.pictures[:, None]
        total, own = weighted.sum(axis=0), (weighted**2).sum(axis=0)
        return np.asarray((total**2 - own) / 2.0, np.float64)


@dataclass(frozen=True, eq=False)
class ListedPairs:
    """Any list of pairs.

    Attributes:
        first: (N,) int64 numbers of people, 0..subjects-1.
        second: (N,) likewise.
        subjects: how many people there are.
    """

    first: Int
    second: Int
    subjects: int

    def weight(self, drawn: F32) -> F64:
        """(B,) summed over the list."""
        return _weight(self.first, self.second, drawn)


@dataclass(frozen=True, eq=False)
class NonMatedPairs:
    """The highest non-mated scores with who is in them.

    Attributes:
        scores: (K,) float32, descending.
        first: (K,) int64 numbers of people.
        second: (K,) likewise.
        tail: of the same and all lower scores, which counts.
        design: of all pairs.
    """

    scores: F32
    first: Int
    second: Int
    tail: ScoreTail
    design: PairDesign

    @classmethod
    def of(cls, scores: F32, first: Int, second: Int, tail: ScoreTail, design: PairDesign) -> Self:
        """Put the highest first; equal scores keep their order."""
        order = np.argsort(-scores, kind="stable")
        return cls(scores[order], first[order], second[order], tail, design)

    def draws(self) -> F32:
        """(S, B) how often each person is drawn in each replicate."""
        subjects = self.design.subjects
        rng = np.random.default_rng(SEED)
        shares = np.full(subjects, 1.0 / subjects)
        return rng.multinomial(subjects, shares, REPLICATES).T.astype(np.float32, order="C")


class UpperBound(NamedTuple):
    """A two-sided 95 % upper bound of FMR and where it is from."""

    value: float
    method: BoundMethod


def upper_bound(pairs: NonMatedPairs, threshold: float) -> UpperBound:
    """The bound of FMR at a threshold.

    Raises:
        UsageError: the scores reached were not all kept.
    """
    errors = pairs.tail.at_or_above(threshold)
    trials, subjects = pairs.tail.trials, pairs.design.subjects
    if not errors:
        independent = max(1, subjects // 2)
        return UpperBound(float(clopper_pearson(0, min(independent, trials))[1]), "no_errors")
    by_pairs = float(clopper_pearson(errors, trials)[1])
    if errors > len(pairs.scores):
        raise UsageError(
            f"{errors} pairs reach {threshold}, and only {len(pairs.scores)} were kept"
        )
    drawn = pairs.draws()
    weight = _weight(pairs.first[:errors], pairs.second[:errors], drawn)
    by_people = _quantile(weight, pairs.design.weight(drawn))
    return _higher(by_people, by_pairs)


def threshold_within_bound(
    pairs: NonMatedPairs, target: float, errors_to_spare: int = 0
) -> float | None:
    """The lowest multiple of `SCORE_STEP` at which `upper_bound` is within `target`.

    Args:
        pairs: of one group.
        target: false match rate.
        errors_to_spare: so many false matches must leave the bound within the target.

    Returns:
        A threshold; None where the pairs cannot show the target, or not with errors to spare;
        +inf where too many of them reach the highest score there is.

    Raises:
        UsageError: more scores would have to have been kept to find it.
    """
    most = most_errors_within(pairs.tail.trials, target)
    if most is None:
        return None
    errors = _most_errors(pairs, target, most)
    if errors < errors_to_spare:
        return None
    threshold = threshold_allowing(pairs.tail, errors)
    if not math.isfinite(threshold):
        return None if threshold < 0 else threshold
    # Equal scores, or too few people, may have left no false match at all.
    return threshold if upper_bound(pairs, threshold).value <= target else None


def _most_errors(pairs: NonMatedPairs, target: float, most: int) -> int:
    """The most false matches, at most `most`, whose bootstrap bound is within the target."""
    drawn = pairs.draws()
    allowed = target * pairs.design.weight(drawn)
    held = np.zeros(drawn.shape[1])
    for start in range(0, most, BLOCK_PAIRS):
        stop = min(start + BLOCK_PAIRS, most)
        if stop > len(pairs.scores):
            raise UsageError(f"too few non-mated pairs were kept for FMR {target:g}")
        weights = drawn[pairs.first[start:stop]] * drawn[pairs.second[start:stop]]
        running = held + np.cumsum(weights, axis=0, dtype=np.float64)
        # The quantile of FMR is within the target where that share of replicates is.
        within = np.mean(running <= allowed, axis=1) >= QUANTILE
        if not within.all():
            return start + int(np.argmin(within))
        held = running[-1]
    return most


def _weight(first: Int, second: Int, drawn: F32) -> F64:
    weight = np.zeros(drawn.shape[1])
    for start in range(0, len(first), BLOCK_PAIRS):
        block = slice(start, start + BLOCK_PAIRS)
        weight += np.einsum("pb,pb->b", drawn[first[block]], drawn[second[block]])
    return weight


def _quantile(errors: F64, trials: F64) -> float:
    """The lowest value that the share `QUANTILE` of the replicates does not exceed."""
    rates = np.divide(errors, trials, out=np.ones_like(errors), where=trials > 0)
    return float(np.quantile(rates, QUANTILE, method="inverted_cdf"))


def _higher(by_people: float, by_pairs: float) -> UpperBound:
    if by_people >= by_pairs:
        return UpperBound(min(by_people, 1.0), "subject_bootstrap")
    return UpperBound(by_pairs, "independent_pairs")

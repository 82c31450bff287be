"""Made-up people whose true error rates are known, to see whether intervals hold them.

A non-mated score is a little of each of both people and chance besides: people who lean towards
others' faces (the "wolves and lambs" of Doddington et al., 1998) make comparisons that share them
go wrong together. All is normal, so that the true rates are known exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from fvs.metrics.pair_counts import AllPairsCounts
from fvs.metrics.subject_pairs import KindsOfPairs, SubjectPairs

if TYPE_CHECKING:
    from fvs.records import F32, F64, Int

__all__ = ["SPREAD", "World"]

SPREAD = 0.1
"""Standard deviation of scores; so they lie where cosines of faces do."""


@dataclass(frozen=True)
class World:
    """A kind of people.

    Attributes:
        subjects: how many are drawn.
        leaning: share of the variance of scores that is of the people; 0 makes all independent.
        separation: mean of mated scores, in standard deviations; non-mated ones have mean 0.
        mated_each: mated comparisons of each subject.
    """

    subjects: int
    leaning: float
    separation: float = 4.0
    mated_each: int = 5

    def people(self, rng: np.random.Generator) -> F64:
        """(S,) how much each leans, in standard deviations."""
        return rng.normal(size=self.subjects)

    def compare(
        self, people: F64, rng: np.random.Generator, *, highest: int | None = None
    ) -> KindsOfPairs:
        """Compare everybody with everybody else, and some pictures of each.

        Args:
            people: of this world.
            rng: of what chance adds.
            highest: how many non-mated pairs to keep; None keeps all.
        """
        return KindsOfPairs(self._mated(people, rng), self._non_mated(people, rng, highest))

    def fmr(self, threshold: float) -> float:
        """True false match rate, of all people there could be."""
        return float(ndtr(-threshold / SPREAD))

    def fnmr(self, threshold: float) -> float:
        """True false non-match rate."""
        return float(ndtr(threshold / SPREAD - self.separation))

    def threshold_at(self, fmr: float) -> float:
        """The threshold with this true FMR, as float32 holds it."""
        return float(np.float32(-SPREAD * ndtri(fmr)))

    def _mated(self, people: F64, rng: np.random.Generator) -> SubjectPairs:
        owner = np.repeat(np.arange(self.subjects), self.mated_each)
        scores = self.separation + self._mixed(people[owner], rng)
        return SubjectPairs.mated(SPREAD * scores, owner, self.subjects)

    def _non_mated(
        self, people: F64, rng: np.random.Generator, highest: int | None
    ) -> SubjectPairs:
        first, second = np.triu_indices(self.subjects, 1)
        lean = (people[first] + people[second]) / math.sqrt(2.0)
        scores = (SPREAD * self._mixed(lean, rng)).astype(np.float32)
        kept = _kept(scores, highest)
        counts = AllPairsCounts(np.ones(self.subjects))
        return SubjectPairs(scores[kept], first[kept], second[kept], counts)

    def _mixed(self, lean: F64, rng: np.random.Generator) -> F64:
        """Standard normal scores, part of which is of the people."""
        chance = rng.normal(size=len(lean))
        return math.sqrt(self.leaning) * lean + math.sqrt(1.0 - self.leaning) * chance


def _kept(scores: F32, highest: int | None) -> Int:
    """Rows of the highest scores, ascending."""
    if highest is None or highest >= len(scores):
        return np.argsort(scores, kind="stable")
    rows = np.argpartition(scores, len(scores) - highest)[-highest:]
    return rows[np.argsort(scores[rows], kind="stable")]

"""Error rates of as many scores as pass by, in bounded memory: histograms that add up.

A histogram counts scores between edges that are multiples of 2**-14. Such numbers are exact in
float32, and so is multiplying by 2**14; the bin of a score is thus never a matter of rounding, and
counts at edges are those of the scores themselves. Between edges nothing is known, and asking is
refused. Histograms of parts, from other threads or machines, add up to that of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.rates import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from fvs.records import F32, F64, Int

__all__ = ["BINS_PER_UNIT", "BinnedSweep", "ScoreHistogram", "nearest_edge"]

BINS_PER_UNIT = 2**14
"""Edges are 0.00006 apart, less than the steps in which thresholds are published."""

LOWEST, HIGHEST = -1.0, 1.0
"""Scores beyond count in the first and the last bin: cosines, and what little rounding adds."""

EDGES = int((HIGHEST - LOWEST) * BINS_PER_UNIT) + 1

CHUNK_SCORES = 2**18
"""Binned at a time: 1 MB, which stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class ScoreHistogram:
    """How many scores lie from each edge up to, but not at, the next.

    Attributes:
        counts: (32,770,) int64; first the scores below the lowest edge, last those at or above the
            highest.

    Example:
        >>> whole = ScoreHistogram.of([0.25, 0.5]) + ScoreHistogram.of([0.75])
        >>> whole.at_or_above(0.5), whole.trials
        (2, 3)
    """

    counts: Int

    @classmethod
    def empty(cls) -> Self:
        """No scores."""
        return cls(np.zeros(EDGES + 1, np.int64))

    @classmethod
    def of(cls, scores: npt.ArrayLike) -> Self:
        """Count scores, however many; working memory is 4 MB.

        Args:
            scores: any shape; counted as float32.

        Raises:
            UsageError: a score is not finite.
        """
        values = np.asarray(scores, np.float32).ravel()
        counts = np.zeros(EDGES + 1, np.int64)
        for start in range(0, len(values), CHUNK_SCORES):
            counts += _counted(values[start : start + CHUNK_SCORES])
        return cls(counts)

    @classmethod
    def stream(cls, chunks: Iterable[npt.ArrayLike]) -> Self:
        """Count chunks of scores as they come.

        Raises:
            UsageError: a score is not finite.
        """
        counts = np.zeros(EDGES + 1, np.int64)
        for chunk in chunks:
            counts += cls.of(chunk).counts
        return cls(counts)

    def __add__(self, other: ScoreHistogram) -> ScoreHistogram:
        return ScoreHistogram(self.counts + other.counts)

    def __repr__(self) -> str:
        return f"ScoreHistogram(trials={self.trials})"

    @property
    def trials(self) -> int:
        """Scores in all."""
        return int(self.counts.sum())

    def at_or_above(self, edge: float) -> int:
        """How many scores accept at a threshold that is an edge.

        Raises:
            UsageError: it is none.
        """
        return int(self.counts[_edge_index(edge) + 1 :].sum())


class BinnedSweep(Sweep):
    """Both errors at every edge; other thresholds are refused."""

    @classmethod
    def from_histograms(cls, mated: ScoreHistogram, non_mated: ScoreHistogram) -> Self:
        """Sum up, from histograms of the two kinds of score.

        Thresholds are the edges at which a count changes; between two of them it does not.

        Example:
            >>> mated, others = ScoreHistogram.of([0.5, 0.75]), ScoreHistogram.of([0.25, 0.5])
            >>> BinnedSweep.from_histograms(mated, others).fmr_at(0.5).errors
            1
        """
        refused = np.cumsum(mated.counts)[:-1]
        accepted = non_mated.trials - np.cumsum(non_mated.counts)[:-1]
        # The last bin has no upper edge: nobody is accepted at +inf.
        refused = np.append(refused, mated.trials)
        accepted = np.append(accepted, 0)
        changes = np.flatnonzero(np.append((np.diff(refused) > 0) | (np.diff(accepted) < 0), True))
        return cls(
            thresholds=np.append(_edges(), np.inf)[changes],
            false_matches=accepted[changes],
            false_non_matches=refused[changes],
            mated_trials=mated.trials,
            non_mated_trials=non_mated.trials,
            floor=-np.inf,
        )

    def _index(self, threshold: float) -> int:
        if np.isfinite(threshold):
            _edge_index(threshold)
        return super()._index(threshold)


def nearest_edge(threshold: float) -> float:
    """The lowest edge at or above a threshold: no more false matches than at the threshold.

    Raises:
        UsageError: it lies outside -1..1.

    Example:
        >>> nearest_edge(0.5), nearest_edge(0.3)
        (0.5, 0.300048828125)
    """
    if not LOWEST <= threshold <= HIGHEST:
        raise UsageError(f"edges lie in {LOWEST:g}..{HIGHEST:g}, not at {threshold}")
    return float(np.ceil(float(np.float32(threshold)) * BINS_PER_UNIT) / BINS_PER_UNIT)


def _counted(values: F32) -> Int:
    if not np.isfinite(values).all():
        raise UsageError("scores must be finite; leave out rows whose status is not OK")
    # Exact: both are powers of two times the score.
    scaled = values * np.float32(BINS_PER_UNIT)
    np.floor(scaled, out=scaled)
    np.clip(scaled, LOWEST * BINS_PER_UNIT - 1, HIGHEST * BINS_PER_UNIT, out=scaled)
    bins = scaled.astype(np.int64)
    bins -= int(LOWEST * BINS_PER_UNIT) - 1
    return np.bincount(bins, minlength=EDGES + 1)


def _edges() -> F64:
    return LOWEST + np.arange(EDGES) / BINS_PER_UNIT


def _edge_index(edge: float) -> int:
    place = (edge - LOWEST) * BINS_PER_UNIT
    if not (0 <= place < EDGES and place == int(place)):
        raise UsageError(
            f"a histogram cannot be read at {edge}", advice="Take `nearest_edge` of the threshold."
        )
    return int(place)

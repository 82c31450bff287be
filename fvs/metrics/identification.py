"""Error rates of searching one in many (ISO/IEC 19795-1:2021, identification).

A search returns candidates, best first, that reach the threshold. FPIR is the share of searches for
people who are not enrolled that return anybody; FNIR the share of searches for people who are in
which the person is not among the first R candidates at the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import rate

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.operating_points import Rate
    from fvs.records import F32, F64, Int

__all__ = [
    "NOT_ENROLLED",
    "Searches",
    "cumulative_match",
    "fmr_for_fpir",
    "fpir_from_fmr",
]

NOT_ENROLLED = -1
"""Key of a person who is not in the gallery."""


@dataclass(frozen=True, eq=False)
class Searches:
    """Candidates of some searches.

    Attributes:
        enrolled: (P,) int64 key of the person searched for, `NOT_ENROLLED` where there is none.
        probe_rows: (H,) int64 search that each candidate belongs to.
        keys: (H,) int64 who it is.
        scores: (H,) float32.

    Example:
        >>> import numpy as np
        >>> found = Searches(
        ...     enrolled=np.array([7, NOT_ENROLLED]),
        ...     probe_rows=np.array([0, 0, 1]),
        ...     keys=np.array([3, 7, 3]),
        ...     scores=np.array([0.9, 0.8, 0.6], np.float32),
        ... )
        >>> found.fpir(0.5).point, found.fnir(0.5, rank=1).point, found.fnir(0.5, rank=2).point
        (1.0, 1.0, 0.0)
    """

    enrolled: Int
    probe_rows: Int
    keys: Int
    scores: F32

    def __post_init__(self) -> None:
        """Refuse candidates that belong to no search.

        Raises:
            UsageError: columns differ in length, a row is out of range or a score is NaN.
        """
        if not len(self.probe_rows) == len(self.keys) == len(self.scores):
            raise UsageError("candidates need a search, a key and a score each")
        outside = (self.probe_rows < 0) | (self.probe_rows >= len(self.enrolled))
        if np.any(outside) or np.isnan(self.scores).any():
            raise UsageError("a candidate belongs to no search, or has no score")

    def __len__(self) -> int:
        return len(self.enrolled)

    def __repr__(self) -> str:
        return f"Searches(searches={len(self)}, candidates={len(self.keys)})"

    def fpir(self, threshold: float) -> Rate:
        """False positive identification rate.

        Raises:
            UsageError: nobody was searched for who is not enrolled.
        """
        strangers = self.enrolled == NOT_ENROLLED
        found = np.zeros(len(self), np.bool_)
        found[self.probe_rows[self.scores >= np.float32(threshold)]] = True
        return rate(int((found & strangers).sum()), int(strangers.sum()))

    def fnir(self, threshold: float, *, rank: int) -> Rate:
        """False negative identification rate among the first `rank` candidates.

        Raises:
            UsageError: nobody enrolled was searched for, or the rank is below 1.
        """
        if rank < 1:
            raise UsageError("ranks count from 1")
        known = self.enrolled != NOT_ENROLLED
        mates = self._mates()
        score, place = self.scores[mates], self.ranks()[mates]
        hit = np.zeros(len(self), np.bool_)
        hit[self.probe_rows[mates[(score >= np.float32(threshold)) & (place <= rank)]]] = True
        return rate(int((known & ~hit).sum()), int(known.sum()))

    def selectivity(self, threshold: float) -> float:
        """Mean number of candidates at or above the threshold that are not the person sought.

        Raises:
            UsageError: there are no searches.
        """
        if not len(self):
            raise UsageError("there are no searches")
        wrong = self.keys != self.enrolled[self.probe_rows]
        return float((wrong & (self.scores >= np.float32(threshold))).sum()) / len(self)

    def ranks(self) -> Int:
        """(H,) place of each candidate in its search, from 1; of equal scores the lower key."""
        order = np.lexsort((self.keys, -self.scores, self.probe_rows))
        sizes = np.bincount(self.probe_rows, minlength=len(self))
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order)) - starts + 1
        return ranks

    def _mates(self) -> Int:
        """Candidates that are the person sought."""
        return np.flatnonzero(self.keys == self.enrolled[self.probe_rows])


def cumulative_match(searches: Searches, ranks: int) -> F64:
    """(R,) share of searches for enrolled people that return them by each rank, without threshold.

    Raises:
        UsageError: nobody enrolled was searched for, or there are no ranks.
    """
    if ranks < 1:
        raise UsageError("ranks count from 1")
    missed = [searches.fnir(-np.inf, rank=rank).point for rank in range(1, ranks + 1)]
    return 1.0 - np.array(missed)


def fpir_from_fmr(fmr: npt.ArrayLike, gallery: int) -> F64:
    """FPIR of a gallery of so many people if comparisons were independent: 1 - (1 - FMR)**N.

    They are not, so this is for planning. Galleries hold relatives and look-alikes, and a search's
    comparisons share its probe.

    Args:
        fmr: (F,) or scalar false match rates.
        gallery: people in it.

    Raises:
        UsageError: a rate lies outside 0..1, or the gallery is empty.

    Example:
        >>> round(float(fpir_from_fmr(1e-6, 66_000_000)), 4)
        1.0
        >>> round(float(fpir_from_fmr(1e-9, 1_000_000)), 6)
        0.001
    """
    rates = _rates(fmr, gallery)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(gallery * np.log1p(-rates)), np.float64)


def fmr_for_fpir(fpir: npt.ArrayLike, gallery: int) -> F64:
    """The FMR with which a gallery of so many people has this FPIR; `fpir_from_fmr` undone.

    Raises:
        UsageError: a rate lies outside 0..1, or the gallery is empty.

    Example:
        >>> f"{fmr_for_fpir(1e-3, 66_000_000):.2e}"
        '1.52e-11'
    """
    rates = _rates(fpir, gallery)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(np.log1p(-rates) / gallery), np.float64)


def _rates(rates: npt.ArrayLike, gallery: int) -> F64:
    values = np.asarray(rates, np.float64)
    if gallery < 1 or not np.all((values >= 0) & (values <= 1)):
        raise UsageError("rates lie in 0..1, and a gallery holds somebody")
    return values

"""The two-way bootstrap over subjects: both members of a pair are drawn.

Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1 (2007), and Poh and Bengio,
"Estimating the confidence interval of expected performance curve", ICASSP (2006): as many subjects
as there are are drawn with replacement, w_i times each. A non-mated pair then counts w_i w_j times;
a mated one w_i times, as it stays within each copy of its subject.

Products of weights count the noise of single pairs three times (Owen, section 4), which at few
errors is most of it. So where a variance is read off the replicates, twice that noise is taken off.

Only scores above the lowest threshold of interest need their subjects: how many comparisons a
replicate has follows from the weights alone. Where no error is seen the replicates cannot speak;
intervals then fall back on the fewest trials that comparisons can be worth
(`fvs.metrics.subject_intervals`).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import BEYOND_ONE_BOUND
from fvs.metrics.subject_intervals import (
    RateBand,
    Variance,
    effective_band,
    false_non_match_band,
)
from fvs.metrics.subject_pairs import SubjectPairs
from fvs.metrics.subject_spread import subject_spread

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from fvs.metrics.subject_pairs import KindsOfPairs
    from fvs.records import F64, Int

__all__ = [
    "REPLICATES",
    "CurveReplicates",
    "DetBand",
    "Replicates",
    "curve_replicates",
    "det_band",
    "percentile_interval",
    "replicate",
    "subject_bootstrap",
]

REPLICATES = 1000

BLOCK_REPLICATES = 25
"""Drawn at a time by one thread: a hundred weights a subject stay in the processor's cache."""

BAND_STEPS = 2000
"""Thresholds between which a replicate's DET curve is followed; less than 1 % of rank apart."""

FEWEST_SUBJECTS = 2


@dataclass(frozen=True, eq=False)
class Replicates:
    """What a bootstrap drew, of one kind of comparison.

    Attributes:
        pairs: that were drawn from.
        thresholds: (T,) float64.
        accepted: (B, T) float64 comparisons at or above each threshold, per replicate.
        trials: (B,) float64 comparisons of each replicate.
    """

    pairs: SubjectPairs
    thresholds: F64
    accepted: F64
    trials: F64

    def __repr__(self) -> str:
        return f"Replicates(replicates={len(self.trials)}, thresholds={len(self.thresholds)})"

    @property
    def fmr(self) -> F64:
        """(B, T) share that accepts; NaN where a replicate has no comparison."""
        trials = np.where(self.trials > 0, self.trials, np.nan)
        return np.asarray(self.accepted / trials[:, None], np.float64)

    @property
    def fnmr(self) -> F64:
        """(B, T) share that does not accept; NaN where a replicate has no comparison."""
        return 1.0 - self.fmr

    def false_match_band(self) -> RateBand:
        """FMR with the intervals that the spread of the replicates gives."""
        return self._band(self.pairs.accepted_at(self.thresholds))

    def false_non_match_band(self) -> RateBand:
        """FNMR with the intervals that the spread of the replicates gives."""
        return self._band(self.pairs.trials - self.pairs.accepted_at(self.thresholds))

    def _band(self, errors: Int) -> RateBand:
        spread = subject_spread(self.pairs, self.pairs.accepted_at(self.thresholds))
        squares = np.nanvar(self.fmr, axis=0) * float(self.pairs.trials) ** 2
        variance = Variance(spread.least(squares - 2.0 * spread.pairs), spread.freedom)
        return effective_band(self.pairs, self.thresholds, errors, variance)


@dataclass(frozen=True, eq=False)
class DetBand:
    """FNMR at each FMR, with a pointwise 95 % interval that counts the threshold's own noise.

    Attributes:
        fmr: (F,) float64 targets.
        thresholds: (F,) float64 lowest scores whose counted FMR is within the target.
        fnmr: (F,) float64.
        lower_95: (F,) float64.
        upper_95: (F,) float64.
    """

    fmr: F64
    thresholds: F64
    fnmr: F64
    lower_95: F64
    upper_95: F64

    def __len__(self) -> int:
        return len(self.fmr)

    def __repr__(self) -> str:
        return f"DetBand(fmr={self.fmr.min(initial=1):g}..{self.fmr.max(initial=0):g})"


def subject_bootstrap(
    scores: npt.ArrayLike,
    first_subject: npt.ArrayLike,
    second_subject: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Replicates:
    """Draw subjects, from lists of scores: of mated pairs or of non-mated ones.

    Args:
        scores: (N,).
        first_subject: (N,) number of the first picture's subject, from 0.
        second_subject: (N,) likewise; the same numbers where the pairs are mated.
        thresholds: (T,).
        replicates: how many draws.
        seed: of the draws.

    Raises:
        UsageError: mated and non-mated pairs together, or as `replicate`.

    Example:
        >>> import numpy as np
        >>> first, second = np.triu_indices(40, 1)
        >>> scores = np.random.default_rng(0).normal(0.1, 0.1, len(first))
        >>> drawn = subject_bootstrap(scores, first, second, [0.3], replicates=200)
        >>> found = drawn.false_match_band().at(0)
        >>> found.errors, bool(found.lower_95 < found.point < found.upper_95)
        (14, True)
    """
    same = np.asarray(first_subject) == np.asarray(second_subject)
    if same.any() and not same.all():
        raise UsageError(
            "mated and non-mated pairs are drawn in different ways",
            advice="Call once with each; the same seed draws the same subjects.",
        )
    pairs = (
        SubjectPairs.mated(scores, first_subject)
        if same.any()
        else SubjectPairs.non_mated(scores, first_subject, second_subject)
    )
    return replicate(pairs, thresholds, replicates=replicates, seed=seed)


def replicate(
    pairs: SubjectPairs,
    thresholds: npt.ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Replicates:
    """Draw subjects and count.

    Two sets of pairs over the same subjects, as mated and non-mated ones or the same pairs scored
    by two systems, are drawn alike by the same seed, replicate by replicate.

    Args:
        pairs: of one kind.
        thresholds: (T,), in any order.
        replicates: how many draws.
        seed: of the draws; each replicate has its own stream.
        on_progress: called with the number of replicates that are done.

    Raises:
        UsageError: a threshold reaches into scores left out, or there are fewer than two subjects.
    """
    if pairs.subjects < FEWEST_SUBJECTS:
        raise UsageError(f"{pairs.subjects} subjects cannot be drawn from")
    asked = np.atleast_1d(np.asarray(thresholds, np.float64))
    counter = _Counter(pairs, asked)
    blocks = [
        range(start, min(start + BLOCK_REPLICATES, replicates))
        for start in range(0, replicates, BLOCK_REPLICATES)
    ]
    accepted, trials = np.empty((replicates, len(asked))), np.empty(replicates)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        counted = pool.map(lambda block: counter.count(_draw(pairs.subjects, block, seed)), blocks)
        for block, found in zip(blocks, counted, strict=True):
            rows = slice(block.start, block.stop)
            accepted[rows], trials[rows] = found
            on_progress(block.stop)
    return Replicates(pairs, asked, accepted, trials)


class CurveReplicates(NamedTuple):
    """FNMR at some FMRs, of all subjects and of each draw.

    Attributes:
        thresholds: (F,) float64 lowest scores whose counted FMR is within each target.
        fnmr: (F,) float64 at those.
        drawn: (B, F) float64 likewise, each draw at thresholds of its own.
    """

    thresholds: F64
    fnmr: F64
    drawn: F64


def curve_replicates(
    pairs: KindsOfPairs,
    targets_fmr: npt.ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> CurveReplicates:
    """FNMR at some FMRs in each draw of subjects.

    Args:
        pairs: all mated ones, and of the non-mated at least those that reach the highest target.
        targets_fmr: (F,) in 0..1.
        replicates: how many draws.
        seed: of the draws.

    Raises:
        UsageError: too few non-mated scores were kept, one kind is missing, or the subjects of the
            two kinds are numbered apart.
    """
    mated, non_mated = pairs
    if mated.subjects != non_mated.subjects:
        raise UsageError("mated and non-mated pairs are numbered over different subjects")
    if not mated.trials or not non_mated.trials:
        raise UsageError("a curve needs mated and non-mated scores")
    targets = np.asarray(targets_fmr, np.float64)
    steps = _steps(non_mated)
    at_step = non_mated.accepted_at(steps) / non_mated.trials
    chosen = _first_within(at_step[None], targets)[0]
    if np.any(chosen == 0) and np.isfinite(non_mated.floor):
        raise UsageError(f"too few non-mated scores were kept for FMR {targets.max():g}")
    false_matches = replicate(non_mated, steps, replicates=replicates, seed=seed).fmr
    refused = replicate(mated, steps, replicates=replicates, seed=seed).fnmr
    return CurveReplicates(
        thresholds=steps[chosen],
        fnmr=1.0 - mated.accepted_at(steps[chosen]) / mated.trials,
        drawn=np.take_along_axis(refused, _first_within(false_matches, targets), axis=1),
    )


def det_band(
    pairs: KindsOfPairs,
    targets_fmr: npt.ArrayLike,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> DetBand:
    """The detection error trade-off with its band.

    In each draw the threshold is found anew, so that the band also shows how uncertain the
    threshold is. Where only a few false matches are counted it errs on the wide side.

    Args:
        pairs: as in `curve_replicates`.
        targets_fmr: (F,) in 0..1.
        replicates: how many draws.
        seed: of the draws.

    Raises:
        UsageError: as `curve_replicates`, or there are fewer than two subjects.
    """
    curve = curve_replicates(pairs, targets_fmr, replicates=replicates, seed=seed)
    lower, upper = percentile_interval(curve.drawn)
    counted = false_non_match_band(pairs.mated, curve.thresholds)
    silent = counted.errors == 0
    return DetBand(
        fmr=np.asarray(targets_fmr, np.float64),
        thresholds=curve.thresholds,
        fnmr=counted.point,
        lower_95=np.minimum(lower, counted.point),
        upper_95=np.maximum(np.where(silent, counted.upper_95, upper), counted.point),
    )


def percentile_interval(drawn: F64) -> tuple[F64, F64]:
    """The middle 95 % of (B, T) replicates, those without a value (NaN) left out.

    Raises:
        UsageError: a column has no value at all.
    """
    if not len(drawn) or np.isnan(drawn).all(axis=0).any():
        raise UsageError("no replicate has a value: too few subjects have comparisons")
    lower, upper = np.nanquantile(drawn, [BEYOND_ONE_BOUND, 1.0 - BEYOND_ONE_BOUND], axis=0)
    return lower, upper


class _Counter:
    """Counts the comparisons of replicates at or above some thresholds."""

    def __init__(self, pairs: SubjectPairs, thresholds: F64) -> None:
        distinct, self._column = np.unique(thresholds, return_inverse=True)
        starts = pairs.positions(distinct)
        self._filled = np.flatnonzero(np.diff(np.append(starts, len(pairs.scores))))
        lowest = int(starts.min(initial=len(pairs.scores)))
        self._starts = starts[self._filled] - lowest
        self._first, self._second = pairs.first[lowest:], pairs.second[lowest:]
        self._mated = bool(len(self._first)) and bool(self._first[0] == self._second[0])
        self._bins = len(distinct)
        self._counts = pairs.counts

    def count(self, weights: npt.NDArray[np.int32]) -> tuple[F64, F64]:
        """(B, T) at or above each threshold and (B,) in all, for (B, S) weights."""
        between = np.zeros((len(weights), self._bins))
        buffer = np.empty(len(self._first), np.int32)
        other = np.empty(len(self._first), np.int32)
        for row, weight in enumerate(weights):
            if not len(self._filled):
                break
            np.take(weight, self._first, out=buffer, mode="clip")
            if not self._mated:
                np.take(weight, self._second, out=other, mode="clip")
                np.multiply(buffer, other, out=buffer)
            between[row, self._filled] = np.add.reduceat(buffer, self._starts)
        above = np.cumsum(between[:, ::-1], axis=1)[:, ::-1]
        return above[:, self._column], self._counts.weighted(weights.astype(np.float64))


def _draw(subjects: int, block: range, seed: int) -> npt.NDArray[np.int32]:
    """(B, S) how often each subject is drawn in each replicate of a block."""
    drawn = (np.random.default_rng([seed, b]).integers(subjects, size=subjects) for b in block)
    return np.stack([np.bincount(one, minlength=subjects) for one in drawn]).astype(np.int32)


def _steps(pairs: SubjectPairs) -> F64:
    """Scores by which to follow a curve, evenly by rank and by its logarithm, and last +inf."""
    kept = len(pairs.scores)
    ranks = np.unique(np.geomspace(1, max(kept, 1), BAND_STEPS).astype(np.int64))
    scores = np.unique(pairs.scores[kept - ranks[ranks <= kept]])
    above = scores[scores > pairs.floor].astype(np.float64)
    return np.append(above, np.inf)


def _first_within(rates: F64, targets: F64) -> Int:
    """(B, F) first column of (B, T) falling rates that is within each target."""
    # NaN, a replicate without comparisons, is within none and lands on +inf.
    beyond = [(~(rates <= target)).sum(axis=1) for target in targets]
    found = np.stack(beyond, axis=1) if beyond else np.empty((len(rates), 0), np.int64)
    return np.asarray(np.minimum(found, rates.shape[1] - 1), np.int64)

"""Scores -> operating points: the rules by which thresholds are set, and nothing else.

1. A group's own threshold is the lowest at which the upper bound of its FMR (`bounds`) is within
   the target; a group with too few pairs to show that, with a few errors to spare, has none.
2. A group without one still has a say: at its bar its measured rate is within the target, though
   not its bound; a few errors, which missed duplicates could be, say nothing.
3. A point's threshold is the highest of the adult groups' own or bars: the strictest group's.
4. An age band holds the target where its groups' own thresholds, or the point's if higher, still
   let enough mated pairs pass. Knowing the age can only raise the bar, never lower it. A sex of
   the band that can show the target by itself is held likewise by its own groups alone.
5. A target that no adult group can show, or only at a threshold that is of no use, is refused;
   likewise one whose threshold lies where non-mated pairs may have been dropped as duplicates by
   the scores of the embedder itself.
6. Where ages are known, a target that is held in no band of adults is refused: a group of people
   of whom nothing is known, as LFW, must not show alone what no other can.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.derivation.bounds import tail_of, threshold_within_bound, upper_bound
from fvs.derivation.groups import AGE_BANDS
from fvs.errors import UsageError
from fvs.metrics.intervals import rate, trials_needed
from fvs.metrics.rates import threshold_allowing
from fvs.operating_points import EITHER_SEX, SEXES, BandEvidence, GroupRate, OperatingPoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fvs.derivation.bounds import UpperBound
    from fvs.metrics.rates import ScoreTail
    from fvs.metrics.subject_pairs import SubjectPairs
    from fvs.operating_points import AgeBand, Rate
    from fvs.records import F32

__all__ = [
    "CLEANING_MARGIN",
    "ERRORS_TO_SPARE",
    "MOST_USABLE_FNMR",
    "GroupScores",
    "MeasuredScores",
    "derive_points",
]

MOST_USABLE_FNMR = 0.5
"""A threshold that refuses more than half of all mated pairs is of no use."""


ERRORS_TO_SPARE = 5
"""A group must be able to show the target in spite of so many errors: else a single pair of one
person that cleaning missed would set the threshold of everybody."""


CLEANING_MARGIN = 0.03
"""A point's threshold must lie so far below the scores at which pairs were dropped, where those are
scores of the embedder under test. With the reference embedder, the only one that may clean for
itself, non-mated pairs become about three times rarer within it, so that strangers dropped in
error hide little of FMR."""


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupScores:
    """Non-mated scores within one group.

    Attributes:
        name: as published.
        source: where the pictures are from.
        adult: whether it is one of those whose strictest sets the threshold.
        band: their ages; None where they are not known one by one.
        sex: of all of them; `EITHER_SEX` where it is not one.
        pairs: non-mated, of all of them.
    """

    name: str
    source: str
    adult: bool
    band: AgeBand | None
    sex: str
    pairs: SubjectPairs

    @property
    def subjects(self) -> int:
        """How many people are in any pair."""
        return int((self.pairs.counts.by_subject > 0).sum())

    @property
    def scores(self) -> ScoreTail:
        """Of all their pairs."""
        return tail_of(self.pairs)

    def bound_at(self, threshold: float) -> UpperBound:
        """Of FMR."""
        return upper_bound(self.pairs, threshold)


@dataclass(frozen=True, eq=False, kw_only=True)
class MeasuredScores:
    """All that operating points are derived from.

    Attributes:
        mated: (M,) float32 scores of one person's pictures (LFW in the shipped certificates).
        non_mated: scores of different people's of the same data, whatever their group.
        groups: non-mated scores by group.
        cleaned_from: pairs of adults that score so high were taken for one person and dropped;
            None where another embedder's scores told who is one person.
    """

    mated: F32
    non_mated: ScoreTail
    groups: tuple[GroupScores, ...]
    cleaned_from: float | None


class _Own(NamedTuple):
    """What a group asks for.

    Attributes:
        group: who asks.
        threshold: the one it would have alone; None where it has too few pairs to show the
            target, +inf where too many of them reach the highest score there is.
        bar: the threshold, or the lowest at which its measured rate is within the target.
    """

    group: GroupScores
    threshold: float | None
    bar: float


def derive_points(
    measured: MeasuredScores, targets: Sequence[float]
) -> tuple[tuple[OperatingPoint, ...], Mapping[str, str]]:
    """Set a threshold for each target, or say why there is none.

    Returns:
        The points, highest target first, and the reason per target without one.

    Raises:
        UsageError: a target is no rate, or there are no mated scores or no adult group.
    """
    if not len(measured.mated) or not any(group.adult for group in measured.groups):
        raise UsageError("operating points need mated scores and at least one adult group")
    points: list[OperatingPoint] = []
    unsupported: dict[str, str] = {}
    for target in sorted(set(targets), reverse=True):
        derived = _derive_point(measured, target)
        if isinstance(derived, str):
            unsupported[f"{target:g}"] = derived
        else:
            points.append(derived)
    return tuple(points), unsupported


def _derive_point(measured: MeasuredScores, target: float) -> OperatingPoint | str:
    owns = [_own(group, target) for group in measured.groups]
    adult = [own for own in owns if own.group.adult]
    strictest = _strictest(adult)
    if strictest is None:
        return _too_few(adult, target)
    threshold = strictest.bar
    fnmr = _fnmr(measured, threshold)
    if fnmr.point > MOST_USABLE_FNMR:
        return _useless(strictest, fnmr)
    if _is_near_cleaning(measured, threshold):
        return (
            f"{strictest.group.name} would need a threshold of {threshold:.4f}, too near to "
            f"{measured.cleaned_from:g}, from where pairs were dropped as one person, "
            "some of them perhaps wrongly"
        )
    bands = _bands(measured, owns, target, threshold)
    banded = [own for own in adult if own.group.band is not None]
    if banded and not any(row.band.adult and row.status == "held" for row in bands):
        return f"no age band of adults can hold it: {_too_few(banded, target)}"
    return OperatingPoint(
        target_fmr=target,
        threshold=threshold,
        strictest_group=strictest.group.name,
        fnmr=fnmr,
        fmr_pooled=measured.non_mated.fmr_at(threshold),
        groups=tuple(_group_rate(own, threshold) for own in owns),
        bands=bands,
    )


def _is_near_cleaning(measured: MeasuredScores, threshold: float) -> bool:
    cleaned_from = measured.cleaned_from
    return cleaned_from is not None and threshold > cleaned_from - CLEANING_MARGIN


def _own(group: GroupScores, target: float) -> _Own:
    threshold = threshold_within_bound(group.pairs, target, ERRORS_TO_SPARE)
    if threshold is not None:
        return _Own(group, threshold, threshold)
    harmless = max(ERRORS_TO_SPARE, math.floor(group.scores.trials * target))
    return _Own(group, None, threshold_allowing(group.scores, harmless))


def _bands(
    measured: MeasuredScores, owns: Sequence[_Own], target: float, point_threshold: float
) -> tuple[BandEvidence, ...]:
    """Each band for either sex, then each sex of a band that can show the target by itself."""
    rows = [
        _unshown(band, _too_few(_of(owns, band, EITHER_SEX), target))
        for band in AGE_BANDS
        if _strictest(_of(owns, band, EITHER_SEX)) is None
    ]
    shown = [
        (band, sex, worst)
        for sex in (EITHER_SEX, *SEXES)
        for band in AGE_BANDS
        if (worst := _strictest(_of(owns, band, sex))) is not None
    ]
    rows += [_shown(measured, band, sex, worst, point_threshold) for band, sex, worst in shown]
    return tuple(sorted(rows, key=lambda row: (row.sex, row.band.youngest)))


def _of(owns: Sequence[_Own], band: AgeBand, sex: str) -> list[_Own]:
    """The groups of a band, of one sex unless either will do."""
    mine = [own for own in owns if own.group.band == band]
    return mine if sex == EITHER_SEX else [own for own in mine if own.group.sex == sex]


def _unshown(band: AgeBand, reason: str) -> BandEvidence:
    return BandEvidence(
        band=band,
        status="not_supported",
        threshold=None,
        reason=reason,
        worst_group="",
        fmr=None,
        fnmr=None,
    )


def _shown(
    measured: MeasuredScores, band: AgeBand, sex: str, worst: _Own, point_threshold: float
) -> BandEvidence:
    threshold = max(worst.bar, point_threshold)
    fnmr = _fnmr(measured, threshold)
    held = fnmr.point <= MOST_USABLE_FNMR
    return BandEvidence(
        band=band,
        sex=sex,
        status="held" if held else "not_supported",
        threshold=threshold if held else None,
        reason="" if held else _useless(worst, fnmr),
        worst_group=worst.group.name,
        fmr=worst.group.scores.fmr_at(threshold if held else point_threshold),
        fnmr=fnmr,
    )


def _strictest(owns: Sequence[_Own]) -> _Own | None:
    """The highest bar; None where no group can show the target."""
    if all(own.threshold is None for own in owns):
        return None
    return max(owns, key=lambda own: own.bar)


def _fnmr(measured: MeasuredScores, threshold: float) -> Rate:
    return rate(int(np.sum(measured.mated < np.float32(threshold))), len(measured.mated))


def _group_rate(own: _Own, threshold: float) -> GroupRate:
    bound = own.group.bound_at(threshold)
    if own.threshold is not None and own.threshold < threshold:
        # What holds at a lower threshold holds here, also where no false match is left to count.
        bound = min(bound, own.group.bound_at(own.threshold))
    return GroupRate(
        group=own.group.name,
        source=own.group.source,
        adult=own.group.adult,
        subjects=own.group.subjects,
        fmr=own.group.scores.fmr_at(threshold),
        upper_bound=bound.value,
        bound_method=bound.method,
        own_threshold=_finite(own.threshold),
    )


def _finite(threshold: float | None) -> float | None:
    return threshold if threshold is not None and math.isfinite(threshold) else None


def _too_few(owns: Sequence[_Own], target: float) -> str:
    largest = max((own.group for own in owns), key=lambda g: g.scores.trials, default=None)
    needed = trials_needed(target, ERRORS_TO_SPARE)
    if largest is None or largest.scores.trials < needed:
        most = 0 if largest is None else largest.scores.trials
        return f"{most} non-mated pairs in the largest group, need {needed}"
    return (
        f"{largest.scores.trials} non-mated pairs of only {largest.subjects} people in the largest "
        f"group, too few people to show it in spite of {ERRORS_TO_SPARE} false matches"
    )


def _useless(own: _Own, fnmr: Rate) -> str:
    needed = _finite(own.bar)
    return (
        f"{own.group.name} would need a threshold "
        f"{'above every score' if needed is None else f'of {needed:.4f}'}, which refuses "
        f"{fnmr.point:.0%} of mated pairs (at most {MOST_USABLE_FNMR:.0%} are acceptable)"
    )

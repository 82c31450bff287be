"""Whether the bound of an error rate still holds, where it is known who was who.

Answers become known one by one: canaries from the start, investigated cases later. Of a fixed set
the exact interval tells; of a stream a bet against "the rate is within its bound" does, which may
be looked at after every case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import rate, trials_needed
from fvs.monitoring.sequential import bet_against_bound
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from fvs.monitoring.baseline import Signal
    from fvs.records import Bool

__all__ = ["BoundCheck", "BoundVerdict", "Limits", "LiveBounds", "check_bound", "check_live_bounds"]

BoundVerdict = Literal["holds", "broken", "cannot_tell"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What error rates are judged by.

    Attributes:
        threshold: `score >= threshold` accepts.
        fmr_at_most: bound of the false match rate at that threshold.
        fnmr_at_most: likewise of false non-matches; None where no bound is set.
    """

    threshold: float
    fmr_at_most: float
    fnmr_at_most: float | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that are no rates.

        Raises:
            UsageError: one is not between 0 and 1.
        """
        bounds = [one for one in (self.fmr_at_most, self.fnmr_at_most) if one is not None]
        if not all(0.0 < bound < 1.0 for bound in bounds):
            raise UsageError("a bound of an error rate lies between 0 and 1")


class BoundCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A rate against its bound.

    Attributes:
        rate: as counted.
        at_most: the bound.
        verdict: `holds` where the upper 95 % bound is within it; `broken` where, of a fixed set,
            the lower one is beyond it, or of a stream a bet says so; else `cannot_tell`.
        trials_needed: comparisons with which a run without an error would show it.
        broken_by: number of comparisons after which a bet first said so, or None.
    """

    rate: Rate
    at_most: float
    verdict: BoundVerdict
    trials_needed: int
    broken_by: int | None = None


class LiveBounds(msgspec.Struct, frozen=True, kw_only=True):
    """Both rates of a stream of known cases.

    Attributes:
        verdict: the worse of both: `broken`, else `cannot_tell`, else `holds`.
        false_alarm_rate: probability, at most, that either is ever called broken while it holds.
        threshold: at which errors were counted.
        not_compared: rows without a score, which were left out.
        fmr: None without non-mated rows.
        fnmr: None without mated rows, or where no bound is set.
    """

    verdict: BoundVerdict
    false_alarm_rate: float
    threshold: float
    not_compared: int
    fmr: BoundCheck | None
    fnmr: BoundCheck | None


def check_bound(errors: Bool, at_most: float) -> BoundCheck | None:
    """Judge a fixed set by its exact interval; None where it is empty."""
    if not len(errors):
        return None
    counted = rate(int(errors.sum()), len(errors))
    verdict: BoundVerdict = "cannot_tell"
    if counted.upper_95 <= at_most:
        verdict = "holds"
    elif counted.lower_95 > at_most:
        verdict = "broken"
    return BoundCheck(
        rate=counted, at_most=at_most, verdict=verdict, trials_needed=_trials_needed(at_most)
    )


def check_live_bounds(
    similarity: Signal, mated: Signal, limits: Limits, false_alarm_rate: float
) -> LiveBounds:
    """Judge a stream of cases in the order of time.

    Args:
        similarity: (N,) scores; NaN where a pair could not be compared.
        mated: (N,) 1 where both pictures show one person, 0 where not.
        limits: threshold and bounds.
        false_alarm_rate: probability, at most, of ever calling a bound broken that holds.

    Raises:
        UsageError: the columns differ in length, a label is neither 0 nor 1, or the rate is not
            between 0 and 1.
    """
    if len(similarity.values) != len(mated.values):
        raise UsageError(f"{len(similarity.values)} scores do not fit {len(mated.values)} labels")
    if not np.isin(mated.values, (0.0, 1.0)).all():
        raise UsageError(f"column {mated.name!r} says 1 (mated) or 0 (not) of every row")
    if not 0.0 < false_alarm_rate < 1.0:
        raise UsageError(f"a false-alarm rate lies between 0 and 1, not {false_alarm_rate}")
    compared = ~np.isnan(similarity.values)
    accepted = similarity.values[compared].astype(np.float32) >= np.float32(limits.threshold)
    is_mated = mated.values[compared] == 1.0
    share = false_alarm_rate / 2
    fmr = _check_stream(accepted[~is_mated], limits.fmr_at_most, share)
    fnmr = None
    if limits.fnmr_at_most is not None:
        fnmr = _check_stream(~accepted[is_mated], limits.fnmr_at_most, share)
    found = {one.verdict if one else "cannot_tell" for one in _asked(limits, fmr, fnmr)}
    worst: BoundVerdict = next(v for v in ("broken", "cannot_tell", "holds") if v in found)
    return LiveBounds(
        verdict=worst,
        false_alarm_rate=false_alarm_rate,
        threshold=limits.threshold,
        not_compared=int((~compared).sum()),
        fmr=fmr,
        fnmr=fnmr,
    )


def _asked(
    limits: Limits, fmr: BoundCheck | None, fnmr: BoundCheck | None
) -> list[BoundCheck | None]:
    """The checks that a bound was set for."""
    return [fmr] if limits.fnmr_at_most is None else [fmr, fnmr]


def _check_stream(errors: Bool, at_most: float, false_alarm_rate: float) -> BoundCheck | None:
    if not len(errors):
        return None
    counted = rate(int(errors.sum()), len(errors))
    broken_by = bet_against_bound(errors, at_most, false_alarm_rate).alarm_at
    verdict: BoundVerdict = "holds" if counted.upper_95 <= at_most else "cannot_tell"
    return BoundCheck(
        rate=counted,
        at_most=at_most,
        verdict=verdict if broken_by is None else "broken",
        trials_needed=_trials_needed(at_most),
        broken_by=broken_by,
    )


def _trials_needed(at_most: float) -> int:
    return trials_needed(at_most) if at_most < 1.0 else 1

"""Operating points: thresholds that carry their error rates; the only thresholds of the engine.

A point answers "at which score do at most one in so many strangers pass?" for one detector and
embedder, with the evidence: counts, bounds, data and model hashes. It holds for each adult group
measured, not for the mean over all: its threshold is that of the strictest adult group. Age bands
and sexes for which the target cannot be held say so.

These are what was measured. Decisions rest on them only inside a signed certificate, see
`fvs.certificates`.

The boundary rule, stated once: `score >= threshold` accepts.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from fvs.distributions import Distribution  # noqa: TC001 - msgspec reads it when it decodes
from fvs.errors import UsageError

__all__ = [
    "EITHER_SEX",
    "SEXES",
    "AgeBand",
    "BandEvidence",
    "BoundMethod",
    "ConditionEvidence",
    "DataSource",
    "GroupRate",
    "HeldOutRates",
    "OperatingPoint",
    "OperatingPoints",
    "PadPoint",
    "Rate",
    "ReviewZone",
    "SameCapturePoint",
]


SAME_TARGET = 1e-9
"""Relative difference of targets that only rounding has parted, as 0.1 ** 4 and 1e-4."""

EITHER_SEX = ""
SEXES = ("female", "male")
"""As the register knows them."""

BoundMethod = Literal["people", "independent_pairs", "no_errors"]
"""How an upper 95 % bound of FMR came about:

`people`: by the variance over the people on both sides of a pair, see `fvs.metrics`.
`independent_pairs`: Clopper-Pearson over pairs as if none shared a person, which is too low.
`no_errors`: no false match was seen; Clopper-Pearson over half as many trials as people.
"""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen struct in which a misspelt key is an error."""


class Rate(_Strict, frozen=True, kw_only=True):
    """An error rate, which never travels without its counts and interval.

    Attributes:
        errors: comparisons (or pictures) in error.
        trials: comparisons (or pictures) in all.
        point: errors / trials.
        lower_95: two-sided 95 % Clopper-Pearson bound, comparisons taken as independent.
        upper_95: likewise.
    """

    errors: int
    trials: int
    point: float
    lower_95: float
    upper_95: float


class AgeBand(_Strict, frozen=True, kw_only=True):
    """Ages in whole years, both ends included."""

    name: str
    youngest: int
    oldest: int
    adult: bool

    def __contains__(self, age_years: int) -> bool:
        return self.youngest <= age_years <= self.oldest


class GroupRate(_Strict, frozen=True, kw_only=True):
    """False matches between different people of one group, at a point's threshold.

    Attributes:
        group: its name.
        source: of the pictures.
        adult: whether it is one of those whose strictest sets the threshold.
        subjects: people in it.
        fmr: with the interval that takes pairs as independent.
        upper_bound: two-sided 95 %, the one that thresholds are set by: it knows that pairs which
            share a person are not independent. Where it is lower at `own_threshold`, it is the
            one there: a higher threshold has no higher rate.
        bound_method: where it is from.
        own_threshold: the lowest at which its bound is within the target; None where it has too
            few pairs to show that.
    """

    group: str
    source: str
    adult: bool
    subjects: int
    fmr: Rate
    upper_bound: float
    bound_method: BoundMethod
    own_threshold: float | None


class BandEvidence(_Strict, frozen=True, kw_only=True):
    """What a point can say about one age band, for one sex or for either.

    Attributes:
        band: the ages.
        sex: as the register knows it; `EITHER_SEX` where it is not given. Only a sex that can show
            the target by itself has a row of its own.
        status: `held` where at `threshold` the upper bound of every group of the band with enough
            pairs is within the target, and so is the measured rate of every smaller one;
            `not_supported` where that cannot be had at any usable threshold.
        threshold: score from which a subject of this band matches; None if not supported.
        reason: why not, in words; empty where held.
        worst_group: the group that decides.
        fmr: of that group, at `threshold` (at the point's own threshold if not supported).
        fnmr: of all mated pairs, at the threshold that the worst group asks for; None where no
            group has enough pairs to ask for one.
    """

    band: AgeBand
    sex: str = EITHER_SEX
    status: Literal["held", "not_supported"]
    threshold: float | None
    reason: str
    worst_group: str
    fmr: Rate | None
    fnmr: Rate | None

    def __post_init__(self) -> None:
        """Refuse a band that is held without a threshold, or has one without being held."""
        if (self.status == "held") != (self.threshold is not None):
            raise ValueError(f"band {self.band.name}: a threshold goes with `held` and only so")
        if self.threshold is not None:
            _require_within("threshold", self.threshold, -1.0, 1.0)


class ReviewZone(_Strict, frozen=True, kw_only=True):
    """Scores too low for a match and too high for a refusal: a person looks.

    Attributes:
        no_match_below: score below which the answer is no match; up to the threshold above it,
            inconclusive.
        rule: how it was set, in words.
        wrongly_refused: mated pairs below it.
        mated_reviewed: mated pairs in the zone.
        non_mated_reviewed: non-mated pairs in the zone.
    """

    no_match_below: float
    rule: str
    wrongly_refused: Rate
    mated_reviewed: Rate
    non_mated_reviewed: Rate

    def __post_init__(self) -> None:
        """Refuse a threshold that no score or every score reaches."""
        _require_within("no_match_below", self.no_match_below, -1.0, 1.0)


class ConditionEvidence(_Strict, frozen=True, kw_only=True):
    """The rates of pairs in one band of quality or of years between the pictures.

    Attributes:
        kind: what the band is of: `quality` is the lower unified quality score of the two.
        lowest: of the band, included.
        highest: of the band, excluded.
        status: `held` where the bound of FMR at the point's threshold is within the target,
            `exceeded` where it is not although there are enough pairs, else `not_supported`.
        fmr: non-mated pairs of the band at the point's threshold; None without any.
        fnmr: mated pairs likewise.
        reason: why not held, in words; empty where held.
    """

    kind: Literal["quality", "age_gap_years"]
    lowest: float
    highest: float
    status: Literal["held", "exceeded", "not_supported"]
    fmr: Rate | None
    fnmr: Rate | None
    reason: str


class HeldOutRates(_Strict, frozen=True, kw_only=True):
    """Rates of people who had no part in setting the threshold.

    Attributes:
        subjects: how many people.
        fmr: of all their non-mated pairs, at the point's threshold.
        upper_bound: two-sided 95 %, as in `GroupRate`.
        bound_method: likewise.
        fnmr: of their mated pairs.
    """

    subjects: int
    fmr: Rate
    upper_bound: float
    bound_method: BoundMethod
    fnmr: Rate


class OperatingPoint(_Strict, frozen=True, kw_only=True):
    """One target FMR with its threshold and evidence.

    Attributes:
        target_fmr: the false match rate that must not be exceeded in any adult group.
        threshold: the lowest score at which every adult group with enough pairs has its upper
            bound within the target, and every smaller one its measured rate.
        strictest_group: that group.
        fnmr: false non-matches of mated pairs at the threshold.
        fmr_pooled: false matches over all non-mated pairs of the mated pairs' data (LFW in the
            shipped certificates), whatever their group, at the threshold.
        groups: false matches per group at the threshold.
        bands: per age band for either sex, then those for one sex.
        conditions: per band of quality and of years between the pictures, where known.
        review: where scores below the threshold go to a person; None where none do.
        held_out: of other people; None where all had part in setting the threshold.
    """

    target_fmr: float
    threshold: float
    strictest_group: str
    fnmr: Rate
    fmr_pooled: Rate
    groups: tuple[GroupRate, ...]
    bands: tuple[BandEvidence, ...]
    conditions: tuple[ConditionEvidence, ...] = ()
    review: ReviewZone | None = None
    held_out: HeldOutRates | None = None

    def __post_init__(self) -> None:
        """Refuse a target that is no rate, and thresholds that decide nothing or contradict."""
        _require_within("target_fmr", self.target_fmr, 0.0, 1.0)
        _require_within("threshold", self.threshold, -1.0, 1.0)
        if self.review is not None and self.review.no_match_below > self.threshold:
            raise ValueError("no_match_below must not be above the threshold")

    @property
    def no_match_below(self) -> float:
        """The score below which two pictures do not match."""
        return self.threshold if self.review is None else self.review.no_match_below

    def band_of(self, age_years: int, sex: str = EITHER_SEX) -> BandEvidence | None:
        """Evidence for this age and sex, or None outside every band.

        A sex without a row of its own has that of either sex, which is never more lenient.
        """
        rows = [row for row in self.bands if age_years in row.band]
        own = next((row for row in rows if row.sex == sex), None)
        return own or next((row for row in rows if row.sex == EITHER_SEX), None)


class PadPoint(_Strict, frozen=True, kw_only=True):
    """The live probability from which a selfie counts as live, and what it refuses.

    Attributes:
        threshold: `live_probability >= threshold` is live.
        refused: per source of published pictures of people, those called not live. Many are
            scans, so this is no BPCER.
    """

    threshold: float
    refused: dict[str, Rate]

    def __post_init__(self) -> None:
        """Refuse a threshold that is no probability."""
        _require_within("pad threshold", self.threshold, 0.0, 1.0)


class SameCapturePoint(_Strict, frozen=True, kw_only=True):
    """The score from which two pictures are taken for one capture, as when a card is replayed.

    Attributes:
        threshold: above what any two photographs of one adult in the pool reach.
        reached: mated pairs of different captures that reach it (LFW, which did not set it).
        caught: copies of pool pictures (compressed anew, made smaller, cropped) that reach it
            with their original.
    """

    threshold: float
    reached: Rate
    caught: Rate

    def __post_init__(self) -> None:
        """Refuse a threshold that no score or every score reaches."""
        _require_within("same-capture threshold", self.threshold, -1.0, 1.0)


class DataSource(_Strict, frozen=True, kw_only=True):
    """What the rates were measured on.

    Attributes:
        name: of the folder, file or registry.
        sha256: of its content.
        pictures: how many; of a table of scores, how many rows.
        subjects: people left after cleaning.
        failed_to_acquire: pictures without a usable face; of listed pairs, pairs with such a one.
        duplicates_dropped: pictures of people who stand there twice.
        terms: under which they may be used.
    """

    name: str
    sha256: str
    pictures: int
    subjects: int
    failed_to_acquire: int
    duplicates_dropped: int
    terms: str


class OperatingPoints(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """All that was measured of a pack; `fvs.certificates.Certificate` vouches for it.

    Attributes:
        pack: its name.
        detector_sha256: of the weights that the rates were measured with.
        embedder_sha256: likewise.
        pad_sha256: likewise, in the pack's order.
        method: how thresholds were set, who found the doubles, and what that means, in words.
        data: the pictures or scores.
        unsupported_targets: false match rate -> why there is no point for it.
        unsupported_conditions: what no point says anything about -> why.
        points: highest target first.
        pad: None where the pack has no PAD networks.
        same_capture: None where no score tells a copy from a second capture; `method` says why.
        distributions: of signals that were measured, for live ones to be compared with; those of
            which there was too little are left out.
        created: ISO 8601, UTC.
        machine: what it was measured on.
        commit: of the code.
    """

    pack: str
    detector_sha256: str
    embedder_sha256: str
    pad_sha256: tuple[str, ...]
    method: str
    data: tuple[DataSource, ...]
    unsupported_targets: dict[str, str]
    unsupported_conditions: dict[str, str]
    points: tuple[OperatingPoint, ...]
    pad: PadPoint | None
    same_capture: SameCapturePoint | None
    distributions: tuple[Distribution, ...] = ()
    created: str
    machine: str
    commit: str

    def at(self, target_fmr: float) -> OperatingPoint:
        """The point for this target.

        Raises:
            UsageError: there is none; the message lists those there are.
        """
        for point in self.points:
            if math.isclose(point.target_fmr, target_fmr, rel_tol=SAME_TARGET):
                return point
        have = ", ".join(f"{p.target_fmr:g}" for p in self.points) or "none"
        why = self.unsupported_targets.get(f"{target_fmr:g}", "it was not derived")
        raise UsageError(
            f"pack {self.pack!r} has no operating point for FMR {target_fmr:g}: {why}",
            advice=f"Targets with an operating point: {have}; name one with --fmr.",
        )


def _require_within(name: str, value: float, lowest: float, highest: float) -> None:
    """Strictly between, so that NaN, and thresholds that decide nothing, are refused too."""
    if not lowest < value < highest:
        raise ValueError(f"{name} must lie between {lowest:g} and {highest:g}, got {value:g}")

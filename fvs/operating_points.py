"""Operating points: thresholds that carry their error rates; the only thresholds of the engine.

A point answers "at which score do at most one in so many strangers pass?" for one detector and
embedder, with the evidence: counts, exact intervals, data and model hashes. It holds for each
adult group measured, not for the mean over all: its threshold is that of the strictest adult
group. Age bands in which the target cannot be held say so.

The boundary rule, stated once: `score >= threshold` accepts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from fvs.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.packs import Pack

__all__ = [
    "AgeBand",
    "BandEvidence",
    "DataSource",
    "GroupRate",
    "OperatingPoint",
    "OperatingPoints",
    "PadPoint",
    "Rate",
    "SameCapturePoint",
    "load_operating_points",
]


SAME_TARGET = 1e-9
"""Relative difference of targets that only rounding has parted, as 0.1 ** 4 and 1e-4."""


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
    """False matches between different people of one group, at a point's threshold."""

    group: str
    source: str
    adult: bool
    subjects: int
    fmr: Rate
    own_threshold: float | None


class BandEvidence(_Strict, frozen=True, kw_only=True):
    """What a point can say about one age band.

    Attributes:
        band: the ages.
        status: `held` where at `threshold` the upper bound of every group of the band with enough
            pairs is within the target, and so is the measured rate of every smaller one;
            `not_supported` where that cannot be had at any usable threshold.
        threshold: score from which a subject of this band matches; None if not supported.
        reason: why not, in words; empty where held.
        worst_group: the band's group that decides.
        fmr: of that group, at `threshold` (at the point's own threshold if not supported).
        fnmr: of mated LFW pairs, at the threshold that the worst group asks for; None where no
            group has enough pairs to ask for one.
    """

    band: AgeBand
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


class OperatingPoint(_Strict, frozen=True, kw_only=True):
    """One target FMR with its threshold and evidence.

    Attributes:
        target_fmr: the false match rate that must not be exceeded in any adult group.
        threshold: the lowest score at which every adult group with enough pairs has its upper
            bound within the target, and every smaller one its measured rate.
        strictest_group: that group.
        fnmr: false non-matches of mated pairs at the threshold.
        fmr_lfw: false matches over all non-mated LFW pairs at the threshold.
        groups: false matches per group at the threshold.
        bands: per age band.
    """

    target_fmr: float
    threshold: float
    strictest_group: str
    fnmr: Rate
    fmr_lfw: Rate
    groups: tuple[GroupRate, ...]
    bands: tuple[BandEvidence, ...]

    def __post_init__(self) -> None:
        """Refuse a target that is no rate and a threshold that no score or every score reaches."""
        _require_within("target_fmr", self.target_fmr, 0.0, 1.0)
        _require_within("threshold", self.threshold, -1.0, 1.0)

    def band_of(self, age_years: int) -> BandEvidence | None:
        """Evidence of the band that holds this age, or None outside every band."""
        return next((b for b in self.bands if age_years in b.band), None)


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
    """Pictures that the rates were measured on."""

    name: str
    sha256: str
    pictures: int
    subjects: int
    failed_to_acquire: int
    duplicates_dropped: int
    terms: str


class OperatingPoints(_Strict, frozen=True, kw_only=True):
    """`operating_points.json` of a pack.

    Attributes:
        pack: its name.
        detector_sha256: of the weights that the rates were measured with.
        embedder_sha256: likewise.
        pad_sha256: likewise, in the pack's order.
        method: how thresholds were set, who found the doubles, and what that means, in words.
        data: the pictures.
        unsupported_targets: false match rate -> why there is no point for it.
        points: highest target first.
        pad: None where the pack has no PAD networks.
        same_capture: None where no score tells a copy from a second capture; `method` says why.
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
    points: tuple[OperatingPoint, ...]
    pad: PadPoint | None
    same_capture: SameCapturePoint | None
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

    def require_models(self, pack: Pack) -> None:
        """Refuse a pack whose weights are not those that the points were measured with.

        Raises:
            ManifestError: they differ, or PAD networks and PAD point do not go together.
        """
        if (self.pad is not None) != bool(pack.pad):
            raise ManifestError(
                f"pack {pack.name!r} has {len(pack.pad)} PAD networks and its operating points "
                f"{'a' if self.pad else 'no'} PAD point",
                advice="Derive them anew with `fvs operating-points derive`.",
            )
        measured = (self.detector_sha256, self.embedder_sha256, *self.pad_sha256)
        if measured != tuple(files.manifest.sha256 for files in pack.files):
            raise ManifestError(
                f"the operating points of pack {pack.name!r} were measured with other weights",
                advice="Derive them anew with `fvs operating-points derive`.",
            )


def load_operating_points(path: Path) -> OperatingPoints:
    """Read `operating_points.json`.

    Raises:
        ManifestError: the file is missing, is no JSON, or breaks its schema.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=OperatingPoints)
    except FileNotFoundError as error:
        raise ManifestError(
            f"pack {path.parent.name!r} has no operating points, so that it decides nothing",
            advice="`fvs compare` gives its bare similarity; pack `standard` decides; `fvs "
            "operating-points derive --help` says how to measure points of your own.",
        ) from error
    except OSError as error:
        raise ManifestError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: {error}") from error


def _require_within(name: str, value: float, lowest: float, highest: float) -> None:
    """Strictly between, so that NaN, and thresholds that decide nothing, are refused too."""
    if not lowest < value < highest:
        raise ValueError(f"{name} must lie between {lowest:g} and {highest:g}, got {value:g}")

"""Everything that one report speaks of, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
from scipy.optimize import brentq

from fvs.report.requirements import Measure
from fvs.report.verdicts import TWO_SIDED, Measured, judge_all, upper_bound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.certificates import Certificate
    from fvs.operating_points import GroupRate, OperatingPoint, Rate
    from fvs.report.measures import ErrorMeasures
    from fvs.report.pad import PadEvidence
    from fvs.report.requirements import Requirement
    from fvs.report.thumbnails import ExtremePairs
    from fvs.report.verdicts import Finding

__all__ = ["DataFile", "Evidence", "Provenance"]


@dataclass(frozen=True)
class DataFile:
    """A file that numbers came from.

    Attributes:
        role: key of the text that says what it is.
        name: without its folder.
        sha256: of its bytes.
        size: how many pictures, pairs or rows; None where that says nothing.
    """

    role: str
    name: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class Provenance:
    """How this report was made, so that it can be made again."""

    files: tuple[DataFile, ...]
    created: str
    version: str
    commit: str
    machine: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a report is made of; any part may be missing, and then the report says so.

    Attributes:
        subject: what was measured, in the caller's words or the pack's name.
        requirements: limits to hold it against.
        provenance: where everything comes from.
        target_fmr: that thresholds were chosen for.
        measures: of scores.
        certificate: of the pack.
        point: the operating point of it that is judged.
        pad: results of a PAD evaluation.
        pairs: the worst mated and best non-mated pairs as thumbnails, only where asked for.
    """

    subject: str
    requirements: tuple[Requirement, ...]
    provenance: Provenance
    target_fmr: float
    measures: ErrorMeasures | None = None
    certificate: Certificate | None = None
    point: OperatingPoint | None = None
    pad: PadEvidence | None = None
    pairs: ExtremePairs | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A verdict for each requirement."""
        return judge_all(self.requirements, self.measured)

    @property
    def measured(self) -> Mapping[Measure, tuple[Measured, ...]]:
        """All rates that requirements can be held against; scores come before the pack's own."""
        return {
            Measure.FMR: self._overall(Measure.FMR),
            Measure.FNMR: self._overall(Measure.FNMR),
            Measure.GROUP_FMR: self._groups(),
            Measure.APCER: self._species(),
            Measure.BPCER: self._live(),
        }

    def _overall(self, measure: Measure) -> tuple[Measured, ...]:
        if self.measures is not None:
            is_fmr = measure is Measure.FMR
            return (self.measures.fmr if is_fmr else self.measures.fnmr,)
        if self.point is None:
            return ()
        people, name = _pooled_people(self.certificate)
        if measure is Measure.FNMR:
            return (_counted(self.point.fnmr, people, name),)
        pooled = self.point.fmr_pooled
        same = next((group for group in self.point.groups if group.fmr == pooled), None)
        known = _counted(pooled, people, name) if same is None else _of_group(same)
        return (replace(known, of=name),)

    def _groups(self) -> tuple[Measured, ...]:
        if self.measures is not None and self.measures.groups:
            groups = self.measures.groups
            return tuple(
                _counted(group.fmr.rate, group.fmr.subjects, group.name)
                for group in groups
                if group.fmr is not None
            )
        if self.point is None:
            return ()
        return tuple(_of_group(group) for group in self.point.groups if group.adult)

    def _species(self) -> tuple[Measured, ...]:
        if self.pad is None:
            return ()
        return tuple(_counted(rate, None, species) for species, rate, _ in self.pad.apcer)

    def _live(self) -> tuple[Measured, ...]:
        return () if self.pad is None else (_counted(self.pad.bpcer[0][1], None, ""),)


def _counted(rate: Rate, subjects: int | None, of: str) -> Measured:
    return Measured.counted(rate.errors, rate.trials, subjects=subjects, of=of)


def _of_group(group: GroupRate) -> Measured:
    """By the bound that the certificate states, which knows that pairs share people."""
    trials = _effective_trials(group)
    counted = _counted(group.fmr, group.subjects, group.group)
    return replace(
        counted,
        rate=msgspec.structs.replace(group.fmr, upper_95=group.upper_bound),
        upper_95=upper_bound(trials * group.fmr.point, trials),
        effective_trials=trials,
    )


def _effective_trials(group: GroupRate) -> float:
    """The independent trials of which the certificate's bound is Clopper and Pearson's."""
    if group.fmr.errors == 0:
        return max(1, group.subjects // 2)

    def excess(trials: float) -> float:
        errors = trials * group.fmr.point
        return upper_bound(errors, trials, TWO_SIDED) - group.upper_bound

    if excess(group.fmr.trials) >= 0.0 or excess(1.0) <= 0.0:
        return group.fmr.trials
    return float(brentq(excess, 1.0, group.fmr.trials))


def _pooled_people(certificate: Certificate | None) -> tuple[int | None, str]:
    """How many people the mated pairs' data holds, and what it is called."""
    if certificate is None or not certificate.data:
        return None, ""
    source = certificate.data[0]
    return source.subjects, source.name

"""Whether measured rates show that a requirement is met, that it is not, or neither.

The convention, stated once: a verdict is a one-sided statement with 95 % confidence. A requirement
is *met* where the one-sided 95 % upper bound of the rate keeps within its limit, *not met* where
the one-sided 95 % lower bound lies beyond it, and *not shown by this data* otherwise: a rate that
looks good on few trials shows nothing, and neither does one that was not measured. Bounds are
Clopper and Pearson's (Biometrika 26, 1934), so that without any error the rule of 3 of
ISO/IEC 19795-1 follows; where it is known whose pairs were compared, they are taken of as many
trials as the pairs are worth (`fvs.metrics.subject_intervals`). Intervals that are *shown* are
two-sided 95 %, as everywhere in `fvs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from scipy.special import betaincinv

from fvs.metrics.intervals import rate
from fvs.operating_points import Rate
from fvs.report.requirements import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fvs.metrics.subject_intervals import SubjectRate
    from fvs.report.requirements import Requirement

__all__ = [
    "TWO_SIDED",
    "Finding",
    "Measured",
    "Verdict",
    "Why",
    "judge",
    "judge_all",
    "lower_bound",
    "trials_to_show",
    "upper_bound",
]

ALPHA = 0.05
"""One-sided: how often a bound may lie on the wrong side of the true rate."""

TWO_SIDED = ALPHA / 2.0
"""Beyond either bound of a two-sided 95 % interval."""

MOST_TRIALS = 1 << 40
"""Beyond this nobody will measure."""


class Verdict(StrEnum):
    """What the data say of a requirement."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_SHOWN = "not_shown"


class Why(StrEnum):
    """Why a requirement is not shown, or by what it is."""

    BOUND = "bound"
    """The bound is on the right, or wrong, side of the limit."""
    TOO_FEW_TRIALS = "too_few_trials"
    NOT_MEASURED = "not_measured"
    APCER_BOUNDS_IAPAR = "apcer_bounds_iapar"
    """IAPAR was not measured, and cannot exceed APCER, which keeps within."""
    ONLY_APCER = "only_apcer"
    """IAPAR was not measured, and APCER does not keep within."""


def upper_bound(errors: float, trials: float, alpha: float = ALPHA) -> float:
    """One-sided 95 % Clopper-Pearson bound from above; effective counts need not be whole."""
    return 1.0 if errors == trials else float(betaincinv(errors + 1, trials - errors, 1.0 - alpha))


def lower_bound(errors: float, trials: float, rates: int = 1) -> float:
    """One-sided 95 % Clopper-Pearson bound from below, which holds for all of so many rates.

    Of many rates some lie above their 95 % bound by chance; Bonferroni's correction keeps the
    chance that any does at 5 %.
    """
    return 0.0 if errors == 0 else float(betaincinv(errors, trials - errors + 1, ALPHA / rates))


@dataclass(frozen=True)
class Measured:
    """A rate with what a verdict needs.

    Attributes:
        rate: counts, point and two-sided interval.
        upper_95: one-sided bound.
        effective_trials: independent trials that would tell as much.
        subjects: how many people the trials are of; None where unknown.
        of: what the rate is of where that needs saying, as the species of the highest APCER.
    """

    rate: Rate
    upper_95: float
    effective_trials: float
    subjects: int | None = None
    of: str = ""

    @classmethod
    def counted(
        cls, errors: int, trials: int, *, subjects: int | None = None, of: str = ""
    ) -> Measured:
        """Of independent trials.

        Raises:
            UsageError: there are no trials.
        """
        return cls(
            rate=rate(errors, trials),
            upper_95=upper_bound(errors, trials),
            effective_trials=trials,
            subjects=subjects,
            of=of,
        )

    @classmethod
    def by_subject(cls, measured: SubjectRate) -> Measured:
        """Of pairs that share people."""
        trials = measured.effective_trials
        errors = trials * measured.point
        return cls(
            rate=Rate(
                errors=measured.errors,
                trials=measured.trials,
                point=measured.point,
                lower_95=measured.lower_95,
                upper_95=measured.upper_95,
            ),
            upper_95=upper_bound(errors, trials),
            effective_trials=trials,
            subjects=measured.subjects,
        )


@dataclass(frozen=True)
class Finding:
    """A requirement, what was measured, and the verdict.

    Attributes:
        requirement: the limit.
        measured: None where nothing was measured that speaks of it.
        verdict: see the module.
        why: the reason.
        bound: that decided, from below where it is not met, else from above; None where nothing
            was measured.
        trials_needed: about how many independent trials would show it if errors stay as frequent;
            None where it is shown, or where no number would.
    """

    requirement: Requirement
    measured: Measured | None
    verdict: Verdict
    why: Why
    bound: float | None = None
    trials_needed: int | None = None


def judge(requirement: Requirement, measured: Measured | None, rates: int = 1) -> Finding:
    """Compare a rate, one of so many that must all keep within, with its limit."""
    if measured is None:
        needed = trials_to_show(requirement.limit)
        return Finding(requirement, None, Verdict.NOT_SHOWN, Why.NOT_MEASURED, None, needed)
    upper = measured.upper_95
    if requirement.allows(upper):
        return Finding(requirement, measured, Verdict.MET, Why.BOUND, upper)
    trials = measured.effective_trials
    lower = lower_bound(trials * measured.rate.point, trials, rates)
    if lower > requirement.limit:
        return Finding(requirement, measured, Verdict.NOT_MET, Why.BOUND, lower)
    needed = trials_to_show(requirement.limit, measured.rate.point)
    return Finding(requirement, measured, Verdict.NOT_SHOWN, Why.TOO_FEW_TRIALS, upper, needed)


def judge_all(
    requirements: Iterable[Requirement], measured: Mapping[Measure, Sequence[Measured]]
) -> tuple[Finding, ...]:
    """A finding for each requirement.

    Args:
        requirements: the limits.
        measured: per measure one rate, or several that must *all* keep within (species, groups):
            the one furthest from being shown decides. To call all of them met needs no correction
            for their number; to call one of them not met does, and gets it.
    """
    return tuple(_judge_worst(requirement, measured) for requirement in requirements)


def trials_to_show(limit: float, point: float = 0.0) -> int | None:
    """The fewest trials whose upper bound is within the limit at this rate of errors.

    Returns:
        A count; None where the rate itself is not below the limit.
    """
    if point >= limit:
        return None
    too_few, enough = 0, 1
    while upper_bound(round(point * enough), enough) > limit:
        too_few, enough = enough, 2 * enough
        if enough > MOST_TRIALS:
            return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if upper_bound(round(point * middle), middle) <= limit:
            enough = middle
        else:
            too_few = middle
    return enough


def _judge_worst(
    requirement: Requirement, measured: Mapping[Measure, Sequence[Measured]]
) -> Finding:
    rates = measured.get(requirement.measure, ())
    if requirement.measure is Measure.IAPAR and not rates:
        return _judge_by_apcer(requirement, measured.get(Measure.APCER, ()))
    if not rates:
        return judge(requirement, None)
    return max((judge(requirement, one, len(rates)) for one in rates), key=_severity)


def _judge_by_apcer(requirement: Requirement, apcer: Sequence[Measured]) -> Finding:
    """An attack that is accepted was called live: IAPAR of a species is at most its APCER."""
    if not apcer:
        return judge(requirement, None)
    worst = max((judge(requirement, one, len(apcer)) for one in apcer), key=_severity)
    upper = None if worst.measured is None else worst.measured.upper_95
    if worst.verdict is Verdict.MET:
        return Finding(requirement, worst.measured, Verdict.MET, Why.APCER_BOUNDS_IAPAR, upper)
    return Finding(requirement, worst.measured, Verdict.NOT_SHOWN, Why.ONLY_APCER, upper)


def _severity(finding: Finding) -> tuple[int, float]:
    order = (Verdict.MET, Verdict.NOT_SHOWN, Verdict.NOT_MET)
    upper = 1.0 if finding.measured is None else finding.measured.upper_95
    return order.index(finding.verdict), upper

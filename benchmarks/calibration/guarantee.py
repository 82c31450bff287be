"""Whether the threshold rule keeps its word: the true FMR at the thresholds that it chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from benchmarks.calibration.worlds import World
from fvs.metrics.intervals import rate
from fvs.metrics.rates import ScoreTail, threshold_within
from fvs.metrics.subject_intervals import subject_threshold_within
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CASES", "Guarantee", "measure_guarantee"]

CASES = tuple(
    (target, World(subjects, leaning))
    for target, subjects in ((1e-2, 120), (1e-3, 300), (1e-4, 600))
    for leaning in (0.0, 0.15, 0.4)
)
"""Targets, and people enough to show each."""

KEPT_OVER_TARGET = 10
"""Non-mated pairs kept, in multiples of those that the target lets pass."""


class Guarantee(msgspec.Struct, frozen=True, kw_only=True):
    """Simulated calibrations at one target.

    Attributes:
        target: FMR to be held.
        subjects: of each calibration; all pairs of them are compared.
        leaning: share of the variance of scores that is of the subjects.
        exceeded: calibrations whose threshold has a true FMR above the target.
        exceeded_naive: the same where bounds take pairs as independent.
        unsupported: calibrations that gave no threshold.
        median_over_target: of true FMR over target; 1 would waste nothing.
    """

    target: float
    subjects: int
    leaning: float
    exceeded: Rate
    exceeded_naive: Rate
    unsupported: int
    median_over_target: float


def measure_guarantee(
    target: float,
    world: World,
    rounds: int,
    *,
    seed: int = 0,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Guarantee:
    """Calibrate so many times and look at the truth."""
    true_fmr, naive_fmr = np.zeros(rounds), np.zeros(rounds)
    for k in range(rounds):
        true_fmr[k], naive_fmr[k] = _calibrate(target, world, np.random.default_rng([seed, k]))
        on_progress(k + 1)
    found = true_fmr[~np.isnan(true_fmr)]
    return Guarantee(
        target=target,
        subjects=world.subjects,
        leaning=world.leaning,
        exceeded=rate(int((found > target).sum()), rounds),
        exceeded_naive=rate(int((naive_fmr > target).sum()), rounds),
        unsupported=int(np.isnan(true_fmr).sum()),
        median_over_target=float(np.median(found)) / target if len(found) else float("nan"),
    )


def _calibrate(target: float, world: World, rng: np.random.Generator) -> tuple[float, float]:
    """True FMR of the threshold by subject, and of the naive one; NaN where there is none."""
    pairs = world.subjects * (world.subjects - 1) // 2
    kept = int(KEPT_OVER_TARGET * target * pairs) + 500
    non_mated = world.compare(world.people(rng), rng, highest=kept).non_mated
    chosen = subject_threshold_within(non_mated, target)
    naive = threshold_within(ScoreTail(non_mated.scores, pairs), target)
    return (
        np.nan if chosen is None else world.fmr(chosen.threshold),
        np.nan if naive is None else world.fmr(naive),
    )

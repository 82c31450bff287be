"""What a pack gets right: LFW, and held-out people of the pool at LFW's thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.accuracy.lfw import LfwRates, extract_shown, measure_lfw
from benchmarks.packs.groups import inequity, rate_groups, tails_of
from benchmarks.packs.results import AtThreshold, DetPoint, HeldOut
from fvs.metrics.intervals import rate

if TYPE_CHECKING:
    from benchmarks.packs.groups import GroupTails
    from benchmarks.packs.pool import Pool
    from fvs.derivation.extraction import MeasuredFaces
    from fvs.engine import Engine
    from fvs.folders import PictureSet
    from fvs.metrics.rates import Sweep
    from fvs.records import Bool

__all__ = [
    "NOMINAL_FMRS",
    "Accuracy",
    "HeldOutPeople",
    "at_threshold",
    "det_curve",
    "measure_accuracy",
]

NOMINAL_FMRS = (1e-3, 1e-4)
"""Of all LFW pairs; their thresholds are carried over to the pool."""

DET_FMRS = tuple((10.0 ** np.linspace(-6, -1, 41)).tolist())
"""Eight points a decade, as far down as LFW has 30 pairs to show."""


class Accuracy(NamedTuple):
    """LFW in numbers and as a curve, and the held-out people."""

    lfw: LfwRates
    det: tuple[DetPoint, ...]
    held_out: HeldOut


class HeldOutPeople(NamedTuple):
    """The pool, a pack's faces in it, and which pictures show a person again."""

    pool: Pool
    faces: MeasuredFaces
    doubles: Bool


def measure_accuracy(name: str, engine: Engine, lfw: PictureSet, people: HeldOutPeople) -> Accuracy:
    """Measure one pack; LFW's faces that the cache holds are not extracted again."""
    lfw_faces = extract_shown(engine, lfw, f"{name}: {lfw.name}")
    rates, sweep = measure_lfw(name, engine, lfw, lfw_faces)
    return Accuracy(rates, det_curve(sweep), measure_held_out(people, sweep))


def measure_held_out(people: HeldOutPeople, sweep: Sweep) -> HeldOut:
    """False matches at thresholds of the sweep, among held-out people who stand there once."""
    pool, faces, doubles = people
    wanted = pool.held_out & ~doubles
    rows = np.flatnonzero(wanted & faces.ok)
    groups = tails_of(faces.vectors[rows], [pool.labels[row] for row in rows])
    return HeldOut(
        doubles=int((pool.held_out & doubles).sum()),
        failed_to_acquire=rate(int((wanted & ~faces.ok).sum()), int(wanted.sum())),
        at=tuple(at_threshold(groups, fmr, sweep.threshold_at_fmr(fmr)) for fmr in NOMINAL_FMRS),
    )


def at_threshold(groups: tuple[GroupTails, ...], lfw_fmr: float, threshold: float) -> AtThreshold:
    """Every group at the threshold at which all LFW pairs have this FMR."""
    rates = rate_groups(groups, threshold)
    return AtThreshold(
        lfw_fmr=lfw_fmr,
        threshold=threshold,
        groups=rates,
        by_sex_and_origin=inequity(rates, "sex and origin of adults"),
        by_age_sex_and_origin=inequity(rates, "age, sex and origin"),
    )


def det_curve(sweep: Sweep) -> tuple[DetPoint, ...]:
    """FNMR at FMRs that are evenly spread over the decades."""
    return tuple(DetPoint(fmr, sweep.fnmr_at_fmr(fmr).point) for fmr in DET_FMRS)

"""How often each interval holds the truth: nominal 95 %, observed over simulated evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from benchmarks.calibration.worlds import World
from fvs.metrics.bootstrap import det_band, percentile_interval, replicate
from fvs.metrics.comparison import compare_systems
from fvs.metrics.discard import bootstrap_by_subject
from fvs.metrics.extremes import ParetoTail
from fvs.metrics.intervals import clopper_pearson, rate, wilson
from fvs.metrics.rates import ScoreTail
from fvs.metrics.subject_intervals import false_match_band, false_non_match_band
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs.records import F64

__all__ = ["TRIALS", "Coverage", "Trial", "measure_coverage"]

DRAWS = 200
"""Replicates per simulated evaluation: enough for a variance, and a thousand times a thousand
would take hours."""

DRAWS_PERCENTILE = 400


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How often one interval held the truth.

    Attributes:
        interval: which one.
        world: what was evaluated.
        truth: the true value.
        naive: whether it is shown because it fails here.
        missed: evaluations whose interval does not hold the truth.
        bound_too_low: of those, the ones that lie below it: claims that are too good.
    """

    interval: str
    world: str
    truth: float
    naive: bool
    missed: Rate
    bound_too_low: Rate


class Bounds(NamedTuple):
    """One interval."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Trial:
    """An interval, a world and what is true there.

    Attributes:
        interval: its name.
        world: in words.
        truth: the value that the interval should hold.
        once: evaluates once.
        naive: whether it ignores whose pictures are compared.
        slow: whether once takes a tenth of a second or more.
    """

    interval: str
    world: str
    truth: float
    once: Callable[[np.random.Generator], Bounds]
    naive: bool = False
    slow: bool = False


def measure_coverage(trial: Trial, rounds: int, *, seed: int = 0) -> Coverage:
    """Evaluate so many times and count."""
    found = [trial.once(np.random.default_rng([seed, k])) for k in range(rounds)]
    below = sum(bounds.upper < trial.truth for bounds in found)
    above = sum(bounds.lower > trial.truth for bounds in found)
    return Coverage(
        interval=trial.interval,
        world=trial.world,
        truth=trial.truth,
        naive=trial.naive,
        missed=rate(below + above, rounds),
        bound_too_low=rate(below, rounds),
    )


def _binomial(name: str, method: Callable[..., tuple[F64, F64]], p: float, n: int) -> Trial:
    def once(rng: np.random.Generator) -> Bounds:
        lower, upper = method(rng.binomial(n, p), n)
        return Bounds(float(lower), float(upper))

    return Trial(name, f"{n:,} independent trials", p, once)


def _naive_fmr(world: World, fmr: float) -> Trial:
    threshold = world.threshold_at(fmr)

    def once(rng: np.random.Generator) -> Bounds:
        pairs = world.compare(world.people(rng), rng).non_mated
        lower, upper = clopper_pearson(pairs.accepted_at([threshold])[0], pairs.trials)
        return Bounds(float(lower), float(upper))

    correlated = world.leaning > 0
    return Trial("FMR, Clopper-Pearson", _words(world), world.fmr(threshold), once, correlated)


def _subject_fmr(world: World, fmr: float) -> Trial:
    threshold = world.threshold_at(fmr)

    def once(rng: np.random.Generator) -> Bounds:
        pairs = world.compare(world.people(rng), rng).non_mated
        found = false_match_band(pairs, [threshold]).at(0)
        return Bounds(found.lower_95, found.upper_95)

    return Trial("FMR, by subject", _words(world), world.fmr(threshold), once)


def _bootstrap_fmr(world: World, fmr: float) -> Trial:
    threshold = world.threshold_at(fmr)

    def once(rng: np.random.Generator) -> Bounds:
        pairs = world.compare(world.people(rng), rng, highest=_enough(world, fmr)).non_mated
        drawn = replicate(pairs, [threshold], replicates=DRAWS, seed=int(rng.integers(2**31)))
        found = drawn.false_match_band().at(0)
        return Bounds(found.lower_95, found.upper_95)

    return Trial("FMR, bootstrap", _words(world), world.fmr(threshold), once)


def _percentile_fmr(world: World, fmr: float) -> Trial:
    threshold = world.threshold_at(fmr)

    def once(rng: np.random.Generator) -> Bounds:
        pairs = world.compare(world.people(rng), rng, highest=_enough(world, fmr)).non_mated
        drawn = replicate(
            pairs, [threshold], replicates=DRAWS_PERCENTILE, seed=int(rng.integers(2**31))
        )
        lower, upper = percentile_interval(drawn.fmr)
        return Bounds(float(lower[0]), float(upper[0]))

    name = "FMR, percentiles of the bootstrap as they are"
    return Trial(name, _words(world), world.fmr(threshold), once)


def _fnmr(world: World, fmr: float, *, naive: bool) -> Trial:
    threshold = world.threshold_at(fmr)

    def once(rng: np.random.Generator) -> Bounds:
        found = false_non_match_band(world.compare(world.people(rng), rng).mated, [threshold])
        if not naive:
            return Bounds(float(found.lower_95[0]), float(found.upper_95[0]))
        lower, upper = clopper_pearson(found.errors[0], found.trials)
        return Bounds(float(lower), float(upper))

    name = "FNMR, Clopper-Pearson" if naive else "FNMR, by subject"
    fails = naive and world.leaning >= _STRONG.leaning
    return Trial(name, _words(world), world.fnmr(threshold), once, fails)


def _fnmr_statistic(world: World, fmr: float) -> Trial:
    """The bootstrap of any statistic of mated pairs, here FNMR at a fixed threshold."""
    threshold = world.threshold_at(fmr)

    def once(rng: np.random.Generator) -> Bounds:
        pairs = world.compare(world.people(rng), rng, highest=1).mated
        wrong = pairs.scores < np.float32(threshold)
        found = bootstrap_by_subject(
            lambda rows: float(wrong[rows].mean()),
            pairs.first,
            seed=int(rng.integers(2**31)),
            rounds=DRAWS_PERCENTILE,
        )
        return Bounds(found.lower_95, found.upper_95)

    return Trial("bootstrap_by_subject", _words(world), world.fnmr(threshold), once)


def _det(world: World, fmr: float) -> Trial:
    def once(rng: np.random.Generator) -> Bounds:
        pairs = world.compare(world.people(rng), rng, highest=4 * _enough(world, fmr))
        band = det_band(pairs, [fmr], replicates=DRAWS_PERCENTILE, seed=int(rng.integers(2**31)))
        return Bounds(float(band.lower_95[0]), float(band.upper_95[0]))

    truth = world.fnmr(world.threshold_at(fmr))
    return Trial(f"FNMR at FMR {fmr:g}, band of the DET", _words(world), truth, once, slow=True)


def _difference(world: World, other: World, fmr: float) -> Trial:
    def once(rng: np.random.Generator) -> Bounds:
        people, highest = world.people(rng), 4 * _enough(world, fmr)
        first = world.compare(people, rng, highest=highest)
        second = other.compare(people, rng, highest=highest)
        seed = int(rng.integers(2**31))
        found = compare_systems(first, second, fmr, replicates=DRAWS_PERCENTILE, seed=seed)
        return Bounds(found.lower_95, found.upper_95)

    truth = other.fnmr(other.threshold_at(fmr)) - world.fnmr(world.threshold_at(fmr))
    return Trial(f"difference of FNMR at FMR {fmr:g}", _words(world), truth, once, slow=True)


def _pareto(beyond: float) -> Trial:
    """A tail that is what the model says: exponential."""

    def once(rng: np.random.Generator) -> Bounds:
        scores = rng.exponential(0.05, 20_000)
        found = ParetoTail.fit(ScoreTail.of(scores), share=0.05).fmr_at(beyond)
        return Bounds(found.lower_95, found.upper_95)

    truth = float(np.exp(-beyond / 0.05))
    return Trial("FMR, extrapolated (second estimate)", "20,000 exponential scores", truth, once)


def _enough(world: World, fmr: float) -> int:
    """Pairs to keep so that a threshold with this true FMR lies among them."""
    pairs = world.subjects * (world.subjects - 1) // 2
    return min(pairs, int(8 * fmr * pairs) + 500)


def _words(world: World) -> str:
    return f"{world.subjects} subjects, {world.leaning:.0%} of the variance theirs"


_ALONE, _LEANING, _STRONG = World(150, 0.0), World(150, 0.15), World(150, 0.4)

TRIALS: tuple[Trial, ...] = (
    *(
        _binomial(name, method, p, n)
        for p, n in ((0.3, 500), (0.05, 1000), (0.01, 5000))
        for name, method in (("Clopper-Pearson", clopper_pearson), ("Wilson", wilson))
    ),
    *(
        make(world, fmr)
        for fmr in (0.1, 0.01)
        for world in (_ALONE, _LEANING, _STRONG)
        for make in (_naive_fmr, _subject_fmr, _bootstrap_fmr, _percentile_fmr)
    ),
    *(
        _fnmr(world, 1e-3, naive=naive)
        for world in (_ALONE, _LEANING, _STRONG)
        for naive in (True, False)
    ),
    _fnmr_statistic(_STRONG, 1e-3),
    _det(_LEANING, 0.01),
    _difference(_LEANING, World(150, 0.15, separation=4.3), 0.01),
    _pareto(0.4),
)
"""Every interval of `fvs.metrics`, in worlds where it should hold and where naive ones fail."""

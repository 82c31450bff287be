"""From scores to likelihood ratios: fitted on some people, judged on others.

A map fitted and judged on the same people looks better than it is, so the people of a fit travel
with it, and `evaluate` refuses them. `split_by_subject` parts pairs into two sets of people; a
pair with one person on either side belongs to neither.

Costs: a fit sorts once, n log n, and keeps a few arrays of n.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from fvs.errors import UsageError
from fvs.likelihood import (
    BoundMethod,
    FittedOn,
    IsotonicMap,
    LikelihoodMap,
    LlrBounds,
    LogisticMap,
    posterior,
)
from fvs.metrics.cllr import Steps, cllr, dev_pav, min_cllr, pool_adjacent_violators
from fvs.metrics.llr_bounds import bounds_by_counts, empirical_bounds

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.records import F64, Bool, Int

__all__ = [
    "CalibrationQuality",
    "FittedMap",
    "IsotonicMap",
    "LikelihoodMap",
    "LogisticMap",
    "ScoredPairs",
    "SubjectSplit",
    "evaluate",
    "fit_isotonic",
    "fit_logistic",
    "posterior",
    "split_by_subject",
]

FEWEST_SUBJECTS = 4
"""Fewer cannot be parted so that each side has pairs of one person and of two."""

GRADIENT_LEFT = 1e-10
"""Nats per unit of slope or offset of standardised scores, where the descent ends."""


class HasPairs(Protocol):
    """Scores with the people they are of, as `fvs.metrics.evaluation.Evaluation` has them."""

    @property
    def similarity(self) -> npt.NDArray[np.floating]:
        """(N,) scores."""

    @property
    def first_subject(self) -> Int:
        """(N,) number of the first picture's subject."""

    @property
    def second_subject(self) -> Int:
        """(N,) number of the second picture's subject."""


@dataclass(frozen=True, eq=False)
class ScoredPairs:
    """Scores of N pairs and whose pictures were compared.

    Attributes:
        similarity: (N,) finite float.
        first_subject: (N,) int64.
        second_subject: (N,) int64; the pair is mated where it equals the first.
    """

    similarity: npt.NDArray[np.floating]
    first_subject: Int
    second_subject: Int

    def __post_init__(self) -> None:
        """Refuse columns that differ in length, and scores that are not finite."""
        shapes = {np.shape(c) for c in (self.similarity, self.first_subject, self.second_subject)}
        if len(shapes) > 1:
            raise UsageError(f"scores and subjects differ in shape: {sorted(shapes)}")
        if not np.isfinite(self.similarity).all():
            raise UsageError("scores must be finite; leave out rows whose status is not OK")

    def __len__(self) -> int:
        return len(self.similarity)

    @classmethod
    def of(cls, pairs: HasPairs) -> Self:
        """The columns that matter here of any record that has them."""
        return cls(pairs.similarity, pairs.first_subject, pairs.second_subject)

    @property
    def is_mated(self) -> Bool:
        """(N,) True where both pictures show one person."""
        return np.asarray(self.first_subject == self.second_subject)

    @property
    def mated(self) -> F64:
        """(M,) scores of one person."""
        return self.similarity[self.is_mated].astype(np.float64)

    @property
    def non_mated(self) -> F64:
        """(N - M,) scores of two people."""
        return self.similarity[~self.is_mated].astype(np.float64)

    @property
    def subjects(self) -> Int:
        """The people, ascending, each once."""
        return np.union1d(self.first_subject, self.second_subject).astype(np.int64)

    def take(self, rows: Bool) -> Self:
        """Some of the pairs."""
        return type(self)(
            self.similarity[rows], self.first_subject[rows], self.second_subject[rows]
        )


class SubjectSplit(NamedTuple):
    """Pairs of two sets of people that share nobody.

    Attributes:
        fit: pairs within the first set.
        held_out: pairs within the second.
        crossing: pairs of one person from each, which were dropped.
    """

    fit: ScoredPairs
    held_out: ScoredPairs
    crossing: int


@dataclass(frozen=True, eq=False)
class FittedMap:
    """A map and the people that it knows.

    Attributes:
        map: what is published; it names the people by their hash and number only.
        subjects: (S,) int64 ascending.
    """

    map: LikelihoodMap
    subjects: Int

    def __repr__(self) -> str:
        return f"FittedMap({type(self.map).__name__}, subjects={len(self.subjects)})"


class CalibrationQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What a map is worth on people that it does not know.

    Attributes:
        mated: comparisons of one person.
        non_mated: comparisons of two.
        subjects: people.
        cllr: cost of the map's ratios in bits.
        min_cllr: the least that the scores' order allows on these comparisons.
        calibration_loss: what of `cllr` a better map would have saved.
        dev_pav_decades: mean distance from what PAV says; None where PAV says nothing finite.
    """

    mated: int
    non_mated: int
    subjects: int
    cllr: float
    min_cllr: float
    calibration_loss: float
    dev_pav_decades: float | None


def split_by_subject(pairs: ScoredPairs, *, seed: int, fit_share: float = 0.5) -> SubjectSplit:
    """Part pairs so that nobody is on both sides.

    Args:
        pairs: N scored pairs.
        seed: of the draw of people.
        fit_share: of the people, those to fit on; of non-mated pairs its square is left to fit on.

    Raises:
        UsageError: fewer than four people, or a share that leaves a side empty.
    """
    people = pairs.subjects
    if len(people) < FEWEST_SUBJECTS:
        raise UsageError(
            f"{len(people)} subjects cannot be parted into people to fit on and people to judge by",
            advice=f"At least {FEWEST_SUBJECTS} are needed, and hundreds for a result of use.",
        )
    chosen = round(fit_share * len(people))
    if not 0 < chosen < len(people):
        raise UsageError(f"a share of {fit_share} of {len(people)} subjects leaves a side empty")
    to_fit = np.zeros(len(people), np.bool_)
    to_fit[np.random.default_rng(seed).permutation(len(people))[:chosen]] = True
    first = to_fit[np.searchsorted(people, pairs.first_subject)]
    second = to_fit[np.searchsorted(people, pairs.second_subject)]
    return SubjectSplit(
        fit=pairs.take(first & second),
        held_out=pairs.take(~first & ~second),
        crossing=int((first != second).sum()),
    )


def fit_logistic(
    pairs: ScoredPairs, *, prior: float = 0.5, bounding: BoundMethod = "elub"
) -> FittedMap:
    """A straight line from score to log ratio, by prior-weighted logistic regression.

    Platt, "Probabilistic outputs for support vector machines" (1999), each kind weighted by its
    prior as in Brümmer and du Preez (2006): with the prior 0.5 the line minimises Cllr.

    Args:
        pairs: to fit on.
        prior: probability of a mated comparison at which the line should be best.
        bounding: how its ends are found.

    Raises:
        UsageError: one kind is missing, mated comparisons score lower than others, the scores of
            the two kinds do not overlap, or the prior is not between 0 and 1.
    """
    if not 0.0 < prior < 1.0:
        raise UsageError(f"a prior lies between 0 and 1, not {prior}")
    mated, non_mated = _kinds(pairs)
    if mated.min() >= non_mated.max():
        raise UsageError(
            "no score of two people exceeds one of one person: the line has no finite slope",
            advice="Use `fit_isotonic`, whose bounds hold all the same, or more people.",
        )
    slope, offset = _line(mated, non_mated, prior)
    if slope <= 0:
        raise _upside_down()
    bounds = _bounds(slope * mated + offset, slope * non_mated + offset, bounding)
    fitted = LogisticMap(
        slope=slope, offset=offset, prior=prior, bounds=bounds, fitted_on=_fitted_on(pairs)
    )
    return FittedMap(fitted, pairs.subjects)


def fit_isotonic(pairs: ScoredPairs, *, bounding: BoundMethod = "elub") -> FittedMap:
    """The best steps that never fall, by pooling adjacent violators.

    Args:
        pairs: to fit on.
        bounding: how their ends are found; without bounds the outer steps would be infinite.

    Raises:
        UsageError: one kind is missing, or mated comparisons score lower than others.
    """
    mated, non_mated = _kinds(pairs)
    steps = pool_adjacent_violators(mated, non_mated)
    at = [np.searchsorted(steps.lowest, kind, side="right") - 1 for kind in (mated, non_mated)]
    bounds = _bounds(steps.log10_lr[at[0]], steps.log10_lr[at[1]], bounding)
    scores, ratios = _corners(steps, bounds)
    fitted = IsotonicMap(
        scores=scores, log10_lrs=ratios, bounds=bounds, fitted_on=_fitted_on(pairs)
    )
    return FittedMap(fitted, pairs.subjects)


def evaluate(fitted: FittedMap, pairs: ScoredPairs) -> CalibrationQuality:
    """Judge a map by people that it does not know.

    Raises:
        UsageError: it was fitted on one of these people, or one kind of pair is missing.
    """
    known = np.intersect1d(fitted.subjects, pairs.subjects)
    if len(known):
        raise UsageError(
            f"the map was fitted on {len(known)} of these {len(pairs.subjects)} subjects",
            advice="Part the pairs with `split_by_subject` before fitting.",
        )
    mated, non_mated = pairs.mated, pairs.non_mated
    stated = fitted.map.log10_lr(mated), fitted.map.log10_lr(non_mated)
    cost, least = cllr(*stated), min_cllr(mated, non_mated)
    distance = dev_pav(*stated)
    return CalibrationQuality(
        mated=len(mated),
        non_mated=len(non_mated),
        subjects=len(pairs.subjects),
        cllr=cost,
        min_cllr=least,
        calibration_loss=cost - least,
        dev_pav_decades=distance if math.isfinite(distance) else None,
    )


def _kinds(pairs: ScoredPairs) -> tuple[F64, F64]:
    mated, non_mated = pairs.mated, pairs.non_mated
    if not len(mated) or not len(non_mated):
        raise UsageError(
            f"{len(mated)} mated and {len(non_mated)} non-mated comparisons",
            advice="A map needs comparisons of both kinds, each of people of its own.",
        )
    if mated.mean() <= non_mated.mean():
        raise _upside_down()
    return mated, non_mated


def _upside_down() -> UsageError:
    return UsageError(
        "comparisons of one person score no higher than those of two",
        advice="Are the labels swapped, or are these distances? Scores rise with likeness.",
    )


def _line(mated: F64, non_mated: F64, prior: float) -> tuple[float, float]:
    """Slope and offset in log10 that minimise the prior-weighted cross-entropy, which is convex.

    The scores are standardised, so that the line follows any change of their unit.
    """
    scores = np.concatenate([mated, non_mated])
    centre, spread = scores.mean(), scores.std()
    loss = _LogisticLoss(
        x=(scores - centre) / spread,
        sign=np.repeat([1.0, -1.0], [len(mated), len(non_mated)]),
        weight=np.repeat(
            [prior / len(mated), (1.0 - prior) / len(non_mated)], [len(mated), len(non_mated)]
        ),
        prior_log_odds=math.log(prior / (1.0 - prior)),
    )
    found = minimize(
        loss.value,
        x0=np.array([1.0, 0.0]),
        jac=loss.gradient,
        hess=loss.curvature,
        method="trust-exact",
        options={"gtol": GRADIENT_LEFT},
    )
    slope, offset = found.x / math.log(10.0)
    return float(slope / spread), float(offset - slope * centre / spread)


@dataclass(frozen=True, eq=False)
class _LogisticLoss:
    """Weighted mean of log(1 + exp(-sign * (slope x + offset + prior log odds))), in nats."""

    x: F64
    sign: F64
    weight: F64
    prior_log_odds: float

    def value(self, line: F64) -> float:
        return float(self.weight @ np.logaddexp(0.0, -self._margin(line)))

    def gradient(self, line: F64) -> F64:
        pull = -self.weight * self.sign * expit(-self._margin(line))
        return np.array([pull @ self.x, pull.sum()])

    def curvature(self, line: F64) -> F64:
        margin = self._margin(line)
        bend = self.weight * expit(margin) * expit(-margin)
        cross = bend @ self.x
        return np.array([[bend @ self.x**2, cross], [cross, bend.sum()]])

    def _margin(self, line: F64) -> F64:
        margin = self.sign * (line[0] * self.x + line[1] + self.prior_log_odds)
        return np.asarray(margin, np.float64)


def _bounds(mated: F64, non_mated: F64, method: BoundMethod) -> LlrBounds:
    if method == "counts":
        return bounds_by_counts(len(mated), len(non_mated))
    return empirical_bounds(mated, non_mated)


def _corners(steps: Steps, bounds: LlrBounds) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where the bounded steps begin and end, without points in the middle of a level."""
    scores = np.column_stack([steps.lowest, steps.highest]).ravel()
    ratios = np.repeat(bounds.clip(steps.log10_lr), 2)
    level_goes_on = np.diff(ratios, prepend=np.nan, append=np.nan) == 0
    repeats = np.diff(scores, prepend=-np.inf) == 0  # a step of a single score is one corner
    kept = ~(level_goes_on[:-1] & level_goes_on[1:]) & ~repeats
    return tuple(scores[kept].tolist()), tuple(ratios[kept].tolist())


def _fitted_on(pairs: ScoredPairs) -> FittedOn:
    subjects = pairs.subjects
    return FittedOn(
        mated=int(pairs.is_mated.sum()),
        non_mated=int((~pairs.is_mated).sum()),
        subjects=len(subjects),
        subjects_sha256=hashlib.sha256(subjects.astype("<i8").tobytes()).hexdigest(),
    )

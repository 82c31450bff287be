"""Failures to enrol and to acquire, and what they make of error rates (ISO/IEC 19795-1:2021).

FMR and FNMR are of comparisons. A person who cannot be enrolled or captured makes none, so a
system that drops hard pictures looks better than it is; the generalised rates count those too.
False accept and reject rates are of transactions, in which a person may try more than once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fvs.errors import UsageError
from fvs.metrics.intervals import rate

if TYPE_CHECKING:
    import numpy.typing as npt

    from fvs.operating_points import Rate
    from fvs.records import F32, Bool

__all__ = [
    "FAILED",
    "GeneralizedRates",
    "TransactionRates",
    "failure_rate",
    "generalized_rates",
    "transaction_rates",
    "transaction_scores",
]

FAILED = -np.inf
"""Score of an attempt that gave no usable picture: no threshold accepts it."""


class GeneralizedRates(NamedTuple):
    """Error rates over everybody who came, as the standard composes them.

    Attributes:
        gfar: an impostor's attempt is accepted.
        gfrr: a subject is not enrolled, or enrolled and not captured, or captured and refused.
    """

    gfar: float
    gfrr: float


class TransactionRates(NamedTuple):
    """Errors of transactions, each of one attempt or more.

    Attributes:
        false_accepts: non-mated transactions in which an attempt was accepted (FAR).
        false_rejects: mated transactions in which none was (FRR), failures to acquire included.
    """

    false_accepts: Rate
    false_rejects: Rate


def failure_rate(usable: Bool) -> Rate:
    """Share of captures (FTA) or of people (FTE) without a usable picture.

    Args:
        usable: (N,) True where there was one.

    Raises:
        UsageError: nobody was captured.
    """
    return rate(int((~usable).sum()), len(usable))


def generalized_rates(
    *, fmr: float, fnmr: float, failure_to_acquire: float, failure_to_enrol: float
) -> GeneralizedRates:
    """GFAR and GFRR, failures being independent of each other.

    GFAR = FMR (1 - FTA) (1 - FTE); GFRR = FTE + (1 - FTE) FTA + (1 - FTE) (1 - FTA) FNMR.

    Args:
        fmr: false match rate.
        fnmr: false non-match rate.
        failure_to_acquire: FTA, of probes.
        failure_to_enrol: FTE, of references.

    Raises:
        UsageError: a rate lies outside 0..1.

    Example:
        >>> found = generalized_rates(
        ...     fmr=1e-4, fnmr=0.02, failure_to_acquire=0.01, failure_to_enrol=0.0
        ... )
        >>> round(found.gfrr, 6)
        0.0298
    """
    if not all(0.0 <= one <= 1.0 for one in (fmr, fnmr, failure_to_acquire, failure_to_enrol)):
        raise UsageError("rates lie in 0..1")
    compared = (1.0 - failure_to_enrol) * (1.0 - failure_to_acquire)
    return GeneralizedRates(gfar=fmr * compared, gfrr=(1.0 - compared) + compared * fnmr)


def transaction_scores(
    scores: npt.ArrayLike, transaction: npt.ArrayLike, *, attempts: int
) -> tuple[F32, Bool]:
    """The best score of each transaction's first attempts: what decides it.

    Args:
        scores: (N,) of attempts in the order in which they were made; NaN or `FAILED` where
            nothing was acquired.
        transaction: (N,) number of the transaction that each belongs to.
        attempts: how many a person may make.

    Returns:
        (T,) float32, `FAILED` where no attempt was acquired; and (T,) whether any was. Transactions
        stand in the order of their numbers.

    Raises:
        UsageError: no attempts are allowed, or lengths differ.

    Example:
        >>> best, acquired = transaction_scores([0.2, 0.7, 0.9, FAILED], [1, 1, 1, 2], attempts=2)
        >>> [round(float(score), 2) for score in best], acquired.tolist()
        ([0.7, -inf], [True, False])
    """
    values, owner = np.asarray(scores, np.float32), np.asarray(transaction)
    if attempts < 1 or values.shape != owner.shape or values.ndim != 1:
        raise UsageError("transactions need at least one attempt, and each attempt a transaction")
    _, number = np.unique(owner, return_inverse=True)
    order = np.argsort(number, kind="stable")
    counts = np.bincount(number)
    place = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    made = order[place < attempts]
    best = np.full(len(counts), FAILED, np.float32)
    # Unacquired attempts, NaN or FAILED, never decide.
    np.fmax.at(best, number[made], values[made])
    return best, np.isfinite(best)


def transaction_rates(
    mated_scores: npt.ArrayLike, non_mated_scores: npt.ArrayLike, threshold: float
) -> TransactionRates:
    """FAR and FRR of transactions; `score >= threshold` accepts.

    Args:
        mated_scores: (M,) of transactions, as `transaction_scores` gives them.
        non_mated_scores: (N,) likewise.
        threshold: the one applied.

    Raises:
        UsageError: one kind is missing, or a score is NaN.
    """
    mated, others = (np.asarray(one, np.float32) for one in (mated_scores, non_mated_scores))
    if np.isnan(mated).any() or np.isnan(others).any():
        raise UsageError("a transaction's score is NaN", advice="Use transaction_scores.")
    boundary = np.float32(threshold)
    return TransactionRates(
        false_accepts=rate(int((others >= boundary).sum()), len(others)),
        false_rejects=rate(int((mated < boundary).sum()), len(mated)),
    )

"""What is counted of transactions; counts of hours add up to those of any period."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs_server.transactions import TransactionRecord

__all__ = ["LATENCY_BOUNDS_MS", "Counts", "percentile_ms"]

_FINEST_MS, _COARSEST_MS, _RATIO = 1.0, 120_000.0, 1.1


def _bounds() -> tuple[float, ...]:
    found = [_FINEST_MS]
    while found[-1] < _COARSEST_MS:
        found.append(round(found[-1] * _RATIO, 3))
    return tuple(found)


LATENCY_BOUNDS_MS = _bounds()
"""Upper bounds of the bins of latency, each a tenth above the one before."""


class Counts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of any number of transactions.

    Attributes:
        transactions: how many.
        actions: how many of each.
        decisions: likewise.
        reasons: likewise; a transaction has any number.
        latency_bins: how many took so long, by number of the bin; the last is open.
    """

    transactions: int = 0
    actions: dict[str, int] = {}
    decisions: dict[str, int] = {}
    reasons: dict[str, int] = {}
    latency_bins: dict[int, int] = {}

    @classmethod
    def of(cls, records: Iterable[TransactionRecord]) -> Self:
        """Count."""
        actions, decisions, reasons = Counter[str](), Counter[str](), Counter[str]()
        bins, total = Counter[int](), 0
        for record in records:
            total += 1
            actions[record.action] += 1
            decisions[record.decision] += 1
            reasons.update(record.reasons)
            bins[bisect_left(LATENCY_BOUNDS_MS, record.latency_ms)] += 1
        return cls(
            transactions=total,
            actions=dict(actions),
            decisions=dict(decisions),
            reasons=dict(reasons),
            latency_bins=dict(bins),
        )

    @classmethod
    def total(cls, parts: Iterable[Counts]) -> Self:
        """Add up."""
        actions, decisions, reasons = Counter[str](), Counter[str](), Counter[str]()
        bins, total = Counter[int](), 0
        for part in parts:
            total += part.transactions
            actions.update(part.actions)
            decisions.update(part.decisions)
            reasons.update(part.reasons)
            bins.update(part.latency_bins)
        return cls(
            transactions=total,
            actions=dict(actions),
            decisions=dict(decisions),
            reasons=dict(reasons),
            latency_bins=dict(bins),
        )


def percentile_ms(latency_bins: dict[int, int], share: float) -> float | None:
    """The latency that this share of transactions stays within, a tenth too high at most.

    Args:
        latency_bins: of `Counts`.
        share: between 0 and 1, 1 included.

    Returns:
        Milliseconds; None of no transactions, infinity where the open bin would tell.
    """
    wanted, seen = share * sum(latency_bins.values()), 0
    for number in sorted(latency_bins):
        seen += latency_bins[number]
        if seen >= wanted:
            open_bin = number >= len(LATENCY_BOUNDS_MS)
            return float("inf") if open_bin else LATENCY_BOUNDS_MS[number]
    return None

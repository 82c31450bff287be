"""How signals were distributed when the error rates were measured: what live ones are held to.

A signal is a column of numbers, one a comparison or picture, in the order of time: similarity,
quality, live probability. A missing number (NaN) is a value like any other, for a camera that
stops finding faces is drift too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F64, Int

__all__ = ["FEWEST_VALUES", "Baseline", "Signal", "SignalBaseline", "make_baseline"]

QUANTILE_BINS = 20
FEWEST_VALUES = 500
"""Fewer leave the population stability index too blurred to tell a large shift from chance."""
MOST_SAMPLED = 4096
"""Values kept for the two-sample test: a larger sample tells apart what makes no difference."""
SAMPLE_SEED = 20261125


@dataclass(frozen=True, eq=False)
class Signal:
    """A column of live numbers.

    Attributes:
        name: as the column is called.
        values: (N,) float64 in the order of time; NaN where there was none.
    """

    name: str
    values: F64


class SignalBaseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one signal was distributed.

    Attributes:
        name: of the column.
        edges: (K,) ascending; bin k holds `edges[k - 1] <= value < edges[k]`. The first bin lies
            below everything seen, the last but one above it, and the last counts what is missing.
        counts: (K + 2,) values in each bin.
        sample: ascending, values drawn from those that were there.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    sample: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse bins that do not fit their counts, and baselines of nothing."""
        if len(self.counts) != len(self.edges) + 2 or min(self.counts) < 0:
            raise ValueError(f"{len(self.edges)} edges do not fit {len(self.counts)} counts")
        if np.any(np.diff(self.edges) <= 0) or np.any(np.diff(self.sample) < 0):
            raise ValueError("edges and sample must rise")
        if self.total < FEWEST_VALUES:
            raise ValueError(f"a baseline needs {FEWEST_VALUES} values, not {self.total}")

    @property
    def total(self) -> int:
        """Values in all, missing ones included."""
        return sum(self.counts)

    def bins_of(self, values: F64) -> Int:
        """(N,) values -> (N,) int64 bins."""
        bins = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isnan(values), len(self.edges) + 1, bins).astype(np.int64)


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A baseline file.

    Attributes:
        kind: what the file is.
        of: what the numbers are of, in the words of whoever made it.
        created: ISO 8601, UTC.
        signals: one a column.
    """

    kind: Literal["fvs baseline 1"] = "fvs baseline 1"
    of: str
    created: str
    signals: tuple[SignalBaseline, ...]

    def signal(self, name: str) -> SignalBaseline:
        """The baseline of a column.

        Raises:
            UsageError: there is none; the message lists those there are.
        """
        for signal in self.signals:
            if signal.name == name:
                return signal
        have = ", ".join(signal.name for signal in self.signals)
        raise UsageError(f"the baseline has no signal {name!r}", advice=f"It has {have}.")


def make_baseline(signals: Sequence[Signal], *, of: str, created: str) -> Baseline:
    """Summarise signals that were good.

    Args:
        signals: columns of at least 500 values.
        of: what they are of, in words.
        created: when, ISO 8601, UTC.

    Raises:
        UsageError: no signals, too few values, or an infinite one.
    """
    if not signals:
        raise UsageError("a baseline of no signals holds nothing to anything")
    return Baseline(of=of, created=created, signals=tuple(_summarise(one) for one in signals))


def _summarise(signal: Signal) -> SignalBaseline:
    values = np.asarray(signal.values, np.float64)
    present = np.sort(values[~np.isnan(values)])
    if len(values) < FEWEST_VALUES or not len(present):
        raise UsageError(
            f"signal {signal.name!r} has {len(present)} numbers in {len(values)} rows",
            advice=f"A baseline needs at least {FEWEST_VALUES} rows; thousands tell more.",
        )
    if np.isinf(present).any():
        raise UsageError(f"signal {signal.name!r} has an infinite value")
    edges = _edges(present)
    bins = np.searchsorted(edges, present, side="right")
    drawn = np.random.default_rng(SAMPLE_SEED).permutation(len(present))[:MOST_SAMPLED]
    return SignalBaseline(
        name=signal.name,
        edges=tuple(edges.tolist()),
        counts=(*np.bincount(bins, minlength=len(edges) + 1).tolist(), len(values) - len(present)),
        sample=tuple(present[np.sort(drawn)].tolist()),
    )


def _edges(present: F64) -> F64:
    """The quantiles, and both ends, so that what was never seen has bins of its own."""
    quantiles = np.quantile(
        present, np.linspace(0.0, 1.0, QUANTILE_BINS + 1), method="inverted_cdf"
    )
    beyond = np.nextafter(present[-1], np.inf)
    return np.append(np.unique(quantiles[:-1]), beyond)

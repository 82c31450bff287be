"""How a signal is distributed: in few numbers, small enough for a file, and of nobody.

A signal is a column of numbers, one a comparison or picture, in the order of time: similarity,
quality, live probability. A missing number (NaN) is a value like any other, for a camera that
stops finding faces is drift too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.records import F64, Int

__all__ = [
    "FEWEST_VALUES",
    "Distribution",
    "DistributionSummary",
    "Signal",
    "SignalBaseline",
    "distribution_of",
    "summarise",
]

QUANTILE_BINS = 20
FEWEST_VALUES = 500
"""Fewer leave the population stability index too blurred to tell a large shift from chance."""
SAMPLE_SEED = 20261125

KEPT_BY_CERTIFICATES = 500
"""Values of a signal that stand for all. Beside as many live ones the two-sample test sees a
distance of 0.125 at the usual rate of false alarms, and a certificate stays small."""
DIGITS = 6
"""After the point, as answers print them: what is compared must be rounded alike, or values that
repeat, as a live probability of 1, would fall on either side of a bin's edge."""


@dataclass(frozen=True, eq=False)
class Signal:
    """A column of numbers.

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
        sample: ascending, values drawn from those that were there, or every n-th of them.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    sample: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse bins that do not fit their counts, and baselines of nothing."""
        if len(self.counts) != len(self.edges) + 2 or min(self.counts) < 0:
            raise ValueError(f"{len(self.edges)} edges do not fit {len(self.counts)} counts")
        if not self.sample or not np.isfinite([*self.edges, *self.sample]).all():
            raise ValueError("edges and sample must be finite, and a sample is needed")
        if np.any(np.diff(self.edges) <= 0) or np.any(np.diff(self.sample) < 0):
            raise ValueError("edges and sample must rise")
        if self.total < FEWEST_VALUES:
            raise ValueError(f"a baseline needs {FEWEST_VALUES} values, not {self.total}")

    @property
    def total(self) -> int:
        """Values in all, missing ones included."""
        return sum(self.counts)

    @property
    def missing(self) -> int:
        """Values that were not there."""
        return self.counts[-1]

    def bins_of(self, values: F64) -> Int:
        """(N,) values -> (N,) int64 bins."""
        bins = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isnan(values), len(self.edges) + 1, bins).astype(np.int64)


class Distribution(SignalBaseline, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signal as a certificate states it; numbers are rounded as answers print them.

    Attributes:
        of: what the numbers are of, in words.
    """

    of: str

    @property
    def summary(self) -> DistributionSummary:
        """What people are shown of it."""
        low, median, high = np.quantile(self.sample, (0.05, 0.5, 0.95), method="inverted_cdf")
        return DistributionSummary(
            name=self.name,
            of=self.of,
            values=self.total,
            missing=self.missing,
            fifth_percentile=float(low),
            median=float(median),
            ninety_fifth_percentile=float(high),
        )


class DistributionSummary(NamedTuple):
    """A distribution in a line.

    Attributes:
        name: of the signal.
        of: what the numbers are of, in words.
        values: how many, missing ones included.
        missing: of those.
        fifth_percentile: of the sample, as is the median.
        median: of the sample.
        ninety_fifth_percentile: likewise.
    """

    name: str
    of: str
    values: int
    missing: int
    fifth_percentile: float
    median: float
    ninety_fifth_percentile: float


def summarise(signal: Signal, most_sampled: int) -> SignalBaseline:
    """Bins, their counts and a sample of a signal.

    Args:
        signal: a column of at least 500 values.
        most_sampled: values to keep for tests of two samples, always the same ones.

    Raises:
        UsageError: too few values, nothing but missing ones, or an infinite one.
    """
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
    drawn = np.random.default_rng(SAMPLE_SEED).permutation(len(present))[:most_sampled]
    return SignalBaseline(
        name=signal.name,
        edges=tuple(edges.tolist()),
        counts=(*np.bincount(bins, minlength=len(edges) + 1).tolist(), len(values) - len(present)),
        sample=tuple(present[np.sort(drawn)].tolist()),
    )


def distribution_of(signal: Signal, of: str) -> Distribution | None:
    """A signal for a certificate; None where there is too little of it to compare anything with.

    Args:
        signal: a column.
        of: what its numbers are of, in words.

    Raises:
        UsageError: an infinite value.
    """
    values = np.asarray(signal.values, np.float64).round(DIGITS)
    if len(values) < FEWEST_VALUES or np.isnan(values).all():
        return None
    found = summarise(Signal(signal.name, values), KEPT_BY_CERTIFICATES)
    present = np.sort(values[~np.isnan(values)])
    kept = min(len(present), KEPT_BY_CERTIFICATES)
    # Evenly spaced ranks in place of a draw: so few drawn at random would blur the test.
    evenly = ((np.arange(kept) + 0.5) * len(present) / kept).astype(np.int64)
    return Distribution(
        name=found.name,
        edges=found.edges,
        counts=found.counts,
        sample=tuple(present[evenly].tolist()),
        of=of,
    )


def _edges(present: F64) -> F64:
    """The quantiles, and both ends, so that what was never seen has bins of its own."""
    quantiles = np.quantile(
        present, np.linspace(0.0, 1.0, QUANTILE_BINS + 1), method="inverted_cdf"
    )
    beyond = np.nextafter(present[-1], np.inf)
    return np.append(np.unique(quantiles[:-1]), beyond)

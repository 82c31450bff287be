"""What live signals are held to: how they were distributed while all was well.

A baseline is an operator's own, or that of a certificate, whose rates were measured with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from fvs.distributions import FEWEST_VALUES, Signal, SignalBaseline, summarise
from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.operating_points import OperatingPoints

__all__ = [
    "FEWEST_VALUES",
    "Baseline",
    "Signal",
    "SignalBaseline",
    "baseline_of_points",
    "make_baseline",
]

MOST_SAMPLED = 4096
"""Values kept for the two-sample test: a larger sample tells apart what makes no difference."""


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

    @property
    def names(self) -> tuple[str, ...]:
        """Of the signals."""
        return tuple(signal.name for signal in self.signals)

    def signal(self, name: str) -> SignalBaseline:
        """The baseline of a column.

        Raises:
            UsageError: there is none; the message lists those there are.
        """
        for signal in self.signals:
            if signal.name == name:
                return signal
        have = ", ".join(self.names)
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
    summarised = tuple(summarise(signal, MOST_SAMPLED) for signal in signals)
    return Baseline(of=of, created=created, signals=summarised)


def baseline_of_points(points: OperatingPoints) -> Baseline:
    """The distributions that a certificate states.

    Raises:
        UsageError: it states none.
    """
    if not points.distributions:
        raise UsageError(
            f"the certificate of pack {points.pack!r} states no distributions",
            advice="Calibrate anew with enough data (500 mated pairs), or make a baseline with "
            "`fvs monitor baseline`.",
        )
    told = "; ".join(f"{one.name}: {one.of}" for one in points.distributions)
    return Baseline(of=told, created=points.created, signals=points.distributions)

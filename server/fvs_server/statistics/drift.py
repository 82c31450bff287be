"""Do live signals look like those that the certificate in force was measured on?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from fvs.errors import UsageError
from fvs.monitoring.baseline import Signal, baseline_of_points

if TYPE_CHECKING:
    from fvs.certificates import Certificate
    from fvs_server.statistics.statistics import LiveSignals

__all__ = ["SignalState", "drift_of"]

_FALSE_ALARM_RATE = 0.01


class SignalState(msgspec.Struct, frozen=True, kw_only=True):
    """One signal.

    Attributes:
        name: as the certificate calls it.
        verdict: see `fvs.monitoring`.
        values: live ones.
        needed: values from which on a verdict can be `steady`.
    """

    name: str
    verdict: Literal["steady", "drifted", "too_few"]
    values: int
    needed: int


def drift_of(certificate: Certificate, live: LiveSignals) -> tuple[SignalState, ...]:
    """Hold live probabilities to the certificate; empty where it states none or none are there.

    Similarities are not: the certificate's are of mated pairs, and who is mated nobody knows here.
    """
    values = np.asarray(live.live_probability, np.float64)
    if not len(values):
        return ()
    try:
        baseline = baseline_of_points(certificate)
    except UsageError:
        return ()
    if "live_probability" not in baseline.names:
        return ()
    from fvs.monitoring.drift import compare_live  # noqa: PLC0415 - scipy, a second at the start

    signal = Signal("live_probability", values)
    report = compare_live(baseline, [signal], _FALSE_ALARM_RATE).report
    return tuple(
        SignalState(name=s.name, verdict=s.verdict, values=s.values, needed=s.needed)
        for s in report.signals
    )

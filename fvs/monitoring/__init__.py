"""Whether a service is still the one that was measured: drift of live signals, and canaries.

Offline, and with scipy: imported by `fvs monitor`, never by the engine.
"""

from fvs.monitoring.baseline import (
    Baseline,
    Signal,
    SignalBaseline,
    baseline_of_points,
    make_baseline,
)
from fvs.monitoring.bounds import BoundCheck, Limits, LiveBounds, check_live_bounds
from fvs.monitoring.canary import CanaryReport, CanarySet, check_canary, record_canary
from fvs.monitoring.drift import Comparison, DriftReport, SignalDrift, compare_live
from fvs.monitoring.files import load_baseline, load_canary, save_record
from fvs.monitoring.tables import read_signals

__all__ = [
    "Baseline",
    "BoundCheck",
    "CanaryReport",
    "CanarySet",
    "Comparison",
    "DriftReport",
    "Limits",
    "LiveBounds",
    "Signal",
    "SignalBaseline",
    "SignalDrift",
    "baseline_of_points",
    "check_canary",
    "check_live_bounds",
    "compare_live",
    "load_baseline",
    "load_canary",
    "make_baseline",
    "read_signals",
    "record_canary",
    "save_record",
]

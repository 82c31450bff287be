"""Whether a service is still the one that was measured: drift of live signals, and canaries.

Offline, and with scipy: imported by `fvs monitor`, never by the engine.
"""

from fvs.monitoring.baseline import Baseline, Signal, SignalBaseline, make_baseline
from fvs.monitoring.canary import CanaryReport, CanarySet, Limits, check_canary, record_canary
from fvs.monitoring.drift import Comparison, DriftReport, SignalDrift, compare_live
from fvs.monitoring.files import load_baseline, load_canary, save_record
from fvs.monitoring.tables import read_signals

__all__ = [
    "Baseline",
    "CanaryReport",
    "CanarySet",
    "Comparison",
    "DriftReport",
    "Limits",
    "Signal",
    "SignalBaseline",
    "SignalDrift",
    "check_canary",
    "compare_live",
    "load_baseline",
    "load_canary",
    "make_baseline",
    "read_signals",
    "record_canary",
    "save_record",
]

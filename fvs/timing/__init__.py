"""What the engine costs on this machine: by stage, by pair, and under load."""

from fvs.timing.clock import STAGES, Cost, Percentiles, StageClock, cost_of, percentiles
from fvs.timing.load import Load, run_load, time_stages, worker_counts
from fvs.timing.policy import TIMING_POLICY

__all__ = [
    "STAGES",
    "TIMING_POLICY",
    "Cost",
    "Load",
    "Percentiles",
    "StageClock",
    "cost_of",
    "percentiles",
    "run_load",
    "time_stages",
    "worker_counts",
]

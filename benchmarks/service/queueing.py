"""What no server can beat: a queue of which only the moments of arrival are random (M/D/c)."""

from __future__ import annotations

import heapq

import numpy as np

__all__ = ["ideal_p99_to_p50"]

_ARRIVALS = 400_000


def ideal_p99_to_p50(share_of_capacity: float, servers: int) -> float:
    """The 99th percentile of the time until an answer as a multiple of its median, by simulation.

    Args:
        share_of_capacity: of the servers' time that is taken, below 1.
        servers: that take the next in line, and one unit of time for each.
    """
    gaps = np.random.default_rng(1).exponential(1 / (share_of_capacity * servers), _ARRIVALS)
    free_at, took = [0.0] * servers, []
    for arrival in np.cumsum(gaps).tolist():
        end = max(arrival, free_at[0]) + 1.0
        heapq.heapreplace(free_at, end)
        took.append(end - arrival)
    return float(np.quantile(took, 0.99) / np.quantile(took, 0.5))

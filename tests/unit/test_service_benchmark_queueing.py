"""The ideal queue that the service's latency is held against."""

from __future__ import annotations

from math import exp, factorial

import pytest

from benchmarks.service.queueing import ideal_p99_to_p50


class TestIdealQueue:
    def test_whoever_is_alone_never_waits(self):
        """Nearly no load: everybody takes one unit of time."""
        assert ideal_p99_to_p50(0.001, 2) == pytest.approx(1.0, abs=0.01)

    def test_one_server_is_as_the_formula_says(self):
        """M/D/1 (Erlang 1909): P(wait <= t) = (1 - r) sum_k (r(k - t))^k / k! exp(r(t - k))."""
        load = 0.4  # more than half wait for nothing, so that the median is the work alone

        def waits_at_most(t: float) -> float:
            terms = [
                (load * (k - t)) ** k / factorial(k) * exp(load * (t - k))
                for k in range(int(t) + 1)
            ]
            return (1 - load) * sum(terms)

        longest = next(t / 1000 for t in range(10_000) if waits_at_most(t / 1000) >= 0.99)
        assert ideal_p99_to_p50(load, 1) == pytest.approx(1 + longest, rel=0.03)

    def test_more_load_is_worse_and_more_servers_are_better(self):
        """As queues are."""
        assert ideal_p99_to_p50(0.9, 2) > ideal_p99_to_p50(0.7, 2) > ideal_p99_to_p50(0.7, 8)

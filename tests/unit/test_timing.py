"""Clocks and load: `fvs.timing`."""

import math
import threading
import time

import numpy as np
import pytest

from fvs import engine
from fvs.compare import compare_pairs
from fvs.timing import (
    STAGES,
    StageClock,
    cost_of,
    percentiles,
    run_load,
    time_stages,
    worker_counts,
)
from tests.records import embeddings

ONE = embeddings(np.eye(1, 4))


class TestPercentiles:
    def test_are_values_that_were_measured(self):
        """No interpolation: the answer is one of the calls."""
        found = percentiles([float(value) for value in range(1, 101)])
        assert (found.p50, found.p95, found.p99, found.n) == (51, 96, 100, 100)

    def test_of_one_value_are_that_value(self):
        """One call is its own median and its own worst."""
        found = percentiles([7.0])
        assert (found.p50, found.p95, found.p99, found.n) == (7, 7, 7, 1)


class TestCost:
    def test_tells_waiting_from_working(self):
        """Sleep takes time but no processor."""
        cost = cost_of(lambda: time.sleep(0.05))
        assert cost.wall_ms >= 50
        assert cost.cpu_ms < 40

    def test_counts_all_threads(self):
        """Work in another thread is work of the task."""

        def work() -> None:
            thread = threading.Thread(target=lambda: sum(range(2_000_000)))
            thread.start()
            thread.join()

        assert cost_of(work).cpu_ms > 5


class TestStageClock:
    def test_names_functions_that_the_engine_calls(self):
        """A stage that the engine renames must not silently cost nothing."""
        assert all(callable(getattr(engine, name)) for names in STAGES.values() for name in names)

    def test_counts_calls_made_by_the_engine_in_any_thread(self):
        """Worker threads do the engine's work."""
        with StageClock() as clock:
            thread = threading.Thread(target=lambda: engine.compare_pairs(ONE, ONE))
            thread.start()
            thread.join()
        costs = clock.costs()
        assert costs["compare"].cpu_ms > 0
        assert costs["compare"].wall_ms > 0
        assert costs["detect"] == (0, 0)
        assert list(costs) == list(STAGES)

    def test_gives_the_engine_back_as_it_was(self):
        """Also after an error inside the block."""

        def fail() -> None:
            with StageClock():
                assert engine.compare_pairs is not compare_pairs
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert engine.compare_pairs is compare_pairs

    def test_returns_what_the_stage_returns(self):
        """Timing changes no result."""
        with StageClock():
            timed = engine.compare_pairs(ONE, ONE)
        assert timed.similarity[0] == compare_pairs(ONE, ONE).similarity[0]


class TestLoad:
    def test_every_worker_runs_at_least_once(self):
        """Even where no time is given."""
        ran = threading.Barrier(3, timeout=10)
        load = run_load(ran.wait, workers=3, seconds=0)
        assert load.workers == 3
        assert load.wall_ms.n == 3
        assert load.pairs_per_s > 0

    def test_repeats_until_time_is_up(self):
        """Throughput is tasks over time."""
        load = run_load(lambda: time.sleep(0.01), workers=1, seconds=0.1)
        assert 2 <= load.wall_ms.n <= 10
        assert load.pairs_per_s <= 100

    def test_stage_times_are_per_task(self):
        """A stage that did not run costs 0."""
        costs = time_stages(lambda: engine.compare_pairs(ONE, ONE), seconds=0)
        assert costs["compare"].p50 > 0
        assert costs["embed"].p99 == 0

    @pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 8, 63, 64])
    def test_worker_counts_double_up_to_the_most(self, most):
        """From one to all cores, in few steps."""
        counts = worker_counts(most)
        assert counts[0] == 1
        assert counts[-1] == most
        assert all(count == 2**step for step, count in enumerate(counts[:-1]))
        assert len(counts) == math.ceil(math.log2(most)) + 1

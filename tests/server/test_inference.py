"""The pool takes what fits, in time, or nothing."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from fvs_server.inference import Deadline, InferencePool
from fvs_server.problems import Problem, ServiceError

SOON = 30.0


@pytest.fixture
def pool():
    """Two workers and room for two more."""
    made = InferencePool(workers=2, queue=2)
    yield made
    made.close()


def refusal(pool: InferencePool, tasks, deadline_s: float = SOON) -> ServiceError:
    """Why the pool does not do them."""
    with pytest.raises(ServiceError) as caught:
        pool.run(tasks, Deadline.after(deadline_s))
    return caught.value


class TestInferencePool:
    @pytest.mark.parametrize("count", [0, 1, 4])
    def test_results_are_in_order(self, pool, count):
        """Of none, of one, and of as many as fit."""
        tasks = [partial(int, n) for n in range(count)]
        assert pool.run(tasks, Deadline.after(SOON)) == list(range(count))
        assert pool.depth == 0

    def test_tasks_of_one_request_run_side_by_side(self, pool):
        """Each waits for the other, so one after the other would never end."""
        meeting = threading.Barrier(2, timeout=SOON)
        pool.run([meeting.wait, meeting.wait], Deadline.after(SOON))

    def test_what_does_not_fit_is_refused_whole(self, pool):
        """No task of it runs, and there is a time to come back."""
        ran: list[int] = []
        error = refusal(pool, [partial(ran.append, n) for n in range(5)])
        assert error.problem is Problem.OVERLOADED
        assert error.retry_after_s >= 1
        assert not ran
        assert pool.depth == 0

    def test_the_deadline_ends_waiting_and_what_was_not_begun(self, pool):
        """Those that wait never run; those that run keep their thread until they end."""
        go, ran = threading.Event(), []
        tasks = [go.wait, go.wait, partial(ran.append, 1)]
        assert refusal(pool, tasks, deadline_s=0.05).problem is Problem.DEADLINE_EXCEEDED
        go.set()
        assert pool.drain(SOON)
        assert not ran

    def test_a_failure_is_the_requests_own(self, pool):
        """It is raised to whoever asked, and the room is given back."""
        with pytest.raises(ZeroDivisionError):
            pool.run([lambda: 1 // 0, partial(int, 1)], Deadline.after(SOON))
        assert pool.drain(SOON)
        assert pool.depth == 0

    def test_draining_finishes_and_takes_nothing_more(self, pool):
        """What was begun ends; what comes is sent away."""
        begun = threading.Event()

        def task() -> int:
            begun.set()
            time.sleep(0.05)
            return 7

        results: list[list[int]] = []
        asker = threading.Thread(
            target=lambda: results.append(pool.run([task], Deadline.after(SOON)))
        )
        asker.start()
        begun.wait(SOON)
        assert pool.drain(SOON)
        asker.join(SOON)
        assert results == [[7]]
        assert refusal(pool, [task]).problem is Problem.OVERLOADED

    def test_a_deadline_that_is_over_does_no_work(self, pool):
        """Nobody waits for it."""
        ran: list[int] = []
        error = refusal(pool, [partial(ran.append, 1)], deadline_s=0.0)
        assert error.problem is Problem.DEADLINE_EXCEEDED
        assert pool.drain(SOON)
        assert not ran

"""What waits together is worked on together, and nobody can tell."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs_server.batching import Batcher
from fvs_server.inference import Deadline, InferencePool
from fvs_server.problems import Problem, ServiceError

SOON = 30.0
LONG_S = 3600.0


class Work:
    """Doubles numbers; remembers its batches, and can be held up at the first."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, items):
        """Twice each; 0 cannot be done."""
        self.batches.append(list(items))
        self.begun.set()
        assert self.go.wait(SOON)
        return [2 * item * item // item for item in items]


@pytest.fixture
def pool():
    """One worker, and room for many."""
    made = InferencePool(workers=1, queue=63)
    yield made
    made.close()


@pytest.fixture
def work():
    """Not held up."""
    return Work()


def asked(pool, items, deadline_s: float = SOON):
    """What the pool makes of items, each with its batcher."""
    return pool.run_in_batches(items, Deadline.after(deadline_s))


def flat(lists):
    """All items."""
    return list(itertools.chain.from_iterable(lists))


def asking(threads, pool, batcher, numbers):
    """A request a number, in order; their futures."""
    futures = []
    for number in numbers:
        depth = pool.depth
        futures.append(threads.submit(asked, pool, [(batcher, number)]))
        while pool.depth == depth:
            threading.Event().wait(0.001)
    return futures


class TestBatches:
    @settings(deadline=None)
    @given(
        requests=st.lists(st.lists(st.integers(1, 99), max_size=5), max_size=8),
        size=st.integers(1, 5),
        workers=st.integers(1, 3),
        wait_s=st.sampled_from([0.0, 0.001]),
    )
    def test_results_are_those_of_one_by_one(self, requests, size, workers, wait_s):
        """In order, whatever the size of batches, the workers and who else asks meanwhile."""
        pool, work = InferencePool(workers, queue=40), Work()
        batcher = Batcher(work, size=size, wait_s=wait_s)
        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(
                lambda numbers: asked(pool, [(batcher, n) for n in numbers]), requests
            )
            assert list(answers) == [[2 * n for n in numbers] for numbers in requests]
        pool.close()
        assert pool.depth == 0
        assert sorted(flat(work.batches)) == sorted(flat(requests))
        assert max(map(len, work.batches), default=1) <= size

    def test_what_waits_is_taken_together_up_to_the_size(self, pool, work):
        """Of several requests, those that waited longest first; nothing is done twice."""
        work.go.clear()
        batcher = Batcher(work, size=4, wait_s=0.0)
        with ThreadPoolExecutor(8) as threads:
            first = asking(threads, pool, batcher, [1])
            assert work.begun.wait(SOON)
            rest = asking(threads, pool, batcher, [2, 3, 4, 5, 6, 7])
            work.go.set()
            assert [f.result(SOON) for f in first + rest] == [[2 * n] for n in range(1, 8)]
        assert work.batches == [[1], [2, 3, 4, 5], [6, 7]]

    def test_a_full_batch_does_not_wait(self, pool, work):
        """It waits for others only while they are fewer than the size."""
        batcher = Batcher(work, size=3, wait_s=LONG_S)
        assert asked(pool, [(batcher, n) for n in (1, 2, 3)]) == [2, 4, 6]
        assert work.batches == [[1, 2, 3]]

    def test_few_wait_no_longer_than_they_must(self, pool, work):
        """Nobody else comes, and yet they are done."""
        batcher = Batcher(work, size=3, wait_s=0.01)
        assert asked(pool, [(batcher, 1), (batcher, 2)]) == [2, 4]

    def test_others_go_on_while_one_worker_waits_for_more(self, work):
        """Only one waits for each kind of work."""
        pool = InferencePool(workers=2, queue=8)
        scarce, plenty = Batcher(work, size=4, wait_s=LONG_S), Batcher(work, size=1, wait_s=0.0)
        with ThreadPoolExecutor(4) as threads:
            early = asking(threads, pool, scarce, [1, 2])
            assert asked(pool, [(plenty, 5)]) == [10]
            assert not any(future.done() for future in early)
            assert asked(pool, [(scarce, 3), (scarce, 4)]) == [6, 8]
            assert [future.result(SOON) for future in early] == [[2], [4]]
        pool.close()

    def test_kinds_of_work_are_not_mixed(self, pool):
        """One request may need both."""
        one, other = Work(), Work()
        left, right = (Batcher(work, size=4, wait_s=0.0) for work in (one, other))
        assert asked(pool, [(left, 1), (right, 2), (left, 3)]) == [2, 4, 6]
        assert (sorted(flat(one.batches)), other.batches) == ([1, 3], [[2]])


class TestFailures:
    def test_only_what_fails_alone_fails(self, pool, work):
        """A batch that fails is done again one by one."""
        work.go.clear()
        batcher = Batcher(work, size=4, wait_s=0.0)
        with ThreadPoolExecutor(8) as threads:
            asking(threads, pool, batcher, [9])
            assert work.begun.wait(SOON)
            bad, good = asking(threads, pool, batcher, [0, 1])
            work.go.set()
            assert good.result(SOON) == [2]
            assert isinstance(bad.exception(SOON), ZeroDivisionError)
        assert work.batches[1:] == [[0, 1], [0], [1]]
        assert pool.drain(SOON)

    def test_what_was_given_up_is_not_worked_on(self, pool, work):
        """The request is told at its deadline; its item is skipped, the next is done."""
        work.go.clear()
        batcher = Batcher(work, size=4, wait_s=0.0)
        with ThreadPoolExecutor(2) as threads:
            first = asking(threads, pool, batcher, [1])[0]
            assert work.begun.wait(SOON)
            with pytest.raises(ServiceError) as caught:
                asked(pool, [(batcher, 2)], deadline_s=0.01)
            last = asking(threads, pool, batcher, [3])[0]
            work.go.set()
            assert (first.result(SOON), last.result(SOON)) == ([2], [6])
        assert caught.value.problem is Problem.DEADLINE_EXCEEDED
        assert work.batches == [[1], [3]]

    def test_a_deadline_that_is_over_does_no_work(self, pool, work):
        """Nobody waits for it."""
        with pytest.raises(ServiceError) as caught:
            asked(pool, [(Batcher(work, size=4, wait_s=0.0), 1)], deadline_s=0.0)
        assert caught.value.problem is Problem.DEADLINE_EXCEEDED
        assert pool.drain(SOON)
        assert not work.batches

    def test_what_does_not_fit_is_refused_whole(self, pool, work):
        """No item of it is begun."""
        batcher = Batcher(work, size=4, wait_s=0.0)
        with pytest.raises(ServiceError) as caught:
            asked(pool, [(batcher, 1)] * (pool.capacity + 1))
        assert caught.value.problem is Problem.OVERLOADED
        assert not work.batches
        assert pool.depth == 0

    def test_closing_ends_what_was_begun_and_begins_nothing(self, work):
        """What waits is told at its deadline, as without batches."""
        pool = InferencePool(workers=1, queue=4)
        work.go.clear()
        batcher = Batcher(work, size=4, wait_s=0.0)
        with ThreadPoolExecutor(2) as threads:
            begun = asking(threads, pool, batcher, [1])[0]
            assert work.begun.wait(SOON)
            waiting = threads.submit(asked, pool, [(batcher, 2)], 0.2)
            while pool.depth < 2:
                threading.Event().wait(0.001)
            closing = threading.Thread(target=pool.close)
            closing.start()
            assert waiting.exception(SOON).problem is Problem.DEADLINE_EXCEEDED
            work.go.set()
            assert begun.result(SOON) == [2]
            closing.join(SOON)
        assert pool.depth == 0
        assert work.batches == [[1]]

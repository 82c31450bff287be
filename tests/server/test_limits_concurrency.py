"""A key holds so many slots of a process, gives each back, and takes none of another's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from fvs_server.limits import Concurrency, LimitsSettings
from fvs_server.problems import Problem, ServiceError
from tests.server.limits_fixtures import caller


@pytest.fixture
def concurrency():
    """Two slots a key."""
    return Concurrency(LimitsSettings(concurrency=2))


class TestSlot:
    def test_the_third_at_once_is_refused(self, concurrency):
        """It is told to come back, and nobody waits; another key is not concerned."""
        with concurrency.slot(caller()), concurrency.slot(caller()):
            with pytest.raises(ServiceError) as caught, concurrency.slot(caller()):
                pytest.fail("there was a third slot")
            with concurrency.slot(caller(key_id="8899aabbccddeeff")):
                pass
        assert caught.value.problem is Problem.CONCURRENCY_EXCEEDED
        assert caught.value.retry_after_s == 1.0

    def test_slots_come_back_whatever_happens(self, concurrency):
        """A request that fails gives its slot back; idle keys leave nothing behind."""
        for _ in range(5):
            with pytest.raises(ZeroDivisionError), concurrency.slot(caller()):
                _ = 1 / 0
        assert not concurrency._held

    def test_threads_never_hold_more(self, concurrency):
        """Of eight threads that want a slot while two are held, none gets one."""
        start = threading.Barrier(8)

        def wants(_number: int) -> bool:
            start.wait()
            try:
                with concurrency.slot(caller()):
                    return True
            except ServiceError:
                return False

        with ExitStack() as held, ThreadPoolExecutor(8) as threads:
            for _ in range(2):
                held.enter_context(concurrency.slot(caller()))
            assert not any(threads.map(wants, range(8)))

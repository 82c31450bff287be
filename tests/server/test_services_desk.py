"""What surrounds every decision."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from fvs_server.services.desk import Case, Desk
from fvs_server.wiring import utc_now
from tests.server.limits_fixtures import caller

HELD_S = 0.3


def test_the_time_is_read_when_it_is_ones_turn(services):
    """Rule: whoever waited for the write lock is not told to have come before the others."""
    read = []

    def clock():
        read.append(utc_now())
        return read[-1]

    desk = Desk(services.database, services.limits, clock)
    asks = threading.Event()

    def admit():
        asks.set()
        desk.admit(Case(principal=caller()))

    with ThreadPoolExecutor(1) as threads:
        with services.database.writing():
            waiting = threads.submit(admit)
            asks.wait()
            time.sleep(HELD_S)
            released = utc_now()
        waiting.result()
    assert read
    assert min(read) >= released

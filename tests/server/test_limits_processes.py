"""Three processes on one database are one service: each limit holds for all of them together."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.server import limits_fixtures, limits_workers
from tests.server.limits_fixtures import NOW, SUBJECT, caller

database_url, database = limits_fixtures.database_url, limits_fixtures.database

REPLICAS = 3


@pytest.fixture(scope="module")
def processes():
    """Three processes that share nothing but the database."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(REPLICAS, mp_context=context) as pool:
        yield pool


def results(processes, act, url, argument) -> list[int]:
    """Of all three at once."""
    return list(processes.map(act, [url] * REPLICAS, [argument] * REPLICAS))


class TestTogether:
    def test_rates(self, processes, database_url):
        """A burst of 40 is 40, whoever takes it."""
        assert sum(results(processes, limits_workers.take_rates, database_url, 30)) == 40

    def test_attempts_that_begin(self, processes, database_url):
        """Ten free attempts are ten, though none has ended."""
        assert sum(results(processes, limits_workers.begin_attempts, database_url, 10)) == 10

    def test_attempts_that_fail(self, processes, database_url):
        """Ten IdPs with ten free attempts each are 100, all of them let through and counted."""
        idps = [f"idp-{number % 11}" for number in range(60)]
        assert sum(results(processes, limits_workers.fail_attempts, database_url, idps)) == 100

    def test_idempotency_keys(self, processes, database_url):
        """Each of 20 keys is begun once."""
        assert sum(results(processes, limits_workers.begin_keys, database_url, 20)) == 20

    def test_liveness_sessions(self, processes, database, database_url):
        """Each of 20 sessions is used once."""
        service = limits_workers.Replica(database_url).limits.sessions
        with database.writing() as connection:
            sessions = [service.create(connection, caller(), SUBJECT, NOW) for _ in range(20)]
        pairs = [(session.id, session.nonce) for session in sessions]
        assert sum(results(processes, limits_workers.consume_sessions, database_url, pairs)) == 20

    def test_captures(self, processes, database_url):
        """Of captures that look alike the first is recorded: the subject's lock makes it one."""
        found = results(processes, limits_workers.remember_captures, database_url, 20)
        assert sum(found) == 20

    def test_tidying_disturbs_nobody(self, processes, database_url):
        """Requests and tidying at once: none fails, none deadlocks."""
        assert results(processes, limits_workers.take_and_tidy, database_url, 15) == [15] * 3

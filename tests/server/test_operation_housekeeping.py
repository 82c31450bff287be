"""What the service does by the clock: it signs the log, and forgets what is old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fvs_server.audit.checking import check_log
from fvs_server.audit.export import readable_event, stored_entries
from fvs_server.operation.housekeeping import Housekeeping
from fvs_server.operation.settings import AuditSettings
from fvs_server.statistics.statistics import Statistics
from tests.server import audit_fixtures
from tests.server.audit_fixtures import START, answer, record

audit_url, audit_database = audit_fixtures.audit_url, audit_fixtures.audit_database
checkpoints = audit_fixtures.checkpoints

HOURS = 4
A_MONTH = timedelta(days=30)


@pytest.fixture
def log(audit_database):
    """Answers at half past each of four hours."""
    hours = [answer(n, at=START + timedelta(hours=n)) for n in range(HOURS)]
    record(audit_database, hours)
    return audit_database


def keeper(database, checkpoints, now, retention_days=30) -> Housekeeping:
    """That of a server, at a moment."""
    settings = AuditSettings(retention_days=retention_days)
    return Housekeeping(database, checkpoints, Statistics(), settings, lambda: now)


def said(database) -> list[dict | None]:
    """The events of the log; None where one was purged."""
    with database.reading() as connection:
        lines = list(stored_entries(connection))
    return [None if line.event is None else readable_event(line.event) for line in lines]


def test_an_empty_log(audit_database, checkpoints):
    """Nothing is signed, forgotten or told."""
    keeper(audit_database, checkpoints, START).tidy()
    assert said(audit_database) == []
    with audit_database.reading() as connection:
        assert checkpoints.last(connection) is None


def test_a_server_ends_with_a_checkpoint(log, checkpoints):
    """Over all that it answered, though the time for the next has not come."""
    with keeper(log, checkpoints, START).running():
        pass
    with log.reading() as connection:
        assert checkpoints.last(connection).checkpoint.entries == HOURS


def test_nothing_is_forgotten_by_itself(log, checkpoints):
    """Unless the settings say after which time."""
    keeper(log, checkpoints, START + 100 * A_MONTH, retention_days=0).tidy()
    assert None not in said(log)


@pytest.mark.parametrize(
    ("late", "gone"),
    [
        (timedelta(hours=1), 1),
        (timedelta(hours=1, minutes=29), 1),
        (timedelta(hours=1, minutes=30), 2),
    ],
)
def test_old_answers_are_forgotten_by_the_hour(log, checkpoints, late, gone):
    """So an hour's forgetting is one entry, however often it is looked for."""
    for minutes in range(3):
        now = START + A_MONTH + late + timedelta(seconds=minutes)
        keeper(log, checkpoints, now).tidy()
    *answers, told = said(log)
    assert [each is None for each in answers] == [True] * gone + [False] * (HOURS - gone)
    assert (told["action"], told["key_id"], told["purged"]) == ("purge", "housekeeping", gone)
    with log.reading() as connection:
        signed = [each.signed for each in checkpoints.all(connection)]
        assert check_log(stored_entries(connection), signed, checkpoints.key.public).whole

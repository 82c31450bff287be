"""A repeated request gets the first one's answer, another body gets none, and a crash is no end."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy

from fvs_server.limits import Idempotency, LimitsSettings, StoredAnswer
from fvs_server.limits.tables import idempotency_keys
from fvs_server.problems import Problem
from tests.server import limits_fixtures
from tests.server.limits_fixtures import KEY, NOW, SECOND, caller, refusal

database_url, database = limits_fixtures.database_url, limits_fixtures.database

BODY, OTHER_BODY = hashlib.sha256(b"a").digest(), hashlib.sha256(b"b").digest()
ANSWER = b'{"decision": "no_match"}'


def replica() -> Idempotency:
    """The service as one process has it."""
    return Idempotency(LimitsSettings(), KEY)


HERE, ELSEWHERE = replica(), replica()


def begin(database, now=NOW, *, service=HERE, body=BODY, principal=None, key="k-1"):
    """Begin under a key."""
    with database.writing() as connection:
        return service.begin(connection, principal or caller(), key, body, now)


def refused(database, now=NOW, *, service=HERE, body=BODY, key="k-1"):
    """What beginning is refused with."""
    return refusal(database, lambda c: service.begin(c, caller(), key, body, now))


def finish(database, *, service=HERE, status=200):
    """Keep the answer."""
    with database.writing() as connection:
        service.finish(connection, caller(), "k-1", status, ANSWER)


class TestIdempotency:
    def test_a_repeated_request_gets_the_first_answer(self, database):
        """Also from another replica, for a day."""
        assert begin(database) is None
        finish(database, status=422)
        last = NOW + timedelta(hours=24) - SECOND
        for service, now in ((HERE, NOW), (ELSEWHERE, last)):
            assert begin(database, now, service=service) == StoredAnswer(422, ANSWER)
        assert begin(database, last + SECOND, body=OTHER_BODY) is None

    def test_another_body_is_refused(self, database):
        """Before and after the answer is there."""
        begin(database)
        assert refused(database, body=OTHER_BODY).problem is Problem.IDEMPOTENCY_KEY_REUSED
        finish(database)
        assert refused(database, body=OTHER_BODY).problem is Problem.IDEMPOTENCY_KEY_REUSED

    def test_one_in_flight_is_to_be_waited_for(self, database):
        """409 with Retry-After."""
        begin(database)
        error = refused(database, NOW + 59 * SECOND, service=ELSEWHERE)
        assert error.problem is Problem.IDEMPOTENCY_IN_FLIGHT
        assert error.retry_after_s == 1.0

    def test_keys_of_callers_are_apart(self, database):
        """Two API keys, or two IdPs, that choose the same text do not meet."""
        begin(database)
        finish(database)
        assert begin(database, principal=caller(key_id="8899aabbccddeeff")) is None
        assert begin(database, principal=caller(idp="bank-b")) is None

    def test_an_abandoned_request_can_be_repeated(self, database):
        """Nothing was done, so the key is new; an answer that is there is never abandoned."""
        begin(database)
        with database.writing() as connection:
            HERE.abandon(connection, caller(), "k-1")
        assert begin(database, body=OTHER_BODY) is None
        finish(database)
        with database.writing() as connection:
            HERE.abandon(connection, caller(), "k-1")
        assert begin(database, body=OTHER_BODY) == StoredAnswer(200, ANSWER)

    @pytest.mark.parametrize("key", ["", "k" * 256, "k 1", "กุญแจ", "k\n"])
    def test_a_malformed_key_is_a_violation(self, database, key):
        """1 to 255 visible ASCII characters; the header is named, its text is not repeated."""
        error = refused(database, key=key)
        assert error.problem is Problem.INVALID_REQUEST
        assert error.violations[0].pointer == "header:Idempotency-Key"


class TestCrashes:
    def test_a_request_whose_server_died_is_begun_anew(self, database):
        """After the lease, by one; what the first one did must then not be recorded."""
        begin(database)
        later = NOW + 61 * SECOND
        assert begin(database, later, service=ELSEWHERE) is None
        assert refused(database, later).problem is Problem.IDEMPOTENCY_IN_FLIGHT
        late = refusal(database, lambda c: HERE.finish(c, caller(), "k-1", 200, ANSWER))
        assert late.problem is Problem.IDEMPOTENCY_IN_FLIGHT
        with database.writing() as connection:
            HERE.abandon(connection, caller(), "k-1")
        finish(database, service=ELSEWHERE)
        assert begin(database, later) == StoredAnswer(200, ANSWER)

    def test_a_dead_request_still_owns_its_body(self, database):
        """The lease's end does not free the key for another request."""
        begin(database)
        error = refused(database, NOW + 61 * SECOND, body=OTHER_BODY)
        assert error.problem is Problem.IDEMPOTENCY_KEY_REUSED

    def test_a_clock_set_back_does_not_lengthen_a_lease(self, database):
        """A lease that begins in the future is over."""
        begin(database)
        assert begin(database, NOW - timedelta(days=1), service=ELSEWHERE) is None


def test_the_database_tells_nothing(database):
    """Neither the key, the answer nor the body's hash stands there; a row moved does not open."""
    begin(database)
    finish(database)
    with database.reading() as connection:
        row = connection.execute(sqlalchemy.select(idempotency_keys)).one()
    stored = b"".join(value for value in row if isinstance(value, bytes))
    for secret in (b"k-1", BODY, b"no_match"):
        assert secret not in stored
    assert repr(StoredAnswer(200, ANSWER)) == "StoredAnswer(status=200, body=...)"

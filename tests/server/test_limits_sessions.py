"""A liveness session is used once, by whom and for whom it was begun, while it holds."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.limits import Challenge, LimitsSettings, LivenessSessions, Step
from fvs_server.limits.tables import liveness_sessions
from fvs_server.problems import Problem
from tests.server import limits_fixtures
from tests.server.limits_fixtures import (
    KEY,
    NOW,
    OTHER_SUBJECT,
    SECOND,
    SUBJECT,
    caller,
    refusal,
)

database_url, database = limits_fixtures.database_url, limits_fixtures.database

SESSIONS = LivenessSessions(LimitsSettings(), KEY)


def begun(database):
    """A session of bank-a for SUBJECT."""
    with database.writing() as connection:
        return SESSIONS.create(connection, caller(), SUBJECT, NOW)


def consume(database, session, now=NOW):
    """Use it as it is meant."""
    with database.writing() as connection:
        return SESSIONS.consume(connection, caller(), SUBJECT, session.id, session.nonce, now)


class TestSessions:
    def test_it_holds_once(self, database):
        """By any key of the IdP; the challenge comes back; the second use is refused."""
        session = begun(database)
        assert session.expires_at == NOW + timedelta(minutes=5)
        assert consume(database, session, NOW + 299 * SECOND) is session.challenge
        again = refusal(
            database,
            lambda c: SESSIONS.consume(
                c, caller(key_id="8899aabbccddeeff"), SUBJECT, session.id, session.nonce, NOW
            ),
        )
        assert again.problem is Problem.LIVENESS_SESSION_INVALID

    @pytest.mark.parametrize(
        "change",
        [
            {"principal": caller("bank-b")},
            {"subject": OTHER_SUBJECT},
            {"session_id": "0" * 32},
            {"nonce": "guessed"},
            {"now": NOW + timedelta(minutes=5)},
            {"now": NOW - timedelta(days=1)},
        ],
        ids=["idp", "subject", "id", "nonce", "expired", "clock set back"],
    )
    def test_all_that_is_wrong_is_refused_alike(self, database, change):
        """One problem without details, and the session still holds for its owner."""
        session = begun(database)
        right = {
            "principal": caller(),
            "subject": SUBJECT,
            "session_id": session.id,
            "nonce": session.nonce,
            "now": NOW,
        }
        error = refusal(database, lambda c: SESSIONS.consume(c, **{**right, **change}))
        assert (error.problem, error.detail) == (Problem.LIVENESS_SESSION_INVALID, None)
        assert consume(database, session)

    def test_the_nonce_is_kept_nowhere(self, database):
        """Not in the database, nor in what is printed."""
        session = begun(database)
        with database.reading() as connection:
            row = connection.execute(sqlalchemy.select(liveness_sessions)).one()
        assert session.nonce not in repr(row)
        assert session.nonce not in repr(session)


class TestChallenges:
    @given(st.lists(st.floats(-90, 90) | st.just(math.nan), max_size=5), st.sampled_from(Challenge))
    def test_a_challenge_is_answered_in_order(self, yaws_deg, challenge):
        """The oracle tries every choice of frames in their order."""
        steps = challenge.steps

        def shown(step: int, frame: int) -> bool:
            if step == len(steps):
                return True
            return any(
                steps[step].is_shown(yaws_deg[later]) and shown(step + 1, later + 1)
                for later in range(frame, len(yaws_deg))
            )

        assert challenge.is_answered(yaws_deg) == shown(0, 0)

    @pytest.mark.parametrize("challenge", list(Challenge))
    def test_a_still_face_answers_none(self, challenge):
        """Five frames of one pose, whatever it is, show no turn from straight."""
        for yaw_deg in range(-90, 91, 5):
            assert not challenge.is_answered([float(yaw_deg)] * 5)

    def test_each_begins_straight(self):
        """The frame that is compared with the portrait is asked for first."""
        assert Challenge.TURN_RIGHT_THEN_LEFT.steps == (
            Step.LOOK_STRAIGHT,
            Step.TURN_RIGHT,
            Step.TURN_LEFT,
        )
        assert all(challenge.steps[0] is Step.LOOK_STRAIGHT for challenge in Challenge)

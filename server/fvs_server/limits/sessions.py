"""Liveness sessions: begun before the capture, bound to IdP and subject, and used once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from fvs_server.limits.challenges import Challenge
from fvs_server.limits.clock import SKEW
from fvs_server.limits.tables import liveness_sessions
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs_server.identity.principal import Principal
    from fvs_server.limits.settings import LimitsSettings

__all__ = ["LivenessSession", "LivenessSessions"]

_ID_BYTES = 16
_NONCE_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class LivenessSession:
    """As its caller learns it.

    Attributes:
        id: names it.
        nonce: proves that a verification comes from whoever began it; kept nowhere.
        expires_at: until then it holds.
        challenge: what the frames must show.
    """

    id: str
    nonce: str
    expires_at: datetime
    challenge: Challenge

    def __repr__(self) -> str:
        return f"LivenessSession(id={self.id!r}, nonce=...)"


class LivenessSessions:
    """Sessions that replicas share. Any subject has them: no table of people is asked."""

    def __init__(self, settings: LimitsSettings, key: bytes) -> None:
        """Take the settings and 32 bytes of `ServerSecrets.derive`."""
        self._secret = key
        self._lifetime = timedelta(seconds=settings.session_s)

    def create(
        self, connection: Connection, principal: Principal, subject: bytes, now: datetime
    ) -> LivenessSession:
        """Begin a session for a subject's pseudonym."""
        session = LivenessSession(
            id=secrets.token_hex(_ID_BYTES),
            nonce=secrets.token_urlsafe(_NONCE_BYTES),
            expires_at=now + self._lifetime,
            challenge=Challenge.draw(),
        )
        connection.execute(
            insert(liveness_sessions).values(
                id=session.id,
                nonce=self._nonce_hmac(session.nonce),
                idp=principal.idp,
                subject=subject,
                challenge=session.challenge.value,
                begun_at=now,
                expires_at=session.expires_at,
            )
        )
        return session

    def consume(
        self,
        connection: Connection,
        principal: Principal,
        subject: bytes,
        session_id: str,
        nonce: str,
        now: datetime,
    ) -> Challenge:
        """Use a session up: of any number who try at once, one succeeds.

        Args:
            connection: of a writing transaction.
            principal: who asks.
            subject: pseudonym.
            session_id: of the session.
            nonce: of the session.
            now: the time.

        Returns:
            What the frames must show.

        Raises:
            ServiceError: LIVENESS_SESSION_INVALID, whatever is wrong with it: a guess teaches
                nothing.
        """
        columns = liveness_sessions.c
        used = (
            update(liveness_sessions)
            .where(
                columns.id == session_id,
                columns.nonce == self._nonce_hmac(nonce),
                columns.idp == principal.idp,
                columns.subject == subject,
                columns.consumed_at.is_(None),
                columns.expires_at > now,
                # One that a clock since set back began would hold for too long.
                columns.begun_at <= now + SKEW,
            )
            .values(consumed_at=now)
            .returning(columns.challenge)
        )
        challenge = connection.execute(used).scalar_one_or_none()
        if challenge is None:
            raise ServiceError(Problem.LIVENESS_SESSION_INVALID)
        return Challenge(challenge)

    def _nonce_hmac(self, nonce: str) -> bytes:
        return hmac.digest(self._secret, nonce.encode(), hashlib.sha256)

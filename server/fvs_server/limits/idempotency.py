"""Idempotency-Key: a repeated request gets the answer of the first, and is not worked on twice.

After draft-ietf-httpapi-idempotency-key-header. Answers hold decisions, so they are sealed under a
key that the database does not hold; the caller's own key is kept as its HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from fvs.registry.cipher import SealingCipher
from fvs.subjects import Private
from fvs_server.faults import Fault
from fvs_server.limits.clock import SKEW
from fvs_server.limits.statements import insert_into
from fvs_server.limits.tables import idempotency_keys
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from fvs_server.identity.principal import Principal
    from fvs_server.limits.settings import LimitsSettings

__all__ = ["Idempotency", "StoredAnswer"]

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_HOLDER_BYTES = 16
_RETRY_AFTER_S = 1.0


@dataclass(frozen=True)
class StoredAnswer:
    """What was answered before.

    Attributes:
        status: of HTTP.
        body: its bytes.
    """

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"StoredAnswer(status={self.status}, body=...)"


class Idempotency:
    """Requests under a key, each of one API key; replicas share them."""

    def __init__(self, settings: LimitsSettings, key: bytes) -> None:
        """Take the settings and 32 bytes of `ServerSecrets.derive`."""
        self._secret = key
        self._lifetime = timedelta(hours=settings.idempotency_h)
        self._lease = timedelta(seconds=settings.idempotency_lease_s)
        self._token = os.urandom(_HOLDER_BYTES)

    def begin(
        self,
        connection: Connection,
        principal: Principal,
        key: str,
        body_sha256: bytes,
        now: datetime,
    ) -> StoredAnswer | None:
        """Begin to answer, which `finish` or `abandon` must end, or find the answer.

        A request whose server died is begun anew when its lease has ended.

        Args:
            connection: of a writing transaction.
            principal: who asks; another one's keys are other keys.
            key: the header's text.
            body_sha256: SHA-256 of all that makes two requests the same: method, path and body.
            now: the time.

        Raises:
            ServiceError: INVALID_REQUEST, IDEMPOTENCY_KEY_REUSED for another body,
                IDEMPOTENCY_IN_FLIGHT.
        """
        _require_wellformed(key)
        name = self._name(principal, key)
        # Not the bare hash: a body that holds little but a number could be guessed from it.
        fingerprint = self._hmac(b"body", name + body_sha256)
        values = {
            "fingerprint": fingerprint,
            "holder": self._holder(),
            "begun_at": now,
            "expires_at": now + self._lifetime,
        }
        begin = insert_into(connection, idempotency_keys).values(id=name, **values)
        begun = begin.on_conflict_do_nothing().returning(idempotency_keys.c.id)
        if connection.execute(begun).first() is not None:
            return None
        same = idempotency_keys.c.id == name
        row = connection.execute(select(idempotency_keys).where(same)).one()
        if self._is_free(row, fingerprint, now):
            self._take_over(connection, row, values)
            return None
        if not hmac.compare_digest(row.fingerprint, fingerprint):
            raise ServiceError(Problem.IDEMPOTENCY_KEY_REUSED)
        if row.status is None:
            raise ServiceError(Problem.IDEMPOTENCY_IN_FLIGHT, retry_after_s=_RETRY_AFTER_S)
        body = self._cipher(principal, key).open(row.sealed_body, name, "a stored answer")
        return StoredAnswer(row.status, body)

    def finish(
        self, connection: Connection, principal: Principal, key: str, status: int, body: bytes
    ) -> None:
        """Keep the answer, in the transaction that records what it says.

        Raises:
            ServiceError: IDEMPOTENCY_IN_FLIGHT; the lease ended meanwhile, and another server has
                begun. What this one did must not be recorded.
        """
        name = self._name(principal, key)
        sealed = self._cipher(principal, key).seal(body, name)
        kept = (
            update(idempotency_keys)
            .where(idempotency_keys.c.id == name, *self._mine())
            .values(status=status, sealed_body=sealed)
        )
        if not connection.execute(kept).rowcount:
            raise ServiceError(Problem.IDEMPOTENCY_IN_FLIGHT, retry_after_s=_RETRY_AFTER_S)

    def abandon(self, connection: Connection, principal: Principal, key: str) -> None:
        """Let the request be repeated: nothing was done."""
        name = self._name(principal, key)
        connection.execute(
            delete(idempotency_keys).where(idempotency_keys.c.id == name, *self._mine())
        )

    def _is_free(self, row: Row[Any], fingerprint: bytes, now: datetime) -> bool:
        """Whether the key is as good as new: forgotten, or its request died."""
        if now >= row.expires_at:
            return True
        lasting = -SKEW <= now - row.begun_at <= self._lease
        died = row.status is None and not lasting
        return died and hmac.compare_digest(row.fingerprint, fingerprint)

    def _take_over(self, connection: Connection, row: Row[Any], values: dict[str, Any]) -> None:
        same = (
            idempotency_keys.c.id == row.id,
            # Of several who find the lease ended, one gets it.
            idempotency_keys.c.begun_at == row.begun_at,
            idempotency_keys.c.holder == row.holder,
        )
        anew = {**values, "status": None, "sealed_body": None}
        if not connection.execute(update(idempotency_keys).where(*same).values(anew)).rowcount:
            raise ServiceError(Problem.IDEMPOTENCY_IN_FLIGHT, retry_after_s=_RETRY_AFTER_S)

    def _mine(self) -> tuple[Any, ...]:
        columns = idempotency_keys.c
        return (columns.holder == self._holder(), columns.status.is_(None))

    def _holder(self) -> bytes:
        """Of this process, also where it was forked off another."""
        return self._token + os.getpid().to_bytes(4, "big")

    def _name(self, principal: Principal, key: str) -> bytes:
        parts = (principal.idp, principal.method.value, principal.key_id, key)
        return self._hmac(b"name", "\0".join(parts).encode())

    def _cipher(self, principal: Principal, key: str) -> SealingCipher:
        """One for each answer, made of the caller's key too, which is kept nowhere."""
        parts = (principal.idp, principal.method.value, principal.key_id, key)
        return SealingCipher(Private(self._hmac(b"seal", "\0".join(parts).encode())))

    def _hmac(self, purpose: bytes, message: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + message, hashlib.sha256)


def _require_wellformed(key: str) -> None:
    if not _KEY.fullmatch(key):
        wrong = Fault.MALFORMED_KEY.at("header:Idempotency-Key")
        raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))

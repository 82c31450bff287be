"""The keys that sign receipts: derived from the server's secrets, rotated in a table.

A new key is published at once and signs some minutes later, when callers that keep the JWK set for
a while have it. An old one signs no more and stays published, for its receipts are kept; only one
that somebody else may have is withdrawn, and all its receipts with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from fvs.certificates.signing import PublicJwk, thumbprint
from fvs.errors import UsageError
from fvs.receipts.jws import encoded
from fvs_server.database.turns import Turn, take_turn
from fvs_server.receipts.tables import signing_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs_server.database import Database
    from fvs_server.secrets import ServerSecrets

__all__ = ["PUBLISHED_AHEAD", "KeyState", "SigningKey", "SigningKeys"]

PUBLISHED_AHEAD = timedelta(minutes=15)
"""Before a new key signs; the JWK set may be kept for 10 minutes (`Cache-Control`)."""


@dataclass(frozen=True, kw_only=True)
class KeyState:
    """A row of the table.

    Attributes:
        number: of the key.
        created_at: when it was published, UTC.
        signs_from: the newest that this is past signs.
        withdrawn_at: since when its receipts prove nothing.
    """

    number: int
    created_at: datetime
    signs_from: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A key and its name."""

    private: Ed25519PrivateKey
    public: PublicJwk


class SigningKeys:
    """All keys of this service, the same in every replica."""

    def __init__(self, secrets: ServerSecrets) -> None:
        """Derive keys from these secrets when they are wanted."""
        self._secrets = secrets
        self.at = lru_cache(maxsize=64)(self._derive)

    def ensure_one(self, database: Database, now: datetime) -> None:
        """Make the first key, which signs at once."""
        with database.reading() as connection:
            if self.states(connection):
                return
        try:
            with database.writing() as connection:
                self._add(connection, 1, now, now)
        except IntegrityError:
            pass  # another replica was first

    def rotate(self, connection: Connection, now: datetime) -> KeyState:
        """Add a key that signs from `PUBLISHED_AHEAD` on; the first signs at once."""
        take_turn(connection, Turn.RECORDS)
        numbers = [state.number for state in self.states(connection)]
        ahead = PUBLISHED_AHEAD if numbers else timedelta(0)
        return self._add(connection, max(numbers, default=0) + 1, now, now + ahead)

    def withdraw(self, connection: Connection, number: int, now: datetime) -> None:
        """Publish a key no more: whoever has it could sign.

        Raises:
            UsageError: there is none of this number, or no other that signs.
        """
        # Two that are withdrawn at once would each count on the other.
        take_turn(connection, Turn.RECORDS)
        states = {state.number: state for state in self.states(connection)}
        others = [s for s in states.values() if s.number != number and s.withdrawn_at is None]
        if number not in states:
            raise UsageError(f"there is no key {number}", advice="`list` shows all.")
        if not any(state.signs_from <= now for state in others):
            raise UsageError(
                "no other key signs yet", advice="Rotate, and withdraw this one when the new signs."
            )
        connection.execute(
            update(signing_keys).where(signing_keys.c.number == number).values(withdrawn_at=now)
        )

    def states(self, connection: Connection) -> list[KeyState]:
        """Every key there was, oldest first."""
        rows = connection.execute(select(signing_keys).order_by(signing_keys.c.number))
        return [
            KeyState(
                number=row.number,
                created_at=row.created_at,
                signs_from=row.signs_from,
                withdrawn_at=row.withdrawn_at,
            )
            for row in rows
        ]

    def _add(
        self, connection: Connection, number: int, now: datetime, signs_from: datetime
    ) -> KeyState:
        connection.execute(
            insert(signing_keys),
            {"number": number, "created_at": now, "signs_from": signs_from, "withdrawn_at": None},
        )
        return KeyState(number=number, created_at=now, signs_from=signs_from, withdrawn_at=None)

    def _derive(self, number: int) -> SigningKey:
        private = Ed25519PrivateKey.from_private_bytes(
            self._secrets.derive(f"receipt key {number}")
        )
        x = encoded(private.public_key().public_bytes_raw())
        public = PublicJwk(kty="OKP", crv="Ed25519", x=x, kid=thumbprint(x))
        return SigningKey(private=private, public=public)

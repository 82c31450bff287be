"""Signs answers as receipts."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from fvs.receipts.checking import RECEIPT_TYP
from fvs.receipts.claims import CREDENTIAL_TYPE
from fvs.receipts.jws import sign_compact
from fvs.receipts.sd_jwt import sign_disclosable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from fvs.receipts import ReceiptClaims
    from fvs_server.database import Database
    from fvs_server.receipts.keys import KeyState, SigningKey, SigningKeys

__all__ = ["Receipt", "Receipts"]

_LOOKED_AT_MOST = timedelta(seconds=10)
_CREDENTIAL_LIFE = timedelta(days=365)
_ALWAYS = ("iss", "iat", "decision")
_SD_JWT_VC = "sd_jwt_vc"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A signed answer.

    Attributes:
        jws: compact.
        sd_jwt_vc: for a wallet; None where it was not asked for.
    """

    jws: str
    sd_jwt_vc: str | None


class Receipts:
    """Signs with the newest key. Safe to use from many threads."""

    def __init__(
        self, keys: SigningKeys, database: Database, clock: Callable[[], datetime]
    ) -> None:
        """Make the first key where there is none."""
        self._keys = keys
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        keys.ensure_one(database, clock())
        self._states = self._read()
        self._looked_at = clock()

    def issue(self, claims: ReceiptClaims, formats: Collection[str]) -> Receipt:
        """Sign an answer.

        Args:
            claims: what it states.
            formats: `sd_jwt_vc` adds the credential; the JWS is always there.
        """
        key = self._signing_key()
        jws = sign_compact(claims, typ=RECEIPT_TYP, kid=key.public.kid, key=key.private)
        wanted = _SD_JWT_VC in formats
        return Receipt(jws=jws, sd_jwt_vc=_credential(claims, key) if wanted else None)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, a JWK set (RFC 7517)."""
        public = [
            self._keys.at(state.number).public
            for state in self._current_states()
            if state.withdrawn_at is None
        ]
        members = [{"kty": k.kty, "crv": k.crv, "x": k.x, "kid": k.kid} for k in public]
        return {"keys": [{**each, "use": "sig", "alg": "EdDSA"} for each in members]}

    def _signing_key(self) -> SigningKey:
        now = self._clock()
        usable = [state for state in self._current_states() if state.withdrawn_at is None]
        ready = [state.number for state in usable if state.signs_from <= now]
        # A clock that was set back may be before all of them: the oldest was always published.
        return self._keys.at(max(ready, default=min(state.number for state in usable)))

    def _current_states(self) -> list[KeyState]:
        """As the table says, looked at every ten seconds: other replicas rotate too."""
        with self._lock:
            now = self._clock()
            if not timedelta(0) <= now - self._looked_at < _LOOKED_AT_MOST:
                self._states, self._looked_at = self._read(), now
            return self._states

    def _read(self) -> list[KeyState]:
        with self._database.reading() as connection:
            return self._keys.states(connection)


def _credential(claims: ReceiptClaims, key: SigningKey) -> str:
    stated: dict[str, Any] = msgspec.to_builtins(claims)
    always = {name: stated.pop(name) for name in _ALWAYS}
    expires = always["iat"] + int(_CREDENTIAL_LIFE.total_seconds())
    return sign_disclosable(
        {**always, "vct": CREDENTIAL_TYPE, "exp": expires},
        stated,
        kid=key.public.kid,
        key=key.private,
    )

"""API keys: made, listed, revoked and rotated; their secrets are shown once and kept nowhere."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import insert, or_, select, update

from fvs.errors import UsageError
from fvs_server.identity.key_text import KeyText
from fvs_server.identity.principal import IDP_PATTERN, Scope
from fvs_server.identity.tables import api_keys

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, RowMapping

    from fvs_server.secrets import ServerSecrets

__all__ = ["ApiKey", "ApiKeys", "IssuedKey", "KeyOrder", "KeyState"]

_PURPOSE = "api keys"
_IDP = re.compile(IDP_PATTERN, re.ASCII)


class KeyState(StrEnum):
    """Whether a key is taken."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class KeyOrder:
    """What a new key shall be.

    Attributes:
        idp: whose.
        label: for people, for example the system that holds it.
        scopes: at least one.
        expires_at: from when on it is refused; None is never.
        signing_key: Ed25519 public key (32 bytes) of a caller who signs each request.
    """

    idp: str
    scopes: frozenset[Scope]
    label: str = ""
    expires_at: datetime | None = None
    signing_key: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        key_id: by which it is found.
        idp: whose.
        label: for people.
        scopes: what it may do.
        signing_key: Ed25519 public key; where there is one, requests without its signature are
            refused.
        created_at: when.
        expires_at: from when on it is refused.
        revoked_at: when it was revoked.
        last_used_at: to an hour.
        replaced_by: the key that it was rotated to.
    """

    key_id: str
    idp: str
    label: str
    scopes: frozenset[Scope]
    signing_key: bytes | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: str | None

    def state(self, now: datetime) -> KeyState:
        """Whether it is taken at that time."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A new key and, this once, its text."""

    key: ApiKey
    text: KeyText


class ApiKeys:
    """The table of keys."""

    def __init__(self, secrets: ServerSecrets) -> None:
        """MACs are made under a key derived from `secrets`."""
        self._mac_key = secrets.derive(_PURPOSE)

    def create(self, connection: Connection, order: KeyOrder, now: datetime) -> IssuedKey:
        """Make a key.

        Raises:
            UsageError: it could never be used.
        """
        _require_usable(order, now)
        text = KeyText.generate()
        connection.execute(
            insert(api_keys).values(
                key_id=text.key_id,
                idp=order.idp,
                label=order.label,
                scopes=" ".join(sorted(order.scopes)),
                secret_mac=self.mac(text),
                signing_key=order.signing_key,
                created_at=now,
                expires_at=order.expires_at,
            )
        )
        return IssuedKey(key=self.get(connection, text.key_id), text=text)

    def list(self, connection: Connection, idp: str | None = None) -> tuple[ApiKey, ...]:
        """All keys, or those of one identity provider, oldest first."""
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
        if idp is not None:
            query = query.where(api_keys.c.idp == idp)
        return tuple(_to_key(row) for row in connection.execute(query).mappings())

    def get(self, connection: Connection, key_id: str) -> ApiKey:
        """One key.

        Raises:
            UsageError: there is none.
        """
        found = self.find(connection, key_id)
        if found is None:
            raise UsageError(f"no key has the id {key_id}", advice="See `fvs server keys list`.")
        return found[0]

    def find(self, connection: Connection, key_id: str) -> tuple[ApiKey, bytes] | None:
        """A key and the MAC of its secret."""
        query = select(api_keys).where(api_keys.c.key_id == key_id)
        row = connection.execute(query).mappings().one_or_none()
        return None if row is None else (_to_key(row), row["secret_mac"])

    def revoke(self, connection: Connection, key_id: str, now: datetime) -> ApiKey:
        """Refuse a key from now on; one that is revoked already stays as it is.

        Raises:
            UsageError: there is none.
        """
        self.get(connection, key_id)
        connection.execute(
            update(api_keys)
            .where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return self.get(connection, key_id)

    def rotate(
        self, connection: Connection, key_id: str, *, overlap: timedelta, now: datetime
    ) -> IssuedKey:
        """Make a key like another, which is refused after the overlap; both work until then.

        The new key lives as long as the old one was meant to, counted from now.

        Raises:
            UsageError: there is none, it is refused already, or it was rotated before.
        """
        old = self.get(connection, key_id)
        if old.state(now) is not KeyState.ACTIVE or old.replaced_by is not None:
            raise UsageError(
                f"key {key_id} is {old.state(now)}"
                if old.replaced_by is None
                else f"key {key_id} was rotated already, to {old.replaced_by}",
                advice="Rotate the key in force, or make another with `fvs server keys create`.",
            )
        lifetime = None if old.expires_at is None else old.expires_at - old.created_at
        order = KeyOrder(
            idp=old.idp,
            scopes=old.scopes,
            label=old.label,
            expires_at=None if lifetime is None else now + lifetime,
            signing_key=old.signing_key,
        )
        issued = self.create(connection, order, now)
        last = now + overlap if old.expires_at is None else min(now + overlap, old.expires_at)
        connection.execute(
            update(api_keys)
            .where(api_keys.c.key_id == key_id)
            .values(expires_at=last, replaced_by=issued.key.key_id)
        )
        return issued

    def touch(
        self, connection: Connection, key_id: str, *, now: datetime, unless_since: datetime
    ) -> None:
        """Note that a key was used, unless that was noted since a moment."""
        column = api_keys.c.last_used_at
        connection.execute(
            update(api_keys)
            .where(api_keys.c.key_id == key_id, or_(column.is_(None), column < unless_since))
            .values(last_used_at=now)
        )

    def mac(self, text: KeyText) -> bytes:
        """HMAC-SHA-256 of the id and the secret, so that no row's MAC fits another row."""
        return hmac.digest(self._mac_key, text.key_id.encode() + text.secret.reveal(), "sha256")


def _require_usable(order: KeyOrder, now: datetime) -> None:
    if _IDP.fullmatch(order.idp) is None:
        raise UsageError(
            "the name of an identity provider is 1 to 128 visible ASCII characters",
            advice="Name it with --idp, for example bank.example.",
        )
    if not order.scopes:
        raise UsageError("a key without a scope opens nothing", advice="Add --scope verify.")
    if order.expires_at is not None and order.expires_at <= now:
        raise UsageError("the key would have expired already", advice="Name a later day.")


def _to_key(row: RowMapping) -> ApiKey:
    columns = {name: value for name, value in row.items() if name != "secret_mac"}
    key = ApiKey(**columns)
    return replace(key, scopes=frozenset(Scope(word) for word in row["scopes"].split()))

"""Signed statements that the log had so many entries and this Merkle root.

A compact JWS (Ed25519) of JSON: whoever keeps one outside the database can show later that nothing
before it was changed or cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from sqlalchemy import insert, select

from fvs.errors import DeploymentError
from fvs_server.audit.log import log_size
from fvs_server.audit.merkle import root_of
from fvs_server.audit.nodes import MissingNodeError, StoredNodes
from fvs_server.audit.tables import checkpoints
from fvs_server.database.turns import Turn, take_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from fvs_server.secrets import ServerSecrets

__all__ = ["Checkpoint", "CheckpointKey", "Checkpoints", "SignedCheckpoint", "read_checkpoint"]

_TYPE = "fvs-audit-checkpoint+jws"
_ALGORITHM = "Ed25519"
_PURPOSE = "audit checkpoints"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint states.

    Attributes:
        entries: in the log.
        root: of the Merkle tree over them, hexadecimal.
        at: when it was signed, UTC.
    """

    entries: int
    root: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint and its compact JWS."""

    checkpoint: Checkpoint
    signed: str


class CheckpointKey:
    """The Ed25519 key of this service's checkpoints."""

    def __init__(self, secrets: ServerSecrets) -> None:
        """Derive it."""
        private = Ed25519PrivateKey.from_private_bytes(secrets.derive(_PURPOSE))
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = OKPKey.import_key(pem)

    @property
    def public(self) -> dict[str, str]:
        """Its public half, a JWK whose `kid` is its thumbprint: for whoever checks the log."""
        found = self._key.as_dict(private=False)
        return {**{name: str(found[name]) for name in ("kty", "crv", "x")}, "kid": self._kid}

    def sign(self, checkpoint: Checkpoint) -> str:
        """A compact JWS."""
        header = {"alg": _ALGORITHM, "kid": self._kid, "typ": _TYPE}
        content = msgspec.json.encode(checkpoint, order="sorted")
        return jws.serialize_compact(header, content, self._key, algorithms=[_ALGORITHM])

    @property
    def _kid(self) -> str:
        return self._key.thumbprint()


def read_checkpoint(signed: str, public_jwk: dict[str, str]) -> Checkpoint | None:
    """What a checkpoint states; None where it is not signed by this key."""
    try:
        key = OKPKey.import_key({name: public_jwk[name] for name in ("kty", "crv", "x")})
        found = jws.deserialize_compact(signed, key, algorithms=[_ALGORITHM])
        if found.headers().get("typ") != _TYPE:
            return None
        return msgspec.json.decode(found.payload, type=Checkpoint)
    except (JoseError, ValueError, KeyError):
        return None


class Checkpoints:
    """The checkpoints of a log."""

    def __init__(self, key: CheckpointKey) -> None:
        """Sign with this key."""
        self.key = key

    def make(self, connection: Connection, now: datetime) -> SignedCheckpoint | None:
        """Sign the log as it is; None where there is nothing new since the last one.

        No two checkpoints contradict each other: what does not begin with what was signed before
        is not signed.

        Args:
            connection: of `Database.writing`.
            now: UTC.

        Raises:
            DeploymentError: somebody has changed what was signed before.
        """
        take_turn(connection, Turn.RECORDS)  # so that replicas do not sign the same twice
        last, size = self.last(connection), log_size(connection)
        self._require_continued(connection, last, size)
        if size == (0 if last is None else last.checkpoint.entries):
            return None
        root = _root_over(connection, size)
        made = Checkpoint(entries=size, root=root.hex(), at=now)
        signed = self.key.sign(made)
        connection.execute(
            insert(checkpoints).values(entries=size, at=now, root=root, signed=signed)
        )
        return SignedCheckpoint(checkpoint=made, signed=signed)

    def _require_continued(
        self, connection: Connection, last: SignedCheckpoint | None, size: int
    ) -> None:
        if last is None:
            return
        stated = read_checkpoint(last.signed, self.key.public)
        if (
            stated is None
            or stated.entries > size
            or _root_over(connection, stated.entries).hex() != stated.root
        ):
            raise _not_what_was_signed()

    def last(self, connection: Connection) -> SignedCheckpoint | None:
        """The newest one."""
        row = connection.execute(
            select(checkpoints).order_by(checkpoints.c.entries.desc()).limit(1)
        ).first()
        return None if row is None else _of_row(row)

    def all(self, connection: Connection) -> Iterator[SignedCheckpoint]:
        """Each, oldest first."""
        for row in connection.execute(select(checkpoints).order_by(checkpoints.c.entries)):
            yield _of_row(row)


def _root_over(connection: Connection, size: int) -> bytes:
    """The root over the first entries, of the nodes that are kept."""
    try:
        return root_of(size, StoredNodes(connection))
    except MissingNodeError:
        raise _not_what_was_signed() from None


def _not_what_was_signed() -> DeploymentError:
    return DeploymentError(
        "the audit log does not begin with what its last checkpoint was signed for",
        advice="`fvs audit verify` says what was changed; restore the database from its backup.",
    )


def _of_row(row: object) -> SignedCheckpoint:
    """A row of the table, whose statement is checked by whoever wants to know."""
    stated = Checkpoint(entries=row.entries, root=bytes(row.root).hex(), at=row.at)  # type: ignore[attr-defined]  # columns
    return SignedCheckpoint(checkpoint=stated, signed=row.signed)  # type: ignore[attr-defined]

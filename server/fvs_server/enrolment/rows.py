"""A row of an import at rest: sealed, for it holds a number and a face."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING

import msgspec

from fvs.registry.cipher import SealingCipher
from fvs.registry.records import TemplateKind  # noqa: TC001 - likewise
from fvs.subjects import Private, SubjectId, SubjectKind
from fvs_server.enrolment.portraits import Portrait

if TYPE_CHECKING:
    from fvs_server.secrets import ServerSecrets

__all__ = ["RowSeal"]


class _Row(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Fields as of `Portrait`."""

    subject_kind: SubjectKind
    number: str
    picture: bytes
    kind: TemplateKind
    portrait_date: date | None
    legal_basis: str
    source: str
    retain_until: date | None


class RowSeal:
    """Seals portraits under a key that the database does not hold. Threads may share it."""

    def __init__(self, secrets: ServerSecrets) -> None:
        """Derive the key."""
        self._cipher = SealingCipher(Private(secrets.derive("imports")))

    def seal(self, portrait: Portrait, job_id: str, row: int) -> bytes:
        """For one row of one job, and no other."""
        content = _Row(
            subject_kind=portrait.subject.kind,
            number=portrait.subject.number.reveal(),
            picture=portrait.picture,
            kind=portrait.kind,
            portrait_date=portrait.portrait_date,
            legal_basis=portrait.legal_basis,
            source=portrait.source,
            retain_until=portrait.retain_until,
        )
        return self._cipher.seal(msgspec.msgpack.encode(content), _context(job_id, row))

    def open(self, sealed: bytes, job_id: str, row: int) -> Portrait:
        """The portrait.

        Raises:
            SealError: it was altered or moved, or sealed under other secrets.
        """
        content = self._cipher.open(sealed, _context(job_id, row), "a row of an import")
        found = msgspec.msgpack.decode(content, type=_Row)
        return Portrait(
            subject=SubjectId(found.subject_kind, Private(found.number)),
            picture=found.picture,
            kind=found.kind,
            portrait_date=found.portrait_date,
            legal_basis=found.legal_basis,
            source=found.source,
            retain_until=found.retain_until,
        )


def _context(job_id: str, row: int) -> bytes:
    return f"{job_id} {row}".encode()

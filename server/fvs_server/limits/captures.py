"""Captures that were sent before: the same bytes, or the same picture encoded anew.

Looks are compared among captures of one subject: people before one wall look alike to 64 bits, and
a capture of one person gains nothing for another. Hashes of looks are kept under a permutation and
a mask of their bits that are secret and the subject's own. That keeps distances, so that near
hashes of one subject are near, and those of two subjects are so by chance alone; the database
tells neither how a picture looked nor whose it is. Hashes that differ in at most 3 bits agree in
one of 4 bands of 16 (pigeonhole), so four index look-ups find them among millions.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import bindparam, or_, select

from fvs_server.limits.statements import bound, insert_of, parameters_of
from fvs_server.limits.tables import captures as table
from fvs_server.looks import BITS, hamming_distance
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import ReturningInsert

    from fvs_server.limits.settings import LimitsSettings

__all__ = ["NEAR_BITS", "Capture", "Captures"]

NEAR_BITS = 3
"""Hashes that differ in no more bits are of one picture."""

_BANDS = 4
_BAND_BITS = BITS // _BANDS
_SIGN = 1 << (BITS - 1)


def _band(number: int) -> str:
    """The name of a band's column, which is also that of its parameter."""
    return f"band_{number}"


_IS_RECENT = table.c.seen_at > bindparam("since")
_SAME = (
    select(table.c.digest)
    .where(table.c.digest.in_(bindparam("digests", expanding=True)), _IS_RECENT)
    .limit(1)
)
_NEAR = select(table.c.looks).where(
    or_(*(table.c[_band(n)] == bindparam(_band(n)) for n in range(_BANDS))), _IS_RECENT
)


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One frame of a request.

    Attributes:
        sha256: of its bytes.
        perceptual: of `perceptual_hash`.
    """

    sha256: bytes
    perceptual: int | None


class Captures:
    """Captures of the last days, of all IdPs; replicas share them."""

    def __init__(self, settings: LimitsSettings, key: bytes) -> None:
        """Take the settings and 32 bytes of `ServerSecrets.derive`."""
        self._secret = key
        self._window = timedelta(days=settings.replay_days)

    def refuse_replayed(
        self, connection: Connection, subject: bytes, captures: Sequence[Capture], now: datetime
    ) -> None:
        """Refuse frames of which one was remembered within the window.

        Args:
            connection: of any transaction.
            subject: pseudonym.
            captures: of the request.
            now: the time.

        Raises:
            ServiceError: CAPTURE_REPLAYED.
        """
        since = now - self._window
        digests = [self._digest(capture) for capture in captures]
        same = {"digests": digests, "since": since}
        if connection.execute(_SAME, same).first() is not None:
            raise ServiceError(Problem.CAPTURE_REPLAYED)
        for looks in self._veiled(subject, [capture.perceptual for capture in captures]):
            if looks is not None:
                _refuse_alike(connection, looks, since)

    def remember(
        self,
        connection: Connection,
        subject: bytes,
        captures: Sequence[Capture],
        now: datetime,
        *,
        accepted: bool = True,
    ) -> None:
        """Remember frames that were answered; refuse them, should another request have been first.

        Looks are remembered of accepted frames alone: whoever was refused and tries again at once
        looks the same, and the replay of a refused capture gains nothing.

        Args:
            connection: of a writing transaction that holds the subject's lock (`Attempts.record`).
            subject: pseudonym.
            captures: of the request.
            now: the time.
            accepted: whether the person was verified with them.

        Raises:
            ServiceError: CAPTURE_REPLAYED.
        """
        perceptual = {self._digest(capture): capture.perceptual for capture in captures}
        all_looks = self._veiled(subject, list(perceptual.values()))
        for looks in all_looks:
            if looks is not None:
                _refuse_alike(connection, looks, now - self._window)
        keep = _keep(connection.dialect.name)
        forgotten = {"forgotten": now - self._window}
        for digest, looks in zip(perceptual, all_looks, strict=True):
            kept = _columns(looks if accepted else None)
            row = parameters_of({"digest": digest, "seen_at": now, **kept})
            if connection.execute(keep, row | forgotten).first() is None:
                raise ServiceError(Problem.CAPTURE_REPLAYED)

    def _digest(self, capture: Capture) -> bytes:
        return hmac.digest(self._secret, b"bytes" + capture.sha256, hashlib.sha256)

    def _veiled(self, subject: bytes, perceptual: Sequence[int | None]) -> list[int | None]:
        """Hashes of looks as they are kept of a subject; before a picture is decoded, none."""
        if not any(each is not None for each in perceptual):
            return [None] * len(perceptual)
        veil = self._veil(subject)
        return [None if each is None else veil.over(each) for each in perceptual]

    def _veil(self, subject: bytes) -> _Veil:
        return _Veil(hmac.digest(self._secret, b"looks" + subject, hashlib.sha256))


class _Veil:
    """A permutation and a mask of 64 bits, of a seed; distances stay."""

    def __init__(self, seed: bytes) -> None:
        stream = np.frombuffer(hashlib.shake_256(seed).digest(9 * BITS), np.uint8)
        # Numbers of 64 bits: that two of them are equal, and the order not even, does not happen.
        self._order = stream[BITS:].view(np.uint64).argsort()
        self._mask = stream[:BITS] & 1

    def over(self, perceptual: int) -> int:
        """The hash as it is kept."""
        bits = np.unpackbits(np.frombuffer(perceptual.to_bytes(BITS // 8, "big"), np.uint8))
        return int.from_bytes(np.packbits(bits[self._order] ^ self._mask).tobytes(), "big")


@cache
def _keep(dialect: str) -> ReturningInsert[Any]:
    """Remember a capture; no row comes back where it is remembered and not forgotten."""
    statement = insert_of(dialect, table).values(bound(table.c.keys()))
    return statement.on_conflict_do_update(
        index_elements=[table.c.digest],
        set_={column.name: column for column in statement.excluded if column.name != "digest"},
        where=table.c.seen_at <= bindparam("forgotten"),
    ).returning(table.c.digest)


def _refuse_alike(connection: Connection, looks: int, since: datetime) -> None:
    bands = {_band(band): value for band, value in enumerate(_bands(looks))}
    for (found,) in connection.execute(_NEAR, {"since": since, **bands}):
        if hamming_distance(found + _SIGN, looks) <= NEAR_BITS:
            raise ServiceError(Problem.CAPTURE_REPLAYED)


def _bands(looks: int) -> list[int]:
    return [looks >> (_BAND_BITS * band) & ((1 << _BAND_BITS) - 1) for band in range(_BANDS)]


def _columns(looks: int | None) -> dict[str, int | None]:
    bands: list[int | None] = [None] * _BANDS if looks is None else [*_bands(looks)]
    # Databases have no unsigned 64 bits.
    stored = None if looks is None else looks - _SIGN
    return {"looks": stored, **{_band(n): value for n, value in enumerate(bands)}}

"""Requests that are signed (RFC 9421), their bodies by digest (RFC 9530).

The profile: one signature with `tag="fvs-request"` over "@method", "@target-uri", "authorization"
and, where there is a body, "content-digest"; parameters `created`, `nonce` (new for each request),
`keyid` (the id of the API key), optionally `expires` and `alg`; Ed25519.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import http_sf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)
from sqlalchemy import bindparam, delete, insert
from sqlalchemy.exc import IntegrityError

from fvs_server.details import Detail
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.identity.tables import request_nonces
from fvs_server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fvs_server.database import Database
    from fvs_server.identity.api_keys import ApiKey
    from fvs_server.identity.request_head import RequestHead
    from fvs_server.words import Words

__all__ = ["SIGNATURE_TAG", "BodyDigests", "Signatures"]

SIGNATURE_TAG = "fvs-request"

_COVERED = ("@method", "@target-uri", "authorization")
_DIGEST = "content-digest"
_CLOCK_SKEW_S = 5
_MOST_NONCE_CHARACTERS = 128
_HASHES = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
"""RFC 9530, section 5: those that are not deprecated."""

_FORGET = delete(request_nonces).where(request_nonces.c.expires_at < bindparam("now"))
_REMEMBER = insert(request_nonces)


class BodyDigests:
    """What a body must hash to; fed as the body comes in."""

    def __init__(self, expected: Mapping[str, bytes]) -> None:
        """Take digests by algorithm; none at all is the promise of an empty body."""
        self._expected = expected
        self._hashes = {name: _HASHES[name]() for name in expected}
        self._is_empty = True

    def feed(self, part: bytes) -> None:
        """The next part."""
        self._is_empty = self._is_empty and not part
        for each in self._hashes.values():
            each.update(part)

    def hold(self) -> bool:
        """Whether all parts together are what was signed."""
        if not self._expected:
            return self._is_empty
        return all(
            hmac.compare_digest(self._hashes[name].digest(), digest)
            for name, digest in self._expected.items()
        )


@dataclass(frozen=True, kw_only=True)
class _Message:
    """A request as `http_message_signatures` wants it."""

    method: str
    url: str
    headers: _Fields


@dataclass(frozen=True)
class _Fields:
    """All lines of the header."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> tuple[tuple[str, str], ...]:
        """Names and values."""
        return self.lines


class _Verifier(HTTPMessageVerifier):
    """By our clock: the library's own looks at the machine's."""

    def __init__(self, key: ApiKey, public_key: Ed25519PublicKey, now_s: float, age_s: int) -> None:
        keys = MappingKeyResolver(public_keys={key.key_id: public_key}, private_keys={})
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=keys)
        self._now_s = now_s
        self._age_s = age_s

    def validate_created_and_expires(self, sig_input: Any, max_age: object = None) -> None:  # noqa: ANN401, ARG002 - the library's signature
        created, expires = sig_input.params.get("created"), sig_input.params.get("expires")
        if type(created) is not int:
            raise InvalidSignature("without the time at which it was made")
        if not -_CLOCK_SKEW_S <= self._now_s - created <= self._age_s:
            raise InvalidSignature("made too long ago, or in the future")
        if expires is not None and (type(expires) is not int or expires < self._now_s):
            raise InvalidSignature("expired")


class Signatures:
    """Checks signatures of requests, and that none comes twice to any replica."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        window_s: int,
        public_url: str,
    ) -> None:
        """Take signatures not older than `window_s`.

        Args:
            database: where nonces are remembered for as long.
            clock: the time, UTC.
            window_s: how old a signature may be.
            public_url: as callers write the beginning of "@target-uri"; empty takes `Host`.
        """
        self._database = database
        self._clock = clock
        self._window_s = window_s
        self._public_url = public_url

    def check(self, head: RequestHead, key: ApiKey, signing_key: bytes) -> BodyDigests:
        """What the body must hash to.

        Raises:
            RefusedCredentialsError: INVALID_SIGNATURE; it is missing, does not hold, is too old or
                was there before.
        """
        now = self._clock()
        public_key = Ed25519PublicKey.from_public_bytes(signing_key)
        verifier = _Verifier(key, public_key, now.timestamp(), self._window_s)
        try:
            (result,) = verifier.verify(
                self._message(head),
                max_age=None,
                expect_tag=SIGNATURE_TAG,
                require_components=_COVERED,
            )
            covered = result.covered_components.get(f'"{_DIGEST}"')
            expected = {} if covered is None else _parse_digests(covered)
        except (HTTPMessageSignaturesException, ValueError) as error:
            raise _refused("signature_wrong", Detail.SIGNATURE_WRONG.value) from (error)
        self._spend(key.key_id, result.nonce, now)
        return BodyDigests(expected)

    def _message(self, head: RequestHead) -> _Message:
        origin = self._public_url or f"{head.scheme}://{head.only('host') or ''}"
        return _Message(
            method=head.method, url=f"{origin}{head.target}", headers=_Fields(head.fields)
        )

    def _spend(self, key_id: str, nonce: str | None, now: datetime) -> None:
        """Note the nonce, in its own transaction: it is spent whatever becomes of the request."""
        if not nonce or len(nonce) > _MOST_NONCE_CHARACTERS:
            raise _refused("signature_nonce", Detail.NONCE_LENGTH.value)
        row = {
            "key_id": key_id,
            "nonce": nonce,
            "expires_at": now + timedelta(seconds=self._window_s + _CLOCK_SKEW_S),
        }
        try:
            with self._database.writing() as connection:
                connection.execute(_FORGET, {"now": now})
                connection.execute(_REMEMBER, row)
        except IntegrityError:
            raise _refused("signature_replayed", Detail.NONCE_USED.value) from None


def _parse_digests(field: str) -> dict[str, bytes]:
    """RFC 9530, section 2.

    Raises:
        ValueError: it is malformed, or holds no digest or one that we cannot check.
    """
    members = http_sf.parse(field.encode("ascii"), tltype="dictionary")
    if not isinstance(members, dict) or not members or not members.keys() <= _HASHES.keys():
        raise ValueError("no digest that can be checked")
    digests: dict[str, bytes] = {}
    for name, member in members.items():
        digest = member[0] if isinstance(member, tuple) else None
        if not isinstance(digest, bytes):
            raise ValueError("a digest is no byte sequence")  # noqa: TRY004 - of the text's form
        digests[name] = digest
    return digests


def _refused(reason: str, detail: Words) -> RefusedCredentialsError:
    return RefusedCredentialsError(reason, detail, problem=Problem.INVALID_SIGNATURE)

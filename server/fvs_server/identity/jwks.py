"""The public keys of the issuer of access tokens, fetched now and then."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from fvs.errors import DeploymentError
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IssuerKey", "Jwks", "jwks_reader"]

_logger = logging.getLogger(__name__)

IssuerKey = RSAKey | ECKey | OKPKey

_TYPES: dict[str, type[IssuerKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
"""Of public keys; a shared secret (`oct`) in a published set is no key."""
_LEAST_RSA_BITS = 2048
"""RFC 7518, section 3.3."""
_MOST_BYTES = 256 * 1024
_FETCH_TIMEOUT_S = 3.0
"""Without a byte."""
_FETCH_LASTS_S = 10.0
"""In all."""
_COOL_DOWN_S = 10.0
"""Between two fetches: made-up key ids and an issuer that is down must not become a flood."""
_STALE_S = 3600.0
"""For so long beyond its time a set serves while the issuer cannot be reached."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Set(msgspec.Struct):
    """RFC 7517, section 5; other members mean nothing to us."""

    keys: list[dict[str, Any]]


class Jwks:
    """A set of keys, kept for a while. Threads may share it."""

    def __init__(
        self,
        read: Callable[[], bytes],
        *,
        lifetime_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Get the set from `read` when it is first asked for, and again after its life."""
        self._read = read
        self._lifetime_s = lifetime_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, IssuerKey] = {}
        self._read_at = self._tried_at = float("-inf")

    def key(self, key_id: str) -> IssuerKey | None:
        """The key of that id; one that is not there is looked for anew, for it may be a new one.

        Raises:
            ServiceError: ISSUER_UNAVAILABLE, there is no set, or none that is young enough.
        """
        if self._age_s() >= self._lifetime_s or key_id not in self._keys:
            self._refresh()
        if self._age_s() >= self._lifetime_s + _STALE_S:
            raise ServiceError(Problem.ISSUER_UNAVAILABLE, retry_after_s=_COOL_DOWN_S)
        return self._keys.get(key_id)

    def forget(self) -> None:
        """Fetch the set again when it is next asked for; until that succeeds it serves."""
        self._tried_at = float("-inf")
        self._read_at = min(self._read_at, self._monotonic() - self._lifetime_s)

    def _age_s(self) -> float:
        return self._monotonic() - self._read_at

    def _refresh(self) -> None:
        # Who has an older set goes on with it while another thread fetches.
        if not self._lock.acquire(blocking=not self._keys):
            return
        try:
            if self._monotonic() - self._tried_at < _COOL_DOWN_S:
                return
            self._tried_at = self._monotonic()
            self._keys = _parse(self._read())
            self._read_at = self._monotonic()
        except (OSError, httpx.HTTPError, ValueError) as error:
            _logger.warning("the issuer's keys could not be read (%s)", type(error).__name__)
        finally:
            self._lock.release()


def jwks_reader(location: str) -> Callable[[], bytes]:
    """How a set is read: over https, or from a file where there is no network.

    Raises:
        DeploymentError: the location is neither.
    """
    parts = urlsplit(location)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return lambda: _fetch(location)
    if not location or (parts.scheme and "://" in location):
        raise DeploymentError(
            "the issuer's keys are neither at an https URL nor in a file",
            advice="Set [oauth2] jwks.",
        )
    return lambda: _read_file(Path(location))


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return _bounded(file.read(_MOST_BYTES + 1))


def _fetch(url: str) -> bytes:
    """The body of a 200; no redirect is followed and no proxy is taken from the environment."""
    content, last = b"", time.monotonic() + _FETCH_LASTS_S
    with (
        httpx.Client(timeout=_FETCH_TIMEOUT_S, trust_env=False) as client,
        client.stream("GET", url, headers={"Accept": "application/json"}) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise ValueError("the issuer answers otherwise than 200")
        for part in response.iter_bytes():
            content = _bounded(content + part)
            if time.monotonic() > last:
                raise ValueError("the issuer is too slow")
    return content


def _bounded(content: bytes) -> bytes:
    if len(content) > _MOST_BYTES:
        raise ValueError("the issuer's set of keys is too large")
    return content


def _parse(content: bytes) -> dict[str, IssuerKey]:
    """Keys by id: public, for signatures, and long enough; others are passed over.

    Raises:
        ValueError: it is no set of keys.
    """
    try:
        found = msgspec.json.decode(content, type=_Set)
    except msgspec.DecodeError as error:
        raise ValueError("the issuer's set of keys is malformed") from error
    keys = {str(entry.get("kid", "")): _public_key(entry) for entry in found.keys}
    return {name: key for name, key in keys.items() if name and key is not None}


def _public_key(entry: dict[str, Any]) -> IssuerKey | None:
    kind = _TYPES.get(str(entry.get("kty")))
    if kind is None or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    try:
        key = kind.import_key(entry)
    except (JoseError, ValueError, TypeError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_RSA_BITS:
        return None
    return key

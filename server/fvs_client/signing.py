"""Requests that are signed (RFC 9421) with their body's digest (RFC 9530).

The service's profile: `tag="fvs-request"` over "@method", "@target-uri", "authorization" and, where
there is a body, "content-digest"; `created`, `nonce`, `keyid`; Ed25519.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import secrets
import time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fvs_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fvs_client.exchange import HttpRequest

__all__ = ["RequestSigner"]

_LABEL = "fvs"
_TAG = "fvs-request"
_NONCE_BYTES = 16


class RequestSigner:
    """Signs each request anew, with a nonce of its own: also each attempt of one call."""

    def __init__(
        self, private_key_pem: bytes, key_id: str, *, now_s: Callable[[], float] = time.time
    ) -> None:
        """Take the key whose public half was given to `fvs server keys create --signing-key`.

        Args:
            private_key_pem: Ed25519.
            key_id: 16 hex digits of the API key.
            now_s: seconds since 1970.

        Raises:
            ConfigurationError: the key is another's kind.
        """
        try:
            key = load_pem_private_key(private_key_pem, password=None)
        except (ValueError, TypeError):
            raise ConfigurationError("the signing key is not an unencrypted PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError("the signing key must be Ed25519")
        self._key = key
        self._key_id = key_id
        self._now_s = now_s

    def sign(self, request: HttpRequest) -> HttpRequest:
        """The request with `Signature`, `Signature-Input` and `Content-Digest`."""
        covered = {
            "@method": request.method,
            "@target-uri": request.url,
            "authorization": request.headers.get("Authorization", ""),
        }
        added: dict[str, str] = {}
        if request.content:
            digest = base64.b64encode(hashlib.sha256(request.content).digest()).decode()
            added["Content-Digest"] = covered["content-digest"] = f"sha-256=:{digest}:"
        parameters = self._parameters(tuple(covered))
        signature = base64.b64encode(self._key.sign(_base(covered, parameters))).decode()
        added["Signature-Input"] = f"{_LABEL}={parameters}"
        added["Signature"] = f"{_LABEL}=:{signature}:"
        return dataclasses.replace(request, headers={**request.headers, **added})

    def _parameters(self, names: tuple[str, ...]) -> str:
        """RFC 9421, section 2.3."""
        listed = " ".join(f'"{name}"' for name in names)
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        return (
            f"({listed});created={int(self._now_s())}"
            f';nonce="{nonce}";keyid="{self._key_id}";alg="ed25519";tag="{_TAG}"'
        )


def _base(covered: dict[str, str], parameters: str) -> bytes:
    """The signature base of RFC 9421, section 2.5."""
    lines = [f'"{name}": {value}' for name, value in covered.items()]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()

"""The server's own TLS certificate, looked at before anything listens."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from fvs.errors import DeploymentError

if TYPE_CHECKING:
    from fvs_server.settings import HttpSettings

__all__ = ["require_usable_tls"]

_PEM = "`tls_certificate` is a PEM file, the chain last; `tls_key` its private key, not encrypted."


def require_usable_tls(http: HttpSettings) -> None:
    """Load certificate and key as the server will; nothing where it speaks HTTP.

    Raises:
        DeploymentError: only one is set, a file cannot be read, or the two do not belong together.
    """
    if http.tls_certificate is None and http.tls_key is None:
        return
    if http.tls_certificate is None or http.tls_key is None:
        raise DeploymentError(
            "of tls_certificate and tls_key one is set",
            advice="Set both in [http], or neither: a proxy may end TLS.",
        )
    for path in (http.tls_certificate, http.tls_key):
        _require_readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # With a password, if only an empty one, OpenSSL does not ask for it at the terminal.
        context.load_cert_chain(http.tls_certificate, http.tls_key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise DeploymentError(
            f"{http.tls_certificate} and {http.tls_key} are no certificate and its key",
            advice=f"Correct them in [http]: {_PEM}",
        ) from error


def _require_readable(path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise DeploymentError(
            f"cannot read {path}: {error.strerror}", advice=f"Correct it in [http]: {_PEM}"
        ) from error

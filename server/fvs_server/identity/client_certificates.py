"""TLS client certificates that a trusted proxy hands on in `Client-Cert` (RFC 9440)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import http_sf
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from fvs.errors import DeploymentError
from fvs_server.details import Detail
from fvs_server.identity.principal import AuthenticationMethod, Principal
from fvs_server.identity.refusals import RefusedCredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs_server.identity.peers import Peers
    from fvs_server.identity.request_head import RequestHead
    from fvs_server.identity.settings import MappedCertificate, MtlsSettings

__all__ = ["ClientCertificate", "ClientCertificates"]

_FIELD = "client-cert"
_MOST_CHARACTERS = 16_384
_SHOWN_HEX_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """What we need of one.

    Attributes:
        sha256: of its DER bytes.
        subject: as RFC 4514 writes it.
    """

    sha256: bytes
    subject: str


class ClientCertificates:
    """Reads certificates, and knows whom some of them stand for."""

    def __init__(self, settings: MtlsSettings, peers: Peers, clock: Callable[[], datetime]) -> None:
        """Take the mapping of the settings.

        Raises:
            DeploymentError: an entry names no certificate, or names it twice.
        """
        for entry in settings.certificates:
            if (entry.sha256 is None) == (entry.subject is None):
                raise DeploymentError(
                    f"a certificate of {entry.idp} is named by neither or both of sha256, subject",
                    advice="Give one of them in [[mtls.certificates]].",
                )
        self._mapped = settings.certificates
        self._peers = peers
        self._clock = clock

    def shown(self, head: RequestHead) -> ClientCertificate | None:
        """The certificate with which the caller's TLS was made; None without a trusted word on it.

        Raises:
            RefusedCredentialsError: a trusted proxy sent something else, or one out of date.
            ServiceError: INVALID_REQUEST, the field is there twice.
        """
        if not self._peers.trusts(head.peer):
            return None
        field = head.only(_FIELD)
        if not field:  # some proxies send the field empty for callers without a certificate
            return None
        certificate = _parse(field)
        now = self._clock()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise RefusedCredentialsError("certificate_dates", Detail.CERTIFICATE_OUT_OF_DATE.value)
        return ClientCertificate(
            sha256=certificate.fingerprint(hashes.SHA256()),
            subject=certificate.subject.rfc4514_string(),
        )

    def principal(self, certificate: ClientCertificate) -> Principal:
        """Whom it stands for.

        Raises:
            RefusedCredentialsError: nobody.
        """
        for entry in self._mapped:
            if _names(entry, certificate):
                return Principal(
                    idp=entry.idp,
                    key_id=certificate.sha256.hex()[:_SHOWN_HEX_DIGITS],
                    scopes=frozenset(entry.scopes),
                    method=AuthenticationMethod.MUTUAL_TLS,
                )
        raise RefusedCredentialsError("certificate_unknown", Detail.CERTIFICATE_UNKNOWN.value)


def _names(entry: MappedCertificate, certificate: ClientCertificate) -> bool:
    if entry.sha256 is not None:
        return entry.sha256 == certificate.sha256.hex()
    return entry.subject == certificate.subject


def _parse(field: str) -> x509.Certificate:
    """RFC 9440, section 2.2: DER as a byte sequence of structured fields."""
    if len(field) > _MOST_CHARACTERS:
        raise RefusedCredentialsError("certificate_long")
    try:
        parsed = http_sf.parse(field.encode("ascii"), tltype="item")
        der = parsed[0] if isinstance(parsed, tuple) else None
        if isinstance(der, bytes):
            return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise RefusedCredentialsError("certificate_malformed") from error
    raise RefusedCredentialsError("certificate_malformed")

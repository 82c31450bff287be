"""`certificate.json` and `certificate.json.jws`: written together, believed together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fvs.certificates.errors import (
    CertificateError,
    CertificateMissingError,
    CertificateUnsignedError,
)
from fvs.certificates.records import Certificate, decode_certificate, encode_certificate
from fvs.certificates.signing import sign_bytes, verify_bytes
from fvs.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.certificates.signing import PrivateJwk
    from fvs.certificates.trust import TrustStore

__all__ = ["load_certificate", "read_certificate", "signature_path", "write_certificate"]


def signature_path(path: Path) -> Path:
    """Where the signature of a certificate lies: beside it, `.jws` appended."""
    return path.with_name(path.name + ".jws")


def load_certificate(path: Path, trust: TrustStore, now: datetime | None = None) -> Certificate:
    """Read a certificate that decisions may rest on.

    Args:
        path: of `certificate.json`.
        trust: whose signatures are believed.
        now: when it must be valid, with a time zone; None is the present.

    Raises:
        CertificateError: the first of these that is the case: missing, unsigned, signed otherwise
            than by Ed25519, by an unknown key, tampered with, malformed, not yet or no more valid.
    """
    content = _read(path)
    # The signature first: bytes that nobody vouches for are not even parsed.
    verify_bytes(content, _read_signature(signature_path(path)), trust.keys)
    certificate = decode_certificate(content)
    certificate.require_valid(now if now is not None else datetime.now(UTC))
    return certificate


def read_certificate(path: Path) -> Certificate:
    """Read a certificate to show it, whoever signed it or nobody: nothing may be decided by it.

    Raises:
        CertificateMissingError: there is none.
        CertificateMalformedError: it is no certificate.
    """
    return decode_certificate(_read(path))


def write_certificate(path: Path, certificate: Certificate, key: PrivateJwk | None) -> None:
    """Write a certificate and its signature; without a key none, and an old one is removed.

    Raises:
        UsageError: a file cannot be written.
    """
    content = encode_certificate(certificate)
    try:
        # A signature without its document, or the reverse, must at no time look like a pair.
        signature_path(path).unlink(missing_ok=True)
        path.write_bytes(content)
        if key is not None:
            signature_path(path).write_bytes(sign_bytes(content, key))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CertificateMissingError(
            f"there is no certificate {path}, and without one nothing is decided",
            advice="`fvs compare` gives a bare similarity; pack `standard` decides; "
            "`fvs calibrate --help` says how to measure and sign one of your own.",
        ) from error
    except OSError as error:
        raise CertificateError(f"cannot read {path}: {error.strerror}") from error


def _read_signature(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CertificateUnsignedError(
            f"the certificate is not signed: there is no {path.name} beside it",
            advice="Sign it with `fvs certificate sign` if you vouch for it, else take both files "
            "from where it was issued.",
        ) from error
    except OSError as error:
        raise CertificateError(f"cannot read {path}: {error.strerror}") from error

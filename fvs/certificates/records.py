"""A certificate: operating points with who vouches for them, until when and within which limits.

What is signed are the bytes of `certificate.json`, so nothing here depends on how JSON is laid out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from fvs.certificates.errors import (
    CertificateExpiredError,
    CertificateMalformedError,
    CertificateNotYetValidError,
    CertificateOtherModelError,
    CertificateOtherPackError,
)
from fvs.errors import UsageError
from fvs.operating_points import OperatingPoints

if TYPE_CHECKING:
    from fvs.packs import Pack

__all__ = [
    "FORMAT",
    "Certificate",
    "IssueTerms",
    "decode_certificate",
    "encode_certificate",
    "is_certificate",
    "issue",
    "require_unexpired",
]

FORMAT: Literal["fvs-certificate/1"] = "fvs-certificate/1"

ID_BYTES = 16

MEASURE_ANEW = "Measure and sign anew with `fvs calibrate`."


class Certificate(OperatingPoints, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`certificate.json`: everything of `OperatingPoints`, and these.

    Attributes:
        format: of this document.
        certificate_id: 32 hex digits that follow from all other fields.
        issuer: who vouches, in words; the signature says with which key.
        issued: ISO 8601 with offset; valid from then on.
        expires: likewise; not valid from then on.
        licence: under which terms data and weights may be used, in words.
        limits: what the rates do not say, one sentence each.
    """

    format: Literal["fvs-certificate/1"]
    certificate_id: str
    issuer: str
    issued: str
    expires: str
    licence: str
    limits: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a validity that is none, and an id that is not of this content."""
        if not _moment(self.issued) < _moment(self.expires):
            raise ValueError(f"expires {self.expires} does not come after issued {self.issued}")
        # Empty while a certificate is being made: see `issue`.
        if self.certificate_id and self.certificate_id != _content_id(self):
            raise ValueError(f"certificate_id {self.certificate_id} is not of this content")

    def require_valid(self, now: datetime) -> None:
        """Refuse a certificate before and after its time.

        Raises:
            CertificateNotYetValidError: `now` lies before `issued`.
            CertificateExpiredError: `now` is `expires` or later.
        """
        if now < _moment(self.issued):
            raise CertificateNotYetValidError(
                f"the certificate of pack {self.pack!r} is valid from {self.issued} only",
                advice="Check this machine's clock.",
            )
        require_unexpired(self.pack, self.expires_at, now)

    @property
    def expires_at(self) -> datetime:
        """The moment from which it is not valid."""
        return _moment(self.expires)

    def require_models(self, pack: Pack) -> None:
        """Refuse a pack that these operating points are not of.

        Raises:
            CertificateOtherPackError: it has another name.
            CertificateOtherModelError: its weights differ from those measured with, or PAD
                networks and PAD point do not go together.
        """
        if self.pack != pack.name:
            raise CertificateOtherPackError(
                f"the certificate is of pack {self.pack!r}, not of {pack.name!r}",
                advice=f"Name that pack with --pack {self.pack}, or another certificate.",
            )
        if (self.pad is not None) != bool(pack.pad):
            raise CertificateOtherModelError(
                f"pack {pack.name!r} has {len(pack.pad)} PAD networks and its certificate "
                f"{'a' if self.pad else 'no'} PAD point",
                advice=MEASURE_ANEW,
            )
        measured = (self.detector_sha256, self.embedder_sha256, *self.pad_sha256)
        if measured != tuple(files.manifest.sha256 for files in pack.files):
            raise CertificateOtherModelError(
                f"the certificate of pack {pack.name!r} was measured with other weights",
                advice=MEASURE_ANEW,
            )


@dataclass(frozen=True, kw_only=True)
class IssueTerms:
    """What an issuer adds to what was measured.

    Attributes:
        issuer: who vouches.
        issued: when, with a time zone.
        valid_days: for how long.
        licence: terms of data and weights, in words.
        limits: what the rates do not say.
    """

    issuer: str
    issued: datetime
    valid_days: int
    licence: str
    limits: tuple[str, ...]


def issue(points: OperatingPoints, terms: IssueTerms) -> Certificate:
    """Make a certificate of what was measured; signing it is `fvs.certificates.signing`'s.

    Raises:
        UsageError: no issuer is named, or it would never be valid.
    """
    if not terms.issuer.strip() or terms.valid_days < 1:
        raise UsageError(
            "a certificate needs an issuer and at least one day of validity",
            advice="Name who vouches with --issuer, and --valid-days from 1.",
        )
    issued = terms.issued.astimezone(UTC)
    # Only the fields of OperatingPoints: a certificate issued anew loses its old terms.
    evidence = {name: getattr(points, name) for name in OperatingPoints.__struct_fields__}
    draft = Certificate(
        **evidence,
        format=FORMAT,
        certificate_id="",
        issuer=terms.issuer,
        issued=issued.isoformat(timespec="seconds"),
        expires=(issued + timedelta(days=terms.valid_days)).isoformat(timespec="seconds"),
        licence=terms.licence,
        limits=terms.limits,
    )
    return msgspec.structs.replace(draft, certificate_id=_content_id(draft))


def require_unexpired(pack: str, expires: datetime, now: datetime) -> None:
    """Refuse what rests on a certificate whose time is over.

    Raises:
        CertificateExpiredError: `now` is `expires` or later.
    """
    if now >= expires:
        raise CertificateExpiredError(
            f"the certificate of pack {pack!r} expired on {expires.isoformat()}",
            advice=f"{MEASURE_ANEW} If this machine's clock is wrong, set it.",
        )


def encode_certificate(certificate: Certificate) -> bytes:
    """The bytes of `certificate.json`, for people to read."""
    return msgspec.json.format(msgspec.json.encode(certificate), indent=1) + b"\n"


def decode_certificate(content: bytes) -> Certificate:
    """Read `certificate.json`; its signature is not looked at.

    Raises:
        CertificateMalformedError: it is no JSON, breaks its schema, or has no id or another's.
    """
    try:
        certificate = msgspec.json.decode(content, type=Certificate)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CertificateMalformedError(
            f"this is no certificate: {error}",
            advice="`fvs calibrate` writes certificates; none is ever edited by hand.",
        ) from error
    if not certificate.certificate_id:
        raise CertificateMalformedError("this certificate has no id", advice=MEASURE_ANEW)
    return certificate


def is_certificate(content: bytes) -> bool:
    """Whether a file calls itself a certificate, of whichever version; it need not be one."""
    try:
        kind = msgspec.json.decode(content, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return kind.format.startswith(FORMAT.rpartition("/")[0] + "/")


class _Kind(msgspec.Struct):
    """What every JSON document may say of itself."""

    format: str = ""


def _content_id(certificate: Certificate) -> str:
    fields = msgspec.to_builtins(certificate)
    fields["certificate_id"] = ""
    encoded = msgspec.json.encode(fields, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[: 2 * ID_BYTES]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} names no time zone")
    return moment

"""Why a certificate is not accepted; each class has one stable code.

```
ManifestError
├── CertificateError
│   ├── CertificateMissingError      `certificate_missing`: the pack has none, so decides nothing
│   ├── CertificateMalformedError    `certificate_malformed`: no JSON, or against its schema
│   ├── CertificateUnsignedError     `certificate_unsigned`: no signature, or none of this format
│   ├── CertificateAlgorithmError    `certificate_algorithm`: signed with anything but Ed25519
│   ├── CertificateUnknownKeyError   `certificate_unknown_key`: by a key that is not trusted here
│   ├── CertificateTamperedError     `certificate_tampered`: the signature is not of these bytes
│   ├── CertificateNotYetValidError  `certificate_not_yet_valid`: issued in the future
│   ├── CertificateExpiredError      `certificate_expired`: its time is over
│   ├── CertificateOtherPackError    `certificate_other_pack`: of another pack
│   └── CertificateOtherModelError   `certificate_other_model`: measured with other weights
└── TrustStoreError                  `trust_store`: a trusted key that is none, or is private
```
"""

from __future__ import annotations

from typing import ClassVar

from fvs.errors import ManifestError

__all__ = [
    "CertificateAlgorithmError",
    "CertificateError",
    "CertificateExpiredError",
    "CertificateMalformedError",
    "CertificateMissingError",
    "CertificateNotYetValidError",
    "CertificateOtherModelError",
    "CertificateOtherPackError",
    "CertificateTamperedError",
    "CertificateUnknownKeyError",
    "CertificateUnsignedError",
    "TrustStoreError",
]


class CertificateError(ManifestError):
    """A certificate that no decision may rest on."""

    code: ClassVar[str] = "certificate"


class CertificateMissingError(CertificateError):
    """There is no certificate."""

    code: ClassVar[str] = "certificate_missing"


class CertificateMalformedError(CertificateError):
    """The file is no certificate, or contradicts itself."""

    code: ClassVar[str] = "certificate_malformed"


class CertificateUnsignedError(CertificateError):
    """There is no signature, or what should be one is none."""

    code: ClassVar[str] = "certificate_unsigned"


class CertificateAlgorithmError(CertificateError):
    """The signature names an algorithm other than Ed25519, `none` and HMAC above all."""

    code: ClassVar[str] = "certificate_algorithm"


class CertificateUnknownKeyError(CertificateError):
    """The signature is by a key that the trust store does not hold."""

    code: ClassVar[str] = "certificate_unknown_key"


class CertificateTamperedError(CertificateError):
    """The signature does not belong to these bytes."""

    code: ClassVar[str] = "certificate_tampered"


class CertificateNotYetValidError(CertificateError):
    """Its validity begins in the future."""

    code: ClassVar[str] = "certificate_not_yet_valid"


class CertificateExpiredError(CertificateError):
    """Its validity is over."""

    code: ClassVar[str] = "certificate_expired"


class CertificateOtherPackError(CertificateError):
    """It is about another pack."""

    code: ClassVar[str] = "certificate_other_pack"


class CertificateOtherModelError(CertificateError):
    """It was measured with other weights than the pack has."""

    code: ClassVar[str] = "certificate_other_model"


class TrustStoreError(ManifestError):
    """A file among the trusted keys is no public Ed25519 key."""

    code: ClassVar[str] = "trust_store"

"""Signed certificates of operating points: who vouches for which thresholds, until when."""

from fvs.certificates.errors import (
    CertificateAlgorithmError,
    CertificateError,
    CertificateExpiredError,
    CertificateMalformedError,
    CertificateMissingError,
    CertificateNotYetValidError,
    CertificateOtherModelError,
    CertificateOtherPackError,
    CertificateTamperedError,
    CertificateUnknownKeyError,
    CertificateUnsignedError,
    TrustStoreError,
)
from fvs.certificates.files import load_certificate, write_certificate
from fvs.certificates.records import (
    Certificate,
    IssueTerms,
    decode_certificate,
    issue,
    require_unexpired,
)
from fvs.certificates.trust import TrustStore, shipped_trust

__all__ = [
    "Certificate",
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
    "IssueTerms",
    "TrustStore",
    "TrustStoreError",
    "decode_certificate",
    "issue",
    "load_certificate",
    "require_unexpired",
    "shipped_trust",
    "write_certificate",
]

"""What a receipt states."""

from __future__ import annotations

import msgspec

__all__ = ["CREDENTIAL_TYPE", "ReceiptClaims"]

CREDENTIAL_TYPE = "urn:fvs:face-verification:1"
"""`vct` of the credential."""


class ReceiptClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims; registered names are those of RFC 7519.

    Attributes:
        iss: the service, its public URL.
        aud: the identity provider that asked.
        iat: when it was decided, seconds since 1970.
        jti: the transaction, as the answer names it.
        action: what was asked for.
        decision: an outcome.
        reason_codes: why.
        assurance_level: that was asked for.
        target_fmr: of the operating point.
        certificate_id: behind the operating point.
        pack: of networks.
        pad: `live`, `not_live`, or a status where liveness was not assessed.
        session_used: whether a liveness session was named.
        purpose: in the caller's words.
        consent_reference: likewise; it ties the receipt to the caller's own case.
        subject_digest: whose number was asked about, see `fvs.receipts.subjects`; None of a
            comparison, which is about nobody.
    """

    iss: str
    aud: str
    iat: int
    jti: str
    action: str
    decision: str
    reason_codes: tuple[str, ...]
    assurance_level: str
    target_fmr: float
    certificate_id: str
    pack: str
    pad: str
    session_used: bool
    purpose: str
    consent_reference: str
    subject_digest: str | None

"""Signed answers that anybody with the service's public keys can check, offline.

A receipt is a compact JWS (RFC 7515) by Ed25519, or the same as a verifiable credential with
selective disclosure (SD-JWT, RFC 9901; SD-JWT VC) for a document wallet. It names the transaction,
the caller's own consent reference and the decision; no number of a person, no score, no picture.
"""

from fvs.receipts.answers import KeptAnswer, KeptReceipt, require_unaltered
from fvs.receipts.checking import CheckedReceipt, check_receipt, read_jwks
from fvs.receipts.claims import ReceiptClaims
from fvs.receipts.errors import ReceiptError
from fvs.receipts.subjects import is_about, new_salt, subject_digest

__all__ = [
    "CheckedReceipt",
    "KeptAnswer",
    "KeptReceipt",
    "ReceiptClaims",
    "ReceiptError",
    "check_receipt",
    "is_about",
    "new_salt",
    "read_jwks",
    "require_unaltered",
    "subject_digest",
]

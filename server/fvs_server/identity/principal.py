"""A caller whose identity was proved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["IDP_PATTERN", "AuthenticationMethod", "Principal", "Scope"]

IDP_PATTERN = r"^[\x21-\x7e]{1,128}\Z"
"""Names of identity providers: they stand in headers of receipts, in logs and in metrics."""


class Scope(StrEnum):
    """What a caller may do; none includes another."""

    VERIFY = "verify"
    """Verifications and liveness sessions, and to read one's own transactions."""
    COMPARE = "compare"
    """Comparisons of two pictures."""
    SCORES = "scores"
    """To see scores and thresholds in answers."""
    STATISTICS = "statistics"
    """One's own statistics."""
    ENROL = "enrol"
    """The authority's: portraits, imports, exports and erasures of subjects."""
    REVIEW = "review"
    """The authority's: the list of suspected duplicates."""
    ADMIN = "admin"
    """The authority's: everybody's statistics and transactions."""


class AuthenticationMethod(StrEnum):
    """How the caller proved who it is."""

    API_KEY = "api_key"
    OAUTH2 = "oauth2"
    MUTUAL_TLS = "mutual_tls"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who calls.

    Attributes:
        idp: identifier of the identity provider; its transactions and sessions belong to it,
            whichever of its keys made them.
        key_id: of the API key, the OAuth2 client or the certificate; never secret.
        scopes: what it may do.
        method: how it proved that.
    """

    idp: str
    key_id: str
    scopes: frozenset[Scope]
    method: AuthenticationMethod

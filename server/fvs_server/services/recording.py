"""What is kept of a decision, by whoever keeps it; no pixels, templates or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from fvs_server.identity import Principal

__all__ = ["DecidedCase", "IssuedReceipt", "ReceiptIssuer", "Recorder"]


@dataclass(frozen=True, kw_only=True)
class DecidedCase:
    """One decision.

    Attributes:
        transaction_id: of the answer.
        at: when it was decided, UTC.
        principal: who asked.
        action: `face_verification` or `face_comparison`.
        subject: pseudonym; None where nobody was named.
        on_behalf_of: pseudonym of for whom the IdP asks; None where it asks for itself.
        purpose: as the request states it.
        consent_reference: likewise.
        assurance_level: its name.
        decision: a value of `Outcome`.
        reasons: codes.
        certificate_id: that the decision rests on.
        model_ids: of the networks.
        target_fmr: of the operating point.
        similarity: None where nothing was compared.
        live_probability: of the frame that was compared; None where it was not assessed.
        unified_quality: of the same, 0 to 100; None likewise.
        latency_ms: from the request's arrival to the decision.
        channel: by which the request came.
    """

    transaction_id: str
    at: datetime
    principal: Principal
    action: str
    subject: bytes | None
    on_behalf_of: bytes | None
    purpose: str
    consent_reference: str
    assurance_level: str
    decision: str
    reasons: tuple[str, ...]
    certificate_id: str
    model_ids: tuple[str, ...]
    target_fmr: float
    similarity: float | None
    live_probability: float | None
    unified_quality: float | None
    latency_ms: float
    channel: str


class Recorder(Protocol):
    """Keeps decisions: the audit log, the table of transactions, statistics."""

    def record(self, connection: Connection, case: DecidedCase) -> None:
        """Keep one, in the transaction after which it is answered."""


class IssuedReceipt(Protocol):
    """A signed answer.

    Attributes:
        jws: compact.
        sd_jwt_vc: for a wallet; None where it was not asked for.
    """

    @property
    def jws(self) -> str:
        """Compact."""

    @property
    def sd_jwt_vc(self) -> str | None:
        """For a wallet."""


class ReceiptIssuer(Protocol):
    """Signs answers."""

    def issue(
        self, answer_claims: Mapping[str, Any], audience: str, formats: Sequence[str]
    ) -> IssuedReceipt:
        """Sign one for an IdP."""

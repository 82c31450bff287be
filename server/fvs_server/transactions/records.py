"""One answered request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fvs_server.audit import Action

__all__ = ["TransactionRecord"]


@dataclass(frozen=True, kw_only=True)
class TransactionRecord:
    """One answered request.

    Attributes:
        transaction_id: that the caller was given.
        at: when it was decided, UTC.
        idp: who asked.
        key_id: with which key, client or certificate.
        action: what was asked for.
        decision: an outcome (`match` ...), or what became of the request (`done`, `refused`).
        reasons: codes.
        subject: pseudonym; None where none was named.
        on_behalf_of: likewise, of a juristic person.
        purpose: in the caller's words.
        consent_reference: likewise.
        assurance_level: that was asked for.
        certificate_id: of the operating point.
        model_ids: of the networks that took part.
        target_fmr: of the operating point; None where nothing was decided.
        score_band: `below` or `above` the threshold; empty without a score.
        channel: by which the request came.
        similarity: the score; None where nothing was compared.
        live_probability: of the chosen frame; None where it was not assessed.
        unified_quality: of the chosen frame, 0 to 100; None where there is none.
        latency_ms: from the request's first byte to its decision.
    """

    transaction_id: str
    at: datetime
    idp: str
    key_id: str
    action: Action
    decision: str
    reasons: tuple[str, ...] = ()
    subject: bytes | None = None
    on_behalf_of: bytes | None = None
    purpose: str = ""
    consent_reference: str = ""
    assurance_level: str = ""
    certificate_id: str = ""
    model_ids: tuple[str, ...] = ()
    target_fmr: float | None = None
    score_band: str = ""
    channel: str = "api"
    similarity: float | None = None
    live_probability: float | None = None
    unified_quality: float | None = None
    latency_ms: float = 0.0

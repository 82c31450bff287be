"""`/v1/transactions`: what was answered, as long as it is kept."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations

import msgspec
from litestar import get
from litestar.params import FromPath  # noqa: TC002 - Litestar reads the annotations

from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.identity import Principal, Scope
from fvs_server.transactions import TransactionRecord  # noqa: TC001 - likewise
from fvs_server.wiring import Services  # noqa: TC001 - Litestar reads the annotations

__all__ = ["ROUTES"]


class ScoreDetail(msgspec.Struct, frozen=True, kw_only=True):
    """For keys with the scope `scores`."""

    similarity: float | None
    live_probability: float | None


class TransactionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction; it holds no biometric data and no identifier of a person."""

    transaction_id: str
    decided_at: datetime
    idp: str
    key_id: str
    action: str
    decision: str
    reasons: tuple[str, ...]
    purpose: str
    consent_reference: str
    assurance_level: str
    certificate_id: str
    model_ids: tuple[str, ...]
    target_fmr: float | None
    latency_ms: float
    score_detail: ScoreDetail | None


@get(
    "/v1/transactions/{transaction_id:str}",
    opt={"scope": (Scope.VERIFY, Scope.COMPARE, Scope.ADMIN)},
    sync_to_thread=True,
)
def get_transaction(
    services: Injected[Services],
    principal: Injected[Principal],
    transaction_id: FromPath[str],
) -> TransactionAnswer:
    """One of one's own IdP's transactions; an administrator's may be anybody's."""
    with services.database.reading() as connection:
        record = services.transactions.get(connection, transaction_id, principal)
    return _answer(record, with_scores=Scope.SCORES in principal.scopes)


def _answer(record: TransactionRecord, *, with_scores: bool) -> TransactionAnswer:
    detail = ScoreDetail(similarity=record.similarity, live_probability=record.live_probability)
    return TransactionAnswer(
        transaction_id=record.transaction_id,
        decided_at=record.at,
        idp=record.idp,
        key_id=record.key_id,
        action=record.action,
        decision=record.decision,
        reasons=record.reasons,
        purpose=record.purpose,
        consent_reference=record.consent_reference,
        assurance_level=record.assurance_level,
        certificate_id=record.certificate_id,
        model_ids=record.model_ids,
        target_fmr=record.target_fmr,
        latency_ms=round(record.latency_ms, 1),
        score_detail=detail if with_scores else None,
    )


ROUTES = (get_transaction,)

"""Signs answers, and hands what was decided to the table of transactions and the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from fvs.receipts import ReceiptClaims, new_salt, subject_digest
from fvs_server.services.answers import ReceiptDocument
from fvs_server.services.frames import unified_quality
from fvs_server.transactions import TransactionRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from fvs.subjects import SubjectId
    from fvs_server.audit import Action
    from fvs_server.identity import Principal
    from fvs_server.inference import Deadline
    from fvs_server.receipts import Receipts
    from fvs_server.services.answers import DecisionAnswer
    from fvs_server.services.desk import Case
    from fvs_server.services.judging import Verdict
    from fvs_server.services.levels import Level
    from fvs_server.transactions import Transactions

__all__ = ["Asked", "Publisher"]


class Asked(Protocol):
    """What every request says of itself."""

    @property
    def level(self) -> Level:
        """Of assurance."""

    @property
    def purpose(self) -> str:
        """Why."""

    @property
    def consent_reference(self) -> str:
        """The IdP's own."""

    @property
    def channel(self) -> str:
        """By which it came."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Safe to use from many threads.

    Attributes:
        transactions: keeps every decision, and chains it to the audit log.
        model_ids: of the networks.
        receipts: signs.
        issuer: as receipts name the service.
    """

    transactions: Transactions
    model_ids: tuple[str, ...]
    receipts: Receipts
    issuer: str

    def signed(
        self,
        action: Action,
        asked: Asked,
        answer: DecisionAnswer,
        principal: Principal,
        formats: Sequence[str] = (),
        subject: SubjectId | None = None,
    ) -> DecisionAnswer:
        """The answer with its receipt."""
        salt, digest = (None, None) if subject is None else _committed(subject)
        pad = answer.presentation_attack_detection
        claims = ReceiptClaims(
            iss=self.issuer,
            aud=principal.idp,
            iat=int(answer.decided_at.timestamp()),
            jti=answer.transaction_id,
            action=action,
            decision=answer.decision,
            reason_codes=tuple(reason.code for reason in answer.reasons),
            assurance_level=answer.assurance_level,
            target_fmr=answer.operating_point.target_fmr,
            certificate_id=answer.operating_point.certificate_id,
            pack=answer.operating_point.pack,
            pad=pad.status if pad.is_live is None else "live" if pad.is_live else "not_live",
            session_used=pad.session_used,
            purpose=asked.purpose,
            consent_reference=asked.consent_reference,
            subject_digest=digest,
        )
        issued = self.receipts.issue(claims, formats)
        receipt = ReceiptDocument(jws=issued.jws, sd_jwt_vc=issued.sd_jwt_vc, subject_salt=salt)
        return msgspec.structs.replace(answer, receipt=receipt)

    def record(self, connection: Connection, record: TransactionRecord) -> None:
        """Keep a decision; the last thing that a transaction does."""
        self.transactions.record(connection, record)

    def record_of(
        self,
        action: Action,
        asked: Asked,
        case: Case,
        verdict: Verdict,
        answer: DecisionAnswer,
        deadline: Deadline,
    ) -> TransactionRecord:
        """What is kept of a decision."""
        return TransactionRecord(
            transaction_id=answer.transaction_id,
            at=answer.decided_at,
            idp=case.principal.idp,
            key_id=case.principal.key_id,
            action=action,
            decision=answer.decision,
            reasons=verdict.codes,
            subject=case.subject,
            purpose=asked.purpose,
            consent_reference=asked.consent_reference,
            assurance_level=asked.level.name,
            certificate_id=asked.level.certificate_id,
            model_ids=self.model_ids,
            target_fmr=asked.level.policy.point.target_fmr,
            score_band=verdict.score_band,
            channel=asked.channel,
            similarity=verdict.similarity,
            live_probability=verdict.live_probability,
            unified_quality=unified_quality(verdict.judged.probes, 0),
            latency_ms=deadline.elapsed_ms,
        )


def _committed(subject: SubjectId) -> tuple[str, str]:
    """A salt, and what the receipt says of the subject under it."""
    salt = new_salt()
    return salt, subject_digest(subject, salt)

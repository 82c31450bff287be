"""A whole answer, held against the receipt that it holds: what was signed is what it still says."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from fvs.receipts.errors import ReceiptError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KeptAnswer", "KeptReceipt", "require_unaltered"]


class KeptReceipt(msgspec.Struct, frozen=True):
    """What an answer holds for whoever keeps it.

    Attributes:
        jws: the receipt, or the credential.
        subject_salt: shows whom it is about.
    """

    jws: str
    subject_salt: str | None = None


class _Reason(msgspec.Struct, frozen=True):
    code: str


class _Pad(msgspec.Struct, frozen=True):
    status: str
    is_live: bool | None
    session_used: bool

    @property
    def word(self) -> str:
        """As the receipt has it."""
        if self.is_live is None:
            return self.status
        return "live" if self.is_live else "not_live"


class _Point(msgspec.Struct, frozen=True):
    target_fmr: float
    certificate_id: str
    pack: str


class KeptAnswer(msgspec.Struct, frozen=True):
    """The members of an answer that its receipt states too; whoever keeps one may leave some out.

    Scores, quality and advice are in no receipt, so nothing is said about them.
    """

    receipt: KeptReceipt
    transaction_id: str | UnsetType = UNSET
    decided_at: datetime | UnsetType = UNSET
    decision: str | UnsetType = UNSET
    reasons: tuple[_Reason, ...] | UnsetType = UNSET
    assurance_level: str | UnsetType = UNSET
    operating_point: _Point | UnsetType = UNSET
    presentation_attack_detection: _Pad | UnsetType = UNSET

    def _stated(self) -> dict[str, tuple[str, object]]:
        """By claim: the member, and the value that the claim should have."""
        stated: dict[str, tuple[str, object]] = {
            "jti": ("transaction_id", self.transaction_id),
            "decision": ("decision", self.decision),
            "assurance_level": ("assurance_level", self.assurance_level),
        }
        if self.decided_at is not UNSET:
            stated["iat"] = ("decided_at", int(self.decided_at.timestamp()))
        if self.reasons is not UNSET:
            stated["reason_codes"] = ("reasons", [reason.code for reason in self.reasons])
        if (point := self.operating_point) is not UNSET:
            for name, value in msgspec.structs.asdict(point).items():
                stated[name] = ("operating_point", value)
        if (pad := self.presentation_attack_detection) is not UNSET:
            member = "presentation_attack_detection"
            stated["pad"] = (member, pad.word)
            stated["session_used"] = (member, pad.session_used)
        return {claim: pair for claim, pair in stated.items() if pair[1] is not UNSET}

    def altered_members(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Members that say something else than the receipt, each once."""
        wrong = (
            member
            for claim, (member, value) in self._stated().items()
            if claim in claims and claims[claim] != value
        )
        return tuple(dict.fromkeys(wrong))


def require_unaltered(answer: KeptAnswer, claims: Mapping[str, Any]) -> None:
    """Make sure that an answer says what its receipt does.

    Args:
        answer: as it was kept.
        claims: of its receipt, checked; what a credential does not disclose is not compared.

    Raises:
        ReceiptError: `answer_altered`.
    """
    if altered := answer.altered_members(claims):
        raise ReceiptError(
            "answer_altered",
            f"the receipt is, but the answer around it says something else ({', '.join(altered)})",
            advice="Believe the receipt's claims alone, or ask for the transaction.",
        )

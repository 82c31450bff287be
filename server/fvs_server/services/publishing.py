"""Signs answers and hands what was decided to all who keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from fvs_server.services.answers import ReceiptDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from fvs_server.identity import Principal
    from fvs_server.services.answers import DecisionAnswer
    from fvs_server.services.recording import DecidedCase, ReceiptIssuer, Recorder

__all__ = ["Publisher"]


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Safe to use from many threads.

    Attributes:
        receipts: signs; None signs nothing.
        recorders: each keeps every decision.
    """

    receipts: ReceiptIssuer | None = None
    recorders: tuple[Recorder, ...] = ()

    def signed(
        self, answer: DecisionAnswer, principal: Principal, formats: Sequence[str]
    ) -> DecisionAnswer:
        """The answer with its receipt."""
        if self.receipts is None:
            return answer
        issued = self.receipts.issue(msgspec.to_builtins(answer), principal.idp, formats)
        receipt = ReceiptDocument(jws=issued.jws, sd_jwt_vc=issued.sd_jwt_vc)
        return msgspec.structs.replace(answer, receipt=receipt)

    def record(self, connection: Connection, case: DecidedCase) -> None:
        """Keep a decision, in one transaction."""
        for recorder in self.recorders:
            recorder.record(connection, case)

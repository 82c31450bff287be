"""Keeps what was decided, and signs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from fvs_server.services.answers import ReceiptDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs_server.identity import Principal
    from fvs_server.services.answers import DecisionAnswer
    from fvs_server.services.signing import ReceiptIssuer
    from fvs_server.transactions import Transactions

__all__ = ["Publisher"]


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Safe to use from many threads.

    Attributes:
        transactions: keeps decisions.
        receipts: signs; None signs nothing.
    """

    transactions: Transactions
    receipts: ReceiptIssuer | None = None

    def signed(
        self, answer: DecisionAnswer, principal: Principal, formats: Sequence[str]
    ) -> DecisionAnswer:
        """The answer with its receipt."""
        if self.receipts is None:
            return answer
        issued = self.receipts.issue(msgspec.to_builtins(answer), principal.idp, formats)
        receipt = ReceiptDocument(jws=issued.jws, sd_jwt_vc=issued.sd_jwt_vc)
        return msgspec.structs.replace(answer, receipt=receipt)

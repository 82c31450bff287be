"""One answered request."""

from __future__ import annotations

from fvs_server.audit import AnswerFacts

__all__ = ["TransactionRecord"]


class TransactionRecord(AnswerFacts, frozen=True, kw_only=True):
    """One answered request, as the table of transactions keeps it.

    Attributes:
        similarity: the score; None where nothing was compared.
        live_probability: of the chosen frame; None where it was not assessed.
        unified_quality: of the chosen frame, 0 to 100; None where there is none.
        latency_ms: from the request's first byte to its decision.
    """

    similarity: float | None = None
    live_probability: float | None = None
    unified_quality: float | None = None
    latency_ms: float = 0.0

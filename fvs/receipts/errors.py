"""Why a receipt is not believed."""

from __future__ import annotations

from fvs.errors import UsageError

__all__ = ["ReceiptError"]


class ReceiptError(UsageError):
    """A receipt proves nothing.

    Attributes:
        code: `malformed`, `other_type`, `other_algorithm`, `unknown_key`, `altered`, `expired` or
            `answer_altered`.
    """

    def __init__(self, code: str, message: str, *, advice: str) -> None:
        """Name the code; the message never quotes the receipt."""
        super().__init__(message, advice=advice)
        self.code = code

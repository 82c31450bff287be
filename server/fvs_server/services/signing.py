"""How answers are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["IssuedReceipt", "ReceiptIssuer"]


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

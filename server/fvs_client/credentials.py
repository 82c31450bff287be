"""API keys as credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs_client.errors import ConfigurationError

if TYPE_CHECKING:
    from fvs_client.exchange import Conversation

__all__ = ["ApiKey"]


class ApiKey:
    """A key of `fvs server keys create`; prints without its secret."""

    def __init__(self, text: str) -> None:
        """Take the key's text.

        Raises:
            ConfigurationError: it cannot stand in a header.
        """
        if not text.isascii() or not text.isprintable() or not text or " " in text:
            raise ConfigurationError("an API key is printable ASCII without spaces")
        self._text = text

    def authorization(self, timeout_s: float) -> Conversation[str]:  # noqa: ARG002 - of Credentials
        """The key, at once."""
        yield from ()
        return f"Bearer {self._text}"

    def renew(self) -> bool:
        """There is no other key."""
        return False

    def __repr__(self) -> str:
        return "ApiKey(...)"

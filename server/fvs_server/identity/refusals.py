"""Why a caller was not believed: a word for the log, and nothing about it for strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from fvs_server.words import Words

__all__ = ["RefusedCredentialsError"]


class RefusedCredentialsError(ServiceError):
    """Credentials were shown and do not hold.

    Attributes:
        reason: for the log, for example `key_unknown`; the answer does not have it.
    """

    def __init__(
        self,
        reason: str,
        detail: Words | None = None,
        *,
        problem: Problem = Problem.INVALID_CREDENTIALS,
    ) -> None:
        """Give a `detail` only to who has proved to hold the secret or the issuer's word."""
        super().__init__(problem, detail)
        self.reason = reason

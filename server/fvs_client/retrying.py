"""When a call is sent again, and after how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fvs_client.calls import Repeat
from fvs_client.errors import (
    ClientError,
    ConflictError,
    TooManyRequestsError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)

__all__ = ["RetryPolicy", "retry_after_s"]

_FOR_PEOPLE = frozenset({"attempts_exhausted", "authentication_throttled", "certificate_not_valid"})
"""Codes that waiting a moment does not mend, whatever their status: a person must act."""
_PASSING = frozenset({502, 503, 504})
"""Of proxies, while the service behind them starts or stops."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter, never sooner than the service asks for.

    Attributes:
        attempts: at most, the first included.
        first_s: longest pause after the first attempt; it doubles with each.
        longest_s: that it grows to.
    """

    attempts: int = 4
    first_s: float = 0.2
    longest_s: float = 5.0

    def pause_s(
        self, error: ClientError, repeat: Repeat, attempt: int, uniform: float
    ) -> float | None:
        """How long to wait before the call is sent again; None if it must not be.

        Args:
            error: what came of the last attempt.
            repeat: what the call allows.
            attempt: from 0.
            uniform: a random number from 0 to 1, so that many callers do not come back at once.
        """
        if attempt + 1 >= self.attempts or not _may_repeat(error, repeat):
            return None
        spread_s = min(self.longest_s, self.first_s * 2**attempt) * uniform
        asked_s: float | None = getattr(error, "retry_after_s", None)
        return float(spread_s + (asked_s or 0.0))


def _may_repeat(error: ClientError, repeat: Repeat) -> bool:
    if isinstance(error, UnreachableError) and not error.was_sent:
        return True
    if repeat is Repeat.NEVER:
        return False
    match error:
        case UnreachableError():
            return True
        case UnexpectedAnswerError():
            return error.status in _PASSING
        case ConflictError() | TooManyRequestsError() | UnavailableError():
            return error.code not in _FOR_PEOPLE
        case _:
            return False


def retry_after_s(field: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, section 10.2.3); None where it says nothing."""
    if field is None:
        return None
    try:
        seconds = float(field)
    except ValueError:
        try:
            moment = parsedate_to_datetime(field)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None

"""Days as operators write them, with the mistakes that Thai calendars invite."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from fvs.errors import UsageError

__all__ = [
    "DAY_ADVICE",
    "DAY_ADVICE_THAI",
    "LONGEST_RETENTION_DAYS",
    "DayError",
    "last_day",
    "portrait_day",
    "retention_day",
    "today",
]

DAY_ADVICE = (
    "Write days as 2026-11-25, in the Gregorian calendar (B.E. 2569 is 2026): a portrait's is "
    "past, that of retention ahead."
)
DAY_ADVICE_THAI = "กรุณาเขียนวันที่แบบ 2026-11-25 โดยใช้ปีคริสต์ศักราช (พ.ศ. 2569 คือ 2026)"

_EAST_OF_UTC = timedelta(days=1)
"""In Bangkok a day begins seven hours earlier."""

LONGEST_RETENTION_DAYS = 366 * 150
"""Longer than a life; a year of the Buddhist era would be 543 years too many."""


class DayError(UsageError):
    """Text that is no day, or no day that can be meant."""

    def __init__(self) -> None:
        """Say the same of all: what was typed is not repeated."""
        super().__init__("a date cannot be right", advice=DAY_ADVICE)


def today() -> date:
    """The day by UTC, as the registry counts."""
    return datetime.now(UTC).date()


def last_day(retain_days: int | None) -> date | None:
    """The last day of a record that is enrolled today; None keeps it without limit."""
    return None if retain_days is None else today() + timedelta(days=retain_days)


def portrait_day(text: str | None) -> date | None:
    """When a portrait was taken; empty is unknown.

    Raises:
        DayError: it is no day, or in the future.
    """
    return _day(text, date.min, today() + _EAST_OF_UTC)


def retention_day(text: str | None) -> date | None:
    """The last day on which a record may be kept; empty leaves it to the registry's rule.

    Raises:
        DayError: it is no day, in the past, or further away than a life is long.
    """
    return _day(text, today() - _EAST_OF_UTC, today() + timedelta(days=LONGEST_RETENTION_DAYS))


def _day(text: str | None, earliest: date, latest: date) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DayError from None
    if not earliest <= day <= latest:
        raise DayError
    return day

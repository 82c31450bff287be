"""How the limits read clocks, which replicas' machines have each their own, and which jump."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["SKEW", "elapsed_since", "not_ahead"]

SKEW = timedelta(seconds=5)
"""Replicas' clocks may differ by so much; a moment further ahead comes from a clock set back."""


def elapsed_since(moment: datetime, now: datetime) -> timedelta:
    """What has passed, never less than nothing."""
    return max(now - moment, timedelta())


def not_ahead(moment: datetime | None, now: datetime) -> datetime | None:
    """The moment; `now`, where it was read from a clock that has been set back since."""
    return now if moment is not None and moment > now + SKEW else moment

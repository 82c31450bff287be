"""When a person may be tried again: NIST SP 800-63B-4, 3.2.3, shared fairly among IdPs.

1. At one IdP, `failures` attempts in a row are free (more with PAD). From then on one attempt at a
   time is let through, after a delay that begins with `delay_s` and doubles with each failure.
2. One IdP can use up a share of the overall limit in a period; then the person is refused there.
3. All IdPs together can use up the overall limit in a period; then the person is refused.

A success at an IdP ends its row of failures and empties the overall count, as "consecutive" means.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fvs_server.limits.clock import SKEW, elapsed_since

if TYPE_CHECKING:
    from datetime import datetime

    from fvs_server.limits.settings import LimitsSettings

__all__ = ["LEASE", "AttemptRules", "IdpTally", "PeriodTally"]

LEASE = timedelta(seconds=60)
"""An attempt that has not ended by then never will: its process died."""

_SOON = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class PeriodTally:
    """Failures since a period began.

    Attributes:
        count: of them.
        started_at: the first one.
    """

    count: int = 0
    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class IdpTally:
    """What is counted of one subject at one IdP.

    Attributes:
        in_a_row: failures since the last success.
        last_failed_at: the latest of them.
        period: failures in the period.
        pending: attempts that were let through and have not ended.
        pending_at: when the latest of them began.
    """

    in_a_row: int = 0
    last_failed_at: datetime | None = None
    period: PeriodTally = PeriodTally()
    pending: int = 0
    pending_at: datetime | None = None

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to remember."""
        return not (self.in_a_row or self.pending or self.period.count)

    def running(self, now: datetime) -> int:
        """How many attempts are under way, or may be."""
        lasting = self.pending_at is not None and -SKEW <= now - self.pending_at <= LEASE
        return self.pending if lasting else 0

    def begun(self, now: datetime) -> IdpTally:
        """With one attempt more under way."""
        return replace(self, pending=self.running(now) + 1, pending_at=now)

    def ended(self) -> IdpTally:
        """With one attempt fewer under way."""
        return replace(self, pending=max(0, self.pending - 1))


class AttemptRules:
    """The numbers of the settings, applied to tallies."""

    def __init__(self, settings: LimitsSettings) -> None:
        self._settings = settings
        self._period = timedelta(hours=settings.period_h)

    def wait(
        self, here: IdpTally, overall: PeriodTally, elsewhere: int, now: datetime, *, pad: bool
    ) -> timedelta:
        """For how long an attempt must wait; zero lets it through.

        Args:
            here: the subject at the IdP that asks.
            overall: the subject at all IdPs.
            elsewhere: attempts that are under way at other IdPs: each may fail yet.
            now: the time.
            pad: whether attacks are detected.
        """
        limit = self._settings.failures_overall_pad if pad else self._settings.failures_overall
        share = max(1, round(limit * self._settings.idp_share))
        running = here.running(now)
        return max(
            self._until_period_ends(overall, running + elsewhere, limit, now),
            self._until_period_ends(here.period, running, share, now),
            self._until_delay_ends(here, running, now, pad=pad),
        )

    def failed(self, tally: PeriodTally, now: datetime) -> PeriodTally:
        """With one failure more; the first after a period begins the next."""
        if tally.started_at is None or self._is_over(tally.started_at, now):
            return PeriodTally(count=1, started_at=now)
        return replace(tally, count=tally.count + 1)

    def failed_here(self, here: IdpTally, now: datetime) -> IdpTally:
        """With one failure more."""
        return replace(
            here,
            in_a_row=here.in_a_row + 1,
            last_failed_at=now,
            period=self.failed(here.period, now),
        )

    def _is_over(self, started_at: datetime, now: datetime) -> bool:
        return elapsed_since(started_at, now) >= self._period

    def _until_period_ends(
        self, tally: PeriodTally, running: int, limit: int, now: datetime
    ) -> timedelta:
        over = tally.started_at is None or self._is_over(tally.started_at, now)
        count = 0 if over else tally.count
        if count + running < limit:
            return timedelta()
        if tally.started_at is None or count < limit:
            return _SOON  # What is under way may yet succeed.
        return self._period - elapsed_since(tally.started_at, now)

    def _until_delay_ends(
        self, here: IdpTally, running: int, now: datetime, *, pad: bool
    ) -> timedelta:
        free = self._settings.failures_pad if pad else self._settings.failures
        if here.in_a_row + running < free:
            return timedelta()
        if running or here.last_failed_at is None:
            return _SOON
        delay = self._delay(here.in_a_row - free)
        return max(delay - elapsed_since(here.last_failed_at, now), timedelta())

    def _delay(self, doublings: int) -> timedelta:
        longest_s, first_s = self._settings.max_delay_s, self._settings.delay_s
        # Beyond 32 doublings every delay is the longest, and a float would overflow in time.
        return timedelta(seconds=min(longest_s, first_s * 2.0 ** min(doublings, 32)))

"""How often a key may ask: GCRA (ITU-T I.371, annex A) in the database, one statement a request."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, case, or_, select

from fvs_server.details import Detail
from fvs_server.limits.clock import SKEW
from fvs_server.limits.statements import insert_of
from fvs_server.limits.tables import rates
from fvs_server.limits.usage import RateUsage, note_usage
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Connection
    from sqlalchemy.sql.dml import ReturningInsert

    from fvs_server.identity.principal import Principal
    from fvs_server.limits.settings import LimitsSettings

__all__ = ["RateLimits"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SKEW_US = SKEW // _MICROSECOND


class RateLimits:
    """A bucket of `burst` requests a key, filled at `rate_per_s`; replicas share it."""

    def __init__(self, settings: LimitsSettings) -> None:
        self._interval_us = max(1, round(1e6 / settings.rate_per_s))
        self._burst = settings.burst
        self._rule = Detail.RATE_LIMIT.with_(burst=settings.burst, rate=f"{settings.rate_per_s:g}")

    def take(self, connection: Connection, principal: Principal, now: datetime) -> RateUsage:
        """Count one request.

        A refused request costs nothing, and a clock that is set back costs one request more than
        allowed, never a wait longer than one interval.

        Raises:
            ServiceError: RATE_LIMITED.
        """
        bucket = f"{principal.method}:{principal.key_id}"
        now_us = (now - _EPOCH) // _MICROSECOND
        arrival_us = self._count(connection, bucket, now_us)
        if arrival_us is None:
            held = select(rates.c.arrival_us).where(rates.c.bucket == bucket)
            conforms_us = connection.execute(held).scalar_one() - self._tolerance_us
            wait_us = max(conforms_us - now_us, 1)
            self._noted(remaining=0, reset_us=wait_us)
            raise ServiceError(Problem.RATE_LIMITED, self._rule, retry_after_s=wait_us / 1e6)
        ahead_us = arrival_us - now_us
        remaining = max(0, (self._burst * self._interval_us - ahead_us) // self._interval_us)
        return self._noted(remaining=remaining, reset_us=ahead_us)

    def _noted(self, *, remaining: int, reset_us: int) -> RateUsage:
        usage = RateUsage(
            limit=self._burst,
            window_s=math.ceil(self._burst * self._interval_us / 1e6),
            remaining=remaining,
            reset_s=math.ceil(reset_us / 1e6),
        )
        return note_usage(usage)

    @property
    def _tolerance_us(self) -> int:
        return (self._burst - 1) * self._interval_us

    def _count(self, connection: Connection, bucket: str, now_us: int) -> int | None:
        """The new theoretical arrival, or None where the request comes too early."""
        full_us = now_us + self._burst * self._interval_us
        moments = {
            "bucket_name": bucket,
            "now_us": now_us,
            "next_us": now_us + self._interval_us,
            "interval_us": self._interval_us,
            "full_us": full_us,
            "future_us": full_us + _SKEW_US,
            "conforms_us": now_us + self._tolerance_us,
        }
        counted = connection.execute(_count(connection.dialect.name), moments)
        arrival_us: int | None = counted.scalar_one_or_none()
        return arrival_us


@cache
def _count(dialect: str) -> ReturningInsert[Any]:
    """Count one request; no row comes back where it comes too early."""
    arrival = rates.c.arrival_us
    # No request that was counted at this time or before can have led so far ahead.
    from_the_future = arrival > bindparam("future_us")
    counted = case(
        (from_the_future, _us("full_us")),
        (arrival < bindparam("now_us"), _us("next_us")),
        else_=arrival + bindparam("interval_us"),
    )
    statement = insert_of(dialect, rates).values(
        bucket=bindparam("bucket_name"), arrival_us=_us("next_us")
    )
    return statement.on_conflict_do_update(
        index_elements=[rates.c.bucket],
        set_={"arrival_us": counted},
        where=or_(arrival <= bindparam("conforms_us"), from_the_future),
    ).returning(arrival)


def _us(name: str) -> BindParameter[int]:
    """A number of microseconds, which is too large for an INTEGER."""
    return bindparam(name, type_=BigInteger)

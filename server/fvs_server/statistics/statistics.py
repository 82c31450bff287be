"""Counts per IdP and hour: those of past hours are kept, the rest is counted when asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Select, delete, func, insert, select

from fvs_server.database.turns import Turn, take_turn
from fvs_server.statistics.counts import Counts
from fvs_server.statistics.tables import hours
from fvs_server.transactions.tables import transactions
from fvs_server.transactions.transactions import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from fvs_server.transactions import TransactionRecord

__all__ = ["HourlyCounts", "PeriodStatistics", "Statistics", "hour_of"]

_HOUR = timedelta(hours=1)
_MOST_SIGNALS = 20_000
_NOBODY = ""
_SETTLED = timedelta(minutes=5)
"""After its end an hour may still get transactions of replicas whose clocks differ a little."""


def hour_of(moment: datetime) -> datetime:
    """The hour that a moment is in."""
    return moment.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, kw_only=True)
class HourlyCounts:
    """Counts of one hour, all IdPs asked for together."""

    hour: datetime
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class PeriodStatistics:
    """Counts of a period.

    Attributes:
        total: of all of it.
        by_hour: of each hour that has any, in order.
    """

    total: Counts
    by_hour: tuple[HourlyCounts, ...]


@dataclass(frozen=True, kw_only=True)
class LiveSignals:
    """Signals of a period's verifications in their order, to hold against a certificate.

    Attributes:
        similarity: of those that were compared.
        live_probability: of those whose liveness was assessed.
        unified_quality: of those that have one.
    """

    similarity: tuple[float, ...]
    live_probability: tuple[float, ...]
    unified_quality: tuple[float, ...]


class Statistics:
    """Statistics of all IdPs."""

    def of(
        self, connection: Connection, start: datetime, end: datetime, idp: str | None
    ) -> PeriodStatistics:
        """Counts of whole hours.

        Args:
            connection: of `Database.reading`.
            start: UTC; the hour that it is in counts.
            end: UTC; the hour that it is in counts too, unless it is its very beginning.
            idp: whose; None is everybody's.
        """
        first, last = hour_of(start), _hour_from(end)
        counts: dict[datetime, list[Counts]] = defaultdict(list)
        kept = select(hours).where(hours.c.hour >= first, hours.c.hour < last)
        if idp is not None:
            kept = kept.where(hours.c.idp == idp)
        for row in connection.execute(kept):
            counts[row.hour].append(msgspec.json.decode(row.counts, type=Counts))
        fresh = max(first, self._kept_until(connection) or first)
        for hour, records in _by_hour(_records(connection, fresh, last, idp)).items():
            counts[hour].append(Counts.of(records))
        by_hour = tuple(
            HourlyCounts(hour=hour, counts=Counts.total(counts[hour])) for hour in sorted(counts)
        )
        return PeriodStatistics(total=Counts.total(h.counts for h in by_hour), by_hour=by_hour)

    def idps(self, connection: Connection, start: datetime, end: datetime) -> tuple[str, ...]:
        """Who had transactions in a period, by name."""
        kept = select(hours.c.idp).where(hours.c.hour >= hour_of(start), hours.c.hour < end)
        fresh = select(transactions.c.idp).where(
            transactions.c.at >= start, transactions.c.at < end
        )

        found = {*connection.scalars(kept.distinct()), *connection.scalars(fresh.distinct())}
        return tuple(sorted(found - {_NOBODY}))

    def keep_past_hours(self, connection: Connection, now: datetime) -> int:
        """Count the hours that are over, so that they need not be counted again.

        Call it now and then, and before transactions are purged.

        Args:
            connection: of `Database.writing`.
            now: UTC.

        Returns:
            How many hours were counted, those of each IdP apart.
        """
        take_turn(connection, Turn.RECORDS)  # so that replicas do not count the same twice
        until = hour_of(now - _SETTLED)
        start = self._kept_until(connection) or connection.scalar(
            select(func.min(transactions.c.at))
        )
        if start is None or hour_of(start) >= until:
            return 0
        start = hour_of(start)
        connection.execute(delete(hours).where(hours.c.hour >= start, hours.c.hour < until))
        grouped: dict[tuple[str, datetime], list[TransactionRecord]] = defaultdict(list)
        for record in _records(connection, start, until, None):
            grouped[record.idp, hour_of(record.at)].append(record)
        # An hour without transactions is kept as one of nobody, so that it counts as counted.
        grouped.setdefault((_NOBODY, until - _HOUR), [])
        rows = [
            {"idp": idp, "hour": hour, "counts": msgspec.json.encode(Counts.of(records))}
            for (idp, hour), records in grouped.items()
        ]
        connection.execute(insert(hours), rows)
        return len(rows)

    def signals(
        self, connection: Connection, start: datetime, end: datetime, idp: str | None
    ) -> LiveSignals:
        """The newest signals of a period, at most 20,000 verifications of it."""
        chosen = _wanted(start, end, idp).order_by(transactions.c.at.desc()).limit(_MOST_SIGNALS)
        rows = [record_of(row) for row in connection.execute(chosen)][::-1]
        return LiveSignals(
            similarity=tuple(r.similarity for r in rows if r.similarity is not None),
            live_probability=tuple(
                r.live_probability for r in rows if r.live_probability is not None
            ),
            unified_quality=tuple(r.unified_quality for r in rows if r.unified_quality is not None),
        )

    def _kept_until(self, connection: Connection) -> datetime | None:
        """The end of the last hour that is kept."""
        last: datetime | None = connection.scalar(select(func.max(hours.c.hour)))
        return None if last is None else last + _HOUR


def _hour_from(moment: datetime) -> datetime:
    """The first hour that begins at a moment or later."""
    hour = hour_of(moment)
    return hour if hour == moment else hour + _HOUR


def _wanted(start: datetime, end: datetime, idp: str | None) -> Select[Any]:
    chosen = select(transactions).where(transactions.c.at >= start, transactions.c.at < end)
    return chosen if idp is None else chosen.where(transactions.c.idp == idp)


def _records(
    connection: Connection, start: datetime, end: datetime, idp: str | None
) -> Iterator[TransactionRecord]:
    for row in connection.execute(_wanted(start, end, idp)):
        yield record_of(row)


def _by_hour(records: Iterable[TransactionRecord]) -> dict[datetime, list[TransactionRecord]]:
    grouped: dict[datetime, list[TransactionRecord]] = defaultdict(list)
    for record in records:
        grouped[hour_of(record.at)].append(record)
    return grouped

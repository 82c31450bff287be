"""What the dashboard shows, of counts that others keep."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fvs.advice import advice_for
from fvs.errors import UsageError
from fvs.status import Outcome
from fvs_server.edge.languages import Language
from fvs_server.statistics.counts import Counts, percentile_ms
from fvs_server.statistics.statistics import hour_of
from fvs_server.web.charts import BarChart, LineChart, draw_bars, draw_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fvs.registry.reviews import Review
    from fvs_server.operation.readiness import ReadinessReport
    from fvs_server.statistics.drift import SignalState
    from fvs_server.statistics.statistics import HourlyCounts

__all__ = ["PERIODS_DAYS", "Column", "DashboardData", "Numbers", "present_numbers"]

PERIODS_DAYS = (1, 7, 30)
_MOST_HOURS = 48
_OUTCOMES = tuple(outcome.value for outcome in Outcome)
_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_ATTACK = "presentation_attack_suspected"
_MOST_REASONS = 12
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class DashboardData:
    """What the page is made of; a part is None for those who may not see it.

    Attributes:
        now: UTC.
        days: length of the period, which ends now.
        idp: whose numbers; None is everybody's.
        idps: among whom an administrator chooses; empty for others.
        numbers: of the period.
        reviews: suspected duplicates that wait.
        health: of the service.
        certificate_id: in force.
        certificate_expires_at: UTC.
    """

    now: datetime
    days: int
    idp: str | None
    idps: tuple[str, ...]
    numbers: Numbers | None
    reviews: tuple[Review, ...] | None
    health: ReadinessReport
    certificate_id: str
    certificate_expires_at: datetime

    @property
    def certificate_days_left(self) -> int:
        """Whole days; below 0 where its time is over."""
        return (self.certificate_expires_at - self.now) // _DAY


@dataclass(frozen=True, kw_only=True)
class Column:
    """A row of the table beside the charts, and a column in them.

    Attributes:
        start: of the hour or day.
        label: it, as text in UTC.
        decisions: how many of each outcome, in the order of `Outcome`.
        attacks: that were suspected.
        latency_ms: percentiles 50, 95 and 99; None without transactions.
    """

    start: datetime
    label: str
    decisions: tuple[int, ...]
    attacks: int
    latency_ms: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class ReasonCount:
    """How many transactions had a reason, and what people are told then."""

    code: str
    advice: str
    count: int
    percent: float


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Of a period.

    Attributes:
        transactions: answered.
        decisions: how many of each outcome.
        attacks: presentation attacks that were suspected.
        latency_ms: percentiles 50, 95 and 99.
        reasons: the most frequent first.
        drift: of signals against the certificate.
        columns: hours of a short period, days of a longer one; those without transactions too.
        volume: of decisions over the columns.
        speed: of latencies over the columns.
    """

    transactions: int
    decisions: dict[str, int]
    attacks: int
    latency_ms: dict[str, float | None]
    reasons: tuple[ReasonCount, ...]
    drift: tuple[SignalState, ...]
    columns: tuple[Column, ...]
    volume: BarChart
    speed: LineChart


def present_numbers(
    hours: Sequence[HourlyCounts],
    drift: tuple[SignalState, ...],
    *,
    start: datetime,
    end: datetime,
    language: Language,
) -> Numbers:
    """Numbers and charts of hours that lie in a period.

    Args:
        hours: those that had transactions.
        drift: of the same period.
        start: of the period, UTC.
        end: likewise.
        language: of the advice.
    """
    columns = tuple(_columns(hours, start, end))
    total = Counts.total(hour.counts for hour in hours)
    return Numbers(
        transactions=total.transactions,
        decisions={outcome: total.decisions.get(outcome, 0) for outcome in _OUTCOMES},
        attacks=total.reasons.get(_ATTACK, 0),
        latency_ms=dict(zip(_SHARES, _percentiles(total), strict=True)),
        reasons=_reasons(total, language),
        drift=drift,
        columns=columns,
        volume=draw_bars(_OUTCOMES, [column.decisions for column in columns]),
        speed=draw_lines(tuple(_SHARES), [column.latency_ms for column in columns]),
    )


def _columns(hours: Sequence[HourlyCounts], start: datetime, end: datetime) -> Iterator[Column]:
    by_day = end - start > _MOST_HOURS * _HOUR
    step = _DAY if by_day else _HOUR
    pattern = "%Y-%m-%d" if by_day else "%Y-%m-%d %H:00"
    parts: dict[datetime, list[Counts]] = defaultdict(list)
    for each in hours:
        parts[_start_of(each.hour, by_day=by_day)].append(each.counts)
    moment = _start_of(start, by_day=by_day)
    while moment < end:
        counts = Counts.total(parts[moment])
        yield Column(
            start=moment,
            label=moment.strftime(pattern),
            decisions=tuple(counts.decisions.get(outcome, 0) for outcome in _OUTCOMES),
            attacks=counts.reasons.get(_ATTACK, 0),
            latency_ms=_percentiles(counts),
        )
        moment += step


def _start_of(moment: datetime, *, by_day: bool) -> datetime:
    hour = hour_of(moment)
    return hour.replace(hour=0) if by_day else hour


def _percentiles(counts: Counts) -> tuple[float | None, ...]:
    found = (percentile_ms(counts.latency_bins, share) for share in _SHARES.values())
    # Beyond the last bin nothing is known but that it was slow.
    return tuple(None if value == float("inf") else value for value in found)


def _reasons(total: Counts, language: Language) -> tuple[ReasonCount, ...]:
    frequent = sorted(total.reasons.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        ReasonCount(
            code=code,
            advice=_advice(code, language),
            count=count,
            percent=100 * count / total.transactions,
        )
        for code, count in frequent[:_MOST_REASONS]
    )


def _advice(code: str, language: Language) -> str:
    try:
        advice = advice_for(code)
    except UsageError:
        return ""  # counted by another release of the service
    return advice.thai if language is Language.THAI else advice.english

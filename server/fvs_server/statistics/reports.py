"""Statistics as a document: for IdPs over HTTP, and for the dashboard."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from fvs.status import Outcome, Status
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError
from fvs_server.statistics.counts import Counts, percentile_ms
from fvs_server.statistics.drift import SignalState, drift_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs.certificates import Certificate
    from fvs_server.statistics.statistics import Statistics

__all__ = ["HourReport", "LatencyReport", "StatisticsReport", "report_period"]

LONGEST_PERIOD = timedelta(days=366)
_SUSPECTED_ATTACK = "presentation_attack_suspected"
_NO_FACE = {Status.NO_FACE.code, Status.SEVERAL_FACES.code}


class LatencyReport(msgspec.Struct, frozen=True, kw_only=True):
    """Percentiles, milliseconds, a tenth too high at most; null without transactions."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class HourReport(msgspec.Struct, frozen=True, kw_only=True):
    """One hour that had transactions."""

    hour: datetime
    transactions: int
    decisions: dict[str, int]
    attacks_suspected: int
    latency: LatencyReport


class StatisticsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered in a period.

    Attributes:
        idp: whose; null is everybody's.
        start: of the first hour.
        end: of the last.
        transactions: that were answered.
        actions: how many of each.
        decisions: likewise.
        reasons: likewise; a transaction has any number.
        not_compared: transactions in which a picture was refused.
        attacks_suspected: by passive PAD.
        no_usable_face: failures to acquire for want of a face.
        latency: from a request's arrival to its decision.
        drift: of live signals against the certificate in force; empty where there are none.
        hours: those that had transactions.
    """

    idp: str | None
    start: datetime
    end: datetime
    transactions: int
    actions: dict[str, int]
    decisions: dict[str, int]
    reasons: dict[str, int]
    not_compared: int
    attacks_suspected: int
    no_usable_face: int
    latency: LatencyReport
    drift: tuple[SignalState, ...]
    hours: tuple[HourReport, ...]


def report_period(
    statistics: Statistics,
    connection: Connection,
    *,
    start: datetime,
    end: datetime,
    idp: str | None,
    certificate: Certificate | None,
) -> StatisticsReport:
    """Count a period of whole hours.

    Raises:
        ServiceError: the period ends before it begins, or is longer than a year.
    """
    if not timedelta(0) < end - start <= LONGEST_PERIOD:
        wrong = Fault.PERIOD_LENGTH.at("query:to", most=LONGEST_PERIOD.days)
        raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))
    counted = statistics.of(connection, start, end, idp)
    total, live = counted.total, statistics.signals(connection, start, end, idp)
    return StatisticsReport(
        idp=idp,
        start=start,
        end=end,
        transactions=total.transactions,
        actions=total.actions,
        decisions=total.decisions,
        reasons=total.reasons,
        not_compared=total.decisions.get(Outcome.NOT_COMPARED, 0),
        attacks_suspected=total.reasons.get(_SUSPECTED_ATTACK, 0),
        no_usable_face=sum(total.reasons.get(code, 0) for code in _NO_FACE),
        latency=_latency(total),
        drift=() if certificate is None else drift_of(certificate, live),
        hours=tuple(
            HourReport(
                hour=each.hour,
                transactions=each.counts.transactions,
                decisions=each.counts.decisions,
                attacks_suspected=each.counts.reasons.get(_SUSPECTED_ATTACK, 0),
                latency=_latency(each.counts),
            )
            for each in counted.by_hour
            if each.counts.transactions
        ),
    )


def _latency(counts: Counts) -> LatencyReport:
    def at(share: float) -> float | None:
        found = percentile_ms(counts.latency_bins, share)
        return None if found is None or math.isinf(found) else found

    return LatencyReport(p50_ms=at(0.5), p95_ms=at(0.95), p99_ms=at(0.99))

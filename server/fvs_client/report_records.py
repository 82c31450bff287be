"""The wire format of what is told afterwards: transactions and statistics."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations

from fvs_client.records import Record

__all__ = [
    "HourStatistics",
    "Latency",
    "SignalState",
    "Statistics",
    "Transaction",
    "TransactionScores",
    "Version",
]


class TransactionScores(Record, frozen=True, kw_only=True):
    """For keys with the scope `scores`."""

    similarity: float | None
    live_probability: float | None


class Transaction(Record, frozen=True, kw_only=True):
    """What was answered, without anything biometric or personal."""

    transaction_id: str
    decided_at: datetime
    idp: str
    key_id: str
    action: str
    decision: str
    reasons: tuple[str, ...]
    purpose: str
    consent_reference: str
    assurance_level: str
    certificate_id: str
    model_ids: tuple[str, ...]
    target_fmr: float | None
    latency_ms: float
    score_detail: TransactionScores | None


class Latency(Record, frozen=True, kw_only=True):
    """Percentiles; null without transactions."""

    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class SignalState(Record, frozen=True, kw_only=True):
    """Whether a live signal looks like those that the certificate was measured on."""

    name: str
    verdict: str
    values: int
    needed: int


class HourStatistics(Record, frozen=True, kw_only=True):
    """One hour that had transactions."""

    hour: datetime
    transactions: int
    decisions: dict[str, int]
    attacks_suspected: int
    latency: Latency


class Statistics(Record, frozen=True, kw_only=True):
    """What was answered in a period; `idp` null is everybody's."""

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
    latency: Latency
    drift: tuple[SignalState, ...]
    hours: tuple[HourStatistics, ...]


class Version(Record, frozen=True, kw_only=True):
    """What runs."""

    service: str
    pack: str
    models: tuple[str, ...]
    certificate_id: str
    certificate_expires: str

"""What Prometheus scrapes; no label comes from a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fvs_server.inference import InferencePool
    from fvs_server.transactions import TransactionRecord

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_S_PER_DAY = 86_400


class Metrics:
    """Counters of this process. Safe to use from many threads."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fvs_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._request_s = Histogram(
            "fvs_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._decisions = Counter(
            "fvs_decisions",
            "What was decided.",
            ("action", "decision"),
            registry=self._registry,
        )
        self._reasons = Counter(
            "fvs_reasons", "Why, by code.", ("action", "reason"), registry=self._registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One was answered.

        Args:
            method: of HTTP.
            route: its template, never its path.
            status: of HTTP.
            seconds: it took.
        """
        self._requests.labels(method, route, str(status)).inc()
        self._request_s.labels(route).observe(seconds)

    def decision(self, record: TransactionRecord) -> None:
        """One was made."""
        self._decisions.labels(record.action, record.decision).inc()
        for reason in record.reasons:
            self._reasons.labels(record.action, reason).inc()

    def watch(
        self,
        pool: InferencePool,
        certificate_expires: Callable[[], datetime],
        clock: Callable[[], datetime],
    ) -> None:
        """Ask for these whenever they are scraped; once."""

        def gauge(name: str, about: str, value: Callable[[], float]) -> None:
            Gauge(name, about, registry=self._registry).set_function(value)

        gauge("fvs_pictures_in_work", "Pictures that are worked on or wait.", lambda: pool.depth)
        gauge("fvs_picture_seconds", "What one takes of late.", lambda: pool.task_s)
        gauge(
            "fvs_certificate_days_left",
            "Until the certificate in force expires.",
            lambda: (certificate_expires() - clock()).total_seconds() / _S_PER_DAY,
        )

    def exposition(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

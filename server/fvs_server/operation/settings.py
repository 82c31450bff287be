"""`[audit]`, `[logs]` and `[traces]`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = ["AuditSettings", "LogSettings", "TraceSettings"]


class AuditSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[audit]`.

    Attributes:
        checkpoint_minutes: between signed checkpoints of the log, where there is anything new.
        retention_days: after which answers are forgotten, an hour of them at a time; 0 forgets none
            by itself.
    """

    checkpoint_minutes: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    retention_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[logs]`: lines on standard error, JSON unless it is a terminal.

    Attributes:
        level: below which nothing is logged.
        requests: whether each request is.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    requests: bool = True


class TraceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[traces]`: spans of OpenTelemetry; needs the extra `otel`.

    Attributes:
        endpoint: of a collector that speaks OTLP over HTTP; empty traces nothing.
        share: of requests that are traced.
    """

    endpoint: Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$")] = ""
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0

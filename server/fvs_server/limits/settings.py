"""`[limits]` of the server's settings."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["LimitsSettings"]

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class LimitsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much a caller may ask, and how often a person may be tried.

    The bounds of the attempts are those of NIST SP 800-63B-4, 3.2.3: a deployment may be stricter.

    Attributes:
        rate_per_s: requests of one key, in the long run.
        burst: requests that a key which was silent may send at once.
        concurrency: requests of one key that one process works on at once.
        failures: attempts in a row for a subject at one IdP before delays begin.
        failures_pad: the same, where attacks are detected (PAD).
        failures_overall: attempts for a subject in a period, all IdPs together.
        failures_overall_pad: the same, where attacks are detected.
        idp_share: of `failures_overall` that one IdP can use up.
        period_h: that length.
        delay_s: the first delay; each further failure doubles it.
        max_delay_s: no delay is longer.
        forget_days: a subject's failures at an IdP are forgotten after as many idle days.
        idempotency_h: for how long an answer can be asked for again.
        idempotency_lease_s: a request whose server died may be repeated after it; longer than
            any deadline.
        session_s: for how long a liveness session holds.
        replay_days: for how long a capture is remembered.
    """

    rate_per_s: _Seconds = 20.0
    burst: _Count = 40
    concurrency: _Count = 16
    failures: Annotated[int, msgspec.Meta(ge=1, le=5)] = 5
    failures_pad: Annotated[int, msgspec.Meta(ge=1, le=10)] = 10
    failures_overall: Annotated[int, msgspec.Meta(ge=1, le=50)] = 50
    failures_overall_pad: Annotated[int, msgspec.Meta(ge=1, le=100)] = 100
    idp_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.2
    period_h: Annotated[float, msgspec.Meta(gt=0)] = 24.0
    delay_s: Annotated[float, msgspec.Meta(ge=30)] = 30.0
    max_delay_s: Annotated[float, msgspec.Meta(ge=30)] = 3600.0
    forget_days: _Count = 30
    idempotency_h: Annotated[float, msgspec.Meta(gt=0)] = 24.0
    idempotency_lease_s: _Seconds = 60.0
    session_s: _Seconds = 300.0
    replay_days: _Count = 30

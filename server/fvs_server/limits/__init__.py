"""Limits: rates, concurrency, attempts for a person, repeated requests, sessions and replays.

Everything but concurrency lives in the database, where replicas agree. Services take the caller's
connection and the time: several of them act in one transaction.
"""

from fvs_server.limits.attempts import AttemptOutcome, Attempts
from fvs_server.limits.bundle import Limits
from fvs_server.limits.captures import Capture, Captures
from fvs_server.limits.challenges import Challenge, Step
from fvs_server.limits.concurrency import Concurrency
from fvs_server.limits.idempotency import Idempotency, StoredAnswer
from fvs_server.limits.keeping import LimitsKeeper
from fvs_server.limits.rates import RateLimits
from fvs_server.limits.sessions import LivenessSession, LivenessSessions
from fvs_server.limits.settings import LimitsSettings
from fvs_server.limits.usage import RateUsage

__all__ = [
    "AttemptOutcome",
    "Attempts",
    "Capture",
    "Captures",
    "Challenge",
    "Concurrency",
    "Idempotency",
    "Limits",
    "LimitsKeeper",
    "LimitsSettings",
    "LivenessSession",
    "LivenessSessions",
    "RateLimits",
    "RateUsage",
    "Step",
    "StoredAnswer",
]

"""What a replica does to the limits, in a process of its own."""

from __future__ import annotations

from fvs_server.database import Database
from fvs_server.limits import Capture, Limits, LimitsSettings
from fvs_server.problems import ServiceError
from fvs_server.secrets import ServerSecrets
from tests.server.limits_fixtures import NOW, SUBJECT, caller

SETTINGS = LimitsSettings(rate_per_s=1.0, burst=40)
ROOT = bytes(range(32))


class Replica:
    """Limits and database of one process."""

    def __init__(self, url: str) -> None:
        self.database = Database.open(url)
        self.limits = Limits.create(SETTINGS, ServerSecrets(ROOT))

    def counts(self, act) -> bool:
        """Whether `act(connection)` is let through."""
        try:
            with self.database.writing() as connection:
                act(connection)
        except ServiceError:
            return False
        return True


def take_rates(url: str, times: int) -> int:
    """How many requests of one moment pass."""
    replica = Replica(url)
    rates = replica.limits.rates
    return sum(replica.counts(lambda c: rates.take(c, caller(), NOW)) for _ in range(times))


def begin_attempts(url: str, times: int) -> int:
    """How many attempts for one subject at one IdP pass, none of which ends."""
    replica = Replica(url)
    attempts = replica.limits.attempts
    return sum(
        replica.counts(lambda c: attempts.admit(c, SUBJECT, "bank-a", NOW)) for _ in range(times)
    )


def fail_attempts(url: str, idps: list[str]) -> int:
    """How many attempts are let through and fail, at each of these IdPs in turn."""
    replica, passed = Replica(url), 0
    attempts = replica.limits.attempts
    for idp in idps:
        if replica.counts(lambda c, idp=idp: attempts.admit(c, SUBJECT, idp, NOW)):
            passed += 1
            replica.counts(lambda c, idp=idp: attempts.record(c, SUBJECT, idp, NOW, "refused"))
    return passed


def begin_keys(url: str, times: int) -> int:
    """How many of these Idempotency-Keys this process gets."""
    replica = Replica(url)
    begin = replica.limits.idempotency.begin
    return sum(
        replica.counts(lambda c, n=n: begin(c, caller(), f"key-{n}", bytes(32), NOW))
        for n in range(times)
    )


def consume_sessions(url: str, sessions: list[tuple[str, str]]) -> int:
    """How many of these sessions this process gets."""
    replica = Replica(url)
    consume = replica.limits.sessions.consume
    return sum(
        replica.counts(lambda c, each=each: consume(c, caller(), SUBJECT, *each, NOW))
        for each in sessions
    )


def remember_captures(url: str, times: int) -> int:
    """How many of these captures this process is the first to record."""
    replica = Replica(url)
    attempts, captures = replica.limits.attempts, replica.limits.captures

    def record(connection, number: int) -> None:
        attempts.record(connection, SUBJECT, "bank-a", NOW, "accepted")
        # Each looks like the other processes' one of that number, and has bytes of its own.
        perceptual = number * 0x0101_0101_0101_0101
        mine = f"{id(replica)}:{number}".encode().ljust(32, b"\0")
        frame = Capture(sha256=mine, perceptual=perceptual)
        captures.remember(connection, SUBJECT, [frame], NOW)

    return sum(replica.counts(lambda c, n=n: record(c, n)) for n in range(times))


def take_and_tidy(url: str, times: int) -> int:
    """Requests and tidying at once; how many of the latter went through."""
    replica = Replica(url)
    passed = 0
    for number in range(times):
        fail_once(replica, f"idp-{number % 3}")
        passed += replica.counts(lambda c: replica.limits.tidy(c, NOW))
    return passed


def fail_once(replica: Replica, idp: str) -> None:
    """One attempt that fails, where it is let through."""
    attempts = replica.limits.attempts
    if replica.counts(lambda c: attempts.admit(c, SUBJECT, idp, NOW)):
        replica.counts(lambda c: attempts.record(c, SUBJECT, idp, NOW, "refused"))

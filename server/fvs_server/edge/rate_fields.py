"""`RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers-11."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs_server.limits.usage import UsageNote

__all__ = ["rate_fields"]

_POLICY = '"key"'
"""The name of the only policy: requests of a key."""


def rate_fields(note: UsageNote) -> list[tuple[bytes, bytes]]:
    """Headers of an answer; none where its request was not counted."""
    usage = note.usage
    if usage is None:
        return []
    policy = f"{_POLICY};q={usage.limit};w={usage.window_s}"
    left = f"{_POLICY};r={usage.remaining};t={usage.reset_s}"
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]

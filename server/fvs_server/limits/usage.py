"""What a request used of its key's rate, told to whoever writes the answer's headers.

The rate is counted in the middle of a service's transaction, in a thread; between there and the
edge nothing needs to know of it. So the edge opens a note for the request, and context variables
carry it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RateUsage", "UsageNote", "note_usage", "noting_usage"]


@dataclass(frozen=True, kw_only=True)
class RateUsage:
    """What a key has left; as draft-ietf-httpapi-ratelimit-headers-11 says it.

    Attributes:
        limit: requests at once.
        window_s: in which so many come back, evenly.
        remaining: of them, now.
        reset_s: until `remaining` is `limit` again; of a refused request, until one is admitted.
    """

    limit: int
    window_s: int
    remaining: int
    reset_s: int


@dataclass
class UsageNote:
    """Of one request; None until its rate is counted, which not every route does."""

    usage: RateUsage | None = None


_NOTE: ContextVar[UsageNote | None] = ContextVar("rate usage of this request", default=None)


@contextmanager
def noting_usage() -> Iterator[UsageNote]:
    """A note of what the block uses, also in the threads that it waits for."""
    note = UsageNote()
    token = _NOTE.set(note)
    try:
        yield note
    finally:
        _NOTE.reset(token)


def note_usage(usage: RateUsage) -> RateUsage:
    """Note it, where somebody wants to know."""
    note = _NOTE.get()
    if note is not None:
        note.usage = usage
    return usage

"""What the process returns; imports nothing heavy, so that `main` can name them early."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """0, 1 and 2 are answers; every other code says that there is none."""

    MATCH = 0
    NO_MATCH = 1
    NO_DECISION = 2
    WRONG_USE = 3
    INTERNAL_ERROR = 70
    """A mistake in this program: EX_SOFTWARE of BSD's sysexits.h."""
    INTERRUPTED = 130
    """Ctrl-C: what shells return for a process ended by SIGINT, 128 + 2."""
    BROKEN_PIPE = 141
    """The reader went away: likewise for SIGPIPE, 128 + 13."""

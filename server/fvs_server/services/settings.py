"""`[verification]` of the server's settings."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["VerificationSettings"]


class VerificationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of a verification besides the decision.

    Attributes:
        portrait_years: an older portrait is said to be old. Thai cards are valid for 8 years.
    """

    portrait_years: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8

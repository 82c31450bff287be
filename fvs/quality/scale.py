"""Raw measures to scalars 0 (worst) .. 100 (best), and what a component is.

The shapes are those of OFIQ, the reference implementation of ISO/IEC 29794-5: a logistic curve, a
window of two, and a few closed forms. Scalars are not rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fvs.records import F64

__all__ = ["BEST", "Component", "Scale", "Sigmoid", "Window", "cosine_squared"]

BEST = 100.0
EXP_LIMIT = 500.0
"""exp overflows float64 beyond 709; a logistic is 0 or 1 to the last bit long before."""

Scale = Callable[[F64], F64]
"""(M,) raw -> (M,) scalar in 0..100; NaN stays NaN."""


@dataclass(frozen=True)
class Sigmoid:
    """100 / (1 + exp(-(raw - centre) / width)); a negative width falls.

    Attributes:
        centre: the raw value whose scalar is 50.
        width: one unit of the logistic; 3 of them beyond the centre the scalar is 95.
    """

    centre: float
    width: float

    def __call__(self, raw: F64) -> F64:
        """(M,) raw -> (M,) scalar."""
        exponent = np.clip(-(raw - self.centre) / self.width, -EXP_LIMIT, EXP_LIMIT)
        return np.asarray(BEST / (1.0 + np.exp(exponent)), np.float64)


@dataclass(frozen=True)
class Window:
    """High between two logistic flanks: the product of both, as OFIQ's luminance mean.

    Attributes:
        rise: the lower flank, a positive width.
        fall: the upper flank, a negative width.
    """

    rise: Sigmoid
    fall: Sigmoid

    def __call__(self, raw: F64) -> F64:
        """(M,) raw -> (M,) scalar."""
        return np.asarray(self.rise(raw) * self.fall(raw) / BEST, np.float64)


def cosine_squared(degrees: F64) -> F64:
    """100 cos^2 of an angle, 0 from a right angle on: OFIQ's scalar of the head pose."""
    angle = np.radians(np.minimum(np.abs(degrees), 90.0))
    return np.asarray(BEST * np.cos(angle) ** 2, np.float64)


@dataclass(frozen=True, kw_only=True)
class Component:
    """One quality component of ISO/IEC 29794-5.

    Attributes:
        name: its name in the standard, in snake case.
        unit: of the raw value.
        scale: raw to scalar.
        reason_below: what a refusal is called where the raw value is below `ideal`.
        reason_above: likewise at or above it.
        ideal: the raw value that parts the two.
    """

    name: str
    unit: str
    scale: Scale
    reason_below: str
    reason_above: str
    ideal: float = 0.0

    def reason(self, raw: float) -> str:
        """The reason code of a refusal at this raw value."""
        return self.reason_below if raw < self.ideal else self.reason_above

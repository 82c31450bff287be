"""The operating points that a pack ships with, as a decision would use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fvs.decide import DecisionPolicy
from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.packs import Pack

__all__ = ["ShippedPoint", "shipped_points"]

TARGETS_FMR = (1e-2, 1e-3, 1e-4, 1e-5)


class ShippedPoint(NamedTuple):
    """A target and the threshold that holds it."""

    target_fmr: float
    threshold: float


def shipped_points(pack: Pack) -> tuple[ShippedPoint, ...]:
    """Those of the usual targets that the pack has a point for, highest first.

    Raises:
        UsageError: it has none.
    """
    points = []
    for target_fmr in TARGETS_FMR:
        try:
            threshold = DecisionPolicy.from_pack(pack, target_fmr).point.threshold
        except UsageError:
            continue
        points.append(ShippedPoint(target_fmr, threshold))
    if not points:
        raise UsageError(f"pack {pack.name!r} has no operating point to measure at")
    return tuple(points)

"""A decision policy for measuring time, so that packs without operating points can be timed."""

from fvs.decide import DecisionPolicy
from fvs.operating_points import OperatingPoint, Rate

__all__ = ["TIMING_POLICY"]

_UNMEASURED = Rate(errors=0, trials=1, point=0.0, lower_95=0.0, upper_95=1.0)

TIMING_POLICY = DecisionPolicy(
    point=OperatingPoint(
        target_fmr=0.5,
        threshold=0.999,
        strictest_group="none: for measuring time only",
        fnmr=_UNMEASURED,
        fmr_pooled=_UNMEASURED,
        groups=(),
        bands=(),
    ),
    pad=None,
)
"""Runs every step of a decision that nobody may rely on: only the same picture matches."""

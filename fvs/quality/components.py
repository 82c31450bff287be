"""The table of all components, in the order of a `Quality` record's columns."""

from __future__ import annotations

from fvs.quality import colour, compression, exposure, geometry, pose, sharpness

__all__ = ["COMPONENTS", "QUALITY_REASONS"]

COMPONENTS = (
    *geometry.COMPONENTS,
    *pose.COMPONENTS,
    *sharpness.COMPONENTS,
    *exposure.COMPONENTS,
    *colour.COMPONENTS,
    *compression.COMPONENTS,
)

QUALITY_REASONS = tuple(
    sorted({code for c in COMPONENTS for code in (c.reason_below, c.reason_above)})
)
"""Every reason code that a refusal can have."""

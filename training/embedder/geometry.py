"""Sizes of crops: the networks' input, and a margin so that jitter has real pixels to move into."""

from __future__ import annotations

__all__ = ["CROP_PX", "INPUT_PX", "MARGIN_PX"]

INPUT_PX = 112
"""Side of the networks' input."""

MARGIN_PX = 8
"""Pixels kept around the input on each side (about 7 %)."""

CROP_PX = INPUT_PX + 2 * MARGIN_PX

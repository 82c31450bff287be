"""What the network sees: one wide crop, cut as `fvs.liveness` cuts it."""

from __future__ import annotations

__all__ = ["BOX_SCALE", "CLASSES", "INPUT_PX", "LIVE"]

INPUT_PX = 128
"""Side of the network's input."""

BOX_SCALE = 2.7
"""Window over face box: wide enough for the edges of a sheet or bezel, and for what is printed
around a portrait on a card."""

CLASSES = ("print", "live", "replay")
"""Outputs in order, as the MiniFASNets have them."""

LIVE = CLASSES.index("live")

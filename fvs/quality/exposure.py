"""Light on the face: exposure, contrast and evenness, from the crop's grey levels.

Grey is BT.601 luma as stored, not linear light. Shares, entropy and moments follow OFIQ; its
region is the hull of many landmarks, ours a fixed ellipse of the aligned crop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.face_region import CHEEK_PIXELS, FACE_REGION, LEFT_CHEEK, RIGHT_CHEEK
from fvs.quality.scale import BEST, Component, Sigmoid, Window

if TYPE_CHECKING:
    from fvs.records import F64, U8

__all__ = ["COMPONENTS", "measure_exposure"]

LEVELS = 256
BRIGHTEST = LEVELS - 1
DARK_UP_TO = 25
"""Grey levels 0..25 are underexposed (OFIQ)."""
BRIGHT_FROM = 247
"""Grey levels 247..255 are overexposed (OFIQ)."""
CHEEK_BIN_LEVELS = 16
"""Grey levels per histogram bin: a cheek of 432 pixels would fill 256 bins with noise only."""
ENTROPY_BITS = 8.0
VARIANCE_GAIN = 60.0


def _overexposed_scale(share: F64) -> F64:
    """1 / (share + 0.01), at most 100 (OFIQ)."""
    return np.asarray(np.clip(1.0 / (share + 1.0 / BEST), 0.0, BEST), np.float64)


def _entropy_scale(bits: F64) -> F64:
    """Proportional: 100 at the 8 bits of a flat histogram (OFIQ)."""
    return np.asarray(np.clip(BEST * bits / ENTROPY_BITS, 0.0, BEST), np.float64)


def _variance_scale(variance: F64) -> F64:
    """Sine of 60 v / (60 v + 1) half turns, best at 1/60 (OFIQ)."""
    gained = VARIANCE_GAIN * variance
    return np.asarray(BEST * np.sin(np.pi * gained / (gained + 1.0)), np.float64)


def _overlap_scale(overlap: F64) -> F64:
    """Power 0.3 (OFIQ)."""
    return np.asarray(BEST * overlap**0.3, np.float64)


COMPONENTS = (
    Component(
        name="under_exposure_prevention",
        unit="share of dark pixels",
        # OFIQ centres at 0.92, which a face lost in darkness passes.
        scale=Sigmoid(0.5, -0.1),
        reason_below="too_dark",
        reason_above="too_dark",
    ),
    Component(
        name="over_exposure_prevention",
        unit="share of bright pixels",
        scale=_overexposed_scale,
        reason_below="too_bright",
        reason_above="too_bright",
    ),
    Component(
        name="luminance_mean",
        unit="mean grey, 0..1",
        scale=Window(Sigmoid(0.2, 0.05), Sigmoid(0.8, -0.05)),
        reason_below="too_dark",
        reason_above="too_bright",
        ideal=0.5,
    ),
    Component(
        name="luminance_variance",
        unit="variance of grey, 0..0.25",
        scale=_variance_scale,
        reason_below="low_contrast",
        reason_above="harsh_light",
        ideal=1.0 / VARIANCE_GAIN,
    ),
    Component(
        name="dynamic_range",
        unit="bits",
        scale=_entropy_scale,
        reason_below="low_contrast",
        reason_above="low_contrast",
    ),
    Component(
        name="illumination_uniformity",
        unit="overlap of both cheeks' histograms, 0..1",
        scale=_overlap_scale,
        reason_below="uneven_light",
        reason_above="uneven_light",
    ),
)


def measure_exposure(grey: U8) -> dict[str, F64]:
    """Exposure, contrast and evenness.

    Args:
        grey: (M, 112, 112) luma of the aligned crops.

    Returns:
        Component name -> (M,) raw value, in the units of `COMPONENTS`.
    """
    histogram = _histograms(grey[:, FACE_REGION], LEVELS)
    level = np.arange(LEVELS) / BRIGHTEST
    mean = histogram @ level
    variance = (histogram * (level - mean[:, None]) ** 2).sum(axis=1)
    some = np.where(histogram > 0, histogram, 1.0)
    return {
        "under_exposure_prevention": histogram[:, : DARK_UP_TO + 1].sum(axis=1),
        "over_exposure_prevention": histogram[:, BRIGHT_FROM:].sum(axis=1),
        "luminance_mean": mean,
        "luminance_variance": variance,
        "dynamic_range": -(histogram * np.log2(some)).sum(axis=1) + 0.0,
        "illumination_uniformity": _cheek_overlap(grey),
    }


def _histograms(values: U8, bins: int) -> F64:
    """(M, P) grey levels -> (M, bins) shares of each level."""
    rows = np.arange(len(values))[:, None] * bins
    counts = np.bincount((values + rows).ravel(), minlength=len(values) * bins)
    return np.asarray(counts.reshape(len(values), bins) / values.shape[1], np.float64)


def _cheek_overlap(grey: U8) -> F64:
    bins = LEVELS // CHEEK_BIN_LEVELS
    left, right = (
        _histograms(grey[:, *cheek].reshape(len(grey), CHEEK_PIXELS) // CHEEK_BIN_LEVELS, bins)
        for cheek in (LEFT_CHEEK, RIGHT_CHEEK)
    )
    return np.asarray(np.minimum(left, right).sum(axis=1), np.float64)

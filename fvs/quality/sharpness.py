"""How much fine detail the aligned crop holds.

OFIQ grades sharpness with a trained random forest. This is one of the features of that forest's
family, the strength of the Laplacian, made independent of contrast and light.

It is measured where the embedder looks, on the aligned crop: a large but slightly soft picture
is sharp there, and a face of few pixels, however crisp, is not, because enlarging adds no detail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.face_region import FACE_REGION
from fvs.quality.scale import Component, Sigmoid
from fvs.raster import laplacian

if TYPE_CHECKING:
    from fvs.records import F64, U8

__all__ = ["COMPONENTS", "measure_sharpness"]

FLAT_DEVIATION = 1.0
"""Grey levels; a region with less contrast than this holds noise of rounding, not detail."""

COMPONENTS = (
    Component(
        name="sharpness",
        unit="Laplacian deviation / grey deviation",
        scale=Sigmoid(0.25, 0.06),
        reason_below="blurred",
        reason_above="blurred",
    ),
)


def measure_sharpness(grey: U8) -> dict[str, F64]:
    """Deviation of the Laplacian over the deviation of grey, inside the face.

    Args:
        grey: (M, 112, 112) luma of the aligned crops.

    Returns:
        `sharpness`: (M,), 0 without any contrast.
    """
    raw = np.empty(len(grey), np.float64)
    for row, pixels in enumerate(grey):
        detail = laplacian(pixels)[FACE_REGION].std(dtype=np.float64)
        contrast = pixels[FACE_REGION].std(dtype=np.float64)
        raw[row] = detail / max(contrast, FLAT_DEVIATION)
    return {"sharpness": raw}

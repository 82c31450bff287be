"""How much fine detail the aligned crop holds, next to its coarse detail.

OFIQ grades sharpness with a trained random forest. Here two band-pass filters one octave apart
do: blur removes the fine band before the coarse one, whatever the face, its light or contrast.

It is measured where the embedder looks, on the aligned crop: a large but slightly soft picture
is sharp there, and a face of few pixels, however crisp, is not, because enlarging adds no
detail. Noise is detail to any such measure, so a picture both blurred and noisy may pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.quality.face_region import FACE_REGION
from fvs.quality.scale import Component, Sigmoid
from fvs.raster import smooth_field

if TYPE_CHECKING:
    from fvs.records import F64, U8

__all__ = ["COMPONENTS", "measure_sharpness"]

SIGMAS_PX = (0.8, 1.6, 3.2)
"""Of three Gaussians; their differences are the fine and the coarse band of the 112 px crop."""
FLAT_LEVELS = 0.5
"""Deviation of the coarse band, in grey levels, below which it is rounding and no detail."""

COMPONENTS = (
    Component(
        name="sharpness",
        unit="deviation of the fine band / of the coarse band",
        # Pool pictures: 0.44 to 1.0. Blurred on purpose by 2, 3, 4 px: medians 0.40, 0.34, 0.31.
        scale=Sigmoid(0.42, 0.02),
        reason_below="blurred",
        reason_above="blurred",
    ),
)


def measure_sharpness(grey: U8) -> dict[str, F64]:
    """Strength of the fine band over that of the coarse band, inside the face.

    Args:
        grey: (M, 112, 112) luma of the aligned crops.

    Returns:
        `sharpness`: (M,), about 0.3 for a hopeless blur and 0 without any contrast.
    """
    raw = np.empty(len(grey), np.float64)
    for row, pixels in enumerate(grey):
        levels = pixels.astype(np.float32)
        smooth = [smooth_field(levels, sigma)[FACE_REGION] for sigma in SIGMAS_PX]
        fine, coarse = (smooth[0] - smooth[1]).std(), (smooth[1] - smooth[2]).std()
        raw[row] = fine / max(coarse, FLAT_LEVELS)
    return {"sharpness": raw}

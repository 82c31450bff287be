"""Passive presentation attack detection (PAD): is this a live face, or a print or replay of one?

It stays apart from the match: a live stranger and the holder's photograph both fail, for
different reasons. The *live* probability decides, never the confidence of whichever class wins:
a network that is certain of a replay is very confident too.

Crops follow the reference implementation, Silent-Face-Anti-Spoofing `src/generate_patches.py`:
the box is enlarged about its centre, shrunk to what the picture holds, and *shifted* into the
picture. Clipping instead would distort the face, which the networks have not been taught.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.raster import resize_bilinear
from fvs.records import Liveness
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.network import Network
    from fvs.records import F32, F64, U8, Bool, Faces, Images, Int, Pixels

__all__ = ["assess_liveness", "pad_crops", "pad_windows_px"]

LIVE_CLASS = "live"


def assess_liveness(images: Images, faces: Faces, networks: Sequence[Network]) -> Liveness:
    """Mean over the networks of the softmax probability of *live*.

    Args:
        images: the pictures.
        faces: M faces in them; `image_index` says where.
        networks: PAD networks; none leaves every face unassessed.

    Returns:
        M rows: the face's earlier failure, LIVENESS_NOT_ASSESSED (no networks, a box without
        area, or a result that is not finite; probability NaN), or OK.

    Raises:
        UsageError: a network is no PAD network.
    """
    status = faces.status.copy()
    probability = np.full(len(faces), np.nan, np.float32)
    rows = np.flatnonzero(faces.ok & _has_area(faces.xyxy_px))
    if networks and len(rows):
        pictures = [images.pixels_rgb[i] for i in faces.image_index[rows]]
        boxes = faces.xyxy_px[rows]
        each = [_live_probability(pictures, boxes, network) for network in networks]
        probability[rows] = np.mean(each, axis=0)
    status[faces.ok & ~np.isfinite(probability)] = Status.LIVENESS_NOT_ASSESSED
    return Liveness(
        status=status, image_index=faces.image_index.copy(), live_probability=probability
    )


def pad_windows_px(xyxy_px: F32, picture_wh_px: Int, box_scale: float) -> Int:
    """Windows that the PAD networks see, rounded as the reference rounds.

    Args:
        xyxy_px: (M, 4) finite face boxes with area; they may reach beyond the picture.
        picture_wh_px: (M, 2) size of each box's picture.
        box_scale: how much larger than the box the window should be.

    Returns:
        (M, 4) int64 left, top, right, bottom of the pixels inside, *both ends included*; always
        within the picture.
    """
    box = np.asarray(xyxy_px, np.float64)
    wh = np.asarray(picture_wh_px, np.float64)
    corner = np.trunc(box[:, :2])
    size = np.trunc(box[:, 2:] - box[:, :2] + 1.0)
    fits = np.minimum(box_scale, ((wh - 1) / size).min(axis=1, keepdims=True))
    half = size * fits / 2
    centre = size / 2 + corner
    low, high = centre - half, centre + half
    # The order of the sums is the reference's: another may truncate to a neighbouring pixel.
    low, high = np.maximum(low, 0), high - np.minimum(low, 0)
    low, high = low - np.maximum(high - wh + 1, 0), np.minimum(high, wh - 1)
    return np.asarray(np.trunc(np.concatenate([low, high], axis=1)), np.int64)


def pad_crops(pictures_rgb: Sequence[Pixels], xyxy_px: F32, box_scale: float, side_px: int) -> U8:
    """What a PAD network is shown of each face.

    Args:
        pictures_rgb: M pictures (H, W, 3) uint8, one for each face.
        xyxy_px: (M, 4) finite face boxes with area.
        box_scale: how much larger than the box the window should be.
        side_px: of the network's square input.

    Returns:
        (M, side, side, 3) uint8 RGB.
    """
    wh = np.array([picture.shape[1::-1] for picture in pictures_rgb], np.int64).reshape(-1, 2)
    batch = np.empty((len(wh), side_px, side_px, 3), np.uint8)
    windows = pad_windows_px(xyxy_px, wh, box_scale)
    for row, (left, top, right, bottom) in enumerate(windows):
        window = pictures_rgb[row][top : bottom + 1, left : right + 1]
        batch[row] = resize_bilinear(window, side_px, side_px)
    return batch


def _has_area(xyxy_px: F32) -> Bool:
    """(M,) True where a box is finite and wider and higher than nothing."""
    # A NaN corner compares False, so it needs no case of its own; an infinite one does.
    finite = np.isfinite(xyxy_px).all(axis=1)
    return np.asarray(finite & (xyxy_px[:, 2:] > xyxy_px[:, :2]).all(axis=1))


def _live_probability(pictures: Sequence[Pixels | None], xyxy_px: F32, network: Network) -> F64:
    """(M,) probability of live; NaN where the network's answer is not finite."""
    head, side = network.manifest.pad, network.manifest.input.size_px
    if head is None or side is None:
        raise UsageError(f"{network.manifest.id} is no PAD network with a fixed input size")
    batch = pad_crops([p for p in pictures if p is not None], xyxy_px, head.box_scale, side)
    logits = network.run(batch)[head.output].astype(np.float64)
    return _softmax(logits)[:, head.classes.index(LIVE_CLASS)]


def _softmax(logits: F64) -> F64:
    """Row-wise; NaN for a row that is not finite."""
    finite = np.isfinite(logits).all(axis=1, keepdims=True)
    safe = np.where(finite, logits, 0.0)
    power = np.exp(safe - safe.max(axis=1, keepdims=True))
    return np.where(finite, power / power.sum(axis=1, keepdims=True), np.nan)

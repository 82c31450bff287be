"""Faces and pictures made by hand, and a detector that finds painted marks in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.manifest import DetectHead, Licence, ModelManifest, PixelInput, Provenance
from fvs.records import Faces, Images
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32, U8, Pixels

UPRIGHT = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
"""Landmarks of an upright face as shares of its box."""

STRIDES = (8, 16, 32)
KINDS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
YUNET = DetectHead(
    family="yunet",
    strides_px=STRIDES,
    outputs=tuple(f"{kind}_{stride}" for kind in KINDS for stride in STRIDES),
    score_threshold=0.5,
    nms_iou=0.3,
)
SCRFD = DetectHead(
    family="scrfd",
    strides_px=STRIDES,
    outputs=tuple(f"{kind}_{stride}" for kind in ("score", "bbox", "kps") for stride in STRIDES),
    anchors_per_cell=2,
    score_threshold=0.5,
    nms_iou=0.4,
)


def images(pictures: Sequence[Pixels | None]) -> Images:
    """Pictures as if decoded at full size; None could not be read."""
    shapes = [(0, 0) if p is None else (p.shape[1], p.shape[0]) for p in pictures]
    status = [Status.CORRUPT_IMAGE if p is None else Status.OK for p in pictures]
    return Images(
        status=np.array(status, np.uint8),
        pixels_rgb=tuple(pictures),
        native_wh=np.array(shapes, np.int64).reshape(-1, 2),
        scale=np.ones(len(shapes)),
        file_format=("png",) * len(shapes),
    )


def faces(
    xyxy_px: Sequence[Sequence[float]],
    image_index: Sequence[int] | None = None,
    score: Sequence[float] | None = None,
) -> Faces:
    """Upright faces in these boxes, by default all in picture 0 and with score 0.9."""
    n = len(xyxy_px)
    boxes = np.array(xyxy_px, np.float32).reshape(n, 4)
    points = boxes[:, None, :2] + UPRIGHT * (boxes[:, None, 2:] - boxes[:, None, :2])
    return Faces(
        status=np.zeros(n, np.uint8),
        image_index=np.zeros(n, np.int64) if image_index is None else np.array(image_index),
        xyxy_px=boxes,
        landmarks_px=points.astype(np.float32),
        detection_score=np.array([0.9] * n if score is None else score, np.float32),
    )


def marked_picture(width: int, height: int, box: tuple[int, int, int, int]) -> Pixels:
    """Black, with a mark that `MarkDetector` takes for a face: a blue brow over a red chin."""
    picture = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = box
    picture[top:bottom, left:right] = (255, 0, 0)
    picture[top : (top + bottom) // 2, left:right] = (0, 0, 255)
    return picture


class MarkDetector:
    """Finds marks as YuNet finds faces: whichever way up, with landmarks as if upright.

    It is surest of upright marks, and misses those under 16 px or over 0.9 of the canvas.

    Attributes:
        sides_px: of the canvases it was shown, one per run.
        canvases: it was shown in all.
    """

    def __init__(self, size_px: int | None = None) -> None:
        self.manifest = ModelManifest(
            id="detect-mark-202601",
            task="detect",
            file="mark.onnx",
            sha256="0" * 64,
            size_bytes=0,
            summary="a detector of marks",
            input=PixelInput(name="input", channels="rgb", size_px=size_px),
            licence=Licence(spdx="Apache-2.0", commercial_use=True, notice=""),
            provenance=Provenance(source="", commit="", trained_on=""),
            detect=YUNET,
        )
        self.sides_px: list[int] = []
        self.canvases = 0

    def run(self, pixels_rgb: U8) -> dict[str, F32]:
        """Outputs as a YuNet head would give them."""
        n, side = pixels_rgb.shape[:2]
        self.sides_px.append(side)
        self.canvases += n
        outputs = {
            f"{kind}_{stride}": np.zeros((n, (side // stride) ** 2, width), np.float32)
            for kind, width in KINDS.items()
            for stride in STRIDES
        }
        for row, picture in enumerate(pixels_rgb):
            self._mark(outputs, row, picture)
        return outputs

    def _mark(self, outputs: dict[str, F32], row: int, picture: Pixels) -> None:
        y, x = np.nonzero(picture.max(axis=2) > 127)
        if not len(x):
            return
        low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
        size = high - low
        if size.min() < 16 or size.max() > 0.9 * len(picture):
            return
        columns = len(picture) // 32
        cell = ((low + high) / 2) // 32
        index = int(cell[1] * columns + cell[0])
        points = low + UPRIGHT * size
        outputs["cls_32"][row, index] = 1
        outputs["obj_32"][row, index] = self._sureness(picture, low, high) ** 2
        outputs["bbox_32"][row, index, :2] = (low + high) / 2 / 32 - cell
        outputs["bbox_32"][row, index, 2:] = np.log(size / 32)
        outputs["kps_32"][row, index] = (points / 32 - cell).ravel()

    def _sureness(self, picture: Pixels, low: np.ndarray, high: np.ndarray) -> float:
        middle = (low + high) // 2
        brow = picture[low[1] + 2 : middle[1] - 2, low[0] + 2 : high[0] - 2].mean(axis=(0, 1))
        return 0.95 if brow[2] > 3 * brow[0] else 0.85


class NoDetector:
    """Stands in for a network of another task."""

    class manifest:  # noqa: N801 - stands in for an attribute
        """What is asked of it."""

        id = "embed-x"
        detect = None

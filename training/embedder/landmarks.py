"""YuNet on a padded canvas: the five landmarks of the main face of each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from fvs.raster import resize

if TYPE_CHECKING:
    from pathlib import Path

    from fvs.records import F32, F64, Pixels

__all__ = ["CANVAS_PX", "Detector", "on_canvas", "open_session"]

CANVAS_PX = 256
"""Side of the square that pictures are padded to: tight crops need room around the face."""

STRIDES_PX = (8, 16, 32)

SCORE_THRESHOLD = 0.5

MAIN_FACE_AREA = 0.3
"""Faces smaller than this part of the largest are bystanders."""


def open_session(model: Path | bytes, threads: int) -> ort.InferenceSession:
    """An onnxruntime CPU session that does not spin."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = model if isinstance(model, bytes) else model.read_bytes()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def on_canvas(picture_rgb: Pixels, face_scale: float) -> tuple[Pixels, F64]:
    """Centre a picture on a black canvas.

    Args:
        picture_rgb: (H, W, 3) uint8.
        face_scale: of the canvas, how much the picture's longer side may take (0..1); small
            pictures are not enlarged.

    Returns:
        The canvas and (scale, x shift, y shift): canvas = scale * picture + shift.
    """
    height, width = picture_rgb.shape[:2]
    scale = min(1.0, face_scale * CANVAS_PX / max(height, width))
    small_w, small_h = max(1, round(width * scale)), max(1, round(height * scale))
    small = picture_rgb if scale == 1.0 else resize(picture_rgb, small_w, small_h)
    left, top = (CANVAS_PX - small_w) // 2, (CANVAS_PX - small_h) // 2
    canvas = np.zeros((CANVAS_PX, CANVAS_PX, 3), np.uint8)
    canvas[top : top + small_h, left : left + small_w] = small
    return canvas, np.array([scale, left, top], float)


class Detector:
    """YuNet with the choice of one face per picture."""

    def __init__(self, weights: Path) -> None:
        self._session = open_session(weights, threads=1)
        self._names = [o.name for o in self._session.get_outputs()]

    def main_face(self, picture_rgb: Pixels) -> F64 | None:
        """(5, 2) landmarks in picture pixels of the face that the picture is about, or None.

        That is the most central one of the large ones. Where nothing is found, the picture is
        tried once more at half size, which close-ups need.
        """
        for face_scale in (1.0, 0.5):
            canvas, (scale, left, top) = on_canvas(picture_rgb, face_scale)
            found = self._faces(canvas)
            if found is not None:
                boxes, points = found
                best = _most_central(boxes)
                return (points[best] - [left, top]) / scale
        return None

    def _faces(self, canvas_rgb: Pixels) -> tuple[F64, F64] | None:
        """Boxes (F, 4) xyxy and landmarks (F, 5, 2) of confident cells, or None."""
        tensor = canvas_rgb[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)
        outputs = self._session.run(None, {"input": tensor})
        heads = dict(zip(self._names, (np.asarray(o)[0] for o in outputs), strict=True))
        levels = [_decode(heads, stride) for stride in STRIDES_PX]
        scores, boxes, points = (np.concatenate(part) for part in zip(*levels, strict=True))
        keep = scores >= SCORE_THRESHOLD
        if not keep.any():
            return None
        # Cells of one face vote for nearly the same box; the strongest come first.
        order = np.argsort(-scores[keep], kind="stable")
        return boxes[keep][order], points[keep][order]


def _decode(heads: dict[str, F32], stride_px: int) -> tuple[F64, F64, F64]:
    """YuNet's grid outputs as scores (C,), boxes (C, 4) and landmarks (C, 5, 2)."""
    cells = CANVAS_PX // stride_px
    ys, xs = np.mgrid[:cells, :cells] * float(stride_px)
    corner = np.stack([xs.ravel(), ys.ravel()], axis=1)
    quality = heads[f"cls_{stride_px}"][:, 0] * heads[f"obj_{stride_px}"][:, 0]
    box = heads[f"bbox_{stride_px}"]
    centre = corner + box[:, :2] * stride_px
    half = np.exp(box[:, 2:]) * stride_px / 2
    points = corner[:, None] + heads[f"kps_{stride_px}"].reshape(-1, 5, 2) * stride_px
    return np.sqrt(quality), np.hstack([centre - half, centre + half]), points


def _most_central(boxes: F64) -> int:
    """Index of the large box nearest the canvas' middle; the strongest of near-equal ones."""
    sides = boxes[:, 2:] - boxes[:, :2]
    area = sides.prod(axis=1)
    offset = np.abs((boxes[:, :2] + boxes[:, 2:]) / 2 - CANVAS_PX / 2).max(axis=1)
    cost = np.where(area >= MAIN_FACE_AREA * area.max(), offset, np.inf)
    near_equal = cost <= cost.min() + STRIDES_PX[0]
    return int(np.flatnonzero(near_equal)[0])

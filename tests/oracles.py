"""Slow, obvious references beside the fast numeric code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from fvs.manifest import DetectHead

Candidate = tuple[int, float, list[float], list[float]]
"""Row of the batch, score, box, ten landmark coordinates."""


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two xyxy boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0


def suppress(
    boxes: Sequence[Sequence[float]], scores: Sequence[float], owner: Sequence[int], iou: float
) -> list[int]:
    """Greedy non-maximum suppression, one candidate at a time; indices by owner, then score."""
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: (owner[i], -scores[i])):
        rivals = [k for k in kept if owner[k] == owner[i]]
        if all(overlap(boxes[i], boxes[k]) <= iou for k in rivals):
            kept.append(i)
    return kept


def read_cells(
    outputs: Mapping[str, np.ndarray], head: DetectHead, width_px: int
) -> list[Candidate]:
    """Decode every cell of every level in nested loops."""
    levels = len(head.strides_px)
    found = []
    for level, stride in enumerate(head.strides_px):
        arrays = [outputs[name] for name in head.outputs[level::levels]]
        for row in range(len(arrays[0])):
            for index in range(arrays[0].shape[1]):
                cell = index // head.anchors_per_cell
                x, y = cell % (width_px // stride), cell // (width_px // stride)
                values = [[float(v) for v in array[row, index]] for array in arrays]
                read = _yunet if head.family == "yunet" else _scrfd
                score, box = read(values, x, y, stride)
                points = [(c + k) * stride for c, k in zip((x, y) * 5, values[-1], strict=True)]
                if score >= head.score_threshold:
                    found.append((row, score, box, points))
    return found


def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _yunet(values: list[list[float]], x: int, y: int, stride: int) -> tuple[float, list[float]]:
    (cls,), (obj,), bbox, _ = values
    centre_x, centre_y = (x + bbox[0]) * stride, (y + bbox[1]) * stride
    width, height = math.exp(bbox[2]) * stride, math.exp(bbox[3]) * stride
    box = [centre_x - width / 2, centre_y - height / 2]
    return math.sqrt(_clamp(cls) * _clamp(obj)), [*box, box[0] + width, box[1] + height]


def _scrfd(values: list[list[float]], x: int, y: int, stride: int) -> tuple[float, list[float]]:
    (score,), (left, top, right, bottom), _ = values
    corner_x, corner_y = x * stride, y * stride
    box = [corner_x - left * stride, corner_y - top * stride]
    return _clamp(score), [*box, corner_x + right * stride, corner_y + bottom * stride]

"""Reads a detector's outputs: candidates above the threshold, and the best of those that overlap.

Both families are anchor-free in the sense that matters here: a candidate's box and landmarks are
given relative to its cell, in units of the level's stride. The threshold is applied first, so
that only survivors (tens of thousands of cells become tens) are decoded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.records import F32, Faces, Int
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fvs.manifest import DetectHead

__all__ = ["decode", "intersection_over_union", "suppress_overlaps", "winners"]

VOTE_POWER = 4
"""Votes weigh as this power of their score: sure cells know better where a face is."""


def decode(outputs: Mapping[str, F32], head: DetectHead, width_px: int) -> Faces:
    """All candidates of a batch, before overlaps are suppressed.

    Args:
        outputs: name -> (B, candidates, 1 | 4 | 10) float32 of one `Network.run`.
        head: how to read them.
        width_px: of the network's input.

    Returns:
        Candidates in the input's pixel frame; `image_index` is the row of the batch. Those with
        coordinates that are not finite are left out.

    Source: YuNet, Wu et al., Machine Intelligence Research 20 (2023); SCRFD, Guo et al.,
    ICLR 2022.
    """
    levels = len(head.strides_px)
    columns = [outputs[name] for name in head.outputs]
    kinds = [columns[i : i + levels] for i in range(0, len(columns), levels)]
    level_of = zip(head.strides_px, *kinds, strict=True)
    read = _yunet_level if head.family == "yunet" else _scrfd_level
    found = Faces.concatenate(
        [read(head, width_px // stride, stride, *arrays) for stride, *arrays in level_of]
    )
    coordinates = np.concatenate([found.xyxy_px, found.landmarks_px.reshape(-1, 10)], axis=1)
    return found.take(np.isfinite(coordinates).all(axis=1))


def _yunet_level(  # noqa: PLR0913, PLR0917 - one argument per output of the level
    head: DetectHead, columns: int, stride: int, cls: F32, obj: F32, bbox: F32, kps: F32
) -> Faces:
    """Score sqrt(cls * obj); centre offset and log size; landmarks offset from the corner."""
    score = np.sqrt(np.clip(cls[..., 0], 0, 1) * np.clip(obj[..., 0], 0, 1))
    row, cell = np.nonzero(score >= head.score_threshold)
    corner = _cell_corners(cell, columns)
    centre = (corner + bbox[row, cell, :2]) * stride
    with np.errstate(over="ignore"):  # an infinite size is dropped with its candidate
        half = np.exp(bbox[row, cell, 2:]) * (stride / 2)
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    points = (corner[:, None] + kps[row, cell].reshape(-1, 5, 2)) * stride
    return _candidates(row, score[row, cell], boxes, points)


def _scrfd_level(
    head: DetectHead, columns: int, stride: int, score: F32, bbox: F32, kps: F32
) -> Faces:
    """Distances to the four sides and landmark offsets, from the cell's corner."""
    row, anchor = np.nonzero(score[..., 0] >= head.score_threshold)
    corner = _cell_corners(anchor // head.anchors_per_cell, columns)
    distance = bbox[row, anchor]
    boxes = np.concatenate([corner - distance[:, :2], corner + distance[:, 2:]], axis=1) * stride
    points = (corner[:, None] + kps[row, anchor].reshape(-1, 5, 2)) * stride
    return _candidates(row, np.clip(score[row, anchor, 0], 0, 1), boxes, points)


def _cell_corners(cell: Int, columns: int) -> F32:
    """(K,) cell numbers, row by row -> (K, 2) x and y in cells."""
    return np.stack([cell % columns, cell // columns], axis=1).astype(np.float32)


def _candidates(row: Int, score: F32, boxes: F32, points: F32) -> Faces:
    return Faces(
        status=np.full(len(row), Status.OK, np.uint8),
        image_index=row.astype(np.int64),
        xyxy_px=boxes.astype(np.float32),
        landmarks_px=points.astype(np.float32),
        detection_score=score.astype(np.float32),
    )


def winners(candidates: Faces, head: DetectHead) -> Faces:
    """The faces that candidates stand for: one each, placed by vote where the head says so.

    Neighbouring cells see one face from different places, so that their errors partly cancel:
    our own detector's landmarks of a picture and of its mirror image come to lie half as far
    apart.

    Args:
        candidates: of `decode`.
        head: how much overlap suppresses, and how much has a vote.

    Returns:
        As `suppress_overlaps`; scores are the winners' own.

    Source: box voting, Gidaris and Komodakis, ICCV 2015, section 3.3, for landmarks too.
    """
    won = suppress_overlaps(candidates, head.nms_iou)
    if head.vote_iou is None:
        return won
    winner, voter = np.nonzero(won.image_index[:, None] == candidates.image_index)
    overlap = intersection_over_union(won.xyxy_px[winner], candidates.xyxy_px[voter])
    near = overlap >= head.vote_iou
    winner, voter = winner[near], voter[near]
    weight = candidates.detection_score[voter] ** VOTE_POWER
    share = weight / np.bincount(winner, weight, len(won))[winner]
    boxes, points = np.zeros((len(won), 4)), np.zeros((len(won), 5, 2))
    np.add.at(boxes, winner, share[:, None] * candidates.xyxy_px[voter])
    np.add.at(points, winner, share[:, None, None] * candidates.landmarks_px[voter])
    return replace(won, xyxy_px=boxes.astype(np.float32), landmarks_px=points.astype(np.float32))


def suppress_overlaps(faces: Faces, max_iou: float) -> Faces:
    """Greedy non-maximum suppression within each image, all images at once.

    Each round takes every image's best remaining candidate and drops those of the image that
    overlap it, so there are as many rounds as the fullest image has faces, and memory stays
    linear in the number of candidates.

    Args:
        faces: candidates of any images in any order; of equal scores the first wins.
        max_iou: candidates that overlap a winner by more than this go.

    Returns:
        The winners, sorted by image, then by falling detection score.
    """
    order = np.lexsort((-faces.detection_score, faces.image_index))
    faces = faces.take(order)
    alive = np.arange(len(faces))
    winners: list[Int] = []
    while len(alive):
        _, first, owner = np.unique(
            faces.image_index[alive], return_index=True, return_inverse=True
        )
        best = alive[first]
        winners.append(best)
        overlap = intersection_over_union(faces.xyxy_px[alive], faces.xyxy_px[best[owner]])
        keep = overlap <= max_iou
        keep[first] = False
        alive = alive[keep]
    return faces.take(np.sort(np.concatenate(winners))) if winners else faces


def intersection_over_union(a_xyxy: F32, b_xyxy: F32) -> F32:
    """(K, 4) and (K, 4) boxes -> (K,) overlap of each pair in 0..1; 0 where both are empty."""
    low = np.maximum(a_xyxy[:, :2], b_xyxy[:, :2])
    high = np.minimum(a_xyxy[:, 2:], b_xyxy[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = [np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), axis=1) for b in (a_xyxy, b_xyxy)]
    union = areas[0] + areas[1] - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny), np.float32)

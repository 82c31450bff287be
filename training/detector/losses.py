"""What a batch of answers costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from training.detector.network import COLUMNS

if TYPE_CHECKING:
    from training.detector.targets import Targets

__all__ = ["decode", "distance_iou", "losses"]

LARGEST_LOG_SIZE = 4.0
"""Boxes are held below e^4 strides (1,700 px at the coarsest) so that a stray cell stays finite."""


def decode(cells: torch.Tensor, grid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Box and landmarks (K, 4), (K, 5, 2) in pixels of (K, 14) outputs at (K, 3) cells."""
    corner, stride = grid[:, :2], grid[:, 2:]
    centre = (corner + cells[:, :2]) * stride
    half = cells[:, 2:4].clamp(max=LARGEST_LOG_SIZE).exp() * stride / 2
    points = (corner[:, None] + cells[:, 4:].reshape(-1, 5, 2)) * stride[:, None]
    return torch.cat([centre - half, centre + half], dim=1), points


def distance_iou(ours: torch.Tensor, true: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(K,) overlap, and overlap less the squared distance of centres over that of corners.

    Source: Zheng et al., Distance-IoU Loss, AAAI 2020.
    """
    shared = torch.minimum(ours[:, 2:], true[:, 2:]) - torch.maximum(ours[:, :2], true[:, :2])
    shared = shared.clamp(min=0).prod(dim=1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(dim=1) for boxes in (ours, true)]
    overlap = shared / (areas[0] + areas[1] - shared).clamp(min=1e-6)
    around = torch.maximum(ours[:, 2:], true[:, 2:]) - torch.minimum(ours[:, :2], true[:, :2])
    apart = (ours[:, :2] + ours[:, 2:] - true[:, :2] - true[:, 2:]) / 2
    distance = apart.square().sum(dim=1) / around.square().sum(dim=1).clamp(min=1e-6)
    return overlap, overlap - distance


def losses(
    levels: list[torch.Tensor],
    grid: torch.Tensor,
    targets: Targets,
    boxes: torch.Tensor,
    landmarks: torch.Tensor,
) -> dict[str, torch.Tensor]:
    """`score`, `overlap`, `box` and `landmarks`, before they are weighted.

    Args:
        levels: the network's outputs.
        grid: of `cell_grid` for the side of the frames.
        targets: of `assign`.
        boxes: (N, M, 4) pixels.
        landmarks: (N, M, 5, 2) pixels.
    """
    cells = torch.cat([level.float().flatten(2).transpose(1, 2) for level in levels], dim=1)
    is_face, quiet, face = targets
    frame, cell = torch.nonzero(is_face, as_tuple=True)
    count = max(len(frame), 1)
    score, overlap, answers = cells.split([1, 1, sum(COLUMNS[2:])], dim=2)
    asked = ~quiet
    said = binary_cross_entropy_with_logits(
        score[asked][:, 0], is_face[asked].float(), reduction="sum"
    )
    row = face[frame, cell]
    true_boxes, true_points = boxes[frame, row], landmarks[frame, row]
    ours, points = decode(answers[frame, cell], grid[cell])
    share, quality = distance_iou(ours, true_boxes)
    size = (true_boxes[:, 2:] - true_boxes[:, :2]).prod(dim=1).clamp(min=1.0).sqrt()
    error = (points - true_points).abs().mean(dim=(1, 2)) / size
    believed = binary_cross_entropy_with_logits(
        overlap[frame, cell][:, 0], share.detach(), reduction="sum"
    )
    return {
        "score": said / count,
        "overlap": believed / count,
        "box": (1.0 - quality).sum() / count,
        "landmarks": error.sum() / count,
    }

"""Which cells answer for which face, and what they should say."""

from __future__ import annotations

from typing import NamedTuple

import torch

from training.detector.network import STRIDES_PX

__all__ = ["Targets", "assign", "cell_grid"]

SIZES_PX = ((0.0, 56.0), (40.0, 150.0), (112.0, 1e9))
"""Per level, the sizes (root of the box's area) of the faces it answers for; they overlap, so
that a face between two levels is found by either."""

NEAR_CELLS, NEAR_FACE = 1.5, 0.22
"""A cell answers for a face if its middle lies within so many cells, and within so much of the
face's size, of the face's centre, along both axes; but every face has the cells that touch it."""

TOUCH_CELLS = 0.55

QUIET_FACE = 0.35
"""Other cells within this share of the size of a face's centre are asked for nothing."""


class Targets(NamedTuple):
    """Per cell of all levels: (N, cells) bool, bool; (N, cells) row of its face; (cells, 3) grid.

    `is_face` cells should find the face at row `face` of the frame's list, `quiet` ones may say
    what they want, all others should find none.
    """

    is_face: torch.Tensor
    quiet: torch.Tensor
    face: torch.Tensor


def cell_grid(side_px: int) -> torch.Tensor:
    """(cells, 3): column, row and stride of each cell, level by level, row by row."""
    parts = []
    for stride in STRIDES_PX:
        count = side_px // stride
        row, column = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
        parts.append(
            torch.stack([column.flatten(), row.flatten(), torch.full((count**2,), stride)], dim=1)
        )
    return torch.cat(parts).float()


def assign(grid: torch.Tensor, boxes: torch.Tensor, kind: torch.Tensor) -> Targets:
    """Share out the cells.

    Args:
        grid: of `cell_grid`.
        boxes: (N, M, 4) pixels.
        kind: (N, M) 1 a face, 0 neither face nor none, -1 an empty row.
    """
    stride = grid[:, 2]
    # Whole numbers are pixel centres, so the middle of a cell is half a pixel before its half.
    middle = (grid[:, :2] + 0.5) * stride[:, None] - 0.5
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    width_height = (boxes[..., 2:] - boxes[..., :2]).clamp(min=0)
    size = width_height.prod(dim=2).sqrt()[:, None]
    offset = (middle[None, :, None] - centre[:, None]).abs()
    off = offset.amax(dim=3)
    lows = torch.tensor([low for low, _ in SIZES_PX])
    highs = torch.tensor([high for _, high in SIZES_PX])
    level = torch.log2(stride).long() - 3
    fits = (size >= lows[level][None, :, None]) & (size < highs[level][None, :, None])
    reach = torch.minimum(NEAR_CELLS * stride[None, :, None], NEAR_FACE * size)
    reach = torch.maximum(reach, TOUCH_CELLS * stride[None, :, None])
    is_face = kind[:, None] == 1
    claims = fits & is_face & (off <= reach)
    # Where two faces claim a cell, the nearer in terms of its size has it.
    relative = torch.where(claims, off / size.clamp(min=1.0), torch.inf)
    nearest = relative.min(dim=2)
    inside = (offset <= (width_height / 2)[:, None]).all(dim=3)
    around = is_face & (off <= QUIET_FACE * size)
    quiet = around | ((kind[:, None] == 0) & inside)
    found = torch.isfinite(nearest.values)
    return Targets(found, quiet.any(dim=2) & ~found, nearest.indices)

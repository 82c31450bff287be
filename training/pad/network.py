"""The network: plain convolutions at low resolution, which a CPU trains and runs fast."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from training.embedder.student import Block
from training.pad.geometry import CLASSES

if TYPE_CHECKING:
    from training.pad.config import NetworkConfig

__all__ = ["PIXEL_MEAN", "PIXEL_STD", "PadNetwork", "pixels_to_tensor"]

PIXEL_MEAN = 127.5
PIXEL_STD = 64.0


def pixels_to_tensor(crops_rgb: torch.Tensor) -> torch.Tensor:
    """(N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32 in about [-2, 2], channels last."""
    return (crops_rgb.permute(0, 3, 1, 2).float() - PIXEL_MEAN) / PIXEL_STD


class PadNetwork(nn.Module):
    """(N, 3, 128, 128) -> (N, 3) logits of `geometry.CLASSES`.

    The stem folds 4 x 4 pixels into channels: fine texture stays visible to the first convolution,
    and no layer works at full resolution.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        widths = config.widths
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(config.patch_px),
            nn.Conv2d(3 * config.patch_px**2, widths[0], 3, padding=1, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        )
        blocks: list[nn.Module] = []
        stages = zip(pairwise((widths[0], *widths)), config.depths, strict=True)
        for stage, ((before, width), depth) in enumerate(stages):
            blocks.append(Block(before, width, 2 if stage else 1))
            blocks += [Block(width, width, 1) for _ in range(depth - 1)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(widths[-1], len(CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        logits: torch.Tensor = self.head(self.blocks(self.stem(x)).mean(dim=(2, 3)))
        return logits

"""The student network: 2.4 M parameters, 179 M multiply-adds, plain operators that train fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from training.embedder.teacher import STUDENT_PIXELS

if TYPE_CHECKING:
    from training.embedder.config import StudentConfig

__all__ = ["Mirrored", "Student", "pixels_to_tensor"]


def pixels_to_tensor(crops_rgb: torch.Tensor) -> torch.Tensor:
    """(N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32 in about [-1, 1], channels last."""
    mean, std = STUDENT_PIXELS.mean_rgb[0], STUDENT_PIXELS.std_rgb[0]
    return (crops_rgb.permute(0, 3, 1, 2).float() - mean) / std


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; the first may halve the size and widen."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs, stride)
        self.second = _convolution(outputs, outputs, 1)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            pool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
            self.shortcut = nn.Sequential(
                pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return torch.relu(self.shortcut(x) + self.second(torch.relu(self.first(x))))


class Student(nn.Module):
    """(N, 3, 112, 112) -> (N, dimension), not normalised.

    The stem folds 4 x 4 pixels into channels, so that no layer works at full resolution, where a
    CPU spends its time moving memory.
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        widths, depths = config.widths, config.depths
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(config.patch_px),
            _convolution(3 * config.patch_px**2, widths[0], 1),
            nn.ReLU(),
        )
        blocks: list[nn.Module] = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for index in range(depth):
                halve = stage > 0 and index == 0
                blocks.append(Block(inputs, width, 2 if halve else 1))
                inputs = width
        self.blocks = nn.Sequential(*blocks)
        side = 112 // config.patch_px // 2 ** (len(widths) - 1)
        self.pool = nn.Sequential(
            nn.Conv2d(inputs, inputs, side, groups=inputs, bias=False), nn.BatchNorm2d(inputs)
        )
        self.head = nn.Linear(inputs, config.dimension)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See the class."""
        embedding: torch.Tensor = self.head(self.pool(self.blocks(self.stem(x))).flatten(1))
        return embedding


class Mirrored(nn.Module):
    """The mean of what a student says of each picture and of its mirror image.

    Twice the work for an answer nearer to the teacher's: what the student gets wrong about a face
    differs in part between the two.
    """

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, 3, 112, 112) -> (N, dimension), not normalised."""
        both: torch.Tensor = self.student(torch.cat([x, x.flip(3)]))
        return both.reshape(2, -1, both.shape[1]).mean(dim=0)


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
    )

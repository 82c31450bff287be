"""The detector: 3 x 3 convolutions at strides 4 to 32, a light top-down path, three levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

if TYPE_CHECKING:
    from training.detector.config import NetworkConfig

__all__ = ["COLUMNS", "STRIDES_PX", "Deployed", "Detector", "pixels_to_tensor"]

STRIDES_PX = (8, 16, 32)

COLUMNS = (1, 1, 4, 10)
"""Outputs of a cell: face or not, overlap of its box with the true one, box, landmarks."""

PIXEL_SCALE = 255.0

RARE_LOGIT = -4.0
"""At first every cell says that it is hardly a face, as nearly none is."""


def pixels_to_tensor(frames_rgb: torch.Tensor) -> torch.Tensor:
    """(N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32 in 0..1, channels last.

    Black is 0, as is what lies outside the frame, so that a border is no edge.
    """
    return frames_rgb.permute(0, 3, 1, 2).float() / PIXEL_SCALE


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU; with a shortcut where asked."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        dilation: int = 1,
        shortcut: bool = False,  # noqa: FBT001, FBT002 - passed by name
    ) -> None:
        super().__init__()
        padding = (dilation * (kernel - 1) + 1 - stride + 1) // 2
        self.convolution: nn.Module = nn.Conv2d(
            inputs, outputs, kernel, stride, padding, dilation, bias=False
        )
        self.normalisation: nn.Module = nn.BatchNorm2d(outputs)
        self.shortcut = shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        y: torch.Tensor = self.normalisation(self.convolution(x))
        return torch.relu(x + y if self.shortcut else y)

    def fuse(self) -> None:
        """Fold the normalisation into the convolution, for inference."""
        self.convolution = fuse_conv_bn_eval(self.convolution, self.normalisation)
        self.normalisation = nn.Identity()


class Detector(nn.Module):
    """(N, 3, H, W) -> per level (N, 16, H / stride, W / stride), in the order of `COLUMNS`.

    The first kernel steps by 4 px, for a CPU spends its time at full resolution moving memory.
    Levels 16 and 32 share a head; the last convolution is dilated, so that a cell of the coarsest
    level sees 320 px, which is what it takes to tell a face that exceeds the frame.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        at4, at8, at16, at32 = config.widths
        fine, coarse = config.heads
        self.to4 = nn.Sequential(
            Convolution(3, at4, config.stem_px, 4),
            Convolution(at4, at4, shortcut=True),
            Convolution(at4, at4, shortcut=True),
        )
        self.to8 = _stage(at4, at8)
        self.to16 = _stage(at8, at16)
        self.to32 = _stage(at16, at32, dilation=2)
        self.down16 = nn.Conv2d(at32, at16, 1)
        self.down8 = nn.Conv2d(at16, at8, 1)
        self.head8 = Convolution(at8, fine)
        self.head = Convolution(at16, coarse)
        widths = (fine, coarse, coarse)
        self.last = nn.ModuleList([nn.Conv2d(width, sum(COLUMNS), 1) for width in widths])
        for layer in self.last:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
            nn.init.constant_(layer.bias[:1], RARE_LOGIT)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """See the class."""
        at8 = self.to8(self.to4(x))
        at16 = self.to16(at8)
        at32 = self.to32(at16)
        at16 = torch.relu(at16 + _twice(self.down16(at32)))
        at8 = torch.relu(at8 + _twice(self.down8(at16)))
        heads = (self.head8(at8), self.head(at16), self.head(at32))
        return [layer(head) for layer, head in zip(self.last, heads, strict=True)]


class Deployed(nn.Module):
    """The network as shipped: 0..255 in, probabilities out, a row a cell, nothing to normalise.

    Outputs are those of the YuNet family: all `cls`, all `obj`, all `bbox`, all `kps`, finest
    level first, each (N, cells, columns). The score is the root of `cls` times `obj`.
    """

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        detector.eval()
        for module in detector.modules():
            if isinstance(module, Convolution):
                module.fuse()
        stem = detector.to4[0].convolution
        with torch.no_grad():
            stem.weight /= PIXEL_SCALE
        self.detector = detector

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """(N, 3, H, W) float32 RGB of 0..255, H and W multiples of 32."""
        levels = [cells.flatten(2).transpose(1, 2) for cells in self.detector(x)]
        kinds = list(zip(*(level.split(COLUMNS, dim=2) for level in levels), strict=True))
        probabilities = [torch.sigmoid(level) for kind in kinds[:2] for level in kind]
        return (*probabilities, *kinds[2], *kinds[3])


def _stage(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        Convolution(inputs, outputs, stride=2),
        Convolution(outputs, outputs, dilation=dilation, shortcut=True),
    )


def _twice(x: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")

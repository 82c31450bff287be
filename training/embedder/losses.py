"""What the student is asked for."""

from __future__ import annotations

import torch
from torch.nn import functional

__all__ = ["distillation", "separation"]


def distillation(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean of 1 - cosine between (N, D) embeddings of the same views."""
    return 1.0 - functional.cosine_similarity(student, teacher).mean()


def separation(
    first: torch.Tensor, second: torch.Tensor, margin_cosine: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Push different pictures apart and pull the two views of each together.

    Args:
        first: (N, D) embeddings of one view of each picture.
        second: (N, D) of another view.
        margin_cosine: pairs of different pictures below this are far enough apart.

    Returns:
        Push: mean of max(0, cosine - margin)^2 over all pairs of views of different pictures.
        Pull: mean of 1 - cosine of the two views of a picture.
    """
    count = len(first)
    both = functional.normalize(torch.cat([first, second]))
    cosines = both @ both.T
    picture = torch.arange(count).repeat(2)
    others = picture[:, None] != picture[None, :]
    push = torch.relu(cosines[others] - margin_cosine).square().mean()
    pull = 1.0 - torch.diagonal(cosines[:count, count:]).mean()
    return push, pull

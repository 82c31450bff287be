"""Crops -> unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.records import Embeddings
from fvs.status import Status

if TYPE_CHECKING:
    from fvs.network import Network
    from fvs.records import F32, Crops

__all__ = ["embed_crops"]


def embed_crops(crops: Crops, network: Network) -> Embeddings:
    """Embed the crops whose status is OK; the others keep their status and a zero vector.

    Args:
        crops: N aligned faces of the embedder's input size.
        network: an embedder.

    Returns:
        N rows; a network output that is not finite, or of length 0, is EMBEDDING_NOT_FINITE.

    Raises:
        UsageError: the network is no embedder.
    """
    head = network.manifest.embed
    if head is None:
        raise UsageError(f"{network.manifest.id} is no embedder")
    rows = np.flatnonzero(crops.ok)
    outputs = network.run(crops.pixels_rgb[rows])[head.output]

    vectors = np.zeros((len(crops), head.dimension), np.float32)
    norms = np.full(len(crops), np.nan, np.float32)
    status = crops.status.copy()
    unit, norm = _normalise(outputs)
    usable = np.isfinite(norm) & (norm > 0)
    vectors[rows[usable]] = unit[usable]
    norms[rows[usable]] = norm[usable]
    status[rows[~usable]] = Status.EMBEDDING_NOT_FINITE
    return Embeddings(
        status=status,
        image_index=crops.image_index,
        vectors=vectors,
        norm=norms,
        model_id=network.manifest.id,
    )


def _normalise(outputs: F32) -> tuple[F32, F32]:
    """Unit vectors and lengths, in float64 so that the length is 1 within float32 rounding."""
    wide = outputs.astype(np.float64)
    norm = np.linalg.norm(wide, axis=1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        unit = (wide / norm[:, None]).astype(np.float32)
    return unit, norm.astype(np.float32)

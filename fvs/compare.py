"""Embeddings -> cosine similarities, pairwise by row or all against all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError
from fvs.records import Scores
from fvs.status import Status

if TYPE_CHECKING:
    from fvs.records import F32, U8, Embeddings

__all__ = ["compare_all", "compare_pairs"]


def compare_pairs(probes: Embeddings, references: Embeddings) -> Scores:
    """Compare row i of one side with row i of the other.

    Args:
        probes: N rows.
        references: N rows of the same embedder.

    Returns:
        N scores. A row takes the probe's failure if it has one, else the reference's.

    Raises:
        UsageError: the sides differ in length or embedder.
    """
    _require_same_model(probes, references)
    if len(probes) != len(references):
        raise UsageError(f"{len(probes)} probes cannot be paired with {len(references)} references")
    # Not a BLAS product, whose sum order depends on the batch: one row must equal many.
    cosine = np.einsum("nd,nd->n", probes.vectors, references.vectors, dtype=np.float64)
    return _scores(cosine, probes.status, references.status)


def compare_all(probes: Embeddings, references: Embeddings) -> Scores:
    """Compare every probe with every reference.

    Args:
        probes: N rows.
        references: M rows of the same embedder.

    Returns:
        (N, M) scores, equal to those of `compare_pairs` within float32 rounding.

    Raises:
        UsageError: the sides are of different embedders.
    """
    _require_same_model(probes, references)
    cosine = probes.vectors @ references.vectors.T
    return _scores(cosine, probes.status[:, None], references.status[None, :])


def _scores(cosine: np.ndarray, probe_status: U8, reference_status: U8) -> Scores:
    """Clip to -1..1 (rounding may step over) and mark what must not be used."""
    status = np.where(probe_status != Status.OK, probe_status, reference_status)
    unusable = (status == Status.OK) & ~np.isfinite(cosine)
    status = np.where(unusable, np.uint8(Status.SCORE_NOT_FINITE), status).astype(np.uint8)
    similarity: F32 = np.clip(cosine, -1.0, 1.0).astype(np.float32)
    similarity[status != Status.OK] = np.nan
    return Scores(status=status, similarity=similarity)


def _require_same_model(probes: Embeddings, references: Embeddings) -> None:
    if probes.model_id != references.model_id:
        raise UsageError(
            f"embeddings of {probes.model_id} and {references.model_id} cannot be compared",
            advice="Enrol again with the current pack.",
        )

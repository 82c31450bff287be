"""How far a face can be recognised at all: one grade from 0 to 100, of the embedding itself.

Networks trained to tell people apart give short vectors to faces that they can make little of,
whatever the cause: blur, pose, shadow, something in front. Where a network does so too little, a
direction in which its vectors lean as faces are ruined is read out beside the length. ISO/IEC
29794-5 calls a measure of everything at once the unified quality score. Its scale is in the
embedder's manifest: 50 is the median of ordinary portraits, and below p lie p % of them.

Ranjan, Castillo and Chellappa, "L2-constrained softmax loss for discriminative face verification"
(2017), saw the length follow quality; Meng et al., "MagFace" (CVPR 2021), made a method of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import UsageError

if TYPE_CHECKING:
    from fvs.manifest import RecognisabilityScale
    from fvs.records import F32, Embeddings, Quality

__all__ = [
    "UNIFIED_QUALITY_SCORE",
    "grade_recognisability",
    "raw_grades",
    "unified_quality_scores",
]

UNIFIED_QUALITY_SCORE = "unified_quality_score"
"""The component's name in the standard, in snake case."""


def raw_grades(embeddings: Embeddings, scale: RecognisabilityScale | None) -> F32:
    """Length before normalisation, plus the component along the scale's direction if it has one.

    Args:
        embeddings: N rows.
        scale: of the embedder that made them; None where it has none.

    Returns:
        (N,) float32, comparable within one embedder only; NaN where the status is not OK or the
        length was not kept.
    """
    raw = np.where(embeddings.ok, embeddings.norm, np.nan).astype(np.float32)
    if scale is None or not scale.direction:
        return raw
    direction = np.array(scale.direction, np.float32)
    # Not a matrix product, whose last digits may depend on the number of rows.
    return raw + np.asarray((embeddings.vectors * direction).sum(axis=1), np.float32)


def unified_quality_scores(embeddings: Embeddings, scale: RecognisabilityScale | None) -> F32:
    """Grade faces on the scale of ordinary portraits.

    Args:
        embeddings: N rows.
        scale: of the embedder that made them; None where it has none.

    Returns:
        (N,) float32 in 0..100; NaN where there is no raw grade or no scale.
    """
    if scale is None:
        return np.full(len(embeddings), np.nan, np.float32)
    raw = raw_grades(embeddings, scale)
    return np.interp(raw, scale.raw, scale.score).astype(np.float32)


def grade_recognisability(
    quality: Quality, embeddings: Embeddings, scale: RecognisabilityScale | None
) -> Quality:
    """Add the unified quality score to the components of N captures; it refuses nothing.

    Args:
        quality: N rows as assessed on pixels and landmarks.
        embeddings: N rows of the same faces.
        scale: of the embedder that made them; None leaves the score NaN.

    Raises:
        UsageError: the rows are not those of the same pictures.
    """
    if not np.array_equal(quality.image_index, embeddings.image_index):
        raise UsageError("quality and embeddings are not of the same pictures")
    scalar = unified_quality_scores(embeddings, scale)
    return replace(
        quality,
        components=(*quality.components, UNIFIED_QUALITY_SCORE),
        raw=np.column_stack([quality.raw, raw_grades(embeddings, scale)]),
        scalar=np.column_stack([quality.scalar, scalar]),
        refused=np.column_stack([quality.refused, np.zeros(len(quality), np.bool_)]),
    )

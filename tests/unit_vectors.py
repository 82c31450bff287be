"""Made-up embeddings."""

import numpy as np

from fvs.records import F32


def unit_vectors(count: int, dimension: int, seed: int = 0) -> F32:
    """(N, D) float32 of length 1, the same for the same seed."""
    vectors = np.random.default_rng(seed).standard_normal((count, dimension))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)

"""Unit vectors for tests: random, and mates of others."""

import numpy as np


def unit_vectors(n, dimension=16, seed=0):
    """Random directions, (n, dimension) float32."""
    vectors = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def mates_of(vectors, cosine=0.8, seed=1):
    """Another capture of each: at that cosine from it."""
    noise = unit_vectors(len(vectors), vectors.shape[1], seed)
    noise -= np.vecdot(noise, vectors)[:, None] * vectors
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return (cosine * vectors + (1 - cosine**2) ** 0.5 * noise).astype(np.float32)

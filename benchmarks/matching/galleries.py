"""Galleries that are drawn: directions of no structure, and people like those of LFW."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.records import F32, Int

__all__ = ["Gallery", "directions", "draw_people", "normalised"]

BLOCK_ROWS = 1 << 17
SEED = 20_261_125

MATED_MEAN, MATED_SD = 0.596, 0.135
"""Cosines of 8,101 mated pairs of LFW with the embedder that ships; 5th to 95th percentile 0.36 to
0.80. A gallery's captures and probes scatter around their person so that two of them have these."""
MATED_RANGE = (0.05, 0.98)

COMMON_LENGTH = 0.14
"""Length of the mean of all those vectors: what faces have in common."""

SPECTRUM_STEPS = 42.0
"""The variances of their principal axes fall by e every so many of 256 axes (84 effective ones)."""
SPECTRUM_OF = 256

CAPTURES_PER_PERSON = 2


def normalised(vectors: F32) -> F32:
    """Vectors of length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def directions(count: int, dimension: int, seed: int = SEED) -> Iterator[F32]:
    """Uniform directions, in blocks: the same ones for a seed, whatever is done with them."""
    random = np.random.default_rng(seed)
    for start in range(0, count, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, count - start)
        yield normalised(random.standard_normal((rows, dimension), np.float32))


@dataclass(frozen=True, eq=False)
class Gallery:
    """Vectors that are enrolled, and probes of people among them.

    Attributes:
        vectors: (N, D) float32 of length 1; the key of each is its row.
        probes: (P, D) float32 of length 1.
        people: (N,) int64, whose each vector is.
        probed: (P,) int64, whose each probe is.
    """

    vectors: F32
    probes: F32
    people: Int
    probed: Int


def draw_people(count: int, dimension: int, probes: int, *, structured: bool) -> Gallery:
    """Two captures a person in the gallery, and probes of some of the people.

    Args:
        count: vectors in the gallery.
        dimension: D.
        probes: that are searched for.
        structured: with LFW's common mean and spectrum, or in uniform directions.
    """
    random = np.random.default_rng(SEED)
    axes = _axes(dimension) if structured else np.ones(dimension, np.float32)
    people = np.arange(count) // CAPTURES_PER_PERSON
    probed = random.choice(people[-1] + 1, probes, replace=False)
    vectors = np.empty((count, dimension), np.float32)
    wanted = np.empty((probes, dimension), np.float32)
    for start in range(0, count, BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, count))
        first, last = people[rows][0], people[rows][-1]
        centres = _faces(random, int(last - first) + 1, axes, structured=structured)
        here = np.flatnonzero((probed >= first) & (probed <= last))
        vectors[rows] = _captures(random, centres[people[rows] - first], axes)
        wanted[here] = _captures(random, centres[probed[here] - first], axes)
    return Gallery(vectors, wanted, people, probed)


def _axes(dimension: int) -> F32:
    """Standard deviations of the principal axes."""
    steps = SPECTRUM_STEPS * dimension / SPECTRUM_OF
    return np.exp(-np.arange(dimension) / (2 * steps)).astype(np.float32)


def _faces(random: np.random.Generator, count: int, axes: F32, *, structured: bool) -> F32:
    own = normalised(random.standard_normal((count, len(axes)), np.float32) * axes)
    own *= np.float32((1 - COMMON_LENGTH**2) ** 0.5)
    if structured:
        own[:, 0] += np.float32(COMMON_LENGTH)
    return normalised(own)


def _captures(random: np.random.Generator, centres: F32, axes: F32) -> F32:
    """One capture for each centre; two of one person have a product of shares as their cosine."""
    shares = random.normal(MATED_MEAN, MATED_SD, len(centres)).clip(*MATED_RANGE)
    own = np.sqrt(shares).astype(np.float32)[:, None]
    noise = random.standard_normal(centres.shape, np.float32) * axes
    noise -= np.vecdot(noise, centres)[:, None] * centres
    return normalised(own * centres + np.sqrt(1 - own**2) * normalised(noise))

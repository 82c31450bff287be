"""Faces of nobody, for numbers under which nobody is enrolled.

Each unknown subject has one, always the same. It is drawn from the normal distribution that has the
mean and the covariance of the faces that are enrolled, so that a probe's score with it has, probe
by probe, the mean and the spread of its scores with strangers. `Vault.decoys`, random axes, are
enough for the time to tell nothing, but every probe scores near 0 with them, and real faces
resemble one another more than that.

No stand-in is a person: each is a sum over some hundred people, in which none weighs much.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import F32

__all__ = ["FEWEST_PEOPLE", "MOST_PEOPLE", "StandIns"]

FEWEST_PEOPLE = 16
"""Of fewer, one would weigh so much that their own probe could score high; stand-ins are then
random directions, and scores tell who is among those few."""
MOST_PEOPLE = 512

_DOMAIN = b"fvs stand-ins 1"
_SEED_BYTES = 16


class StandIns:
    """Scores of probes with faces of nobody. Threads may share it."""

    def __init__(self, people: F32) -> None:
        """Learn how the enrolled are distributed.

        Args:
            people: (R, D) float32 unit vectors, rotated, of different subjects.
        """
        self._mean: F32 = np.zeros(people.shape[1], np.float32)
        # One random number an axis, whatever the axes are: so both cases read alike below.
        self._axes: F32 = np.eye(people.shape[1], dtype=np.float32)
        if len(people) >= FEWEST_PEOPLE:
            self._mean = people.mean(axis=0)
            self._axes = (people - self._mean) / np.float32(np.sqrt(len(people)))

    def vectors(self, subjects: Sequence[bytes]) -> F32:
        """The (N, D) unit vectors that stand in for N pseudonyms."""
        drawn = np.empty((len(subjects), len(self._axes)), np.float32)
        for row, subject in enumerate(subjects):
            seed = hashlib.sha256(_DOMAIN + subject).digest()[:_SEED_BYTES]
            bits = np.random.Philox(key=np.frombuffer(seed, np.uint64))
            np.random.Generator(bits).standard_normal(dtype=np.float32, out=drawn[row])
        vectors: F32 = self._mean + drawn @ self._axes
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def scores(self, subjects: Sequence[bytes], rotated: F32, below: float) -> F32:
        """Compare probe i with what stands in for subject i.

        Args:
            subjects: N pseudonyms.
            rotated: (N, D) float32.
            below: a score that reaches it is lowered to just under it: nobody matches.

        Returns:
            (N,) float32 cosines.
        """
        cosine = np.einsum("nd,nd->n", self.vectors(subjects), rotated, dtype=np.float64)
        highest = np.nextafter(np.float32(below), np.float32(-1.0))
        scores: F32 = np.minimum(cosine.astype(np.float32), highest)
        return scores

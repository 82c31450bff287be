"""The keyed rotation of a registry: no vector is stored, or compared, as the embedder made it.

What it gives (in the terms of ISO/IEC 24745):

- Comparison is unchanged: a rotation keeps every cosine, to 1e-6 in float32.
- Renewability: after a leak of templates, those that are stored move into a registry of a new seed
  without a picture (`undo`, then `apply` of the new one). Leaked ones then match nothing.
- Unlinkability of single templates: without the seeds, a template of one registry and one of
  another compare like those of strangers, whether or not they are of one person.

What it does not give; sealing (`fvs.registry.sealing`), which stands over it, must:

- Irreversibility: for whoever has the seed, the rotation is undone exactly. The vector below it
  gives away what embeddings do: likeness, and with a trained inverter a recognisable face.
- Secrecy against known vectors: D pairs of vectors before and after it give the rotation away.
- Unlinkability of galleries: all cosines *within* a gallery are kept, so two whole galleries of
  many common people can be laid over one another by their geometry, without any seed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from fvs.errors import UsageError
from fvs.subjects import Private

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MIN_SEED_BYTES", "OrthonormalTransform"]

MIN_SEED_BYTES = 32

_MAX_DIMENSION = 1 << 14
"""2 GB of normal numbers; embeddings have 128 to 2048."""

_DOMAIN = b"fvs orthonormal transform 1"
_DIMENSION_BYTES = 4
_WORD_BYTES = 8
_STEP = 2.0**-53
_SPARE_BITS = np.uint64(11)
"""A double holds 53 of a word's 64 bits."""


@dataclass(frozen=True, eq=False)
class OrthonormalTransform:
    """A rotation (or rotation and reflection) of D dimensions that a seed determines.

    Attributes:
        dimension: D.
    """

    dimension: int
    _matrix: Private[npt.NDArray[np.float32]]

    @classmethod
    def from_seed(cls, seed: Private[bytes], dimension: int) -> Self:
        """Uniformly distributed over the orthogonal group (Haar) for whoever lacks the seed.

        SHAKE-256 of the domain, D and the seed gives uniform numbers, Box-Muller makes them normal,
        and QR with a positive diagonal of R makes the matrix (Mezzadri, Notices AMS 54 (5), 2007).
        The stream is the same everywhere, the matrix up to rounding of numpy and its BLAS.

        Args:
            seed: `KeyRing.transform_seed`, at least 32 random bytes.
            dimension: D of the embedder, at least 2.

        Raises:
            UsageError: the seed is too short or the dimension absurd.
        """
        if len(seed.reveal()) < MIN_SEED_BYTES:
            raise UsageError(f"a seed has at least {MIN_SEED_BYTES} random bytes")
        if not 1 < dimension <= _MAX_DIMENSION:
            raise UsageError(f"a dimension lies in 2 to {_MAX_DIMENSION} (got {dimension})")
        normal = _normal_matrix(seed, dimension)
        q, r = np.linalg.qr(normal)
        # LAPACK leaves the signs of R's diagonal open; with them fixed Q is unique.
        matrix = (q * np.sign(np.diagonal(r))).astype(np.float32)
        return cls(dimension, Private(matrix))

    def apply(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Rotate vectors.

        Args:
            vectors: (N, D), of any length; zero stays zero.

        Returns:
            (N, D). A row's result depends on its batch by rounding only.

        Raises:
            UsageError: another shape or type.
        """
        return self._checked(vectors) @ self._matrix.reveal()

    def undo(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The vectors before `apply`, (N, D); for the renewal of a registry.

        Raises:
            UsageError: another shape or type.
        """
        return self._checked(vectors) @ self._matrix.reveal().T

    def _checked(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if vectors.dtype != np.float32 or vectors.shape[1:] != (self.dimension,):
            raise UsageError(
                f"vectors are (N, {self.dimension}) float32 (got {vectors.shape} {vectors.dtype})"
            )
        return vectors


def _normal_matrix(seed: Private[bytes], dimension: int) -> npt.NDArray[np.float64]:
    """(D, D) independent normal numbers, by Box and Muller from pairs of uniform ones."""
    count = dimension * dimension
    pairs = _uniform_numbers(seed, dimension, count + count % 2).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(pairs[:, 0]))
    angle = 2 * np.pi * pairs[:, 1]
    normal = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1).reshape(-1)
    return normal[:count].reshape(dimension, dimension)


def _uniform_numbers(seed: Private[bytes], dimension: int, count: int) -> npt.NDArray[np.float64]:
    """Numbers above 0, up to 1: their logarithm is finite."""
    head = _DOMAIN + dimension.to_bytes(_DIMENSION_BYTES, "big")
    stream = hashlib.shake_256(head + seed.reveal()).digest(_WORD_BYTES * count)
    words = np.frombuffer(stream, "<u8") >> _SPARE_BITS
    return (words.astype(np.float64) + 0.5) * _STEP

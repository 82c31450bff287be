"""What each form keeps of a vector."""

import numpy as np
import pytest

from fvs.matching.index import VectorIndex
from fvs.matching.precision import Bounds, Precision, encode, scan_probes
from tests.unit_vectors import unit_vectors

ALL = pytest.mark.parametrize("precision", Precision)

SCORE_ERROR = {
    (Precision.FLOAT32, 128): 1e-6,
    (Precision.FLOAT16, 128): 5e-4,
    (Precision.INT8, 128): 4e-3,
    (Precision.INT8X2, 128): 3e-5,
    (Precision.FLOAT32, 512): 1e-6,
    (Precision.FLOAT16, 512): 5e-4,
    (Precision.INT8, 512): 2e-3,
    (Precision.INT8X2, 512): 2e-5,
}


def stored(precision, vectors):
    """Vectors as an index gives them back."""
    index = VectorIndex.empty(vectors.shape[1], precision)
    index.add(np.arange(len(vectors)), vectors)
    return index.vectors_of(np.arange(len(vectors)))


class TestStoredVectors:
    @pytest.mark.parametrize(("precision", "dimension"), SCORE_ERROR)
    def test_scores_are_as_near_as_told(self, precision, dimension):
        """A million cosines of strangers, against those of the vectors given."""
        vectors, probes = unit_vectors(1000, dimension), unit_vectors(1000, dimension, seed=2)
        error = probes @ stored(precision, vectors).T - probes @ vectors.T
        assert np.abs(error).max() <= SCORE_ERROR[precision, dimension]

    @pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT8X2])
    def test_integers_have_length_one_again(self, precision):
        """So a vector's cosine with itself is 1 at any precision."""
        lengths = np.linalg.norm(stored(precision, unit_vectors(500, 64)), axis=1)
        assert lengths == pytest.approx(1, abs=1e-6)

    def test_halves_widen_exactly(self):
        """Every finite float16 from -1 to 1, subnormal ones included, is what numpy says."""
        bits = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
        halves = bits[np.abs(bits) <= 1]
        pairs = np.stack([halves, np.sqrt(1 - halves.astype(np.float64) ** 2)], axis=1)
        given = pairs.astype(np.float32)
        assert np.array_equal(stored(Precision.FLOAT16, given)[:, 0], halves.astype(np.float32))

    @ALL
    def test_bytes_are_as_told(self, precision):
        """What the columns of an index really take."""
        index = VectorIndex.empty(32, precision)
        index.add(np.arange(10), unit_vectors(10, 32))
        rows = np.arange(10)
        columns = [index._segments[0].column(name, rows) for name in ("codes", "scale", "low")]
        assert sum(column.nbytes for column in columns) == 10 * precision.vector_bytes(32)
        assert columns[0].nbytes == 10 * precision.scanned_bytes(32)


class TestScanProbes:
    @ALL
    @pytest.mark.parametrize("n", [0, 1, 50])
    def test_what_a_scan_misses_is_bounded(self, precision, n):
        """Scale times values is the probe, up to a part of the length that is named."""
        probes = unit_vectors(n, 64)
        scan = scan_probes(precision, probes)
        missed = np.linalg.norm(probes - scan.values * scan.scale[:, None], axis=1)
        assert np.allclose(missed, scan.residual, atol=1e-6)


class TestBounds:
    @pytest.mark.parametrize("precision", [Precision.INT8, Precision.INT8X2])
    def test_they_hold_for_all(self, precision):
        """Added in parts or at once."""
        vectors = unit_vectors(90, 32)
        whole = Bounds().including(encode(precision, vectors))
        parts = [Bounds().including(encode(precision, part)) for part in np.split(vectors, 3)]
        assert Bounds.of_all([*parts, Bounds()]) == whole
        assert whole.largest_scale > whole.smallest_scale > 0

    def test_nothing_has_no_bounds(self):
        """An empty addition leaves them as they are."""
        empty = encode(Precision.INT8X2, unit_vectors(0, 8))
        assert Bounds(0.25, 0.5, 0.125).including(empty) == Bounds(0.25, 0.5, 0.125)

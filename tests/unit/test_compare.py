"""Comparison: cosine, clipped, symmetric, and never a number where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fvs.compare import compare_all, compare_pairs
from fvs.errors import UsageError
from fvs.records import Embeddings
from fvs.status import Status
from tests.records import embeddings

directions = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.just(8)),
    elements=st.floats(-1, 1, allow_subnormal=False),
).filter(lambda v: bool((np.linalg.norm(v, axis=1) > 1e-3).all()))


def cosine_oracle(one: np.ndarray, other: np.ndarray) -> float:
    """The textbook sum, one term at a time."""
    dot = sum(float(a) * float(b) for a, b in zip(one, other, strict=True))
    return max(-1.0, min(1.0, dot))


class TestComparePairs:
    def test_of_no_pairs_is_empty(self):
        """An empty batch is a batch."""
        none = embeddings(np.zeros((0, 8)))
        assert compare_pairs(none, none).similarity.shape == (0,)

    @given(directions)
    def test_equals_the_oracle(self, vectors):
        """Row i is the cosine of row i with row i."""
        probes, references = embeddings(vectors), embeddings(vectors[::-1])
        expected = [
            cosine_oracle(a, b) for a, b in zip(probes.vectors, references.vectors, strict=True)
        ]
        got = compare_pairs(probes, references).similarity
        np.testing.assert_allclose(got, expected, atol=1e-7)

    @given(directions)
    def test_is_symmetric_to_the_bit(self, vectors):
        """Swapping probe and reference changes nothing."""
        one, other = embeddings(vectors), embeddings(vectors[::-1])
        forth, back = compare_pairs(one, other), compare_pairs(other, one)
        np.testing.assert_array_equal(forth.similarity, back.similarity)

    @given(directions)
    def test_of_a_face_with_itself_is_one_and_never_more(self, vectors):
        """Rounding may not step over 1."""
        same = embeddings(vectors)
        got = compare_pairs(same, same).similarity
        assert (got <= 1).all()
        np.testing.assert_allclose(got, 1, atol=1e-6)

    @given(directions)
    def test_one_by_one_equals_batched_to_the_bit(self, vectors):
        """A score does not depend on its neighbours."""
        one, other = embeddings(vectors), embeddings(vectors[::-1])
        batched = compare_pairs(one, other).similarity
        single = [
            compare_pairs(one.take([i]), other.take([i])).similarity[0] for i in range(len(one))
        ]
        np.testing.assert_array_equal(batched, np.float32(single))

    def test_keeps_the_probes_failure_then_the_references(self):
        """A row that cannot be compared says why and has no number."""
        probes = embeddings(np.eye(3), [Status.NO_FACE, Status.OK, Status.OK])
        references = embeddings(np.eye(3), [Status.CORRUPT_IMAGE, Status.CORRUPT_IMAGE, Status.OK])
        got = compare_pairs(probes, references)
        assert got.status.tolist() == [Status.NO_FACE, Status.CORRUPT_IMAGE, Status.OK]
        assert np.isnan(got.similarity[:2]).all()
        assert got.similarity[2] == 1

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_never_decides_on_a_score_that_is_no_number(self, value):
        """A vector that is not finite is a status, not a low score."""
        good = embeddings(np.eye(2))
        vectors = np.full_like(good.vectors, value)
        bad = Embeddings(good.status, good.image_index, vectors, good.norm, good.model_id)
        with np.errstate(invalid="ignore"):
            got = compare_pairs(bad, good)
        assert got.status.tolist() == [Status.SCORE_NOT_FINITE] * 2

    def test_refuses_sides_of_different_length(self):
        """Three probes have no partner among two references."""
        with pytest.raises(UsageError, match="3 probes"):
            compare_pairs(embeddings(np.eye(3)), embeddings(np.eye(3)[:2]))

    def test_refuses_embeddings_of_different_models(self):
        """Vectors of two models have nothing in common."""
        one = embeddings(np.eye(2))
        other = Embeddings(one.status, one.image_index, one.vectors, one.norm, "embed-other-202601")
        with pytest.raises(UsageError, match="cannot be compared"):
            compare_pairs(one, other)


class TestCompareAll:
    def test_of_none_with_some_has_no_rows(self):
        """The shape is (N, M) also where N is 0."""
        none, some = embeddings(np.zeros((0, 8))), embeddings(np.eye(8)[:3])
        assert compare_all(none, some).similarity.shape == (0, 3)

    @given(directions)
    def test_equals_pairs(self, vectors):
        """Entry (i, j) is the pair (i, j)."""
        probes, references = embeddings(vectors), embeddings(vectors[::-1])
        table = compare_all(probes, references).similarity
        for i in range(len(probes)):
            for j in range(len(references)):
                pair = compare_pairs(probes.take([i]), references.take([j])).similarity[0]
                assert abs(table[i, j] - pair) <= 1e-6

    def test_marks_the_rows_and_columns_that_failed(self):
        """One failed picture spoils its own comparisons and no others."""
        probes = embeddings(np.eye(2), [Status.OK, Status.NO_FACE])
        references = embeddings(np.eye(2), [Status.CORRUPT_IMAGE, Status.OK])
        expected = [[Status.CORRUPT_IMAGE, Status.OK], [Status.NO_FACE, Status.NO_FACE]]
        assert compare_all(probes, references).status.tolist() == expected

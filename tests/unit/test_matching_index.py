"""The index of vectors against a dict and a loop, at every precision."""

from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.matching import segment
from fvs.matching.index import VectorIndex
from fvs.matching.precision import Precision
from tests.unit_vectors import mates_of, unit_vectors

DIMENSION = 16
ALL = pytest.mark.parametrize("precision", Precision)

ERROR = {
    Precision.FLOAT32: 1e-6,
    Precision.FLOAT16: 1e-3,
    Precision.INT8: 2e-2,
    Precision.INT8X2: 1e-4,
}
"""How far a score may be from that of the vectors given, with 16 dimensions."""


def filled(precision, n=200, dimension=DIMENSION):
    """An index, its keys in no order, and the vectors."""
    vectors = unit_vectors(n, dimension)
    keys = 7 * np.random.default_rng(1).permutation(n) + 3
    index = VectorIndex.empty(dimension, precision)
    index.add(keys, vectors)
    return index, keys, vectors


def slow_search(index, probes, k, threshold=-1.0):
    """A loop over all stored vectors: (probe row, key, score) by probe, score down, key up."""
    keys = sorted(index.keys().tolist())
    stored = index.vectors_of(keys)
    hits = []
    for row, probe in enumerate(probes):
        scores = [float(np.clip(np.vecdot(probe, vector), -1, 1)) for vector in stored]
        best = sorted(zip(keys, scores, strict=True), key=lambda hit: (-hit[1], hit[0]))
        hits += [(row, key, score) for key, score in best if score >= threshold][:k]
    return hits


def as_tuples(hits):
    """Hits as `slow_search` gives them."""
    columns = (hits.probe_rows.tolist(), hits.keys.tolist(), hits.scores.tolist())
    return list(zip(*columns, strict=True))


class TestScorePairs:
    @ALL
    @pytest.mark.parametrize("pairs", [0, 1, 7, 530])
    def test_equals_one_by_one(self, precision, pairs):
        """A batch gives exactly what its pairs give alone, the empty batch included."""
        index, keys, _ = filled(precision)
        probes = unit_vectors(5, seed=2)
        random = np.random.default_rng(3)
        rows, wanted = random.integers(0, 5, pairs), random.choice(keys, pairs)
        scores = index.score_pairs(probes, rows, wanted)
        alone = [
            index.score_pairs(probes[row : row + 1], [0], [key])[0]
            for row, key in zip(rows, wanted, strict=True)
        ]
        assert scores.dtype == np.float32
        assert scores.tolist() == alone

    @ALL
    def test_is_the_cosine(self, precision):
        """To what the precision promises."""
        index, keys, vectors = filled(precision)
        probes = unit_vectors(5, seed=2)
        for row in range(5):
            scores = index.score_pairs(probes, np.full(len(keys), row), keys)
            assert np.abs(scores - vectors @ probes[row]).max() <= ERROR[precision]

    @ALL
    def test_unknown_keys_have_no_score(self, precision):
        """NaN, and the others of the batch theirs."""
        index, keys, _ = filled(precision)
        probes = unit_vectors(1, seed=2)
        scores = index.score_pairs(probes, [0, 0, 0], [keys[0], 10**12, keys[1]])
        known = index.score_pairs(probes, [0, 0], keys[:2])
        assert np.isnan(scores).tolist() == [False, True, False]
        assert scores[[0, 2]].tolist() == known.tolist()

    def test_scores_stay_within_one(self):
        """A vector compared with itself does not exceed 1 by rounding."""
        index, keys, vectors = filled(Precision.FLOAT32, dimension=128)
        scores = index.score_pairs(vectors, np.arange(len(keys)), keys)
        assert scores.max() <= 1

    @pytest.mark.parametrize(
        ("rows", "keys"), [([0], [3, 10]), ([1], [3]), ([-1], [3]), ([[0]], [[3]])]
    )
    def test_wrong_pairs_are_refused(self, rows, keys):
        """Other lengths, and rows that are not there."""
        index, _, _ = filled(Precision.FLOAT32)
        with pytest.raises(UsageError, match="probe rows"):
            index.score_pairs(unit_vectors(1), rows, keys)


class TestSearch:
    @ALL
    @pytest.mark.parametrize("probes", [0, 1, 25])
    @pytest.mark.parametrize("k", [1, 3, 199, 5000])
    def test_equals_a_loop(self, precision, probes, k):
        """All the loop finds, with the same scores, and nothing else; k may exceed the size."""
        index, _, _ = filled(precision)
        wanted = unit_vectors(probes, seed=2)
        assert as_tuples(index.search(wanted, k)) == slow_search(index, wanted, k)

    @ALL
    @pytest.mark.parametrize("threshold", [-1.0, -0.2, 0.0, 0.4, 0.9, 1.0])
    def test_only_at_or_above_the_threshold(self, precision, threshold):
        """The first k of those that reach it."""
        index, _, vectors = filled(precision)
        probes = mates_of(vectors[:6], 0.9)
        hits = index.search(probes, 20, threshold)
        assert as_tuples(hits) == slow_search(index, probes, 20, threshold)

    @ALL
    @pytest.mark.parametrize("again", [20, 16_384])
    def test_proposals_that_do_not_settle_it(self, precision, again, monkeypatch):
        """With hardly any proposals beyond k a further scan finds what the first could not."""
        monkeypatch.setattr(segment, "_PROPOSED_AGAIN", again)
        monkeypatch.setattr(segment, "_PROPOSED_BEYOND_K", {False: 0, True: 0})
        index, _, _ = filled(precision, 400)
        probes = unit_vectors(10, seed=2)
        for k in (1, 5, 60):
            assert as_tuples(index.search(probes, k)) == slow_search(index, probes, k)

    @ALL
    def test_ties_go_by_key(self, precision, monkeypatch):
        """Of equal vectors the smallest keys come first, though the scan could propose others."""
        monkeypatch.setattr(segment, "_PROPOSED_BEYOND_K", {False: 0, True: 0})
        index = VectorIndex.empty(DIMENSION, precision)
        one = unit_vectors(1)
        keys = np.random.default_rng(0).permutation(100)
        index.add(keys, np.repeat(one, 100, axis=0))
        assert index.search(one, 4).keys.tolist() == [0, 1, 2, 3]

    @ALL
    def test_scales_do_not_mislead(self, precision, monkeypatch):
        """A vector with one large component, whose steps are coarse, is found all the same."""
        monkeypatch.setattr(segment, "_PROPOSED_BEYOND_K", {False: 0, True: 2})
        vectors = unit_vectors(300, 64)
        vectors[::3, 0] = 3.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        index = VectorIndex.empty(64, precision)
        index.add(np.arange(300), vectors)
        probes = np.concatenate([vectors[:9], unit_vectors(9, 64, seed=5)])
        assert as_tuples(index.search(probes, 3)) == slow_search(index, probes, 3)

    @ALL
    def test_a_probe_without_direction(self, precision):
        """Scores 0 with everything."""
        index, keys, _ = filled(precision, 40)
        hits = index.search(np.zeros((1, DIMENSION), np.float32), 3)
        assert hits.keys.tolist() == sorted(keys)[:3]
        assert hits.scores.tolist() == [0, 0, 0]

    @ALL
    def test_more_threads_change_nothing(self, precision):
        """Nor does the order of the probes."""
        index, _, _ = filled(precision)
        probes = unit_vectors(40, seed=2)
        forward = as_tuples(index.search(probes, 3))
        backward = as_tuples(index.search(probes[::-1].copy(), 3, threads=2))
        assert sorted((39 - row, key, score) for row, key, score in backward) == sorted(forward)

    @ALL
    def test_nothing_in_nothing(self, precision):
        """An empty index finds nothing."""
        index = VectorIndex.empty(DIMENSION, precision)
        assert len(index.search(unit_vectors(2), 3)) == 0
        assert len(index.keys()) == len(index) == 0

    def test_k_below_one_is_refused(self):
        """A search is for something."""
        index, _, _ = filled(Precision.FLOAT32)
        with pytest.raises(UsageError, match="k = 0"):
            index.search(unit_vectors(1), 0)


class TestChanges:
    @given(
        st.sampled_from(Precision),
        st.lists(
            st.tuples(st.booleans(), st.lists(st.integers(0, 30), max_size=6, unique=True)),
            max_size=12,
        ),
    )
    @settings(max_examples=40, deadline=None)
    def test_equals_a_dict(self, precision, changes):
        """Whatever is added, removed and added again, it holds what a dict would."""
        index, mirror = VectorIndex.empty(DIMENSION, precision), {}
        for number, (adding, keys) in enumerate(changes):
            if adding:
                new = [key for key in keys if key not in mirror]
                vectors = unit_vectors(len(new), seed=number)
                index.add(new, vectors)
                mirror.update(zip(new, vectors, strict=True))
            else:
                assert index.remove(keys) == sum(mirror.pop(key, None) is not None for key in keys)
        assert len(index) == len(mirror)
        assert sorted(index.keys().tolist()) == sorted(mirror)
        wanted = np.arange(31)
        known = [key in mirror for key in range(31)]
        assert (~np.isnan(index.vectors_of(wanted)).any(axis=1)).tolist() == known
        for key, vector in mirror.items():
            assert np.abs(index.vectors_of([key])[0] - vector).max() <= ERROR[precision]
        probes = unit_vectors(2, seed=99)
        assert as_tuples(index.search(probes, 4)) == slow_search(index, probes, 4)

    @ALL
    def test_order_of_addition_is_no_matter(self, precision):
        """A permuted index gives the same hits."""
        index, keys, vectors = filled(precision)
        other = VectorIndex.empty(DIMENSION, precision)
        order = np.random.default_rng(5).permutation(len(keys))
        for part in np.array_split(order, 7):
            other.add(keys[part], vectors[part])
        probes = unit_vectors(4, seed=2)
        assert as_tuples(other.search(probes, 9)) == as_tuples(index.search(probes, 9))

    @ALL
    def test_removed_bytes_are_overwritten(self, precision):
        """Nothing of the vector is left in the index's memory."""
        index, keys, _ = filled(precision)
        (part,) = index._segments
        stored = {name: part.column(name, np.arange(3)) for name in ("codes", "scale", "low")}
        index.remove(keys[:3])
        for name, before in stored.items():
            after = part.column(name, np.arange(3))
            assert after.shape == before.shape
            assert not (np.unique(after).size > 1), name
        assert part.column("keys", np.arange(3)).tolist() == [-1, -1, -1]

    @ALL
    def test_removed_vectors_are_not_found(self, precision):
        """Not by search, at any batch size, nor by key."""
        index, keys, vectors = filled(precision)
        index.remove(keys[::2])
        for n in (1, 30):
            hits = index.search(vectors[:n], 500)
            assert set(hits.keys) == set(keys[1::2].tolist())
        assert np.isnan(index.score_pairs(vectors[:1], [0], keys[:1])).all()

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ([1, 1], "twice"),
            ([3, 10**6], "already"),
            ([-1, 5], "not negative"),
            ([1], "keys of 2"),
            ([1.0, 2.0], "whole"),
        ],
    )
    def test_wrong_keys_are_refused(self, keys, words):
        """With nothing added."""
        index, _, _ = filled(Precision.FLOAT32)
        with pytest.raises(UsageError, match=words):
            index.add(keys, unit_vectors(2, seed=9))
        assert len(index) == 200

    @ALL
    @pytest.mark.parametrize("fault", [np.nan, np.inf, 5.0, 0.0])
    def test_vectors_that_are_none_are_refused(self, precision, fault):
        """NaN, infinity, other lengths: by `add`; what is not finite also as a probe."""
        index, _, _ = filled(precision, 10)
        vectors = unit_vectors(3, seed=4)
        vectors[1] = fault
        with pytest.raises(UsageError, match=r"finite|length 1"):
            index.add([1000, 1001, 1002], vectors)
        if not np.isfinite(fault):
            for ask in (
                lambda: index.search(vectors, 1),
                lambda: index.score_pairs(vectors, [], []),
            ):
                with pytest.raises(UsageError, match="finite"):
                    ask()
        assert len(index) == 10

    @pytest.mark.parametrize("shape", [(3, 5), (16,), (1, 1, 16)])
    def test_other_shapes_are_refused(self, shape):
        """Named as they are."""
        index, _, _ = filled(Precision.FLOAT32, 10)
        with pytest.raises(UsageError, match="float32"):
            index.search(np.zeros(shape, np.float32), 1)


class TestThreads:
    @ALL
    def test_readers_while_one_writes(self, precision):
        """A key that stays scores the same throughout, whatever comes and goes beside it."""
        index, keys, vectors = filled(precision)
        expected = index.score_pairs(vectors, np.arange(len(keys)), keys)
        faults = []

        def read():
            for _ in range(60):
                scores = index.score_pairs(vectors, np.arange(len(keys)), keys)
                best = index.search(vectors[:2], 1).keys
                if not np.array_equal(scores, expected) or best.tolist() != keys[:2].tolist():
                    faults.append(scores)

        readers = [Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for number in range(60):
            more = 10_000 + number * 50 + np.arange(50)
            index.add(more, -vectors[:50])
            index.remove(more[::2])
        for reader in readers:
            reader.join()
        assert not faults
        assert len(index) == 200 + 60 * 25

    @ALL
    def test_bytes_are_counted(self, precision):
        """Each vector takes what its precision says, and each key a share of the table."""
        index, _, _ = filled(precision)
        least = 200 * (precision.vector_bytes(DIMENSION) + 8)
        assert least < index.nbytes <= least + 200 * 100

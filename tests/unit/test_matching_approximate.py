"""Plans say what they choose and why; what they choose finds its mates, with exact scores."""

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.matching.approximate import ApproximateIndex
from fvs.matching.index import VectorIndex
from fvs.matching.plan import (
    EXACT_UP_TO,
    KEY_BYTES,
    IndexKind,
    SearchPlan,
    plan_of_kind,
    plan_search,
)
from fvs.matching.precision import Precision
from tests.unit_vectors import mates_of, unit_vectors

GB = 10**9
APPROXIMATE = [kind for kind in IndexKind if not kind.is_exact]


def plan_of(kind, dimension=32):
    """A plan for a small gallery."""
    lists = {"nlist": 8, "nprobe": 6, "candidates": 100}
    graph = {"efSearch": 128, "candidates": 128}
    parameters = graph if kind is IndexKind.HNSW else lists
    return SearchPlan(kind, dimension, Precision.INT8X2, parameters, 0, ())


class TestPlan:
    @pytest.mark.parametrize(
        ("vectors", "memory_gb", "recall", "kind"),
        [
            (0, 0, 0.99, IndexKind.FLAT_FLOAT32),
            (100_000, 1, 0.99, IndexKind.FLAT_FLOAT32),
            (100_000, 0.1, 0.99, IndexKind.FLAT_INT8X2),
            (100_001, 1, 0.99, IndexKind.FLAT_INT8X2),
            (EXACT_UP_TO, 2, 0.99, IndexKind.FLAT_INT8X2),
            (EXACT_UP_TO, 1, 0.99, IndexKind.FLAT_INT8),
            (EXACT_UP_TO + 1, 64, 0.99, IndexKind.IVFPQ),
            (10_000_000, 8, 0.99, IndexKind.IVFPQ),
            (10_000_000, 64, 1.0, IndexKind.FLAT_INT8X2),
        ],
    )
    def test_what_is_chosen(self, vectors, memory_gb, recall, kind):
        """By size, memory and whether the best hit may be missed; D = 256."""
        plan = plan_search(vectors, 256, int(memory_gb * GB), recall_target=recall)
        assert plan.kind is kind
        assert plan.bytes <= memory_gb * GB
        assert bool(plan.parameters) is not kind.is_exact

    def test_odd_dimensions_have_no_product_codes(self):
        """Then the lists hold 8-bit codes."""
        assert plan_search(10_000_000, 255, 11 * GB).kind is IndexKind.IVF

    @pytest.mark.parametrize("precision", list(Precision))
    def test_of_vectors_that_are_held_already(self, precision):
        """They decide whatever proposes, and a scan is one of them as they are."""
        settled = {"exact_up_to": 10, "stored": precision}
        scan, lists = (plan_search(n, 256, GB, **settled) for n in (10, 11))
        assert (scan.kind, lists.kind) == (IndexKind(f"flat_{precision}"), IndexKind.IVFPQ)
        assert scan.precision is lists.precision is precision
        assert scan.bytes == 10 * (precision.vector_bytes(256) + KEY_BYTES)

    def test_it_explains_itself(self):
        """Sentences: why exact or not, what did not fit, what was taken and what it costs."""
        plan = plan_search(10_000_000, 256, 4 * GB, recall_target=1)
        assert len(plan.explanation) == 3
        assert "10,000,000 vectors" in plan.explanation[0]
        assert "too much" in plan.explanation[1]
        assert f"{plan.bytes / GB:.2f} GB of 4.00 GB" in plan.explanation[2]
        assert all(sentence.endswith(".") for sentence in plan.explanation)

    def test_a_higher_recall_costs_more(self):
        """More lists are read, more candidates kept."""
        reads = [
            plan_search(10_000_000, 256, 8 * GB, recall_target=recall).parameters["nprobe"]
            for recall in (0.9, 0.95, 0.99, 0.999)
        ]
        assert reads == sorted(set(reads))

    def test_what_fits_nothing_is_refused(self):
        """With the memory that would do."""
        with pytest.raises(UsageError, match=r"fits 1\.00 GB") as caught:
            plan_search(10_000_000, 256, GB)
        assert "GB" in caught.value.advice

    @pytest.mark.parametrize("arguments", [(-1, 8, 9), (1, 0, 9), (1, 8, -1)])
    def test_absurd_sizes_are_refused(self, arguments):
        """Before anything is planned."""
        with pytest.raises(UsageError):
            plan_search(*arguments)

    @pytest.mark.parametrize("recall", [0.0, -1.0, 1.1])
    def test_absurd_recalls_are_refused(self, recall):
        """A recall is a share of probes."""
        with pytest.raises(UsageError, match="recall"):
            plan_search(1, 8, GB, recall_target=recall)

    def test_bytes_cover_what_an_index_takes(self):
        """The plan for an exact index is no lower than the index's own count."""
        index = VectorIndex.empty(32, Precision.FLOAT32)
        index.add(np.arange(3000), unit_vectors(3000, 32))
        assert index.nbytes <= plan_search(3000, 32, GB).bytes <= index.nbytes + 3000 * KEY_BYTES


class TestApproximateIndex:
    @pytest.mark.parametrize("kind", APPROXIMATE)
    def test_it_finds_mates_with_exact_scores(self, kind):
        """Nearly all best hits of a full scan, with the scores of 1:1 comparison."""
        vectors, keys = unit_vectors(2000, 32), 3 * np.random.default_rng(0).permutation(2000)
        index = ApproximateIndex.build(plan_of(kind), keys, vectors)
        exact = VectorIndex.empty(32, Precision.INT8X2)
        exact.add(keys, vectors)
        probes = mates_of(vectors[:200], 0.7)
        hits, best = index.search(probes, 1), exact.search(probes, 1)
        assert (hits.keys == best.keys).mean() >= 0.9
        assert np.array_equal(hits.scores, exact.score_pairs(probes, hits.probe_rows, hits.keys))
        assert len(index) == 2000

    @pytest.mark.parametrize("kind", APPROXIMATE)
    def test_k_threshold_and_no_probes(self, kind):
        """As of an exact search."""
        vectors = unit_vectors(300, 32)
        index = ApproximateIndex.build(plan_of(kind), np.arange(300), vectors)
        assert len(index.search(vectors[:0], 3)) == 0
        hits = index.search(vectors[:5], 10, 0.3)
        assert np.bincount(hits.probe_rows).max() <= 10
        assert hits.scores.min() >= 0.3
        assert hits.keys[np.searchsorted(hits.probe_rows, np.arange(5))].tolist() == [0, 1, 2, 3, 4]
        assert len(index.search(vectors[:1], 10_000)) <= 300

    @pytest.mark.parametrize("kind", APPROXIMATE)
    def test_beside_an_index_that_changes(self, kind):
        """What is removed from it is not found any more; keys that it lacks are left out."""
        vectors = unit_vectors(300, 32)
        stored = VectorIndex.empty(32)
        stored.add(np.arange(299), vectors[:299])
        index = ApproximateIndex.over(plan_of(kind), stored, np.arange(300))
        stored.remove(np.arange(100))
        hits = index.search(vectors, 1, 0.99)
        assert hits.keys.tolist() == list(range(100, 299))
        assert np.array_equal(hits.scores, stored.score_pairs(vectors, hits.keys, hits.keys))

    def test_what_it_refuses(self):
        """Plans of exact indexes, nothing to learn from, and the faults of any search."""
        vectors = unit_vectors(50, 32)
        with pytest.raises(UsageError, match="exact"):
            ApproximateIndex.build(plan_search(50, 32, GB), np.arange(50), vectors)
        with pytest.raises(UsageError, match="none"):
            ApproximateIndex.build(plan_of(IndexKind.HNSW), np.arange(0), vectors[:0])
        index = ApproximateIndex.build(plan_of(IndexKind.HNSW), np.arange(50), vectors)
        for probes, k in ((vectors[:, :9], 1), (vectors * np.nan, 1), (vectors, 0)):
            with pytest.raises(UsageError):
                index.search(probes, k)

    @pytest.mark.parametrize("kind", APPROXIMATE)
    def test_effort_is_tuned_without_building(self, kind):
        """More effort finds no less; a plan with other lists is refused."""
        vectors = unit_vectors(2000, 32)
        weak, strong = (plan_of_kind(kind, 2000, 32, recall_target=recall) for recall in (0.9, 1.0))
        index = ApproximateIndex.build(weak, np.arange(2000), vectors)
        probes = mates_of(vectors[:100], 0.85)
        found = [
            (one.search(probes, 1).keys == np.arange(100)).mean()
            for one in (index, index.tuned(strong))
        ]
        assert found[0] <= found[1]
        assert found[1] >= 0.95
        with pytest.raises(UsageError, match="of its own"):
            index.tuned(plan_of_kind(kind, 2000, 64))

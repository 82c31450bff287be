"""Search that looks at a part of the gallery: hits are judged exactly, some are never looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import faiss
import numpy as np

from fvs.errors import UsageError
from fvs.matching.checks import check_count, check_vectors, checked_new_keys
from fvs.matching.hits import Hits
from fvs.matching.index import VectorIndex
from fvs.matching.plan import HNSW_LINKS, PQ_COMPONENTS, IndexKind
from fvs.matching.threads import limit_faiss_threads

if TYPE_CHECKING:
    from fvs.matching.plan import SearchPlan
    from fvs.records import F32, Int

__all__ = ["ApproximateIndex"]

TRAINING_PER_LIST = 64
"""Vectors that each list's centre is found from."""
FEWEST_TRAINING = 20_000
TRAINING_ROUNDS = 10
TRAINING_SEED = 1
ROWS_PER_BLOCK = 1 << 16


class ApproximateIndex:
    """A faiss structure that proposes, and the stored vectors that decide.

    It is built once; a gallery that has changed much is built anew.
    """

    def __init__(self, plan: SearchPlan, proposer: Any, stored: VectorIndex) -> None:  # noqa: ANN401 - one of faiss' many index classes
        """Use `build`."""
        self.plan = plan
        self._proposer = proposer
        self._stored = stored

    @classmethod
    def build(cls, plan: SearchPlan, keys: Int, vectors: F32, *, threads: int = 1) -> Self:
        """Build it.

        Args:
            plan: of an approximate kind.
            keys: (N,) int64, not negative, none twice.
            vectors: (N, D) float32 of length 1, in memory or mapped; read in blocks.
            threads: that may work on it.

        Raises:
            UsageError: the plan is for an exact index, or keys and vectors are not as above.
        """
        checked_new_keys(keys, len(vectors))
        stored = VectorIndex.empty(plan.dimension, plan.precision)
        for start in range(0, len(vectors), ROWS_PER_BLOCK):
            block = slice(start, start + ROWS_PER_BLOCK)
            stored.add(keys[block], vectors[block])
        return cls.over(plan, stored, keys, threads=threads)

    @classmethod
    def over(cls, plan: SearchPlan, stored: VectorIndex, keys: Int, *, threads: int = 1) -> Self:
        """Build it beside an index that holds the vectors, and may go on changing.

        What is removed from that index is not found any more; what is added to it is not found
        here.

        Args:
            plan: of an approximate kind.
            stored: whose vectors decide.
            keys: (N,) int64 of its vectors, none twice; unknown ones are left out.
            threads: that may work on it.

        Raises:
            UsageError: the plan is for an exact index, or there is no vector.
        """
        if plan.kind.is_exact:
            raise UsageError(
                f"{plan.kind} is an exact index", advice="Use `VectorIndex.empty(...)` and `add`."
            )
        sample = _known(stored, _sample(plan, keys)).vectors
        if not len(sample):
            raise UsageError("lists and codes are learned from vectors, and there are none")
        proposer = _structure(plan)
        with limit_faiss_threads(threads):
            proposer.train(sample)
            for start in range(0, len(keys), ROWS_PER_BLOCK):
                block = _known(stored, keys[start : start + ROWS_PER_BLOCK])
                proposer.add_with_ids(block.vectors, block.keys)
        return cls(plan, proposer, stored)

    def tuned(self, plan: SearchPlan) -> Self:
        """The same structure with another plan's effort; kind and lists must be this one's.

        Raises:
            UsageError: they are not.
        """
        ours = (self.plan.kind, self.plan.dimension, self.plan.parameters.get("nlist"))
        if ours != (plan.kind, plan.dimension, plan.parameters.get("nlist")):
            raise UsageError("a plan of another kind or size needs an index of its own")
        return type(self)(plan, self._proposer, self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def search(self, probes: F32, k: int, threshold: float = -1.0, *, threads: int = 1) -> Hits:
        """Find vectors like each probe; the best may be missed, see `SearchPlan`.

        Args:
            probes: (P, D) float32.
            k: hits wanted of each probe, at least 1.
            threshold: lowest cosine of a hit.
            threads: that share the probes.

        Returns:
            At most k hits a probe; their scores are those of `VectorIndex.score_pairs`.

        Raises:
            UsageError: another shape or type, a number that is not finite, k below 1.
        """
        check_vectors(probes, self.plan.dimension, "probes")
        check_count(k)
        proposed = min(len(self), k + self.plan.parameters["candidates"])
        if not proposed or not len(probes):
            return Hits.best([], k, threshold)
        with limit_faiss_threads(threads):
            _, keys = self._proposer.search(probes, proposed, params=_effort(self.plan))
        probe_rows = np.repeat(np.arange(len(probes)), proposed)
        there = keys.ravel() != -1
        probe_rows, wanted = probe_rows[there], keys.ravel()[there]
        scores = self._stored.score_pairs(probes, probe_rows, wanted)
        return Hits.best([Hits(probe_rows, wanted, scores)], k, threshold)


def _structure(plan: SearchPlan) -> Any:  # noqa: ANN401 - one of faiss' many index classes
    """An empty structure of faiss with the plan's settings."""
    if plan.kind is IndexKind.HNSW:
        return faiss.IndexIDMap(_made(plan, f"HNSW{HNSW_LINKS},SQ8"))
    codes = "SQ8" if plan.kind is IndexKind.IVF else f"PQ{plan.dimension // PQ_COMPONENTS}x4fs"
    lists = _made(plan, f"IVF{plan.parameters['nlist']},{codes}")
    # Codes of the vectors themselves: those of what a list's centre leaves need a table per list.
    lists.by_residual = False
    lists.cp.niter = TRAINING_ROUNDS
    return lists


def _effort(plan: SearchPlan) -> Any:  # noqa: ANN401 - one of faiss' classes of parameters
    """How hard faiss looks."""
    native: Any = faiss  # whose own stubs lack these arguments
    if plan.kind is IndexKind.HNSW:
        return native.SearchParametersHNSW(efSearch=plan.parameters["efSearch"])
    return native.SearchParametersIVF(nprobe=plan.parameters["nprobe"])


def _made(plan: SearchPlan, words: str) -> Any:  # noqa: ANN401 - one of faiss' many index classes
    return faiss.index_factory(plan.dimension, words, faiss.METRIC_INNER_PRODUCT)


def _sample(plan: SearchPlan, keys: Int) -> Int:
    """Keys of vectors to learn lists and codes from."""
    wanted = max(FEWEST_TRAINING, TRAINING_PER_LIST * plan.parameters.get("nlist", 0))
    if len(keys) <= wanted:
        return keys
    rows = np.random.default_rng(TRAINING_SEED).choice(len(keys), wanted, replace=False)
    return keys[np.sort(rows)]


class _Block(NamedTuple):
    """Vectors and their keys."""

    keys: Int
    vectors: F32


def _known(stored: VectorIndex, keys: Int) -> _Block:
    """Of the keys those that have a vector."""
    vectors = stored.vectors_of(keys)
    there = np.isfinite(vectors).all(axis=1)
    return _Block(keys[there], vectors[there])

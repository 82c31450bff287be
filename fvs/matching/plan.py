"""What kind of index suits a size and a memory, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from fvs.errors import UsageError
from fvs.matching.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EXACT_UP_TO",
    "HNSW_LINKS",
    "KEY_BYTES",
    "PQ_COMPONENTS",
    "IndexKind",
    "SearchPlan",
    "plan_of_kind",
    "plan_search",
]

EXACT_UP_TO = 2_000_000
"""Vectors of which an exact scan takes some tens of milliseconds a probe."""

FLOAT32_UP_TO = 100_000
"""Vectors of which even a scan of float32 takes a few milliseconds."""

KEY_BYTES = 112
"""What a key takes beside its vector, at most: 8 in faiss' list, some 50 in its reverse map
(measured with FAISS 1.15) and up to 53 in our table."""

HNSW_LINKS = 32
"""Neighbours of a vector in HNSW's graph; twice as many in its lowest layer, 4 bytes each."""
HNSW_BYTES = 4 * (2 * HNSW_LINKS + 3) + 8
"""With the upper layers, of one in 32 vectors, offsets and the key."""

LIST_ENTRY_BYTES = 8
"""The number that stands beside a code in an inverted list."""

PQ_COMPONENTS = 2
"""Dimensions that share a 4-bit code: D / 4 bytes a vector."""

CANDIDATES = 300
"""Proposals a probe that are judged with their stored vectors, beyond k."""

_FEWEST_LISTS = 16
_LISTS_SHARE = 0.25
"""Of the root of the number of vectors: most lists are read anyhow, so few of them cost least."""


class IndexKind(StrEnum):
    """How an index finds its vectors; the `flat` ones look at all of them."""

    FLAT_FLOAT32 = "flat_float32"
    FLAT_FLOAT16 = "flat_float16"
    FLAT_INT8X2 = "flat_int8x2"
    FLAT_INT8 = "flat_int8"
    HNSW = "hnsw"
    IVF = "ivf"
    IVFPQ = "ivfpq"

    @property
    def is_exact(self) -> bool:
        """Whether a `VectorIndex` serves it; else an `ApproximateIndex`."""
        return self.value.startswith("flat_")


@dataclass(frozen=True)
class _Effort:
    """How hard approximate searches look; from the benchmark's LFW-like galleries.

    Attributes:
        recall: the share of probes whose best hit is to be found.
        read_lists: the share of inverted lists that is read. It is large: two pictures of one
            person, at a cosine of 0.6, often fall into different lists.
        hnsw_reach: candidates that HNSW keeps while it walks (efSearch).
    """

    recall: float
    read_lists: float
    hnsw_reach: int


_EFFORTS = (
    _Effort(0.9, 0.35, 256),
    _Effort(0.95, 0.5, 512),
    _Effort(0.99, 0.75, 1024),
    _Effort(1.0, 1.0, 2048),
)


@dataclass(frozen=True)
class SearchPlan:
    """A kind of index with its settings.

    Attributes:
        kind: of the index.
        dimension: D.
        precision: of the vectors that decide every score.
        parameters: by faiss' names: `nlist`, `nprobe`, `efSearch`; `candidates`. None if exact.
        bytes: of memory at the size planned for.
        explanation: sentences: what was chosen and why.
    """

    kind: IndexKind
    dimension: int
    precision: Precision
    parameters: Mapping[str, int]
    bytes: int
    explanation: tuple[str, ...]


def plan_search(
    vectors: int,
    dimension: int,
    memory_bytes: int,
    *,
    recall_target: float = 0.99,
    exact_up_to: int = EXACT_UP_TO,
    stored: Precision | None = None,
) -> SearchPlan:
    """Choose how to search a gallery.

    Args:
        vectors: that it will hold.
        dimension: D.
        memory_bytes: that the index may take.
        recall_target: in 0..1: the share of probes whose best hit an approximate index must find;
            1 asks for an exact one whatever its size.
        exact_up_to: vectors up to which all are scanned.
        stored: what the vectors are held as already; None leaves that to the plan.

    Raises:
        UsageError: an argument is out of range, or no index fits.
    """
    if vectors < 0 or dimension < 1 or not 0 < recall_target <= 1:
        raise UsageError(
            "a plan needs vectors >= 0, dimension >= 1 and a recall in 0..1 "
            f"(got {vectors}, {dimension}, {recall_target:g})"
        )
    exact = vectors <= exact_up_to or recall_target == 1
    kinds = _exact_kinds(vectors, stored) if exact else _approximate_kinds(dimension)
    needed = {kind: _bytes(kind, stored, vectors, dimension) for kind in kinds}
    fitting = [kind for kind in kinds if needed[kind] <= memory_bytes]
    if not fitting:
        least = min(needed.values())
        raise UsageError(
            f"no index of {vectors:,} vectors of {dimension} dimensions fits {_gb(memory_bytes)}",
            advice=f"Give it {_gb(least)}, or split the gallery over several machines.",
        )
    kind = fitting[0]
    too_large = kinds[: kinds.index(kind)]
    explanation = (
        _why_exactness(vectors, exact_up_to, recall_target),
        *(f"{_WORDS[other]} would take {_gb(needed[other])}, too much." for other in too_large),
        f"{_WORDS[kind]} takes {_gb(needed[kind])} of {_gb(memory_bytes)}: {_REASONS[kind]}",
    )
    plan = plan_of_kind(kind, vectors, dimension, recall_target=recall_target, stored=stored)
    return replace(plan, explanation=explanation)


def plan_of_kind(
    kind: IndexKind,
    vectors: int,
    dimension: int,
    *,
    recall_target: float = 0.99,
    stored: Precision | None = None,
) -> SearchPlan:
    """The plan of a kind that was chosen already, whatever suits the size; see `plan_search`."""
    return SearchPlan(
        kind=kind,
        dimension=dimension,
        precision=_precision(kind, stored),
        parameters={} if kind.is_exact else _parameters(kind, vectors, recall_target),
        bytes=_bytes(kind, stored, vectors, dimension),
        explanation=(f"{_WORDS[kind]}: {_REASONS[kind]}",),
    )


def _exact_kinds(vectors: int, stored: Precision | None) -> list[IndexKind]:
    """The best first."""
    if stored is not None:
        return [IndexKind(f"flat_{stored}")]
    small = [IndexKind.FLAT_FLOAT32] if vectors <= FLOAT32_UP_TO else []
    return [*small, IndexKind.FLAT_INT8X2, IndexKind.FLAT_INT8]


def _approximate_kinds(dimension: int) -> list[IndexKind]:
    """Lists: in the benchmark a graph costs more and takes several times as long to build."""
    lists = IndexKind.IVF if dimension % PQ_COMPONENTS else IndexKind.IVFPQ
    return [lists]


def _precision(kind: IndexKind, stored: Precision | None) -> Precision:
    """That of the vectors which an index keeps to judge what it finds."""
    if kind.is_exact:
        return Precision(kind.value.removeprefix("flat_"))
    return stored or Precision.INT8X2


def _bytes(kind: IndexKind, stored: Precision | None, vectors: int, dimension: int) -> int:
    beside = {
        IndexKind.HNSW: dimension + HNSW_BYTES,
        IndexKind.IVF: dimension + LIST_ENTRY_BYTES,
        IndexKind.IVFPQ: dimension // (2 * PQ_COMPONENTS) + LIST_ENTRY_BYTES,
    }
    each = KEY_BYTES + _precision(kind, stored).vector_bytes(dimension) + beside.get(kind, 0)
    return vectors * each


def _parameters(kind: IndexKind, vectors: int, recall_target: float) -> dict[str, int]:
    effort = next(effort for effort in _EFFORTS if effort.recall >= recall_target)
    if kind is IndexKind.HNSW:
        return {"efSearch": effort.hnsw_reach, "candidates": effort.hnsw_reach}
    nlist = max(_FEWEST_LISTS, int(_LISTS_SHARE * vectors**0.5))
    return {"nlist": nlist, "nprobe": round(nlist * effort.read_lists), "candidates": CANDIDATES}


def _why_exactness(vectors: int, exact_up_to: int, recall_target: float) -> str:
    if vectors <= exact_up_to:
        return f"{vectors:,} vectors, no more than {exact_up_to:,}, are scanned whole."
    if recall_target == 1:
        return f"{vectors:,} vectors are scanned whole, since the best hit must never be missed."
    return (
        f"{vectors:,} vectors, more than {exact_up_to:,}, are not scanned whole for each probe; "
        f"the best hit is found for about {recall_target:.1%} of probes."
    )


def _gb(count: int) -> str:
    return f"{count / 1e9:.2f} GB"


_WORDS = {
    IndexKind.FLAT_FLOAT32: "A scan of float32",
    IndexKind.FLAT_FLOAT16: "A scan of float16",
    IndexKind.FLAT_INT8X2: "A scan of int8 with the low bytes beside it",
    IndexKind.FLAT_INT8: "A scan of int8",
    IndexKind.HNSW: "A graph (HNSW)",
    IndexKind.IVF: "Inverted lists of 8-bit codes (IVF)",
    IndexKind.IVFPQ: "Inverted lists of product codes (IVFPQ)",
}

_REASONS = {
    IndexKind.FLAT_FLOAT32: "so few vectors are scanned in milliseconds as they are.",
    IndexKind.FLAT_FLOAT16: "half the memory of float32.",
    IndexKind.FLAT_INT8X2: "a scan reads a quarter of the bytes, and hits are judged with 16 bits.",
    IndexKind.FLAT_INT8: "the least memory; scores are off by up to a few thousandths.",
    IndexKind.HNSW: "a search visits a few thousand vectors at any size; building it is slow.",
    IndexKind.IVF: "a search reads a part of the lists.",
    IndexKind.IVFPQ: "a search reads a part of codes that are a sixteenth of float32.",
}

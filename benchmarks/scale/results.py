"""`benchmarks/results/scale.json`: speeds and sizes on one machine, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads the annotations
from benchmarks.report_files import write_report

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BulkSection",
    "FlatIndexSize",
    "GraphSize",
    "IndexSection",
    "ScaleReport",
    "SealingSection",
    "Speed",
    "StoreSection",
    "StoreSize",
    "load_scale",
    "save_scale",
]


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """How long so many took, in the fastest of the repeats.

    Attributes:
        items: of the unit that the field names.
        seconds: wall time.
    """

    items: int
    seconds: float

    @property
    def per_s(self) -> float:
        """Items in a second."""
        return self.items / self.seconds


class StoreSize(msgspec.Struct, frozen=True, kw_only=True):
    """A store filled with records whose template has `dimension` float32 numbers.

    Attributes:
        kind: `sqlite` or `postgres`.
        dimension: D.
        bytes_total: on disk, indexes included, journals not.
        add: records, a thousand in each durable change.
        read: records, in pages by revision, as at a start.
        lookup: subjects, a thousand in each query.
    """

    kind: str
    dimension: int
    bytes_total: int
    add: Speed
    read: Speed
    lookup: Speed

    @property
    def bytes_per_record(self) -> float:
        """On disk."""
        return self.bytes_total / self.add.items


class StoreSection(msgspec.Struct, frozen=True, kw_only=True):
    """Records at rest."""

    circumstances: Circumstances
    sizes: tuple[StoreSize, ...]


class SealingSection(msgspec.Struct, frozen=True, kw_only=True):
    """Cryptography of one record on one core.

    Attributes:
        circumstances: when it started.
        dimension: D.
        seal: templates, key wrapped.
        unseal: templates, to vectors.
        rewrap: keys, as rotation does.
    """

    circumstances: Circumstances
    dimension: int
    seal: Speed
    unseal: Speed
    rewrap: Speed


class FlatIndexSize(msgspec.Struct, frozen=True, kw_only=True):
    """An exact index in memory.

    Attributes:
        precision: of `fvs.matching.Precision`.
        dimension: D.
        vectors: how many it held.
        bytes_total: vectors and keys.
        scanned_bytes: of one vector, which a search reads.
        build: vectors added.
        pairs: comparisons 1:1, a thousand in each call, on one core.
        search: vectors compared by searches of one probe at a time on one core.
        search_all_cores: the same, a probe for each core at a time.
    """

    precision: str
    dimension: int
    vectors: int
    bytes_total: int
    scanned_bytes: int
    build: Speed
    pairs: Speed
    search: Speed
    search_all_cores: Speed


class GraphSize(msgspec.Struct, frozen=True, kw_only=True):
    """A graph of vectors (HNSW) in memory.

    Attributes:
        dimension: D.
        vectors: how many it held.
        bytes_total: all of it.
        build: vectors added, on one core.
        search: probes, one at a time on one core.
        recall: share of probes whose true best hit is among the hundred found.
    """

    dimension: int
    vectors: int
    bytes_total: int
    build: Speed
    search: Speed
    recall: float


class IndexSection(msgspec.Struct, frozen=True, kw_only=True):
    """Vectors in memory."""

    circumstances: Circumstances
    flat: tuple[FlatIndexSize, ...]
    graph: GraphSize


class BulkSection(msgspec.Struct, frozen=True, kw_only=True):
    """Bulk work by number of local worker processes.

    Attributes:
        circumstances: when it started.
        pack: the networks that made templates.
        dimension: D of the gallery whose pairs were scored.
        portraits: workers -> pictures of cards (2 megapixels) to templates.
        pairs: workers -> pairs of a gallery scored.
    """

    circumstances: Circumstances
    pack: str
    dimension: int
    portraits: dict[int, Speed]
    pairs: dict[int, Speed]


class ScaleReport(msgspec.Struct, frozen=True, kw_only=True):
    """The file; each section is replaced by itself."""

    stores: StoreSection | None = None
    sealing: SealingSection | None = None
    indexes: IndexSection | None = None
    bulk: BulkSection | None = None


def load_scale(path: Path) -> ScaleReport:
    """Read the file, or an empty report where there is none."""
    if not path.exists():
        return ScaleReport()
    return msgspec.json.decode(path.read_bytes(), type=ScaleReport, strict=False)


def save_scale(report: ScaleReport, path: Path) -> None:
    """Write the file, indented, for people and for `git diff`."""
    write_report(report, path)

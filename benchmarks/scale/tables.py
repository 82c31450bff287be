"""The tables of docs/explanation/scale.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.markdown import NOT_MEASURED, circumstances_words, table
from benchmarks.scale.arithmetic import (
    BYTES_PER_GB,
    Assumptions,
    core_hours,
    fleet_of,
    graph_build_core_hours,
    graph_probes_per_core_s,
    index_bytes_per_vector,
    machine_scan_per_s,
    pairs_of,
)
from fvs.matching.plan import IndexKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.scale.results import (
        BulkSection,
        FlatIndexSize,
        IndexSection,
        ScaleReport,
        SealingSection,
        StoreSection,
        StoreSize,
    )

__all__ = ["render_scale"]

APPROXIMATE = (IndexKind.HNSW, IndexKind.IVFPQ)


def render_scale(report: ScaleReport, assumed: Assumptions | None = None) -> str:
    """All that was measured, and what follows for a country."""
    of = assumed or Assumptions()
    parts = [_assumptions(of)]
    if report.indexes is not None:
        parts += [_memory(report.indexes, of), circumstances_words(report.indexes.circumstances)]
    if report.stores is not None:
        parts += [_stores(report.stores, of), circumstances_words(report.stores.circumstances)]
    if report.indexes and report.stores and report.sealing and report.bulk:
        parts += [
            _once(report.bulk, report.sealing, report.stores, report.indexes, of),
            circumstances_words(report.bulk.circumstances),
        ]
    if report.indexes is not None:
        parts += [_answers(report.indexes, of), _machines(report.indexes, of)]
    return "\n\n".join(parts) if len(parts) > 1 else NOT_MEASURED


def _assumptions(of: Assumptions) -> str:
    servers = f"{of.machine_cores} cores and {of.machine_memory_gb:g} GB"
    return (
        f"**Assumed, not measured:** {of.people:,} people with one template each; "
        f"{of.verifications_per_s:,.0f} verifications and {of.searches_per_s:g} searches a second "
        f"at the busiest; {of.bulk_cores} cores for bulk work; servers of {servers}, of which "
        f"{of.usable_memory:.0%} for the index; {of.copies} copies; {of.baht_per_core_hour:g} baht "
        f"a core and hour, {of.baht_per_gb_memory_month:g} a GB of memory and month, "
        f"{of.baht_per_gb_disk_month:g} a GB of disk and month. A core is as fast as one of the "
        "machine that measured, and a server's memory as much faster as it has more cores."
    )


def _memory(indexes: IndexSection, of: Assumptions) -> str:
    dimensions = sorted({index.dimension for index in indexes.flat})
    measured = {(index.precision, index.dimension): index for index in indexes.flat}
    precisions = list(dict.fromkeys(index.precision for index in indexes.flat))
    rows = [
        [f"exact, {precision} (measured)"]
        + [_both(_bytes_each(measured[precision, d]), of) for d in dimensions]
        for precision in precisions
    ]
    rows += [
        [f"{kind.value}, judged exactly (the planner's arithmetic)"]
        + [_both(index_bytes_per_vector(kind, d, of.people), of) for d in dimensions]
        for kind in APPROXIMATE
    ]
    head = ["index", *(f"D = {d}" for d in dimensions)]
    return f"Memory of one template, key included, and of {of.people:,}:\n\n" + table(head, rows)


def _bytes_each(index: FlatIndexSize) -> float:
    return index.bytes_total / index.vectors


def _both(each: float, of: Assumptions) -> str:
    return f"{each:,.0f} B, {each * of.people / BYTES_PER_GB:,.0f} GB"


def _stores(stores: StoreSection, of: Assumptions) -> str:
    rows = [
        [
            f"{size.kind}, D = {size.dimension}",
            f"{size.add.items:,}",
            f"{size.bytes_per_record:,.0f} B",
            f"{gb:,.0f} GB",
            f"{size.add.per_s:,.0f}",
            f"{size.read.per_s:,.0f}",
            f"{1e6 / size.lookup.per_s:,.0f} µs",
            f"{gb * of.baht_per_gb_disk_month:,.0f}",
        ]
        for size in stores.sizes
        for gb in [size.bytes_per_record * of.people / BYTES_PER_GB]
    ]
    everybody = f"{of.people:,}"
    head = ["store", "records", "each", everybody, "added/s", "read/s", "one subject", "baht/month"]
    return (
        "Records at rest, indexes included, one connection; a thousand to a change and to a "
        "lookup:\n\n" + table(head, rows)
    )


def _once(
    bulk: BulkSection,
    sealing: SealingSection,
    stores: StoreSection,
    indexes: IndexSection,
    of: Assumptions,
) -> str:
    store = _national_store(stores.sizes)
    flat = _flat_of(indexes, bulk.dimension)
    one_core = {
        "portraits of 2 megapixels to templates": (bulk.portraits[1], of.people),
        "sealing": (sealing.seal, of.people),
        "unsealing, when an index is built": (sealing.unseal, of.people),
        "wrapping keys anew": (sealing.rewrap, of.people),
        "filling an exact index": (flat.build, of.people),
        "all pairs scored, to find duplicates": (bulk.pairs[1], pairs_of(of.people)),
    }
    work = {name: (speed.per_s, core_hours(speed, n)) for name, (speed, n) in one_core.items()}
    graph = indexes.graph
    work["building a graph (HNSW)"] = (
        graph.build.per_s,
        graph_build_core_hours(graph, of.people),
    )
    rows = [
        [
            name,
            f"{per_s:,.0f}",
            f"{hours:,.0f}",
            f"{hours / of.bulk_cores:,.1f}",
            f"{hours * of.baht_per_core_hour:,.0f}",
        ]
        for name, (per_s, hours) in work.items()
    ]
    for name, speed in (("adding to", store.add), ("reading all of", store.read)):
        hours = core_hours(speed, of.people)
        label = f"{name} the store ({store.kind}), one connection"
        rows.append([label, f"{speed.per_s:,.0f}", "", f"{hours:,.1f}", ""])
    head = ["done once", "a second, one core", "core hours", "hours on all cores", "baht"]
    return f"Work for everybody (D = {bulk.dimension}, pack {bulk.pack}):\n\n{table(head, rows)}"


def _national_store(sizes: Sequence[StoreSize]) -> StoreSize:
    """The fullest, PostgreSQL before SQLite."""
    return max(sizes, key=lambda size: (size.kind == "postgres", size.add.items))


def _flat_of(indexes: IndexSection, dimension: int) -> FlatIndexSize:
    return next(index for index in indexes.flat if index.dimension == dimension)


def _answers(indexes: IndexSection, of: Assumptions) -> str:
    cores = indexes.circumstances.cores
    rows = []
    for index in indexes.flat:
        whole = of.people / machine_scan_per_s(index, cores, of.machine_cores)
        gb_per_s = index.search.per_s * index.scanned_bytes / BYTES_PER_GB
        rows.append(
            [
                f"exact, {index.precision}, D = {index.dimension}",
                f"{1e6 / index.pairs.per_s:.2f} µs",
                f"{index.search.per_s / 1e6:,.1f} M",
                f"{gb_per_s:.1f}",
                f"{of.people / index.search.per_s:,.1f} s",
                f"{whole:,.2f} s",
            ]
        )
    graph = indexes.graph
    per_s = graph_probes_per_core_s(graph, of.people)
    rows.append([f"hnsw, D = {graph.dimension}", "", "", "", f"{1 / per_s:,.4f} s", ""])
    head = ["index", "1:1", "scanned/s", "GB/s", "one 1:N, a core", "one 1:N, a server"]
    note = (
        f"The graph was measured with {graph.vectors:,} made-up faces, where {graph.recall:.1%} of "
        "probes had their true best hit among a hundred candidates; its time is reckoned to grow "
        "with the logarithm of the gallery."
    )
    return f"Answers, vectors in memory:\n\n{table(head, rows)}\n\n{note}"


def _machines(indexes: IndexSection, of: Assumptions) -> str:
    middle = indexes.graph.dimension
    rows = []
    for index in indexes.flat:
        if index.dimension != middle:
            continue
        verify_cores = of.verifications_per_s / index.pairs.per_s
        scan = machine_scan_per_s(index, indexes.circumstances.cores, of.machine_cores)
        search_cores = of.searches_per_s * of.people / scan * of.machine_cores
        rows += [
            _fleet_row(f"1:1 only, {index.precision}", _bytes_each(index), of, verify_cores),
            _fleet_row(
                f"1:1 and exact 1:N, {index.precision}",
                _bytes_each(index),
                of,
                verify_cores + search_cores,
            ),
        ]
    graph_cores = of.searches_per_s / graph_probes_per_core_s(indexes.graph, of.people)
    each = index_bytes_per_vector(IndexKind.HNSW, middle, of.people)
    rows.append(_fleet_row("1:N by a graph (HNSW)", each, of, graph_cores))
    head = ["serves", "memory of a copy", "servers", "baht a month"]
    return (
        f"Servers for the matcher (D = {middle}), {of.copies} copies; detection and embedding of "
        f"the selfies come on top (the README's table of speed):\n\n{table(head, rows)}"
    )


def _fleet_row(name: str, each: float, of: Assumptions, busy_cores: float) -> list[str]:
    fleet = fleet_of(each, of, busy_cores)
    return [
        name,
        f"{fleet.memory_gb:,.0f} GB",
        f"{fleet.machines:,}",
        f"{fleet.baht_per_month:,.0f}",
    ]

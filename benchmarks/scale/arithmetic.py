"""From what was measured to a whole country: each figure is a measurement times a number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from fvs.matching.plan import IndexKind, plan_of_kind

if TYPE_CHECKING:
    from benchmarks.scale.results import FlatIndexSize, GraphSize, Speed

__all__ = [
    "Assumptions",
    "Fleet",
    "core_hours",
    "fleet_of",
    "graph_build_core_hours",
    "graph_probes_per_core_s",
    "index_bytes_per_vector",
    "machine_scan_per_s",
    "pairs_of",
]

HOURS_PER_MONTH = 730
S_PER_HOUR = 3600
BYTES_PER_GB = 1e9


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody measured: change them with the options of `python -m benchmarks.scale render`.

    Attributes:
        people: with one template each.
        verifications_per_s: 1:1 at the busiest moment.
        searches_per_s: 1:N at the busiest moment.
        bulk_cores: put to enrolling everybody.
        machine_cores: of one server.
        machine_memory_gb: of one server.
        usable_memory: share of it that an index may take.
        copies: of every index, so that one may fail.
        baht_per_core_hour: rented, everything but memory and disk included.
        baht_per_gb_memory_month: rented.
        baht_per_gb_disk_month: rented, replicated.
    """

    people: int = 66_000_000
    verifications_per_s: float = 1000.0
    searches_per_s: float = 5.0
    bulk_cores: int = 256
    machine_cores: int = 32
    machine_memory_gb: float = 256.0
    usable_memory: float = 0.75
    copies: int = 2
    baht_per_core_hour: float = 1.5
    baht_per_gb_memory_month: float = 120.0
    baht_per_gb_disk_month: float = 5.0


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Servers that hold an index and answer.

    Attributes:
        machines: of all copies.
        memory_gb: of one copy of the index.
        baht_per_month: rent of the machines.
    """

    machines: int
    memory_gb: float
    baht_per_month: float


def core_hours(speed: Speed, count: float) -> float:
    """Of one core that does `count` items."""
    return count / speed.per_s / S_PER_HOUR


def pairs_of(people: int) -> float:
    """Unordered pairs of different people."""
    return people * (people - 1) / 2


def graph_build_core_hours(graph: GraphSize, people: int) -> float:
    """Adding one vector searches the graph so far, which takes the logarithm of its size."""
    growth = math.log(people) / math.log(graph.vectors)
    return core_hours(graph.build, people) * growth


def graph_probes_per_core_s(graph: GraphSize, people: int) -> float:
    """A search visits the logarithm of the graph's size."""
    return graph.search.per_s * math.log(graph.vectors) / math.log(people)


def index_bytes_per_vector(kind: IndexKind, dimension: int, people: int) -> float:
    """What a plan of that kind reckons with, keys and vectors to judge hits included."""
    return plan_of_kind(kind, people, dimension).bytes / people


def machine_scan_per_s(index: FlatIndexSize, cores_measured: int, machine_cores: int) -> float:
    """Vectors that a server scans in a second if its memory is faster as it has more cores."""
    return index.search_all_cores.per_s / cores_measured * machine_cores


def fleet_of(bytes_per_vector: float, assumed: Assumptions, busy_cores: float) -> Fleet:
    """Machines for what an index takes in memory and its questions take in cores."""
    memory_gb = bytes_per_vector * assumed.people / BYTES_PER_GB
    for_memory = memory_gb / (assumed.machine_memory_gb * assumed.usable_memory)
    for_work = busy_cores / assumed.machine_cores
    machines = assumed.copies * max(1, math.ceil(max(for_memory, for_work)))
    rent = (
        assumed.machine_cores * assumed.baht_per_core_hour * HOURS_PER_MONTH
        + assumed.machine_memory_gb * assumed.baht_per_gb_memory_month
    )
    return Fleet(machines=machines, memory_gb=memory_gb, baht_per_month=machines * rent)

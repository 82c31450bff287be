"""The arithmetic of a national register, and that what it stands on can be measured."""

import math

import pytest

from benchmarks.machine import REPOSITORY
from benchmarks.markdown import NOT_MEASURED, sections_in
from benchmarks.scale.arithmetic import (
    Assumptions,
    core_hours,
    fleet_of,
    graph_build_core_hours,
    graph_probes_per_core_s,
    index_bytes_per_vector,
    machine_scan_per_s,
    pairs_of,
)
from benchmarks.scale.graph import measure_graph
from benchmarks.scale.plot import save_plot
from benchmarks.scale.results import (
    BulkSection,
    FlatIndexSize,
    GraphSize,
    IndexSection,
    ScaleReport,
    SealingSection,
    Speed,
    StoreSection,
    StoreSize,
    load_scale,
    save_scale,
)
from benchmarks.scale.sealing import measure_sealing
from benchmarks.scale.stores import measure_store, new_postgres, new_sqlite
from benchmarks.scale.tables import render_scale
from benchmarks.scale.vectors import measure_flat
from fvs.matching.plan import IndexKind, plan_search
from fvs.matching.precision import Precision
from tests.benchmark_records import CIRCUMSTANCES

TEN_A_SECOND = Speed(items=20, seconds=2.0)
GRAPH = GraphSize(
    dimension=256,
    vectors=1000,
    bytes_total=500_000,
    build=TEN_A_SECOND,
    search=TEN_A_SECOND,
    recall=0.995,
)


def flat(dimension: int = 256) -> FlatIndexSize:
    """An index of 1000 vectors of 600 bytes."""
    return FlatIndexSize(
        precision="float16",
        dimension=dimension,
        vectors=1000,
        bytes_total=600_000,
        scanned_bytes=512,
        build=TEN_A_SECOND,
        pairs=Speed(items=1000, seconds=0.001),
        search=Speed(items=1_000_000, seconds=0.1),
        search_all_cores=Speed(items=2_000_000, seconds=0.1),
    )


def report() -> ScaleReport:
    """All sections, made up."""
    store = StoreSize(
        kind="postgres",
        dimension=256,
        bytes_total=2_000 * 20,
        add=TEN_A_SECOND,
        read=TEN_A_SECOND,
        lookup=TEN_A_SECOND,
    )
    return ScaleReport(
        stores=StoreSection(circumstances=CIRCUMSTANCES, sizes=(store,)),
        sealing=SealingSection(
            circumstances=CIRCUMSTANCES,
            dimension=256,
            seal=TEN_A_SECOND,
            unseal=TEN_A_SECOND,
            rewrap=TEN_A_SECOND,
        ),
        indexes=IndexSection(circumstances=CIRCUMSTANCES, flat=(flat(),), graph=GRAPH),
        bulk=BulkSection(
            circumstances=CIRCUMSTANCES,
            pack="standard",
            dimension=256,
            portraits={1: TEN_A_SECOND},
            pairs={1: TEN_A_SECOND},
        ),
    )


class TestArithmetic:
    """By hand."""

    def test_core_hours(self):
        """Ten a second are 36,000 an hour."""
        assert TEN_A_SECOND.per_s == 10
        assert core_hours(TEN_A_SECOND, 72_000) == 2

    @pytest.mark.parametrize(("people", "pairs"), [(0, 0), (1, 0), (2, 1), (5, 10)])
    def test_pairs(self, people, pairs):
        """Each pair once, nobody with oneself."""
        assert pairs_of(people) == pairs

    def test_graph(self):
        """A thousand times a thousand takes twice the logarithm: twice as long for each."""
        assert graph_build_core_hours(GRAPH, 10**6) == pytest.approx(10**6 / 10 / 3600 * 2)
        assert graph_probes_per_core_s(GRAPH, 10**6) == pytest.approx(5)
        assert graph_probes_per_core_s(GRAPH, 1000) == 10

    def test_machine(self):
        """Twenty million a second by two cores are a hundred and sixty by sixteen."""
        assert machine_scan_per_s(flat(), 2, 16) == pytest.approx(160e6)

    def test_planned_bytes(self):
        """They are the planner's own."""
        each = index_bytes_per_vector(IndexKind.IVFPQ, 256, 10**7)
        plan = plan_search(10**7, 256, math.ceil(each * 10**7))
        assert (plan.kind, plan.bytes) == (IndexKind.IVFPQ, each * 10**7)

    def test_fleet(self):
        """Memory or work decides, whichever asks for more; every copy is whole."""
        of = Assumptions(
            people=10**6,
            machine_cores=10,
            machine_memory_gb=4,
            usable_memory=0.5,
            copies=3,
            baht_per_core_hour=1,
            baht_per_gb_memory_month=100,
        )
        by_memory = fleet_of(5_000, of, busy_cores=0.1)
        assert (by_memory.memory_gb, by_memory.machines) == (5, 9)
        assert by_memory.baht_per_month == 9 * (10 * 730 + 400)
        assert fleet_of(5_000, of, busy_cores=35).machines == 12
        assert fleet_of(1, of, busy_cores=0).machines == 3


class TestTables:
    """What is shown."""

    def test_nothing(self):
        """Without measurements there is nothing but that."""
        assert render_scale(ScaleReport()) == NOT_MEASURED

    def test_everything(self):
        """Sizes and times of everybody stand there, and assumptions are called that."""
        text = render_scale(report(), Assumptions(people=10**7))
        for figure in ("600 B, 6 GB", "2,000 B", "20 GB", "1.00 µs", "5.1", "10,000,000"):
            assert figure in text
        assert text.startswith("**Assumed, not measured:** 10,000,000 people")
        assert text.count("<sub>2026-01-02") == 3

    def test_other_assumptions(self):
        """Twice the price is twice the rent."""
        one = render_scale(report(), Assumptions(baht_per_gb_disk_month=5))
        two = render_scale(report(), Assumptions(baht_per_gb_disk_month=10))
        assert "| 660 |" in one
        assert "| 1,320 |" in two

    def test_the_document_has_its_place(self):
        """The tables have one place to go."""
        document = REPOSITORY / "docs" / "explanation" / "scale.md"
        assert sections_in(document.read_text(encoding="utf-8")) == ("scale",)

    def test_plot(self, tmp_path):
        """The plot names every index and is the same each time."""
        for name in ("one.svg", "two.svg"):
            save_plot(report().indexes, tmp_path / name)
        drawn = (tmp_path / "one.svg").read_text()
        assert drawn == (tmp_path / "two.svg").read_text()
        for label in ("exact, float16", "hnsw", "ivfpq", "66 million"):
            assert label in drawn

    def test_file(self, tmp_path):
        """A report is read as it was written; a missing one is empty."""
        path = tmp_path / "scale.json"
        assert load_scale(path) == ScaleReport()
        save_scale(report(), path)
        assert load_scale(path) == report()


class TestMeasuring:
    """A little of each, to see that it works."""

    def test_sqlite(self):
        """A file holds at least its templates."""
        self.check(measure_store(new_sqlite, 30, 64), "sqlite", 30, 64)

    def test_postgres(self, postgres_dsn):
        """A schema likewise, on a server that is durable."""
        assert postgres_dsn
        self.check(measure_store(new_postgres, 30, 64), "postgres", 30, 64)

    @staticmethod
    def check(size, kind, records, dimension):
        """All of it was done and took time."""
        assert (size.kind, size.dimension) == (kind, dimension)
        assert size.add.items == size.read.items == records
        assert size.bytes_per_record > 4 * dimension
        assert min(size.add.seconds, size.read.seconds, size.lookup.seconds) > 0

    def test_sealing(self):
        """As many as were asked for."""
        measured = measure_sealing(3, 64)
        for speed in (measured.seal, measured.unseal, measured.rewrap):
            assert speed.items == 3
            assert speed.seconds > 0

    def test_indexes(self):
        """An exact index takes at least its vectors, and a graph finds what is there."""
        measured = measure_flat(2000, 32, Precision.INT8)
        assert measured.bytes_total > 2000 * 32
        assert measured.search.items == 2000
        graph = measure_graph(1000, 32)
        assert graph.bytes_total > 1000 * 32
        assert graph.recall > 0.9

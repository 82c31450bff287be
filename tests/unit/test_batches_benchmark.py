"""The benchmark of batches: every cell is kept, whatever becomes of the others."""

from __future__ import annotations

import threading

import pytest

from benchmarks.machine import describe_circumstances
from benchmarks.markdown import NOT_MEASURED
from benchmarks.speed.batch_cells import batches_of
from benchmarks.speed.batch_results import BatchReport, EngineCell, NetworkCell, load_batches
from benchmarks.speed.batch_tables import render_batches
from benchmarks.speed.batches import BatchBench, worker_counts


def engine_cell(batch_size: int) -> EngineCell:
    """A cell that nobody measured."""
    return EngineCell(
        runtime="cpu",
        batch_size=batch_size,
        workers=2,
        first_ms=1.0,
        pictures_per_s=123.0,
        cpu_ms=4.5,
        stage_wall_ms={"embed": 1.0},
        stage_cpu_ms={"embed": 1.0},
    )


@pytest.fixture
def empty():
    """A report without cells."""
    return BatchReport(
        circumstances=describe_circumstances(), accelerator="", pack="standard", megapixels=1.0
    )


class TestBatchBench:
    def test_a_cell_that_fails_is_written_down_and_the_next_is_measured(self, empty, tmp_path):
        """The file is whole after each."""
        path = tmp_path / "batches.json"
        bench = BatchBench(empty, path, seconds=0.0, within_s=60.0)
        bench.cell("fails", lambda: 1 // 0)
        assert [one.cell for one in load_batches(path).failures] == ["fails"]
        bench.cell("works", lambda: engine_cell(4))
        assert load_batches(path) == bench.report
        assert [one.batch_size for one in bench.report.engine] == [4]

    def test_no_cell_is_begun_after_the_time(self, empty, tmp_path):
        """It is written down that it was not."""
        begun: list[int] = []
        bench = BatchBench(empty, tmp_path / "batches.json", seconds=0.0, within_s=0.0)
        bench.cell("late", lambda: begun.append(1))
        assert not begun
        assert bench.report.failures[0].error.startswith("TimeoutError")


@pytest.mark.parametrize(("cores", "counts"), [(1, (1,)), (2, (1, 2)), (16, (1, 4, 16))])
def test_threads_are_one_a_quarter_and_all(cores, counts):
    """Each once, the fewest first."""
    assert worker_counts(cores) == counts


def test_batches_go_round_the_pictures_in_turn():
    """Also where a batch is larger than there are pictures, and from any thread."""
    batch = batches_of([b"a", b"b", b"c"], 4)
    got: list[list[bytes]] = []
    thread = threading.Thread(target=lambda: got.append(batch()))
    thread.start()
    thread.join()
    got.append(batch())
    assert got == [[b"a", b"b", b"c", b"a"], [b"b", b"c", b"a", b"b"]]


class TestTables:
    def test_nothing_is_said_of_what_was_not_measured(self, empty):
        """A missing file is no result, and a missing section none either."""
        assert render_batches(None) == NOT_MEASURED
        assert "| " not in render_batches(empty)

    def test_cells_stand_where_they_belong(self, empty):
        """A runtime a column; a cell that is missing is left blank."""
        network = NetworkCell(
            runtime="cuda",
            network="net",
            side_px=8,
            batch_size=4,
            first_ms=9.0,
            ms_per_picture=0.25,
            runs=3,
        )
        report = BatchReport(
            circumstances=empty.circumstances,
            accelerator="a card",
            pack="standard",
            megapixels=1.0,
            engine=(engine_cell(1), engine_cell(4)),
            networks=(network,),
        )
        text = render_batches(report)
        assert "| 2, 4 | 123 (4.5) |" in text
        assert "| net, cuda | 0.25 (9) |" in text
        assert "On a card." in text

"""The matcher's benchmark: galleries are what they are said to be, tables say what was found."""

import msgspec
import numpy as np
import pytest

from benchmarks.markdown import NOT_MEASURED
from benchmarks.matching.galleries import MATED_MEAN, MATED_SD, directions, draw_people
from benchmarks.matching.plot import save_plot
from benchmarks.matching.results import (
    AllPairsSection,
    ApproximateRow,
    ApproximateSection,
    ByKeyRow,
    ByKeySection,
    ExactRow,
    ExactSection,
    MatchingReport,
    load_matching,
    save_matching,
)
from benchmarks.matching.sections import SECTIONS
from benchmarks.matching.tables import render_matching
from benchmarks.speed.results import Interval
from tests.benchmark_records import CIRCUMSTANCES


def interval(median):
    """An interval around a median."""
    return Interval(median=median, lower_95=median * 0.9, upper_95=median * 1.1, n=9)


COMMON = {"quick": False, "circumstances": CIRCUMSTANCES}
REPORT = MatchingReport(
    by_key=ByKeySection(
        batch=1000,
        rows=[
            ByKeyRow(
                vectors=10_000,
                dimension=128,
                precision="int8x2",
                batch_us=interval(0.5),
                single_us=interval(20.0),
                build_s=0.1,
                bytes_per_vector=300.0,
            )
        ],
        peak_rss_mb=1500.0,
        **COMMON,
    ),
    exact=ExactSection(
        vectors=1_000_000,
        probes=2000,
        rows=[
            ExactRow(
                contender="plain read",
                dimension=512,
                ms=interval(70.0),
                over_float32=interval(0.9),
                over_read=interval(1.0),
                recall_at_1=None,
                score_error=None,
            )
        ],
        peak_rss_mb=1.0,
        **COMMON,
    ),
    approximate=ApproximateSection(
        vectors=1_000_000,
        dimension=256,
        probes=1000,
        flat_ms={"lfw_like": interval(72.0)},
        rows=[
            ApproximateRow(
                gallery="lfw_like",
                kind="ivfpq",
                recall_target=0.99,
                parameters={"nlist": 1000},
                recall_at_1=0.991,
                ms=interval(2.0),
                flat_share=0.0278,
                build_s=60.0,
            )
        ],
        peak_rss_mb=1.0,
        **COMMON,
    ),
    all_pairs=AllPairsSection(
        vectors=13_233,
        dimension=256,
        threshold=0.47,
        found=7,
        tiles_s=interval(2.0),
        blas_s=interval(3.0),
        loop_s=90.0,
        tiles_peak_mb=10.0,
        blas_peak_mb=700.0,
        **COMMON,
    ),
)


class TestGalleries:
    @pytest.mark.parametrize("structured", [True, False])
    def test_people_are_as_alike_as_told(self, structured):
        """Two captures of one person have LFW's mated cosines, in the mean and in their spread."""
        gallery = draw_people(20_000, 64, 500, structured=structured)
        mated = np.vecdot(gallery.vectors[::2], gallery.vectors[1::2])
        assert mated.mean() == pytest.approx(MATED_MEAN, abs=0.03)
        assert mated.std() == pytest.approx(MATED_SD, abs=0.05)
        assert np.linalg.norm(gallery.vectors, axis=1) == pytest.approx(1, abs=1e-5)
        references = gallery.vectors[2 * gallery.probed]
        assert np.vecdot(gallery.probes, references).mean() == pytest.approx(MATED_MEAN, abs=0.05)
        assert gallery.people[2 * gallery.probed].tolist() == gallery.probed.tolist()

    def test_strangers_are_more_alike_where_faces_have_structure(self):
        """LFW's strangers scatter more than uniform directions do."""
        spread = [
            np.std(np.vecdot(vectors[::4], vectors[2::4]))
            for vectors in (
                draw_people(8_000, 256, 1, structured=structured).vectors
                for structured in (True, False)
            )
        ]
        assert spread[0] > 1.3 * spread[1]

    def test_directions_are_the_same_each_time(self):
        """So every contender sees one gallery."""
        first, second = (np.concatenate([*directions(100, 8)]) for _ in range(2))
        assert np.array_equal(first, second)


class TestReport:
    def test_nothing_measured(self, tmp_path):
        """Says so, and draws nothing."""
        report = load_matching(tmp_path / "none.json")
        assert render_matching(report) == NOT_MEASURED
        save_plot(report, tmp_path / "plot.svg")
        assert not (tmp_path / "plot.svg").exists()

    def test_it_is_saved_and_read(self, tmp_path):
        """Nothing is lost."""
        save_matching(REPORT, tmp_path / "report.json")
        assert load_matching(tmp_path / "report.json") == REPORT

    def test_sections_are_the_fields(self):
        """Each field of a report has what measures it."""
        assert tuple(SECTIONS) == MatchingReport.__struct_fields__

    def test_tables_say_what_was_measured(self):
        """Numbers with their intervals, and ratios."""
        text = render_matching(REPORT)
        for words in (
            "| 10,000 | 128 | int8x2 | 0.50 [0.45, 0.55] | 20.0 [18.0, 22.0] | 300 | 10.0 |",
            "| plain read | 512 | 70.0 [63.0, 77.0] | 0.90 [0.81, 0.99] | 1.00 [0.90, 1.10] |",
            "| lfw_like | ivfpq | 0.99 | nlist 1000 | 0.9910 | 2.00 [1.80, 2.20] | 2.78% | 60 |",
            "| Python loop, from a sample | 90.0 | 45 |  |",
            "All 87,549,528 pairs of 13,233 vectors",
        ):
            assert words in text

    @pytest.mark.parametrize("field", MatchingReport.__struct_fields__)
    def test_sections_stand_alone(self, field):
        """A run that was stopped shows what it has."""
        report = msgspec.structs.replace(MatchingReport(), **{field: getattr(REPORT, field)})
        assert render_matching(report) in render_matching(REPORT)

    def test_the_plot_is_drawn(self, tmp_path):
        """The same report gives the same bytes."""
        for name in ("one.svg", "two.svg"):
            save_plot(REPORT, tmp_path / name)
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()

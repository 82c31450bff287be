"""The benchmark of intervals, thresholds and costs: small, but whole."""

import numpy as np
import pytest

from benchmarks.calibration.coverage import TRIALS, measure_coverage
from benchmarks.calibration.guarantee import measure_guarantee
from benchmarks.calibration.results import (
    CalibrationReport,
    load_calibration,
    render_calibration,
    save_calibration,
)
from benchmarks.calibration.speed import Method, measure_det, measure_replicates, run_det
from benchmarks.calibration.worlds import World
from benchmarks.machine import describe_circumstances
from benchmarks.markdown import NOT_MEASURED


@pytest.fixture(scope="module")
def report():
    """Everything once, small."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    heard = []
    replicates = measure_replicates(vectors, np.arange(30) // 2, [0.5, 0.9], 30, heard.append)
    assert heard[-1] == 30
    return CalibrationReport(
        circumstances=describe_circumstances(),
        coverage=tuple(measure_coverage(trial, 2) for trial in TRIALS[:8]),
        guarantee=(measure_guarantee(0.05, World(40, 0.1), 3),),
        det=tuple(run_det(method, 1000) for method in Method),
        replicates=replicates,
    )


class TestWorld:
    def test_true_rates_are_those_of_very_many_people(self):
        """What is said to be true is what is counted among many."""
        world, rng = World(1500, 0.15, separation=3.0, mated_each=40), np.random.default_rng(0)
        pairs = world.compare(world.people(rng), rng)
        threshold = world.threshold_at(0.05)
        accepted = pairs.non_mated.accepted_at([threshold])[0] / pairs.non_mated.trials
        refused = 1 - pairs.mated.accepted_at([threshold])[0] / pairs.mated.trials
        assert world.fmr(threshold) == pytest.approx(0.05, rel=1e-5)
        assert accepted == pytest.approx(0.05, rel=0.08)
        assert refused == pytest.approx(world.fnmr(threshold), rel=0.15)

    def test_keeping_the_highest_changes_no_count_above(self):
        """The tail is that of all pairs."""
        world = World(60, 0.1)
        whole, tail = (
            world.compare(people, np.random.default_rng(1), highest=highest).non_mated
            for people in [world.people(np.random.default_rng(0))]
            for highest in (None, 200)
        )
        assert np.array_equal(tail.scores, whole.scores[-200:])
        assert tail.trials == whole.trials


def test_streaming_and_exact_curves_agree_on_how_many_scores(report):
    """Each method saw all scores, and the exact one keeps every distinct score."""
    assert [cost.scores for cost in report.det] == [1000] * 3
    assert report.det[1].points > report.det[2].points


def test_costs_are_measured_in_a_process_of_their_own():
    """Its peak memory is its own."""
    cost = measure_det(Method.STREAMING, 10_000)
    assert cost.scores == 10_000
    assert cost.peak_rss_mb > 20


def test_what_was_written_is_read(report, tmp_path):
    """The file holds everything; none means not measured."""
    path = tmp_path / "calibration.json"
    assert load_calibration(path) is None
    assert render_calibration(None) == NOT_MEASURED
    save_calibration(report, path)
    assert load_calibration(path) == report


def test_every_row_is_rendered(report):
    """Each interval, target, curve and the bootstrap appear."""
    text = render_calibration(report)
    for one in report.coverage:
        assert one.interval in text
    for words in ("streaming", "sklearn", "replicates of the two-way bootstrap", "| 0.05 |"):
        assert words in text

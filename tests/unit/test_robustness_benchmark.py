"""The robustness benchmark: harms by degrees, and what is counted of them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import benchmarks.accuracy.robustness_measure as measure
from benchmarks.accuracy.robustness import (
    load_robustness,
    render_robustness,
    save_robustness,
)
from benchmarks.accuracy.robustness_curves import CURVES, Face
from benchmarks.accuracy.robustness_measure import (
    Extracted,
    RobustnessReport,
    RobustnessResult,
    count_errors,
    sample_people,
)
from benchmarks.markdown import NOT_MEASURED
from fvs.errors import UsageError
from tests.benchmark_records import CIRCUMSTANCES

PIXELS = np.random.default_rng(0).integers(0, 255, (120, 100, 3)).astype(np.uint8)
FACE = Face(PIXELS, (30.0, 30.0, 70.0, 82.0), seed=5)
NOTHING_DONE = {"roll", "mask", "defocus", "motion", "darkness", "overexposure", "side light"}


def extracted(vectors, ok=None):
    """Faces of these unit vectors."""
    vectors = np.asarray(vectors, np.float32).reshape(-1, 2)
    ok = np.ones(len(vectors), bool) if ok is None else np.asarray(ok)
    return Extracted(vectors, ok, ~ok)


class TestCurves:
    @pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
    def test_every_degree_is_a_picture_and_the_same_again(self, curve):
        """Each degree gives an RGB picture, fixed by the seed; the worst differs from the best."""
        degrees = [curve.apply(FACE, severity) for severity in curve.severities]
        for pixels in degrees:
            assert pixels.ndim == 3
            assert pixels.dtype == np.uint8
            assert pixels.shape[2] == 3
        best, worst = degrees[0], degrees[-1]
        np.testing.assert_array_equal(worst, curve.apply(FACE, curve.severities[-1]))
        assert best.shape != worst.shape or np.any(best != worst)

    @pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
    def test_begins_where_nothing_has_happened(self, curve):
        """A severity of nothing leaves the picture as it is."""
        if curve.name in NOTHING_DONE:
            np.testing.assert_array_equal(curve.apply(FACE, curve.severities[0]), PIXELS)

    def test_names_are_distinct(self):
        """Results and caches go by name; situations have one each."""
        assert len({curve.name for curve in CURVES}) == len(CURVES)
        for curve in CURVES:
            assert len(curve.labels) in {0, len(curve.severities)}

    def test_a_mask_covers_from_the_chin_up(self):
        """Half the face's height is grey, and nothing else."""
        mask = next(curve for curve in CURVES if curve.name == "mask")
        covered = mask.apply(FACE, 0.5)
        assert np.all(covered[56:82, 30:70] == 128)
        np.testing.assert_array_equal(covered[:56], PIXELS[:56])

    def test_a_crop_stays_within_the_picture(self):
        """More margin than there is picture takes all there is."""
        crop = next(curve for curve in CURVES if curve.name == "crop")
        assert crop.apply(FACE, 9.0).shape == PIXELS.shape
        assert crop.apply(FACE, 1.0).shape == (52, 52, 3)


class TestSample:
    def test_needs_people_with_two_pictures(self):
        """No pictures, and one picture each, are refused with advice."""
        for names in ([], ["A/1.jpg", "B/1.jpg"]):
            with pytest.raises(UsageError) as caught:
                sample_people(names, 3)
            assert "folder per person" in caught.value.advice

    def test_draws_the_same_people_each_time(self):
        """Two pictures of one person each, fewer people where there are no more."""
        names = [f"P{p}/{k}.jpg" for p in range(9) for k in range(3)] + ["Q/0.jpg"]
        drawn = sample_people(names, 4)
        assert drawn == sample_people(names[::-1], 4)
        assert len(drawn) == 4
        assert all(one.split("/")[0] == other.split("/")[0] for one, other in drawn)
        assert len(sample_people(names, 99)) == 9


class TestCounts:
    def test_nobody(self):
        """Where no pair could be compared there is no rate."""
        nobody = extracted([[1, 0]], [False])
        assert count_errors(nobody, extracted([[1, 0]]), [0.5]) == ((None,), None)

    def test_counts_compared_pairs_below_each_threshold(self):
        """`score >= threshold` accepts; pairs without a face are no trials."""
        degraded = extracted([[1, 0], [0.6, 0.8], [0, 1], [0, 0]], [True, True, True, False])
        others = extracted([[1, 0]] * 4)
        (low, high), mean = count_errors(degraded, others, [0.6, 0.61])
        assert (low.errors, low.trials) == (1, 3)
        assert (high.errors, high.trials) == (2, 3)
        assert mean == pytest.approx(1.6 / 3)


class FakeEngine:
    """A stand-in: every picture has a face whose vector is its mean colour."""

    settings = SimpleNamespace(workers=1)

    def __init__(self):
        self.calls = 0

    def extract(self, files, _role):
        """Vectors of two numbers that depend on the bytes."""
        self.calls += 1
        means = np.array([np.frombuffer(content, np.uint8).mean() / 255 for content in files])
        vectors = np.column_stack([np.cos(means), np.sin(means)]).astype(np.float32)

        class Samples:
            embeddings = SimpleNamespace(vectors=vectors, ok=np.ones(len(files), bool))

            def __len__(self):
                return len(files)

            def refusals(self, row):
                return ("no_face",) if row == 0 else ()

        return Samples()


def test_measured_resumed_written_and_rendered(tmp_path):
    """A second run reads every degree from the cache; report, page and SVG hold all of them."""
    assert render_robustness(tmp_path) == NOT_MEASURED
    engine, clean = FakeEngine(), extracted([[1, 0], [0.6, 0.8]])
    people = measure._People((FACE,) * 2, (FACE,) * 2, clean, clean, left_out=3)
    told, some = [], (CURVES[0], replace(CURVES[-1], apply=lambda face, _: face.pixels_rgb))
    run = measure._Run(
        engine=engine,
        people=people,
        thresholds=(0.4, 0.9),
        cache=tmp_path / "cache",
        on_degree=lambda: told.append(1),
    )
    curves = tuple(measure._measure_curve(run, curve) for curve in some)
    calls = engine.calls
    assert calls == len(told) == sum(len(curve.severities) for curve in some)
    assert tuple(measure._measure_curve(run, curve) for curve in some) == curves
    assert engine.calls == calls
    assert curves[0].at[0].refused.errors == 1
    result = RobustnessResult(
        circumstances=CIRCUMSTANCES,
        model_sha256=("0" * 64,),
        data="made-up",
        data_sha256="0" * 64,
        people=2,
        left_out=3,
        targets_fmr=(1e-2, 1e-3),
        thresholds=(0.4, 0.9),
        curves=curves,
    )
    path = tmp_path / "robustness.json"
    save_robustness(RobustnessReport(packs={"made": result}), path)
    assert load_robustness(path).packs["made"] == result
    page = render_robustness(tmp_path)
    for words in ("specimen card", "dim room", "FNMR at FMR 0.001", "3 more were left out"):
        assert words in page
    drawn = path.with_suffix(".svg").read_bytes()
    save_robustness(load_robustness(path), path)
    assert path.with_suffix(".svg").read_bytes() == drawn

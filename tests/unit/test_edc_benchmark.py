"""The EDC benchmark on made-up faces: `benchmarks.accuracy.edc`."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.accuracy.edc import load_edc, render_edc, save_edc
from benchmarks.accuracy.edc_measure import (
    BEYOND_ISO,
    ORACLE,
    SHARES,
    TARGETS_FMR,
    EdcReport,
    EdcResult,
    GradedFaces,
    graded,
    measure_edc,
)
from benchmarks.machine import describe_circumstances
from benchmarks.markdown import NOT_MEASURED
from fvs.quality import QualityPolicy, assess_quality
from fvs.recognisability import UNIFIED_QUALITY_SCORE
from fvs.status import Status
from tests.unit.test_explain import samples

PEOPLE, PICTURES, ROUNDS = 60, 5, 40
NAMES = ("sharpness", "head_size", *BEYOND_ISO)


def made_faces(*, with_score=True):
    """Faces whose vectors scatter as their quality falls.

    The unified score knows how far, sharpness a little of it, the other grades nothing.
    """
    rng = np.random.default_rng(11)
    ruin = rng.random((PEOPLE * PICTURES, 1)) ** 6
    identity = np.repeat(rng.normal(size=(PEOPLE, 32)), PICTURES, axis=0)
    vectors = identity + 3 * ruin * rng.normal(size=identity.shape)
    grades = rng.random((len(vectors), len(NAMES)))
    grades[:, 0] -= 0.25 * ruin[:, 0]
    grades[:, NAMES.index(UNIFIED_QUALITY_SCORE)] = 100 - 100 * ruin[:, 0] if with_score else np.nan
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return GradedFaces(
        status=np.zeros(len(unit), np.uint8),
        vectors=unit.astype(np.float32),
        grades=grades.astype(np.float32),
        names=NAMES,
    )


def result_of(faces):
    """A whole result of made-up faces."""
    at = measure_edc(faces, np.repeat(np.arange(PEOPLE), PICTURES), ROUNDS)
    return EdcResult(
        circumstances=describe_circumstances(),
        embedder="embed-test-202601",
        model_sha256=("0" * 64,),
        data_sha256="0" * 64,
        pictures=len(faces),
        left_out=0,
        subjects=PEOPLE,
        mated_pairs=at[0].fnmr.trials,
        shares=SHARES,
        at=at,
    )


@pytest.fixture(scope="module")
def result():
    """What the benchmark finds in the made-up faces."""
    return result_of(made_faces())


def test_ranks_measures_by_what_they_know(result):
    """The score that knows most recovers most, and leads the best ISO measure significantly."""
    for at in result.at:
        recovered = {name: measure.area_recovered for name, measure in at.measures.items()}
        assert max(recovered, key=recovered.get) == UNIFIED_QUALITY_SCORE
        assert at.best_iso == "sharpness"
        assert 0 < at.ahead_of_best_iso.lower_95 < at.ahead_of_best_iso.upper_95
        lower, upper = at.measures[UNIFIED_QUALITY_SCORE].interval
        assert lower < recovered[UNIFIED_QUALITY_SCORE] < upper


def test_curves_begin_at_the_fnmr_of_all_pairs(result):
    """Nothing discarded is everything counted; the oracle is never above another curve."""
    assert result.mated_pairs == PEOPLE * PICTURES * (PICTURES - 1) // 2
    for at, target in zip(result.at, TARGETS_FMR, strict=True):
        assert at.target_fmr == target
        for curve in at.curves.values():
            assert curve[0] == pytest.approx(at.fnmr.point)
            assert (np.array(at.curves[ORACLE]) <= np.array(curve) + 1e-12).all()


def test_says_nothing_of_a_score_that_an_embedder_lacks():
    """Without a scale the other measures are still measured."""
    (at, _) = measure_edc(
        made_faces(with_score=False), np.repeat(np.arange(PEOPLE), PICTURES), ROUNDS
    )
    assert at.ahead_of_best_iso is None
    assert UNIFIED_QUALITY_SCORE not in at.curves


def test_grades_are_what_the_engine_reports():
    """One column a component, then the score, the length and the detector's score."""
    sample = samples()
    quality = assess_quality(
        sample.images, sample.faces, sample.crops, QualityPolicy.measuring_only()
    )
    named = replace(
        quality,
        components=(*quality.components[:-1], UNIFIED_QUALITY_SCORE),
    )
    got = graded(replace(sample, quality=named))
    assert got.names == (*quality.components[:-1], *BEYOND_ISO)
    np.testing.assert_array_equal(got.grades[0, :-3], quality.scalar[0, :-1])
    np.testing.assert_allclose(got.grades[0, -3:], [quality.scalar[0, -1], 1.0, 0.9])
    assert got.status.tolist() == [Status.OK]


def test_is_rendered_from_its_json(result, tmp_path):
    """The tables show every drawn measure; of a pack without a result nothing is claimed."""
    assert render_edc(tmp_path, "test") == NOT_MEASURED
    save_edc(EdcReport(packs={"test": result}), tmp_path / "edc.json")
    assert load_edc(tmp_path / "edc.json").packs == {"test": result}
    text = render_edc(tmp_path, "test")
    first = result.at[0]
    assert all(f"| {name} |" in text for name in first.curves)
    assert f"{first.fnmr.point:.4f}" in text
    assert text.count("| measure |") == len(result.at)
    assert render_edc(tmp_path, "other") == NOT_MEASURED


def test_is_drawn_the_same_each_time(result, tmp_path):
    """The curves stand beside the JSON, and drawing them anew changes no byte."""
    report = EdcReport(packs={"test": result, "other": result})
    for name in ("one", "two"):
        save_edc(report, tmp_path / f"{name}.json")
    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "two.svg").read_text()
    assert drawn.count("unified quality score") == 2 * len(result.at)

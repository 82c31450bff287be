"""The likelihood benchmark on made-up faces: `benchmarks.accuracy.likelihood`."""

import numpy as np
import pytest

from benchmarks.accuracy.likelihood import (
    LikelihoodReport,
    LikelihoodResult,
    halves_of,
    load_likelihood,
    measure_halves,
    pairs_within,
    render_likelihood,
    save_likelihood,
)
from benchmarks.markdown import NOT_MEASURED
from tests.benchmark_records import CIRCUMSTANCES

PEOPLE, PICTURES = 80, 4


def made_faces():
    """Unit vectors that scatter about those of their people."""
    rng = np.random.default_rng(3)
    subjects = np.repeat(np.arange(PEOPLE), PICTURES)
    vectors = rng.normal(size=(PEOPLE, 24))[subjects] + rng.normal(size=(len(subjects), 24))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32), subjects


def result_of(maps):
    """A whole result."""
    return LikelihoodResult(
        circumstances=CIRCUMSTANCES,
        model_sha256=("0" * 64,),
        data="made-up",
        data_sha256="0" * 64,
        pictures=PEOPLE * PICTURES,
        failed_to_acquire=0,
        subjects=PEOPLE,
        crossing_pairs=1234,
        prior_log10_odds=tuple(np.arange(len(maps[0].entropy)).tolist()),
        maps=maps,
    )


def test_halves_share_nobody():
    """Every picture is in one half, with all others of its person."""
    subjects = made_faces()[1]
    one, other = halves_of(subjects)
    assert sorted([*one, *other]) == list(range(len(subjects)))
    assert not set(subjects[one]) & set(subjects[other])


@pytest.mark.parametrize("tile_rows", [1, 7, 1024])
def test_pairs_are_each_pair_once(tile_rows):
    """In tiles of any size, the pairs and scores are those of two loops."""
    vectors, subjects = (column[:10] for column in made_faces())
    pairs = pairs_within(vectors, subjects, tile_rows)
    slow = [(i, j) for i in range(10) for j in range(i + 1, 10)]
    assert len(pairs) == len(slow)
    expected = sorted(float(vectors[i] @ vectors[j]) for i, j in slow)
    np.testing.assert_allclose(np.sort(pairs.similarity), expected, atol=1e-6)
    assert pairs.is_mated.sum() == sum(subjects[i] == subjects[j] for i, j in slow)


def test_measured_written_and_rendered(tmp_path):
    """Both maps are judged by both halves; the file is the report, the page and SVG follow it."""
    assert render_likelihood(tmp_path) == NOT_MEASURED
    maps = measure_halves(*made_faces())
    assert [(one.kind, one.held_out) for one in maps] == [
        ("logistic", "second"),
        ("isotonic", "second"),
        ("logistic", "first"),
        ("isotonic", "first"),
    ]
    report = LikelihoodReport(packs={"made": result_of(maps)})
    assert report.packs["made"].largest_loss == max(
        maps[0].quality.calibration_loss, maps[2].quality.calibration_loss
    )
    path = tmp_path / "likelihood.json"
    save_likelihood(report, path)
    assert load_likelihood(path) == report
    page = render_likelihood(tmp_path)
    assert f"{maps[0].quality.cllr:.4f}" in page
    assert "1,234 pairs" in page
    drawn = path.with_suffix(".svg").read_bytes()
    save_likelihood(report, path)
    assert path.with_suffix(".svg").read_bytes() == drawn

"""The differentials benchmark on made-up faces: `benchmarks.accuracy.differentials`."""

import msgspec
import numpy as np

from benchmarks.accuracy.differentials import (
    DifferentialsReport,
    DifferentialsResult,
    _pool_of,
    differentials_at,
    load_differentials,
    render_differentials,
)
from benchmarks.accuracy.shipped import shipped_points
from benchmarks.markdown import NOT_MEASURED
from fvs.derivation.extraction import MeasuredFaces
from fvs.derivation.groups import Labels
from fvs.packs import load_pack, shipped_models_dir
from tests.benchmark_records import CIRCUMSTANCES

PEOPLE = 60
LABELS = [Labels("s", 30, sex, group) for sex in ("female", "male") for group in ("a", "b")]


def made_faces():
    """Strangers of four groups, of which the first are more alike than the others."""
    rng = np.random.default_rng(2)
    labels = [label for label in LABELS for _ in range(PEOPLE)]
    vectors = rng.normal(size=(len(labels), 16))
    vectors[:PEOPLE] += 1.0
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    count = len(labels)
    return MeasuredFaces(
        status=np.zeros(count, np.uint8),
        vectors=unit.astype(np.float32),
        live_probability=np.ones(count, np.float32),
        thumbnails=np.zeros((count, 56, 56), np.uint8),
    ), labels


def test_groups_equal_counting():
    """A group's false matches are those that two loops count, and the worst one is named."""
    faces, labels = made_faces()
    (at,) = differentials_at(faces, labels, [(1e-2, 0.5)])
    first = faces.vectors[:PEOPLE]
    slow = sum(first[i] @ first[j] >= 0.5 for i in range(PEOPLE) for j in range(i + 1, PEOPLE))
    found = next(g for g in at.groups if g.group == "female/a" and g.adult)
    assert (found.fmr.errors, found.fmr.trials) == (slow, PEOPLE * (PEOPLE - 1) // 2)
    worst = at.inequities["sex and origin of adults"]
    assert worst.worst == "female/a"
    assert worst.max_over_geometric_mean > 1.5


def test_written_and_rendered(tmp_path):
    """The page has every group at every threshold, and how unequal they are."""
    assert render_differentials(tmp_path) == NOT_MEASURED
    faces, labels = made_faces()
    result = DifferentialsResult(
        circumstances=CIRCUMSTANCES,
        model_sha256=("0" * 64,),
        data_sha256=("0" * 64,),
        people=len(labels),
        failed_to_acquire=1,
        doubles=2,
        trained_on=3,
        at=differentials_at(faces, labels, [(1e-2, 0.5), (1e-3, 0.7)]),
    )
    report = DifferentialsReport(packs={"made": result})
    (tmp_path / "differentials.json").write_bytes(msgspec.json.encode(report))
    assert load_differentials(tmp_path / "differentials.json") == report
    page = render_differentials(tmp_path)
    for words in ("female/a", "at FMR 0.001", "highest over geometric mean", "3 pictures that its"):
        assert words in page


def test_a_folder_of_ones_own(tmp_path):
    """Pictures are labelled by name; one that the table lacks is of an unknown person."""
    (tmp_path / "faces").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "faces" / name).write_bytes(b"")
    table = tmp_path / "labels.csv"
    table.write_text("file,source,age,sex,group\na.jpg,desk,30,male,\n")
    pool = _pool_of(tmp_path / "faces", table)
    assert [label.source for label in pool.labels] == ["desk", "faces"]
    assert pool.held_out.all()
    assert pool.labels[1].age_years is None


def test_shipped_points_are_those_that_decide():
    """The standard pack's points, highest target first; the own pack has none for 1e-4."""
    points = shipped_points(load_pack("standard", shipped_models_dir()))
    assert [point.target_fmr for point in points] == [1e-2, 1e-3, 1e-4]
    thresholds = [point.threshold for point in points]
    assert thresholds == sorted(thresholds)
    own = shipped_points(load_pack("own", shipped_models_dir()))
    assert 1e-4 not in [point.target_fmr for point in own]

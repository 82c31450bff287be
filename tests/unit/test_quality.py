"""Quality as a stage: statuses, refusals, reasons, batches."""

from dataclasses import fields, replace

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.quality import (
    COMPONENTS,
    QUALITY_REASONS,
    QualityPolicy,
    assess_quality,
    quality_reasons,
)
from fvs.raster import blur
from fvs.records import Crops, Faces, Quality
from fvs.status import Status
from tests.captures import capture, crops, faces, images, landmarks, texture

SELFIE = QualityPolicy.for_selfie()
NAMES = [component.name for component in COMPONENTS]


def renumbered(record: Faces | Crops) -> Faces | Crops:
    """The record as if its rows were the whole batch."""
    return replace(record, image_index=np.arange(len(record)))


def assess(pictures: list, points: list, policy: QualityPolicy = SELFIE) -> Quality:
    """Quality of pictures with landmarks."""
    taken, found = images(pictures), faces(points)
    return assess_quality(taken, found, crops(taken, found), policy)


@pytest.mark.parametrize("n", [0, 1, 4, 5])
def test_a_batch_equals_its_rows_one_by_one(n: int) -> None:
    """Rule: row i depends on picture i only, and the empty batch is a batch."""
    pictures, found, cut = capture(n)
    batch = assess_quality(pictures, found, cut, SELFIE)
    assert batch.raw.shape == batch.scalar.shape == batch.refused.shape == (n, len(COMPONENTS))
    for i in range(n):
        alone = assess_quality(
            pictures.take([i]), renumbered(found.take([i])), renumbered(cut.take([i])), SELFIE
        )
        np.testing.assert_allclose(batch.raw[i], alone.raw[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(batch.refused[i], alone.refused[0])


def test_permuted_pictures_give_permuted_rows() -> None:
    """Rule: the order of a batch changes nothing but the order of its rows."""
    pictures, found, cut = capture(4)
    order = [2, 0, 3, 1]
    straight = assess_quality(pictures, found, cut, SELFIE).take(order)
    shuffled = assess_quality(
        pictures.take(order), renumbered(found.take(order)), renumbered(cut.take(order)), SELFIE
    )
    np.testing.assert_allclose(straight.raw, shuffled.raw, rtol=1e-5, atol=1e-6)


def test_an_ordinary_capture_passes_every_policy() -> None:
    """Rule: a sharp, frontal, evenly lit face of usual size is refused by nobody."""
    policies = (SELFIE, QualityPolicy.for_card_portrait(), QualityPolicy.measuring_only())
    for policy in policies:
        quality = assess_quality(*capture(3), policy)
        assert quality.ok.all(), [quality_reasons(quality, i) for i in range(3)]


@pytest.mark.parametrize("where", ["images", "faces", "crops"])
def test_an_earlier_failure_is_kept_and_nothing_is_measured(where: str) -> None:
    """Rule: a row that failed before keeps its code, its numbers are NaN, it refuses nothing."""
    records = dict(zip(("images", "faces", "crops"), capture(3), strict=True))
    status = np.array([Status.OK, Status.NO_FACE, Status.OK], np.uint8)
    records[where] = replace(records[where], status=status)
    if where == "images":
        pixels = records["images"].pixels_rgb
        records["images"] = replace(records["images"], pixels_rgb=(pixels[0], None, pixels[2]))
    quality = assess_quality(*records.values(), SELFIE)
    assert quality.status.tolist() == [Status.OK, Status.NO_FACE, Status.OK]
    assert np.isnan(quality.raw[1]).all()
    assert np.isnan(quality.scalar[1]).all()
    assert not quality.refused[1].any()
    assert quality_reasons(quality, 1) == ()


def test_what_cannot_be_assessed_refuses_wherever_there_is_a_minimum() -> None:
    """Rule: landmarks that are not finite never pass a policy that asks about the pose."""
    pictures, found, cut = capture(1)
    lost = replace(found, landmarks_px=np.full((1, 5, 2), np.nan, np.float32))
    quality = assess_quality(pictures, lost, cut, SELFIE)
    assert quality.status[0] == Status.QUALITY_TOO_LOW
    assert quality.refused[0, NAMES.index("head_pose_yaw")]
    lenient = assess_quality(pictures, lost, cut, QualityPolicy.measuring_only())
    assert lenient.ok.all()


@pytest.mark.parametrize(
    ("picture", "points", "reason"),
    [
        (blur(texture(0), 8), landmarks(), "blurred"),
        ((texture(0) * 0.05).astype(np.uint8), landmarks(), "too_dark"),
        (np.minimum(texture(0).astype(int) * 4, 255).astype(np.uint8), landmarks(), "too_bright"),
        (texture(0), landmarks((70, 0, 0)), "turned_sideways"),
        (texture(0), landmarks((-70, 0, 0)), "turned_sideways"),
        (texture(0), landmarks((0, 60, 0)), "looking_down"),
        (texture(0), landmarks((0, -60, 0)), "looking_up"),
        (texture(0), landmarks((0, 0, 75)), "head_tilted"),
        (texture(0), landmarks(eyes_px=14), "face_too_small"),
        (texture(0), landmarks(middle_xy=(150, 12)), "face_cut_off"),
        (texture(0), landmarks(middle_xy=(30, 140)), "face_cut_off"),
        (texture(0), landmarks(middle_xy=(270, 140)), "face_cut_off"),
        (texture(0), landmarks(middle_xy=(150, 290)), "face_cut_off"),
    ],
)
def test_each_fault_is_refused_under_its_name(
    picture: np.ndarray, points: np.ndarray, reason: str
) -> None:
    """Rule: what is wrong with a capture is the reason that it is refused for."""
    quality = assess([picture], [points])
    assert quality.status[0] == Status.QUALITY_TOO_LOW
    assert reason in quality_reasons(quality, 0)


def test_reasons_come_worst_first_and_once() -> None:
    """Rule: the lowest scalar is named first, and two components with one reason name it once."""
    quality = assess_quality(*capture(1), QualityPolicy.measuring_only())
    scalar, refused = np.full(quality.scalar.shape, 99, np.float32), quality.refused.copy()
    for name, value in (("sharpness", 7), ("leftward_crop", 3), ("margin_above", 5)):
        scalar[0, NAMES.index(name)] = value
        refused[0, NAMES.index(name)] = True
    made = replace(quality, scalar=scalar, refused=refused)
    assert quality_reasons(made, 0) == ("face_cut_off", "blurred")


def test_a_scalar_at_its_minimum_passes() -> None:
    """Rule: `scalar >= minimum` passes, so equality passes and a hair more refuses."""
    measured = assess_quality(*capture(1), QualityPolicy.measuring_only())
    scalar = float(measured.scalar[0, NAMES.index("inter_eye_distance")])
    at = assess_quality(*capture(1), QualityPolicy(inter_eye_distance=scalar))
    above = assess_quality(*capture(1), QualityPolicy(inter_eye_distance=scalar + 1e-3))
    assert at.ok.all()
    assert not above.ok.any()


def test_scalars_lie_between_0_and_100() -> None:
    """Rule: whatever the picture, a scalar is NaN or in 0..100."""
    odd = [np.full((360, 300, 3), level, np.uint8) for level in (0, 128, 255)]
    quality = assess([*odd, texture(1)], [landmarks()] * 4, QualityPolicy.measuring_only())
    assert ((quality.scalar >= 0) & (quality.scalar <= 100)).all()


def test_a_policy_names_every_component() -> None:
    """Rule: policy and components are the same list, so none is forgotten or misspelt."""
    assert {field.name for field in fields(QualityPolicy)} == set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("minimum", [-1.0, 100.5, float("nan")])
def test_a_minimum_outside_the_scale_is_refused(minimum: float) -> None:
    """Rule: a minimum that no scalar can have is the caller's mistake."""
    with pytest.raises(UsageError, match="sharpness"):
        QualityPolicy(sharpness=minimum)


def test_a_card_portrait_may_be_smaller_than_a_selfie() -> None:
    """Rule: the card policy asks for no more than the selfie policy in anything."""
    card = QualityPolicy.for_card_portrait()
    assert all(card.minimum(name) <= SELFIE.minimum(name) for name in NAMES)
    assert card.inter_eye_distance < SELFIE.inter_eye_distance


def test_every_reason_is_listed() -> None:
    """Rule: `QUALITY_REASONS` holds each code that a component can give."""
    given = {c.reason(raw) for c in COMPONENTS for raw in (-1e9, 1e9)}
    assert given == set(QUALITY_REASONS)


def test_rows_that_are_not_aligned_are_refused() -> None:
    """Rule: one face and one 112 px crop per picture, in order, or the caller is told."""
    pictures, found, cut = capture(2)
    backwards = replace(found, image_index=np.array([1, 0]))
    with pytest.raises(UsageError, match="Faces"):
        assess_quality(pictures, backwards, cut, SELFIE)
    with pytest.raises(UsageError, match="Crops"):
        assess_quality(pictures, found, cut.take([0]), SELFIE)
    small = replace(cut, pixels_rgb=cut.pixels_rgb[:, :80, :80])
    with pytest.raises(UsageError, match="112"):
        assess_quality(pictures, found, small, SELFIE)

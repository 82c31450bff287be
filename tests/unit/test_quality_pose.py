"""Head pose from five landmarks, on faces whose pose is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.quality.pose import MEAN_FACE, measure_head_pose
from tests.captures import landmarks, rotation

ANGLES = ("head_pose_yaw", "head_pose_pitch", "head_pose_roll")


def pose_of(points: np.ndarray) -> list[float]:
    """Yaw, pitch and roll of one face."""
    return [float(measure_head_pose(points[None])[name][0]) for name in ANGLES]


@given(
    st.floats(-80, 80), st.floats(-60, 60), st.floats(-170, 170), st.floats(5, 500), st.floats(0, 3)
)
def test_the_pose_of_the_mean_face_is_recovered(
    yaw: float, pitch: float, roll: float, eyes_px: float, shift: float
) -> None:
    """Rule: without noise the fit is exact, whatever the size and place of the face."""
    points = landmarks((yaw, pitch, roll), eyes_px=eyes_px, middle_xy=(shift * 90, 50))
    assert pose_of(points) == pytest.approx([yaw, pitch, roll], abs=0.05)


def test_signs_are_those_of_the_standard() -> None:
    """Rule: nose to the picture's right is +yaw, nose down is +pitch, left eye lower is +roll."""
    frontal = landmarks()
    nose_right, nose_down = frontal.copy(), frontal.copy()
    nose_right[2, 0] += 8
    nose_down[2, 1] += 8
    assert pose_of(nose_right)[0] > 5
    assert pose_of(nose_down)[1] > 5
    tilted = frontal.copy()
    tilted[[0, 3], 1] += 6
    assert pose_of(tilted)[2] > 3


@given(st.floats(-60, 60), st.floats(-40, 40), st.floats(-60, 60))
def test_a_mirrored_face_has_mirrored_angles(yaw: float, pitch: float, roll: float) -> None:
    """Rule: a mirror negates yaw and roll and keeps pitch."""
    points = landmarks((yaw, pitch, roll))
    mirrored = points[[1, 0, 2, 4, 3]] * [-1, 1]
    assert pose_of(mirrored) == pytest.approx([-yaw, pitch, -roll], abs=0.05)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.arange(10.0).reshape(5, 2) * 3])
def test_landmarks_on_one_line_have_no_pose(points: np.ndarray) -> None:
    """Rule: a point or a line is no face, and the answer is NaN, not a guess."""
    assert np.isnan(pose_of(points.astype(np.float32))).all()


def test_landmarks_that_are_not_finite_spoil_only_their_row() -> None:
    """Rule: one row's NaN is that row's."""
    points = np.stack([landmarks((20, 0, 0)), landmarks()])
    points[1, 3, 0] = np.inf
    yaw = measure_head_pose(points)["head_pose_yaw"]
    assert yaw[0] == pytest.approx(20, abs=0.05)
    assert np.isnan(yaw[1])


def test_no_faces_have_no_poses() -> None:
    """Rule: the empty batch is a batch."""
    assert [len(v) for v in measure_head_pose(np.empty((0, 5, 2), np.float32)).values()] == [0] * 3


@pytest.mark.parametrize(("yaw", "within"), [(0, 4.5), (20, 6), (40, 8), (60, 8), (75, 6)])
def test_other_people_and_noise_cost_a_few_degrees(yaw: float, within: float) -> None:
    """Rule: with the documented spread of noses, midfaces and landmarks, 90 % stay this near."""
    random, people = np.random.default_rng(5), 2000
    persons = np.repeat(MEAN_FACE[None], people, axis=0)
    persons[:, 2, 2] *= random.normal(1, 0.15, people)
    persons[:, 3:, 1] *= random.normal(1, 0.06, (people, 1))
    seen = (persons @ rotation(yaw, 0, 0).T)[:, :, :2] + random.normal(0, 0.02, (people, 5, 2))
    angles = measure_head_pose((seen * 60).astype(np.float32))
    assert np.quantile(np.abs(angles["head_pose_yaw"] - yaw), 0.9) < within
    assert np.quantile(np.abs(angles["head_pose_pitch"]), 0.9) < 9

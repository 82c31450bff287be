"""Sizes and margins from landmarks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.quality.geometry import COMPONENTS, measure_geometry
from tests.captures import landmarks

WH = np.array([[300, 360]])
ONE = np.ones(1)


def measured(points: np.ndarray, scale: float = 1.0) -> dict[str, float]:
    """Raw values of one face in a 300 x 360 picture."""
    values = measure_geometry(points[None], WH, np.array([scale]))
    return {name: float(value[0]) for name, value in values.items()}


def test_a_frontal_face_measures_as_drawn() -> None:
    """Rule: each raw value is the distance its name says, in its unit."""
    got = measured(landmarks(eyes_px=60, middle_xy=(120, 140)))
    chin = 60 * 1.78
    expected = {
        "inter_eye_distance": 60,
        "head_size": chin / 360,
        "leftward_crop": 90 / 60,
        "rightward_crop": 150 / 60,
        "margin_above": 140 / chin,
        "margin_below": 220 / chin,
    }
    assert got == pytest.approx(expected, rel=1e-2)
    assert list(got) == [component.name for component in COMPONENTS]


@given(st.floats(60, 240), st.floats(-50, 50))
def test_a_mirror_swaps_left_and_right(x: float, yaw: float) -> None:
    """Rule: mirroring the picture swaps the sideward margins and keeps all else."""
    points = landmarks((yaw, 0, 0), middle_xy=(x, 140))
    mirrored = points[[1, 0, 2, 4, 3]] * np.float32([-1, 1]) + np.float32([300, 0])
    here, there = measured(points), measured(mirrored)
    there["leftward_crop"], there["rightward_crop"] = (
        there["rightward_crop"],
        there["leftward_crop"],
    )
    assert here == pytest.approx(there, abs=1e-4)


@given(st.floats(-55, 55), st.floats(-35, 35))
def test_turning_or_nodding_does_not_shrink_the_face_much(yaw: float, pitch: float) -> None:
    """Rule: a turned head is no smaller than a frontal one; a fifth is left to foreshortening."""
    turned = measured(landmarks((yaw, pitch, 0)))["inter_eye_distance"]
    assert 48 < turned < 69


def test_sizes_are_native() -> None:
    """Rule: a picture decoded at half size has a face twice as large in the file."""
    points = landmarks()
    half, full = measured(points, 0.5), measured(points)
    assert half["inter_eye_distance"] == 2 * full["inter_eye_distance"]
    assert half["head_size"] == full["head_size"]


def test_larger_faces_score_higher_until_the_scale_is_full() -> None:
    """Rule: more pixels between the eyes never lower the scalar."""
    sizes = np.linspace(5, 200, 50)
    points = np.stack([landmarks(eyes_px=size) for size in sizes])
    raw = measure_geometry(points, np.repeat(WH, 50, axis=0), np.ones(50))["inter_eye_distance"]
    assert (np.diff(COMPONENTS[0].scale(raw)) > 0).all()


def test_a_face_without_extent_has_no_size() -> None:
    """Rule: coinciding landmarks give NaN, no division by zero."""
    assert np.isnan(list(measured(np.full((5, 2), 9, np.float32)).values())).all()


def test_no_faces_have_no_sizes() -> None:
    """Rule: the empty batch is a batch."""
    values = measure_geometry(np.empty((0, 5, 2)), np.empty((0, 2), int), np.empty(0))
    assert all(len(value) == 0 for value in values.values())

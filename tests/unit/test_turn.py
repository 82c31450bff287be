"""Rules of righting pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.geometry import turn_points, upright_quarters
from fvs.records import Faces
from fvs.status import Status
from fvs.turn import quarter_turns, turn_faces, turn_images
from tests.faces import faces, images
from tests.pictures import scene


def turned_landmarks(degrees_clockwise: float) -> Faces:
    """One face, turned about its centre."""
    face = faces([[-50, -60, 50, 60]])
    angle = np.radians(degrees_clockwise)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    face.landmarks_px[:] = face.landmarks_px @ turn
    return face


class TestQuarterTurns:
    """Landmarks -> counter-clockwise quarters that right the face."""

    def test_no_faces(self) -> None:
        """Nothing in, nothing out."""
        assert quarter_turns(faces([])).tolist() == []

    @given(st.integers(0, 3), st.floats(-44, 44))
    def test_within_45_degrees(self, quarters: int, tilt: float) -> None:
        """A face turned clockwise by quarters and a tilt needs as many quarters back."""
        assert quarter_turns(turned_landmarks(90 * quarters + tilt)).tolist() == [quarters]

    def test_missing_face(self) -> None:
        """NaN landmarks need no turn."""
        missing = faces([[np.nan] * 4])
        assert quarter_turns(missing).tolist() == [0]

    def test_landmarks_in_one_point(self) -> None:
        """A face without extent has no direction and needs no turn."""
        assert upright_quarters(np.ones((1, 5, 2), np.float32)).tolist() == [0]


class TestTurnImages:
    """Pictures follow."""

    def test_empty_batch(self) -> None:
        """No pictures, no rows."""
        assert len(turn_images(images([]), np.zeros(0, np.int64))) == 0

    def test_sizes_and_missing_pictures(self) -> None:
        """Odd turns swap the native sides; a picture that could not be read stays None."""
        turned = turn_images(images([scene(30, 20), None, scene(30, 20)]), np.array([1, 2, 2]))
        assert turned.native_wh.tolist() == [[20, 30], [0, 0], [30, 20]]
        assert turned.pixels_rgb[0].shape == (30, 20, 3)
        assert turned.pixels_rgb[1] is None
        np.testing.assert_array_equal(turned.pixels_rgb[2], scene(30, 20)[::-1, ::-1])

    @given(st.integers(-8, 8))
    def test_there_and_back(self, turns: int) -> None:
        """Turning back gives the picture again."""
        there = turn_images(images([scene(30, 20)]), np.array([turns]))
        back = turn_images(there, np.array([-turns]))
        np.testing.assert_array_equal(back.pixels_rgb[0], scene(30, 20))
        assert back.native_wh.tolist() == [[30, 20]]


class TestTurnFaces:
    """Faces follow their pictures."""

    def test_empty_batch(self) -> None:
        """No faces, no rows."""
        assert len(turn_faces(faces([]), images([]), np.zeros(0, np.int64))) == 0

    @given(st.integers(0, 3), st.integers(0, 29), st.integers(0, 19))
    def test_points_stay_on_their_pixels(self, turns: int, x: int, y: int) -> None:
        """The pixel under a point is the same before and after, for every pixel."""
        picture = np.arange(600).reshape(20, 30)
        point = np.array([[[x, y]]], np.float32)
        (((new_x, new_y),),) = turn_points(point, np.array([[30, 20]]), np.array([turns]))
        assert np.rot90(picture, turns)[int(new_y), int(new_x)] == picture[y, x]

    @pytest.mark.parametrize("turns", [0, 1, 2, 3])
    def test_boxes_stay_boxes(self, turns: int) -> None:
        """Corners are sorted again, sizes swap, and landmarks stay inside."""
        turned = turn_faces(faces([[3, 4, 13, 10]]), images([scene(30, 20)]), np.array([turns]))
        assert sorted(turned.width_height_px[0]) == [6, 10]
        low, high = turned.xyxy_px[0, :2], turned.xyxy_px[0, 2:]
        assert ((turned.landmarks_px[0] > low) & (turned.landmarks_px[0] < high)).all()

    @given(st.integers(0, 3))
    def test_righting(self, quarters: int) -> None:
        """Turning by what `quarter_turns` says makes a face upright."""
        face = turned_landmarks(90 * quarters)
        righted = turn_faces(face, images([scene(30, 20)]), quarter_turns(face))
        assert quarter_turns(righted).tolist() == [0]

    def test_missing_faces_stay_missing(self) -> None:
        """NaN stays NaN and the status stays, also where the picture is missing."""
        missing = Faces(
            status=np.array([Status.CORRUPT_IMAGE], np.uint8),
            image_index=np.array([0]),
            xyxy_px=np.full((1, 4), np.nan, np.float32),
            landmarks_px=np.full((1, 5, 2), np.nan, np.float32),
            detection_score=np.full(1, np.nan, np.float32),
        )
        turned = turn_faces(missing, images([None]), np.array([1]))
        assert np.isnan(turned.landmarks_px).all()
        assert turned.status.tolist() == [Status.CORRUPT_IMAGE]

"""Rules of which face a picture is about."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.choose import choose_faces
from fvs.status import Role, Status
from tests.faces import faces, images

ROLES = pytest.mark.parametrize("role", list(Role))


def striped(width: int = 300, height: int = 200, contrast: int = 100) -> np.ndarray:
    """Vertical stripes, so that every box has the same contrast."""
    picture = np.full((height, width, 3), 128, np.uint8)
    picture[:, ::2] = 128 + contrast // 2
    picture[:, 1::2] = 128 - contrast // 2
    return picture


def status_of(role: Role, boxes: list[list[float]], score: list[float] | None = None) -> Status:
    """What becomes of one striped picture with these faces."""
    chosen = choose_faces(faces(boxes, score=score), images([striped()]), role)
    return Status(int(chosen.status[0]))


@ROLES
class TestEveryRole:
    """What holds for selfies and cards alike."""

    def test_empty_batch(self, role: Role) -> None:
        """No pictures, no rows."""
        assert len(choose_faces(faces([]), images([]), role)) == 0

    def test_one_row_per_picture(self, role: Role) -> None:
        """A picture keeps its own failure, or has no face, or the only one it has."""
        pictures = images([None, striped(), striped()])
        chosen = choose_faces(faces([[100, 50, 160, 120]], [2]), pictures, role)
        assert chosen.image_index.tolist() == [0, 1, 2]
        assert chosen.status.tolist() == [Status.CORRUPT_IMAGE, Status.NO_FACE, Status.OK]
        assert np.isnan(chosen.xyxy_px[:2]).all()
        assert np.isnan(chosen.landmarks_px[:2]).all()
        assert np.isnan(chosen.detection_score[:2]).all()
        assert chosen.xyxy_px[2].tolist() == [100, 50, 160, 120]

    def test_a_much_smaller_face_is_ignored(self, role: Role) -> None:
        """A passer-by at twice the distance does not matter."""
        assert status_of(role, [[100, 40, 180, 140], [10, 40, 50, 90]]) is Status.OK

    def test_a_comparable_face_leaves_it_open(self, role: Role) -> None:
        """Nobody can tell whom the picture is about; the foremost stays to be shown."""
        boxes = [[70, 50, 130, 130], [160, 50, 215, 125]]
        assert status_of(role, boxes) is Status.SEVERAL_FACES
        chosen = choose_faces(faces(boxes), images([striped()]), role)
        assert chosen.xyxy_px[0].tolist() == boxes[0]

    def test_an_unsure_rival_is_ignored(self, role: Role) -> None:
        """A pattern that scores just above the threshold refuses nobody."""
        boxes = [[70, 50, 130, 130], [160, 50, 215, 125]]
        assert status_of(role, boxes, [0.93, 0.52]) is Status.OK

    def test_a_box_inside_the_other_is_the_same_face(self, role: Role) -> None:
        """Two sizes of one face are not two people."""
        assert status_of(role, [[70, 50, 150, 150], [80, 70, 145, 145]]) is Status.OK

    def test_a_face_outside_the_picture_weighs_nothing(self, role: Role) -> None:
        """Only the visible part counts; a box wholly outside does not crash."""
        assert status_of(role, [[100, 50, 160, 120], [400, 400, 480, 500]]) is Status.OK

    @given(st.permutations(range(6)))
    @settings(max_examples=30, deadline=None)
    def test_order_of_faces_does_not_matter(self, role: Role, order: list[int]) -> None:
        """Rows in any order, of pictures in any order, give the same choice."""
        boxes = [[9 * i, 8 * i, 50 + 20 * i, 60 + 17 * i] for i in range(6)]
        all_faces = faces(boxes, [0, 1, 0, 1, 2, 2])
        pictures = images([striped(), striped(), striped()])
        plain = choose_faces(all_faces, pictures, role)
        shuffled = choose_faces(all_faces.take(order), pictures, role)
        np.testing.assert_array_equal(plain.xyxy_px, shuffled.xyxy_px)
        np.testing.assert_array_equal(plain.status, shuffled.status)


class TestSelfie:
    """The largest and most central face."""

    def test_of_equals_the_central_one(self) -> None:
        """A neighbour in the corner weighs less than the same face in the middle."""
        boxes = [[0, 0, 60, 60], [120, 70, 180, 130]]
        chosen = choose_faces(faces(boxes), images([striped()]), Role.SELFIE)
        assert chosen.xyxy_px[0].tolist() == boxes[1]
        assert chosen.status[0] == Status.OK

    def test_a_face_cut_by_the_edge_counts_what_is_visible(self) -> None:
        """A large box that lies mostly outside yields to a smaller whole face."""
        boxes = [[-140, 40, 20, 200], [110, 60, 180, 140]]
        chosen = choose_faces(faces(boxes), images([striped()]), Role.SELFIE)
        assert chosen.xyxy_px[0].tolist() == boxes[1]


class TestCard:
    """The portrait, not its ghost."""

    @pytest.mark.parametrize("ghost_share", [0.5, 0.8, 1.0])
    def test_the_ghost_is_not_taken(self, ghost_share: float) -> None:
        """A pale copy is ignored even where it is as large as the portrait."""
        picture = striped(contrast=30)
        picture[:, 150:] = striped(contrast=100)[:, 150:]
        side = 80 * ghost_share
        boxes = [[10, 50, 10 + side, 50 + side], [180, 50, 260, 130]]
        chosen = choose_faces(faces(boxes), images([picture]), Role.CARD)
        assert chosen.xyxy_px[0].tolist() == boxes[1]
        assert chosen.status[0] == Status.OK

    def test_the_middle_does_not_matter(self) -> None:
        """Portraits stand at the edge of cards."""
        boxes = [[225, 80, 285, 160], [130, 80, 165, 125]]
        chosen = choose_faces(faces(boxes), images([striped()]), Role.CARD)
        assert chosen.xyxy_px[0].tolist() == boxes[0]

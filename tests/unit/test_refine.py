"""Rules of finding landmarks again, with a detector of painted marks in place of a network."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.refine import MOST_ROUNDS, refine_faces
from fvs.status import Status
from tests.faces import MarkDetector, NoDetector, faces, images, marked_picture

BOX = (60, 40, 120, 130)
SHOWN = (60, 40, 119, 129)


def refined(boxes: list[tuple[int, ...]], pictures: list[np.ndarray], index: list[int]):
    """The faces in these boxes, one a picture, seen again."""
    return refine_faces(images(pictures), faces(boxes, index), MarkDetector())


class TestRows:
    """Which rows come out."""

    def test_empty_batch(self) -> None:
        """No faces, no rows, and the network is not run."""
        network = MarkDetector()
        assert len(refine_faces(images([]), faces([]), network)) == 0
        assert network.canvases == 0

    def test_failures_stay(self) -> None:
        """A face that is not OK keeps its numbers, and costs nothing."""
        network = MarkDetector()
        given_faces = faces([BOX])
        given_faces.status[0] = Status.SEVERAL_FACES
        got = refine_faces(images([marked_picture(200, 160, BOX)]), given_faces, network)
        assert got.status.tolist() == [Status.SEVERAL_FACES]
        np.testing.assert_array_equal(got.landmarks_px, given_faces.landmarks_px)
        assert network.canvases == 0

    def test_batch_equals_one_by_one(self) -> None:
        """Also where faces need different numbers of rounds, or are not there at all."""
        marks = [marked_picture(200 + 9 * i, 160, BOX) for i in range(3)]
        pictures = [*marks, np.zeros((160, 200, 3), np.uint8)]
        boxes = [BOX, (70, 45, 125, 130), (55, 30, 110, 120), BOX]
        together = refined(boxes, pictures, [0, 1, 2, 3])
        assert together.image_index.tolist() == [0, 1, 2, 3]
        for i in range(4):
            alone = refined([boxes[i]], [pictures[i]], [0])
            np.testing.assert_array_equal(alone.status[0], together.status[i])
            np.testing.assert_array_equal(alone.xyxy_px[0], together.xyxy_px[i])
            np.testing.assert_array_equal(alone.landmarks_px[0], together.landmarks_px[i])

    def test_a_face_that_is_not_seen_again(self) -> None:
        """Where there is nothing there was no face; what was thought to be one can be shown."""
        got = refined([BOX], [np.zeros((160, 200, 3), np.uint8)], [0])
        assert got.status.tolist() == [Status.NO_FACE]
        assert got.xyxy_px.tolist() == [[float(v) for v in BOX]]

    def test_a_neighbour_is_not_taken(self) -> None:
        """Only what is seen where the face was said to be is that face."""
        got = refined([(10, 10, 50, 60)], [marked_picture(200, 160, (56, 20, 110, 100))], [0])
        assert got.status.tolist() == [Status.NO_FACE]

    @pytest.mark.parametrize(("refined_score", "more"), [(None, False), (0.96, True)])
    def test_a_manifest_may_state_what_is_sure(
        self,
        refined_score: float | None,
        more: bool,  # noqa: FBT001 - a case
    ) -> None:
        """A mark that scores 0.95 is sought in all directions where 0.96 is asked."""
        network = MarkDetector()
        head = msgspec.structs.replace(network.manifest.detect, refined_score=refined_score)
        network.manifest = msgspec.structs.replace(network.manifest, detect=head)
        refine_faces(images([marked_picture(200, 160, BOX)]), faces([BOX]), network)
        assert (network.canvases > MOST_ROUNDS) == more

    @pytest.mark.parametrize(
        ("least", "status"), [(0.0, Status.OK), (0.94, Status.OK), (0.96, Status.NO_FACE)]
    )
    def test_a_manifest_may_ask_for_more_than_a_glimpse(self, least: float, status: Status) -> None:
        """What scores less shown upright than the manifest asks was no face, and can be shown."""
        network = MarkDetector()
        head = msgspec.structs.replace(network.manifest.detect, least_refined_score=least)
        network.manifest = msgspec.structs.replace(network.manifest, detect=head)
        got = refine_faces(images([marked_picture(200, 160, BOX)]), faces([BOX]), network)
        assert got.status.tolist() == [status]
        np.testing.assert_allclose(got.xyxy_px, [BOX], atol=2)

    def test_network_of_another_task(self) -> None:
        """An embedder is refused by name."""
        with pytest.raises(UsageError, match="embed-x is no detector"):
            refine_faces(images([]), faces([]), NoDetector())


class TestFrame:
    """Numbers are those of the picture, wherever and however large the face is in it."""

    @given(scale=st.integers(1, 9), left=st.integers(0, 80), top=st.integers(0, 60))
    @settings(max_examples=40, deadline=None)
    def test_boxes_come_back(self, scale: int, left: int, top: int) -> None:
        """Large pictures are averaged down before they are shown, without a shift."""
        box = tuple(scale * v for v in (left, top, left + 60, top + 90))
        got = refined([box], [marked_picture(200 * scale, 160 * scale, box)], [0])
        assert got.status.tolist() == [Status.OK]
        shown = np.array(box) - (0, 0, 1, 1)
        np.testing.assert_allclose(got.xyxy_px[0], shown, atol=2.0 * max(scale, 1))
        centre = (got.xyxy_px[0, :2] + got.xyxy_px[0, 2:]) / 2
        np.testing.assert_allclose(centre, (shown[:2] + shown[2:]) / 2, atol=0.8 * scale)

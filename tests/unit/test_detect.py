"""Rules of the search for faces, with a detector of painted marks in place of a network."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.detect import FaceSearch, FitScore, Look, SearchStep, detect_faces
from fvs.errors import UsageError
from fvs.geometry import upright_quarters
from tests.faces import MarkDetector, NoDetector, images, marked_picture

NEAR_SIDE, CLOSE_SIDE, FAR_SIDE = 160, 96, 320
SEARCH = FaceSearch(
    steps=(
        SearchStep(looks=(Look(side_px=NEAR_SIDE, border=0.0),)),
        SearchStep(looks=(Look(side_px=CLOSE_SIDE, border=0.25),)),
        SearchStep(
            looks=tuple(Look(side_px=NEAR_SIDE, border=0.0, quarter_turns=k) for k in (1, 2, 3)),
            every_turn=True,
        ),
        SearchStep(looks=(Look(side_px=FAR_SIDE, border=0.0),)),
    ),
    yunet_fit=FitScore(surely_upright=0.9, after_every_turn=0.7),
    canvas_px_per_run=2 * NEAR_SIDE**2,
)
"""Small canvases for quick tests; at most two near canvases in one run."""

BOX = (60, 40, 120, 130)


def detect(*pictures: np.ndarray | None):
    """All faces, and the detector that found them."""
    network = MarkDetector()
    return detect_faces(images(pictures), network, SEARCH), network


class TestRows:
    """Which rows come out, and in which order."""

    def test_empty_batch(self) -> None:
        """No pictures: no faces, and the network is not run."""
        found, network = detect()
        assert len(found) == 0
        assert network.canvases == 0

    def test_only_pictures_that_could_be_read(self) -> None:
        """Pictures that are not OK, and those without a face, have no rows."""
        found, _ = detect(None, marked_picture(200, 160, BOX), np.zeros((50, 70, 3), np.uint8))
        assert found.image_index.tolist() == [1]
        assert found.ok.all()

    @pytest.mark.parametrize("n", [0, 1, 2, 3, 5])
    def test_batch_equals_one_by_one(self, n: int) -> None:
        """Also where a run is exactly full (2 pictures) and one more."""
        pictures = [marked_picture(200 + 9 * i, 160, BOX) for i in range(n)]
        together, _ = detect(*pictures)
        for i, picture in enumerate(pictures):
            alone, _ = detect(picture)
            row = together.take(together.image_index == i)
            np.testing.assert_array_equal(row.xyxy_px, alone.xyxy_px)
            np.testing.assert_array_equal(row.landmarks_px, alone.landmarks_px)
        assert together.image_index.tolist() == list(range(n))

    @given(st.permutations(range(5)))
    @settings(max_examples=20, deadline=None)
    def test_order_of_pictures_does_not_matter(self, order: list[int]) -> None:
        """Rows follow their pictures."""
        boxes = [BOX, (10, 10, 30, 30), (0, 0, 200, 160), (100, 20, 190, 120), (60, 60, 99, 99)]
        pictures = [marked_picture(200, 160, box) for box in boxes]
        plain, _ = detect(*pictures)
        shuffled, _ = detect(*[pictures[i] for i in order])
        for new, old in enumerate(order):
            np.testing.assert_array_equal(
                shuffled.xyxy_px[shuffled.image_index == new],
                plain.xyxy_px[plain.image_index == old],
            )


class TestFrame:
    """Coordinates are those of the picture, however it was shown to the network."""

    @given(
        width=st.integers(80, 400),
        height=st.integers(80, 400),
        share=st.tuples(*[st.floats(0.05, 0.35)] * 2, *[st.floats(0.65, 0.95)] * 2),
    )
    @settings(max_examples=60, deadline=None)
    def test_boxes_come_back(
        self, width: int, height: int, share: tuple[float, float, float, float]
    ) -> None:
        """A mark is found where it was painted, to within a pixel of the canvas."""
        size = (width, height, width, height)
        box = tuple(int(s * n) for s, n in zip(share, size, strict=True))
        found, network = detect(marked_picture(width, height, box))
        canvas_px = max(1.0, max(width, height) / min(network.sides_px))
        expected = [box[0], box[1], box[2] - 1, box[3] - 1]
        np.testing.assert_allclose(found.xyxy_px, [expected], atol=1.5 * canvas_px)

    @pytest.mark.parametrize("turns", [0, 1, 2, 3])
    def test_turned_pictures(self, turns: int) -> None:
        """A mark that lies is found where it lies, with landmarks that lie."""
        upright, _ = detect(marked_picture(200, 160, BOX))
        lying, _ = detect(np.rot90(marked_picture(200, 160, BOX), turns).copy())
        assert upright_quarters(lying.landmarks_px).tolist() == [-turns % 4]
        np.testing.assert_allclose(lying.detection_score, [0.95], atol=1e-6)
        np.testing.assert_allclose(
            sorted(lying.width_height_px[0]), sorted(upright.width_height_px[0]), atol=2.5
        )

    def test_extremely_long_pictures(self) -> None:
        """The short side never vanishes from the canvas."""
        found, _ = detect(np.zeros((2, 4000, 3), np.uint8), np.zeros((1, 1, 3), np.uint8))
        assert len(found) == 0


class TestPlan:
    """Looks are taken cheapest first, and no more of them than needed."""

    def test_a_sure_face_ends_the_search(self) -> None:
        """One look at an upright face of middling size."""
        _, network = detect(marked_picture(200, 160, BOX))
        assert network.sides_px == [NEAR_SIDE]

    def test_a_face_that_fills_the_picture(self) -> None:
        """Too large for the first look, found by the close-up."""
        found, network = detect(marked_picture(200, 200, (0, 0, 200, 200)))
        assert network.sides_px == [NEAR_SIDE, CLOSE_SIDE]
        np.testing.assert_allclose(found.xyxy_px, [[0, 0, 199, 199]], atol=6)

    def test_a_small_face(self) -> None:
        """Too small for the first look, found by the larger one."""
        found, network = detect(marked_picture(640, 480, (300, 200, 350, 250)))
        assert network.sides_px[-1] == FAR_SIDE
        np.testing.assert_allclose(found.xyxy_px, [[300, 200, 349, 249]], atol=3)

    def test_only_what_is_pending_is_looked_at_again(self) -> None:
        """A hard picture costs its neighbours nothing."""
        easy, hard = marked_picture(200, 160, BOX), np.zeros((99, 99, 3), np.uint8)
        _, alone = detect(hard)
        _, together = detect(easy, hard, easy)
        assert together.canvases == alone.canvases + 2

    def test_fixed_input_size(self) -> None:
        """A network of one input size gets only that, and no look twice."""
        network = MarkDetector(size_px=192)
        detect_faces(images([np.zeros((99, 99, 3), np.uint8)]), network)
        assert set(network.sides_px) == {192}
        assert network.canvases == 12

    def test_faces_too_small_to_use_are_dropped(self) -> None:
        """`min_side_px` counts pixels of the picture, not of the canvas."""
        picture = marked_picture(20, 20, (5, 5, 11, 11))
        search = FaceSearch(steps=SEARCH.steps[:1], min_side_px=7)
        assert len(detect_faces(images([picture]), MarkDetector(), search)) == 0
        search = FaceSearch(steps=SEARCH.steps[:1], min_side_px=4)
        assert len(detect_faces(images([picture]), MarkDetector(), search)) == 1


class TestManifestScores:
    """A manifest may state what its detector's scores mean; else its family's hold."""

    @pytest.mark.parametrize(
        ("stated", "of_card", "looks"),
        [
            ({}, False, 1),
            ({"upright_score": 0.96}, False, 2),
            ({"upright_score": 0.96}, True, 1),
            ({"upright_card_score": 0.96}, True, 2),
            ({"upright_card_score": 0.96}, False, 1),
        ],
    )
    def test_upright_score(self, stated: dict[str, float], of_card: bool, looks: int) -> None:  # noqa: FBT001 - a case
        """A mark scores 0.95: enough where 0.9 is asked, not enough where 0.96 is."""
        network = MarkDetector()
        head = msgspec.structs.replace(network.manifest.detect, **stated)
        network.manifest = msgspec.structs.replace(network.manifest, detect=head)
        search = replace(SEARCH, steps=SEARCH.steps[:2], of_card=of_card)
        detect_faces(images([marked_picture(200, 160, BOX)]), network, search)
        assert len(network.sides_px) == looks

    @pytest.mark.parametrize(("face_score", "looks"), [(None, 5), (0.96, 6)])
    def test_face_score(self, face_score: float | None, looks: int) -> None:
        """Once all turns were compared, the score of a face is enough; the far look is spared."""
        network = MarkDetector()
        head = msgspec.structs.replace(
            network.manifest.detect, upright_score=0.99, face_score=face_score
        )
        network.manifest = msgspec.structs.replace(network.manifest, detect=head)
        detect_faces(images([marked_picture(200, 160, BOX)]), network, SEARCH)
        assert len(network.sides_px) == looks


class TestMistakes:
    """What callers get wrong."""

    def test_network_of_another_task(self) -> None:
        """An embedder is refused by name."""
        with pytest.raises(UsageError, match="embed-x is no detector"):
            detect_faces(images([]), NoDetector(), SEARCH)

    @pytest.mark.parametrize(("side_px", "border"), [(0, 0.1), (320, 0.5), (320, -0.1)])
    def test_look_without_room(self, side_px: int, border: float) -> None:
        """A canvas must have room for the picture."""
        with pytest.raises(UsageError, match="border"):
            Look(side_px=side_px, border=border)

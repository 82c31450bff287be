"""Passive PAD: the windows that the networks see, and what is made of their answers."""

import tarfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.detect import detect_faces
from fvs.errors import UsageError
from fvs.image import decode_images
from fvs.liveness import assess_liveness, pad_windows_px
from fvs.network import Network, Runtime
from fvs.raster import resize_bilinear
from fvs.status import Status
from tests.captures import faces, images, landmarks, texture

CLASSES = ("print", "live", "replay")
QUARTERS = st.integers(-4000, 4000)


class FakePad:
    """A PAD network whose logits are a function of its pictures."""

    def __init__(self, logits, box_scale: float = 2.7) -> None:
        head = SimpleNamespace(box_scale=box_scale, classes=CLASSES, output="logits")
        self.manifest = SimpleNamespace(id="fake", pad=head, input=SimpleNamespace(size_px=80))
        self.logits = logits
        self.batches: list[np.ndarray] = []

    def run(self, pixels_rgb: np.ndarray) -> dict[str, np.ndarray]:
        """Answer and remember the batch."""
        self.batches.append(pixels_rgb)
        return {"logits": np.array([self.logits(p) for p in pixels_rgb], np.float32)}


def constant(*logits: float) -> FakePad:
    """A network that always answers the same."""
    return FakePad(lambda _: logits)


def by_brightness(box_scale: float) -> FakePad:
    """A network that finds bright pictures live."""
    return FakePad(lambda p: (0, (p.mean() - 128) / 16, p[:, :40].mean() / 99), box_scale)


def batch_of(n: int) -> tuple:
    """N pictures of different sizes with a face each."""
    pictures = [texture(i, 200 + 20 * i, 260 - 15 * i) for i in range(n)]
    marks = [
        landmarks((0, 0, 0), eyes_px=30, middle_xy=(40 + 30 * i, 60 + 20 * i)) for i in range(n)
    ]
    return images(pictures), faces(marks)


def oracle_window(width: int, height: int, box: list[float], scale: float) -> tuple[int, ...]:
    """The reference's steps, one coordinate at a time: box to integers, enlarge, shift."""
    x, y = int(box[0]), int(box[1])
    box_w, box_h = int(box[2] - box[0] + 1), int(box[3] - box[1] + 1)
    scale = min((height - 1) / box_h, (width - 1) / box_w, scale)
    new_w, new_h = box_w * scale, box_h * scale
    middle_x, middle_y = box_w / 2 + x, box_h / 2 + y
    left, top = middle_x - new_w / 2, middle_y - new_h / 2
    right, bottom = middle_x + new_w / 2, middle_y + new_h / 2
    if left < 0:
        right -= left
        left = 0
    if top < 0:
        bottom -= top
        top = 0
    if right > width - 1:
        left -= right - width + 1
        right = width - 1
    if bottom > height - 1:
        top -= bottom - height + 1
        bottom = height - 1
    return int(left), int(top), int(right), int(bottom)


class TestWindows:
    """The reference crop: enlarged, fitted, shifted."""

    @given(
        st.integers(2, 900),
        st.integers(2, 900),
        st.tuples(QUARTERS, QUARTERS),
        st.tuples(st.integers(4, 6000), st.integers(4, 6000)),
        st.sampled_from([1.0, 2.7, 4.0]),
    )
    def test_windows_are_the_references(
        self,
        width: int,
        height: int,
        corner_quarters: tuple[int, int],
        size_quarters: tuple[int, int],
        scale: float,
    ) -> None:
        """Rule: any box, in or beyond any picture, gives the reference's window, within it."""
        left, top = (q / 4 for q in corner_quarters)
        box = [left, top, left + size_quarters[0] / 4, top + size_quarters[1] / 4]
        got = pad_windows_px(np.array([box], np.float32), np.array([[width, height]]), scale)[0]
        assert tuple(got) == oracle_window(width, height, box, scale)
        assert (got[:2] >= 0).all()
        assert (got[:2] <= got[2:]).all()
        assert (got[2:] < [width, height]).all()

    def test_a_box_at_the_edge_is_shifted_not_clipped(self) -> None:
        """Rule: the window keeps its size and shape at the border of the picture."""
        wh = np.array([[640, 480]])
        inside = pad_windows_px(np.array([[300, 200, 349, 259]]), wh, 2.7)[0]
        corner = pad_windows_px(np.array([[0, 0, 49, 59]]), wh, 2.7)[0]
        assert corner[:2].tolist() == [0, 0]
        np.testing.assert_allclose(corner[2:] - corner[:2], inside[2:] - inside[:2], atol=1)

    def test_no_boxes(self) -> None:
        """Rule: the empty batch is a batch."""
        assert pad_windows_px(np.empty((0, 4)), np.empty((0, 2)), 4.0).shape == (0, 4)

    def test_the_network_sees_the_window_bilinearly_shrunk(self) -> None:
        """Rule: the pixels are those of the reference window, both ends included."""
        taken, found = batch_of(1)
        network = constant(0, 0, 0)
        assess_liveness(taken, found, [network])
        picture = taken.pixels_rgb[0]
        left, top, right, bottom = oracle_window(
            picture.shape[1], picture.shape[0], found.xyxy_px[0].tolist(), 2.7
        )
        expected = resize_bilinear(picture[top : bottom + 1, left : right + 1], 80, 80)
        np.testing.assert_array_equal(network.batches[0][0], expected)


class TestAnswer:
    """From logits to a status and a probability."""

    def test_the_live_probability_decides_not_the_winners_confidence(self) -> None:
        """Rule: a network that is certain of a replay gives a live probability near 0."""
        taken, found = batch_of(1)
        assert assess_liveness(taken, found, [constant(0, 0, 9)]).live_probability[0] < 1e-3
        assert assess_liveness(taken, found, [constant(0, 9, 0)]).live_probability[0] > 0.999

    def test_networks_are_averaged_after_their_softmax(self) -> None:
        """Rule: the mean of probabilities, not the softmax of mean logits."""
        taken, found = batch_of(1)
        result = assess_liveness(taken, found, [constant(0, 100, 0), constant(0, 0, 0)])
        assert result.live_probability[0] == pytest.approx((1 + 1 / 3) / 2)

    def test_huge_logits_do_not_overflow(self) -> None:
        """Rule: the softmax is stable."""
        taken, found = batch_of(1)
        assert assess_liveness(taken, found, [constant(0, 1e30, 0)]).live_probability[0] == 1

    def test_without_networks_nothing_is_assessed(self) -> None:
        """Rule: no check is no pass."""
        taken, found = batch_of(2)
        result = assess_liveness(taken, found, [])
        assert (result.status == Status.LIVENESS_NOT_ASSESSED).all()
        assert np.isnan(result.live_probability).all()

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_result_that_is_not_finite_is_no_result(self, bad: float) -> None:
        """Rule: one bad answer of one network leaves that face, and only it, unassessed."""
        taken, found = batch_of(2)
        black = np.zeros_like(taken.pixels_rgb[0])
        taken = replace(taken, pixels_rgb=(black, taken.pixels_rgb[1]))
        fails_on_black = FakePad(lambda p: (0, 1, 0 if p.any() else bad))
        result = assess_liveness(taken, found, [constant(0, 1, 0), fails_on_black])
        assert result.status.tolist() == [Status.LIVENESS_NOT_ASSESSED, Status.OK]
        assert np.isnan(result.live_probability[0])
        assert np.isfinite(result.live_probability[1])

    @pytest.mark.parametrize(
        "box", [(5, 5, 5, 30), (30, 5, 5, 30), (np.nan, 5, 20, 30), (0, 0, np.inf, 9)]
    )
    def test_a_box_without_area_is_not_assessed(self, box: tuple[float, ...]) -> None:
        """Rule: an empty, inverted or infinite box is never cut out."""
        taken, found = batch_of(2)
        boxes = found.xyxy_px.copy()
        boxes[1] = box
        result = assess_liveness(taken, replace(found, xyxy_px=boxes), [constant(0, 1, 0)])
        assert result.status.tolist() == [Status.OK, Status.LIVENESS_NOT_ASSESSED]

    def test_earlier_failures_are_kept(self) -> None:
        """Rule: a face that failed before keeps its code and is not shown to the networks."""
        taken, found = batch_of(3)
        pictures = (taken.pixels_rgb[0], None, taken.pixels_rgb[2])
        status = np.array([Status.OK, Status.NO_FACE, Status.OK], np.uint8)
        network = constant(0, 1, 0)
        result = assess_liveness(
            replace(taken, pixels_rgb=pictures, status=status),
            replace(found, status=status),
            [network],
        )
        assert result.status.tolist() == status.tolist()
        assert len(network.batches[0]) == 2

    def test_another_kind_of_network_is_refused(self) -> None:
        """Rule: a detector among the PAD networks is the deployer's mistake, and is told."""
        network = constant(0, 0, 0)
        network.manifest.pad = None
        with pytest.raises(UsageError, match="no PAD network"):
            assess_liveness(*batch_of(1), [network])


class TestBatch:
    """Vectorised over faces."""

    @pytest.mark.parametrize("n", [0, 1, 3, 4])
    def test_a_batch_equals_its_rows_one_by_one(self, n: int) -> None:
        """Rule: each network runs once a batch, and row i depends on face i only."""
        taken, found = batch_of(n)
        networks = [by_brightness(2.7), by_brightness(4.0)]
        batch = assess_liveness(taken, found, networks)
        assert len(batch) == n
        assert [len(network.batches) for network in networks] == [min(n, 1)] * 2
        for i in range(n):
            alone = assess_liveness(taken, found.take([i]), networks)
            assert alone.live_probability[0] == batch.live_probability[i]

    def test_faces_may_come_in_any_order_and_number(self) -> None:
        """Rule: `image_index` says which picture a face is in."""
        taken, found = batch_of(3)
        networks = [by_brightness(2.7)]
        straight = assess_liveness(taken, found, networks)
        order = [2, 0, 2, 1]
        mixed = assess_liveness(taken, found.take(order), networks)
        np.testing.assert_array_equal(mixed.live_probability, straight.live_probability[order])
        np.testing.assert_array_equal(mixed.image_index, order)


@pytest.mark.slow
def test_published_photographs_are_called_live_as_often_as_measured(
    shared_dir, reference_pack
) -> None:
    """Rule: 185 of 1,549 pool_lfw pictures were called not live; today's share is near that.

    Guards the crop, the channel order and the class order at once: each of those, when wrong,
    moves the share by far more than the chance of 150 pictures (3 standard deviations).
    """
    networks = [Network(f.manifest, f.weights, Runtime()) for f in reference_pack.pad]
    detector = Network(reference_pack.detector.manifest, reference_pack.detector.weights, Runtime())
    with tarfile.open(shared_dir / "data" / "pool_lfw.tar") as tar:
        members = [m for m in tar if m.isfile()][::10][:150]
        taken = decode_images([tar.extractfile(m).read() for m in members])
    found = detect_faces(taken, detector)
    strongest = [int(np.flatnonzero(found.image_index == i)[0]) for i in range(len(taken))]
    result = assess_liveness(taken, found.take(strongest), networks)
    share = float((result.live_probability < 0.5).mean())
    assert abs(share - 0.12) < 3 * np.sqrt(0.12 * 0.88 / len(taken))

"""Rules of reading a detector's outputs and of suppressing overlaps."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.detect_heads import VOTE_POWER, decode, intersection_over_union, suppress_overlaps, winners
from fvs.manifest import DetectHead
from tests import oracles
from tests.faces import SCRFD, YUNET, faces

SIDE_PX = 64


def outputs_of(head: DetectHead, batch: int, seed: int) -> dict[str, np.ndarray]:
    """Random outputs; scores reach beyond 0..1 as those of real networks do."""
    random = np.random.default_rng(seed)
    widths = {"cls": 1, "obj": 1, "score": 1, "bbox": 4, "kps": 10}
    made = {}
    for name in head.outputs:
        kind, stride = name.split("_")
        rows = (SIDE_PX // int(stride)) ** 2 * head.anchors_per_cell
        made[name] = random.uniform(-0.2, 1.2, (batch, rows, widths[kind])).astype(np.float32)
    return made


@pytest.mark.parametrize("head", [YUNET, SCRFD], ids=["yunet", "scrfd"])
class TestDecode:
    """Outputs -> candidates."""

    def test_empty_batch(self, head: DetectHead) -> None:
        """No pictures, no candidates."""
        assert len(decode(outputs_of(head, 0, 0), head, SIDE_PX)) == 0

    @given(batch=st.integers(1, 2), seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=20, deadline=None)
    def test_equals_the_slow_reading(self, head: DetectHead, batch: int, seed: int) -> None:
        """Reading only the survivors gives what reading cell by cell gives."""
        outputs = outputs_of(head, batch, seed)
        got = decode(outputs, head, SIDE_PX)
        expected = oracles.read_cells(outputs, head, SIDE_PX)
        rows, scores, boxes, points = zip(*expected, strict=True)
        assert got.image_index.tolist() == list(rows)
        np.testing.assert_allclose(got.detection_score, scores, atol=1e-6)
        np.testing.assert_allclose(got.xyxy_px, boxes, atol=1e-3)
        np.testing.assert_allclose(got.landmarks_px.reshape(-1, 10), points, atol=1e-3)

    def test_scores_stay_in_range(self, head: DetectHead) -> None:
        """Raw values beyond 1 are clamped."""
        scores = decode(outputs_of(head, 2, 1), head, SIDE_PX).detection_score
        assert scores.max() <= 1
        assert scores.min() >= head.score_threshold

    def test_what_is_not_finite_is_no_candidate(self, head: DetectHead) -> None:
        """A NaN score, a NaN landmark and an infinite size drop their candidate only."""
        outputs = outputs_of(head, 1, 2)
        for name in head.outputs:
            outputs[name][:] = 0.9
        whole = len(decode(outputs, head, SIDE_PX))
        outputs[head.outputs[0]][0, 0] = np.nan
        outputs["bbox_16"][0, 1, 2] = 1e9 if head.family == "yunet" else np.inf
        outputs["kps_32"][0, 1, 9] = np.nan
        assert len(decode(outputs, head, SIDE_PX)) == whole - 3


boxes_strategy = st.lists(
    st.tuples(
        *[st.integers(0, 40)] * 2, *[st.integers(1, 30)] * 2, st.integers(0, 2), st.integers(0, 99)
    ),
    max_size=25,
)


class TestSuppressOverlaps:
    """Greedy non-maximum suppression."""

    def test_no_candidates(self) -> None:
        """Nothing in, nothing out."""
        assert len(suppress_overlaps(faces([]), 0.3)) == 0

    @given(boxes_strategy, st.sampled_from([0.0, 0.3, 0.5]))
    @settings(max_examples=200, deadline=None)
    def test_equals_the_slow_suppression(self, rows: list[tuple[int, ...]], iou: float) -> None:
        """All images at once, in rounds, keeps what one candidate at a time keeps."""
        boxes = [(x, y, x + w, y + h) for x, y, w, h, _, _ in rows]
        owner = [row[4] for row in rows]
        scores = [row[5] / 100 for row in rows]
        got = suppress_overlaps(faces(boxes, owner, scores), iou)
        kept = oracles.suppress(boxes, scores, owner, iou)
        assert got.xyxy_px.tolist() == [[float(v) for v in boxes[i]] for i in kept]
        assert got.image_index.tolist() == [owner[i] for i in kept]

    def test_images_do_not_compete(self) -> None:
        """The same box in two images stays in both."""
        assert len(suppress_overlaps(faces([[0, 0, 9, 9]] * 2, [0, 1]), 0.3)) == 2

    def test_first_of_equals_wins(self) -> None:
        """Ties are broken by the order given, so results do not depend on sorting luck."""
        got = suppress_overlaps(faces([[0, 0, 9, 9], [1, 0, 10, 9]]), 0.3)
        assert got.xyxy_px.tolist() == [[0, 0, 9, 9]]


VOTED = msgspec.structs.replace(YUNET, vote_iou=0.6)


class TestWinners:
    """Voting among candidates of one face."""

    def test_no_candidates(self) -> None:
        """Nothing in, nothing out."""
        assert len(winners(faces([]), VOTED)) == 0

    @given(boxes_strategy)
    @settings(max_examples=50, deadline=None)
    def test_without_a_vote_the_winner_speaks(self, rows: list[tuple[int, ...]]) -> None:
        """A manifest that states no overlap changes nothing."""
        candidates = faces([(x, y, x + w, y + h) for x, y, w, h, _, _ in rows])
        plain = suppress_overlaps(candidates, YUNET.nms_iou)
        got = winners(candidates, YUNET)
        np.testing.assert_array_equal(got.xyxy_px, plain.xyxy_px)
        np.testing.assert_array_equal(got.landmarks_px, plain.landmarks_px)

    @given(boxes_strategy)
    @settings(max_examples=100, deadline=None)
    def test_equals_the_obvious_mean(self, rows: list[tuple[int, ...]]) -> None:
        """Each winner lies at the weighted mean of its picture's candidates that overlap it."""
        boxes = np.array([(x, y, x + w, y + h) for x, y, w, h, _, _ in rows], float).reshape(-1, 4)
        owner, scores = [row[4] for row in rows], [(row[5] + 1) / 100 for row in rows]
        candidates = faces(boxes.tolist(), owner, scores)
        plain = suppress_overlaps(candidates, VOTED.nms_iou)
        got = winners(candidates, VOTED)
        np.testing.assert_array_equal(got.detection_score, plain.detection_score)
        for row, box in enumerate(plain.xyxy_px.tolist()):
            voters = [
                i for i in range(len(rows))
                if owner[i] == plain.image_index[row]
                and oracles.overlap(box, boxes[i]) >= VOTED.vote_iou
            ]  # fmt: skip
            weights = [scores[i] ** VOTE_POWER for i in voters]
            mean = np.average(boxes[voters], axis=0, weights=weights)
            np.testing.assert_allclose(got.xyxy_px[row], mean, atol=1e-3)
            mean = np.average(candidates.landmarks_px[voters], axis=0, weights=weights)
            np.testing.assert_allclose(got.landmarks_px[row], mean, atol=1e-3)

    def test_images_do_not_vote_for_each_other(self) -> None:
        """The same box in another picture has no say."""
        alone = winners(faces([[0, 0, 20, 20]]), VOTED)
        together = winners(faces([[0, 0, 20, 20], [2, 0, 22, 20]], [0, 1]), VOTED)
        np.testing.assert_array_equal(together.xyxy_px[0], alone.xyxy_px[0])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (np.zeros((0, 4)), np.zeros((0, 4)), []),
        ([[0, 0, 2, 2]], [[0, 0, 2, 2]], [1.0]),
        ([[0, 0, 2, 2]], [[1, 0, 3, 2]], [1 / 3]),
        ([[0, 0, 2, 2]], [[2, 2, 3, 3]], [0.0]),
        ([[1, 1, 1, 1]], [[1, 1, 1, 1]], [0.0]),
    ],
    ids=["no boxes", "same", "shifted", "corner to corner", "without area"],
)
def test_intersection_over_union(a: object, b: object, expected: list[float]) -> None:
    """Shared area over joint area; boxes without area overlap nothing."""
    got = intersection_over_union(np.array(a, np.float32), np.array(b, np.float32))
    np.testing.assert_allclose(got, expected, atol=1e-6)

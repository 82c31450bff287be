"""Records: columns of one length, filtered by indexing."""

import numpy as np
import pytest

from fvs.errors import UsageError
from fvs.records import Embeddings, Faces, Images
from fvs.status import Status
from tests.records import embeddings


def images(n: int) -> Images:
    """N tiny pictures that differ."""
    return Images(
        status=np.zeros(n, np.uint8),
        pixels_rgb=tuple(np.full((2, 2, 3), i, np.uint8) for i in range(n)),
        native_wh=np.full((n, 2), 2),
        scale=np.ones(n),
        file_format=("png",) * n,
    )


def faces(landmarks_px: np.ndarray) -> Faces:
    """Faces with these landmarks."""
    n = len(landmarks_px)
    return Faces(
        status=np.zeros(n, np.uint8),
        image_index=np.arange(n),
        xyxy_px=np.tile(np.float32([10, 20, 40, 80]), (n, 1)),
        landmarks_px=landmarks_px.astype(np.float32),
        detection_score=np.ones(n, np.float32),
    )


class TestColumns:
    def test_of_different_length_are_refused(self):
        """A record whose columns disagree cannot be made, and the message names them."""
        with pytest.raises(UsageError, match=r"native_wh.*3"):
            Images(
                status=np.zeros(2, np.uint8),
                pixels_rgb=(None, None),
                native_wh=np.zeros((3, 2), np.int64),
                scale=np.ones(2),
                file_format=("", ""),
            )

    def test_of_no_rows_are_a_record(self):
        """An empty batch is a batch."""
        assert len(images(0)) == 0
        assert len(images(0).take([])) == 0


class TestTake:
    def test_by_index_keeps_the_order_asked_for(self):
        """Rows come back in the order of the indices, tuples and arrays alike."""
        taken = images(3).take([2, 0])
        assert [int(p[0, 0, 0]) for p in taken.pixels_rgb] == [2, 0]

    def test_by_mask_equals_by_index(self):
        """A boolean mask selects the rows that are True."""
        taken = images(3).take(np.array([True, False, True]))
        assert [int(p[0, 0, 0]) for p in taken.pixels_rgb] == [0, 2]

    def test_keeps_what_is_no_column(self):
        """What holds for all rows survives indexing."""
        assert embeddings(np.eye(3)).take([1]).model_id == "embed-test-202601"


class TestConcatenate:
    def test_undoes_take(self):
        """Parts joined again give the whole."""
        whole = images(4)
        joined = Images.concatenate([whole.take([0, 1]), whole.take([2, 3])])
        assert [int(p[0, 0, 0]) for p in joined.pixels_rgb] == [0, 1, 2, 3]
        np.testing.assert_array_equal(joined.native_wh, whole.native_wh)

    def test_of_different_models_is_refused(self):
        """Embeddings of two models never share a record."""
        one = embeddings(np.eye(2))
        other = Embeddings(one.status, one.image_index, one.vectors, one.norm, "embed-other-202601")
        with pytest.raises(UsageError, match="model_id"):
            Embeddings.concatenate([one, other])

    def test_of_nothing_is_refused(self):
        """Without a part nobody knows the shapes."""
        with pytest.raises(UsageError, match="at least one"):
            Images.concatenate([])


class TestWithRows:
    @pytest.mark.parametrize("rows", [[], [2], [3, 0], [1, 0, 3, 2]])
    def test_replaces_those_rows_and_no_others(self, rows):
        """Row `rows[k]` becomes row k of the replacements."""
        whole, others = images(4), images(10).take([9 - row for row in range(len(rows))])
        got = whole.with_rows(rows, others)
        expected = [0, 1, 2, 3]
        for k, row in enumerate(rows):
            expected[row] = 9 - k
        assert [int(p[0, 0, 0]) for p in got.pixels_rgb] == expected


class TestFaces:
    def test_inter_eye_distance_is_euclidean(self):
        """3 across and 4 down are 5 apart."""
        landmarks = np.zeros((1, 5, 2))
        landmarks[0, 1] = (3, 4)
        assert faces(landmarks).inter_eye_px.tolist() == [5.0]

    def test_size_is_width_then_height(self):
        """Boxes are xyxy."""
        assert faces(np.zeros((1, 5, 2))).width_height_px.tolist() == [[30.0, 60.0]]


class TestRepr:
    def test_never_shows_pixels_or_templates(self):
        """What is printed by accident holds no biometric data."""
        assert repr(images(2)) == "Images(n=2, ok=2)"
        assert "array" not in repr(embeddings(np.eye(2)))


class TestStatus:
    def test_codes_are_lower_case_and_distinct(self):
        """Each status has one public code."""
        codes = [status.code for status in Status]
        assert len(set(codes)) == len(codes)
        assert all(code == code.lower() for code in codes)

    def test_fits_its_column(self):
        """Statuses are kept as uint8."""
        assert max(Status) <= np.iinfo(np.uint8).max

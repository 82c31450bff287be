"""Who is compared with whom: age bands, cells, and people who stand twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.derivation.cleaning import clean_people
from fvs.derivation.duplicates import (
    _joined,
    appearance_similarity,
    cleaning_scale,
    find_duplicates,
)
from fvs.derivation.extraction import MeasuredFaces
from fvs.derivation.groups import AGE_BANDS, Labels, band_of_age, cells_of, read_labels
from fvs.errors import UsageError
from fvs.metrics.intervals import trials_needed

REFERENCE = "embed-mobilefacenet-202004"
SCALE = cleaning_scale(REFERENCE)


class TestGroups:
    """Age bands, labels and cells."""

    def test_bands_leave_no_gap_and_do_not_overlap(self):
        """Each age from 2 to 130 is in exactly one band; babies are in none."""
        for age in range(2, 131):
            assert sum(age in band for band in AGE_BANDS) == 1
        assert band_of_age(1) is None
        assert band_of_age(131) is None

    def test_labels_may_be_blank(self):
        """Blank means unknown; age 0 does not."""
        labels = read_labels("file,source,age,sex,group\na.jpg,s,,,\nb.jpg,s,0,male,g\n")
        assert labels == {"a.jpg": Labels("s", None, "", ""), "b.jpg": Labels("s", 0, "male", "g")}
        assert read_labels("file,source,age,sex,group\n") == {}

    @pytest.mark.parametrize("text", ["", "file,age\n", "file,source,age,sex,group\na,s,old,m,g\n"])
    def test_malformed_labels_are_refused(self, text):
        """Missing columns and ages that are no numbers are the caller's mistake."""
        with pytest.raises(UsageError, match="table of labels"):
            read_labels(text)

    def test_cells(self):
        """People are together by source, band, sex and group, and by the first three."""
        labels = [Labels("s", 30, "male", g) for g in "ab" * 30]
        labels += [Labels("s", 30, "female", "a")] * 30 + [Labels("t", None, "", "")] * 28
        labels += [Labels("s", 30, "", "a")] * 99 + [Labels("s", 1, "male", "a")] * 99
        cells = {cell.name: cell for cell in cells_of(labels)}
        assert list(cells) == [
            "s/20-39/female/a",
            "s/20-39/male/a",
            "s/20-39/male/all groups",
            "s/20-39/male/b",
            "t/any age/any sex/all groups",
        ]
        assert cells["s/20-39/male/b"].rows.tolist() == list(range(1, 60, 2))
        assert cells["s/20-39/male/all groups"].rows.tolist() == list(range(60))
        assert cells["t/any age/any sex/all groups"].band is None

    def test_small_cells_are_left_out(self):
        """No labels, no cells; and 27 people have fewer pairs than any target needs."""
        assert cells_of([]) == ()
        labels = [Labels("s", 30, "male", "a")] * 27
        assert cells_of(labels) == ()
        assert len(cells_of([*labels, labels[0]])) == 1
        assert 28 * 27 // 2 >= trials_needed(1e-2) > 27 * 26 // 2


class TestDuplicates:
    """People who stand twice, and those who only look alike."""

    @staticmethod
    def people(n, seed=0):
        """Random faces: orthogonal-ish vectors and unrelated thumbnails."""
        rng = np.random.default_rng(seed)
        vectors = rng.normal(size=(n, 256)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors, rng.integers(0, 255, (n, 56, 56)).astype(np.uint8)

    @pytest.mark.parametrize("n", [0, 1, 20])
    def test_strangers_are_kept(self, n):
        """Different people, none included, are all kept."""
        found = find_duplicates(*self.people(n), np.zeros(n, bool), SCALE)
        assert not found.dropped.any()
        assert len(found.same_picture) == 0

    @pytest.mark.parametrize("mirrored", [False, True])
    @pytest.mark.parametrize("may_be_child", [False, True])
    def test_one_photograph_twice_is_dropped_at_any_age(self, mirrored, may_be_child):
        """Recoloured or mirrored: the later one goes."""
        vectors, thumbnails = self.people(20)
        vectors[13] = vectors[4]
        copy = thumbnails[4][:, ::-1] if mirrored else thumbnails[4]
        thumbnails[13] = (copy * 0.6 + 40).astype(np.uint8)
        found = find_duplicates(vectors, thumbnails, np.full(20, may_be_child), SCALE)
        assert np.flatnonzero(found.dropped).tolist() == [13]
        assert found.same_picture.tolist() == [[4, 13]]

    def test_high_scores_are_conclusive_for_adults_only(self):
        """Two photographs of one adult are told by the score; two children may just be alike."""
        vectors, thumbnails = self.people(20)
        vectors[1], vectors[3] = vectors[0], vectors[2]
        may_be_child = np.zeros(20, bool)
        may_be_child[2] = True
        found = find_duplicates(vectors, thumbnails, may_be_child, SCALE)
        assert np.flatnonzero(found.dropped).tolist() == [1]
        assert len(found.same_picture) == 0

    def test_two_pictures_of_one_adult(self):
        """Pairs of adults that score as one person but whose crops differ; copies are none."""
        vectors, thumbnails = self.people(20)
        vectors[1], vectors[3], vectors[5] = vectors[0], vectors[2], vectors[4]
        thumbnails[3] = thumbnails[2]
        may_be_child = np.zeros(20, bool)
        may_be_child[4] = True
        found = find_duplicates(vectors, thumbnails, may_be_child, SCALE)
        assert found.two_pictures.tolist() == [[0, 1]]

    def test_an_embedder_of_unknown_scale_is_refused(self):
        """A score of 0.6 means nothing where nobody looked what it shows."""
        with pytest.raises(UsageError, match="embed-other cannot find people") as caught:
            cleaning_scale("embed-other")
        assert "--doubles-by" in caught.value.advice

    def test_more_pictures_tell_more(self):
        """A picture that is near to no other one is told by the mean of those already joined."""
        _, thumbnails = self.people(20)
        vectors = np.eye(20, dtype=np.float32)
        vectors[1:4] = 0.82 * vectors[0] + 0.57 * vectors[1:4]  # 0.67 with one another
        vectors[4] = 0.72 * vectors[0] + 0.69 * vectors[4]  # 0.59 with each of them
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        nobody = np.zeros(19, bool)
        joined = find_duplicates(vectors[1:], thumbnails[1:], nobody, SCALE)
        assert joined.person.tolist() == [0] * 4 + list(range(4, 19))
        two_of_them = [1, 4]
        apart = find_duplicates(vectors[two_of_them], thumbnails[two_of_them], nobody[:2], SCALE)
        assert not apart.dropped.any()

    @given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=15))
    def test_joining_equals_the_slow_way(self, links):
        """People are numbered by the lowest row that a chain of links leads to."""
        slow = list(range(12))
        for _ in range(12):
            for one, other in links:
                lowest = min(slow[one], slow[other])
                slow = [lowest if p in (slow[one], slow[other]) else p for p in slow]
        joined = _joined(np.arange(12), np.array(links, np.int64).reshape(-1, 2))
        assert joined.tolist() == slow

    def test_one_of_a_chain_is_kept(self):
        """Of pictures linked through others only the first stays."""
        vectors, thumbnails = self.people(20)
        for row in (19, 11, 7):
            vectors[row] = vectors[2]
        found = find_duplicates(vectors, thumbnails, np.zeros(20, bool), SCALE)
        assert np.flatnonzero(found.dropped).tolist() == [7, 11, 19]

    def test_similarity_is_a_correlation(self):
        """1 for a picture with itself or its mirror image, the same either way round."""
        _, thumbnails = self.people(5)
        pairs = np.array([[0, 0], [0, 1], [1, 0]])
        similar = appearance_similarity(thumbnails, pairs)
        assert similar[0] == pytest.approx(1, abs=1e-5)
        assert similar[1] == pytest.approx(similar[2], abs=1e-5)
        assert appearance_similarity(thumbnails, np.empty((0, 2), np.int64)).shape == (0,)


class TestCleaning:
    """A pool of several sources."""

    @staticmethod
    def faces(n):
        """N strangers, all found."""
        vectors, thumbnails = TestDuplicates.people(n)
        live = np.full(n, np.nan, np.float32)
        return MeasuredFaces(np.zeros(n, np.uint8), vectors, live, thumbnails)

    def test_of_nothing(self):
        """No pictures, no doubles."""
        cleaned = clean_people(self.faces(0), [], REFERENCE)
        assert cleaned.dropped.shape == (0,)
        assert cleaned.two_pictures.shape == (0, 2)

    def test_people_are_looked_for_within_their_source(self):
        """Rows are those of the whole pool; who stands in two sources stays in both."""
        faces = self.faces(30)
        faces.vectors[[12, 20, 21]] = faces.vectors[11]
        labels = [Labels("one", 30, "male", "g")] * 15 + [Labels("two", 30, "male", "g")] * 15
        cleaned = clean_people(faces, labels, REFERENCE)
        assert np.flatnonzero(cleaned.dropped).tolist() == [12, 21]
        assert cleaned.two_pictures.tolist() == [[11, 12], [20, 21]]

    def test_a_picture_without_a_face_is_never_dropped(self):
        """The cleaner cannot tell it from any other; another pack may see the face."""
        faces = self.faces(20)
        faces.vectors[[3, 4]] = 0
        faces.status[[3, 4]] = 20
        faces.thumbnails[[3, 4]] = 0
        assert not clean_people(faces, [Labels("s", 30, "m", "g")] * 20, REFERENCE).dropped.any()

    def test_minors_are_not_dropped_for_a_score(self):
        """From the age of 20 a score tells; so it does where the age is unknown."""
        faces = self.faces(20)
        faces.vectors[1], faces.vectors[3] = faces.vectors[0], faces.vectors[2]
        labels = [Labels("s", 19, "m", "g")] * 2 + [Labels("s", None, "", "")] * 18
        cleaned = clean_people(faces, labels, REFERENCE)
        assert np.flatnonzero(cleaned.dropped).tolist() == [3]

"""The same-capture score: above all second captures, below most copies, or none."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.derivation import copies
from fvs.derivation.copies import copies_of, copy_scores, same_capture_point
from fvs.derivation.extraction import MeasuredFaces
from fvs.image import decode_images
from fvs.metrics.rates import SCORE_STEP
from fvs.raster import encode_png

SECOND_CAPTURES = np.linspace(0.5, 0.9, 2000, dtype=np.float32)
MATED = np.linspace(0.0, 0.95, 100, dtype=np.float32)


def picture(height=120, width=180):
    """A smooth picture, so that JPEG changes little of it."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y * 2, (x + y) // 2], axis=2).astype(np.uint8)


class TestSameCapturePoint:
    """The rule."""

    def test_known_answer(self):
        """One step above the most alike second captures, with both shares counted."""
        copied = np.array([0.89, 0.9, 0.91, 0.99, 1.0], np.float32)
        point, words = same_capture_point(SECOND_CAPTURES, copied, MATED)
        assert point.threshold == pytest.approx(0.9 + SCORE_STEP)
        assert (point.caught.errors, point.caught.trials) == (3, 5)
        assert (point.reached.errors, point.reached.trials) == (int((MATED > 0.9).sum()), 100)
        assert "2000 pairs" in words

    @given(st.floats(-0.9, 0.9998), st.integers(1843, 1900))
    def test_no_second_capture_reaches_it(self, highest, n):
        """Not one of them does, and one step lower one does."""
        second = np.linspace(-0.9, highest, n).astype(np.float32)
        point, _ = same_capture_point(second, np.ones(3, np.float32), MATED)
        assert not np.any(second >= np.float32(point.threshold))
        assert np.any(second >= np.float32(point.threshold - 1.01 * SCORE_STEP))

    @pytest.mark.parametrize(
        ("second", "copied", "reason"),
        [
            (SECOND_CAPTURES[:0], np.ones(3), "0 such pairs, need 1843"),
            (SECOND_CAPTURES[:1842], np.ones(3), "1842 such pairs, need 1843"),
            (SECOND_CAPTURES, np.ones(0), "not supported"),
            (SECOND_CAPTURES, np.array([0.8, 0.85, 1.0]), "only 33% of 3 copies"),
            (np.append(SECOND_CAPTURES, np.float32(1)), np.ones(3), "some of them score 1"),
        ],
        ids=["no pairs", "too few pairs", "no copies", "they overlap", "one capture twice"],
    )
    def test_not_supported(self, second, copied, reason):
        """Where the two cannot be told apart, or it is not known, there is none, and why."""
        point, words = same_capture_point(second, copied.astype(np.float32), MATED)
        assert point is None
        assert reason in words


class TestCopies:
    """Copies of pictures."""

    def test_compressed_smaller_cropped(self):
        """Three files that can be read, of the sizes stated."""
        made = decode_images(list(copies_of(encode_png(picture()))))
        assert [p.shape for p in made.pixels_rgb] == [(120, 180, 3), (80, 120, 3), (108, 162, 3)]
        cropped = made.pixels_rgb[2].astype(int)
        assert np.abs(cropped - picture()[6:114, 9:171]).mean() < 5

    def test_of_what_is_no_picture_there_are_none(self):
        """A file that cannot be read is not compared."""
        assert copies_of(b"no picture") == ()


class TestCopyScores:
    """Which pictures are copied, and with whom copies are compared."""

    @staticmethod
    def measure(_engine, files):
        """A face whose direction is the first byte; bytes `n` have none."""
        angle = np.array([content[0] for content in files], np.float32) / 100
        vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).reshape(-1, 2)
        status = np.array([20 * content.startswith(b"n") for content in files], np.uint8)
        live, thumbnails = np.ones(len(files), np.float32), np.zeros((len(files), 56, 56), np.uint8)
        return MeasuredFaces(status, vectors.astype(np.float32), live, thumbnails)

    @staticmethod
    def pictures(files):
        """A set of these contents."""
        names = tuple(f"{i:04d}" for i in range(len(files)))
        return SimpleNamespace(pictures=names, read=lambda some: [files[int(n)] for n in some])

    def test_each_with_its_own_original(self, monkeypatch):
        """Over the borders of sets; faceless originals and copies are left out."""
        monkeypatch.setattr(copies, "measure_faces", self.measure)
        monkeypatch.setattr(copies, "copies_of", lambda file: (file, b"n", bytes([file[0] + 10])))
        contents = [b"n", *(bytes([value]) for value in range(20, 60))]
        sets = [self.pictures(contents[:7]), self.pictures([]), self.pictures(contents[7:])]
        engine = SimpleNamespace(detector=None, embedder=None, settings=None)
        scores = copy_scores(engine, sets, self.measure(None, contents))
        assert scores.reshape(-1, 2) == pytest.approx(np.tile([1, np.cos(0.1)], (40, 1)), abs=1e-6)

    def test_a_large_pool_is_sampled(self, monkeypatch):
        """Not every picture is copied, but some from either end."""
        monkeypatch.setattr(copies, "measure_faces", self.measure)
        copied = []
        monkeypatch.setattr(copies, "copies_of", lambda file: copied.append(file) or (file,))
        contents = [b"%05d" % i for i in range(1000)]
        engine = SimpleNamespace(detector=None, embedder=None, settings=None)
        scores = copy_scores(engine, [self.pictures(contents)], self.measure(None, contents))
        assert len(scores) == len(copied) == copies.COPIED_PICTURES
        assert (copied[0], copied[-1]) == (b"00000", b"00999")

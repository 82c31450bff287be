"""A picture's hash stays when it is encoded, sized or lit anew, and other pictures have others."""

from __future__ import annotations

import tarfile

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs_server.limits.captures import NEAR_BITS
from fvs_server.looks import hamming_distance, perceptual_hash

PICTURES = 300


def a_picture(seed: int, height: int = 240, width: int = 180) -> np.ndarray:
    """Smooth shapes with some noise, (H, W, 3) uint8, that use the middle of the range."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(60, 190, (6, 5, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + random.normal(0, 2, picture.shape), 30, 220).astype(np.uint8)


def encoded(picture: np.ndarray, quality: int) -> np.ndarray:
    """The picture after JPEG at a quality."""
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


def resized(picture: np.ndarray, times: float) -> np.ndarray:
    """The picture in another size."""
    height, width = picture.shape[:2]
    size = (round(width * times), round(height * times))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def oracle(pixels_rgb: np.ndarray) -> int:
    """The definition, slowly: area means by repetition, the transform by OpenCV."""
    height, width = pixels_rgb.shape[:2]
    grey = pixels_rgb.astype(np.float64) @ [0.299, 0.587, 0.114]
    fine = np.repeat(np.repeat(grey, 32, axis=0), 32, axis=1)
    small = fine.reshape(32, height, 32, width).mean(axis=(1, 3))
    low = cv2.dct(small)[1:9, 1:9].ravel()
    bits = low > np.median(low)
    return int("".join("01"[bit] for bit in bits.astype(int)), 2)


class TestPerceptualHash:
    @pytest.mark.parametrize("size", [(32, 32), (31, 47), (64, 48), (9, 100)])
    def test_it_is_what_the_definition_says(self, size):
        """Bit by bit, but for those that rounding may turn."""
        picture = a_picture(1, *size)
        assert hamming_distance(perceptual_hash(picture), oracle(picture)) <= 1

    @pytest.mark.parametrize("shape", [(0, 0, 3), (0, 9, 3), (9, 0, 3), (1, 1, 3), (40, 30, 3)])
    def test_nothing_and_a_blank_have_none(self, shape):
        """Blank pictures are not replays of each other."""
        assert perceptual_hash(np.full(shape, 127, np.uint8)) is None

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.floats(0.5, 1.1), st.integers(0, 10), st.integers(1, 3))
    def test_light_and_whole_sizes_hardly_matter(self, seed, gain, offset, times):
        """Signs about a median know no gain and no offset, area means no repetition of pixels."""
        picture = a_picture(seed)
        lit = np.repeat(np.repeat(picture * gain + offset, times, axis=0), times, axis=1)
        found = perceptual_hash(np.round(lit).astype(np.uint8))
        assert hamming_distance(perceptual_hash(picture), found) <= 2 * NEAR_BITS

    @settings(max_examples=10, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.floats(0.25, 1.0))
    def test_large_pictures_are_read_in_part(self, seed, times):
        """And are near themselves at sizes of which other rows, or all, are read."""
        picture = a_picture(seed, 1200, 900)
        near = hamming_distance(perceptual_hash(picture), perceptual_hash(resized(picture, times)))
        assert near <= 2 * NEAR_BITS

    @given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
    def test_distances_are_a_metric(self, a, b, c):
        """Zero to itself alone, symmetric, and no way round is shorter."""
        assert (hamming_distance(a, b) == 0) == (a == b)
        assert hamming_distance(a, b) == hamming_distance(b, a)
        assert hamming_distance(a, c) <= hamming_distance(a, b) + hamming_distance(b, c)

    def test_other_pictures_are_far(self):
        """No two of 200 made-up pictures are near; half the bits differ on average."""
        distances = _distances([perceptual_hash(a_picture(seed)) for seed in range(200)])
        assert distances.min() > NEAR_BITS
        assert 28 < distances.mean() < 36


CHANGES = {
    "jpeg 30": lambda picture: encoded(picture, 30),
    "half the size": lambda picture: resized(picture, 0.5),
    "twice the size": lambda picture: resized(picture, 2.0),
    "darker by 30 %": lambda picture: (picture * 0.7).astype(np.uint8),
    "brighter by 10": lambda picture: np.clip(picture * 1.0 + 10, 0, 255).astype(np.uint8),
}


@pytest.fixture(scope="module")
def portraits(shared_dir):
    """Pictures of 300 people, (H, W, 3) uint8."""
    return _portraits(shared_dir)


class TestRealFaces:
    def test_no_two_people_look_the_same(self, portraits):
        """Of 44,850 pairs of people, each before another background, none is near."""
        assert _distances([perceptual_hash(picture) for picture in portraits]).min() > NEAR_BITS

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_a_portrait_changed_is_near_itself(self, portraits, change):
        """At least 99 of 100."""
        near = [
            hamming_distance(perceptual_hash(each), perceptual_hash(change(each))) <= NEAR_BITS
            for each in portraits
        ]
        assert sum(near) >= 0.99 * PICTURES


def _distances(hashes: list[int]) -> np.ndarray:
    """Of every two."""
    return np.array([hamming_distance(a, b) for n, a in enumerate(hashes) for b in hashes[:n]])


def _portraits(shared_dir) -> list[np.ndarray]:
    """One picture each of different people, (H, W, 3) RGB."""
    pictures, people = [], set()
    with tarfile.open(shared_dir / "data" / "pool_lfw.tar") as tar:
        for member in tar:
            person = member.name.rsplit("_", 1)[0]
            if not member.name.endswith(".jpg") or person in people:
                continue
            people.add(person)
            content = np.frombuffer(tar.extractfile(member).read(), np.uint8)
            pictures.append(cv2.imdecode(content, cv2.IMREAD_COLOR_RGB))
            if len(pictures) == PICTURES:
                break
    return pictures

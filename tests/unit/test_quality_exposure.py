"""Exposure, contrast and evenness of the crop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.quality.exposure import COMPONENTS, measure_exposure
from fvs.quality.face_region import CHEEK_PIXELS, FACE_REGION, LEFT_CHEEK, RIGHT_CHEEK

SCALES = {component.name: component.scale for component in COMPONENTS}


def noise(seed: int, n: int = 1) -> np.ndarray:
    """(n, 112, 112) random grey crops of random brightness and contrast."""
    random = np.random.default_rng(seed)
    middle, spread = random.uniform(20, 235, (n, 1, 1)), random.uniform(1, 60, (n, 1, 1))
    return np.clip(random.normal(middle, spread, (n, 112, 112)), 0, 255).astype(np.uint8)


def oracle(grey: np.ndarray) -> dict[str, float]:
    """The definitions, spelt out pixel by pixel for one crop."""
    face = [int(v) for v in grey[FACE_REGION]]
    levels = np.array([face.count(level) for level in range(256)]) / len(face)
    cheeks = [[int(v) // 16 for v in grey[side].ravel()] for side in (LEFT_CHEEK, RIGHT_CHEEK)]
    overlap = sum(min(c.count(b) for c in cheeks) for b in range(16)) / len(cheeks[0])
    return {
        "under_exposure_prevention": sum(v <= 25 for v in face) / len(face),
        "over_exposure_prevention": sum(v >= 247 for v in face) / len(face),
        "luminance_mean": float(np.mean(face)) / 255,
        "luminance_variance": float(np.var(face)) / 255**2,
        "dynamic_range": -sum(p * np.log2(p) for p in levels if p > 0),
        "illumination_uniformity": overlap,
    }


@pytest.mark.parametrize("n", [0, 1, 5])
def test_the_fast_form_equals_the_definitions(n: int) -> None:
    """Rule: the histograms give what counting pixel by pixel gives."""
    grey = noise(n, n)
    got = measure_exposure(grey)
    assert list(got) == list(SCALES)
    for row in range(n):
        assert {k: float(v[row]) for k, v in got.items()} == pytest.approx(oracle(grey[row]))


@given(st.integers(0, 99), st.floats(0.05, 1), st.floats(0.05, 1))
def test_a_darker_picture_never_scores_better_on_darkness(
    seed: int, first: float, second: float
) -> None:
    """Rule: dimming lowers `under_exposure_prevention` or leaves it."""
    grey = noise(seed)[0]
    dim, bright = sorted((first, second))
    pair = np.stack([(grey * dim).astype(np.uint8), (grey * bright).astype(np.uint8)])
    scalar = SCALES["under_exposure_prevention"](
        measure_exposure(pair)["under_exposure_prevention"]
    )
    assert scalar[0] <= scalar[1]


@given(st.integers(0, 99), st.integers(0, 200))
def test_a_brighter_picture_never_scores_better_on_glare(seed: int, more: int) -> None:
    """Rule: brightening lowers `over_exposure_prevention` or leaves it."""
    grey = noise(seed)[0]
    pair = np.stack([grey, np.minimum(grey.astype(int) + more, 255).astype(np.uint8)])
    scalar = SCALES["over_exposure_prevention"](measure_exposure(pair)["over_exposure_prevention"])
    assert scalar[1] <= scalar[0]


@given(st.integers(0, 99))
def test_a_mirrored_face_is_lit_alike(seed: int) -> None:
    """Rule: which cheek is the brighter one does not matter."""
    grey = noise(seed)
    shaded = (grey * np.linspace(0.2, 1, 112)).astype(np.uint8)
    here, there = measure_exposure(shaded), measure_exposure(shaded[:, :, ::-1])
    assert here["illumination_uniformity"] == pytest.approx(there["illumination_uniformity"])


def test_light_from_one_side_is_uneven() -> None:
    """Rule: alike cheeks overlap fully, a black and a white one not at all."""
    even = np.full((112, 112), 120, np.uint8)
    split = even.copy()
    split[:, 56:] = 240
    overlap = measure_exposure(np.stack([even, split]))["illumination_uniformity"]
    assert overlap.tolist() == [1.0, 0.0]


def test_the_region_lies_inside_the_crop_and_is_symmetric() -> None:
    """Rule: face and cheeks are the same for a mirrored crop."""
    np.testing.assert_array_equal(FACE_REGION, FACE_REGION[:, ::-1])
    mask = np.zeros((112, 112), bool)
    mask[LEFT_CHEEK] = True
    mirror = np.zeros((112, 112), bool)
    mirror[RIGHT_CHEEK] = True
    np.testing.assert_array_equal(mask, mirror[:, ::-1])
    assert mask.sum() == CHEEK_PIXELS

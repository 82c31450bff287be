"""Sharpness, colour and compression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.quality.colour import COMPONENTS as COLOUR
from fvs.quality.colour import measure_colour
from fvs.quality.compression import measure_compression
from fvs.quality.sharpness import measure_sharpness
from fvs.raster import blur, grey, jpeg_round_trip
from tests.captures import texture

CRISP = texture(3, 112, 112)


def sharpness(pixels_rgb: np.ndarray) -> float:
    """Sharpness of the top left 112 px of a picture."""
    return float(measure_sharpness(grey(pixels_rgb)[None, :112, :112])["sharpness"][0])


def blockiness(picture: np.ndarray, scale: float = 1.0) -> float:
    """Blockiness around a face in the middle of a 300 x 360 picture."""
    box = np.array([[90, 120, 210, 260]], np.float32)
    return float(measure_compression([picture], box, np.array([scale]))["compression_artifacts"][0])


class TestSharpness:
    """The fine band over the coarse band."""

    @pytest.mark.parametrize("seed", range(4))
    def test_more_blur_is_less_sharp(self, seed: int) -> None:
        """Rule: sharpness falls with every step of blur."""
        steps = [sharpness(blur(texture(seed), sigma)) for sigma in (0, 0.7, 1, 1.5, 2, 3, 4)]
        assert steps == sorted(steps, reverse=True)
        assert steps[0] > 1.5 * steps[-1]

    @given(st.floats(0.4, 1.0), st.integers(0, 60))
    def test_light_and_contrast_do_not_matter(self, contrast: float, lift: int) -> None:
        """Rule: a dim or pale picture is as sharp as its original, but for rounding."""
        changed = np.clip(CRISP * contrast + lift, 0, 255).astype(np.uint8)
        assert sharpness(changed) == pytest.approx(sharpness(CRISP), rel=0.1)

    def test_a_blank_picture_is_not_sharp(self) -> None:
        """Rule: without contrast there is no detail, and no division by zero."""
        assert sharpness(np.full((112, 112, 3), 77, np.uint8)) == 0

    def test_no_crops(self) -> None:
        """Rule: the empty batch is a batch."""
        assert measure_sharpness(np.empty((0, 112, 112), np.uint8))["sharpness"].shape == (0,)


class TestColour:
    """Distance from the colours of skin."""

    @pytest.mark.parametrize(
        ("rgb", "natural"),
        [
            ((224, 172, 140), True),
            ((141, 85, 56), True),
            ((88, 56, 40), True),
            ((128, 128, 128), False),
            ((90, 130, 220), False),
            ((90, 200, 90), False),
            ((255, 40, 10), False),
        ],
    )
    def test_skin_is_natural_and_casts_are_not(
        self, rgb: tuple[int, int, int], *, natural: bool
    ) -> None:
        """Rule: light and dark skin have the full scalar; grey and casts do not."""
        crop = np.full((1, 112, 112, 3), rgb, np.uint8)
        raw = measure_colour(crop)["natural_colour"]
        assert (raw[0] == 0) == natural
        assert (COLOUR[0].scale(raw)[0] == 100) == natural

    def test_no_crops(self) -> None:
        """Rule: the empty batch is a batch."""
        crops = np.empty((0, 112, 112, 3), np.uint8)
        assert measure_colour(crops)["natural_colour"].shape == (0,)


class TestCompression:
    """Steps at block borders over steps elsewhere."""

    @pytest.mark.parametrize("seed", range(3))
    def test_harder_compression_shows_more_blocks(self, seed: int) -> None:
        """Rule: each lower JPEG quality is blockier than the one before."""
        smooth = blur(texture(seed), 2)
        steps = [blockiness(jpeg_round_trip(smooth, quality)) for quality in (90, 20, 8, 3)]
        assert steps == sorted(steps)
        assert steps[-1] > 2.4
        assert steps[0] < 1.5

    @pytest.mark.parametrize("offset", [(0, 0), (3, 5), (7, 1)])
    def test_the_grid_may_start_anywhere(self, offset: tuple[int, int]) -> None:
        """Rule: cropping a picture after compressing it does not hide the blocks."""
        picture = jpeg_round_trip(blur(texture(0, 400, 400), 2), 3)
        cropped = picture[offset[0] :, offset[1] :][:360, :300]
        assert blockiness(cropped) > 2.4

    def test_blocks_shrink_with_scaled_decoding(self) -> None:
        """Rule: at half scale blocks are 4 px; finer ones are not looked for."""
        blocks = np.kron(texture(1)[::4, ::4], np.ones((4, 4, 1))).astype(np.uint8)[:360, :300]
        assert blockiness(blocks, scale=0.5) > 2.4
        assert blockiness(blocks, scale=0.25) == 1

    @pytest.mark.parametrize("size", [1, 3, 7, 8, 9, 20])
    def test_tiny_pictures_and_boxes_beyond_them_are_assessed(self, size: int) -> None:
        """Rule: a box anywhere about a picture of any size has a finite blockiness."""
        picture = texture(0)[:size, : size + 1]
        for box in ((-50, -50, -40, -40), (0, 0, 1, 1), (500, 500, 900, 900), (-9, -9, 99, 99)):
            raw = measure_compression([picture], np.array([box], np.float32), np.ones(1))
            assert np.isfinite(raw["compression_artifacts"]).all()

    def test_a_box_that_is_not_finite_has_no_blockiness(self) -> None:
        """Rule: an infinite box is that row's NaN and no exception."""
        boxes = np.array([[0, 0, np.inf, 9], [9, 9, 99, 99]], np.float32)
        raw = measure_compression([texture(0)] * 2, boxes, np.ones(2))["compression_artifacts"]
        assert np.isfinite(raw).tolist() == [False, True]

    def test_no_pictures(self) -> None:
        """Rule: the empty batch is a batch."""
        raw = measure_compression([], np.empty((0, 4), np.float32), np.empty(0))
        assert raw["compression_artifacts"].shape == (0,)

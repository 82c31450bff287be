"""Alignment, augmentation and detection decoding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.embedder.augment import blend, view, views
from training.embedder.config import AugmentConfig
from training.embedder.geometry import CROP_PX, INPUT_PX, TEMPLATE_PX, similarity
from training.embedder.landmarks import CANVAS_PX, on_canvas

STILL = AugmentConfig(
    rotation_deg=0, scale_log=0, shift_px=0, colour=0, grey=0, shrink=0, shrink_to_px=32, jpeg=0,
    jpeg_quality=(50, 60), noise=0, noise_std=0, mixup=0, mixup_weight=0, paste=0,
    paste_side=(0.2, 0.5),
)  # fmt: skip


def changed(**values):
    return AugmentConfig(**{**{f: getattr(STILL, f) for f in STILL.__struct_fields__}, **values})


def noise_crops(count):
    shape = (count, CROP_PX, CROP_PX, 3)
    return np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)


class TestSimilarity:
    @given(st.floats(-3, 3), st.floats(0.3, 3), st.floats(-50, 50), st.floats(-50, 50))
    def test_undoes_any_similarity(self, angle, scale, dx, dy):
        """Points moved by a similarity are mapped back exactly."""
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = TEMPLATE_PX @ turn.T + [dx, dy]
        matrix = similarity(moved[None], TEMPLATE_PX)[0]
        assert np.allclose(moved @ matrix[:, :2].T + matrix[:, 2], TEMPLATE_PX, atol=1e-6)

    def test_no_faces(self):
        """An empty batch of landmarks gives an empty batch of maps."""
        assert similarity(np.zeros((0, 5, 2)), TEMPLATE_PX).shape == (0, 2, 3)


class TestView:
    def test_without_augmentation_it_is_the_middle_or_its_mirror(self):
        """With every reach at 0 a view shows the same pixels as the plain crop."""
        crop = noise_crops(1)[0]
        middle = crop[8:120, 8:120]
        rng = np.random.default_rng(0)
        seen = set()
        for _ in range(12):
            got = view(crop, STILL, rng)
            straight, mirrored = np.array_equal(got, middle), np.array_equal(got, middle[:, ::-1])
            assert straight or mirrored
            seen.add(straight)
        assert seen == {True, False}

    def test_same_random_numbers_same_view(self):
        """A seed fixes a view, noise included."""
        config = changed(rotation_deg=5, colour=0.2, noise=1, noise_std=9, jpeg=1, shrink=1)
        first, second = (views(noise_crops(3), config, np.random.default_rng(5)) for _ in range(2))
        assert np.array_equal(first, second)

    @pytest.mark.parametrize("values", [{"noise": 1, "noise_std": 9}, {"jpeg": 1}, {"shrink": 1}])
    def test_each_wear_changes_pixels(self, values):
        """No option is without effect."""
        crop = noise_crops(1)[0]
        worn = view(crop, changed(**values), np.random.default_rng(1))
        plain = {crop[8:120, 8:120].tobytes(), crop[8:120, 8:120][:, ::-1].tobytes()}
        assert worn.tobytes() not in plain

    def test_grey_has_equal_channels(self):
        """A picture without colour has none left."""
        grey = view(noise_crops(1)[0], changed(grey=1), np.random.default_rng(1)).astype(int)
        assert np.ptp(grey, axis=2).max() <= 1

    def test_empty_batch(self):
        """No crops, no views."""
        assert views(noise_crops(0), STILL, np.random.default_rng(0)).shape == (0, 112, 112, 3)


class TestBlend:
    def test_leaves_its_input_alone(self):
        """Views are blended from the originals, not from blended ones."""
        originals = views(noise_crops(4), STILL, np.random.default_rng(0))
        before = originals.copy()
        blend(originals, changed(mixup=1, mixup_weight=0.5, paste=1), np.random.default_rng(0))
        assert np.array_equal(originals, before)

    def test_pastes_a_rectangle_of_another(self):
        """Pixels are from the picture itself or from one other."""
        flat = np.stack([np.full((INPUT_PX, INPUT_PX, 3), v, np.uint8) for v in (10, 20, 30)])
        pasted = blend(flat, changed(paste=1, paste_side=(0.3, 0.4)), np.random.default_rng(1))
        for row, value in enumerate((10, 20, 30)):
            kinds = set(np.unique(pasted[row]).tolist())
            assert value in kinds
            assert len(kinds) <= 2


class TestCanvas:
    @pytest.mark.parametrize(("height", "width"), [(250, 250), (500, 300), (40, 60), (3, 900)])
    def test_map_leads_back_to_the_picture(self, height, width):
        """A picture's middle lands in the canvas' middle, whatever its size."""
        canvas, (scale, left, top) = on_canvas(np.full((height, width, 3), 9, np.uint8), 1.0)
        assert canvas.shape == (CANVAS_PX, CANVAS_PX, 3)
        assert abs(scale * width / 2 + left - CANVAS_PX / 2) <= 1
        assert abs(scale * height / 2 + top - CANVAS_PX / 2) <= 1
        assert canvas[int(top), CANVAS_PX // 2, 0] == 9

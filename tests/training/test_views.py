"""Alignment, augmentation and detection decoding."""

import tarfile

import cv2
import numpy as np
import pytest

from fvs.geometry import ARCFACE_TEMPLATE_112
from training.embedder.augment import blend, view, views
from training.embedder.config import AugmentConfig
from training.embedder.geometry import CROP_PX, INPUT_PX, MARGIN_PX
from training.embedder.landmarks import align_pictures, main_landmarks, open_detector

STILL = AugmentConfig(
    rotation_deg=0, scale_log=0, shift_px=0, colour=0, grey=0, shrink=0, shrink_to_px=32, jpeg=0,
    jpeg_quality=(50, 60), noise=0, noise_std=0, mixup=0, mixup_weight=0, paste=0,
    paste_side=(0.2, 0.5),
)  # fmt: skip


def changed(**values):
    """`STILL` with some values changed."""
    return AugmentConfig(**{**{f: getattr(STILL, f) for f in STILL.__struct_fields__}, **values})


def noise_crops(count):
    """(count, 128, 128, 3) of noise."""
    shape = (count, CROP_PX, CROP_PX, 3)
    return np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)


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


class TestAlignment:
    def test_missing_and_faceless_pictures_give_none(self, shared_dir):
        """One bad picture costs its own row only; no pictures give no rows."""
        detector = open_detector(shared_dir / "models")
        blank = np.zeros((64, 64, 3), np.uint8)
        assert align_pictures([], detector) == []
        assert align_pictures([None, blank], detector) == [None, None]

    def test_a_real_face_lies_where_the_template_wants_it(self, shared_dir):
        """Found again in its own crop, a face has its landmarks near the template's."""
        detector = open_detector(shared_dir / "models")
        with tarfile.open(shared_dir / "data" / "pool_lfw.tar") as archive:
            content = archive.extractfile("lfw/AJ_Cook_0001.jpg").read()
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        (crop,) = align_pictures([cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)], detector)
        (points,) = main_landmarks([crop], detector)
        assert np.abs(points - (ARCFACE_TEMPLATE_112 + MARGIN_PX)).max() < 5

    def test_no_picture_no_landmarks(self, shared_dir):
        """Missing pictures have NaN, and an empty batch is a batch."""
        detector = open_detector(shared_dir / "models")
        assert main_landmarks([], detector).shape == (0, 5, 2)
        assert np.isnan(main_landmarks([None], detector)).all()

"""Simulated attacks look like it: stripes inside a bezel, a print inside a border."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")

from fvs.specimen import CameraConditions, CaptureConditions
from fvs.specimen.attack import PaperAttack, ScreenAttack, hold_up_print, replay_on_screen
from fvs.specimen.selfie import take_selfie

FLAT = np.full((300, 240, 3), 200, np.uint8)
SQUARE = CaptureConditions(frame_wh_px=(240, 320), card_share=0.8)
PERFECT = CameraConditions()


def centre(pixels):
    """The inner quarter."""
    rows, columns = pixels.shape[:2]
    return pixels[rows // 3 : -rows // 3, columns // 3 : -columns // 3].astype(float)


class TestReplayOnScreen:
    """`replay_on_screen`."""

    def test_without_stripes_a_flat_picture_stays_flat(self):
        """Only the glow and the tint are left."""
        attack = ScreenAttack(capture=SQUARE, subpixel_depth=0.0)
        assert np.ptp(centre(replay_on_screen(FLAT, attack, 1)), axis=(0, 1)).max() == 0

    def test_stripes_differ_between_the_channels(self):
        """Red, green and blue stripes lie side by side, which is what makes moire coloured."""
        attack = ScreenAttack(capture=SQUARE, subpixel_depth=0.4)
        shown = centre(replay_on_screen(FLAT, attack, 1))
        red, blue = (shown[..., c].ravel() - shown[..., c].mean() for c in (0, 2))
        assert red.std() > 5
        assert np.corrcoef(red, blue)[0, 1] < 0.5

    def test_has_a_bezel(self):
        """The lit picture is framed in near black."""
        shown = replay_on_screen(FLAT, ScreenAttack(capture=SQUARE, bezel_share=0.1), 1)
        assert shown[160, :].max(axis=1).min() < 20

    def test_seed_decides(self):
        """Same seed, same picture; another seed other noise."""
        first, again, other = (replay_on_screen(FLAT, ScreenAttack(), s) for s in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


class TestHoldUpPrint:
    """`hold_up_print`."""

    def test_has_a_white_border(self):
        """Paper white lies around the print."""
        attack = PaperAttack(capture=SQUARE, border_share=0.1)
        shown = hold_up_print(np.zeros_like(FLAT), attack, 1)
        row = shown[160].min(axis=1)
        assert (row == 255).sum() >= 2 * 0.08 * 0.8 * 240
        assert row[120] == 0

    def test_seed_decides(self):
        """Same seed, same picture; another seed other grain."""
        first, again, other = (hold_up_print(FLAT, PaperAttack(), s) for s in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


class TestTakeSelfie:
    """`take_selfie`."""

    @pytest.mark.parametrize("roll_deg", [0.0, 90.0])
    def test_face_is_brought_to_its_place(self, roll_deg):
        """The face's centre lands in the same place and size, however it is turned."""
        picture = np.zeros((300, 300, 3), np.uint8)
        picture[180:220, 60:100] = 255
        shot = take_selfie(picture, (60, 180, 100, 220), PERFECT, roll_deg=roll_deg, seed=1)
        rows, columns = np.nonzero(shot.min(axis=2) == 255)
        assert (columns.mean(), rows.mean()) == pytest.approx((360, 0.38 * 960), abs=6)
        assert np.ptp(rows) == pytest.approx(0.40 * 960, rel=0.05)

    def test_camera_conditions_apply(self):
        """A dark camera makes a dark selfie."""
        dim = replace(PERFECT, exposure_stops=-3.0)
        box = (60, 60, 180, 220)
        light, dark = (take_selfie(FLAT, box, camera, seed=1) for camera in (PERFECT, dim))
        assert dark.mean() < light.mean() / 2

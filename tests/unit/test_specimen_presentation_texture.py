"""Periodic structures fold where the sampling theorem says, and poses are those of a pinhole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")

from fvs.specimen.presentation.texture import (
    aperture_gain,
    banding,
    dot_screens,
    pentile_grid,
    stripe_grid,
)
from fvs.specimen.presentation.view import crop_around, filling, framed, held_up, look

SIDE = 200
FACE = (40.0, 50.0, 80.0, 100.0)


def peak(field):
    """Cycles per pixel (rows, columns) of the strongest frequency of a field, both 0 to 0.5."""
    spectrum = np.abs(np.fft.fft2(field - field.mean()))
    row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
    fold = [min(i, n - i) / n for i, n in zip((row, column), field.shape, strict=True)]
    return tuple(fold)


def pixel_places(mm_per_px):
    """Places in mm of a frame that sees a plane squarely."""
    axis = np.arange(SIDE, dtype=np.float32) * np.float32(mm_per_px)
    return axis[None, :], axis[:, None]


class TestMoire:
    @pytest.mark.parametrize("cycles_per_px", [0.2, 0.45, 0.8, 1.05, 1.25, 2.1])
    def test_stripes_fold_to_their_alias(self, cycles_per_px):
        """A grid of f cycles per pixel is seen at |f - round(f)|."""
        x, y = pixel_places(1.0)
        grid = stripe_grid(x, y, 1 / cycles_per_px, 0.5)
        rows, columns = peak(grid[..., 0] - grid[..., 0].mean(axis=1, keepdims=True))
        assert rows == 0
        assert columns == pytest.approx(abs(cycles_per_px - round(cycles_per_px)), abs=1 / SIDE)

    def test_channels_are_a_third_of_a_pixel_apart(self):
        """Which is what makes moire coloured."""
        x, y = pixel_places(0.01)
        grid = stripe_grid(x, y, 1.0, 0.5)[0, :100]
        phases = [np.angle(np.fft.fft(grid[:, c])[1]) for c in range(3)]
        steps = np.diff(phases) % (2 * np.pi)
        assert np.allclose(steps, 4 * np.pi / 3, atol=1e-3)

    def test_stripes_keep_the_mean(self):
        """The grid redistributes light; it adds none."""
        x, y = pixel_places(0.13)
        assert stripe_grid(x, y, 1.0, 0.6).mean() == pytest.approx(1.0, abs=0.01)

    def test_pentile_red_and_blue_are_coarser_than_green(self):
        """Their lattice has half the density, turned by 45 degrees."""
        x, y = pixel_places(0.1)
        grid = pentile_grid(x, y, 1.0, 0.5)
        green, red = peak(grid[..., 1]), peak(grid[..., 0])
        assert max(green) == pytest.approx(0.1)
        assert min(green) == 0
        assert red == pytest.approx((0.05, 0.05)) or max(red) == pytest.approx(0.1)
        assert np.allclose(grid[..., 0] + grid[..., 2], 2, atol=1e-5)

    @pytest.mark.parametrize(("channel", "angle"), [(0, 15), (1, 75), (2, 45)])
    def test_dots_are_turned_per_ink(self, channel, angle):
        """The screen's frequency vector points along the ink's angle."""
        x, y = pixel_places(1.0)
        dots = dot_screens(x, y, 0.2, 0.5, 0.0)[..., channel]
        rows, columns = peak(dots)
        found = np.degrees(np.arctan2(rows, columns))
        assert min(abs(found - angle), abs(90 - found - angle)) < 3
        assert np.hypot(rows, columns) == pytest.approx(0.2, abs=0.01)

    def test_dots_stay_within_their_swing(self):
        """-swing to swing."""
        x, y = pixel_places(0.37)
        dots = dot_screens(x, y, 0.6, 0.3, 10.0)
        assert np.abs(dots).max() <= 0.3 + 1e-6

    @pytest.mark.parametrize("count", [0, 1, 50])
    def test_bands_run_across_rows(self, count):
        """(rows, 1, 1), about 1, with the swing asked for; none for an empty frame."""
        bands = banding(count, 3.0, 0.1, 0.4)
        assert bands.shape == (count, 1, 1)
        assert np.abs(bands - 1).max(initial=0) <= 0.1 + 1e-6


class TestAperture:
    @given(st.floats(0, 4), st.floats(0, 3))
    def test_is_a_share(self, cycles, blur):
        """Never more than all, and all of what is uniform."""
        assert 0 <= aperture_gain(cycles, blur) <= 1
        assert aperture_gain(0.0, blur) == 1

    @pytest.mark.parametrize("cycles_per_px", [0.3, 0.7, 1.4])
    def test_equals_averaging_over_the_pixel(self, cycles_per_px):
        """|sinc| is what a fine sinusoid averaged over one pixel's width keeps of its swing."""
        fine = 1000
        along = (np.arange(400 * fine) + 0.5) / fine
        seen = np.cos(2 * np.pi * cycles_per_px * along).reshape(400, fine).mean(axis=1)
        kept = seen.std() * np.sqrt(2)
        assert aperture_gain(cycles_per_px) == pytest.approx(kept, rel=0.02)

    def test_a_whole_cycle_per_pixel_is_lost(self):
        """The sensor averages it away."""
        assert aperture_gain(1.0) == pytest.approx(0, abs=1e-12)


class TestView:
    def plane(self, face=FACE):
        """A sheet of 160 x 120 px with a border of 10."""
        picture = np.zeros((160, 120, 3), np.uint8)
        return framed(picture, face, (10, 10, 10, 10), (255, 255, 255), 60.0)

    def test_frame_adds_a_border_of_its_colour(self):
        """And moves face and picture with it."""
        plane = self.plane()
        assert plane.pixels_rgb.shape == (180, 140, 3)
        assert plane.face_xyxy_px == (50, 60, 90, 110)
        assert plane.picture_xyxy_px == (10, 10, 130, 170)
        assert plane.mm_per_px == 0.5
        assert plane.pixels_rgb[0].min() == 255
        assert plane.pixels_rgb[10:-10, 10:-10].max() == 0

    def test_untilted_look_is_a_similarity(self):
        """The focus lands on its place and lengths grow by the scale."""
        view = look((70, 80), 2.0, (0, 0, 0), (300, 400), (150, 200))
        assert view.follow((60, 70, 80, 90)) == pytest.approx((130, 180, 170, 220))

    def test_places_on_the_artefact_undo_the_pose(self):
        """What a frame pixel sees is mapped back onto that pixel."""
        plane = self.plane()
        view = look((70, 80), 1.5, (12, -8, 5), (260, 300), (130, 150))
        x, y = (field[40, 200] / plane.mm_per_px for field in view.plane_mm(plane))
        u, v, w = view.to_frame @ np.array([x, y, 1.0])
        assert (u / w, v / w) == pytest.approx((200, 40), abs=0.01)

    def test_millimetres_per_pixel_follow_the_scale(self):
        """Half a millimetre per plane pixel seen twice as large is a quarter."""
        view = look((70, 85), 2.0, (0, 0, 0), (300, 400), (150, 200))
        assert view.mm_per_px(self.plane()) == pytest.approx(0.25)

    def test_held_up_shows_the_surroundings_and_filling_does_not(self):
        """Edges inside the frame, or none."""
        plane = self.plane((20, 30, 100, 130))
        for seed in range(10):
            rng = np.random.default_rng(seed)
            assert held_up(plane, 1.0, 5.0, rng).cover(plane).min() == 0
            assert filling(plane, 1.0, 5.0, rng).cover(plane).min() == 1

    @given(st.floats(1.0, 6.0))
    def test_crops_stay_inside_and_keep_the_face(self, over_face):
        """The face's pixels are the same ones, wherever the crop begins."""
        picture = np.arange(160 * 120 * 3, dtype=np.uint32).reshape(160, 120, 3) % 251
        cropped, (left, top, right, bottom) = crop_around(picture.astype(np.uint8), FACE, over_face)
        assert right - left == 40
        assert left >= 0
        assert cropped.shape[0] <= 160
        middle = cropped[int((top + bottom) / 2), int((left + right) / 2)]
        assert np.array_equal(middle, picture[75, 60])

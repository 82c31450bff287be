"""Every severity does what its name says, zero does nothing, and the seed decides the rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.engine import Engine
from fvs.raster import encode_jpeg

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")

from fvs.specimen import (
    CameraConditions,
    CaptureConditions,
    PrintConditions,
    conditions,
    degrade,
    head_and_shoulders,
    render_specimen_card,
    specimen_holder,
)
from fvs.specimen.degradation import (
    VIEWING_DISTANCE,
    photograph,
    plane_to_frame,
    print_on_paper,
)
from fvs.specimen.layout import MM_PER_INCH, PORTRAIT
from fvs.status import Role

PX_PER_MM = 300 / MM_PER_INCH
GREY = np.full((120, 160, 3), 128, np.uint8)
COLOURS = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
PRESETS = {
    name: value
    for name, value in vars(conditions).items()
    if isinstance(value, CaptureConditions) and not name.startswith("_")
}


def rng():
    """A fresh generator, always the same."""
    return np.random.default_rng(7)


def taken(picture=GREY, **severities):
    """A picture taken with one severity set, as float."""
    return photograph(picture, CameraConditions(**severities), rng()).astype(float)


def printed(picture=GREY, **severities):
    """A picture printed with one severity set, as float."""
    return print_on_paper(picture, PrintConditions(**severities), PX_PER_MM, rng()).astype(float)


def roughness(pixels):
    """Mean difference of horizontal neighbours."""
    return np.abs(np.diff(pixels, axis=1)).mean()


class TestPhotograph:
    """Camera severities."""

    def test_nothing_changes_nothing(self):
        """All severities at their neutral values leave every pixel."""
        assert np.array_equal(taken(COLOURS), COLOURS)

    @given(st.floats(min_value=-3, max_value=1))
    def test_exposure_is_in_stops_of_light(self, stops):
        """One stop doubles linear light, so display levels change by 2 ** (1 / 2.2)."""
        expected = min(255.0, 128 * 2 ** (stops / 2.2))
        assert np.abs(taken(exposure_stops=stops) - expected).max() <= 1

    def test_falloff_spans_the_share_given(self):
        """The darkest edge has lost that share of linear light, the brightest none."""
        light = (taken(light_falloff=0.5) / 128) ** 2.2
        assert light.max() == pytest.approx(1.0, abs=0.02)
        assert light.min() == pytest.approx(0.5, abs=0.02)

    def test_glare_burns_out_one_spot(self):
        """Full strength is white at the centre and leaves far corners alone."""
        spot = taken(glare_strength=1.0, glare_radius=0.05)
        assert spot.max() >= 250
        assert np.median(spot) == 128

    @pytest.mark.parametrize("severity", [{"defocus_sigma_px": 2.0}, {"motion_px": 9.0}])
    def test_blur_smooths_and_keeps_the_mean(self, severity):
        """Blur takes differences, not light."""
        blurred = taken(COLOURS, **severity)
        assert roughness(blurred) < roughness(COLOURS.astype(float)) * 0.6
        assert blurred.mean() == pytest.approx(COLOURS.mean(), abs=1)

    def test_noise_has_the_deviation_given(self):
        """In 8-bit levels, about the true value."""
        noise = taken(noise_sd_levels=5.0) - 128
        assert noise.std() == pytest.approx(5.0, rel=0.05)
        assert abs(noise.mean()) < 0.2

    def test_jpeg_loses_more_at_lower_quality(self):
        """Error falls with quality."""
        errors = [np.abs(taken(COLOURS, jpeg_quality=q) - COLOURS).mean() for q in (20, 60, 95)]
        assert errors[0] > errors[1] > errors[2] > 0


class TestPrintOnPaper:
    """Print severities."""

    def test_nothing_changes_nothing(self):
        """Neutral inks on perfect paper leave every pixel."""
        assert np.array_equal(printed(COLOURS), COLOURS)

    def test_no_saturation_is_grey(self):
        """All three channels are equal."""
        grey = printed(COLOURS, saturation=0.0)
        assert np.ptp(grey, axis=2).max() <= 1

    def test_contrast_is_about_mid_grey(self):
        """Half the contrast halves the distance from 127.5."""
        flat = printed(COLOURS, contrast=0.5)
        assert np.abs(flat - (127.5 + 0.5 * (COLOURS - 127.5))).max() <= 1

    def test_halftone_has_the_pitch_given(self):
        """Along a line at 45 degrees to the screen the dots repeat sqrt(2) lines apart."""
        lines_per_inch = 300 / 8
        row = printed(
            np.full((256, 256, 3), 128, np.uint8),
            halftone_lines_per_inch=lines_per_inch,
            halftone_depth=0.4,
        )[0, :, 0]
        spectrum = np.abs(np.fft.rfft(row - row.mean()))
        per_px = np.argmax(spectrum) / 256
        assert per_px == pytest.approx(1 / 8 / np.sqrt(2), abs=1 / 256)

    def test_halftone_fades_in_paper_and_full_ink(self):
        """Pure white and pure black have no dots."""
        for level in (0, 255):
            plain = np.full((40, 40, 3), level, np.uint8)
            assert np.array_equal(printed(plain, halftone_depth=1.0), plain)

    def test_grain_has_the_deviation_given(self):
        """The same grain in all channels: paper has no colour noise."""
        grain = printed(grain_sd_levels=4.0) - 128
        assert grain[..., 0].std() == pytest.approx(4.0, rel=0.05)
        assert np.array_equal(grain[..., 0], grain[..., 2])


class TestPlaneToFrame:
    """The homography."""

    def test_square_to_the_camera_it_is_a_scaling(self):
        """A centred card of the share asked, without turn."""
        shot = CaptureConditions(frame_wh_px=(1000, 800), card_share=0.5)
        matrix = plane_to_frame((200, 100), shot)
        corners = matrix @ np.array([[0, 0, 1], [200, 100, 1]]).T
        placed = (corners[:2] / corners[2]).T
        assert np.allclose(placed, [[250, 275], [750, 525]], atol=1e-9)

    @given(st.floats(-20, 20), st.floats(-20, 20), st.floats(-180, 180))
    def test_equals_projecting_points_in_space(self, yaw, pitch, roll):
        """Each corner lands where the pinhole formula puts its turned point."""
        shot = CaptureConditions(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
        matrix = plane_to_frame((1011, 638), shot)
        focal = shot.card_share * shot.frame_wh_px[0] * VIEWING_DISTANCE
        for x, y in [(0, 0), (1011, 0), (1011, 638), (0, 638), (300, 200)]:
            point = np.array([(x - 505.5) / 1011, (y - 319) / 1011, 0.0])
            a, b, c = np.deg2rad([yaw, pitch, -roll])
            point = [point[0] * np.cos(a), point[1], point[0] * np.sin(a)]
            point = [
                point[0],
                point[1] * np.cos(b) - point[2] * np.sin(b),
                point[1] * np.sin(b) + point[2] * np.cos(b),
            ]
            point = [
                point[0] * np.cos(c) - point[1] * np.sin(c),
                point[0] * np.sin(c) + point[1] * np.cos(c),
                point[2] + VIEWING_DISTANCE,
            ]
            expected = np.array([800, 600]) + focal * np.array(point[:2]) / point[2]
            got = matrix @ [x, y, 1]
            assert got[:2] / got[2] == pytest.approx(expected, abs=1e-6)


class TestDegrade:
    """`degrade`."""

    @pytest.mark.parametrize("name", PRESETS)
    def test_presets_are_decided_by_the_seed(self, name):
        """Same seed, same picture; another seed another one, of the frame's size."""
        shot = replace(PRESETS[name], frame_wh_px=(320, 240))
        first, again, other = (degrade(COLOURS, shot, seed) for seed in (1, 1, 2))
        assert first.shape == (240, 320, 3)
        assert first.dtype == np.uint8
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_plain_card_fills_its_share(self):
        """Perfectly lit, the card's own pixels cover the share asked of the frame's width."""
        shot = replace(conditions.PLAIN, frame_wh_px=(400, 300), card_share=0.5)
        white = np.full((638, 1011, 3), 255, np.uint8)
        columns = np.flatnonzero((degrade(white, shot, 1) == 255).all(axis=2).any(axis=0))
        assert np.ptp(columns) == pytest.approx(200, abs=3)


class TestOnTheEngine:
    """What a detector makes of the pictures."""

    @pytest.mark.parametrize("name", PRESETS)
    def test_the_portrait_is_found_not_the_ghost(self, name, reference_pack):
        """In every preset the face chosen from a card lies in its portrait."""
        data = pytest.importorskip("skimage.data", reason="the portrait ships in scikit-image")
        engine = Engine.from_pack(reference_pack)
        person = head_and_shoulders(data.astronaut(), (180, 60, 271, 174))
        shot = PRESETS[name]
        card = render_specimen_card(person, specimen_holder(1), seed=1)
        picture = degrade(card, shot, seed=1)
        samples = engine.extract([encode_jpeg(picture, 95)], Role.CARD)
        box = samples.faces.xyxy_px[0] / samples.images.scale[0]
        centre = np.linalg.inv(plane_to_frame(card.shape[1::-1], shot)) @ [*_middle(box), 1]
        left, top, right, bottom = PORTRAIT.xyxy_px(PX_PER_MM)
        x, y = centre[:2] / centre[2]
        assert left < x < right
        assert top < y < bottom


def _middle(box):
    return (box[:2] + box[2:]) / 2

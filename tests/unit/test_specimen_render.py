"""The card is an ID-1 card with the portrait and its ghost where the layout says."""

from dataclasses import replace

import numpy as np
import pytest

from fvs.errors import UsageError

pytest.importorskip("PIL", reason="drawing needs the demo extra")

from fvs.lettering import Image, ImageDraw, font, has_thai
from fvs.specimen import CardStyle, head_and_shoulders, render_specimen_card, specimen_holder
from fvs.specimen.artwork import specimen_mask
from fvs.specimen.layout import (
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    GHOST,
    PORTRAIT,
    card_lines,
)

HOLDER = specimen_holder(1)
BARE = CardStyle(specimen_opacity=0.0, specimen_opacity_on_portrait=0.0)


def portrait(rgb=(20, 200, 40)):
    """A plain portrait of the card portrait's shape."""
    return np.full((226, 176, 3), rgb, np.uint8)


def inside(pixels, box, style):
    """The middle columns of a box, where no height scale stands."""
    left, top, right, bottom = box.xyxy_px(style.px_per_mm)
    third = (right - left) // 3
    return pixels[top:bottom, left + third : right - third]


class TestRenderSpecimenCard:
    """`render_specimen_card`."""

    @pytest.mark.parametrize(("dots_per_inch", "size"), [(300, (1011, 638)), (150, (506, 319))])
    def test_has_the_size_of_an_id_1_card(self, dots_per_inch, size):
        """85.6 x 53.98 mm at the resolution asked."""
        style = CardStyle(dots_per_inch=dots_per_inch)
        pixels = render_specimen_card(portrait(), HOLDER, style=style)
        assert pixels.shape == (size[1], size[0], 3)
        assert pixels.dtype == np.uint8

    def test_portrait_stands_in_its_place(self):
        """Without SPECIMEN over it the portrait's pixels are the card's."""
        pixels = render_specimen_card(portrait(), HOLDER, style=BARE)
        assert (inside(pixels, PORTRAIT, BARE) == (20, 200, 40)).all()

    def test_ghost_is_grey_and_pale(self):
        """The ghost has no colour of its own, and is a blend of the portrait and the paper."""
        full, none = (
            render_specimen_card(portrait((0, 0, 0)), HOLDER, style=replace(BARE, ghost_opacity=o))
            for o in (1.0, 0.0)
        )
        half = render_specimen_card(portrait((0, 0, 0)), HOLDER, style=BARE)
        black, paper, ghost = (inside(p, GHOST, BARE).astype(int) for p in (full, none, half))
        assert (black == 0).all()
        assert np.abs(ghost - paper * (1 - BARE.ghost_opacity)).max() <= 1

    def test_seed_moves_only_the_background(self):
        """Same seed, same pixels; another seed other lines but the same portrait."""
        first, again, other = (render_specimen_card(portrait(), HOLDER, seed=s) for s in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        style = CardStyle()
        assert np.array_equal(inside(first, PORTRAIT, style), inside(other, PORTRAIT, style))

    def test_specimen_covers_the_card_but_spares_the_face(self):
        """The word reaches over most of the card's width and is weak on the portrait."""
        style = CardStyle()
        mask = specimen_mask(style)
        columns = np.flatnonzero(mask.max(axis=0) > 0)
        assert np.ptp(columns) > 0.7 * mask.shape[1]
        left, top, right, bottom = PORTRAIT.xyxy_px(style.px_per_mm)
        assert mask.max() == pytest.approx(style.specimen_opacity)
        assert mask[top:bottom, left:right].max() <= style.specimen_opacity_on_portrait + 1e-6

    @pytest.mark.parametrize(
        "wrong",
        [
            np.zeros((0, 0, 3), np.uint8),
            np.zeros((50, 50), np.uint8),
            np.zeros((50, 50, 4), np.uint8),
            np.zeros((50, 50, 3), np.float32),
            np.zeros((4, 50, 3), np.uint8),
        ],
    )
    def test_refuses_what_is_no_picture(self, wrong):
        """Anything but (H, W, 3) uint8 of a usable size is the caller's mistake."""
        with pytest.raises(UsageError, match="expected"):
            render_specimen_card(wrong, HOLDER)


class TestLayout:
    """Text lines."""

    def test_all_text_stays_on_the_card_and_out_of_the_portrait(self):
        """No line runs over the edge or into the portrait or ghost, in the card's own typeface."""
        if not has_thai():
            pytest.skip("needs the Thai font of the demo extra")
        scale = CardStyle().px_per_mm
        for line in card_lines(HOLDER):
            face = font(line.em_mm * scale, "bold" if line.bold else "regular")
            left, top, right, bottom = (side / scale for side in face.getbbox(line.text))
            assert line.left_mm + right <= CARD_WIDTH_MM
            assert line.top_mm + bottom <= CARD_HEIGHT_MM
            for box in (PORTRAIT, GHOST):
                beside = (
                    line.left_mm + right < box.left_mm
                    or line.left_mm + left > box.left_mm + box.width_mm
                )
                above_or_below = (
                    line.top_mm + bottom < box.top_mm
                    or line.top_mm + top > box.top_mm + box.height_mm
                )
                assert beside or above_or_below, line

    def test_no_two_lines_overlap(self):
        """Every line can be read."""
        if not has_thai():
            pytest.skip("needs the Thai font of the demo extra")
        scale = CardStyle().px_per_mm
        inked = np.zeros((638, 1011), int)
        for line in card_lines(HOLDER):
            face = font(line.em_mm * scale, "bold" if line.bold else "regular")
            page = Image.new("L", (1011, 638))
            at = (line.left_mm * scale, line.top_mm * scale)
            ImageDraw.Draw(page).text(at, line.text, 255, face)
            inked += np.asarray(page) > 0
        assert inked.max() == 1


class TestHeadAndShoulders:
    """`head_and_shoulders`."""

    def test_face_has_its_share(self):
        """A white face box fills 56 % of the portrait's height."""
        picture = np.zeros((400, 400, 3), np.uint8)
        picture[150:250, 160:240] = 255
        cut = head_and_shoulders(picture, (160, 150, 240, 250))
        assert cut.shape[1] / cut.shape[0] == pytest.approx(17.6 / 22.6, abs=0.01)
        assert (cut[..., 0] > 0).any(axis=1).mean() == pytest.approx(0.56, abs=0.01)

    def test_repeats_the_edge_where_the_picture_ends(self):
        """A face in the corner still gives a whole portrait."""
        picture = np.full((100, 100, 3), 77, np.uint8)
        cut = head_and_shoulders(picture, (0, 0, 60, 80))
        assert (cut == 77).all()

    @pytest.mark.parametrize(
        "box", [(10, 10, 10, 20), (200, 10, 220, 30), (-30, 0, -10, 9), (np.nan,) * 4]
    )
    def test_refuses_a_box_that_is_not_in_the_picture(self, box):
        """An empty, missing or outside box is the caller's mistake."""
        with pytest.raises(UsageError, match="face box"):
            head_and_shoulders(np.zeros((100, 100, 3), np.uint8), box)

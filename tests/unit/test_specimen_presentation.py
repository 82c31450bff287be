"""Every species of simulated attack: what comes out, and that the seed alone decides."""

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")

from fvs.raster import jpeg_round_trip
from fvs.specimen.presentation import SPECIES, draw_camera, present, seen_live, seen_near
from fvs.specimen.presentation.card import IdCard, card_plane
from fvs.specimen.presentation.prints import Paper, bend, cut_out
from fvs.specimen.presentation.surroundings import add_reflection, add_sheen
from fvs.specimen.presentation.view import framed
from tests.captures import texture

FACE = (60.0, 50.0, 120.0, 130.0)
NAMES = list(SPECIES)
CLOSE = [name for name in NAMES if name.endswith("_close")]


def portrait(seed=0):
    """(200, 180, 3) a blotchy picture."""
    return texture(seed, 200, 180)


def seeded(seed):
    """A generator."""
    return np.random.default_rng(seed)


class TestSpecies:
    def test_table_names_both_kinds_in_order(self):
        """Prints first, then replays, and several of each."""
        kinds = [species.kind for species in SPECIES.values()]
        assert kinds == sorted(kinds)
        assert kinds.count("print") >= 6
        assert kinds.count("replay") >= 5

    def test_descriptions_differ(self):
        """Each row of the table says something of its own."""
        assert len({species.description for species in SPECIES.values()}) == len(SPECIES)

    def test_unknown_species_is_the_callers_mistake(self):
        """There is nothing to fall back on."""
        with pytest.raises(KeyError):
            present("hologram", portrait(), FACE, 1.0, seeded(0))

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("scale", [0.5, 1.3])
    def test_gives_a_picture_with_the_face_inside(self, name, scale):
        """(H, W, 3) uint8; the face has about the wanted width and its centre is in the frame."""
        for seed in range(3):
            frame, box = present(name, portrait(), FACE, scale, seeded(seed))
            assert frame.dtype == np.uint8
            assert frame.ndim == 3
            assert frame.shape[2] == 3
            assert frame.std() > 1
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            assert 0 < middle[0] < frame.shape[1]
            assert 0 < middle[1] < frame.shape[0]
            assert box[2] - box[0] == pytest.approx(60 * scale, rel=0.15)

    @pytest.mark.parametrize("name", NAMES)
    def test_seed_decides(self, name):
        """Same seed, same picture and box; another seed, another picture."""
        first, again, other = (present(name, portrait(), FACE, 0.8, seeded(s)) for s in (4, 4, 5))
        assert np.array_equal(first[0], again[0])
        assert first[1] == again[1]
        assert not np.array_equal(first[0], other[0])

    @pytest.mark.parametrize("name", NAMES)
    def test_source_is_left_alone(self, name):
        """The picture handed over is not written to."""
        picture = portrait()
        before = picture.copy()
        present(name, picture, FACE, 1.0, seeded(0))
        assert np.array_equal(picture, before)

    @pytest.mark.parametrize("name", CLOSE)
    def test_close_ones_show_no_edge(self, name, monkeypatch):
        """A frame that is filled holds the artefact in every pixel."""
        seen = []
        module = {"print": "prints", "replay": "screens"}[SPECIES[name].kind]
        module = "card" if name.startswith("card") else module
        source = __import__(f"fvs.specimen.presentation.{module}", fromlist=["filling"])
        filling = source.filling

        def watched(plane, *rest):
            view = filling(plane, *rest)
            seen.append(view.cover(plane))
            return view

        monkeypatch.setattr(source, "filling", watched)
        for seed in range(8):
            present(name, portrait(), FACE, 1.0, seeded(seed))
        assert min(cover.min() for cover in seen) == 1


class TestCamera:
    def test_live_keeps_the_face(self):
        """Only the scale and less than a pixel of shift move the box."""
        frame, box = seen_live(portrait(), FACE, 1.5, seeded(1))
        assert frame.shape == (298, 268, 3)
        assert np.allclose(box, np.array(FACE) * 1.5, atol=1)

    @pytest.mark.parametrize("see", [seen_live, seen_near])
    def test_live_seed_decides(self, see):
        """Same seed, same picture."""
        first, again = (see(portrait(), FACE, 1.0, seeded(3))[0] for _ in range(2))
        assert np.array_equal(first, again)

    def test_near_is_framed_as_artefacts_that_fill_the_frame(self):
        """Nearer than the whole picture, the face inside, and no black corner."""
        for seed in range(6):
            frame, box = seen_near(np.full((200, 180, 3), 200, np.uint8), FACE, 1.0, seeded(seed))
            assert frame.shape[0] < 190
            assert frame.shape[1] < 171
            assert 0 < box[0] < box[2] < frame.shape[1]
            assert frame.min() > 20

    def test_blur_grows_with_the_face(self):
        """The same draw on a face twice as wide is blurred twice as far."""
        small, large = (draw_camera(seeded(2), width) for width in (60.0, 120.0))
        assert large.defocus_sigma_px == pytest.approx(2 * small.defocus_sigma_px)

    def test_qualities_are_those_of_jpeg(self):
        """Every drawn quality can be encoded."""
        drawn = [draw_camera(seeded(s), 90.0).jpeg_quality for s in range(200)]
        assert None in drawn
        qualities = [q for q in drawn if q is not None]
        assert 40 <= min(qualities) < max(qualities) <= 96
        assert jpeg_round_trip(portrait(), min(qualities)).shape == portrait().shape


class TestArtefacts:
    def test_black_ink_is_not_black(self):
        """The inks' reflectance lifts what was black in the picture."""
        black = np.zeros((200, 180, 3), np.uint8)
        rng = seeded(0)
        paper = Paper(black_level=(50, 50), grain_levels=(0, 0))
        from fvs.specimen.presentation.prints import _sheet  # noqa: PLC0415 - only here

        sheet = _sheet(paper, black, FACE, rng)
        left, top, right, bottom = (int(v) for v in sheet.picture_xyxy_px)
        assert sheet.pixels_rgb[top:bottom, left:right].min() == 50

    def test_a_mask_has_holes_and_an_outline(self):
        """The face stays but for the eyes; the corners go."""
        plane = framed(portrait(), FACE, (0, 0, 0, 0), (0, 0, 0), 100.0)
        masks = [cut_out(plane, seeded(s)).mask for s in range(10)]
        holes = [mask[82, 78] == 0 for mask in masks]
        assert any(holes)
        assert not all(holes)
        assert all(mask[90 + 10, 90] == 255 and mask[5, 5] == 0 for mask in masks)

    def test_bending_shortens_the_sides_only(self):
        """The column through the face stays where it was; the far side comes nearer."""
        picture = portrait()
        plane = framed(picture, FACE, (0, 0, 0, 0), (0, 0, 0), 100.0)
        bent = bend(plane, 1.5, seeded(0))
        assert bent.mask is not None
        assert bent.mask[90, 90] == 255
        assert bent.mask[90, -1] == 0
        middle = bent.pixels_rgb[85:95, 90].astype(int)
        assert np.abs(middle - picture[85:95, 90]).max() <= 4

    def test_a_card_has_lines_across_the_portrait(self):
        """The guilloche darkens the portrait too."""
        flat = np.full((200, 180, 3), 200, np.uint8)
        plane = card_plane(IdCard(line_depth=(20, 20)), flat, FACE, seeded(0))
        left, top, right, bottom = (int(v) for v in plane.picture_xyxy_px)
        inside = plane.pixels_rgb[top:bottom, left:right]
        assert np.ptp(inside[..., 0].astype(int)) > 3

    @pytest.mark.parametrize("add", [add_sheen, add_reflection])
    def test_reflections_only_brighten_what_is_covered(self, add):
        """Light is added on the artefact and nowhere else."""
        levels = np.full((60, 80, 3), 90, np.float32)
        cover = np.zeros((60, 80), np.float32)
        cover[:, 40:] = 1
        lit = add(levels, cover, 0.5, seeded(1))
        assert (lit >= levels).all()
        assert (lit[:, 40:] > 91).any()
        assert np.array_equal(lit[:, :40], levels[:, :40])

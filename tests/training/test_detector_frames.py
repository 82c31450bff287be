"""Frames for the detector: labels follow pixels, rules of what a face is, and who may appear."""

import dataclasses

import numpy as np
import pytest

from fvs.geometry import upright_quarters
from tests.faces import MarkDetector, faces
from training.detector import steady
from training.detector.batches import MOST_FACES, batch_of
from training.detector.compose import Composer, Frame, moved, rolls_deg
from training.detector.config import ComposeConfig
from training.detector.scenery import clutter, lettering, noise
from training.detector.sources import FACE, MIRRORED, UNSURE, People, Picture, Sources
from training.detector.trials import close_ups

POINTS = np.array([[40.0, 45], [60, 45], [50, 56], [42, 66], [58, 66]])
BOX = np.array([30.0, 30, 70, 80])


def someone(kind=FACE):
    """One upright face."""
    return People(BOX[None], POINTS[None], np.array([kind]))


def turned(degrees, scale=1.0, middle=(50.0, 55.0)):
    """(2, 3) map that turns and scales about a point that stays."""
    angle = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, np.array(middle) - linear @ middle])


def dotted(colour_of_use):
    """Sources of one flat picture a use, with five bright dots where its landmarks are."""
    pictures = []
    for colour in colour_of_use.values():
        picture = np.full((120, 110, 3), colour, np.uint8)
        for x, y in POINTS.astype(int):
            picture[y - 1 : y + 2, x - 1 : x + 2] = 255
        pictures.append(picture.ravel())
    count = len(pictures)
    return Sources(
        files=[f"lfw/{use}.jpg" for use in colour_of_use],
        uses=list(colour_of_use),
        shapes=np.array([[120, 110]] * count),
        offsets=np.cumsum([0, *(p.size for p in pictures)])[:count],
        pixels=np.concatenate(pictures),
        people=[someone()] * count,
    )


def config(**shares):
    """Frames of the kinds named only."""
    kinds = {"fitted": 0.0, "placed": 0.0, "scene": 0.0, "card": 0.0, "empty": 0.0}
    kinds |= {"aligned": 0.0}
    return ComposeConfig(sides_px=(128,), sources={"lfw": 1.0}, clutter=2, **{**kinds, **shares})


class TestMoved:
    def test_landmarks_and_box_follow(self):
        """Twice the size about a point: twice the distances from it."""
        people = moved(someone(), turned(0, 2.0), 320)
        assert people.landmarks_px[0] == pytest.approx((POINTS - [50, 55]) * 2 + [50, 55])
        assert people.xyxy_px[0] == pytest.approx([10, 5, 90, 105])

    @pytest.mark.parametrize(
        ("degrees", "kinds"),
        [(0, [FACE]), (-44, [FACE]), (44, [FACE]), (60, [UNSURE]), (-74, [UNSURE]), (80, []),
         (180, []), (-100, [])],
    )  # fmt: skip
    def test_a_lying_face_is_none(self, degrees, kinds):
        """Upright within 45 degrees, open up to 75, no face beyond."""
        assert moved(someone(), turned(degrees), 128).kind.tolist() == kinds

    @pytest.mark.parametrize("degrees", [-170, -90, -30, 0, 20, 44, 89, 135])
    def test_roll_is_the_angle_turned_by(self, degrees):
        """And agrees with what the engine rights pictures by."""
        points = (POINTS - 50) @ turned(degrees)[:, :2].T + 50
        assert rolls_deg(points[None])[0] == pytest.approx(degrees, abs=1e-6)
        quarters = upright_quarters(points[None].astype(np.float32))[0]
        assert quarters == np.rint(degrees / 90) % 4

    def test_mirrored_eyes_change_names(self):
        """The eye on the picture's left stays first."""
        mirror = np.array([[-1.0, 0, 100], [0, 1, 0]])
        people = moved(someone(), mirror, 128)
        assert people.landmarks_px[0, 0, 0] < people.landmarks_px[0, 1, 0]
        assert people.kind.tolist() == [FACE]

    @pytest.mark.parametrize(
        ("shift", "kinds"), [(0, [FACE]), (-45, [FACE]), (-60, [UNSURE]), (-75, [])]
    )
    def test_a_face_half_outside_is_open(self, shift, kinds):
        """What is hardly in the frame is neither to be found nor missed."""
        people = moved(someone(), np.array([[1.0, 0, shift], [0, 1, 0]]), 128)
        assert people.kind.tolist() == kinds

    def test_tiny_and_doubtful_faces_are_open(self):
        """Below 10 px, or where the reference was not sure."""
        assert moved(someone(), turned(0, 0.15), 128).kind.tolist() == [UNSURE]
        assert moved(someone(UNSURE), turned(0), 128).kind.tolist() == [UNSURE]

    def test_nobody_stays_nobody(self):
        """An empty picture has an empty frame."""
        assert len(moved(People.nobody(), turned(10), 64).kind) == 0


class TestFrames:
    @pytest.mark.parametrize("kind", ["fitted", "placed", "scene"])
    def test_pixels_stand_where_landmarks_say(self, kind, monkeypatch):
        """The dots of the picture are at the landmarks of the frame, to a pixel."""
        monkeypatch.setattr("training.detector.compose.worn", lambda canvas, *_: canvas)
        monkeypatch.setattr("training.detector.compose.OCCLUDED", 0.0)
        sources = dotted({"train": 90})
        composer = Composer(
            config(**{kind: 1.0}), sources, sources, "train", np.random.default_rng(2)
        )
        checked = 0
        for _ in range(60):
            pixels, people = composer.frame(160)
            size = (people.xyxy_px[:, 3] - people.xyxy_px[:, 1]).tolist()
            for points, height, kind_ in zip(people.landmarks_px, size, people.kind, strict=True):
                nose = np.rint(points[2]).astype(int)
                if kind_ != FACE or height < 60 or (nose < 3).any() or (nose > 156).any():
                    continue
                around = pixels[nose[1] - 3 : nose[1] + 4, nose[0] - 3 : nose[0] + 4].min(axis=2)
                weight = np.clip(around.astype(float) - 120, 0, None)
                assert weight.sum() > 0
                y, x = (np.mgrid[-3:4, -3:4] * weight).sum(axis=(1, 2)) / weight.sum()
                assert np.hypot(x + nose[0] - points[2, 0], y + nose[1] - points[2, 1]) < 1
                checked += 1
        assert checked >= 8

    def test_only_pictures_of_the_use_appear(self):
        """No held-out picture is composed into training frames: its colour never shows."""
        sources = dotted({"heldout": 200, "train": 90})
        rows = sources.rows("train")
        assert [sources.files[row] for row in rows] == ["lfw/train.jpg"]
        composer = Composer(config(placed=1.0), sources, sources, "train", np.random.default_rng(0))
        drawn = {int(composer._picture().pixels_rgb[0, 0, 0]) for _ in range(50)}
        assert drawn == {90}

    def test_a_frame_of_clutter_has_nobody(self):
        """Half of what is called empty shows a person lying, who counts as nobody too."""
        sources = dotted({"train": 90})
        composer = Composer(config(empty=1.0), sources, sources, "train", np.random.default_rng(0))
        assert not any(len(composer.frame(96).people.kind) for _ in range(20))


class TestBatch:
    def test_rows_are_filled_up_and_cut_off(self):
        """Sure faces stay when there are too many; -1 marks rows without any."""
        crowd = People.together([someone(UNSURE)] * MOST_FACES + [someone()] * 2)
        pixels = np.zeros((32, 32, 3), np.uint8)
        batch = batch_of([Frame(pixels, crowd), Frame(pixels, People.nobody())])
        assert batch.frames_rgb.shape == (2, 32, 32, 3)
        assert sorted(batch.kind[0].tolist()) == [UNSURE] * (MOST_FACES - 2) + [FACE] * 2
        assert (batch.kind[1] == -1).all()


class TestSources:
    def test_one_face_is_listed_once(self, tmp_path):
        """Refinement may bring two detections to one face; the surer stays, the main face first."""
        (tmp_path / "pixels.bin").write_bytes(bytes(120 * 110 * 3))
        (tmp_path / "pictures.csv").write_text(
            "file,use,height,width,offset,faces\nlfw/a.jpg,train,120,110,0,4\n"
        )
        small = BOX / 4
        np.savez(
            tmp_path / "faces.npz", picture=np.zeros(4, int),
            xyxy_px=np.array([small, BOX + 1, BOX, BOX + 100]),
            landmarks_px=np.tile(POINTS, (4, 1, 1)), ok=np.array([True, False, True, True]),
            found_score=np.array([0.9, 0.9, 0.95, 0.5]),
        )  # fmt: skip
        people = Sources.open(tmp_path).people[0]
        assert people.xyxy_px.tolist() == [BOX.tolist(), small.tolist(), (BOX + 100).tolist()]
        assert people.kind.tolist() == [FACE, FACE, UNSURE]


class TestSteady:
    def test_views_undone_agree(self, monkeypatch):
        """Answers that stand on the face in every view, mirrored or not, come back as they were."""
        shown, view_of = [], steady._view

        def view(points, mirrored, rng):
            shown.append(view_of(points, mirrored, rng))
            return shown[-1]

        def decode(_outputs, _head, side):
            canvases = [POINTS @ m[:, :2].T + m[:, 2] for m in shown]
            points = [c[MIRRORED] if i % 2 else c for i, c in enumerate(canvases)]
            found = faces([[0, 0, side, side]] * len(shown), range(len(shown)))
            return dataclasses.replace(found, landmarks_px=np.array(points, np.float32))

        monkeypatch.setattr(steady, "_view", view)
        monkeypatch.setattr(steady, "decode", decode)
        picture = np.zeros((120, 110, 3), np.uint8)
        got = steady.steady_landmarks(
            picture, POINTS + 1.5, MarkDetector(), np.random.default_rng(0)
        )
        assert len(shown) == steady.VIEWS
        assert got == pytest.approx(POINTS, abs=1e-3)

    def test_another_face_has_no_say(self):
        """An answer far from the others is left out; too few of them change nothing."""
        answers = np.array([POINTS] * 5 + [POINTS + 60])
        assert steady._agreed(answers, POINTS * 0) == pytest.approx(POINTS)
        assert steady._agreed(answers[:3], POINTS * 0) == pytest.approx(POINTS * 0)


class TestScenery:
    @pytest.mark.parametrize("side", [64, 130])
    def test_is_a_square_that_varies(self, side):
        """Every kind of clutter has the size asked for, and chance decides what it shows."""
        picture = Picture(np.zeros((120, 110, 3), np.uint8), someone())
        rng = np.random.default_rng(0)
        made = [clutter(side, picture, rng) for _ in range(8)]
        made += [noise(side, rng), lettering(side, rng)]
        assert {m.shape for m in made} == {(side, side, 3)}
        assert len({m.tobytes() for m in made}) > 5


class TestCloseUps:
    def test_face_has_the_share_asked_for(self):
        """The longer side of the box over the cut's; pictures that end within are left out."""
        picture = Picture(np.zeros((120, 110, 3), np.uint8), someone())
        cuts, boxes = close_ups([picture], 1.25)
        side = cuts[0].shape[0]
        assert (boxes[0, 3] - boxes[0, 1]) / side == pytest.approx(1.25, abs=0.03)
        assert boxes[0, :2] + boxes[0, 2:] == pytest.approx(side, abs=1.5)
        none, no_boxes = close_ups([picture], 0.3)
        assert (len(none), no_boxes.shape) == (0, (0, 4))

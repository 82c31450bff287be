"""The PAD network's examples: who is drawn, what is learned, and what the index keeps."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")

from fvs.raster import encode_jpeg
from fvs.specimen.presentation import SPECIES
from tests.captures import texture
from training.pad.buffer import Buffer
from training.pad.config import load_config
from training.pad.examples import Examples, draw_scale, jittered, live_target
from training.pad.geometry import CLASSES, LIVE
from training.pad.index import Face, read_index, write_index

CONFIG = Path(__file__).parents[2] / "training" / "pad" / "pad128.toml"
BOX = (60.0, 50.0, 120.0, 130.0)


def face(file="a.jpg", source="aaf", age=30.0, use="train", teachers=(0.1, 0.8, 0.1)):
    """A row of the index."""
    return Face(file, "0" * 64, source, age, "male", "white", use, BOX, teachers)


@pytest.fixture
def config():
    """The shipped configuration's examples."""
    return load_config(CONFIG).examples


@pytest.fixture
def examples(config):
    """Examples of four pictures and two species."""
    faces = [face(f"{source}.jpg", source) for source in ("aaf", "lfw", "web", "utk")]
    contents = {f.file: encode_jpeg(texture(i, 200, 180), 90) for i, f in enumerate(faces)}
    return Examples(config, faces, contents, ["office_sheet", "phone"])


class TestIndex:
    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_reads_what_was_written(self, tmp_path, count):
        """Words, box and probabilities; an unknown age stays unknown."""
        faces = [face(f"b/{i}.jpg", age=float("nan") if i else 7.0) for i in range(count)]
        write_index(tmp_path / "pool.csv", faces)
        back = read_index(tmp_path / "pool.csv")
        assert [f.file for f in back] == [f.file for f in faces]
        assert [np.isnan(f.age) for f in back] == [np.isnan(f.age) for f in faces]
        assert all(
            b.xyxy_px == BOX and b.teachers == f.teachers for b, f in zip(back, faces, strict=True)
        )


class TestHeldOutSpecies:
    def test_two_of_each_kind_are_real_and_stay_out(self, config):
        """The shipped recipe measures on two prints and two replays that it never saw."""
        held_out = config.held_out_species
        assert set(held_out) <= set(SPECIES)
        kinds = [SPECIES[name].kind for name in held_out]
        assert kinds.count("print") >= 2
        assert kinds.count("replay") >= 2

    def test_only_the_given_species_are_made(self, examples, monkeypatch):
        """`make` never draws one that was not given."""
        made = []
        attack = examples.attack
        monkeypatch.setattr(examples, "attack", lambda n, f, r: made.append(n) or attack(n, f, r))
        rng = np.random.default_rng(0)
        for _ in range(40):
            examples.make(rng)
        assert set(made) == {"office_sheet", "phone"}


class TestTargets:
    def test_teachers_are_mixed_in_where_they_agree(self, config):
        """A live picture that they call live: half the label, half their softmax."""
        target, weight = live_target(face(teachers=(0.2, 0.7, 0.1)), config)
        assert np.allclose(target, [0.1, 0.85, 0.05])
        assert weight == 1

    def test_label_rules_where_they_do_not(self, config):
        """A picture that they do not call live keeps its label and loses weight."""
        target, weight = live_target(face(teachers=(0.7, 0.2, 0.1)), config)
        assert target.tolist() == [0, 1, 0]
        assert weight == config.doubted_weight < 1

    @pytest.mark.parametrize("name", ["office_sheet", "phone"])
    def test_attacks_have_their_kind(self, examples, name):
        """Whatever the teachers said of the picture."""
        example = examples.attack(name, face("aaf.jpg"), np.random.default_rng(1))
        assert example.target[CLASSES.index(SPECIES[name].kind)] == 1
        assert example.target.sum() == 1
        assert example.crop_rgb.shape == (128, 128, 3)


class TestDraws:
    def test_share_of_live_examples_is_the_configured(self, examples, config):
        """Within sampling error."""
        rng = np.random.default_rng(2)
        live = np.mean([examples.make(rng).target[LIVE] > 0 for _ in range(150)])
        assert abs(live - config.live) < 0.14

    def test_same_seed_same_examples(self, examples):
        """Nothing else decides."""
        first, again = (examples.make(np.random.default_rng(5)) for _ in range(2))
        assert np.array_equal(first.crop_rgb, again.crop_rgb)
        assert np.array_equal(first.target, again.target)

    def test_scale_brings_the_face_to_the_range(self, config):
        """As far as the picture may be stretched."""
        rng = np.random.default_rng(0)
        widths = [90 * draw_scale(config, (0, 0, 90, 120), rng) for _ in range(300)]
        low, high = config.face_px
        assert low <= min(widths) < max(widths) <= high
        assert draw_scale(config, (0, 0, 1000, 1200), rng) == config.scale[0]

    def test_jitter_moves_each_side_a_little(self):
        """At most two standard deviations of the box's size."""
        rng = np.random.default_rng(0)
        moved = np.array([jittered(BOX, 0.04, rng) for _ in range(200)]) - BOX
        assert (np.abs(moved[:, [0, 2]]) <= 0.08 * 60 + 1e-9).all()
        assert moved.std(axis=0).min() > 1


class TestBuffer:
    def test_draws_what_the_other_process_made(self, examples):
        """Crops with their own targets, from a process that ends when told."""
        with Buffer(examples, 8, (1, 2)) as buffer:
            buffer.wait_for(10)
            crops, targets, weights = buffer.draw(20, np.random.default_rng(0))
        assert crops.shape == (20, 128, 128, 3)
        assert np.allclose(targets.sum(axis=1), 1, atol=1e-5)
        assert set(weights) <= {0.5, 1.0}
        assert not buffer._process.is_alive()

    def test_makes_the_same_examples_for_the_same_seed(self, examples):
        """The first example is the one that the seed gives here."""
        with Buffer(examples, 1000, (7,)) as buffer:
            buffer.wait_for(1)
            crops = buffer._shared.arrays()[0]
            first = crops[0].copy()
        assert np.array_equal(first, examples.make(np.random.default_rng((7,))).crop_rgb)


class TestGuide:
    def test_lists_every_species_as_it_is(self, config):
        """The table in the guide is the table in the code."""
        guide = (CONFIG.parent / "README.md").read_text()
        for name, species in SPECIES.items():
            use = "held out" if name in config.held_out_species else "yes"
            assert f"| `{name}` | {species.kind} | {use} | {species.description} |" in guide

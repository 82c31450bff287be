"""The PAD evaluation: thresholds, rates and what is measured on."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")
pytest.importorskip("scipy", reason="intervals need the extra `eval`")

from fvs.raster import encode_jpeg
from tests.captures import texture
from training.pad.config import load_config
from training.pad.index import Face
from training.pad.report import (
    Report,
    Row,
    by_group,
    markdown,
    passed,
    refused,
    threshold_for,
    trade_off,
)
from training.pad.trials import (
    Shot,
    attacked,
    changed,
    gathered,
    kept,
    live_probability,
    live_shots,
    tunes,
)

CONFIG = Path(__file__).parents[2] / "training" / "pad" / "pad128.toml"
BOX = (60.0, 50.0, 120.0, 130.0)


def face(file="a.jpg", source="aaf", age=30.0, sex="male", group="white"):
    """A held-out row of the index."""
    return Face(file, "0" * 64, source, age, sex, group, "heldout", BOX, (0.1, 0.8, 0.1))


@pytest.fixture
def pictures():
    """Three faces and their files."""
    faces = [face(f"{i}.jpg") for i in range(3)]
    return faces, {f.file: encode_jpeg(texture(i, 200, 180), 90) for i, f in enumerate(faces)}


class TestThreshold:
    @pytest.mark.parametrize("bpcer", [0.01, 0.05, 0.2])
    def test_is_the_highest_that_refuses_few_enough(self, bpcer):
        """A hundredth more refuses more than allowed."""
        live = np.random.default_rng(0).beta(5, 2, 500)
        threshold = threshold_for(live, bpcer)
        assert (live < threshold).mean() <= bpcer < (live < threshold + 0.01).mean()

    def test_never_leaves_the_open_unit_interval(self):
        """Even where everything is surely live, or nothing is."""
        assert threshold_for(np.ones(10), 0.05) == pytest.approx(0.99)
        assert threshold_for(np.zeros(10), 0.05) == pytest.approx(0.01)


class TestRates:
    def test_reaching_the_threshold_is_live(self):
        """As the engine decides: at the threshold a picture counts as live."""
        live = {"ours": np.array([0.2, 0.5, 0.8])}
        assert refused(live, {"ours": 0.5})["ours"].errors == 1
        assert passed(live, {"ours": 0.5})["ours"].errors == 2

    def test_groups_count_their_own_pictures(self):
        """And groups without pictures are left out."""
        faces = [face(age=5), face(age=30, sex="female"), face(source="utk", age=float("nan"))]
        rows = by_group(faces, {"ours": np.array([0.1, 0.9, 0.2])}, {"ours": 0.5})
        errors = {r.name: (r.rates["ours"].errors, r.rates["ours"].trials) for r in rows}
        assert errors["all"] == (2, 3)
        assert errors["all but utk (tight crops)"] == (1, 2)
        assert errors["ages 0-12"] == (1, 1)
        assert errors["female"] == (0, 1)
        assert "black" not in errors

    def test_trade_off_parts_seen_from_held_out(self):
        """The worst species counts over both."""
        live = {"ours": np.linspace(0.5, 1, 101)}
        attacks = {"a": {"ours": np.zeros(4)}, "b": {"ours": np.array([0.0, 0.0, 0.0, 1.0])}}
        point = trade_off(live, attacks, ["a"])[2]
        assert point["bpcer"] == 0.05
        assert point["ours mean seen"] == 0
        assert point["ours mean held out"] == point["ours worst"] == 0.25

    def test_tables_hold_every_row(self):
        """Titles, names, counts and rates."""
        rates = refused({"ours": np.array([0.1, 0.9])}, {"ours": 0.5})
        row = Row("phone", "replay, trained on", rates)
        report = Report(
            {"ours": ["a"]}, {"ours": 0.5}, "rule", [row], [row], [row], [row], [row],
            [{"bpcer": 0.01}],
            {"same": 0.9}, {"ours": 1.5}, [{"case": "mated", "ours": 0.7}],
        )  # fmt: skip
        text = markdown(report)
        assert text.count("| phone | 2 | 0.500 [0.013, 0.987] | replay, trained on |") == 5
        assert "| mated | 0.700 |" in text
        assert "* ours: 1.50 ms" in text


class FakeNetwork:
    """Finds bright crops live."""

    manifest = SimpleNamespace(pad=SimpleNamespace(output="logits", classes=("print", "live")))

    def run(self, crops_rgb):
        """Logits that grow with the brightness."""
        bright = crops_rgb.mean(axis=(1, 2, 3)) / 64 - 2
        return {"logits": np.stack([0 * bright, bright], axis=1).astype(np.float32)}


class TestSets:
    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_are_made_once_and_kept(self, tmp_path, pictures, count):
        """The second call reads what the first has written."""
        faces, contents = pictures
        shots = live_shots(faces[:count], contents, None)
        first = kept(tmp_path / "a.npz", lambda: gathered(shots, []))
        again = kept(tmp_path / "a.npz", lambda: pytest.fail("made twice"))
        assert first.crops_rgb.shape == (count, 128, 128, 3)
        assert np.array_equal(first.crops_rgb, again.crops_rgb)
        assert np.isnan(again.teachers).all()
        assert again.teachers.shape == (count,)

    @pytest.mark.parametrize("count", [0, 1, 150])
    def test_probability_is_the_softmax_of_live(self, count):
        """In batches as one by one."""
        crops = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)
        live = live_probability(crops, FakeNetwork())
        expected = 1 / (1 + np.exp(2 - crops.mean(axis=(1, 2, 3)) / 64))
        assert np.allclose(live, expected, atol=1e-5)


class TestTrials:
    def test_half_of_the_pictures_tune(self):
        """By the hash of the name, so never the half that is measured on."""
        share = np.mean([tunes(face(f"{i}.jpg")) for i in range(2000)])
        assert abs(share - 0.5) < 0.04

    def test_attacks_are_the_same_each_time(self, pictures):
        """The species and the file's name decide, not the order."""
        faces, contents = pictures
        config = load_config(CONFIG).examples
        whole = list(attacked("phone", faces, contents, config))
        alone = list(attacked("phone", faces[2:], contents, config))
        assert np.array_equal(whole[2].frame_rgb, alone[0].frame_rgb)
        assert whole[2].box == alone[0].box

    def test_plain_live_pictures_are_the_files(self, pictures):
        """Nothing is done to them without a camera."""
        faces, contents = pictures
        shots = list(live_shots(faces, contents, None))
        assert [shot.box for shot in shots] == [BOX] * 3
        assert shots[0].frame_rgb.shape == (200, 180, 3)

    def test_scaling_takes_the_box_along(self):
        """And compression does not."""
        shot = Shot(texture(0, 100, 80), (10.0, 20.0, 30.0, 60.0))
        small, packed = changed([shot], scale=0.5)[0], changed([shot], quality=30)[0]
        assert small.frame_rgb.shape == (50, 40, 3)
        assert small.box == (5, 10, 15, 30)
        assert packed.box == shot.box
        assert not np.array_equal(packed.frame_rgb, shot.frame_rgb)

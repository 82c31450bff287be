"""Canaries with the shipped networks and real faces."""

import pytest

from benchmarks.accuracy.robustness_measure import sample_people
from fvs.engine import Engine
from fvs.folders import PictureSet
from fvs.image import decode_images
from fvs.monitoring import Limits, check_canary, record_canary
from fvs.packs import load_pack, shipped_models_dir
from fvs.raster import encode_jpeg

PEOPLE = 3


@pytest.fixture
def canaries(shared_dir, tmp_path):
    """Two pictures of each of three people."""
    lfw = PictureSet.open(shared_dir / "data" / "lfw_eval.tar")
    for pair in sample_people(lfw.pictures, PEOPLE):
        for name, content in zip(pair, lfw.read(pair), strict=True):
            path = tmp_path / "canaries" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return tmp_path / "canaries"


def test_the_same_engine_finds_the_same_and_another_picture_is_noticed(canaries):
    """Recorded and found again is alive; a picture that was compressed anew is not as it was."""
    engine = Engine.from_pack(load_pack("standard", shipped_models_dir()))
    limits = Limits(threshold=0.5, fmr_at_most=0.5)
    pictures = PictureSet.open(canaries)
    canary = record_canary(engine, pictures, limits, pack="standard", created="now")
    assert sum(pair.mated for pair in canary.pairs) >= 2
    same = check_canary(engine, canary, pictures)
    assert same.alive
    assert same.largest_difference < 1e-6
    first = canaries / canary.pictures[0].name
    pixels = decode_images([first.read_bytes()]).pixels_rgb[0]
    first.write_bytes(encode_jpeg(pixels, 30))
    report = check_canary(engine, canary, PictureSet.open(canaries))
    assert not report.alive
    assert report.pairs_changed >= 1

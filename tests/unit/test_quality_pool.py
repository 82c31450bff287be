"""The selfie policy on real photographs: ordinary ones pass, ruined ones do not."""

import tarfile

import numpy as np
import pytest

from fvs.engine import Engine
from fvs.image import decode_images
from fvs.raster import blur, encode_jpeg, encode_png, resize
from fvs.records import Pixels
from fvs.status import Role, Status

EYES_PX = 44
"""Median distance between the eyes in pool_lfw; 112 px crops have 35."""
FACE_PX = 92
"""Median width of the detector's box there."""


@pytest.fixture(scope="module")
def engine(reference_pack) -> Engine:
    """The reference pack without its PAD networks, which do not matter here."""
    whole = Engine.from_pack(reference_pack)
    return Engine(whole.detector, whole.embedder, [])


@pytest.fixture(scope="module")
def photographs(shared_dir) -> list[bytes]:
    """Every third picture of pool_lfw."""
    with tarfile.open(shared_dir / "data" / "pool_lfw.tar") as tar:
        return [tar.extractfile(m).read() for m in tar if m.isfile()][::3]


def toned(gain: float, gamma: float, pixels: Pixels) -> Pixels:
    """A picture with another tone curve."""
    return np.asarray(np.clip((pixels / 255) ** gamma * gain, 0, 1) * 255, np.uint8)


RUINS = {
    "blurred": lambda p: encode_png(blur(p, 4 * EYES_PX / 35)),
    "nearly black": lambda p: encode_png(toned(0.3, 4, p)),
    "blown out": lambda p: encode_png(toned(5, 1, p)),
    "24 px face": lambda p: encode_png(resize(p, 250 * 24 // FACE_PX, 250 * 24 // FACE_PX)),
    "JPEG quality 3": lambda p: encode_jpeg(p, 3),
}


@pytest.mark.slow
def test_ordinary_photographs_pass(engine: Engine, photographs: list[bytes]) -> None:
    """Rule: quality refuses at most 1 % of 517 pictures (0.5 % is the aim over thousands)."""
    status = engine.extract(photographs, Role.SELFIE).quality.status
    assert (status == Status.QUALITY_TOO_LOW).mean() <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("ruin", RUINS)
def test_ruined_photographs_do_not(engine: Engine, photographs: list[bytes], ruin: str) -> None:
    """Rule: at least 95 % of pictures ruined on purpose end in some refusal."""
    whole = decode_images(photographs[:200]).pixels_rgb
    ruined = [RUINS[ruin](pixels) for pixels in whole if pixels is not None]
    assert (engine.extract(ruined, Role.SELFIE).quality.status != Status.OK).mean() >= 0.95

"""Embedding: unit vectors for faces that are there, statuses for those that are not."""

from dataclasses import dataclass

import numpy as np
import pytest

from fvs.embed import embed_crops
from fvs.errors import UsageError
from fvs.manifest import ModelManifest
from fvs.network import Network, Runtime
from fvs.records import U8, Crops
from fvs.status import Status
from tests.unit.test_template import DIMENSION, model

SIZE_PX = 112


@dataclass
class FirstPixels:
    """A network whose output is the first pixels of the crop, so that rows can be told apart."""

    manifest: ModelManifest

    def run(self, pixels_rgb: U8) -> dict[str, np.ndarray]:
        """The first `DIMENSION` values of each crop."""
        values = pixels_rgb[:, 0, :3].reshape(-1, 9)[:, :DIMENSION].astype(np.float32)
        values[values == 255] = np.nan
        return {"output": values}


def crops(pixels_rgb: U8, status: list[int] | None = None) -> Crops:
    """Crops of these pixels."""
    n = len(pixels_rgb)
    return Crops(
        status=np.zeros(n, np.uint8) if status is None else np.array(status, np.uint8),
        image_index=np.arange(n),
        pixels_rgb=pixels_rgb,
        picture_to_crop=np.zeros((n, 2, 3)),
    )


def noise(n: int) -> U8:
    """N crops of random pixels, none of them 255."""
    shape = (n, SIZE_PX, SIZE_PX, 3)
    return np.random.default_rng(7).integers(1, 255, shape).astype(np.uint8)


@pytest.fixture
def network() -> FirstPixels:
    """The fake embedder."""
    return FirstPixels(model())


class TestEmbedCrops:
    def test_of_nothing_is_empty(self, network):
        """An empty batch is a batch."""
        assert embed_crops(crops(noise(0)), network).vectors.shape == (0, DIMENSION)

    def test_makes_unit_vectors_and_keeps_the_length(self, network):
        """The direction is the template; the length before is a quality hint."""
        pixels = noise(3)
        got = embed_crops(crops(pixels), network)
        raw = pixels.reshape(3, -1)[:, :DIMENSION].astype(float)
        np.testing.assert_allclose(got.norm, np.linalg.norm(raw, axis=1), rtol=1e-6)
        np.testing.assert_allclose(got.vectors * got.norm[:, None], raw, rtol=1e-5)

    def test_skips_faces_that_failed_and_keeps_their_code(self, network):
        """Rows stay where they are, whatever their neighbours did."""
        pixels = noise(3)
        got = embed_crops(crops(pixels, [Status.OK, Status.NO_FACE, Status.OK]), network)
        assert got.status.tolist() == [Status.OK, Status.NO_FACE, Status.OK]
        assert not got.vectors[1].any()
        alone = embed_crops(crops(pixels[2:]), network)
        np.testing.assert_array_equal(got.vectors[2], alone.vectors[0])

    @pytest.mark.parametrize("value", [0, 255], ids=["zero", "nan"])
    def test_marks_outputs_without_a_direction(self, network, value):
        """A vector of length 0 or NaN is a status, not a template."""
        pixels = noise(2)
        pixels[0] = value
        got = embed_crops(crops(pixels), network)
        assert got.status.tolist() == [Status.EMBEDDING_NOT_FINITE, Status.OK]
        assert np.isfinite(got.vectors).all()

    def test_refuses_a_network_that_is_no_embedder(self, reference_pack):
        """A detector cannot embed."""
        files = reference_pack.detector
        detector = Network(files.manifest, files.weights, Runtime())
        with pytest.raises(UsageError, match="no embedder"):
            embed_crops(crops(noise(1)), detector)

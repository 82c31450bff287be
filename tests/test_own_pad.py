"""Our own PAD network as shipped: opened, verified, and used by the liveness stage alone."""

import numpy as np
import pytest

from fvs.liveness import assess_liveness
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import shipped_models_dir
from fvs.status import Status
from tests.captures import faces, images, landmarks, texture

FOLDER = shipped_models_dir() / "pad-fvs-202611"


@pytest.fixture(scope="module")
def network():
    """The shipped network on one thread."""
    manifest = load_manifest(FOLDER)
    return Network(manifest, FOLDER / manifest.file, Runtime())


class TestShippedFile:
    def test_is_small(self):
        """At most 2 MB, which is what may be committed."""
        manifest = load_manifest(FOLDER)
        assert manifest.size_bytes == (FOLDER / manifest.file).stat().st_size <= 2_000_000

    def test_classes_are_those_it_was_trained_on(self, network):
        """Order and crop of the manifest are the training's."""
        geometry = pytest.importorskip("training.pad.geometry")
        head = network.manifest.pad
        assert head.classes == geometry.CLASSES
        assert head.box_scale == geometry.BOX_SCALE
        assert network.manifest.input.size_px == geometry.INPUT_PX


class TestLivenessStage:
    def test_batch_equals_one_by_one(self, network):
        """Our network alone is a whole PAD subsystem; rows do not depend on each other."""
        pictures = [texture(i, 200 + 20 * i, 260) for i in range(3)]
        marks = [landmarks((0, 0, 0), eyes_px=30, middle_xy=(100, 90 + 20 * i)) for i in range(3)]
        together = assess_liveness(images(pictures), faces(marks), [network])
        assert (together.status == Status.OK).all()
        for i in range(3):
            alone = assess_liveness(images([pictures[i]]), faces([marks[i]]), [network])
            assert np.isclose(alone.live_probability[0], together.live_probability[i], atol=1e-5)

    def test_nothing_in_nothing_out(self, network):
        """The empty batch is a batch."""
        assert len(assess_liveness(images([]), faces([]), [network]).status) == 0

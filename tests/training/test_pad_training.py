"""The PAD network, its training step, its export, and the tables of its evaluation."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")
torch = pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnxscript", reason="training needs the extra `train`")

import onnx  # noqa: E402 - after the skip
from msgspec import structs  # noqa: E402

from fvs.onnx_storage import store_as_float16  # noqa: E402
from training.pad.config import NetworkConfig, load_config  # noqa: E402
from training.pad.examples import Example  # noqa: E402
from training.pad.export import export, largest_difference  # noqa: E402
from training.pad.geometry import LIVE  # noqa: E402
from training.pad.network import PadNetwork, pixels_to_tensor  # noqa: E402
from training.pad.train import Trainer, trained_species  # noqa: E402

CONFIG = Path(__file__).parents[2] / "training" / "pad" / "pad128.toml"
SMALL = NetworkConfig(patch_px=4, widths=(4, 4, 8), depths=(1, 2, 1))


@pytest.fixture
def config():
    """The shipped configuration."""
    return load_config(CONFIG)


def batch(count):
    """Bright crops are live, dark ones print."""
    rng = np.random.default_rng(0)
    live = rng.random(count) < 0.5
    crops = rng.integers(0, 60, (count, 128, 128, 3)) + 180 * live[:, None, None, None]
    targets = np.zeros((count, 3), np.float32)
    targets[np.arange(count), np.where(live, LIVE, 0)] = 1
    return crops.astype(np.uint8), targets, np.ones(count, np.float32)


class TestNetwork:
    def test_has_the_size_of_the_recipe(self, config):
        """Below a million parameters, and at most 60 million multiply-adds."""
        network = PadNetwork(config.network).eval()
        counts = []

        def count(module, _, output):
            counts.append(output.shape[2] * output.shape[3] * module.weight.numel())

        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.register_forward_hook(count)
        network(torch.zeros(1, 3, 128, 128))
        assert sum(p.numel() for p in network.parameters()) < 1e6
        assert sum(counts) <= 60e6

    def test_rows_do_not_depend_on_each_other(self):
        """A batch is what its rows are one by one."""
        network = PadNetwork(SMALL).eval()
        images = torch.randn(3, 3, 128, 128)
        with torch.inference_mode():
            alone = torch.cat([network(image[None]) for image in images])
            assert torch.allclose(network(images), alone, atol=1e-5)

    def test_pixels_are_scaled_as_the_manifest_will_say(self):
        """(pixel - 127.5) / 64, channels first."""
        crops = torch.zeros(1, 2, 2, 3, dtype=torch.uint8)
        crops[..., 0] = 255
        tensor = pixels_to_tensor(crops)
        assert tensor.shape == (1, 3, 2, 2)
        assert tensor[0, 0].unique().item() == pytest.approx(1.9921875)
        assert tensor[0, 1].unique().item() == pytest.approx(-1.9921875)


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter, of torch
class TestExport:
    def test_onnx_does_what_torch_does(self, tmp_path):
        """Within 1e-4, for one picture and for several; within 5e-3 with float16 storage."""
        torch.manual_seed(1)
        network = PadNetwork(SMALL)
        network.train()(torch.randn(8, 3, 128, 128))
        export(network, tmp_path / "pad.onnx")
        assert largest_difference(network, tmp_path / "pad.onnx") < 1e-4
        onnx.save(store_as_float16(onnx.load(tmp_path / "pad.onnx")), tmp_path / "half.onnx")
        assert largest_difference(network, tmp_path / "half.onnx") < 5e-3


class TestTrainer:
    def test_learns_what_is_plain(self):
        """Bright is live, dark is not: the loss falls and no error is left."""
        small = load_config(CONFIG)
        trainer = Trainer(structs.replace(small, network=SMALL))
        losses = [trainer.step(120.0, batch(16))["loss"] for _ in range(12)]
        assert losses[-1] < losses[0] / 2
        crops, targets, _ = batch(16)
        watched = [Example(c, t, 1.0) for c, t in zip(crops, targets, strict=True)]
        for _ in range(30):
            trainer.step(120.0, batch(16))
        assert trainer.errors(watched) == {"bpcer": 0.0, "apcer": 0.0}

    def test_goes_on_from_its_state(self, config):
        """A trainer that was stopped takes the same next step."""
        first, second = Trainer(config), Trainer(config)
        first.step(100.0, batch(4))
        second.load(first.state())
        step = [t.step(101.0, batch(4))["loss"] for t in (first, second)]
        assert step[0] == pytest.approx(step[1])
        assert second.step_count == 2

    def test_held_out_species_are_not_trained_on(self, config):
        """The rest is."""
        species = trained_species(config)
        assert not set(species) & set(config.examples.held_out_species)
        assert len(species) == 12

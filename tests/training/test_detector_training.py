"""The detector's network, targets, losses, checkpoints and export."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnxscript", reason="training needs the extra `train`")

import onnxruntime as ort  # noqa: E402 - after the skip

from fvs import detect_heads  # noqa: E402
from fvs.manifest import DetectHead  # noqa: E402
from training.common.checkpoint import restore, save  # noqa: E402
from training.detector.batches import Batch  # noqa: E402
from training.detector.config import NetworkConfig, load_config  # noqa: E402
from training.detector.export import OUTPUTS, deployed, export, largest_difference  # noqa: E402
from training.detector.losses import decode, distance_iou, losses  # noqa: E402
from training.detector.network import Deployed, Detector, pixels_to_tensor  # noqa: E402
from training.detector.targets import SIZES_PX, assign, cell_grid  # noqa: E402
from training.detector.train import Trainer  # noqa: E402

CONFIG = Path(__file__).parents[2] / "training" / "detector" / "detect240k.toml"
SMALL = NetworkConfig(stem_px=8, widths=(4, 6, 8, 8), heads=(4, 6))
HEAD = DetectHead(
    family="yunet", strides_px=(8, 16, 32), outputs=tuple(OUTPUTS), score_threshold=0, nms_iou=1
)


@pytest.fixture
def config():
    """The shipped configuration."""
    return load_config(CONFIG)


def settled(shape, seed=1):
    """A network whose normalisations have seen something and whose outputs are not all alike."""
    torch.manual_seed(seed)
    detector = Detector(shape)
    detector.train()(torch.rand(4, 3, 64, 64))
    for layer in detector.last:
        torch.nn.init.normal_(layer.weight, std=0.3)
    return detector


def batch(count=3, side=96, seed=0):
    """Noise with a face or two in it."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(5, 30, (count, 12, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(20, 60, (count, 12, 2))], axis=2)
    points = corner[:, :, None] + rng.uniform(0, 40, (count, 12, 5, 2))
    kind = np.full((count, 12), -1)
    kind[:, :2] = [1, 0]
    return Batch(
        rng.integers(0, 256, (count, side, side, 3)).astype(np.uint8),
        boxes.astype(np.float32), points.astype(np.float32), kind,
    )  # fmt: skip


class TestNetwork:
    def test_has_the_size_of_the_recipe(self, config):
        """Less than a quarter of a million parameters: half a megabyte as float16."""
        count = sum(p.numel() for p in Detector(config.network).parameters())
        assert 220_000 < count < 240_000

    @pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter, of torch
    def test_onnx_does_what_torch_does(self, tmp_path):
        """Within 1e-4, for other numbers and sizes of frames than it was exported with."""
        network = Deployed(settled(SMALL)).eval()
        export(network, tmp_path / "d.onnx")
        assert largest_difference(network, tmp_path / "d.onnx") < 1e-4
        session = ort.InferenceSession(tmp_path / "d.onnx", providers=["CPUExecutionProvider"])
        frames = np.zeros((2, 3, 96, 96), np.float32)
        shapes = [a.shape for a in session.run(OUTPUTS, {"input": frames})]
        assert shapes[:3] == [(2, 144, 1), (2, 36, 1), (2, 9, 1)]
        assert [shape[2] for shape in shapes[::3]] == [1, 1, 4, 10]

    def test_the_engine_reads_it_as_training_does(self):
        """Boxes, landmarks and order of cells agree with `fvs.detect_heads`."""
        detector = settled(SMALL).eval()
        frames = torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8)
        with torch.inference_mode():
            levels = detector(pixels_to_tensor(frames))
            cells = torch.cat([lv.flatten(2).transpose(1, 2) for lv in levels], dim=1)[0]
            boxes, points = decode(cells[:, 2:], cell_grid(64))
            score = cells[:, :2].sigmoid().prod(dim=1).sqrt()
            outputs = Deployed(detector)(frames.permute(0, 3, 1, 2).float())
        arrays = dict(zip(OUTPUTS, (o.numpy() for o in outputs), strict=True))
        faces = detect_heads.decode(arrays, HEAD, 64)
        assert len(faces) == 64 + 16 + 4
        assert faces.xyxy_px == pytest.approx(boxes.numpy(), rel=1e-3, abs=1e-2)
        assert faces.landmarks_px == pytest.approx(points.numpy(), rel=1e-3, abs=1e-2)
        assert faces.detection_score == pytest.approx(score.numpy(), abs=1e-4)


class TestAssign:
    @pytest.mark.parametrize("seed", range(4))
    def test_equals_the_obvious_loop(self, seed):
        """Each cell asks each face: of a size for its level, and near enough, the nearest wins."""
        data = batch(2, 128, seed)
        grid = cell_grid(128)
        boxes, kind = torch.from_numpy(data.xyxy_px), torch.from_numpy(data.kind)
        is_face, quiet, face = assign(grid, boxes, kind)
        for frame in range(2):
            for cell, (column, row, stride) in enumerate(grid.tolist()):
                best, open_ = None, False
                middle = np.array([column + 0.5, row + 0.5]) * stride - 0.5
                for index, box in enumerate(data.xyxy_px[frame].astype(float)):
                    size = np.sqrt(np.prod(box[2:] - box[:2]))
                    offset = np.abs(middle - (box[:2] + box[2:]) / 2)
                    off = offset.max()
                    low, high = SIZES_PX[int(np.log2(stride)) - 3]
                    reach = max(min(1.5 * stride, 0.22 * size), 0.55 * stride)
                    if data.kind[frame, index] == 1:
                        if low <= size < high and off <= reach:
                            best = min(best or (9e9, 0), (off / size, index))
                        open_ |= off <= 0.35 * size
                    elif data.kind[frame, index] == 0:
                        open_ |= bool((offset <= (box[2:] - box[:2]) / 2).all())
                assert bool(is_face[frame, cell]) == (best is not None)
                assert bool(quiet[frame, cell]) == (open_ and best is None)
                if best is not None:
                    assert int(face[frame, cell]) == best[1]

    @pytest.mark.parametrize("size", [12.0, 47.0, 60.0, 130.0, 200.0, 350.0])
    @pytest.mark.parametrize("x", [0.0, 100.0, 155.0, 159.5, 164.0])
    def test_every_face_has_a_cell(self, size, x):
        """Wherever it stands and however large it is."""
        box = torch.tensor([[[x - size / 2, 80 - size / 2, x + size / 2, 80 + size / 2]]])
        found = assign(cell_grid(320), box, torch.ones(1, 1)).is_face
        assert 1 <= int(found.sum()) <= 24

    def test_nobody_is_asked_for_nothing(self):
        """Without faces, every cell is to say that it has none."""
        targets = assign(cell_grid(64), torch.zeros(1, 12, 4), torch.full((1, 12), -1))
        assert not targets.is_face.any()
        assert not targets.quiet.any()


class TestLosses:
    def test_overlap_by_hand(self):
        """Half of either box shared is a third of both; the same box has no distance."""
        ours = torch.tensor([[0.0, 0, 10, 10], [0, 0, 4, 4]])
        true = torch.tensor([[0.0, 5, 10, 15], [0, 0, 4, 4]])
        overlap, quality = distance_iou(ours, true)
        assert overlap.tolist() == pytest.approx([1 / 3, 1])
        assert quality.tolist() == pytest.approx([1 / 3 - 25 / 325, 1])

    def test_right_answers_cost_nothing(self):
        """Cells that say the truth have no box and no landmark loss, and hardly a score loss."""
        data = batch(1, 64)
        grid = cell_grid(64)
        boxes, points = torch.from_numpy(data.xyxy_px), torch.from_numpy(data.landmarks_px)
        targets = assign(grid, boxes, torch.from_numpy(data.kind))
        corner, stride = grid[:, :2], grid[:, 2:]
        box, dots = boxes[0, targets.face[0]], points[0, targets.face[0]]
        centre = (box[:, :2] + box[:, 2:]) / 2 / stride - corner
        size = ((box[:, 2:] - box[:, :2]) / stride).log()
        offsets = (dots / stride[:, None] - corner[:, None]).flatten(1)
        sure = torch.where(targets.is_face[0], 20.0, -20.0)[:, None]
        cells = torch.cat([sure, torch.full_like(sure, 20.0), centre, size, offsets], dim=1)
        levels, start = [], 0
        for count in (8, 4, 2):
            part = cells[start : start + count**2]
            levels.append(part.T.reshape(1, 16, count, count))
            start += count**2
        costs = losses(levels, grid, targets, boxes, points)
        assert {k: float(v) for k, v in costs.items()} == pytest.approx(
            dict.fromkeys(costs, 0.0), abs=1e-4
        )

    def test_a_frame_of_nobody_has_a_score_loss_only(self):
        """Nothing is divided by the number of faces."""
        grid = cell_grid(64)
        boxes = torch.zeros(1, 12, 4)
        targets = assign(grid, boxes, torch.full((1, 12), -1))
        levels = [torch.zeros(1, 16, n, n) for n in (8, 4, 2)]
        costs = losses(levels, grid, targets, boxes, torch.zeros(1, 12, 5, 2))
        assert float(costs["score"]) == pytest.approx(84 * np.log(2), rel=1e-4)
        assert {float(costs[k]) for k in ("overlap", "box", "landmarks")} == {0.0}


class TestTrainer:
    def test_goes_on_as_if_never_stopped(self, tmp_path, config):
        """Same batches after a restart, same weights and same averages."""
        straight = Trainer(small(config))
        for second in range(2):
            straight.step(30.0 * second, batch(seed=second))
        save(tmp_path / "c.pt", straight.state())
        resumed = Trainer(small(config))
        resumed.load(restore(tmp_path / "c.pt"))
        for trainer in (straight, resumed):
            trainer.step(60.0, batch(seed=2))
        for name in ("detector", "average"):
            for key, value in straight.state()[name].items():
                assert torch.equal(value, resumed.state()[name][key]), key

    def test_normalisation_ends_as_it_will_be_used(self, config):
        """From its share of the schedule on, weights go on from the averages, statistics stay."""
        trainer = Trainer(small(config))
        end = config.optimiser.seconds
        for second in (30.0, 60.0):
            trainer.step(second, batch())
        averaged = trainer.average.module.to4[0].normalisation.running_mean.clone()
        assert not torch.equal(averaged, trainer.detector.to4[0].normalisation.running_mean)
        for seed in range(2):
            trainer.step(end * (config.optimiser.freeze_at + 0.01), batch(seed=seed))
            assert torch.equal(averaged, trainer.detector.to4[0].normalisation.running_mean)
        moved = trainer.detector.last[0].weight - trainer.average.module.last[0].weight
        assert float(moved.detach().abs().max()) > 0

    def test_the_average_is_what_is_exported(self, tmp_path, config):
        """Not the last step's weights."""
        trainer = Trainer(small(config))
        for second in (30.0, 60.0):  # the average begins with the first step's weights
            trainer.step(second, batch())
        save(tmp_path / "c.pt", trainer.state())
        shipped = deployed(tmp_path / "c.pt", SMALL)
        averaged = trainer.average.module.last[0].weight
        assert torch.equal(shipped.detector.last[0].weight, averaged)
        assert not torch.equal(averaged, trainer.detector.last[0].weight)

    def test_no_checkpoint_says_what_to_do(self, tmp_path):
        """Training comes first."""
        with pytest.raises(FileNotFoundError, match="train first"):
            deployed(tmp_path / "c.pt", SMALL)


def small(config):
    """The shipped configuration of a small network."""
    fields = {name: getattr(config, name) for name in config.__struct_fields__}
    return type(config)(**{**fields, "network": SMALL})

"""Student, losses, schedule, checkpoints and export."""

from pathlib import Path

import numpy as np
import pytest

from training.common.schedule import Clock, RatePlan, learning_rate

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnxscript", reason="training needs the extra `train`")

from training.common.checkpoint import restore, save  # noqa: E402
from training.embedder.augment import views  # noqa: E402 - after the skip
from training.embedder.batches import Batch, Batches  # noqa: E402
from training.embedder.config import StudentConfig, load_config  # noqa: E402
from training.embedder.data import Label, Pool  # noqa: E402
from training.embedder.export import export, largest_difference  # noqa: E402
from training.embedder.losses import distillation, separation  # noqa: E402
from training.embedder.student import Mirrored, Student  # noqa: E402
from training.embedder.teacher import open_teacher  # noqa: E402
from training.embedder.train import Trainer  # noqa: E402

CONFIG = Path(__file__).parents[2] / "training" / "embedder" / "mobile128.toml"
SMALL = StudentConfig(patch_px=4, widths=(4, 4, 8), depths=(1, 1, 1), dimension=6)


@pytest.fixture
def config():
    """The shipped configuration."""
    return load_config(CONFIG)


@pytest.fixture
def pool():
    """Sixty noise pictures of one age."""
    rng = np.random.default_rng(0)
    labels = [Label(f"{i}.jpg", "", "utk", 25.0, "male", "white", "train") for i in range(80)]
    crops = rng.integers(0, 256, (80, 128, 128, 3)).astype(np.uint8)
    return Pool(crops, rng.normal(size=(80, 128)).astype(np.float32), labels)


class FakeTeacher:
    """Answers with the mean colours, so that a wrong row shows."""

    def embed(self, crops_rgb):
        """(N, 128): three means, then zeros."""
        answers = np.zeros((len(crops_rgb), 128), np.float32)
        answers[:, :3] = crops_rgb.mean(axis=(1, 2))
        return answers


class TestStudent:
    def test_has_the_size_of_the_recipe(self, config):
        """2.4 million parameters, as the model card says."""
        count = sum(p.numel() for p in Student(config.student).parameters())
        assert 2.3e6 < count < 2.5e6

    def test_rows_do_not_depend_on_each_other(self):
        """A batch is what its rows are one by one."""
        student = Student(SMALL).eval()
        images = torch.randn(3, 3, 112, 112)
        with torch.inference_mode():
            alone = torch.cat([student(image[None]) for image in images])
            assert torch.allclose(student(images), alone, atol=1e-5)

    @pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter, of torch
    def test_onnx_does_what_torch_does(self, tmp_path):
        """Within 1e-4, for one picture and for several."""
        torch.manual_seed(1)
        student = Student(SMALL)
        student.train()(torch.randn(8, 3, 112, 112))
        export(student, tmp_path / "student.onnx")
        assert largest_difference(student, tmp_path / "student.onnx") < 1e-4
        assert b".py" not in (tmp_path / "student.onnx").read_bytes(), "the exporter's traces"

    @pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter, of torch
    def test_mirrored_is_the_mean_over_both_images(self, tmp_path):
        """For a picture and its mirror image alike, also as ONNX."""
        torch.manual_seed(2)
        student = Student(SMALL).eval()
        images = torch.randn(3, 3, 112, 112)
        with torch.inference_mode():
            expected = (student(images) + student(images.flip(3))) / 2
            assert torch.allclose(Mirrored(student)(images), expected, atol=1e-6)
            assert torch.allclose(Mirrored(student)(images.flip(3)), expected, atol=1e-6)
        export(Mirrored(student), tmp_path / "mirrored.onnx")
        assert largest_difference(Mirrored(student), tmp_path / "mirrored.onnx") < 1e-4


class TestLosses:
    def test_distillation_ignores_length(self):
        """Only the direction is learned."""
        answers = torch.randn(5, 8)
        assert float(distillation(3 * answers, answers)) == pytest.approx(0, abs=1e-6)
        assert float(distillation(-answers, answers)) == pytest.approx(2, abs=1e-6)

    def test_separation_equals_two_loops(self):
        """All pairs of views of different pictures, and the pairs of views of one."""
        first, second = torch.randn(4, 5), torch.randn(4, 5)
        rows = [r / r.norm() for r in [*first, *second]]
        pushes = [
            max(0.0, float(rows[i] @ rows[j]) - 0.1) ** 2
            for i in range(8)
            for j in range(8)
            if i % 4 != j % 4
        ]
        pulls = [1 - float(rows[i] @ rows[i + 4]) for i in range(4)]
        push, pull = separation(first, second, 0.1)
        assert float(push) == pytest.approx(np.mean(pushes), abs=1e-6)
        assert float(pull) == pytest.approx(np.mean(pulls), abs=1e-6)


class TestSchedule:
    def test_rises_then_falls_twice(self):
        """Warm-up, top, half way to the turn, the turn, half way to the end, end, after it."""
        plan = RatePlan(top=2.0, warm_up=10, low=0.4, turn=110, total=210)
        rates = [learning_rate(s, plan) for s in (0, 5, 10, 60, 110, 160, 210, 999)]
        assert rates == pytest.approx([0, 1, 2, 1.2, 0.4, 0.2, 0, 0])

    def test_clock_goes_on_from_earlier_runs(self):
        """What was spent counts, the time between runs does not."""
        time = iter([100.0, 130.0])
        assert Clock(50.0, lambda: next(time)).seconds() == 80.0


class TestCheckpoint:
    def test_missing_is_none(self, tmp_path):
        """A first run starts from nothing."""
        assert restore(tmp_path / "none.pt") is None

    def test_a_failed_write_leaves_the_old_one(self, tmp_path):
        """A checkpoint is replaced whole or not at all."""
        path = tmp_path / "checkpoint.pt"
        save(path, {"step": 1})
        with pytest.raises(AttributeError):
            save(path, {"step": lambda: None})
        assert restore(path) == {"step": 1}

    def test_training_goes_on_as_if_never_stopped(self, tmp_path, config, pool):
        """Same batches after a restart, same weights."""
        rng = np.random.default_rng(1)
        batches = [
            Batch(
                views(pool.crops_rgb[:4], config.augment, rng),
                rng.normal(size=(4, 128)).astype(np.float32),
                alike,
            )
            for alike in (0, 0, 2)
        ]
        straight = Trainer(config, pool)
        for second, batch in enumerate(batches):
            straight.step(30.0 * second, batch)
            if second == 1:
                save(tmp_path / "c.pt", straight.state())
        resumed = Trainer(config, pool)
        resumed.load(restore(tmp_path / "c.pt"))
        resumed.step(60.0, batches[2])
        assert resumed.picture_count == 12
        for name, value in straight.student.state_dict().items():
            assert torch.equal(value, resumed.student.state_dict()[name]), name


class TestBatches:
    def test_general_batch_carries_the_teachers_answer_to_each_view(self, config, pool):
        """Fresh or replayed, a row's answer belongs to that row's pixels."""
        batches = Batches(config, pool, FakeTeacher(), np.random.default_rng(0))
        for _ in range(3):
            batch = batches.make(alike=False)
            means = batch.views_rgb.mean(axis=(1, 2))
            assert np.allclose(means, batch.answers[:, :3], atol=1e-3)
        assert len(batch.answers) == config.optimiser.fresh + config.optimiser.replayed

    def test_alike_waits_for_general_views_to_replay(self, config, pool, monkeypatch):
        """After a restart in the second phase nothing general is remembered yet."""
        monkeypatch.setattr("training.embedder.batches.ENOUGH_TO_REPLAY", 40)
        batches = Batches(config, pool, FakeTeacher(), np.random.default_rng(0))
        while batches.make(alike=True).alike == 0:
            assert len(batches._replay) < 40 + config.optimiser.fresh
        batch = batches.make(alike=True)
        assert batch.alike == config.separation.pictures
        assert len(batch.answers) == 2 * batch.alike + config.optimiser.replayed

    def test_two_views_of_a_picture_stand_n_rows_apart(self, config, pool):
        """Row i and row n + i show one picture: their colours agree better than strangers'."""
        pool.crops_rgb[:] = (np.arange(80, dtype=np.uint8) * 3)[:, None, None, None]
        still = config.augment.__class__(
            **{
                **{f: getattr(config.augment, f) for f in config.augment.__struct_fields__},
                "colour": 0.0, "grey": 0.0, "noise": 0.0,
            }
        )  # fmt: skip
        flat = config.__class__(
            seed=0, student=config.student, augment=still, optimiser=config.optimiser,
            separation=config.separation,
        )  # fmt: skip
        batches = Batches(flat, pool, FakeTeacher(), np.random.default_rng(0))
        views_rgb = batches._alike(48)
        assert np.abs(views_rgb[:48].mean((1, 2, 3)) - views_rgb[48:].mean((1, 2, 3))).max() < 2.5


class TestTeacher:
    def test_batch_equals_one_by_one(self, shared_dir):
        """Freeing the batch axis changes no embedding."""
        teacher = open_teacher(shared_dir / "models" / "mobilefacenet_128d.onnx")
        crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3)).astype(np.uint8)
        alone = np.concatenate([teacher.embed(crop[None]) for crop in crops])
        assert np.allclose(teacher.embed(crops), alone, atol=1e-5)
        assert teacher.embed(crops[:0]).shape == (0, 128)

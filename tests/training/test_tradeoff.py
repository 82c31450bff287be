"""Which point of the curve ships, and what stands between two sets of weights."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from fvs.metrics.intervals import rate
from training.embedder.evaluate import inequity
from training.embedder.plot import Dot, scatter_svg

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
onnx = pytest.importorskip("onnx", reason="training needs the extra `train`")

from training.embedder.config import StudentConfig  # noqa: E402 - after the skip
from training.embedder.export import export  # noqa: E402
from training.embedder.student import Student  # noqa: E402
from training.embedder.teacher import STUDENT_PIXELS, OnnxEmbedder  # noqa: E402
from training.embedder.tradeoff import COSINE_GIVEN_UP, chosen_share, mixed  # noqa: E402
from training.embedder.variants import write_variants  # noqa: E402

SMALL = StudentConfig(patch_px=4, widths=(4, 8, 16), depths=(1, 1, 1), dimension=6)


class TestChoice:
    @pytest.mark.parametrize(
        ("cosines", "chosen"),
        [
            ({0.0: 0.7}, 0.0),
            ({0.0: 0.7, 0.5: 0.7, 1.0: 0.7}, 1.0),
            ({0.0: 0.7, 0.5: 0.7 - COSINE_GIVEN_UP / 2, 1.0: 0.6}, 0.5),
            ({0.0: 0.7, 0.5: 0.6, 1.0: 0.69}, 1.0),
            ({0.0: 0.5, 0.5: 0.7, 1.0: 0.6}, 0.5),
        ],
    )
    def test_furthest_that_still_agrees(self, cosines, chosen):
        """The largest share within the allowance of the best, wherever the best stands."""
        assert chosen_share(cosines) == chosen

    def test_mixture_ends_at_either_state(self):
        """Share 0 is the first, 1 the second, a half the mean; counters keep their type."""
        first = {"w": torch.tensor([0.0, 2.0]), "n": torch.tensor(2)}
        second = {"w": torch.tensor([1.0, 4.0]), "n": torch.tensor(4)}
        assert mixed(first, second, 0.0)["w"].tolist() == [0.0, 2.0]
        assert mixed(first, second, 1.0)["w"].tolist() == [1.0, 4.0]
        half = mixed(first, second, 0.5)
        assert half["w"].tolist() == [0.5, 3.0]
        assert half["n"].dtype == first["n"].dtype


class TestInequity:
    def test_is_the_ratio_of_maximum_to_geometric_mean(self):
        """Adult groups alone count, and no match counts as half a one."""
        groups = {
            "adults 20-59, a": rate(4, 100), "adults 20-59, b": rate(0, 50), "ages 2-12": rate(9, 9)
        }  # fmt: skip
        assert inequity(groups) == pytest.approx(0.04 / np.sqrt(0.04 * 0.01))


class TestPlot:
    def test_names_every_dot_and_joins_the_curve(self):
        """Text is escaped; the line has as many corners as the curve has dots."""
        dots = [Dot("a < b", 1.0, 0.2, True), Dot("c", 2.0, 0.1, True), Dot("d", 3.0, 0.3, False)]
        root = ET.fromstring(scatter_svg("t", dots))  # noqa: S314 - our own text
        words = {e.text for e in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {"a < b", "c", "d", "t"} <= words
        (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
        assert len(line.get("points").split()) == 2


class TestVariants:
    @pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter, of torch
    def test_reduced_networks_still_do_the_same(self, tmp_path: Path):
        """Float16 storage within 1e-3 of float32, int8 near it, both of them valid and smaller."""
        torch.manual_seed(0)
        student = Student(SMALL)
        student.train()(torch.randn(8, 3, 112, 112))
        export(student, tmp_path / "student.onnx")
        crops = np.random.default_rng(0).integers(0, 256, (4, 112, 112, 3)).astype(np.uint8)
        paths = write_variants(tmp_path / "student.onnx", crops, tmp_path / "reduced")
        answers = {n: OnnxEmbedder(p, STUDENT_PIXELS).embed(crops) for n, p in paths.items()}
        assert np.abs(answers["float16 storage"] - answers["float32"]).max() < 1e-3
        assert (answers["int8"] * answers["float32"]).sum(axis=1).min() > 0.9
        assert sorted(p.name for p in (tmp_path / "reduced").iterdir()) == [
            "float16.onnx", "int8.onnx",
        ]  # fmt: skip

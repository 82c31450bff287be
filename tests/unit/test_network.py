"""A network is what its manifest says, or a coded error; a batch is its rows one by one."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
import onnxruntime
import pytest

from fvs.errors import ModelIntegrityError, ProviderError, UsageError
from fvs.manifest import DetectHead, EmbedHead, PixelInput, load_manifest
from fvs.network import PROVIDER_NAMES, Network, Runtime, pixels_to_tensor
from fvs.packs import shipped_models_dir
from tests import tiny_onnx

GOOD = tiny_onnx.embedder_bytes()
BATCH = 3


def open_network(tmp_path, content=GOOD, runtime=None, **changes):
    """Open a tiny network with its right manifest, changed."""
    path = tiny_onnx.write(tmp_path, content)
    return Network(tiny_onnx.manifest_of(content, **changes), path, runtime or Runtime())


def random_pixels(n, side_px=tiny_onnx.SIDE_PX, seed=0):
    """(n, side, side, 3) uint8."""
    shape = (n, side_px, side_px, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def embedder(reference_pack):
    """The reference embedder, whose graph takes one picture at a time."""
    return Network(reference_pack.embedder.manifest, reference_pack.embedder.weights, Runtime())


@pytest.fixture(scope="module")
def detector(reference_pack):
    """The reference detector, whose graph takes any batch and size."""
    return Network(reference_pack.detector.manifest, reference_pack.detector.weights, Runtime())


@pytest.fixture(scope="module")
def scrfd(shared_dir):
    """An SCRFD, whose graph takes one picture and has no batch axis in its outputs."""
    manifest = load_manifest(shipped_models_dir() / "detect-scrfd500m-202109")
    return Network(manifest, shared_dir / "models" / "scrfd_500m.onnx", Runtime())


class TestIntegrity:
    """Weights that are not what the manifest says."""

    def test_good(self, tmp_path):
        """The tiny network opens, so that what follows fails for its own reason."""
        assert repr(open_network(tmp_path)) == "Network('embed-tiny-202611', CPUExecutionProvider)"

    def test_hash(self, tmp_path):
        """One other byte is found before the file is opened."""
        path = tiny_onnx.write(tmp_path, GOOD + b"\0")
        with pytest.raises(ModelIntegrityError, match="is not the file of") as caught:
            Network(tiny_onnx.manifest_of(GOOD), path, Runtime())
        assert "fvs models" in caught.value.advice

    def test_missing(self, tmp_path):
        """A file that is not there is named."""
        with pytest.raises(ModelIntegrityError, match=r"cannot read .*none\.onnx"):
            Network(tiny_onnx.manifest_of(GOOD), tmp_path / "none.onnx", Runtime())

    def test_folder(self, tmp_path):
        """A folder is no file."""
        with pytest.raises(ModelIntegrityError, match="cannot read"):
            Network(tiny_onnx.manifest_of(GOOD), tmp_path, Runtime())

    @pytest.mark.parametrize("content", [b"", b"\x08\x08", b"no network at all", GOOD[:-40]])
    def test_corrupt(self, tmp_path, content):
        """What onnxruntime cannot open is a coded error, though its hash is right."""
        with pytest.raises(ModelIntegrityError, match="embed-tiny-202611: onnxruntime cannot open"):
            open_network(tmp_path, content, size_bytes=max(len(content), 1))

    @pytest.mark.parametrize(
        ("graph", "what"),
        [
            ({"input_name": "other"}, "inputs"),
            ({"output_name": "other"}, "outputs"),
            ({"side_px": 5}, "input shape"),
            ({"batch": 2}, "input shape"),
            ({"dimension": 6}, "output 'vector'"),
        ],
    )
    def test_mismatch(self, tmp_path, graph, what):
        """An input, output, size, fixed batch or length other than declared is named."""
        with pytest.raises(ModelIntegrityError, match=f"{what} differ"):
            open_network(tmp_path, tiny_onnx.embedder_bytes(**graph))

    def test_graph_that_cannot_run(self, tmp_path):
        """A graph that opens and then cannot run is a coded error."""
        with pytest.raises(ModelIntegrityError, match="its first run failed"):
            open_network(tmp_path, tiny_onnx.embedder_bytes(reshaped_to=[7, 7]))

    def test_extra_axis(self, tmp_path):
        """A vector of the right length but with one more axis is no embedding."""
        content = tiny_onnx.embedder_bytes(reshaped_to=[-1, 1, tiny_onnx.DIMENSION])
        with pytest.raises(ModelIntegrityError, match=r"\(1, 1, 5\), expected float32 \(1, 5\)"):
            open_network(tmp_path, content)

    @pytest.mark.parametrize(
        "change",
        [
            {"strides_px": (8, 16, 64)},
            {"strides_px": (8, 16)},
            {"anchors_per_cell": 2},
            {"family": "scrfd"},
        ],
    )
    def test_detector_head(self, reference_pack, change):
        """Strides, anchors or a family that do not fit the outputs are found at once."""
        files = reference_pack.detector
        head = msgspec.structs.replace(files.manifest.detect, **change)
        manifest = msgspec.structs.replace(files.manifest, detect=head)
        with pytest.raises(ModelIntegrityError, match="detect-yunet-202310"):
            Network(manifest, files.weights, Runtime())

    def test_detector_output_order(self, reference_pack):
        """Two levels named in the wrong order have the same widths but not the same rows."""
        files = reference_pack.detector
        names = list(files.manifest.detect.outputs)
        names[0], names[1] = names[1], names[0]
        head: DetectHead = msgspec.structs.replace(files.manifest.detect, outputs=tuple(names))
        manifest = msgspec.structs.replace(files.manifest, detect=head)
        with pytest.raises(ModelIntegrityError, match="output 'cls_16' differ"):
            Network(manifest, files.weights, Runtime())

    def test_nameless_output(self, tmp_path):
        """A manifest that names no output takes the only one."""
        head = EmbedHead(dimension=tiny_onnx.DIMENSION, alignment="arcface")
        pixels = random_pixels(BATCH)
        named = open_network(tmp_path).run(pixels)["vector"]
        assert np.array_equal(open_network(tmp_path, embed=head).run(pixels)[head.output], named)


class TestProvider:
    """Providers are had, or refused by name."""

    @pytest.mark.parametrize("provider", sorted(set(PROVIDER_NAMES) - {"cpu"}))
    def test_absent(self, tmp_path, provider, monkeypatch):
        """A provider that this onnxruntime lacks is an error and never the CPU instead."""
        monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
        with pytest.raises(ProviderError, match=f"{provider} was asked for"):
            open_network(tmp_path, runtime=Runtime(provider=provider))

    @pytest.mark.skipif(
        "CUDAExecutionProvider" in onnxruntime.get_available_providers(),
        reason="this onnxruntime has CUDA",
    )
    def test_cuda_on_a_build_without_it(self, tmp_path):
        """Asking the installed CPU build for CUDA is an error."""
        with pytest.raises(ProviderError, match="cuda was asked for but this onnxruntime has"):
            open_network(tmp_path, runtime=Runtime(provider="cuda"))

    def test_fallback(self, tmp_path, monkeypatch):
        """A provider that onnxruntime promises and then silently replaces is an error."""
        names = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        monkeypatch.setattr("onnxruntime.get_available_providers", lambda: names)
        session = open_network(tmp_path)._session
        monkeypatch.setattr("onnxruntime.InferenceSession", lambda *_args, **_options: session)
        with pytest.raises(ProviderError, match="fell back to CPUExecutionProvider"):
            open_network(tmp_path, runtime=Runtime(provider="cuda"))

    def test_cuda_keeps_float32_unless_told_otherwise(self):
        """Error rates were measured with 23 bits of mantissa; whoever measures may choose."""
        assert Runtime(provider="cuda").provider_options["use_tf32"] == "0"
        assert Runtime(provider="cuda", options={}).provider_options == {}
        assert Runtime().provider_options == {}


class TestPixels:
    """What goes in."""

    @pytest.mark.parametrize("channels", ["rgb", "bgr"])
    def test_tensor(self, channels):
        """The tensor is (pixel - mean) / std plane by plane, in the order asked for."""
        spec = PixelInput(name="x", channels=channels, mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0))
        pixels = random_pixels(2)
        tensor = pixels_to_tensor(pixels, spec)
        for n, plane in np.ndindex(2, 3):
            source = plane if channels == "rgb" else 2 - plane
            expected = (pixels[n, :, :, source].astype(float) - spec.mean[plane]) / spec.std[plane]
            np.testing.assert_allclose(tensor[n, plane], expected, rtol=1e-6)

    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((1, 4, 4, 3), np.float32),
            np.zeros((4, 4, 3), np.uint8),
            np.zeros((1, 3, 4, 4), np.uint8),
            np.zeros((1, 4, 5, 3), np.uint8),
            np.zeros((0, 5, 5, 3), np.uint8),
        ],
    )
    def test_refused(self, tmp_path, pixels):
        """Pixels of another type, rank or size are the caller's mistake."""
        with pytest.raises(UsageError, match="expected"):
            open_network(tmp_path).run(pixels)

    @pytest.mark.parametrize(("height", "width"), [(0, 0), (0, 32), (33, 32), (32, 33), (16, 32)])
    def test_multiples(self, detector, height, width):
        """A free input size is a positive multiple of the network's stride on both sides."""
        with pytest.raises(UsageError, match="multiples of 32"):
            detector.run(np.zeros((1, height, width, 3), np.uint8))


class TestBatch:
    """A batch is its rows one by one, whatever the graph's own batch is."""

    @pytest.mark.parametrize("n", [0, 1, BATCH, BATCH + 1])
    @pytest.mark.parametrize("name", ["embedder", "detector", "scrfd"])
    def test_one_by_one(self, name, n, request):
        """0, 1, B and B + 1 pictures give the rows that each gives alone."""
        network = request.getfixturevalue(name)
        pixels = random_pixels(n, side_px=network.manifest.input.size_px or 64)
        together = network.run(pixels)
        alone = [network.run(pixels[i : i + 1]) for i in range(n)]
        shapes = {key: array.shape[1:] for key, array in network.run(pixels[:1]).items() if n}
        for key, array in together.items():
            assert array.dtype == np.float32
            assert len(array) == n
            assert not n or array.shape[1:] == shapes[key]
            for i in range(n):
                np.testing.assert_allclose(array[i], alone[i][key][0], rtol=1e-4, atol=1e-5)

    def test_empty_has_the_shape_of_its_size(self, detector):
        """An empty batch of a size has as many candidates per picture as a full one."""
        empty = detector.run(np.zeros((0, 64, 96, 3), np.uint8))
        full = detector.run(np.zeros((2, 64, 96, 3), np.uint8))
        assert {k: a.shape for k, a in empty.items()} == {
            k: (0, *a.shape[1:]) for k, a in full.items()
        }

    def test_threads(self, embedder):
        """Many threads on one session get what one thread gets, bit for bit."""
        pixels = random_pixels(8, side_px=112)
        expected = [embedder.run(pixels[i : i + 1])["output0"] for i in range(len(pixels))]
        with ThreadPoolExecutor(max_workers=8) as pool:
            jobs = [pool.submit(embedder.run, pixels[i % 8 : i % 8 + 1]) for i in range(32)]
        for i, job in enumerate(jobs):
            assert np.array_equal(job.result()["output0"], expected[i % 8])

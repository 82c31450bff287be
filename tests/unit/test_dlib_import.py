"""dlib's network comes out of its own file as it is, and nothing else comes out of any file."""

import io
import sys
import tracemalloc
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fvs.dlib_import.graph import INPUT_NAME, OUTPUT_NAME, to_onnx
from fvs.dlib_import.install import MODEL_ID, convert, import_dlib, locate_weights
from fvs.dlib_import.resnet import BLOCKS, MEAN_RGB, STD_RGB, read_resnet
from fvs.errors import MissingExtraError, ModelIntegrityError, UsageError
from fvs.manifest import load_manifest
from fvs.model_store import find_held, weights_path
from fvs.network import Network, Runtime, pixels_to_tensor
from fvs.onnx_storage import store_as_float16
from fvs.packs import shipped_models_dir
from tests.dlib_files import dlib_file, random_network

EQUAL = 1e-4
"""Largest difference of a coordinate from dlib's."""

ROUNDED_EQUAL = 1e-3
"""The same of the file that ships, whose weights are rounded to float16; 3e-4 was seen at most."""

ROUNDING = 5e-3
"""The same of any network: random weights are rounded worse."""

FEW = settings(max_examples=15, deadline=None)
"""A file has 22 MB."""

LARGEST_PEAK_BYTES = 60_000_000
"""Weights, and one copy of the largest."""

MANIFEST = load_manifest(shipped_models_dir() / MODEL_ID)


@pytest.fixture(scope="module")
def network():
    """Random weights."""
    return random_network()


@pytest.fixture(scope="module")
def written(network):
    """Their file, and the offsets of the bytes that could not be others."""
    return dlib_file(network)


@pytest.fixture(scope="module", params=["random", "published"])
def source(request, tmp_path_factory):
    """A network's file: random weights, or dlib's own where it is installed."""
    if request.param == "published":
        return request.getfixturevalue("dlib_weights")
    path = tmp_path_factory.mktemp("dlib") / "random.dat"
    path.write_bytes(request.getfixturevalue("written")[0])
    return path


@pytest.fixture(scope="module")
def model(source):
    """The network as float32 ONNX."""
    with source.open("rb") as stream:
        return to_onnx(read_resnet(stream, source.name))


@pytest.fixture(scope="module")
def session(model):
    """The same, open."""
    return session_of(model)


@pytest.fixture(scope="module")
def chips():
    """Noise, one colour, and smooth patches, which are more like a face."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (3, 150, 150, 3), np.uint8)
    coarse = rng.integers(0, 256, (3, 6, 6, 3), np.uint8)
    smooth = coarse.repeat(25, axis=1).repeat(25, axis=2)
    return np.concatenate([noise, smooth, np.full((1, 150, 150, 3), 200, np.uint8)])


@pytest.fixture(scope="module")
def face_chips(shared_dir):
    """Faces cut out of pictures, roughly."""
    from fvs.folders import PictureSet  # noqa: PLC0415 - for this fixture alone
    from fvs.image import decode_images  # noqa: PLC0415

    pictures = PictureSet.open(shared_dir / "data" / "lfw_eval.tar")
    images = decode_images(pictures.read(pictures.pictures[:16]))
    return np.stack([pixels[50:200, 50:200] for pixels in images.pixels_rgb])


def read(content):
    """The network in these bytes."""
    return read_resnet(io.BytesIO(content), "file.dat")


def session_of(model):
    """The model opened with one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def embed(session, chips):
    """Embeddings as the network gives them."""
    return session.run([OUTPUT_NAME], {INPUT_NAME: pixels_to_tensor(chips, MANIFEST.input)})[0]


def embed_with_dlib(source, chips):
    """Embeddings as dlib gives them, or a skip."""
    dlib = pytest.importorskip("dlib", reason="needs dlib-bin, the oracle (extra `dev`)")
    model = dlib.face_recognition_model_v1(str(source))
    return np.array([model.compute_face_descriptor(chip) for chip in chips], np.float32)


class TestReading:
    """What is read from a file."""

    def test_round_trip(self, network, written):
        """Every weight comes back bit by bit."""
        got = read(written[0])
        np.testing.assert_array_equal(got.projection, network.projection)
        pairs = [(network.stem, got.stem)]
        for wants, gots in zip(network.blocks, got.blocks, strict=True):
            pairs += zip(wants, gots, strict=True)
        assert len(pairs) == 29
        for want, have in pairs:
            for part in ("filters", "bias", "gain", "offset"):
                np.testing.assert_array_equal(getattr(have, part), getattr(want, part))

    @FEW
    @given(st.data())
    def test_truncated(self, written, data):
        """A file that ends anywhere before its end is refused."""
        content = written[0]
        length = data.draw(st.integers(0, len(content) - 1))
        with pytest.raises(ModelIntegrityError, match="the file's end"):
            read(content[:length])

    @FEW
    @given(st.data())
    def test_changed_structure(self, written, data):
        """One other bit in anything but a weight or a training setting is refused."""
        content, fixed = written
        offset = fixed[data.draw(st.integers(0, len(fixed) - 1))]
        changed = bytearray(content)
        changed[offset] ^= 1 << data.draw(st.integers(0, 7))
        with pytest.raises(ModelIntegrityError):
            read(bytes(changed))

    @FEW
    @given(st.data())
    def test_changed_anywhere(self, written, data):
        """Random bytes anywhere give other weights or the error: no hang, no wild allocation."""
        content = bytearray(written[0])
        for _ in range(data.draw(st.integers(1, 8))):
            offset = data.draw(st.integers(0, len(content) - 1))
            patch = data.draw(st.binary(min_size=1, max_size=16))[: len(content) - offset]
            content[offset : offset + len(patch)] = patch
        stream = io.BytesIO(bytes(content))
        tracemalloc.start()
        try:
            read_resnet(stream, "file.dat")
        except ModelIntegrityError:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < LARGEST_PEAK_BYTES

    def test_more_after_the_end(self, written):
        """A file that goes on is refused."""
        with pytest.raises(ModelIntegrityError, match="more after"):
            read(written[0] + b"0")

    @pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", bytes(100), b"\xff" * 100])
    def test_foreign(self, content):
        """Other files are refused at their first bytes, with advice."""
        with pytest.raises(ModelIntegrityError, match=r"file\.dat is not dlib's") as caught:
            read(content)
        assert "face_recognition_models" in caught.value.advice

    def test_endless(self):
        """A stream without end is refused after a few bytes."""
        with Path("/dev/zero").open("rb") as stream, pytest.raises(ModelIntegrityError):
            read_resnet(stream, "zero")

    def test_another_mean(self, written):
        """A network that wants its pixels otherwise is refused: the manifest would be wrong."""
        at = written[0].index(b"input_rgb_image_sized") + len("input_rgb_image_sized") + 1
        changed = bytearray(written[0])
        changed[at] ^= 1
        with pytest.raises(ModelIntegrityError, match="subtracts"):
            read(bytes(changed))


class TestGraph:
    """The network as ONNX."""

    def test_equals_dlib(self, session, source, chips):
        """Embeddings of a batch are dlib's, one by one."""
        np.testing.assert_allclose(
            embed(session, chips), embed_with_dlib(source, chips), rtol=0, atol=EQUAL
        )

    def test_equals_dlib_on_faces(self, session, source, face_chips):
        """So they are on faces."""
        np.testing.assert_allclose(
            embed(session, face_chips), embed_with_dlib(source, face_chips), rtol=0, atol=EQUAL
        )

    def test_float16_storage(self, model, session, chips):
        """Rounding the weights to float16 moves embeddings, and little."""
        stored = embed(session_of(store_as_float16(model)), chips)
        difference = np.abs(stored - embed(session, chips)).max()
        assert 0 < difference < ROUNDING

    @pytest.mark.parametrize("count", [0, 1, 2, 7])
    def test_batch(self, session, chips, count):
        """A batch of any size is as its pictures one by one."""
        got = embed(session, chips[:count])
        assert got.shape == (count, 128)
        for row, chip in enumerate(chips[:count]):
            np.testing.assert_allclose(got[row], embed(session, chip[None])[0], rtol=0, atol=1e-5)

    def test_permutation(self, session, chips):
        """Embeddings follow their pictures through any order."""
        order = np.random.default_rng(1).permutation(len(chips))
        got = embed(session, chips[order])
        np.testing.assert_allclose(got, embed(session, chips)[order], rtol=0, atol=1e-5)

    def test_shapes(self, model):
        """Every shape is inferred, but for the batch's free size; the side falls as in dlib."""
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        sides = {
            value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim][1:]
            for value in inferred.graph.value_info
        }
        blocks = [sides[f"block{index}"] for index in range(len(BLOCKS))]
        assert [shape[1] for shape in blocks] == [35] * 3 + [17] * 4 + [8] * 3 + [4] * 3 + [2]
        assert all(side for shape in sides.values() for side in shape)

    def test_repeatable(self, source):
        """The same file gives the same bytes."""
        assert convert(source) == convert(source)


@pytest.fixture(scope="module")
def imported(dlib_weights, tmp_path_factory):
    """The network that `fvs models import dlib` makes, opened by its manifest."""
    path = tmp_path_factory.mktemp("dlib") / MANIFEST.file
    path.write_bytes(convert(dlib_weights))
    return Network(MANIFEST, path, Runtime())


class TestManifest:
    """What the manifest says of the file that is made."""

    def test_pixels(self):
        """Pixels are wanted as dlib prepares them."""
        assert MANIFEST.input.mean == MEAN_RGB
        assert MANIFEST.input.std == STD_RGB
        assert (MANIFEST.input.name, MANIFEST.embed.output) == (INPUT_NAME, OUTPUT_NAME)
        assert (MANIFEST.input.channels, MANIFEST.embed.alignment) == ("rgb", "dlib")

    def test_opens(self, imported):
        """The file that is made has the hash that the manifest states, and runs."""
        assert imported.run(np.zeros((2, 150, 150, 3), np.uint8))[OUTPUT_NAME].shape == (2, 128)

    def test_equals_dlib(self, imported, dlib_weights, chips, face_chips):
        """It gives dlib's embeddings within what rounding its weights costs."""
        pictures = np.concatenate([chips, face_chips])
        want = embed_with_dlib(dlib_weights, pictures)
        np.testing.assert_allclose(
            imported.run(pictures)[OUTPUT_NAME], want, rtol=0, atol=ROUNDED_EQUAL
        )


class TestLocating:
    """Finding the file that the package carries."""

    def test_not_imported(self, dlib_weights, monkeypatch):
        """The file is found though the package cannot be imported."""
        monkeypatch.setitem(sys.modules, "face_recognition_models", None)
        assert locate_weights() == dlib_weights

    def test_missing_package(self, monkeypatch):
        """Without the package the error says what to install."""

        def missing(name):
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(metadata, "files", missing)
        with pytest.raises(MissingExtraError) as caught:
            locate_weights()
        assert 'pip install "face-verification-service[dlib]"' in caught.value.advice

    @pytest.mark.parametrize("files", [None, [], [metadata.PackagePath("x/other.dat")]])
    def test_missing_file(self, files, monkeypatch):
        """A package without the file, or without a list of files, is as good as none."""
        monkeypatch.setattr(metadata, "files", lambda _: files)
        with pytest.raises(MissingExtraError):
            locate_weights()


class TestImport:
    """Putting the network into a model folder."""

    def test_twice(self, dlib_weights, tmp_path):
        """The first import writes the file; the second finds it and changes nothing."""

        def find(manifest):
            return find_held(manifest, [tmp_path])

        target = weights_path(tmp_path, MANIFEST)
        first = import_dlib(dlib_weights, MANIFEST, tmp_path, find)
        assert first.installed == {MODEL_ID: target}
        before = target.stat().st_mtime_ns
        second = import_dlib(dlib_weights, MANIFEST, tmp_path, find)
        assert (second.installed, second.present) == ({}, {MODEL_ID: target})
        assert target.stat().st_mtime_ns == before

    def test_other_weights(self, written, tmp_path):
        """A network of the same kind with other weights is refused by its hash."""
        path = tmp_path / "random.dat"
        path.write_bytes(written[0])
        with pytest.raises(ModelIntegrityError, match="other bytes"):
            import_dlib(path, MANIFEST, tmp_path / "weights", lambda _: None)
        assert not list((tmp_path / "weights").rglob("*.*"))

    def test_no_file(self, tmp_path):
        """A file that is not there is the caller's mistake."""
        with pytest.raises(UsageError, match="is not there"):
            import_dlib(tmp_path / "none.dat", MANIFEST, tmp_path, lambda _: None)

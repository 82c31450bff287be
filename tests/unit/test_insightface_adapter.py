"""InsightFace's files become ours; its own detector is the oracle of our SCRFD decoding."""

import hashlib
import json
import sys

import cv2
import numpy as np
import onnx
import pytest

from fvs.detect import FaceSearch, Look, SearchStep, detect_faces
from fvs.errors import ManifestError, MissingExtraError, ModelIntegrityError, UsageError
from fvs.insightface_adapter import adopt_folder, manifest_from_model_zoo, read_model_package
from fvs.manifest import load_manifest
from fvs.network import Network, Runtime
from fvs.packs import list_manifests, list_packs, load_pack, shipped_models_dir
from fvs.records import Images
from tests import tiny_onnx

insightface = pytest.importorskip("insightface", reason="needs the extra `insightface`")
model_zoo = pytest.importorskip("insightface.model_zoo")

SCRFD_ID = "detect-scrfd500m-202109"
CANVAS_PX = 1280
FACES_IN_T1 = 6


@pytest.fixture(scope="session")
def scrfd(shared_dir):
    """The SCRFD-500MF of buffalo_s."""
    return shared_dir / "models" / "scrfd_500m.onnx"


@pytest.fixture
def arcface_bytes():
    """An embedder of ArcFace's input size."""
    return tiny_onnx.embedder_bytes(side_px=112)


@pytest.fixture
def model_folder(scrfd, arcface_bytes, tmp_path):
    """A folder as InsightFace keeps them, with bytes that no manifest of ours knows."""
    model = onnx.load(scrfd)
    model.doc_string = "changed"
    folder = tmp_path / "models" / "mypack"
    tiny_onnx.write(folder, model.SerializeToString(), "Det (mine).onnx")
    tiny_onnx.write(folder, arcface_bytes, "w600k.onnx")
    tiny_onnx.write(folder, tiny_onnx.embedder_bytes(side_px=96), "genderage.onnx")
    return folder


def six_people():
    """The sample picture of the insightface wheel in a square: (1280, 1280, 3) uint8 BGR."""
    path = f"{insightface.__path__[0]}/data/images/t1.jpg"
    picture = cv2.imread(path)
    canvas = np.zeros((CANVAS_PX, CANVAS_PX, 3), np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas


class TestOracle:
    """Our detector beside insightface's, on the same pixels."""

    def test_same_faces(self, scrfd):
        """Boxes, landmarks and scores agree to a hundredth of a pixel, for every face."""
        bgr = six_people()
        network = Network(load_manifest(shipped_models_dir() / SCRFD_ID), scrfd, Runtime())
        look = Look(side_px=CANVAS_PX, border=0.0)
        search = FaceSearch(steps=(SearchStep(looks=(look,), fit_score=0.0),))
        images = Images(
            status=np.zeros(1, np.uint8),
            pixels_rgb=(np.ascontiguousarray(bgr[..., ::-1]),),
            native_wh=np.full((1, 2), CANVAS_PX),
            scale=np.ones(1),
            file_format=("jpeg",),
        )
        ours = detect_faces(images, network, search)
        ours = ours.take(np.argsort(-ours.detection_score))

        oracle = model_zoo.get_model(
            str(scrfd), providers=["CPUExecutionProvider"], static_shape_sessions=False
        )
        boxes, landmarks = oracle.detect(bgr, input_size=(CANVAS_PX, CANVAS_PX))
        assert len(ours) == len(boxes) == FACES_IN_T1
        np.testing.assert_allclose(ours.xyxy_px, boxes[:, :4], atol=0.01)
        np.testing.assert_allclose(ours.landmarks_px, landmarks, atol=0.01)
        np.testing.assert_allclose(ours.detection_score, boxes[:, 4], atol=1e-5)


class TestDraft:
    """Manifests drafted from a file."""

    def test_detector(self, scrfd):
        """The draft of a known SCRFD says what its shipped manifest says."""
        shipped = load_manifest(shipped_models_dir() / SCRFD_ID)
        draft = manifest_from_model_zoo(scrfd)
        assert (draft.sha256, draft.size_bytes) == (shipped.sha256, shipped.size_bytes)
        assert (draft.input, draft.detect) == (shipped.input, shipped.detect)
        assert not draft.licence.commercial_use

    def test_embedder(self, tmp_path, arcface_bytes):
        """The draft of an embedder has its length, its names and ArcFace's pixels, and opens."""
        path = tiny_onnx.write(tmp_path, arcface_bytes, "My Net.onnx")
        draft = manifest_from_model_zoo(path)
        sha256 = hashlib.sha256(arcface_bytes).hexdigest()
        assert draft.id == f"embed-mynet-{sha256[:8]}"
        assert draft.file == "My_Net.onnx"
        assert (draft.embed.dimension, draft.embed.output) == (tiny_onnx.DIMENSION, "vector")
        assert (draft.input.mean[0], draft.input.std[0], draft.input.size_px) == (127.5, 127.5, 112)
        assert Network(draft, path, Runtime())

    def test_detector_of_another_kind(self, reference_pack):
        """A YuNet, which insightface takes for an SCRFD by its many outputs, gives no manifest."""
        assert manifest_from_model_zoo(reference_pack.detector.weights) is None

    @pytest.mark.parametrize("side_px", [96, 128, 192])
    def test_of_no_use(self, tmp_path, side_px):
        """Networks of other sizes (age and sex, swap, landmarks) give no manifest."""
        path = tiny_onnx.write(tmp_path, tiny_onnx.embedder_bytes(side_px=side_px))
        assert manifest_from_model_zoo(path) is None

    @pytest.mark.parametrize("content", [b"", b"no network"])
    def test_corrupt(self, tmp_path, content):
        """A file that cannot be opened is a coded error."""
        path = tiny_onnx.write(tmp_path, content)
        with pytest.raises(ModelIntegrityError, match="insightface cannot open"):
            manifest_from_model_zoo(path)

    def test_missing(self, tmp_path):
        """A missing file is a coded error, and nothing is fetched in its place."""
        with pytest.raises(ModelIntegrityError, match="is not there"):
            manifest_from_model_zoo(tmp_path / "buffalo_l.onnx")

    def test_without_the_extra(self, tmp_path, arcface_bytes, monkeypatch):
        """Without insightface the error says how to install it."""
        monkeypatch.setitem(sys.modules, "insightface.model_zoo", None)
        with pytest.raises(MissingExtraError) as caught:
            manifest_from_model_zoo(tiny_onnx.write(tmp_path, arcface_bytes))
        assert "pip install 'face-verification-service[insightface]'" in caught.value.advice
        assert "pip install --no-deps insightface" in caught.value.advice


class TestPackage:
    """InsightFace's manifest V2."""

    def write_manifest(self, folder, detection=None, recognition=None):
        """`manifest.json` of the two networks, changed."""
        tasks = {
            "detection": {"file": "Det (mine).onnx"} | (detection or {}),
            "recognition": {"file": "w600k.onnx", "embedding_dimension": tiny_onnx.DIMENSION}
            | (recognition or {}),
        }
        document = {
            "manifest_version": 2,
            "model_id": "mypack",
            "license": "MODEL.LICENSE",
            "tasks": tasks,
        }
        (folder / "manifest.json").write_text(json.dumps(document))

    def test_preprocessing(self, model_folder):
        """Pixels are prepared as the package says, not as insightface would guess."""
        preprocessing = {"preprocessing": {"mean": 10.0, "std": 20.0}}
        self.write_manifest(model_folder, recognition=preprocessing)
        manifests = {m.task: m for m in read_model_package(model_folder).values()}
        assert manifests["embed"].input.mean == (10.0, 10.0, 10.0)
        assert manifests["embed"].input.std == (20.0, 20.0, 20.0)
        assert manifests["detect"].input.std == (128.0, 128.0, 128.0)

    def test_wrong_dimension(self, model_folder):
        """A wrong length, which insightface does not notice, is an error."""
        self.write_manifest(model_folder, recognition={"embedding_dimension": 512})
        with pytest.raises(ModelIntegrityError, match=r"have 5 elements, manifest\.json says 512"):
            read_model_package(model_folder)

    def test_wrong_hash(self, model_folder):
        """A hash that the file does not have is an error."""
        self.write_manifest(model_folder, detection={"sha256": "0" * 64})
        with pytest.raises(ModelIntegrityError, match="SHA-256 mismatch"):
            read_model_package(model_folder)

    @pytest.mark.parametrize("file", ["../w600k.onnx", "/etc/passwd.onnx", "x.bin", 7])
    def test_wrong_path(self, model_folder, file):
        """A file outside the folder, or that is none, is a manifest's mistake."""
        self.write_manifest(model_folder, recognition={"file": file})
        with pytest.raises(ManifestError):
            read_model_package(model_folder)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"manifest_version": 1}'])
    def test_no_package(self, model_folder, text):
        """Whatever is no manifest V2 is a ManifestError."""
        (model_folder / "manifest.json").write_text(text)
        with pytest.raises(ManifestError):
            read_model_package(model_folder)

    def test_missing_manifest(self, tmp_path):
        """A folder without a manifest is a ManifestError."""
        with pytest.raises(ManifestError, match="does not exist"):
            read_model_package(tmp_path)


class TestAdopt:
    """A pack made of a folder."""

    def test_pack(self, model_folder, tmp_path):
        """The pack is named after the folder, opens, and leaves out what is of no use."""
        spec = adopt_folder(model_folder, tmp_path / "mine")
        assert spec.name == "mypack"
        assert list(list_packs(tmp_path / "mine")) == ["mypack"]
        assert len(list_manifests(tmp_path / "mine")) == 2
        pack = load_pack("mypack", tmp_path / "mine")
        for files in (pack.detector, pack.embedder):
            assert Network(files.manifest, files.weights, Runtime())

    def test_twice(self, model_folder, tmp_path):
        """Adopting again gives the same pack."""
        assert adopt_folder(model_folder, tmp_path / "mine") == adopt_folder(
            model_folder, tmp_path / "mine"
        )

    def test_known_file_keeps_its_manifest(self, model_folder, scrfd, tmp_path):
        """A file that a manifest knows is taken under that manifest, terms and all."""
        next(model_folder.glob("Det*")).unlink()
        tiny_onnx.write(model_folder, scrfd.read_bytes(), "d.onnx")
        known = list_manifests(shipped_models_dir()).values()
        assert adopt_folder(model_folder, tmp_path / "mine", known).detector == SCRFD_ID
        assert load_pack("mypack", tmp_path / "mine").detector.manifest in known

    @pytest.mark.parametrize("name", ["Det (mine).onnx", "w600k.onnx"])
    def test_incomplete(self, model_folder, tmp_path, name):
        """A folder without a detector or an embedder makes no pack, and nothing is written."""
        (model_folder / name).unlink()
        with pytest.raises(UsageError, match="a pack takes one of each"):
            adopt_folder(model_folder, tmp_path / "mine")
        assert not (tmp_path / "mine").exists()

    def test_ambiguous(self, model_folder, tmp_path):
        """Of two embedders none is guessed."""
        tiny_onnx.write(model_folder, tiny_onnx.embedder_bytes(side_px=112, dimension=9), "b.onnx")
        with pytest.raises(UsageError, match="1 detectors and 2 embedders"):
            adopt_folder(model_folder, tmp_path / "mine")

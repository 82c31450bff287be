"""`fvs models import dlib`: what people and programs see, and the exit codes."""

import hashlib
import json
from importlib import metadata

import pytest

from fvs.dlib_import.install import MODEL_ID
from fvs.manifest import load_manifest
from fvs.packs import shipped_models_dir
from tests import tiny_onnx

WRONG_USE = 3
MANIFEST = load_manifest(shipped_models_dir() / MODEL_ID)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder, and no weight folders but this user's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("FVS_MODELS", raising=False)
    return tmp_path / "here"


@pytest.fixture
def no_package(monkeypatch):
    """The package that carries the file is not installed."""

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", missing)


class TestWithWeights:
    """Where the network can be had."""

    @pytest.mark.usefixtures("dlib_weights")
    def test_to_another_folder(self, fvs, tmp_path):
        """With --to it is made there, once, with the hash that the manifest states."""
        target = tmp_path / "to" / MODEL_ID / MANIFEST.file
        command = ("models", "import", "dlib", "--to", tmp_path / "to", "--json")
        assert json.loads(fvs(*command).out)["installed"] == {MODEL_ID: str(target)}
        assert hashlib.sha256(target.read_bytes()).hexdigest() == MANIFEST.sha256
        before = target.stat().st_mtime_ns
        again = json.loads(fvs(*command).out)
        assert (again["installed"], again["present"]) == ({}, {MODEL_ID: str(target)})
        assert target.stat().st_mtime_ns == before

    @pytest.mark.usefixtures("no_package")
    def test_from_a_copy(self, fvs, dlib_weights, tmp_path):
        """A copy of the file will do where the package is not installed."""
        copy = tmp_path / "copy.bin"
        copy.symlink_to(dlib_weights)
        ran = fvs("models", "import", "dlib", "--file", copy, "--to", tmp_path / "to")
        assert ran.code == 0
        assert ran.out.startswith(f"imported {MODEL_ID} to ")


class TestWithout:
    """Where it cannot."""

    @pytest.mark.usefixtures("no_package")
    def test_no_package(self, fvs, tmp_path):
        """Without the package the command says what to install, and nothing is written."""
        ran = fvs("models", "import", "dlib", "--to", tmp_path / "to")
        assert (ran.code, ran.out) == (WRONG_USE, "")
        assert 'pip install "face-verification-service[dlib]"' in ran.err
        assert not (tmp_path / "to").exists()

    @pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>"])
    def test_foreign_file(self, fvs, tmp_path, content):
        """Another file is refused, with its name and where the right one comes from."""
        path = tiny_onnx.write(tmp_path, content, "model.dat")
        ran = fvs("models", "import", "dlib", "--file", path, "--to", tmp_path / "to")
        assert ran.code == WRONG_USE
        assert "model.dat is not dlib's face recognition network" in ran.err
        assert "face_recognition_models" in ran.err

    def test_file_without_dlib(self, fvs, tmp_path):
        """--file is not taken for anything but dlib's network."""
        ran = fvs("models", "import", tmp_path, "--file", tmp_path / "model.dat")
        assert ran.code == WRONG_USE
        assert "fvs models import dlib --file" in ran.err


def test_a_path_of_that_name(fvs, elsewhere):
    """A folder named dlib is a folder like any other."""
    tiny_onnx.write(elsewhere / "dlib", b"?", "other.onnx")
    ran = fvs("models", "import", "dlib")
    assert ran.code == 0
    assert "ignored other.onnx" in ran.out

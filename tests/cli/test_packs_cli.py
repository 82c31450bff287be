"""Where the command line looks for packs and weights."""

import os
import shutil
from pathlib import Path

import pytest

from fvs.deployment import packs
from fvs.deployment.packs import MODELS_VARIABLE, open_pack, user_models_dir, weight_dirs
from fvs.errors import ModelNotFoundError
from fvs.packs import shipped_models_dir


class TestWeightDirs:
    """`weight_dirs` and `user_models_dir`."""

    def test_own_folder_alone(self, monkeypatch):
        """Without FVS_MODELS there is this user's own folder."""
        monkeypatch.delenv(MODELS_VARIABLE, raising=False)
        (own,) = weight_dirs()
        assert own.name == "models"
        assert user_models_dir() == own

    def test_own_folder_stays_on_the_path(self, monkeypatch, tmp_path):
        """What was pulled before FVS_MODELS was set is still found."""
        monkeypatch.delenv(MODELS_VARIABLE, raising=False)
        (own,) = weight_dirs()
        monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
        assert weight_dirs() == [tmp_path, own]
        assert user_models_dir() == own

    def test_names_no_folder_twice(self, monkeypatch, tmp_path):
        """However it is spelt."""
        monkeypatch.delenv(MODELS_VARIABLE, raising=False)
        (own,) = weight_dirs()
        monkeypatch.chdir(tmp_path)
        spelt = ("a", "b", "./a", str(tmp_path / "a"), "", str(own))
        monkeypatch.setenv(MODELS_VARIABLE, os.pathsep.join(spelt))
        assert weight_dirs() == [Path("a"), Path("b"), own]


@pytest.mark.usefixtures("weights")
class TestOpenPack:
    """`--pack`."""

    def test_a_name_comes_before_a_folder(self, monkeypatch, tmp_path):
        """A folder that happens to be called like a pack does not hide it."""
        (tmp_path / "reference").mkdir()
        monkeypatch.setenv(MODELS_VARIABLE, str(Path(os.environ[MODELS_VARIABLE]).resolve()))
        monkeypatch.chdir(tmp_path)
        assert open_pack("reference").name == "reference"

    def test_a_folder_of_weights(self, shared_dir):
        """The first pack whose files it holds."""
        assert open_pack(str(shared_dir / "models")).name == "reference"

    def test_a_folder_with_an_adopted_pack(self, monkeypatch, shared_dir, tmp_path):
        """A pack whose manifests lie in the folder itself is found there."""
        shipped = tmp_path / "shipped"
        shipped.mkdir()
        folder = tmp_path / "adopted"
        shutil.copytree(shipped_models_dir(), folder, ignore=shutil.ignore_patterns("*.onnx"))
        for weights in (shared_dir / "models").glob("*.onnx"):
            (folder / weights.name).symlink_to(weights)
        monkeypatch.setattr(packs, "shipped_models_dir", lambda: shipped)
        monkeypatch.delenv(MODELS_VARIABLE)
        pack = open_pack(str(folder))
        assert pack.name == "reference"
        assert pack.certificate_path.is_relative_to(folder)

    def test_an_empty_folder(self, tmp_path):
        """Says that it holds no pack."""
        with pytest.raises(ModelNotFoundError, match="no complete pack"):
            open_pack(str(tmp_path))

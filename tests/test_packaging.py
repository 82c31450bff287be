"""What an installation consists of."""

import importlib.metadata
import subprocess
import sys
import tomllib
import zipfile

import pytest

import fvs
from tests.conftest import REPOSITORY

LARGEST_WEIGHTS = 25_000_000
"""Bytes of all weights that ship."""


def test_only_the_headless_opencv_owns_cv2():
    """Two OpenCV wheels write over each other's cv2/, and one of them needs a display."""
    owners = importlib.metadata.packages_distributions()["cv2"]
    assert set(owners) == {"opencv-python-headless"}


def test_the_version_is_stated_once():
    """Package and metadata agree."""
    assert importlib.metadata.version("face-verification-service") == fvs.__version__


def test_dependencies_have_upper_bounds():
    """A new major version of a dependency is our decision."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    for requirement in [*project["dependencies"], *extras]:
        assert "<" in requirement or requirement.startswith(project["name"]), requirement


@pytest.mark.slow
def test_the_wheel_holds_manifests_and_both_packages(tmp_path):
    """An installed wheel finds its packs without a checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, REPOSITORY]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    files = {member.filename: member.file_size for member in zipfile.ZipFile(wheel).infolist()}
    names = list(files)
    assert "fvs/_models/packs/reference/pack.toml" in names
    assert "fvs/_models/packs/reference/certificate.json" in names
    assert "fvs_server/__init__.py" in names
    assert "fvs/_models/embed-fvsduet-202611/fvsduet_f16.onnx" in names
    assert sum(size for name, size in files.items() if name.endswith(".onnx")) < LARGEST_WEIGHTS
    assert not [name for name in names if name.endswith((".jpg", ".tar"))]

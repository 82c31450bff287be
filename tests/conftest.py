"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

from fvs.packs import Pack, load_pack, shipped_models_dir

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real weights and faces (`FVS_SHARED`, else ../shared), or a skip."""
    folder = Path(os.environ.get("FVS_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "models").is_dir():
        pytest.skip(f"needs the real weights and faces, and {folder} is not there (FVS_SHARED)")
    return folder


@pytest.fixture(scope="session")
def reference_pack(shared_dir: Path) -> Pack:
    """The reference pack with the weights of `shared_dir`."""
    return load_pack("reference", shipped_models_dir(), [shared_dir / "models"])

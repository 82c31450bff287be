"""Fixtures shared by all tests."""

import os
import tarfile
from pathlib import Path

import pytest

from benchmarks import postgres
from fvs.bulk import DaskEngine, LocalEngine
from fvs.dlib_import.install import locate_weights
from fvs.errors import MissingExtraError
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


@pytest.fixture(scope="session")
def dlib_weights() -> Path:
    """Dlib's own file as a package carries it, or a skip."""
    try:
        return locate_weights()
    except MissingExtraError as error:
        pytest.skip(f"{error} (extra `dlib`)")


@pytest.fixture(scope="session")
def mated(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two pictures of one person."""
    names = ("Abel_Pacheco/Abel_Pacheco_0001.jpg", "Abel_Pacheco/Abel_Pacheco_0004.jpg")
    return _extracted(shared_dir, tmp_path_factory.mktemp("mated"), names)


@pytest.fixture(scope="session")
def non_mated(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Pictures of two people."""
    names = ("Abel_Pacheco/Abel_Pacheco_0001.jpg", "Aaron_Guiel/Aaron_Guiel_0001.jpg")
    return _extracted(shared_dir, tmp_path_factory.mktemp("non_mated"), names)


@pytest.fixture(scope="session")
def postgres_dsn():
    """The connection string of a PostgreSQL server of our own, or a skip."""
    reason = postgres.missing()
    if reason:
        pytest.skip(reason)
    with postgres.running_postgres() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def bulk_processes():
    """A bulk engine of two processes on this machine."""
    with LocalEngine(2) as engine:
        yield engine


@pytest.fixture(scope="session")
def bulk_dask():
    """A bulk engine on a Dask cluster of two processes."""
    with DaskEngine(workers=2) as engine:
        yield engine


@pytest.fixture(params=["processes", "dask"])
def worker_processes(request):
    """Each bulk engine whose workers are processes, and may die alone."""
    return request.getfixturevalue(f"bulk_{request.param}")


def _extracted(shared_dir: Path, folder: Path, names: tuple[str, str]) -> tuple[Path, Path]:
    paths = []
    with tarfile.open(shared_dir / "data" / "lfw_eval.tar") as tar:
        for name in names:
            path = folder / Path(name).name
            path.write_bytes(tar.extractfile(name).read())
            paths.append(path)
    return paths[0], paths[1]

"""The command line called in this process, as a shell would call it."""

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fvs.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command returned and printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def fvs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`fvs("verify", selfie, card)` runs the command."""
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["fvs", *(str(argument) for argument in arguments)])
        with pytest.raises(SystemExit) as exited:
            main()
        printed = capsys.readouterr()
        return Ran(int(exited.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def weights(shared_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference weights are where FVS_MODELS says."""
    monkeypatch.setenv("FVS_MODELS", str(shared_dir / "models"))


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


def _extracted(shared_dir: Path, folder: Path, names: tuple[str, str]) -> tuple[Path, Path]:
    paths = []
    with tarfile.open(shared_dir / "data" / "lfw_eval.tar") as tar:
        for name in names:
            path = folder / Path(name).name
            path.write_bytes(tar.extractfile(name).read())
            paths.append(path)
    return paths[0], paths[1]

"""The command line called in this process, as a shell would call it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fvs.cli import main
from fvs.cli.output import ERROR_CONSOLE, OUTPUT_CONSOLE


@dataclass(frozen=True)
class Ran:
    """What a command returned and printed."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This user has no weights, no cache, no keys and no registry of their own."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    for variable in ("FVS_REGISTRY", "FVS_KEY_RING"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is looked for is folded."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(OUTPUT_CONSOLE, "_width", 200)
    monkeypatch.setattr(ERROR_CONSOLE, "_width", 200)


@pytest.fixture
def fvs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`fvs("verify", selfie, card)` runs the command."""

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

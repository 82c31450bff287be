"""The command line called in this process, as a shell would call it."""

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

"""What the README shows is run as it stands."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fvs.cli.exit_codes import ExitCode
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = [
    line.removeprefix("$ ")
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
    if line.startswith("$ fvs ")
]


@pytest.fixture
def desk(tmp_path: Path, mated: tuple[Path, Path]) -> Path:
    """A folder as the README assumes it: with two pictures in it."""
    folder = tmp_path / "project"
    folder.mkdir()
    for source, name in zip(mated, ("selfie.jpg", "card.jpg"), strict=True):
        shutil.copy(source, folder / name)
    return folder


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command in that folder, with no weights but those that ship."""
    environment = {name: value for name, value in os.environ.items() if name != "FVS_MODELS"}
    return subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_there_is_something_to_run():
    """The README has commands and code."""
    assert len(COMMANDS) > 5
    assert PYTHON


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs_as_shown(command, desk):
    """Each `$ fvs` line ends with an answer, not with wrong use or a traceback."""
    arguments = shlex.split(command, comments=True)[1:]
    done = run([sys.executable, "-m", "fvs", *arguments], desk)
    assert done.returncode in {ExitCode.MATCH, ExitCode.NO_MATCH, ExitCode.NO_DECISION}, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("code", PYTHON)
def test_every_snippet_runs_as_shown(code, desk):
    """The library example prints an outcome."""
    done = run([sys.executable, "-W", "error", "-c", code], desk)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] in {"match", "no_match", "inconclusive", "not_compared"}


def test_every_make_target_named_exists():
    """`make` lines in the documents name real targets."""
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"(?:`|\$ )make ([a-z-]+)", (REPOSITORY / name).read_text())
        assert named
        assert set(named) <= targets, name

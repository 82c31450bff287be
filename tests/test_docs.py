"""What the README shows is run as it stands."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from typer.main import get_command

from fvs.cli.exit_codes import ExitCode
from fvs.cli.registry import app as registry_app
from fvs.deployment.registry_file import RegistrySpec
from tests.conftest import REPOSITORY
from tests.registry_desk import number

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

REGISTRY_HOW_TO = (REPOSITORY / "docs/how-to/run-a-registry.md").read_text()
REGISTRY_COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", REGISTRY_HOW_TO, re.DOTALL)
    for line in block.splitlines()
]
(REGISTRY_TABLE,) = re.findall(r"```toml\n(.*?)```", REGISTRY_HOW_TO, re.DOTALL)
REGISTRY_REFERENCE = (REPOSITORY / "docs/reference/registry-toml.md").read_text()


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


def test_every_registry_command_is_shown():
    """The page leaves none out."""
    words = [command.split() for command in REGISTRY_COMMANDS]
    shown = {command[2] for command in words if command[:2] == ["fvs", "registry"]}
    assert shown == set(get_command(registry_app).commands)


def test_a_registry_is_run_as_shown(desk, tmp_path):
    """The commands of the page, in their order and in one shell, each end with an answer."""
    (desk / "number.txt").write_text(f"{number(1)}\n")
    (desk / "portraits").mkdir()
    shutil.copy(desk / "selfie.jpg", desk / "portraits" / f"{number(2)}_2024-05-01.jpg")
    lines = ['fvs() { "$PYTHON" -m fvs "$@"; }']
    for command in REGISTRY_COMMANDS:
        lines += [command, f"[ $? -le {ExitCode.NO_DECISION} ] || exit 99"]
        if command.startswith("export FVS_REGISTRY"):
            # The page tells to write this table into the file.
            lines.append(f"cat >> people/registry.toml <<'TABLE'\n{REGISTRY_TABLE}TABLE")
    own = {"PYTHON": sys.executable, "XDG_CONFIG_HOME": str(tmp_path / "own")}
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FVS_")}
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines)],
        cwd=desk,
        env=environment | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "genuine" in done.stdout
    assert "Traceback" not in done.stderr


def test_every_key_of_registry_toml_is_in_its_reference():
    """The table names each key and its default, and none that is not there."""
    rows = re.findall(r"^\| `([a-z_.]+)` \|", REGISTRY_REFERENCE, re.MULTILINE)
    assert set(rows) == set(keys_of(RegistrySpec))


def keys_of(spec: type, prefix: str = "") -> Iterator[str]:
    """Dotted names of all keys that a file may hold; the tag of a choice is one."""
    for field in msgspec.structs.fields(spec):
        tables = [part for part in (get_args(field.type) or (field.type,)) if is_table(part)]
        if not tables:
            yield f"{prefix}{field.encode_name}"
        for table in tables:
            if table.__struct_config__.tag is not None:
                yield f"{prefix}{field.encode_name}.{table.__struct_config__.tag_field}"
            yield from keys_of(table, f"{prefix}{field.encode_name}.")


def is_table(kind: object) -> bool:
    """Whether a type is a table of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def test_every_make_target_named_exists():
    """`make` lines in the documents name real targets."""
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"(?:`|\$ )make ([a-z-]+)", (REPOSITORY / name).read_text())
        assert named
        assert set(named) <= targets, name

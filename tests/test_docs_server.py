"""What the pages about the server show is run as it stands."""

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import msgspec
import pytest

from fvs_server.settings import Settings
from tests.conftest import REPOSITORY
from tests.registry_desk import number

HOW_TO = (REPOSITORY / "docs/how-to/run-the-server.md").read_text()
COMMANDS = re.findall(r"^\$ (.*)$", HOW_TO, re.MULTILINE)
REFERENCE = (REPOSITORY / "docs/reference/server-toml.md").read_text()
PORT_SHOWN = "8443"
RUNS_WITHIN_S = 300


@pytest.fixture
def desk(tmp_path: Path, mated: tuple[Path, Path]) -> Path:
    """A folder as the page assumes it, and `fvs` on the path."""
    folder = tmp_path / "project"
    folder.mkdir()
    for source, name in zip(mated, ("selfie.jpg", "card.jpg"), strict=True):
        shutil.copy(source, folder / name)
    (folder / "number.txt").write_text(f"{number(1)}\n")
    fvs = tmp_path / "bin" / "fvs"
    fvs.parent.mkdir()
    fvs.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fvs "$@"\n')
    fvs.chmod(stat.S_IRWXU)
    return folder


def run_page(folder: Path) -> subprocess.CompletedProcess[str]:
    """All commands of the page in one shell, on a free port; the server's exit status is its."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FVS_")}
    environment["PATH"] = f"{folder.parent / 'bin'}:{environment['PATH']}"
    ended = "kill $(cat server.pid) 2> /dev/null || true"
    lines = ["set -e", f"trap '{ended}' EXIT", *COMMANDS, "wait $(cat server.pid)"]
    return subprocess.run(
        ["/bin/bash", "-c", "\n".join(lines).replace(PORT_SHOWN, port)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUNS_WITHIN_S,
    )


@pytest.mark.slow
def test_a_server_is_run_as_shown(desk):
    """Each command succeeds; the person is recognised, counted, and proved to have been."""
    done = run_page(desk)
    assert done.returncode == 0, done.stderr + (desk / "server.log").read_text()
    # The pack refuses this genuine pair at this level; what is tested is that it decides.
    decision = json.loads((desk / "answer.json").read_text())["decision"]
    assert decision in {"match", "no_match"}
    assert json.loads((desk / "statistics.json").read_text())["transactions"] == 1
    assert json.loads((desk / "ready.json").read_text())["ready"] is True
    assert "fvs_requests_total" in (desk / "metrics.txt").read_text()
    assert "genuine" in done.stdout
    assert "the log is whole" in done.stdout
    assert "it holds" in done.stdout


def test_every_key_and_default_of_server_toml_is_in_its_reference():
    """The table names each key and its default, and none that is not there."""
    rows = re.findall(r"^\| `([a-zA-Z0-9_.\[\]]+)` \| (.*?) ?\| ", REFERENCE, re.MULTILINE)
    assert dict(rows) == dict(keys_of(Settings))


def keys_of(table: type, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names of all keys that a file may hold, and their defaults."""
    for field in msgspec.structs.fields(table):
        name = f"{prefix}{field.encode_name}"
        inner = [part for part in (field.type, *get_args(field.type)) if is_table(part)]
        if inner:
            many = {dict: ".NAME", tuple: "[]"}.get(get_origin(field.type), "")
            yield from keys_of(inner[0], f"{name}{many}.")
        else:
            yield name, shown(field.default)


def is_table(kind: object) -> bool:
    """Whether a type is a table of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def shown(default: object) -> str:
    """As the reference shows it."""
    if default is msgspec.NODEFAULT:
        return ""
    return "none" if default is None else f"`{json.dumps(msgspec.to_builtins(default))}`"

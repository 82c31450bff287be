"""What docs/how-to/audit.md shows is run as it stands, and leaves no command out."""

from __future__ import annotations

import os
import re
import shlex

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from fvs_server.cli.audit import app
from tests.conftest import REPOSITORY
from tests.registry_desk import number
from tests.server.audit_fixtures import answer, record
from tests.server.test_audit_commands import ANSWERS, audited

__all__ = ["audited"]

PAGE = (REPOSITORY / "docs/how-to/audit.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ fvs audit (.*)$", PAGE, re.MULTILINE)
LATER = "checkpoint --out december.jws"


def run(line: str) -> str:
    """A line of the page; what it prints."""
    words, _, given = line.partition(" < ")
    stdin = number(1) if given else ""
    done = CliRunner().invoke(app, shlex.split(os.path.expandvars(words)), input=stdin)
    assert done.exit_code == 0, (line, done.output, done.exception)
    return done.stdout


def test_the_page_is_run(audited, tmp_path, monkeypatch):
    """Each command succeeds, also after more was answered and after answers were forgotten."""
    monkeypatch.setenv("TRANSACTION", "t1")
    printed = {}
    for line in COMMANDS:
        if line == LATER:
            record(audited, map(answer, range(ANSWERS, ANSWERS + 3)))
        printed[line.partition(" ")[0]] = run(line)
    assert "1 of them purged" in printed["verify"]
    assert printed["verify-consistency"].startswith("it holds")
    assert (tmp_path / "december.jws").read_text() != (tmp_path / "november.jws").read_text()


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_every_command_is_shown(command):
    """The page leaves none out."""
    assert command in {line.partition(" ")[0] for line in COMMANDS}

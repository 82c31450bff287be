"""The how-to on keys is run as it stands, and names what there is."""

import os
import re
import shutil
import subprocess
import sys

import msgspec
import pytest
from typer.main import get_command

from fvs_server.cli.keys import app
from fvs_server.database import Database
from fvs_server.identity.principal import Scope
from fvs_server.problems import Problem
from fvs_server.secrets import ServerSecrets
from fvs_server.settings import Settings
from tests.conftest import REPOSITORY

HOW_TO = (REPOSITORY / "docs" / "how-to" / "manage-keys.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", HOW_TO, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ")
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
]
TOML = [text for language, text in BLOCKS if language == "toml"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="the page uses openssl")
def test_every_command_runs_as_shown(tmp_path):
    """One after the other in one shell, as an operator would type them."""
    database = Database.open(f"sqlite:///{tmp_path / 'server.db'}")
    database.migrate()
    database.close()
    ServerSecrets.generate().write(tmp_path / "secrets.json")
    (tmp_path / "server.toml").write_text(
        "[database]\nurl = 'sqlite:///server.db'\n[secrets]\nfile = 'secrets.json'\n"
    )
    lines = ["set -e", 'fvs() { "$PYTHON" -m fvs "$@"; }', *COMMANDS]
    own = {"PYTHON": sys.executable, "FVS_SERVER": str(tmp_path / "server.toml")}
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines)],
        cwd=tmp_path, env=os.environ | own, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("bank.key", "bank-new.key", "signing.key"):
        assert (tmp_path / name).read_text().startswith("fvs_")
    assert '"state": "revoked"' in done.stdout


def test_every_command_is_shown():
    """The page leaves none out."""
    shown = {words[3] for words in (line.split() for line in COMMANDS) if words[0] == "fvs"}
    assert shown == set(get_command(app).commands)


@pytest.mark.parametrize("table", TOML)
def test_tables_are_settings(table):
    """What the page tells to write is understood."""
    assert msgspec.toml.decode(table, type=Settings) != Settings()


def test_every_scope_is_explained():
    """In the table, each once."""
    rows = re.findall(r"^\| `(\w+)` \| [^`]*\|$", HOW_TO, re.MULTILINE)
    assert [row for row in rows if row in set(Scope)] == list(Scope)


def test_refusals_exist():
    """Codes and statuses are those of the table of problems."""
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", HOW_TO, re.MULTILINE)
    assert rows
    for status, code in rows:
        assert Problem[code.upper()].value.status == int(status)

"""`fvs server openapi` describes what a server serves, without one."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fvs_server.cli.server import app


def described(*arguments: object) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["openapi", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_it_is_what_a_server_answers(client):
    """To the member, with its order."""
    assert json.dumps(json.loads(described())) == json.dumps(client.get("/openapi.json").json())


def test_it_needs_nothing(tmp_path, monkeypatch):
    """No settings, database or pack: none is opened, wherever it is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FVS_SERVER", raising=False)
    monkeypatch.setattr("fvs_server.database.Database.open", None)
    monkeypatch.setattr("fvs.deployment.packs.open_pack", None)
    file = tmp_path / "openapi.json"
    assert json.loads(described("--output", file, "--json")) == {"written": str(file)}
    assert "/v1/face-verifications" in json.loads(file.read_bytes())["paths"]


@pytest.mark.parametrize("limited", ["/v1/face-verifications", "/v1/import-jobs"])
def test_limited_routes_say_so(limited):
    """Every answer of theirs may have the fields of the rate; those of others have none."""
    paths = json.loads(described())["paths"]
    for answer in paths[limited]["post"]["responses"].values():
        assert {"RateLimit", "RateLimit-Policy"} <= set(answer["headers"])
    for answer in paths["/v1/statistics"]["get"]["responses"].values():
        assert "RateLimit" not in answer["headers"]

"""`fvs server keys`: what is made, what is shown once, and the exit codes."""

import json
import re
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fvs.cli.exit_codes import ExitCode
from fvs.cli.output import OUTPUT_CONSOLE
from fvs_server.database import Database
from fvs_server.secrets import ServerSecrets

KEY = re.compile(r"fvs_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A migrated database, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "server.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def settings(tmp_path, migrated):
    """The settings file of a migrated server."""
    shutil.copy(migrated, tmp_path / "server.db")
    url = f"sqlite:///{tmp_path / 'server.db'}"
    ServerSecrets.generate().write(tmp_path / "secrets.json")
    path = tmp_path / "server.toml"
    path.write_text(f"[database]\nurl = '{url}'\n[secrets]\nfile = '{tmp_path / 'secrets.json'}'\n")
    return path


@pytest.fixture
def keys(fvs, settings, monkeypatch):
    """`keys("list")` runs the command on that server."""
    monkeypatch.setenv("FVS_SERVER", str(settings))
    return lambda *arguments: fvs("server", "keys", *arguments)


def made(keys, *arguments):
    """A new key as JSON."""
    options = arguments or ("--idp", "bank.example", "--scope", "verify")
    return json.loads(keys("create", *options, "--json").out)


class TestCreate:
    def test_the_key_is_all_of_the_output(self, keys):
        """So that it can be piped into a vault; the rest is said beside it."""
        ran = keys("create", "--idp", "bank.example", "--scope", "verify", "--scope", "scores")
        assert ran.code == ExitCode.MATCH
        assert KEY.fullmatch(ran.out.strip())
        assert "scores, verify" in ran.err
        assert "not shown again" in ran.err

    def test_json(self, keys):
        """Programs get the same."""
        key = made(keys, "--idp", "x", "--scope", "enrol", "--label", "till 3", "--days", "30")
        assert KEY.fullmatch(key["key"])
        assert key["key_id"] == key["key"][4:20]
        assert (key["idp"], key["scopes"], key["label"]) == ("x", ["enrol"], "till 3")
        assert (key["state"], key["signs_requests"]) == ("active", False)

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("--idp", "x"),
            ("--scope", "verify"),
            ("--idp", "x", "--scope", "everything"),
            ("--idp", " ", "--scope", "verify"),
            ("--idp", "x", "--scope", "verify", "--days", "0"),
        ],
    )
    def test_wrong_use(self, keys, arguments):
        """Nothing is made of half an order; what is wrong is said without a library's jargon."""
        ran = keys("create", *arguments)
        assert ran.code == ExitCode.WRONG_USE
        assert "Value error" not in ran.err
        assert json.loads(keys("list", "--json").out) == []

    def test_a_signing_key(self, keys, tmp_path):
        """The public half is registered; anything else in its place is refused."""
        pem = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        good, other = Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())
        (tmp_path / "good.pem").write_bytes(good.public_key().public_bytes(*pem))
        (tmp_path / "other.pem").write_bytes(other.public_key().public_bytes(*pem))
        (tmp_path / "none.pem").write_bytes(b"none")
        order = ("--idp", "x", "--scope", "verify", "--signing-key")
        assert made(keys, *order, tmp_path / "good.pem")["signs_requests"]
        for name in ("other.pem", "none.pem", "missing.pem"):
            assert keys("create", *order, tmp_path / name).code == ExitCode.WRONG_USE


class TestList:
    def test_none(self, keys):
        """A new server has no keys."""
        assert keys("list").out.strip() == "there is none"

    def test_secrets_are_not_listed(self, keys):
        """Each key has a line, with its id alone."""
        first, second = made(keys), made(keys, "--idp", "telco.example", "--scope", "admin")
        ran = keys("list")
        assert ran.code == ExitCode.MATCH
        for key in (first, second):
            assert key["key_id"] in ran.out
            assert key["key"][21:] not in ran.out
        assert "never" in ran.out

    def test_an_id_is_never_cut_short(self, keys, monkeypatch):
        """However narrow the terminal: it is typed again. Nor is anything else."""
        name = "a-rather-long-name.bank.example"
        order = ("--scope", "verify", "--scope", "statistics", "--label", "core banking, Bangkok")
        key = made(keys, "--idp", name, *order)
        monkeypatch.setattr(OUTPUT_CONSOLE, "_width", 80)
        shown = keys("list").out
        assert key["key_id"] in shown
        assert "\u2026" not in shown

    def test_of_one_idp(self, keys):
        """Only theirs."""
        made(keys)
        other = made(keys, "--idp", "telco.example", "--scope", "admin")
        (found,) = json.loads(keys("list", "--idp", "telco.example", "--json").out)
        assert found["key_id"] == other["key_id"]
        assert "key" not in found


class TestRevoke:
    def test_it_says_when_it_holds(self, keys):
        """Servers that run notice it within the stated time."""
        key = made(keys)
        ran = keys("revoke", key["key_id"])
        assert ran.code == ExitCode.MATCH
        assert "within 5 s" in ran.out
        (found,) = json.loads(keys("list", "--json").out)
        assert found["state"] == "revoked"
        assert json.loads(keys("revoke", key["key_id"], "--json").out)["state"] == "revoked"

    def test_no_such_key(self, keys):
        """A mistyped id is told, with what to do."""
        ran = keys("revoke", "0" * 16)
        assert ran.code == ExitCode.WRONG_USE
        assert "keys list" in ran.err


class TestRotate:
    def test_the_old_one_works_on_for_a_while(self, keys):
        """A new text, the same rights; the end of the old one is said."""
        key = made(keys)
        ran = keys("rotate", key["key_id"], "--overlap-hours", "2")
        assert KEY.fullmatch(ran.out.strip())
        assert f"{key['key_id']} works until" in ran.err
        old, new = json.loads(keys("list", "--json").out)
        assert old["replaced_by"] == new["key_id"]
        assert (new["idp"], new["scopes"]) == (old["idp"], old["scopes"])

    def test_a_revoked_key_has_no_successor(self, keys):
        """Whoever has it may not be its owner."""
        key = made(keys)
        keys("revoke", key["key_id"])
        assert keys("rotate", key["key_id"]).code == ExitCode.WRONG_USE


def test_a_server_that_is_not_migrated(fvs, tmp_path, monkeypatch):
    """The command says what to run first, and shows nothing of the database's address."""
    ServerSecrets.generate().write(tmp_path / "secrets.json")
    monkeypatch.setenv("FVS_SERVER_SECRETS_FILE", str(tmp_path / "secrets.json"))
    monkeypatch.setenv("FVS_SERVER_DATABASE_URL", f"sqlite:///{tmp_path / 'server.db'}")
    ran = fvs("server", "keys", "list")
    assert ran.code == ExitCode.WRONG_USE
    assert "fvs server migrate" in ran.err

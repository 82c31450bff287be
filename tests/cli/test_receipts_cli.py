"""`fvs receipt verify` and `fvs server receipt-keys`: what is believed, and the exit codes."""

import io
import json
import shutil
from types import SimpleNamespace

import msgspec
import pytest

from fvs.cli.exit_codes import ExitCode
from fvs_server.database import Database
from fvs_server.receipts import Receipts, SigningKeys
from fvs_server.secrets import ServerSecrets
from fvs_server.wiring import utc_now
from tests.unit.test_receipts import CLAIMS


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A migrated database, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "server.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def site(tmp_path, migrated, monkeypatch):
    """A server that signed one receipt: `jwks` and `receipt` are files."""
    shutil.copy(migrated, tmp_path / "server.db")
    url, secrets = f"sqlite:///{tmp_path / 'server.db'}", ServerSecrets.generate()
    secrets.write(tmp_path / "secrets.json")
    settings = tmp_path / "server.toml"
    settings.write_text(
        f"[database]\nurl = '{url}'\n[secrets]\nfile = '{tmp_path / 'secrets.json'}'\n"
    )
    monkeypatch.setenv("FVS_SERVER", str(settings))
    database = Database.open(url)
    receipts = Receipts(SigningKeys(secrets), database, utc_now)
    (tmp_path / "jwks.json").write_bytes(msgspec.json.encode(receipts.jwks()))
    jws = receipts.issue(CLAIMS, ()).jws
    (tmp_path / "receipt.jws").write_text(f"{jws}\n")
    database.close()
    return SimpleNamespace(
        folder=tmp_path, jwks=tmp_path / "jwks.json", receipt=tmp_path / "receipt.jws", jws=jws
    )


class TestVerify:
    def test_a_genuine_one(self, fvs, site):
        """Exits with 0 and shows what was decided."""
        ran = fvs("receipt", "verify", site.receipt, "--jwks", site.jwks)
        assert ran.code == ExitCode.MATCH
        assert "genuine" in ran.out
        assert CLAIMS.decision in ran.out

    def test_a_whole_answer(self, fvs, site):
        """As the service gave it."""
        answer = site.folder / "answer.json"
        answer.write_text(json.dumps({"decision": "match", "receipt": {"jws": site.jws}}))
        assert fvs("receipt", "verify", answer, "--jwks", site.jwks).code == ExitCode.MATCH

    def test_standard_input(self, fvs, site, monkeypatch):
        """- reads it."""
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(site.jws.encode())))
        ran = fvs("receipt", "verify", "-", "--jwks", site.jwks, "--json")
        assert ran.code == ExitCode.MATCH
        assert json.loads(ran.out)["genuine"] is True

    def test_an_altered_one(self, fvs, site):
        """Proves nothing: 1, and a code for programs."""
        head, content, signature = site.jws.split(".")
        site.receipt.write_text(f"{head}.{content[:-2]}AA.{signature}")
        ran = fvs("receipt", "verify", site.receipt, "--jwks", site.jwks, "--json")
        assert ran.code == ExitCode.NO_MATCH
        told = json.loads(ran.out)
        assert told["genuine"] is False
        assert told["code"]

    def test_keys_of_another(self, fvs, site):
        """Prove nothing either."""
        site.jwks.write_text('{"keys": []}')
        ran = fvs("receipt", "verify", site.receipt, "--jwks", site.jwks)
        assert ran.code in {ExitCode.NO_MATCH, ExitCode.WRONG_USE}
        assert "genuine" not in ran.out.replace("not genuine", "")

    @pytest.mark.parametrize("missing", ["receipt.jws", "jwks.json"])
    def test_a_file_that_is_not_there(self, fvs, site, missing):
        """Is wrong use, and said."""
        (site.folder / missing).unlink()
        ran = fvs("receipt", "verify", site.receipt, "--jwks", site.jwks)
        assert ran.code == ExitCode.WRONG_USE
        assert missing in ran.err.replace("\n", "")


@pytest.mark.usefixtures("site")
class TestKeys:
    def test_a_life(self, fvs):
        """One signs; a new one is published first; the only one that signs cannot be withdrawn."""
        rotated = json.loads(fvs("server", "receipt-keys", "rotate", "--json").out)
        assert rotated["number"] == 2
        listed = json.loads(fvs("server", "receipt-keys", "list", "--json").out)
        assert [each["number"] for each in listed] == [1, 2]
        refused = fvs("server", "receipt-keys", "withdraw", 1)
        assert refused.code == ExitCode.WRONG_USE
        assert "Rotate" in refused.err
        assert fvs("server", "receipt-keys", "withdraw", 2).code == ExitCode.MATCH
        assert "withdrawn" in fvs("server", "receipt-keys", "list").out

    def test_a_number_that_is_not_there(self, fvs):
        """Is wrong use."""
        assert fvs("server", "receipt-keys", "withdraw", 9).code == ExitCode.WRONG_USE

"""`fvs registry`: made, filled, asked, erased and kept in order, on SQLite and PostgreSQL."""

import base64
import io
import json
import secrets
import stat
import subprocess
import sys
import types
from datetime import date
from pathlib import Path

import pytest

from fvs.cli.exit_codes import ExitCode
from fvs.deployment.registry_file import FILE_NAME, read_spec
from fvs.registry.keys import KEY_RING_VARIABLE, KeyRing
from tests.registry_desk import document, enrol_made_up, number

BASIS = ("--legal-basis", "PDPA section 26")
DSN_VARIABLE = "FVS_TEST_DSN"
WRONG = "1234545678782"


@pytest.fixture
def in_postgres(request, monkeypatch):
    """Options of `init` for a schema of our own."""
    monkeypatch.setenv(DSN_VARIABLE, request.getfixturevalue("postgres_dsn"))
    return ("--dsn-variable", DSN_VARIABLE, "--schema", f"t{secrets.token_hex(8)}")


@pytest.fixture(params=["sqlite", "postgres"])
def people(request, fvs, tmp_path, monkeypatch):
    """A new registry, which FVS_REGISTRY names."""
    options = request.getfixturevalue("in_postgres") if request.param == "postgres" else ()
    folder = tmp_path / "people"
    assert fvs("registry", "init", folder, *BASIS, *options).code == 0
    monkeypatch.setenv("FVS_REGISTRY", str(folder))
    return folder


@pytest.fixture
def registry(fvs, tmp_path, monkeypatch):
    """The same, on SQLite alone."""
    folder = tmp_path / "people"
    assert fvs("registry", "init", folder, *BASIS).code == 0
    monkeypatch.setenv("FVS_REGISTRY", str(folder))
    return folder


def key_file(folder):
    """Where its key ring is."""
    return Path(read_spec(folder).keys.file)


class TestInit:
    def test_keeps_keys_apart_and_says_to_back_them_up(self, fvs, tmp_path, own_folders):
        """The ring is its owner's alone and outside the folder; nothing secret is printed."""
        folder = tmp_path / "people"
        ran = fvs("registry", "init", folder, *BASIS, "--json")
        made = document(ran.out)
        ring = Path(made["key_ring"])
        assert ring.is_relative_to(own_folders / "config")
        assert stat.S_IMODE(ring.stat().st_mode) == 0o600
        assert "Back the key ring up" in made["advice"]
        assert made["public_key"] == KeyRing.read(ring).public_key.hex()
        assert {path.name for path in folder.iterdir()} == {FILE_NAME, "registry.db", "proofs.pub"}
        for key in json.loads(ring.read_text())["keys"].values():
            assert str(key) not in ran.out + ran.err

    def test_tells_people_the_same(self, fvs, tmp_path):
        """In words."""
        out = fvs("registry", "init", tmp_path / "people", *BASIS).out
        assert "Back the key ring up" in out
        assert "public key" in out

    def test_uses_a_ring_of_the_environment(self, fvs, tmp_path, monkeypatch, own_folders):
        """Then no file is written."""
        made_elsewhere = tmp_path / "ring.json"
        KeyRing.generate().write(made_elsewhere)
        content = base64.b64encode(made_elsewhere.read_bytes()).decode()
        monkeypatch.setenv(KEY_RING_VARIABLE, content)
        ran = fvs("registry", "init", tmp_path / "people", *BASIS, "--json")
        assert document(ran.out)["key_ring"] is None
        assert not (own_folders / "config").exists()

    def test_never_makes_one_where_one_is(self, fvs, registry):
        """Neither file nor keys are replaced."""
        before = (registry / FILE_NAME).read_bytes(), key_file(registry).read_bytes()
        ran = fvs("registry", "init", registry, *BASIS)
        assert ran.code == ExitCode.WRONG_USE
        assert "already" in ran.err
        assert ((registry / FILE_NAME).read_bytes(), key_file(registry).read_bytes()) == before

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ((), "Missing option '--legal-basis'"),
            ((*BASIS, "--key-ring", "people/keys.json"), "beside what it protects"),
            ((*BASIS, "--duplicates-purpose", "fraud"), "go together"),
            ((*BASIS, "--pack", "nope"), "no pack 'nope'"),
            ((*BASIS, "--dsn-variable", "FVS_NOT_SET"), "FVS_NOT_SET is not set"),
            ((*BASIS, "--retain-days", "0"), "--retain-days"),
            ((*BASIS, "--retain-days", "99999999"), "--retain-days"),
            (("--legal-basis", " "), "--legal-basis is blank"),
            ((*BASIS, "--duplicates-purpose", "", "--duplicates-legal-basis", "law"), "is blank"),
        ],
    )
    def test_what_cannot_be_right_leaves_nothing_behind(
        self, fvs, tmp_path, monkeypatch, own_folders, options, words
    ):
        """No registry and no key of one that was not made."""
        monkeypatch.chdir(tmp_path)
        ran = fvs("registry", "init", "people", *options)
        assert ran.code == ExitCode.WRONG_USE
        assert words in ran.err
        assert not list(own_folders.glob("config/fvs/keys/*"))
        assert not list(tmp_path.glob("people/*"))


class TestEnrolAndVerify:
    @pytest.mark.usefixtures("people")
    def test_the_person_is_known_by_their_number(self, fvs, mated, non_mated):
        """Enrolled once however often; then the decision of `fvs verify`, without a card."""
        enrol = ("registry", "enrol", number(1), mated[1], "--json")
        first, second = fvs(*enrol), fvs(*enrol)
        assert (first.code, second.code) == (ExitCode.MATCH, ExitCode.MATCH)
        outcomes = document(first.out), document(second.out)
        assert [answer["outcome"] for answer in outcomes] == ["enrolled", "unchanged"]
        assert outcomes[0]["record_id"] == outcomes[1]["record_id"]

        ran = fvs("registry", "verify", number(1), mated[0], "--age", 30, "--json")
        answer = document(ran.out)
        want = document(fvs("verify", *mated, "--age", 30, "--json").out)
        assert answer["card"] is None
        assert answer["score"] == pytest.approx(want["score"], abs=1e-5)
        assert {**answer, "card": 0, "score": 0} == {**want, "card": 0, "score": 0}
        assert fvs("registry", "verify", number(1), non_mated[1], "--age", 30).code == 1

    @pytest.mark.usefixtures("weights")
    def test_a_copy_of_the_card_is_suspected(self, fvs, tmp_path, mated):
        """Every step of a decision is taken, that of replayed pictures too; of any pack."""
        folder = tmp_path / "people"
        assert fvs("registry", "init", folder, *BASIS, "--pack", "reference").code == 0
        at = ("--registry", folder)
        assert fvs("registry", "enrol", number(1), mated[1], *at).code == 0
        ran = fvs("registry", "verify", number(1), mated[1], "--no-pad", "--fmr", "1e-3", *at)
        assert ran.code == ExitCode.NO_DECISION
        assert "same_capture_suspected" in ran.out

    @pytest.mark.usefixtures("registry")
    def test_nobody_under_the_number_is_no_answer(self, fvs, mated):
        """An operator is told that there is no reference."""
        ran = fvs("registry", "verify", number(2), mated[0], "--json")
        answer = document(ran.out)
        assert ran.code == ExitCode.NO_DECISION
        assert answer["outcome"] == "not_compared"
        assert [reason["code"] for reason in answer["reasons"]] == ["no_reference"]

    @pytest.mark.usefixtures("registry")
    def test_a_picture_that_is_refused_says_why(self, fvs, tmp_path):
        """Exit 2, code and advice in both languages; nothing is enrolled."""
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no picture")
        ran = fvs("registry", "enrol", number(1), broken)
        assert ran.code == ExitCode.NO_DECISION
        assert "unsupported_format" in ran.out
        assert "กรุณา" in ran.out
        assert fvs("registry", "verify", number(1), broken).code == ExitCode.NO_DECISION
        assert document(fvs("registry", "stats", "--json").out)["subjects"] == 0

    @pytest.mark.usefixtures("registry")
    def test_the_number_is_read_from_standard_input_and_shown_masked(self, fvs, mated, monkeypatch):
        """Neither the shell nor the screen keeps it."""
        typed = types.SimpleNamespace(buffer=io.BytesIO(f"{number(1)}\n".encode()))
        monkeypatch.setattr("sys.stdin", typed)
        ran = fvs("registry", "enrol", "-", mated[1])
        assert "1-0000-xxxxx-xx-x" in ran.out
        assert number(1) not in ran.out + ran.err

    @pytest.mark.usefixtures("registry")
    def test_a_wrong_number_is_not_repeated(self, fvs, mated):
        """Wrong use, told by what is wrong with it."""
        for command in ("enrol", "verify"):
            ran = fvs("registry", command, WRONG, mated[0])
            assert ran.code == ExitCode.WRONG_USE
            assert "check digit" in ran.err
            assert WRONG[:6] not in ran.err

    @pytest.mark.parametrize("day", ["2567-05-01", "yesterday", "2999-01-01"])
    @pytest.mark.usefixtures("registry")
    def test_a_day_that_cannot_be_meant(self, fvs, mated, day):
        """Years of the Buddhist era are noticed."""
        ran = fvs("registry", "enrol", number(1), mated[1], "--portrait-date", day)
        assert ran.code == ExitCode.WRONG_USE
        assert "Gregorian" in ran.err


class TestRights:
    def test_export_erase_and_proof(self, fvs, people, tmp_path):
        """All is shown, all goes, and whoever has the public key can check that it went."""
        enrol_made_up(people, [1, 2], source="district 12")
        out, proof = tmp_path / "export.json", tmp_path / "proof.json"
        assert fvs("registry", "export", number(1), "--out", out, "--templates").code == 0
        exported = json.loads(out.read_text())
        assert exported["subject"] == "1-0000-xxxxx-xx-x"
        assert [row["source"] for row in exported["records"]] == ["district 12"]
        assert exported["records"][0]["template"]
        assert stat.S_IMODE(out.stat().st_mode) == 0o600

        ran = fvs("registry", "erase", number(1), "--out", proof, "--yes", "--json")
        assert document(ran.out)["records"] == 1
        public = document(fvs("registry", "stats", "--json").out)["public_key"]
        checked = fvs("registry", "verify-proof", proof, "--public-key", public, "--json")
        assert checked.code == ExitCode.MATCH
        assert document(checked.out)["genuine"] is True
        assert len(document(checked.out)["record_ids"]) == 1
        left = document(fvs("registry", "stats", "--json").out)
        assert (left["subjects"], left["erased"]) == (1, 1)

    def test_a_proof_that_was_altered_or_is_another_s(self, fvs, registry, tmp_path):
        """Exit 1, with the reason; the key may be in a file."""
        enrol_made_up(registry, [1])
        proof, key = tmp_path / "proof.json", registry / "proofs.pub"
        fvs("registry", "erase", number(1), "--out", proof, "--yes")
        assert fvs("registry", "verify-proof", proof, "--public-key", key).code == 0
        other = KeyRing.generate().public_key.hex()
        assert fvs("registry", "verify-proof", proof, "--public-key", other).code == 1
        proof.write_bytes(proof.read_bytes().replace(b'"revision":2', b'"revision":3'))
        ran = fvs("registry", "verify-proof", proof, "--public-key", key, "--json")
        assert ran.code == ExitCode.NO_MATCH
        assert document(ran.out)["code"] == "erasure_proof"

    def test_nobody_erases_by_accident(self, fvs, registry, tmp_path):
        """Without --yes and without a person to ask, nothing happens."""
        enrol_made_up(registry, [1])
        ran = fvs("registry", "erase", number(1), "--out", tmp_path / "proof.json")
        assert ran.code == ExitCode.WRONG_USE
        assert "--yes" in ran.err
        assert document(fvs("registry", "stats", "--json").out)["active"] == 1

    @pytest.mark.parametrize("command", ["export", "erase"])
    @pytest.mark.usefixtures("registry")
    def test_nothing_is_kept_of_a_stranger(self, fvs, tmp_path, command):
        """No decision, and no file."""
        out = tmp_path / "out.json"
        yes = ("--yes",) if command == "erase" else ()
        ran = fvs("registry", command, number(9), "--out", out, *yes)
        assert ran.code == ExitCode.NO_DECISION
        assert "nothing is kept" in ran.out
        assert not out.exists()

    @pytest.mark.parametrize("command", ["export", "erase"])
    def test_never_replaces_a_file(self, fvs, registry, tmp_path, command):
        """It is checked before anything is done."""
        enrol_made_up(registry, [1])
        out = tmp_path / "out.json"
        out.write_text("a letter")
        ran = fvs("registry", command, number(1), "--out", out)
        assert ran.code == ExitCode.WRONG_USE
        assert out.read_text() == "a letter"

    def test_expiry(self, fvs, people, tmp_path):
        """A dry run counts, a run erases and states it, another finds nothing."""
        enrol_made_up(people, [1, 2], retain_until=date(2020, 1, 1))
        enrol_made_up(people, [3])
        proofs = tmp_path / "proofs.jsonl"
        dry = document(fvs("registry", "expire", "--dry-run", "--json").out)
        assert dry == {"records": 2, "erased": False}
        done = document(fvs("registry", "expire", "--out", proofs, "--json").out)
        assert done == {"records": 2, "erased": True}
        assert len(proofs.read_bytes().splitlines()) == 2
        assert document(fvs("registry", "expire", "--json").out)["records"] == 0
        assert document(fvs("registry", "stats", "--json").out)["active"] == 1


class TestRotateKeys:
    def test_rewraps_everything_under_a_new_key(self, fvs, people):
        """The old key stays until it is destroyed on purpose; templates stay what they were."""
        enrol_made_up(people, range(1, 6))
        old = KeyRing.read(key_file(people))
        done = document(fvs("registry", "rotate-keys", "--json").out)
        assert (done["wrapped"], done["keys"]) == (5, 2)
        new = KeyRing.read(key_file(people))
        assert new.current_key_id == done["key_id"] != old.current_key_id
        assert document(fvs("registry", "check", "--json").out)["ok"] is True

        done = document(fvs("registry", "rotate-keys", "--destroy-old", "--json").out)
        assert (done["wrapped"], done["keys"]) == (5, 1)
        assert document(fvs("registry", "check", "--json").out)["ok"] is True

    def test_what_was_cut_off_is_finished_first(self, fvs, registry):
        """No second new key is made while records wait for the first."""
        enrol_made_up(registry, range(1, 4))
        ring = KeyRing.read(key_file(registry))
        begun = ring.rotated()
        begun.update(key_file(registry), ring)
        done = document(fvs("registry", "rotate-keys", "--json").out)
        assert done == {"wrapped": 3, "key_id": begun.current_key_id, "keys": 2}

    def test_needs_the_ring_in_a_file(self, fvs, registry, monkeypatch):
        """An environment variable cannot be rewritten."""
        content = base64.b64encode(key_file(registry).read_bytes()).decode()
        monkeypatch.setenv(KEY_RING_VARIABLE, content)
        ran = fvs("registry", "rotate-keys")
        assert ran.code == ExitCode.WRONG_USE
        assert KEY_RING_VARIABLE in ran.err


class TestWrongUse:
    def test_no_registry_is_named(self, fvs):
        """The advice says how."""
        ran = fvs("registry", "stats")
        assert ran.code == ExitCode.WRONG_USE
        assert "--registry" in ran.err

    def test_the_ring_of_another_registry(self, fvs, registry):
        """With it every number would be unknown: it is refused."""
        enrol_made_up(registry, [1])
        ring = key_file(registry)
        ring.unlink()
        KeyRing.generate().write(ring)
        ran = fvs("registry", "stats")
        assert ran.code == ExitCode.WRONG_USE
        assert "another registry" in ran.err

    def test_a_lost_ring(self, fvs, registry):
        """Told as what it is, and what can still be done."""
        key_file(registry).unlink()
        ran = fvs("registry", "stats", "--json")
        assert ran.code == ExitCode.WRONG_USE
        error = document(ran.out)["error"]
        assert "is not there" in error["message"]
        assert "your copy of the key ring" in error["advice"]

    @pytest.mark.parametrize("dsn", ["sesame", "sesame=x", "postgresql://u:sesame@h/d?bad"])
    def test_a_connection_string_that_is_none(self, fvs, tmp_path, monkeypatch, dsn):
        """Told how to write one, and never repeated: it may hold a password."""
        monkeypatch.setenv("FVS_TEST_DSN", dsn)
        ran = fvs("registry", "init", tmp_path / "x", *BASIS, "--dsn-variable", "FVS_TEST_DSN")
        assert ran.code == ExitCode.WRONG_USE
        assert "FVS_TEST_DSN holds no connection string" in ran.err
        assert "postgresql://" in ran.err
        assert "sesame" not in ran.err

    @pytest.mark.parametrize("package", ["faiss", "psycopg"])
    def test_without_the_extra(self, tmp_path, package):
        """A missing package is told with the line that installs it, and nothing is left."""
        folder = tmp_path / "people"
        options = ["--dsn-variable", "PATH"] if package == "psycopg" else []
        arguments = ["fvs", "registry", "init", str(folder), *BASIS, *options]
        code = (
            f"import sys; sys.modules[{package!r}] = None; sys.argv = {arguments!r}\n"
            "from fvs.cli import main; main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == ExitCode.WRONG_USE
        assert f"needs {package}" in done.stderr
        assert "face-verification-service[registry]" in done.stderr
        assert not list(tmp_path.glob("people/*"))

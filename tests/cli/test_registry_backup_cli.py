"""`fvs registry backup`, `restore`, `migrate` and `check`: what must survive, survives."""

import secrets
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from fvs.cli.exit_codes import ExitCode
from fvs.deployment.registry_file import FILE_NAME, PostgresSpec, read_spec
from fvs.deployment.registry_location import Location
from fvs.registry.keys import KeyRing
from fvs.registry.sqlite_files import migrate_file
from tests.registry_desk import document, enrol_made_up, number

PEOPLE = range(1, 8)


@pytest.fixture(params=["sqlite", "postgres"])
def people(request, fvs, tmp_path, monkeypatch):
    """A registry of some people, one of whom was erased."""
    options = ()
    if request.param == "postgres":
        monkeypatch.setenv("FVS_TEST_DSN", request.getfixturevalue("postgres_dsn"))
        schema = f"t{secrets.token_hex(8)}"
        options = ("--dsn-variable", "FVS_TEST_DSN", "--schema", schema)
    return filled(fvs, tmp_path, monkeypatch, options)


@pytest.fixture
def registry(fvs, tmp_path, monkeypatch):
    """The same, on SQLite alone."""
    return filled(fvs, tmp_path, monkeypatch, ())


def filled(fvs, tmp_path, monkeypatch, options):
    """Enrol, and erase one."""
    folder = tmp_path / "people"
    assert fvs("registry", "init", folder, "--legal-basis", "consent", *options).code == 0
    monkeypatch.setenv("FVS_REGISTRY", str(folder))
    enrol_made_up(folder, PEOPLE)
    assert fvs("registry", "erase", number(1), "--out", tmp_path / "p.json", "--yes").code == 0
    return folder


def contents(folder):
    """All records of a store, without the counter of when they were written."""
    with closing(Location.find(folder).open_store()) as store:
        rows = store.changed_since(0, 1000)
        return {row.record_id: (row.subject, row.status, row.sealed_template) for row in rows}


class TestBackup:
    def test_restores_as_it_was(self, fvs, people, tmp_path):
        """Every record, erased ones too, opens again under the same key ring."""
        file, again = tmp_path / "people.fvsbackup", tmp_path / "again"
        written = document(fvs("registry", "backup", file, "--json").out)
        assert written["records"] == len(PEOPLE)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        in_postgres = isinstance(read_spec(people).store, PostgresSpec)
        options = ("--schema", f"t{secrets.token_hex(8)}") if in_postgres else ()
        restored = document(fvs("registry", "restore", file, again, *options, "--json").out)
        assert restored["records"] == len(PEOPLE)
        assert contents(again) == contents(people)
        checked = document(fvs("registry", "check", "--registry", again, "--json").out)
        assert (checked["ok"], checked["opened"]) == (True, len(PEOPLE) - 1)

    def test_holds_no_key(self, fvs, registry, tmp_path):
        """Whoever has the file alone has no face."""
        file = tmp_path / "people.fvsbackup"
        fvs("registry", "backup", file)
        content = file.read_bytes()
        ring = KeyRing.read(Path(read_spec(registry).keys.file))
        for key in ring.wrapping_keys:
            assert key.key.reveal() not in content
            assert key.key.reveal().hex().encode() not in content

    @pytest.mark.usefixtures("registry")
    @pytest.mark.parametrize(
        ("member", "words"), [(FILE_NAME, b"consent"), ("records.jsonl", b"made up")]
    )
    def test_what_was_altered_is_not_restored(self, fvs, tmp_path, member, words):
        """Settings and records are signed; nothing is left of the attempt."""
        file, altered = tmp_path / "people.fvsbackup", tmp_path / "altered.fvsbackup"
        fvs("registry", "backup", file)
        with zipfile.ZipFile(file) as source, zipfile.ZipFile(altered, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                new = content.replace(words, b"else") if name == member else content
                target.writestr(name, new)
        ran = fvs("registry", "restore", altered, tmp_path / "again")
        assert ran.code == ExitCode.WRONG_USE
        assert "altered" in ran.err
        assert not list(tmp_path.glob("again/*"))

    def test_another_ring_restores_nothing(self, fvs, tmp_path, registry):
        """A foreign ring could open none of it."""
        file, ring = tmp_path / "people.fvsbackup", tmp_path / "other.json"
        fvs("registry", "backup", file, "--registry", registry)
        KeyRing.generate().write(ring)
        ran = fvs("registry", "restore", file, tmp_path / "again", "--key-ring", ring)
        assert ran.code == ExitCode.WRONG_USE
        assert "another key ring" in ran.err

    def test_another_ring_writes_nothing(self, fvs, tmp_path, registry):
        """A backup that a foreign ring signed would restore under no ring at all."""
        file, ring = tmp_path / "people.fvsbackup", Path(read_spec(registry).keys.file)
        ring.unlink()
        KeyRing.generate().write(ring)
        ran = fvs("registry", "backup", file)
        assert ran.code == ExitCode.WRONG_USE
        assert "another registry" in ran.err
        assert not list(tmp_path.glob("people.fvsbackup*"))

    def test_keys_that_were_destroyed_since_are_asked_for(self, fvs, tmp_path, registry):
        """What would open for nobody is not called restored; the older ring restores it."""
        file, ring = tmp_path / "people.fvsbackup", Path(read_spec(registry).keys.file)
        older = tmp_path / "older.json"
        KeyRing.read(ring).write(older)
        fvs("registry", "backup", file)
        assert fvs("registry", "rotate-keys", "--destroy-old").code == ExitCode.MATCH
        ran = fvs("registry", "restore", file, tmp_path / "again")
        assert ran.code == ExitCode.WRONG_USE
        assert "--key-ring" in ran.err
        assert not list(tmp_path.glob("again/*"))
        restore = ("registry", "restore", file, tmp_path / "again", "--key-ring", older)
        assert fvs(*restore).code == ExitCode.MATCH
        assert fvs("registry", "check", "--registry", tmp_path / "again").code == ExitCode.MATCH

    @pytest.mark.usefixtures("registry")
    @pytest.mark.parametrize("length", [0, 10, 500, -30])
    def test_a_file_that_was_cut_short(self, fvs, tmp_path, length):
        """It is told from one that is whole."""
        file, cut = tmp_path / "people.fvsbackup", tmp_path / "cut.fvsbackup"
        fvs("registry", "backup", file)
        cut.write_bytes(file.read_bytes()[:length])
        ran = fvs("registry", "restore", cut, tmp_path / "again")
        assert ran.code == ExitCode.WRONG_USE
        assert "no backup" in ran.err

    def test_nothing_is_written_over(self, fvs, registry, tmp_path):
        """Neither a file nor a registry."""
        file = tmp_path / "people.fvsbackup"
        file.write_text("a letter")
        assert fvs("registry", "backup", file).code == ExitCode.WRONG_USE
        assert file.read_text() == "a letter"
        file.unlink()
        fvs("registry", "backup", file)
        ran = fvs("registry", "restore", file, registry)
        assert ran.code == ExitCode.WRONG_USE
        assert "already" in ran.err
        assert fvs("registry", "restore", tmp_path / "none", tmp_path / "x").code == 3


class TestMigrate:
    def test_brings_an_old_schema_up(self, fvs, registry):
        """An old store is refused until it is migrated; then nothing is to do."""
        migrate_file(registry / "registry.db", 1)
        ran = fvs("registry", "stats")
        assert ran.code == ExitCode.WRONG_USE
        assert "migrate" in ran.err
        done = document(fvs("registry", "migrate", "--json").out)
        assert done["before"] == 1 < done["after"]
        assert "nothing to do" in fvs("registry", "migrate").out
        assert document(fvs("registry", "check", "--json").out)["ok"] is True


class TestCheck:
    def test_finds_a_template_that_was_altered(self, fvs, registry):
        """A changed byte of one seal is a fault; the others still open."""
        with closing(sqlite3.connect(registry / "registry.db")) as connection, connection:
            connection.execute(
                """UPDATE secrets SET sealed_template = CAST(
                    substr(sealed_template, 1, 40) || x'0000' || substr(sealed_template, 43)
                    AS BLOB)
                WHERE slot = (SELECT max(slot) FROM records)"""
            )
        ran = fvs("registry", "check", "--json")
        checked = document(ran.out)
        assert ran.code == ExitCode.WRONG_USE
        assert (checked["ok"], checked["opened"]) == (False, len(PEOPLE) - 2)
        assert "do not open" in " ".join(checked["faults"])
        assert "do not open" in fvs("registry", "check").out

    def test_finds_a_damaged_file(self, fvs, registry):
        """The store's own check speaks first."""
        path = registry / "registry.db"
        content = bytearray(path.read_bytes())
        content[4096:8192] = b"\xff" * 4096
        path.write_bytes(content)
        ran = fvs("registry", "check")
        assert ran.code == ExitCode.WRONG_USE
        assert "Traceback" not in ran.err
        assert ran.out == ""

"""`fvs audit` shows the log to whoever may know, and says when it is not whole."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from fvs.cli.exit_codes import ExitCode
from fvs.errors import UsageError
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.audit.export import stored_entries
from fvs_server.audit.tables import entries, nodes
from fvs_server.cli.audit import app
from fvs_server.database import Database
from tests.registry_desk import number
from tests.server.audit_fixtures import START, answer, record
from tests.server.server_process import write_settings

ANSWERS = 5


@pytest.fixture
def audited(server_settings, server_secrets, tmp_path, monkeypatch):
    """A server with five answers, the last about a person; it is the one that FVS_SERVER names."""
    monkeypatch.setenv("FVS_SERVER", str(write_settings(server_settings, tmp_path)))
    monkeypatch.chdir(tmp_path)
    subject = SubjectId.parse(SubjectKind.CITIZEN_ID, number(1))
    (pseudonym,) = server_secrets.pseudonyms.of([subject])
    opened = Database.open(server_settings.database.url)
    record(opened, [*map(answer, range(ANSWERS - 1)), answer(ANSWERS - 1, subject=pseudonym)])
    yield opened
    opened.close()


def fvs_audit(*arguments: str, stdin: str = "") -> tuple[int, str]:
    """The exit code of a command, and what it printed."""
    done = CliRunner().invoke(app, list(arguments), input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def spoil(database) -> None:
    """Change one event."""
    with database.writing() as connection:
        connection.execute(update(entries).where(entries.c.sequence == 2).values(event=b"{}"))


@pytest.mark.usefixtures("audited")
def test_an_auditor_needs_no_secret(tmp_path, monkeypatch):
    """An export, a proof and a checkpoint are checked with the public key alone."""
    fvs_audit("public-key", "--out", "audit.jwk")
    fvs_audit("checkpoint", "--out", "kept.jws")
    fvs_audit("export", "--out", "log.jsonl")
    fvs_audit("prove", "t3", "--out", "proof.json")
    monkeypatch.delenv("FVS_SERVER")
    (tmp_path / "secrets.json").unlink()
    kept = ("--checkpoint", "kept.jws", "--public-key", "audit.jwk", "--json")
    code, checked = fvs_audit("verify", "log.jsonl", *kept)
    assert (code, json.loads(checked)["entries"]) == (ExitCode.MATCH, ANSWERS)
    code, proved = fvs_audit("verify-proof", "proof.json", "--public-key", "audit.jwk", "--json")
    assert (code, json.loads(proved)["event"]["transaction_id"]) == (ExitCode.MATCH, "t3")


def test_a_changed_log(audited):
    """Is told by exit code 1, of the database and of its export."""
    spoil(audited)
    code, shown = fvs_audit("verify")
    assert code == ExitCode.NO_MATCH
    assert "wrong_event" in shown
    fvs_audit("export", "--out", "log.jsonl")
    assert fvs_audit("verify", "log.jsonl")[0] == ExitCode.NO_MATCH


def test_a_proof_of_a_changed_event(audited):
    """Does not hold, and the event is not shown."""
    spoil(audited)
    fvs_audit("prove", "t2", "--out", "proof.json")
    code, shown = fvs_audit("verify-proof", "proof.json", "--json")
    assert code == ExitCode.NO_MATCH
    assert json.loads(shown)["event"] is None


@pytest.mark.usefixtures("audited")
def test_an_answer_that_never_was():
    """Cannot be proved: exit code 1."""
    assert fvs_audit("prove", "t999")[0] == ExitCode.NO_MATCH


@pytest.fixture
def two_checkpoints(audited):
    """`old.jws` over five answers, `new.jws` over eight; and the public key."""
    fvs_audit("public-key", "--out", "audit.jwk")
    fvs_audit("checkpoint", "--out", "old.jws")
    record(audited, map(answer, range(ANSWERS, ANSWERS + 3)))
    fvs_audit("checkpoint", "--out", "new.jws")
    return audited


@pytest.mark.usefixtures("two_checkpoints")
class TestConsistency:
    @pytest.mark.parametrize("newer", [("new.jws",), ()])
    def test_a_later_log_continues_an_earlier_one(self, monkeypatch, newer):
        """The auditor needs the public key and what was kept, and sees what was proved."""
        assert fvs_audit("prove-consistency", "old.jws", *newer, "--out", "p.json")[0] == 0
        monkeypatch.delenv("FVS_SERVER")
        kept = ("--checkpoint", "old.jws", "--checkpoint", "new.jws")
        code, shown = fvs_audit(
            "verify-consistency", "p.json", *kept, "--public-key", "audit.jwk", "--json"
        )
        found = json.loads(shown)
        assert (code, found["holds"]) == (ExitCode.MATCH, True)
        assert [found[name]["entries"] for name in ("older", "newer")] == [ANSWERS, ANSWERS + 3]

    def test_a_checkpoint_continues_itself(self):
        """Nothing lies between."""
        assert fvs_audit("prove-consistency", "new.jws", "new.jws", "--out", "p.json")[0] == 0
        assert fvs_audit("verify-consistency", "p.json", "--checkpoint", "new.jws")[0] == 0

    def test_a_proof_of_other_checkpoints(self):
        """Is none of those that were kept."""
        fvs_audit("prove-consistency", "new.jws", "new.jws", "--out", "p.json")
        code, shown = fvs_audit("verify-consistency", "p.json", "--checkpoint", "old.jws")
        assert code == ExitCode.NO_MATCH
        assert "other checkpoints" in shown

    def test_a_proof_that_was_changed(self, tmp_path):
        """Does not hold, and nothing of it is shown."""
        fvs_audit("prove-consistency", "old.jws", "new.jws", "--out", "p.json")
        proof = json.loads((tmp_path / "p.json").read_text())
        proof["path"][0] = "0" * 64
        (tmp_path / "p.json").write_text(json.dumps(proof))
        code, shown = fvs_audit("verify-consistency", "p.json", "--json")
        assert code == ExitCode.NO_MATCH
        assert json.loads(shown)["older"] is None

    @pytest.mark.parametrize("newer", [("new.jws",), ()])
    @pytest.mark.parametrize(
        "spoilt",
        [
            delete(entries).where(entries.c.sequence >= ANSWERS - 1),
            delete(entries),
            delete(nodes).where(nodes.c.level == 1),
            update(nodes).values(hash=bytes(32)),
        ],
        ids=["cut off", "emptied", "a tree with holes", "another tree"],
    )
    def test_a_log_that_was_changed(self, two_checkpoints, spoilt, newer):
        """Cannot be proved to continue what was signed: exit code 1."""
        with two_checkpoints.writing() as connection:
            connection.execute(spoilt)
        assert fvs_audit("prove-consistency", "old.jws", *newer)[0] == ExitCode.NO_MATCH

    @pytest.mark.parametrize("order", [("new.jws", "old.jws"), ("audit.jwk",), ("none.jws",)])
    def test_wrong_checkpoints(self, order):
        """The later one first, a file that is none, or none: the caller's to see to."""
        with pytest.raises(UsageError):
            fvs_audit("prove-consistency", *order)


@pytest.mark.usefixtures("audited")
def test_one_person_is_forgotten():
    """By number, which is not printed; the log stays whole."""
    code, shown = fvs_audit("purge-subject", "-", "--json", stdin=number(1))
    assert (code, json.loads(shown)) == (0, {"purged": 1})
    checked = json.loads(fvs_audit("verify", "--json")[1])
    assert (checked["entries"], checked["purged"]) == (ANSWERS + 1, 1)
    assert checked["findings"] == []


def test_a_purge_can_be_proved(audited):
    """Like an answer: it says which command it was, and not whose answers went."""
    fvs_audit("purge-subject", "-", stdin=number(1))
    with audited.reading() as connection:
        told = list(stored_entries(connection))[-1]
    fvs_audit("prove", told.transaction_id, "--out", "proof.json")
    shown = json.loads(fvs_audit("verify-proof", "proof.json", "--json")[1])["event"]
    assert (shown["key_id"], shown["purged"]) == ("fvs audit purge-subject", 1)
    assert "subject" not in shown


def test_old_answers_are_forgotten(audited):
    """All that were given before that many days, once."""
    record(audited, [answer(ANSWERS, at=START - timedelta(days=3650))])
    for purged in (1, 0):
        code, shown = fvs_audit("purge", "--older-than-days", "3000", "--json")
        assert (code, json.loads(shown)) == (0, {"purged": purged})
    assert fvs_audit("verify")[0] == ExitCode.MATCH


@pytest.mark.usefixtures("audited")
@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "missing.jsonl", "--public-key", "missing.jwk"),
        ("verify", "not.json", "--public-key", "not.json"),
        ("verify-proof", "not.json"),
        ("verify-consistency", "not.json"),
    ],
)
def test_wrong_files(tmp_path, arguments):
    """Are the caller's to see to."""
    (tmp_path / "not.json").write_text("nothing")
    with pytest.raises(UsageError):
        fvs_audit(*arguments)

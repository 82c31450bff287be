"""The audit log holds every answer once, and shows whatever is done to it afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from fvs.errors import DeploymentError
from fvs_server.audit import AuditLog
from fvs_server.audit.checking import check_log
from fvs_server.audit.export import (
    export_lines,
    purged_by,
    read_export,
    readable_event,
    stored_entries,
)
from fvs_server.audit.hashing import SALT_BYTES, ChainedEntry, commitment_to
from fvs_server.audit.log import log_size
from fvs_server.audit.merkle import consistency_proof, verify_consistency
from fvs_server.audit.nodes import StoredNodes
from fvs_server.audit.proofs import proof_fault, prove
from fvs_server.audit.tables import checkpoints as signed_statements
from fvs_server.audit.tables import entries, nodes
from fvs_server.database import Database
from fvs_server.transactions import Transactions, purging
from fvs_server.transactions.purging import Purger, purge_before, purge_subject
from tests.server import audit_fixtures
from tests.server.audit_fixtures import START, answer, record
from tests.server.database_fixtures import migrate

audit_url, audit_database = audit_fixtures.audit_url, audit_fixtures.audit_database
checkpoints = audit_fixtures.checkpoints

ANSWERS = 21


@pytest.fixture
def log(audit_database, checkpoints):
    """A database with 21 answers, and checkpoints after 10 and after all."""
    record(audit_database, map(answer, range(10)))
    with audit_database.writing() as connection:
        checkpoints.make(connection, START)
    record(audit_database, map(answer, range(10, ANSWERS)))
    with audit_database.writing() as connection:
        checkpoints.make(connection, START)
    return audit_database


def record_together(database, records) -> None:
    """Keep answers in one transaction."""
    with database.writing() as connection:
        for each in records:
            Transactions(AuditLog()).record(connection, each)


def check(database, checkpoints, *, statements=None):
    """Of the whole database."""
    with database.reading() as connection:
        own = [signed.signed for signed in checkpoints.all(connection)]
        kept = own if statements is None else statements
        return check_log(stored_entries(connection), kept, checkpoints.key.public)


def codes(found) -> set[str]:
    """Of what was found."""
    return {finding.code for finding in found.findings}


class TestWhole:
    def test_an_empty_log(self, audit_database, checkpoints):
        """Is whole, and has no checkpoint to make."""
        assert check(audit_database, checkpoints).whole
        with audit_database.writing() as connection:
            assert checkpoints.make(connection, START) is None

    def test_a_log(self, log, checkpoints):
        """Every answer is an entry, and both checkpoints hold."""
        found = check(log, checkpoints)
        assert found.whole
        assert (found.entries, found.purged, found.checkpoints) == (ANSWERS, 0, 2)

    def test_an_answer_that_is_rolled_back_is_in_no_entry(self, log, checkpoints):
        """Transaction and entry are kept together or not at all."""
        with pytest.raises(IntegrityError):
            record_together(log, [answer(ANSWERS), answer(0)])  # the second is there already
        assert check(log, checkpoints).entries == ANSWERS

    def test_an_export_says_the_same(self, log, checkpoints):
        """It needs no database to be checked."""
        with log.reading() as connection:
            lines = list(export_lines(connection, checkpoints))
        statements, read = read_export(lines)
        assert check_log(read, statements, checkpoints.key.public) == check(log, checkpoints)


def chained_anew(connection) -> None:
    """What a forger does who can reckon: all hashes after a change are made to fit."""
    previous = None
    for line in list(stored_entries(connection)):
        chained = ChainedEntry(
            sequence=line.sequence,
            transaction_id=line.transaction_id,
            at=line.at,
            commitment=bytes.fromhex(line.commitment),
            previous_hash=bytes.fromhex(line.previous) if previous is None else previous,
        )
        previous = chained.hash
        connection.execute(
            update(entries)
            .where(entries.c.sequence == line.sequence)
            .values(previous_hash=chained.previous_hash, entry_hash=chained.hash)
        )


AT_7 = entries.c.sequence == 7
SALT = bytes(SALT_BYTES)


class TestTampered:
    @pytest.mark.parametrize(
        ("statements", "code"),
        [
            ([update(entries).where(AT_7).values(event=b"{}")], "wrong_event"),
            ([update(entries).where(AT_7).values(salt=b"x" * 16)], "wrong_event"),
            ([update(entries).where(AT_7).values(salt=None)], "wrong_event"),
            ([update(entries).where(AT_7).values(event=None, salt=None)], "untold_purge"),
            ([update(entries).where(AT_7).values(commitment=b"x" * 32)], "wrong_hash"),
            ([update(entries).where(AT_7).values(at=START)], "wrong_hash"),
            ([update(entries).where(AT_7).values(transaction_id="other")], "wrong_hash"),
            ([update(entries).where(AT_7).values(entry_hash=b"x" * 32)], "broken_chain"),
            ([delete(entries).where(AT_7)], "gap"),
            ([delete(entries).where(entries.c.sequence >= 20)], "cut_off"),
            ([delete(entries)], "cut_off"),
        ],
        ids=[
            "event",
            "salt",
            "half purged",
            "purged in secret",
            "commitment",
            "time",
            "id",
            "hash",
            "removed",
            "end cut off",
            "all removed",
        ],
    )
    def test_a_change_is_found(self, log, checkpoints, statements, code):
        """Whatever is changed in the table of entries."""
        with log.writing() as connection:
            for statement in statements:
                connection.execute(statement)
        assert code in codes(check(log, checkpoints))

    def test_one_removal_is_one_gap(self, log, checkpoints):
        """What follows it stands where it should; a checkpoint that is given twice is held once."""
        with log.writing() as connection:
            kept = checkpoints.last(connection).signed
            connection.execute(delete(entries).where(AT_7))
        found = check(log, checkpoints, statements=[kept, kept])
        told = [(finding.code, finding.sequence) for finding in found.findings]
        assert told == [("gap", 8), ("broken_chain", 8), ("cut_off", found.entries + 1)]
        assert found.checkpoints == 1

    def test_two_entries_that_change_places(self, log, checkpoints):
        """The order is part of what was hashed."""
        with log.writing() as connection:
            for old, new in ((7, -1), (8, 7), (-1, 8)):
                connection.execute(
                    update(entries).where(entries.c.sequence == old).values(sequence=new)
                )
        assert {"wrong_hash", "broken_chain"} <= codes(check(log, checkpoints))

    def test_a_log_that_was_chained_anew(self, log, checkpoints):
        """Is whole in itself; a checkpoint shows that it is another."""
        with log.writing() as connection:
            forged = {"event": b"{}", "salt": SALT, "commitment": commitment_to(b"{}", SALT)}
            connection.execute(update(entries).where(AT_7).values(**forged))
            chained_anew(connection)
        assert check(log, checkpoints, statements=[]).whole
        assert codes(check(log, checkpoints)) == {"other_root"}

    def test_a_checkpoint_of_another_key(self, log, checkpoints):
        """Is not believed."""
        with log.reading() as connection:
            signed = checkpoints.last(connection).signed
        header, content, signature = signed.split(".")
        forged = f"{header}.{content}.{signature[::-1]}"
        assert codes(check(log, checkpoints, statements=[forged])) == {"foreign_checkpoint"}


class TestSignedBefore:
    @pytest.mark.parametrize(
        "statements",
        [
            [delete(entries).where(entries.c.sequence >= 20)],
            [update(nodes).where(nodes.c.level == 4).values(hash=b"x" * 32)],
            [delete(nodes).where(nodes.c.level == 4)],
            [update(signed_statements).values(signed="eyJhbGciOiJFZDI1NTE5In0.e30.AA")],
        ],
        ids=["end cut off", "tree changed", "tree cut", "checkpoint changed"],
    )
    def test_what_contradicts_it_is_not_signed(self, log, checkpoints, statements):
        """No two checkpoints of a service contradict each other."""
        with log.writing() as connection:
            for statement in statements:
                connection.execute(statement)
        with log.writing() as connection, pytest.raises(DeploymentError, match="last checkpoint"):
            checkpoints.make(connection, START)

    def test_an_earlier_checkpoint_is_a_beginning_of_a_later(self, log, checkpoints):
        """As a consistency proof of RFC 6962 shows without the entries."""
        with log.reading() as connection:
            old, new = (
                (signed.checkpoint.entries, bytes.fromhex(signed.checkpoint.root))
                for signed in checkpoints.all(connection)
            )
            path = consistency_proof(old[0], new[0], StoredNodes(connection))
        assert verify_consistency(old, new, path)
        assert not verify_consistency((old[0], b"x" * 32), new, path)


class TestProofs:
    @pytest.mark.parametrize("number", [0, 9, 10, 20])
    def test_every_answer_can_be_proved(self, log, checkpoints, number):
        """With no more than the proof and the public key."""
        proof = proof_of(log, checkpoints, number)
        assert proof_fault(proof, checkpoints.key.public) == ""
        assert readable_event(proof.entry.event)["transaction_id"] == f"t{number}"

    def test_an_answer_that_never_was(self, log, checkpoints):
        """Has no proof."""
        assert proof_of(log, checkpoints, 999) is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"transaction_id": "t8"},
            {"sequence": 8},
            {"hash": "0" * 64},
            {"event": b"{}"},
            {"salt": None},
        ],
        ids=str,
    )
    def test_a_changed_proof_does_not_hold(self, log, checkpoints, changes):
        """Whatever is changed in its entry."""
        proof = proof_of(log, checkpoints, 7)
        entry = msgspec.structs.replace(proof.entry, **changes)
        changed = msgspec.structs.replace(proof, entry=entry)
        assert proof_fault(changed, checkpoints.key.public)

    def test_a_salt_is_as_long_as_a_salt(self, log, checkpoints):
        """Else bytes could be moved from the event to its salt under one commitment."""
        proof = proof_of(log, checkpoints, 7)
        event, salt = proof.entry.event, proof.entry.salt
        entry = msgspec.structs.replace(proof.entry, event=event[1:], salt=salt + event[:1])
        changed = msgspec.structs.replace(proof, entry=entry)
        assert "salt" in proof_fault(changed, checkpoints.key.public)

    def test_a_path_of_another_answer(self, log, checkpoints):
        """Does not hold."""
        proof, other = (proof_of(log, checkpoints, number) for number in (7, 8))
        changed = msgspec.structs.replace(proof, path=other.path)
        assert proof_fault(changed, checkpoints.key.public)


def proof_of(log, checkpoints, number):
    """Against the newest checkpoint."""
    with log.reading() as connection:
        return prove(connection, f"t{number}", checkpoints.last(connection))


OPERATOR = Purger(by="fvs audit purge", at=START + timedelta(days=1))


class TestPurging:
    def test_an_empty_log(self, audit_database):
        """There is nothing to purge, and nothing to tell of."""
        with audit_database.writing() as connection:
            assert purge_before(connection, START, OPERATOR) == 0
            assert purge_subject(connection, bytes(32), OPERATOR) == 0
            assert log_size(connection) == 0

    def test_old_answers(self, log, checkpoints):
        """Are forgotten, and the log stays whole and their entries provable."""
        with log.writing() as connection:
            assert purge_before(connection, answer(5).at, OPERATOR) == 5
            assert purge_before(connection, answer(5).at, OPERATOR) == 0
        found = check(log, checkpoints)
        assert found.whole
        assert found.purged == 5
        proof = proof_of(log, checkpoints, 3)
        assert proof.entry.event is None
        assert proof_fault(proof, checkpoints.key.public) == ""

    def test_one_subject(self, log, checkpoints):
        """All that names them goes, and nothing else."""
        with log.writing() as connection:
            assert purge_subject(connection, bytes([3]) * 32, OPERATOR) == 3
            assert connection.scalar(text("SELECT count(*) FROM transactions")) == ANSWERS - 3
        assert check(log, checkpoints).purged == 3

    def test_it_is_an_entry_of_the_log(self, log):
        """Who did it, when, of how many and how old answers; a person is not named."""
        with log.writing() as connection:
            purge_before(connection, answer(5).at, OPERATOR)
            purge_subject(connection, bytes([6]) * 32, OPERATOR)
        with log.reading() as connection:
            entries_of_it = list(stored_entries(connection))[ANSWERS:]
        found = [readable_event(entry.event) for entry in entries_of_it]
        who = {
            "at": "2026-11-26T09:30:00Z",
            "decision": "done",
            "idp": "",
            "key_id": "fvs audit purge",
        }
        what = [
            {"action": "purge", "purged": 5, "before": "2026-11-25T09:35:00Z"},
            {"action": "purge_subject", "purged": 3},
        ]
        ids = [{"transaction_id": entry.transaction_id} for entry in entries_of_it]
        assert found == [{**who, **each, **one} for each, one in zip(what, ids, strict=True)]

    def test_a_purge_that_is_rolled_back_is_in_no_entry(self, log, checkpoints):
        """What is gone and what is told of it are kept together or not at all."""
        with pytest.raises(IntegrityError):
            purge_and_repeat(log, answer(9))  # which is there already
        found = check(log, checkpoints)
        assert (found.entries, found.purged) == (ANSWERS, 0)

    def test_no_purge_takes_what_is_told_of_purges(self, log, checkpoints):
        """Else a log could be emptied without a word left of it."""
        for days in (2, 3):
            with log.writing() as connection:
                purger = Purger(by="housekeeping", at=START + timedelta(days=days))
                purge_before(connection, START + timedelta(days=days + 1), purger)
        found = check(log, checkpoints)
        assert found.whole
        assert (found.entries, found.purged) == (ANSWERS + 1, ANSWERS)

    def test_many_are_purged_some_at_a_time(self, log, checkpoints, monkeypatch):
        """Each time is an entry of its own; together they tell of all."""
        monkeypatch.setattr(purging, "_ROWS_AT_ONCE", 8)
        assert purge_all(log) == ANSWERS
        found = check(log, checkpoints)
        assert found.whole
        assert (found.entries, found.purged) == (ANSWERS + 3, ANSWERS)

    def test_purges_at_once_count_each_answer_once(self, log, checkpoints):
        """What one has purged the others do not tell of again."""
        with ThreadPoolExecutor(4) as pool:
            gone = list(pool.map(purge_all, [log] * 4))
        assert sum(gone) == ANSWERS
        found = check(log, checkpoints)
        assert found.whole
        assert told(log) == found.purged == ANSWERS

    def test_a_told_purge_hides_no_other(self, log, checkpoints):
        """Events that are deleted by hand are more than the log tells of."""
        with log.writing() as connection:
            purge_before(connection, answer(5).at, OPERATOR)
            connection.execute(update(entries).where(AT_7).values(event=None, salt=None))
        found = check(log, checkpoints)
        assert [(each.code, each.sequence) for each in found.findings] == [
            ("untold_purge", ANSWERS + 1)
        ]

    def test_nothing_of_it_is_left_in_the_file(self, tmp_path):
        """SQLite overwrites what it deletes."""
        url = f"sqlite:///{tmp_path / 'purged.db'}"
        migrate(url)
        database = Database.open(url)
        record(database, [answer(0, purpose="a-purpose-to-find")])
        with database.writing() as connection:
            purge_before(connection, answer(1).at, OPERATOR)
        with database._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        assert b"a-purpose-to-find" not in (tmp_path / "purged.db").read_bytes()


def purge_all(database) -> int:
    """As `fvs audit purge` does it; how many went."""
    gone = 0
    while True:
        with database.writing() as connection:
            done = purge_before(connection, OPERATOR.at, OPERATOR)
        if not done:
            return gone
        gone += done


def purge_and_repeat(database, repeated) -> None:
    """A purge in a transaction that fails."""
    with database.writing() as connection:
        purge_before(connection, answer(5).at, OPERATOR)
        Transactions(AuditLog()).record(connection, repeated)


def told(database) -> int:
    """How many purged events the log tells of."""
    with database.reading() as connection:
        return sum(map(purged_by, stored_entries(connection)))


def append_some(url: str, replica: int, count: int) -> None:
    """What one replica does."""
    database = Database.open(url)
    record(
        database,
        [answer(number, transaction_id=f"r{replica}-{number}") for number in range(count)],
    )
    database.close()


class TestManyProcesses:
    def test_three_replicas(self, audit_url, audit_database, checkpoints):
        """Append to one chain without a gap."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(3, mp_context=context) as pool:
            list(pool.map(append_some, [audit_url] * 3, range(3), [30] * 3))
        found = check(audit_database, checkpoints)
        assert found.whole
        assert found.entries == 90

    @pytest.mark.parametrize("kill_after", [3, 17])
    def test_a_replica_that_is_killed(self, audit_url, audit_database, checkpoints, kill_after):
        """Leaves a whole log, with a transaction for each entry."""
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=append_some, args=(audit_url, 0, 5000))
        process.start()
        while check(audit_database, checkpoints).entries < kill_after:
            assert process.is_alive()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        record(audit_database, [answer(9999)])
        found = check(audit_database, checkpoints)
        assert found.whole
        with audit_database.reading() as connection:
            kept = connection.scalar(text("SELECT count(*) FROM transactions"))
        assert kept == found.entries

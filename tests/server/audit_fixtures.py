"""A log on both kinds of database, with answers made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fvs_server.audit import Action, AuditLog
from fvs_server.audit.checkpoints import CheckpointKey, Checkpoints
from fvs_server.database import Database
from fvs_server.secrets import ServerSecrets
from fvs_server.transactions import TransactionRecord, Transactions
from tests.server.database_fixtures import migrate

START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
ROOT = bytes(range(32))


def answer(number: int, **changes) -> TransactionRecord:
    """The answer of that number, a minute after the one before."""
    values = {
        "transaction_id": f"t{number}",
        "at": START + timedelta(minutes=number),
        "idp": "bank-a",
        "key_id": "0011223344556677",
        "action": Action.VERIFY,
        "decision": "match",
        "reasons": ("age_unknown",),
        "subject": bytes([number % 7]) * 32,
        "purpose": "open_account",
        "latency_ms": 50.0,
    }
    return TransactionRecord(**{**values, **changes})


def record(database: Database, records) -> None:
    """Keep answers, each in a transaction of its own."""
    transactions = Transactions(AuditLog())
    for each in records:
        with database.writing() as connection:
            transactions.record(connection, each)


@pytest.fixture
def audit_url(empty_url) -> str:
    """The address of a migrated, empty database."""
    migrate(empty_url)
    return empty_url


@pytest.fixture
def audit_database(audit_url):
    """It, opened."""
    opened = Database.open(audit_url)
    yield opened
    opened.close()


@pytest.fixture
def checkpoints() -> Checkpoints:
    """Of a server with fixed secrets."""
    return Checkpoints(CheckpointKey(ServerSecrets(ROOT)))

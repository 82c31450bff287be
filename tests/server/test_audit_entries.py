"""What an entry is made of never changes: a log must be provable for as long as it is kept."""

from __future__ import annotations

import base64
import json
from datetime import datetime

import pytest
from sqlalchemy import select

from fvs_server.audit import AuditLog, log
from fvs_server.audit.tables import entries
from fvs_server.transactions import Transactions
from fvs_server.transactions.tables import transactions
from tests.server import audit_fixtures
from tests.server.audit_fixtures import answer

audit_url, audit_database = audit_fixtures.audit_url, audit_fixtures.audit_database

SAYS_ALL = {
    "reasons": ("age_unknown", "b"),
    "on_behalf_of": bytes(32),
    "consent_reference": "c-1",
    "assurance_level": "ial2.2",
    "certificate_id": "cert",
    "model_ids": ("m1", "m2"),
    "target_fmr": 1e-4,
    "score_band": "above",
    "channel": "web",
    "similarity": 0.5,
    "live_probability": 0.9,
    "unified_quality": 55.0,
}

# Written by version 0.1.0 (commit 4415248) with salts of the bytes 0 to 15.
LEAST = (
    b'{"action":"face_verification","at":"2026-11-25T09:30:00Z","decision":"match",'
    b'"idp":"bank-a","key_id":"0011223344556677","purpose":"open_account",'
    b'"reasons":["age_unknown"],"subject":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",'
    b'"transaction_id":"t0"}'
)
MOST = (
    b'{"action":"face_verification","assurance_level":"ial2.2","at":"2026-11-25T09:31:00Z",'
    b'"certificate_id":"cert","channel":"web","consent_reference":"c-1","decision":"match",'
    b'"idp":"bank-a","key_id":"0011223344556677","model_ids":["m1","m2"],'
    b'"on_behalf_of":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","purpose":"open_account",'
    b'"reasons":["age_unknown","b"],"score_band":"above",'
    b'"subject":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","target_fmr":0.0001,'
    b'"transaction_id":"t1"}'
)
HASHES = [
    "1edd24625dc2dd7c90b4a9ea802e522819b8adce8b8e7be615f7645c36fee6ed",
    "df97b4b93564aac51c83fdd677a6195d73ef8650ef3dde3318e00151e4552b05",
]


@pytest.fixture
def written(audit_database, monkeypatch):
    """A log of two answers, of the least and the most that an answer can say."""
    monkeypatch.setattr(log.secrets, "token_bytes", lambda count: bytes(range(count)))
    with audit_database.writing() as connection:
        for each in (answer(0), answer(1, **SAYS_ALL)):
            Transactions(AuditLog()).record(connection, each)
    return audit_database


def test_entries_are_as_they_always_were(written):
    """Their canonical bytes and their hashes, on either database."""
    with written.reading() as connection:
        rows = connection.execute(select(entries).order_by(entries.c.sequence)).all()
    assert [bytes(row.event) for row in rows] == [LEAST, MOST]
    assert [bytes(row.entry_hash).hex() for row in rows] == HASHES


def test_the_row_of_an_answer_says_the_same(written):
    """As its event, and the scores and the time that it took beside."""
    with written.reading() as connection:
        chosen = select(transactions).order_by(transactions.c.transaction_id)
        kept = dict(connection.execute(chosen).all()[1]._mapping)
    said = json.loads(MOST)
    for name in ("reasons", "model_ids"):
        said[name] = " ".join(said[name])
    for name in ("subject", "on_behalf_of"):
        said[name] = base64.b64decode(said[name])
    said["at"] = datetime.fromisoformat(said["at"])
    scores = {
        name: SAYS_ALL[name] for name in ("similarity", "live_probability", "unified_quality")
    }
    assert kept == {**said, **scores, "latency_ms": 50.0}

"""A server that is killed at any moment loses no answer that it gave, and keeps none twice."""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter

import httpx
import msgspec
import numpy as np
import pytest
from sqlalchemy import select

from fvs_server.audit.tables import entries
from fvs_server.database import Database
from fvs_server.identity.api_keys import ApiKeys
from fvs_server.identity.principal import Scope
from fvs_server.settings import DatabaseSettings
from fvs_server.transactions.tables import transactions
from fvs_server.wiring import utc_now
from tests.pictures import flat_png
from tests.server.identity_fixtures import order
from tests.server.server_process import running_server, write_settings

CALLERS = 4


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request, server_settings):
    """Of a server on either database."""
    if request.param == "sqlite":
        return server_settings
    opened = request.getfixturevalue("postgres_database")
    url = opened._engine.url.render_as_string(hide_password=False)
    return msgspec.structs.replace(server_settings, database=DatabaseSettings(url=url))


@pytest.fixture
def database(settings):
    """The server's database, seen from here."""
    opened = Database.open(settings.database.url)
    yield opened
    opened.close()


@pytest.fixture
def headers(database, server_secrets):
    """Of a caller who may compare."""
    with database.writing() as connection:
        issued = ApiKeys(server_secrets).create(connection, order(Scope.COMPARE), utc_now())
    return {"Authorization": f"Bearer {issued.text.reveal()}"}


def body() -> dict[str, str]:
    """Two pictures without a face: an answer all the same."""
    picture = base64.b64encode(flat_png(64, 64, 8, 2)).decode()
    return {
        "selfie": picture,
        "card": picture,
        "purpose": "p",
        "consent_reference": "c",
        "assurance_level": "ial2.2",
    }


def ask_until(
    url: str, headers: dict[str, str], over: threading.Event, answered: list[str]
) -> None:
    """Ask again and again, and keep the ids of all answers that came whole."""
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10) as client:
        while not over.is_set():
            try:
                answer = client.post("/v1/face-comparisons", json=body())
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                answered.append(answer.json()["transaction_id"])


def killed_under_load(settings_file, headers, moment_s: float) -> list[str]:
    """The answers of a server that is killed at that moment."""
    answered: list[str] = []
    over = threading.Event()
    with running_server(settings_file) as server:
        arguments = (server.url, headers, over, answered)
        callers = [threading.Thread(target=ask_until, args=arguments) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        while not answered:
            time.sleep(0.01)
        time.sleep(moment_s)
        server.kill()
        over.set()
        for caller in callers:
            caller.join()
    return answered


def require_kept(database: Database, answered: list[str]) -> None:
    """Every answer is a transaction and an entry of the log, once; the log has no gap."""
    with database.reading() as connection:
        kept = list(connection.scalars(select(transactions.c.transaction_id)))
        rows = connection.execute(
            select(entries.c.sequence, entries.c.transaction_id).order_by(entries.c.sequence)
        ).all()
    logged = Counter(row.transaction_id for row in rows)
    assert set(logged.values()) == {1}
    assert set(answered) <= logged.keys()
    assert sorted(kept) == sorted(logged)
    assert [row.sequence for row in rows] == list(
        range(rows[0].sequence, rows[0].sequence + len(rows))
    )


def kill(settings, database, headers, folder, times: int) -> None:
    """Kill a server again and again under load; then look."""
    settings_file = write_settings(settings, folder, processes=True)
    moments_s = np.random.default_rng(20261125).uniform(0, 0.4, size=times)
    answered: list[str] = []
    for moment_s in moments_s:
        answered += killed_under_load(settings_file, headers, moment_s)
    assert len(answered) == len(set(answered))
    require_kept(database, answered)


def test_what_was_answered_is_kept_once(settings, database, headers, tmp_path):
    """Rule: after a kill under load, no answer is missing and none is there twice."""
    kill(settings, database, headers, tmp_path, times=1)


@pytest.mark.slow
def test_fifty_kills_lose_nothing(settings, database, headers, tmp_path):
    """Rule: likewise after fifty."""
    kill(settings, database, headers, tmp_path, times=50)


def test_a_stopping_server_finishes_what_it_has_begun(server_settings, tmp_path):
    """SIGTERM ends it with status 0, or that of the signal."""
    with running_server(write_settings(server_settings, tmp_path, processes=True)) as server:
        server.process.terminate()
        assert server.process.wait(30) in {0, -15}

"""SIGKILL under load, and callers who repeat: each call is answered in the end, and done once.

test_process_kills.py is about answers that were given, this about those that were not.
"""

from __future__ import annotations

import time

import pytest
from sqlalchemy import func, select

from fvs_server.audit.checking import check_log
from fvs_server.audit.export import stored_entries
from fvs_server.audit.tables import entries
from fvs_server.database import Database
from fvs_server.transactions.tables import transactions
from tests.server.fault_fixtures import Load, Site

CALLERS = 6
_LOAD_S = 0.4


@pytest.fixture
def site(empty_url, tmp_path, registry_folder):
    """A server on either database."""
    return Site.make(tmp_path, empty_url, registry_folder)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [10])
def test_killed_under_load(site, kills):
    """Every answered transaction is in the log, no call is recorded twice, the chain is whole."""
    with Load(site, CALLERS) as load:
        for kill in range(kills):
            with site.running() as process:
                time.sleep(_LOAD_S + 0.01 * (kill % 17))
                process.kill()
                process.wait()
    answered_under_load = dict(load.answered)
    with site.running():
        load.settle()
    assert answered_under_load
    assert load.unanswered
    _assert_recorded_once(site.settings.database.url, load.answered)
    assert load.secrets_in(site.folder) == []


def _assert_recorded_once(url: str, answered: dict[str, str]) -> None:
    database = Database.open(url)
    try:
        with database.reading() as connection:
            recorded = dict(
                connection.execute(
                    select(transactions.c.consent_reference, transactions.c.transaction_id)
                ).all()
            )
            rows = connection.execute(select(func.count()).select_from(transactions)).scalar_one()
            logged = set(connection.execute(select(entries.c.transaction_id)).scalars())
            check = check_log(stored_entries(connection), (), {})
    finally:
        database.close()
    # Also none that nobody was told of: all calls were answered in the end.
    assert recorded == answered
    assert rows == len(recorded)
    assert logged == set(answered.values())
    assert check.whole
    assert check.entries == rows

"""Databases that go away, disks that fill up: coded answers, and none that was given is lost."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from benchmarks import postgres
from fvs_client.errors import ProblemError, UnavailableError
from fvs_server.database import Database
from fvs_server.transactions.tables import transactions
from tests.server.database_fixtures import postgres_url
from tests.server.fault_fixtures import Site, verification

pytestmark = pytest.mark.slow

_ROOM_BYTES = 256 * 1024


def ready(site: Site) -> httpx.Response:
    """What the server says of itself."""
    return httpx.get(f"{site.url}/health/ready", trust_env=False, timeout=20)


def recorded(site: Site) -> set[str]:
    """Transactions that the database holds."""
    database = Database.open(site.settings.database.url)
    try:
        with database.reading() as connection:
            return set(connection.execute(select(transactions.c.transaction_id)).scalars())
    finally:
        database.close()


class TestDatabaseRestarts:
    @pytest.fixture
    def cluster(self):
        """A PostgreSQL server of this test's own, and what starts it again."""
        reason = postgres.missing()
        if reason:
            pytest.skip(reason)
        with postgres.running_postgres() as dsn:
            folder = Path(dict(part.split("=", 1) for part in dsn.split())["host"])
            program = [
                postgres._program("pg_ctl"),
                "-D",
                folder / "data",
                "-w",
                "-l",
                folder / "log",
            ]
            settings = " ".join(f"-c {name}='{value}'" for name, value in postgres.SETTINGS.items())

            def control(*words: str) -> None:
                postgres._run([*program, *words], postgres._identity(folder))

            yield dsn, control, f"{settings} -k {folder}"

    def test_the_service_outlives_it(self, cluster, tmp_path, registry_folder):
        """While it is away: 503 with a code, not ready, alive; then as before, of itself."""
        dsn, control, options = cluster
        site = Site.make(tmp_path, postgres_url(dsn), registry_folder)
        with site.running(), site.client() as client:
            before = client.send(verification()[1]).transaction_id
            control("-m", "fast", "stop")
            with pytest.raises(UnavailableError) as caught:
                client.send(verification()[1])
            assert caught.value.code == "database_unavailable"
            assert caught.value.retry_after_s is not None
            assert ready(site).json()["database"] is False
            assert httpx.get(f"{site.url}/health/live", trust_env=False).status_code == 200
            control("-o", options, "start")
            assert ready(site).status_code == 200
            after = client.send(verification()[1]).transaction_id
        assert recorded(site) == {before, after}


class TestDiskFull:
    def test_refuses_and_keeps_what_it_answered(self, tmp_path, registry_folder):
        """Once nothing more can be written: refusals with a code, no answer without its record."""
        site = Site.make(tmp_path, f"sqlite:///{tmp_path / 'server.db'}", registry_folder)
        limit = (tmp_path / "server.db").stat().st_size + _ROOM_BYTES
        answered, refused = set(), []
        with site.running(str(limit)) as process, site.client() as client:
            while len(refused) < 5:
                try:
                    answered.add(client.send(verification()[1]).transaction_id)
                except ProblemError as error:
                    refused.append(error.code)
            assert process.poll() is None
            assert httpx.get(f"{site.url}/health/live", trust_env=False).status_code == 200
        assert answered
        assert set(refused) == {"database_unavailable"}
        assert recorded(site) == answered
        # With room again, the same database serves.
        with site.running(), site.client() as client:
            answered.add(client.send(verification()[1]).transaction_id)
        assert recorded(site) == answered

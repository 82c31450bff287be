"""What operators are told: counts without a caller's words, lines without secrets, readiness."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from litestar.testing import TestClient

from fvs_server.app import create_app
from fvs_server.audit import Action
from fvs_server.database import Database
from fvs_server.operation.logs import REQUESTS, JsonLines, ShortLines, formatter_for
from fvs_server.operation.readiness import Readiness
from tests.server.audit_fixtures import answer

FAR = datetime(2999, 1, 1, tzinfo=UTC)


class TestMetrics:
    def test_no_label_comes_from_a_caller(self, client):
        """Neither a path nor a method that nobody declared."""
        client.get("/1101700230708")
        client.request("BREW", "/health/live")
        client.get("/v1/transactions/1101700230708")
        told = client.get("/metrics").text
        assert 'route="none"' in told
        assert 'method="other"' in told
        assert "BREW" not in told
        assert "1101700230708" not in told

    def test_decisions_are_counted(self, services, client):
        """With their reasons."""
        with services.database.writing() as connection:
            services.transactions.record(connection, answer(1))
        told = client.get("/metrics").text
        action = Action.VERIFY.value
        assert f'fvs_decisions_total{{action="{action}",decision="match"}} 1.0' in told
        assert f'fvs_reasons_total{{action="{action}",reason="age_unknown"}} 1.0' in told

    def test_the_certificate_is_watched(self, client):
        """So that an alarm can ring before it expires."""
        told = client.get("/metrics").text
        (line,) = [each for each in told.splitlines() if each.startswith("fvs_certificate_days")]
        assert float(line.split()[1]) > 0


class TestReadiness:
    def test_all_is_well(self, client):
        """And said to be."""
        told = client.get("/health/ready")
        assert told.status_code == 200
        assert set(told.json().values()) == {True}

    @pytest.mark.parametrize("what", ["database", "certificate"])
    def test_something_is_not(self, services, what):
        """503, and what it is; the process still lives."""
        dead = Database.open("postgresql://fvs@127.0.0.1:1/nowhere")
        looked = {
            "database": Readiness(dead, services.faces, services.clock),
            "certificate": Readiness(services.database, services.faces, lambda: FAR),
        }
        with TestClient(create_app(replace(services, readiness=looked[what]))) as client:
            told = client.get("/health/ready")
            assert client.get("/health/live").status_code == 200
        dead.close()
        assert told.status_code == 503
        assert [name for name, well in told.json().items() if not well] == ["ready", what]


class TestLines:
    def test_an_exception_is_told_by_its_kind(self):
        """Its message and trace may quote what was sent."""
        error = ValueError("1101700230708")
        info = (ValueError, error, None)
        made = logging.LogRecord("fvs_server.x", logging.ERROR, "", 0, "failed", (), info)
        line = JsonLines().format(made)
        assert json.loads(line)["error"] == "ValueError"
        assert "1101700230708" not in line
        assert "\n" not in line

    def test_fields_are_members(self):
        """Whatever they are."""
        made = logging.LogRecord("fvs_server.x", logging.INFO, "", 0, "request", (), None)
        made.fields = {"status": 200, "took": timedelta(seconds=1)}
        assert json.loads(JsonLines().format(made))["status"] == 200

    def test_a_terminal_gets_a_short_line_a_request(self):
        """With what the JSON line holds; whoever is not known is left out."""
        made = logging.LogRecord(REQUESTS, logging.INFO, "", 0, "request", (), None)
        made.created = 0.0
        made.fields = {
            "request_id": "5f2c",
            "method": "POST",
            "route": "/v1/x",
            "status": 200,
            "ms": 51.7,
            "idp": None,
        }
        assert ShortLines().format(made) == "00:00:00Z POST /v1/x 200 51.7 ms 5f2c"

    def test_a_short_line_tells_no_trace(self):
        """Of an exception the kind; of anything but information the level."""
        info = (ValueError, ValueError("1101700230708"), None)
        made = logging.LogRecord("fvs_server.x", logging.ERROR, "", 0, "fail\ned", (), info)
        made.created = 0.0
        made.fields = {"what": "certificate"}
        line = ShortLines().format(made)
        assert line == "00:00:00Z ERROR fail ed what=certificate error=ValueError"

    @pytest.mark.parametrize(("terminal", "kind"), [(True, ShortLines), (False, JsonLines)])
    def test_programs_read_json(self, terminal, kind):
        """Only a terminal gets lines for people."""
        stream = io.StringIO()
        stream.isatty = lambda: terminal
        assert type(formatter_for(stream)) is kind

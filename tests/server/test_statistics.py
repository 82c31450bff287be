"""Hours that were counted, and hours that are counted when asked for, add up to the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.identity import Scope
from fvs_server.statistics.counts import LATENCY_BOUNDS_MS, Counts, percentile_ms
from fvs_server.statistics.drift import drift_of
from fvs_server.statistics.statistics import LiveSignals, Statistics
from fvs_server.transactions.purging import Purger, purge_before
from tests.server import audit_fixtures
from tests.server.audit_fixtures import START, answer, record
from tests.server.identity_fixtures import BANK, TELCO, bearer

audit_url, audit_database = audit_fixtures.audit_url, audit_fixtures.audit_database

HOUR = timedelta(hours=1)
END = START + timedelta(hours=9)
LATER = END + timedelta(days=1)
_RECORDS = st.lists(
    st.builds(
        answer,
        st.integers(0, 500),
        decision=st.sampled_from(["match", "no_match", "not_compared"]),
        reasons=st.lists(st.sampled_from(["a", "b", "c"]), max_size=3).map(tuple),
        latency_ms=st.floats(0, 200_000),
    ),
    max_size=30,
)


def made_up(seed: int = 1, count: int = 60) -> list:
    """Answers of two IdPs over eight hours, in order."""
    random = np.random.default_rng(seed)
    minutes = np.sort(random.integers(0, 8 * 60, count))
    return [
        answer(
            int(minute),
            transaction_id=f"t{row}",
            idp=str(random.choice(["bank-a", "bank-b"])),
            decision=str(random.choice(["match", "no_match"])),
            latency_ms=float(random.gamma(2.0, 40.0)),
        )
        for row, minute in enumerate(minutes)
    ]


def decisions(database, idp=None, start=START, end=END) -> dict[str, int]:
    """As the statistics have them."""
    with database.reading() as connection:
        return dict(Statistics().of(connection, start, end, idp).total.decisions)


def oracle(records, idp=None) -> dict[str, int]:
    """Counted one by one."""
    return dict(Counter(each.decision for each in records if idp in (None, each.idp)))


def keep(database, now) -> int:
    """Count the hours that are over by then."""
    with database.writing() as connection:
        return Statistics().keep_past_hours(connection, now)


class TestCounts:
    def test_of_nothing(self):
        """Is nothing."""
        assert Counts.of([]) == Counts.total([]) == Counts()
        assert percentile_ms({}, 0.5) is None

    @given(_RECORDS, st.lists(st.integers(0, 30), max_size=5))
    def test_parts_add_up(self, records, cuts):
        """Wherever they are cut apart."""
        bounds = [0, *sorted(cuts), len(records)]
        parts = [Counts.of(records[start:end]) for start, end in pairwise(bounds)]
        assert Counts.total(parts) == Counts.of(records)

    @given(st.lists(st.floats(1.0, 100_000.0), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
    def test_a_percentile(self, latencies, share):
        """Is that of numpy, a tenth too high at most."""
        counts = Counts.of(answer(0, latency_ms=each) for each in latencies)
        exact = float(np.percentile(latencies, 100 * share, method="inverted_cdf"))
        found = percentile_ms(counts.latency_bins, share)
        assert exact <= found * (1 + 1e-9)
        assert found <= exact * 1.1 + 1e-3

    def test_the_open_bin(self):
        """Has no upper bound to tell."""
        counts = Counts.of([answer(0, latency_ms=2 * LATENCY_BOUNDS_MS[-1])])
        assert percentile_ms(counts.latency_bins, 0.5) == float("inf")


class TestPeriods:
    def test_nothing_was_answered(self, audit_database):
        """And nothing is kept of it."""
        assert keep(audit_database, LATER) == 0
        assert decisions(audit_database) == {}

    @pytest.mark.parametrize("idp", [None, "bank-a", "bank-b", "nobody"])
    @pytest.mark.parametrize("kept_h", [0, 1, 4, 30])
    def test_kept_or_fresh(self, audit_database, idp, kept_h):
        """The counts are those of a slow oracle, however many hours are kept."""
        records = made_up()
        record(audit_database, records)
        keep(audit_database, START + kept_h * HOUR)
        assert decisions(audit_database, idp) == oracle(records, idp)

    def test_keeping_again(self, audit_database):
        """Hour by hour, or twice at once, counts nothing twice."""
        records = made_up(seed=2)
        record(audit_database, records)
        for hour in range(12):
            keep(audit_database, START + hour * HOUR)
        assert keep(audit_database, START + 11 * HOUR) == 0
        assert decisions(audit_database) == oracle(records)

    def test_purging_changes_no_count(self, audit_database):
        """Of hours that were kept before."""
        records = made_up(seed=3)
        record(audit_database, records)
        keep(audit_database, LATER)
        with audit_database.writing() as connection:
            assert purge_before(connection, LATER, Purger(by="a test", at=LATER)) == len(records)
        assert decisions(audit_database) == oracle(records)

    def test_an_hour_at_the_edge(self, audit_database):
        """The end is no part of a period, unless it is within an hour."""
        at = START.replace(minute=0) + HOUR
        record(audit_database, [answer(0, at=at)])
        assert decisions(audit_database, end=at) == {}
        assert decisions(audit_database, end=at + timedelta(seconds=1)) == {"match": 1}

    def test_who_had_any(self, audit_database):
        """By name, whether kept or fresh."""
        record(audit_database, made_up())
        keep(audit_database, START + 4 * HOUR)
        with audit_database.reading() as connection:
            assert Statistics().idps(connection, START, END) == ("bank-a", "bank-b")


class TestDrift:
    @pytest.mark.parametrize(
        ("values", "verdicts"),
        [((), []), ((0.7, 0.9, 0.95), ["too_few"]), ((1e-4,) * 5000, ["drifted"])],
        ids=["none", "few", "attacks all day"],
    )
    def test_verdicts(self, services, values, verdicts):
        """Of live probabilities against the certificate in force."""
        live = LiveSignals(similarity=(), live_probability=values, unified_quality=())
        found = drift_of(services.faces.levels.certificate, live)
        assert [signal.verdict for signal in found] == verdicts
        assert [signal.values for signal in found] == [len(values)] * len(verdicts)


class TestRoute:
    @pytest.fixture
    def ask(self, services, client):
        """`ask(scope, idp, **query)`, after one answer to each of two IdPs, a minute ago."""
        at = datetime.now(UTC) - timedelta(minutes=1)
        with services.database.writing() as connection:
            for idp in (BANK, TELCO):
                made = answer(0, transaction_id=idp, idp=idp, at=at)
                services.transactions.record(connection, made)

        def get(scope, idp=BANK, **query):
            query = {"from": f"{at - HOUR:%Y-%m-%dT%H:%M:%S}", **query}
            headers = bearer(services, scope, idp=idp)
            return client.get("/v1/statistics", params=query, headers=headers)

        return get

    def test_of_ones_own(self, ask):
        """A caller sees what it was answered; without a zone a time is UTC."""
        found = ask(Scope.STATISTICS).json()
        assert (found["idp"], found["transactions"]) == (BANK, 1)
        assert found["start"].endswith(("Z", "+00:00"))
        assert [hour["transactions"] for hour in found["hours"]] == [1]

    def test_of_another(self, ask, services, client):
        """Is an administrator's to see, who sees all where none is named."""
        since = f"{datetime.now(UTC) - 2 * HOUR:%Y-%m-%dT%H:%M:%S}Z"
        query = {"from": since, "idp": TELCO}
        as_bank = bearer(services, Scope.STATISTICS)
        refused = client.get("/v1/statistics", params=query, headers=as_bank)
        assert refused.status_code == 403
        as_admin = bearer(services, Scope.ADMIN)
        found = client.get("/v1/statistics", params=query, headers=as_admin).json()
        assert (found["idp"], found["transactions"]) == (TELCO, 1)
        assert ask(Scope.ADMIN).json()["transactions"] == 2

    @pytest.mark.parametrize(
        "query",
        [
            {"to": "2020-01-01T00:00:00Z"},
            {"from": "2020-01-01T00:00:00Z"},
            {"from": "yesterday"},
            {"to": ""},
        ],
        ids=["backwards", "more than a year", "no time", "empty"],
    )
    def test_a_period_that_cannot_be(self, ask, query):
        """Is refused as such."""
        refused = ask(Scope.STATISTICS, **query)
        assert refused.status_code == 400
        assert refused.json()["code"]

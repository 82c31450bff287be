"""The dashboard shows what was counted, over all of the period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fvs_server.edge.languages import Language
from fvs_server.statistics.counts import Counts
from fvs_server.statistics.statistics import HourlyCounts
from fvs_server.web.dashboard import present_numbers

END = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)


def counts(matches: int, suspected: int = 0, latency_bin: int = 50) -> Counts:
    """Of so many matches and suspected attacks."""
    total = matches + suspected
    return Counts(
        transactions=total,
        decisions={"match": matches, "inconclusive": suspected},
        reasons={"presentation_attack_suspected": suspected} if suspected else {},
        latency_bins={latency_bin: total},
    )


def numbers(hours, days=1, language=Language.ENGLISH):
    """Of hours that end before `END`."""
    start = END - timedelta(days=days)
    return present_numbers(hours, (), start=start, end=END, language=language)


class TestNumbers:
    @pytest.mark.parametrize(("days", "columns"), [(1, 25), (7, 8), (30, 31)])
    def test_an_idle_period_has_all_its_columns(self, days, columns):
        """Hours or days without transactions are shown as such, and have no latency."""
        shown = numbers([], days)
        assert shown.transactions == 0
        assert len(shown.columns) == columns
        assert set(shown.decisions.values()) == {0}
        assert all(column.latency_ms == (None, None, None) for column in shown.columns)

    @pytest.mark.parametrize("days", [1, 7, 30])
    def test_columns_add_up_to_the_total(self, days):
        """Nothing is counted twice or lost between hours and days."""
        moment = END.replace(minute=0)
        hours = [
            HourlyCounts(hour=moment - n * timedelta(hours=5), counts=counts(n, 1))
            for n in range(4)
        ]
        shown = numbers(hours, days)
        assert shown.transactions == sum(sum(column.decisions) for column in shown.columns) == 10
        assert shown.attacks == sum(column.attacks for column in shown.columns) == 4

    def test_reasons_come_with_what_people_are_told(self):
        """In the reader's language; of another release's code, nothing is made up."""
        total = Counts(transactions=4, reasons={"no_face": 3, "of_another_release": 1})
        hours = [HourlyCounts(hour=END.replace(minute=0), counts=total)]
        known, unknown = numbers(hours, language=Language.THAI).reasons
        assert (known.code, known.count, known.percent) == ("no_face", 3, 75.0)
        assert not known.advice.isascii()
        assert unknown.advice == ""

    def test_what_was_slower_than_the_last_bin_is_not_drawn(self):
        """A percentile that lies nowhere known is none."""
        hours = [HourlyCounts(hour=END.replace(minute=0), counts=counts(1, latency_bin=10**6))]
        assert set(numbers(hours).latency_ms.values()) == {None}

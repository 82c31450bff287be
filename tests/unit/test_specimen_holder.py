"""Invented holders: numbers with a valid check digit that were never issued, and both calendars."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError

pytest.importorskip("PIL", reason="the specimen package needs the demo extra")

from fvs.specimen import holder as holders

seeds = st.integers(min_value=0, max_value=2**32)
first_digits = st.integers(min_value=0, max_value=8)


def slow_check_digit(first_twelve):
    """Textbook form: x = sum of digit times (14 - position), then 1 - x or 11 - x."""
    remainder = 0
    for position in range(1, 13):
        remainder += int(first_twelve[position - 1]) * (14 - position)
    remainder %= 11
    return str(1 - remainder if remainder <= 1 else 11 - remainder)


class TestCitizenNumber:
    """Specimen citizen numbers."""

    @given(st.integers(min_value=0, max_value=10**12 - 1))
    def test_check_digit_equals_the_textbook(self, number):
        """The one-line formula equals the case distinction of the textbook."""
        digits = f"{number:012d}"
        assert holders.citizen_check_digit(digits) == slow_check_digit(digits)

    @given(seeds, first_digits)
    def test_is_valid_and_never_issued(self, seed, first_digit):
        """13 digits, the first as asked, a registrar that does not exist, a valid last one."""
        number = holders.specimen_citizen_number(seed, first_digit)
        assert len(number) == 13
        assert number[0] == str(first_digit)
        assert number[1:3] == "88"
        assert number[-1] == slow_check_digit(number[:-1])

    @pytest.mark.parametrize("first_digit", [-1, 9])
    def test_categories_that_nobody_has_are_refused(self, first_digit):
        """Numbers begin with 0 to 8."""
        with pytest.raises(UsageError, match="first digit"):
            holders.specimen_citizen_number(0, first_digit)

    def test_is_grouped_as_on_the_card(self):
        """1-4-5-2-1, set apart by spaces."""
        assert holders.format_citizen_number("1234567890121") == "1 2345 67890 12 1"


class TestDates:
    """Dates in both calendars."""

    def test_thai_year_is_543_ahead(self):
        """The same day reads 2563 in Thai and 2020 in English."""
        day = date(2020, 12, 5)
        assert holders.format_date_th(day) == "5 ธ.ค. 2563"
        assert holders.format_date_en(day) == "5 Dec. 2020"


class TestHolder:
    """`Holder` and `specimen_holder`."""

    @given(seeds, first_digits)
    def test_seed_fixes_the_holder(self, seed, first_digit):
        """Every seed gives a holder that a card can carry, always the same one."""
        made = holders.specimen_holder(seed, first_digit)
        assert made == holders.specimen_holder(seed, first_digit)
        assert made.expires.year - made.issued.year == 8

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"citizen_number": ""}, "13 digits"),
            ({"citizen_number": "12345678901234"}, "13 digits"),
            ({"citizen_number": "๑๒๓๔๕๖๗๘๙๐๑๒๓"}, "13 digits"),
            ({"citizen_number": "1234567890120"}, "check digit"),
            ({"born": date(2030, 1, 1)}, "born <= issued"),
            ({"expires": date(1990, 1, 1)}, "born <= issued"),
        ],
    )
    def test_refuses_what_no_card_carries(self, change, complaint):
        """A wrong number or impossible dates are the caller's mistake."""
        with pytest.raises(UsageError, match=complaint):
            replace(holders.specimen_holder(1), **change)

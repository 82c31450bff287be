"""Thai numbers of 13 digits, their check digit and exactly what it cannot see."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.th import moa, pin

from fvs.subjects import CitizenCategory, SubjectError, SubjectFault, SubjectId, SubjectKind
from fvs.subjects.thai_numbers import citizen_number, juristic_number, thai_check_digit

DIGITS = "0123456789"
payloads = st.text(DIGITS, min_size=12, max_size=12)
numbers = st.text(DIGITS, min_size=13, max_size=13)
REMAINDERS = range(11)
MODULUS = 11
FULL_WIDTH = {ord(digit): 0xFF10 + int(digit) for digit in DIGITS}


def slow_check_digit(first_twelve):
    """The rule as published: `1 - x` where x is 0 or 1, else `11 - x`."""
    x = sum((14 - place) * int(digit) for place, digit in enumerate(first_twelve, start=1)) % 11
    return str(1 - x if x <= 1 else 11 - x)


def weight(place):
    """Of the digit in that place, counted from 1."""
    return 14 - place


def fault_of(read, text):
    """The code with which a text is refused; None where it is accepted."""
    try:
        read(text)
    except SubjectError as error:
        return error.code
    return None


class TestCheckDigit:
    """The 13th digit."""

    @given(payloads)
    def test_equals_the_published_rule(self, first_twelve):
        """Rule: both ways to write the rule give one digit, for every first digit."""
        assert thai_check_digit(first_twelve) == slow_check_digit(first_twelve)

    @given(numbers)
    def test_agrees_with_stdnum(self, number):
        """Rule: the same numbers of people and companies are valid; stdnum knows no person 0."""
        ours = fault_of(citizen_number, number) is None
        if number[0] != "0":
            assert ours == pin.is_valid(number)
        assert (fault_of(juristic_number, number) is None) == moa.is_valid(number)

    @given(payloads.filter(lambda digits: digits[0] in "12345678"))
    def test_stdnum_accepts_what_we_complete(self, first_twelve):
        """Rule: our check digit makes a number that stdnum calls valid."""
        assert pin.is_valid(first_twelve + thai_check_digit(first_twelve))

    @pytest.mark.parametrize(
        ("first_twelve", "fault"),
        [
            ("", SubjectFault.SUBJECT_LENGTH),
            ("1" * 11, SubjectFault.SUBJECT_LENGTH),
            ("1" * 13, SubjectFault.SUBJECT_LENGTH),
            ("1" * 11 + "x", SubjectFault.SUBJECT_CHARACTERS),
            ("1" * 11 + "²", SubjectFault.SUBJECT_CHARACTERS),
        ],
    )
    def test_twelve_digits_are_needed(self, first_twelve, fault):
        """Rule: anything but twelve ASCII digits has no check digit."""
        assert fault_of(thai_check_digit, first_twelve) == fault


@pytest.fixture(scope="module")
def by_remainder():
    """Check digits of each remainder, found by enumerating real numbers."""
    found = {remainder: set() for remainder in REMAINDERS}
    for digits in product(DIGITS, repeat=4):
        first_twelve = "1" + "".join(digits) + "0" * 7
        total = sum(weight(i) * int(d) for i, d in enumerate(first_twelve, start=1))
        found[total % MODULUS].add(thai_check_digit(first_twelve))
    return found


class TestBlindSpots:
    """What passes, exactly: the sum's remainder decides, and 0 and 10 share the digit 1."""

    def test_the_remainder_decides_alone(self, by_remainder):
        """Rule: one digit for each remainder, all different but those of 0 and 10.

        So the tests below need one number for each remainder to speak for all numbers.
        """
        assert all(len(digits) == 1 for digits in by_remainder.values())
        alike = [
            {one, other}
            for one, other in product(REMAINDERS, repeat=2)
            if one < other and by_remainder[one] == by_remainder[other]
        ]
        assert alike == [{0, 10}]

    @pytest.mark.parametrize("place", range(1, 13))
    def test_single_errors(self, place, by_remainder):
        """Rule: every error in digit 3 passes, elsewhere 18 of 990; in digit 1 (0-8) 14 of 792."""
        digits = range(9) if place == 1 else range(10)
        errors = [(old, new) for old, new in product(digits, repeat=2) if old != new]
        passed = sum(
            by_remainder[(rest + weight(place) * old) % MODULUS]
            == by_remainder[(rest + weight(place) * new) % MODULUS]
            for rest in REMAINDERS
            for old, new in errors
        )
        expected = {1: (14, 792), 3: (990, 990)}.get(place, (18, 990))
        assert (passed, len(REMAINDERS) * len(errors)) == expected

    @pytest.mark.parametrize("place", range(1, 12))
    def test_swaps_of_neighbours(self, place, by_remainder):
        """Rule: 18 of 990 swaps of unequal digits pass; of the first two (both 0-8) 16 of 792."""
        digits = range(9) if place == 1 else range(10)
        pairs = [(one, other) for one, other in product(digits, repeat=2) if one != other]
        here, there = weight(place), weight(place + 1)
        passed = sum(
            by_remainder[(rest + here * one + there * other) % MODULUS]
            == by_remainder[(rest + here * other + there * one) % MODULUS]
            for rest in REMAINDERS
            for one, other in pairs
        )
        expected = (16, 792) if place == 1 else (18, 990)
        assert (passed, len(REMAINDERS) * len(pairs)) == expected

    def test_swaps_with_the_check_digit(self, by_remainder):
        """Rule: 4 of 99 swaps of digit 12 with an unequal check digit pass."""
        passed = trials = 0
        for rest, digit in product(REMAINDERS, range(10)):
            (check,) = by_remainder[(rest + weight(12) * digit) % MODULUS]
            if int(check) == digit:
                continue
            trials += 1
            passed += by_remainder[(rest + weight(12) * int(check)) % MODULUS] == {str(digit)}
        assert (passed, trials) == (4, 99)

    @given(payloads.filter(lambda digits: digits[0] != "9"), st.sampled_from(DIGITS))
    def test_digit_three_is_free(self, first_twelve, digit):
        """Rule: a real number with any other third digit is valid too."""
        check = thai_check_digit(first_twelve)
        number = first_twelve[:2] + digit + first_twelve[3:] + check
        assert citizen_number(number) == number

    @given(payloads.filter(lambda digits: digits[0] != "9"), st.sampled_from(DIGITS))
    def test_an_error_in_the_check_digit_is_caught(self, first_twelve, digit):
        """Rule: there is exactly one check digit that fits."""
        fault = fault_of(citizen_number, first_twelve + digit)
        fits = digit == thai_check_digit(first_twelve)
        assert fault == (None if fits else SubjectFault.SUBJECT_CHECK_DIGIT)


class TestNumbers:
    """Which texts are numbers of people and of companies."""

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", SubjectFault.SUBJECT_EMPTY),
            (" - ", SubjectFault.SUBJECT_EMPTY),
            ("123454567878", SubjectFault.SUBJECT_LENGTH),
            ("12345456787811", SubjectFault.SUBJECT_LENGTH),
            ("1234545678782", SubjectFault.SUBJECT_CHECK_DIGIT),
            ("9234545678781", SubjectFault.SUBJECT_FIRST_DIGIT),
            ("123454567878l", SubjectFault.SUBJECT_CHARACTERS),
            ("1234545678781.", SubjectFault.SUBJECT_CHARACTERS),
            ("1234545678781\n", SubjectFault.SUBJECT_CHARACTERS),
            ("1\u200b234545678781", SubjectFault.SUBJECT_CHARACTERS),
            ("123454567878①", SubjectFault.SUBJECT_CHARACTERS),
            ("١٢٣٤٥٤٥٦٧٨٧٨١", SubjectFault.SUBJECT_CHARACTERS),
            ("9" * 1_000_000, SubjectFault.SUBJECT_LENGTH),
        ],
    )
    def test_what_is_refused(self, text, fault):
        """Rule: the first thing that is wrong is named: empty, characters, length, first, check."""
        assert fault_of(citizen_number, text) == fault

    @pytest.mark.parametrize(
        "text",
        [
            "1234545678781",
            " 1-2345-45678-78-1 ",
            "1 2345 45678 78 1",
            "๑-๒๓๔๕-๔๕๖๗๘-๗๘-๑",
            "1234545678781".translate(FULL_WIDTH),
            "1\u20112345\u00a045678\u201378\u30001",
            "๑2" + "3".translate(FULL_WIDTH) + "4545678781",
        ],
    )
    def test_every_way_to_write_a_number_is_one_number(self, text):
        """Rule: Thai and full-width digits, spaces and hyphens make no difference."""
        assert citizen_number(text) == "1234545678781"

    @given(payloads)
    def test_a_company_starts_with_0(self, first_twelve):
        """Rule: a valid number is a company's if it starts with 0, a person's if not with 9."""
        number = first_twelve + thai_check_digit(first_twelve)
        first = SubjectFault.SUBJECT_FIRST_DIGIT
        assert fault_of(juristic_number, number) == (None if number[0] == "0" else first)
        assert fault_of(citizen_number, number) == (first if number[0] == "9" else None)

    @pytest.mark.parametrize("number", ["0105536112014", "0994000617721", "0107544000108"])
    def test_known_companies(self, number):
        """Rule: published numbers of companies are accepted (DBD's example, an agency, PTT)."""
        assert juristic_number(number) == number


class TestCategory:
    """The first digit of a citizen ID."""

    @pytest.mark.parametrize("first", range(9))
    def test_every_issued_first_digit_has_its_category(self, first):
        """Rule: 0 to 8 are valid and have words in English and in Thai."""
        payload = f"{first}00000000000"
        number = payload + thai_check_digit(payload)
        category = SubjectId.parse(SubjectKind.CITIZEN_ID, number).category
        assert category == first
        assert re.fullmatch(r"[A-Za-z][ -~]+[a-z0-9]", category.english)
        assert re.fullmatch(r"[\u0e00-\u0e7f0-9 ]+", category.thai)

    def test_words_differ(self):
        """Rule: no two categories share their words."""
        assert len({category.english for category in CitizenCategory}) == len(CitizenCategory)
        assert len({category.thai for category in CitizenCategory}) == len(CitizenCategory)

    def test_other_kinds_have_none(self):
        """Rule: a company that starts with 0 is no person without status."""
        assert SubjectId.parse(SubjectKind.JURISTIC_PERSON, "0105536112014").category is None
        assert SubjectId.parse(SubjectKind.PASSPORT, "THA AA1234567").category is None

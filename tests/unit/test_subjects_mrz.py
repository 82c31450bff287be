"""Machine-readable zones: ICAO's specimens, a slow writer, and every single misreading."""

import dataclasses
import pickle
import pprint
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.subjects import (
    BirthDate,
    HolderNames,
    Sex,
    SubjectError,
    SubjectFault,
    SubjectKind,
    parse_mrz,
)
from fvs.subjects.mrz_fields import mrz_check_digit, read_birth, read_expiry
from fvs.subjects.states import ISSUERS, NATIONALITIES
from tests.zones import (
    ALPHABET,
    CARD_SPECIMEN,
    LONG_NUMBER_SPECIMEN,
    OLDER_PASSPORT_SPECIMEN,
    PASSPORT_SPECIMEN,
    Holder,
    check_digit,
)

TODAY = date(2026, 11, 23)
CHARACTERS = ALPHABET + "<"
CHECK_DIGIT_FAULTS = {
    SubjectFault.MRZ_NUMBER_CHECK_DIGIT,
    SubjectFault.MRZ_BIRTH_CHECK_DIGIT,
    SubjectFault.MRZ_EXPIRY_CHECK_DIGIT,
    SubjectFault.MRZ_OPTIONAL_CHECK_DIGIT,
    SubjectFault.MRZ_COMPOSITE_CHECK_DIGIT,
}

words = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=8)
holders = st.builds(
    Holder,
    state=st.sampled_from(sorted(ISSUERS)),
    number=st.text(ALPHABET, min_size=1, max_size=9),
    nationality=st.sampled_from(sorted(NATIONALITIES)),
    birth=st.dates(date(1930, 1, 1), TODAY).map(lambda day: f"{day:%y%m%d}"),
    sex=st.sampled_from("FM<"),
    expiry=st.dates(date(1980, 1, 1), date(2070, 1, 1)).map(lambda day: f"{day:%y%m%d}"),
    optional=st.text(ALPHABET, max_size=10),
    names=st.tuples(words, words).map("<<".join),
)


def fault_of(zone, read_on=TODAY):
    """The code with which a zone is refused; None where it is accepted."""
    try:
        parse_mrz(zone, read_on)
    except SubjectError as error:
        return error.code
    return None


def value(character):
    """A character's value, modulo 10."""
    return 0 if character == "<" else ALPHABET.index(character) % 10


def misreadings(zone):
    """(line, place, true character, misread character, zone) of every single misreading."""
    lines = zone.split()
    for row, line in enumerate(lines):
        for place, true in enumerate(line):
            for wrong in CHARACTERS.replace(true, ""):
                misread = [*lines]
                misread[row] = line[:place] + wrong + line[place + 1 :]
                yield row, place, true, wrong, "\n".join(misread)


class TestSpecimens:
    """What ICAO prints in Doc 9303."""

    def test_passport(self):
        """Rule: the specimen of part 4 reads as its data page says."""
        zone = parse_mrz(PASSPORT_SPECIMEN, TODAY)
        assert zone.document.kind == SubjectKind.PASSPORT
        assert zone.document.number.reveal() == "UTOL898902C3"
        assert (zone.document_code, zone.issuing_state, zone.nationality) == ("P", "UTO", "UTO")
        assert zone.names.reveal() == HolderNames("ERIKSSON", "ANNA MARIA", may_be_cut=False)
        assert zone.birth.reveal() == BirthDate(1974, 8, 12)
        assert (zone.sex, zone.expires) == (Sex.FEMALE, date(2012, 4, 15))
        assert [optional.reveal() for optional in zone.optional] == ["ZE184226B"]
        assert zone.citizen_id is None

    def test_older_passport(self):
        """Rule: fillers that end a number are no part of it."""
        zone = parse_mrz(OLDER_PASSPORT_SPECIMEN, TODAY)
        assert zone.document.number.reveal() == "UTOL898902C"
        assert zone.birth.reveal() == BirthDate(1969, 8, 6)
        assert zone.expires == date(1994, 6, 23)

    def test_card(self):
        """Rule: the specimen of part 5 reads as its data page says."""
        zone = parse_mrz(CARD_SPECIMEN, TODAY)
        assert zone.document.kind == SubjectKind.TRAVEL_CARD
        assert zone.document.number.reveal() == "UTOD23145890"
        assert (zone.document_code, zone.issuing_state, zone.nationality) == ("I", "UTO", "UTO")
        assert zone.names.reveal() == HolderNames("ERIKSSON", "ANNA MARIA", may_be_cut=False)
        assert zone.birth.reveal() == BirthDate(1974, 8, 12)
        assert (zone.sex, zone.expires) == (Sex.FEMALE, date(2012, 4, 15))
        assert [optional.reveal() for optional in zone.optional] == ["", ""]

    def test_card_with_a_long_number(self):
        """Rule: the specimen of part 11 D.2 has a number of eleven characters."""
        zone = parse_mrz(LONG_NUMBER_SPECIMEN, TODAY)
        assert zone.document.number.reveal() == "UTOD23145890734"
        assert [optional.reveal() for optional in zone.optional] == ["", ""]
        assert zone.sex == Sex.MALE

    @pytest.mark.parametrize(
        ("field", "digit"),
        [("", "0"), ("L898902C3", "6"), ("740812", "2"), ("120415", "9"), ("<<<<<", "0")],
    )
    def test_check_digits(self, field, digit):
        """Rule: the digits that Doc 9303 prints, and 0 of nothing."""
        assert mrz_check_digit(field) == digit

    @given(st.text(CHARACTERS, max_size=60))
    def test_check_digit_equals_the_slow_one(self, field):
        """Rule: weights 7, 3, 1, over and over."""
        assert mrz_check_digit(field) == check_digit(field)


class TestRoundTrip:
    """What a slow writer writes is what is read."""

    @given(holders, st.booleans())
    def test_every_field_comes_back(self, holder, as_card):
        """Rule: no field is lost or moved, in either layout."""
        zone = parse_mrz(holder.card() if as_card else holder.passport(), TODAY)
        assert zone.document.number.reveal() == holder.state.ljust(3, "<") + holder.number
        assert zone.issuing_state == holder.state
        assert zone.nationality == holder.nationality
        names = zone.names.reveal()
        assert f"{names.primary}<<{names.secondary}" == holder.names
        assert f"{zone.expires:%y%m%d}" == holder.expiry
        born = zone.birth.reveal()
        assert f"{born.year % 100:02}{born.month:02}{born.day:02}" == holder.birth
        assert zone.sex == {"F": "female", "M": "male", "<": "unspecified"}[holder.sex]
        assert zone.optional[0].reveal() == holder.optional

    @given(st.text(ALPHABET, min_size=10, max_size=22))
    def test_long_numbers_of_cards(self, number):
        """Rule: up to 22 characters spill into the optional data; what follows stays optional."""
        optional = "7" if len(number) < 22 else ""
        zone = parse_mrz(Holder(number=number, optional=optional).card(), TODAY)
        assert zone.document.number.reveal() == "THA" + number
        assert zone.optional[0].reveal() == optional

    def test_typing_is_forgiven(self):
        """Rule: small letters, other line ends, empty lines and space around make no difference."""
        typed = PASSPORT_SPECIMEN.lower().replace("\n", " \r\n\r\n  ")
        assert parse_mrz(typed, TODAY) == parse_mrz(PASSPORT_SPECIMEN, TODAY)

    def test_germany(self):
        """Rule: D is Germany, as issuer and as nationality."""
        zone = parse_mrz(Holder(state="D", nationality="D", number="C01X00T47").passport(), TODAY)
        assert zone.document.number.reveal() == "D<<C01X00T47"
        assert (zone.issuing_state, zone.nationality) == ("D", "D")

    def test_an_unused_optional_field_may_have_no_check_digit(self):
        """Rule: a filler stands for 0 where the field is empty, and only there."""
        zone = Holder().passport()
        first, second = zone.split()
        assert second[42] == "0"
        unused = f"{first}\n{second[:42]}<{second[43]}"
        assert parse_mrz(unused, TODAY) == parse_mrz(zone, TODAY)
        misread = f"{first}\n{second[:42]}5{second[43]}"
        assert fault_of(misread) == SubjectFault.MRZ_OPTIONAL_CHECK_DIGIT
        first, second = Holder(optional="1").passport().split()
        used = f"{first}\n{second[:42]}<{second[43]}"
        assert fault_of(used) == SubjectFault.MRZ_OPTIONAL_CHECK_DIGIT


class TestMisreadings:
    """Every single misread character, exhaustively."""

    def test_passport(self):
        """Rule: a check digit catches it where one covers it and the values differ modulo 10.

        Check digits themselves are caught whatever they are misread as. Line one, nationality and
        sex are not covered.
        """
        zone = Holder(optional="1234545678781").passport()
        digits, uncovered = {9, 19, 27, 42, 43}, {10, 11, 12, 20}
        tried = 0
        for row, place, true, wrong, misread in misreadings(zone):
            covered = row == 1 and place not in uncovered
            caught = covered and (place in digits or value(true) != value(wrong))
            assert (fault_of(misread) in CHECK_DIGIT_FAULTS) == caught, (row, place, wrong)
            tried += 1
        assert tried == 2 * 44 * 36

    def test_card(self):
        """Rule: the same; not covered are the first five characters, sex, nationality, names."""
        digits = {(0, 14), (1, 6), (1, 14), (1, 29)}
        uncovered = {(1, 7), (1, 15), (1, 16), (1, 17)} | {(0, place) for place in range(5)}
        tried = 0
        for row, place, true, wrong, misread in misreadings(Holder(optional="7").card()):
            covered = row < 2 and (row, place) not in uncovered
            caught = covered and ((row, place) in digits or value(true) != value(wrong))
            assert (fault_of(misread) in CHECK_DIGIT_FAULTS) == caught, (row, place, wrong)
            tried += 1
        assert tried == 3 * 30 * 36

    @pytest.mark.parametrize(
        ("place", "fault"),
        [
            (0, SubjectFault.MRZ_NUMBER_CHECK_DIGIT),
            (13, SubjectFault.MRZ_BIRTH_CHECK_DIGIT),
            (21, SubjectFault.MRZ_EXPIRY_CHECK_DIGIT),
            (28, SubjectFault.MRZ_OPTIONAL_CHECK_DIGIT),
            (43, SubjectFault.MRZ_COMPOSITE_CHECK_DIGIT),
        ],
    )
    def test_the_field_is_named(self, place, fault):
        """Rule: the code says which field was misread."""
        first, second = PASSPORT_SPECIMEN.split()
        wrong = str((value(second[place]) + 1) % 10)
        assert fault_of(f"{first}\n{second[:place]}{wrong}{second[place + 1 :]}") == fault

    @pytest.mark.parametrize("pair", ["0O", "1I", "5S", "8B", "2Z"])
    def test_usual_confusions_are_caught(self, pair):
        """Rule: letters that look like digits differ from them modulo 10."""
        assert mrz_check_digit(pair[0]) != mrz_check_digit(pair[1])

    def test_one_usual_confusion_is_not(self):
        """Rule: 6 and G are the same to a check digit, as are 0, A, K, U and a filler."""
        assert mrz_check_digit("6") == mrz_check_digit("G")
        assert len({mrz_check_digit(character) for character in "0AKU<"}) == 1


class TestRefusals:
    """What is no zone, by code."""

    @pytest.mark.parametrize(
        ("zone", "fault"),
        [
            ("", SubjectFault.MRZ_LINE_COUNT),
            ("\n \n", SubjectFault.MRZ_LINE_COUNT),
            (PASSPORT_SPECIMEN.split()[0], SubjectFault.MRZ_LINE_COUNT),
            (PASSPORT_SPECIMEN * 2, SubjectFault.MRZ_LINE_COUNT),
            ("A" * 36 + "\n" + "A" * 36, SubjectFault.MRZ_LINE_LENGTH),
            (PASSPORT_SPECIMEN[:-2], SubjectFault.MRZ_LINE_LENGTH),
            (PASSPORT_SPECIMEN.replace("ANNA<", "ANNA "), SubjectFault.MRZ_CHARACTERS),
            (PASSPORT_SPECIMEN.replace("ANNA", "ANNÄ"), SubjectFault.MRZ_CHARACTERS),
            (PASSPORT_SPECIMEN.replace("898", "๘๙๘"), SubjectFault.MRZ_CHARACTERS),
            (PASSPORT_SPECIMEN.replace("P<UTO", "V<UTO"), SubjectFault.MRZ_DOCUMENT_CODE),
            (CARD_SPECIMEN.replace("I<UTO", "P<UTO"), SubjectFault.MRZ_DOCUMENT_CODE),
            (PASSPORT_SPECIMEN.replace("P<UTO", "P<UT0"), SubjectFault.SUBJECT_ISSUING_STATE),
            (PASSPORT_SPECIMEN.replace("P<UTO", "P<XXA"), SubjectFault.SUBJECT_ISSUING_STATE),
            (PASSPORT_SPECIMEN.replace("6UTO", "6UT0"), SubjectFault.MRZ_NATIONALITY),
            (PASSPORT_SPECIMEN.replace("2F1", "2X1"), SubjectFault.MRZ_SEX),
            (PASSPORT_SPECIMEN.replace("ERIKSSON", "ER1KSSON"), SubjectFault.MRZ_NAMES),
            (PASSPORT_SPECIMEN.replace("ERIKSSON", "<" * 8), SubjectFault.MRZ_NAMES),
            (Holder(number="").passport(), SubjectFault.SUBJECT_LENGTH),
            (Holder(number="A" * 23).card()[:91], SubjectFault.MRZ_LINE_LENGTH),
            (Holder(birth="900230").passport(), SubjectFault.MRZ_BIRTH_DATE),
            (Holder(birth="901301").passport(), SubjectFault.MRZ_BIRTH_DATE),
            (Holder(birth="90<<01").passport(), SubjectFault.MRZ_BIRTH_DATE),
            (Holder(birth="<<0101").passport(), SubjectFault.MRZ_BIRTH_DATE),
            (Holder(birth="9A0101").passport(), SubjectFault.MRZ_BIRTH_DATE),
            (Holder(birth="9<0101").passport(), SubjectFault.MRZ_BIRTH_DATE),
            (Holder(expiry="300230").passport(), SubjectFault.MRZ_EXPIRY_DATE),
            (Holder(expiry="3001<<").passport(), SubjectFault.MRZ_EXPIRY_DATE),
            (Holder(expiry="30AA01").passport(), SubjectFault.MRZ_EXPIRY_DATE),
        ],
    )
    def test_each_has_its_code(self, zone, fault):
        """Rule: the code names what is wrong."""
        assert fault_of(zone) == fault

    @pytest.mark.parametrize("tail", ["<", "7<", "73499999999999"])
    def test_a_long_number_needs_its_check_digit(self, tail):
        """Rule: a filler for the check digit without number, digit and filler after it is wrong."""
        lines = LONG_NUMBER_SPECIMEN.split()
        upper = (lines[0][:15] + tail).ljust(30, "<")[:29] + ("9" if len(tail) > 9 else "<")
        assert fault_of("\n".join([upper, *lines[1:]])) == SubjectFault.MRZ_NUMBER_CHECK_DIGIT

    @given(st.text(CHARACTERS + "\n a", max_size=200))
    def test_anything_else_is_a_coded_error(self, zone):
        """Rule: no text makes another error, and none is attached to it."""
        with pytest.raises(SubjectError) as caught:
            parse_mrz(zone, TODAY)
        assert caught.value.args == SubjectError(caught.value.code).args
        assert caught.value.__context__ is None


class TestCitizenId:
    """The number in a Thai passport."""

    def test_is_in_the_optional_data(self):
        """Rule: 13 valid digits are the holder's citizen ID."""
        citizen = parse_mrz(Holder(optional="1234545678781").passport(), TODAY).citizen_id
        assert citizen.kind == SubjectKind.CITIZEN_ID
        assert citizen.number.reveal() == "1234545678781"

    @pytest.mark.parametrize(
        "holder",
        [
            Holder(),
            Holder(optional="1234545678782"),
            Holder(optional="9234545678780"),
            Holder(optional="ABC"),
            Holder(optional="1234545678781", state="LAO"),
        ],
    )
    def test_is_nowhere_else(self, holder):
        """Rule: nothing, a number that is not valid, and other states' data are none."""
        assert parse_mrz(holder.passport(), TODAY).citizen_id is None

    def test_not_of_a_card(self):
        """Rule: only passports are known to carry it."""
        assert parse_mrz(Holder(optional="1234545678781").card(), TODAY).citizen_id is None


class TestDates:
    """Two-digit years and what is unknown."""

    @pytest.mark.parametrize(
        ("field", "born"),
        [
            ("<<<<<<", BirthDate(None, None, None)),
            ("74<<<<", BirthDate(1974, None, None)),
            ("740000", BirthDate(1974, None, None)),
            ("7408<<", BirthDate(1974, 8, None)),
            ("740800", BirthDate(1974, 8, None)),
            ("000101", BirthDate(2000, 1, 1)),
            ("261123", BirthDate(2026, 11, 23)),
            ("261124", BirthDate(1926, 11, 24)),
            ("26<<<<", BirthDate(2026, None, None)),
            ("27<<<<", BirthDate(1927, None, None)),
            ("2612<<", BirthDate(1926, 12, None)),
        ],
    )
    def test_birth(self, field, born):
        """Rule: the latest century that is not after today; unknown parts from the right."""
        assert read_birth(field, TODAY) == born

    @given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.dates(date(1900, 1, 1)))
    def test_birth_equals_a_search(self, born, read_on):
        """Rule: of all years with these digits, in this century or the last, the latest past."""
        field = f"{born:%y%m%d}"
        start = read_on.year - read_on.year % 100 - 100
        past = [
            year
            for year in range(start, read_on.year + 1)
            if year % 100 == born.year % 100 and on(year, born) and on(year, born) <= read_on
        ]
        if past:
            assert read_birth(field, read_on) == BirthDate(max(past), born.month, born.day)
        else:  # 29 February of a century that had none
            with pytest.raises(SubjectError):
                read_birth(field, read_on)

    @given(
        st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.dates(date(1900, 1, 1), date(9900, 1, 1))
    )
    def test_expiry_equals_a_search(self, expires, read_on):
        """Rule: the one year with these digits from 50 years back to 49 ahead."""
        window = range(read_on.year - 50, read_on.year + 50)
        (year,) = [year for year in window if year % 100 == expires.year % 100]
        if on(year, expires):
            assert read_expiry(f"{expires:%y%m%d}", read_on) == on(year, expires)
        else:
            with pytest.raises(SubjectError):
                read_expiry(f"{expires:%y%m%d}", read_on)


def on(year, day):
    """That day in another year; None on a 29 February that is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None


class TestNames:
    """Primary and secondary identifiers."""

    @pytest.mark.parametrize(
        ("names", "read"),
        [
            ("JAIDEE<<SOMYING", HolderNames("JAIDEE", "SOMYING", may_be_cut=False)),
            ("NA<AYUTTHAYA<<SOM<YING", HolderNames("NA AYUTTHAYA", "SOM YING", may_be_cut=False)),
            ("ARKFREITH", HolderNames("ARKFREITH", "", may_be_cut=False)),
            ("A<<B<<C", HolderNames("A", "B C", may_be_cut=False)),
            ("A<<" + "B" * 36, HolderNames("A", "B" * 36, may_be_cut=True)),
        ],
    )
    def test_are_parted(self, names, read):
        """Rule: a double filler parts them, a single one is a space; a full field is cut."""
        assert parse_mrz(Holder(names=names).passport(), TODAY).names.reveal() == read


class TestNothingLeaks:
    """A zone holds names, a birth date and up to two numbers."""

    @pytest.mark.parametrize(
        "show", [str, repr, pprint.pformat, lambda zone: str(dataclasses.asdict(zone))]
    )
    def test_printed_without_its_holder(self, show):
        """Rule: no name, no date of birth, no number."""
        text = show(parse_mrz(Holder(optional="1234545678781").passport(), TODAY))
        for secret in ("JAIDEE", "SOMYING", "1990", "900131", "1234567", "1234545678781"):
            assert secret not in text

    def test_pickling_is_refused(self):
        """Rule: a zone stays in the process."""
        with pytest.raises(TypeError):
            pickle.dumps(parse_mrz(PASSPORT_SPECIMEN, TODAY))

"""The one type: valid or refused, masked however it is printed, stored as a pseudonym."""

import copy
import dataclasses
import hashlib
import hmac
import itertools
import json
import logging
import pickle
import pprint
import re
import traceback

import msgspec
import pycountry
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.subjects import (
    MIN_KEY_BYTES,
    PSEUDONYM_BYTES,
    Private,
    SubjectError,
    SubjectFault,
    SubjectId,
    SubjectKind,
)
from fvs.subjects.states import ISSUERS, NATIONALITIES
from fvs.subjects.thai_numbers import thai_check_digit

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

SAMPLES = {
    SubjectKind.CITIZEN_ID: "1234545678781",
    SubjectKind.PASSPORT: "THAAA1234567",
    SubjectKind.TRAVEL_CARD: "UTOD23145890734",
    SubjectKind.JURISTIC_PERSON: "0105536112014",
}


def hidden(number, masked):
    """Runs of three characters of a number that its mask does not show."""
    runs = {number[start : start + 3] for start in range(len(number) - 2)}
    return {run for run in runs if run not in masked.replace("-", "")}


def with_check_digit(first_twelve):
    """Thirteen digits that fit."""
    return first_twelve + thai_check_digit(first_twelve)


citizens = st.text("0123456789", min_size=12, max_size=12).filter(lambda digits: digits[0] != "9")
document_numbers = st.text(LETTERS_AND_DIGITS, min_size=1, max_size=9)
states = st.sampled_from(sorted(ISSUERS))
subjects = st.one_of(
    citizens.map(with_check_digit).map(lambda text: (SubjectKind.CITIZEN_ID, text)),
    citizens.map(lambda digits: with_check_digit("0" + digits[1:])).map(
        lambda text: (SubjectKind.JURISTIC_PERSON, text)
    ),
    st.tuples(
        st.sampled_from([SubjectKind.PASSPORT, SubjectKind.TRAVEL_CARD]),
        st.tuples(states, document_numbers).map(lambda both: both[0].ljust(3, "<") + both[1]),
    ),
)


def error_of(kind, text):
    """The error with which a text is refused; None where it is accepted."""
    try:
        SubjectId.parse(kind, text)
    except SubjectError as error:
        return error
    return None


def fault_of(kind, text):
    """Its code."""
    error = error_of(kind, text)
    return error and error.code


class TestParse:
    """From what people type to one normal form."""

    @pytest.mark.parametrize("kind", SubjectKind)
    @pytest.mark.parametrize("text", ["", "   ", "---"])
    def test_nothing_is_refused(self, kind, text):
        """Rule: empty input has its own code, in every kind."""
        assert fault_of(kind, text) == SubjectFault.SUBJECT_EMPTY

    @given(subjects)
    def test_the_normal_form_is_its_own(self, subject):
        """Rule: parsing what `reveal` gives out gives the same subject."""
        kind, text = subject
        parsed = SubjectId.parse(kind, text)
        assert parsed.number.reveal() == text
        assert SubjectId.parse(kind, parsed.number.reveal()) == parsed
        assert hash(SubjectId.parse(kind, text)) == hash(parsed)

    @pytest.mark.parametrize(
        ("text", "normal"),
        [
            ("THA AA1234567", "THAAA1234567"),
            ("tha-aa 1234567", "THAAA1234567"),
            ("THA AA๑๒๓๔๕๖๗", "THAAA1234567"),
            ("UTO L898902C<3", "UTOL898902C3"),
            ("UTO L898902C 3", "UTOL898902C3"),
            ("D<<C01X00T47", "D<<C01X00T47"),
            ("D C01X00T47", "D<<C01X00T47"),
            ("D-C01X00T47", "D<<C01X00T47"),
            ("DEU C01X00T47", "D<<C01X00T47"),
            ("UNO A1", "UNOA1"),
        ],
    )
    def test_a_document_is_one_however_written(self, text, normal):
        """Rule: case, separators, fillers and the two codes of Germany make no difference."""
        assert SubjectId.parse(SubjectKind.PASSPORT, text).number.reveal() == normal

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("THA", SubjectFault.SUBJECT_LENGTH),
            ("THA<<<", SubjectFault.SUBJECT_LENGTH),
            ("THA AA12345678", SubjectFault.SUBJECT_LENGTH),
            ("AA1234567", SubjectFault.SUBJECT_ISSUING_STATE),
            ("XXA A1234567", SubjectFault.SUBJECT_ISSUING_STATE),
            ("TH A1234567", SubjectFault.SUBJECT_ISSUING_STATE),
            ("T-H-A A1234567", SubjectFault.SUBJECT_ISSUING_STATE),
            ("D<C01X00T47", SubjectFault.SUBJECT_ISSUING_STATE),
            ("THA AA123/567", SubjectFault.SUBJECT_CHARACTERS),
            ("THA ÄA1234567", SubjectFault.SUBJECT_CHARACTERS),
            ("THA \u0131A1234567", SubjectFault.SUBJECT_CHARACTERS),  # upper() makes I of it
            ("THA AA1234567\n", SubjectFault.SUBJECT_CHARACTERS),
        ],
    )
    def test_documents_that_are_refused(self, text, fault):
        """Rule: an unknown issuer, a number of the wrong length and any other character."""
        assert fault_of(SubjectKind.PASSPORT, text) == fault

    def test_a_card_may_have_a_longer_number(self):
        """Rule: 22 characters of a card, 9 of a passport."""
        assert fault_of(SubjectKind.TRAVEL_CARD, "UTO" + "A" * 22) is None
        assert fault_of(SubjectKind.TRAVEL_CARD, "UTO" + "A" * 23) == SubjectFault.SUBJECT_LENGTH

    def test_there_is_no_way_round(self):
        """Rule: the constructor validates and normalises as `parse` does."""
        kind = SubjectKind.CITIZEN_ID
        typed = SubjectId(kind, Private("1-2345-45678-78-1"))
        assert typed == SubjectId.parse(kind, "1234545678781")
        with pytest.raises(SubjectError):
            SubjectId(kind, Private("1234545678782"))
        with pytest.raises(SubjectError):
            dataclasses.replace(typed, number=Private("1"))

    def test_kinds_are_never_equal(self):
        """Rule: the same digits of a person and of a company are two subjects."""
        person = SubjectId.parse(SubjectKind.CITIZEN_ID, "0105536112014")
        company = SubjectId.parse(SubjectKind.JURISTIC_PERSON, "0105536112014")
        assert person != company
        assert len({person, company}) == 2

    def test_frozen(self):
        """Rule: a subject never changes."""
        subject = SubjectId.parse(SubjectKind.CITIZEN_ID, "1234545678781")
        with pytest.raises(dataclasses.FrozenInstanceError):
            subject.kind = SubjectKind.PASSPORT


class TestStates:
    """The list of issuers."""

    def test_iso_3166_is_complete(self):
        """Rule: every code of ISO 3166-1 alpha-3 but DEU, for which Germany has D."""
        iso = {country.alpha_3 for country in pycountry.countries}
        assert iso - ISSUERS == {"DEU"}

    def test_what_icao_adds(self):
        """Rule: beyond ISO, Doc 9303's codes and Kosovo's; people without a nationality apart."""
        iso = {country.alpha_3 for country in pycountry.countries}
        added = "D GBD GBN GBO GBP GBS EUE UNA UNK UNO XBA XCC XCE XCO XDC XEC XES XIM XMP XOM XPO"
        assert {*added.split(), "RKS", "UTO"} == ISSUERS - iso
        assert {"XXA", "XXB", "XXC", "XXX"} == NATIONALITIES - ISSUERS


class TestMask:
    """What may be printed."""

    @pytest.mark.parametrize(
        ("kind", "text", "masked"),
        [
            (SubjectKind.CITIZEN_ID, "1234545678781", "1-2345-xxxxx-xx-x"),
            (SubjectKind.CITIZEN_ID, with_check_digit("534501234567"), "5-3450-xxxxx-xx-x"),
            (SubjectKind.CITIZEN_ID, with_check_digit("612341234567"), "6-xxxx-xxxxx-xx-x"),
            (SubjectKind.CITIZEN_ID, with_check_digit("001234123456"), "0-xxxx-xxxxx-xx-x"),
            (SubjectKind.JURISTIC_PERSON, "0105536112014", "0-10-5-xxx-xxxxx-x"),
            (SubjectKind.PASSPORT, "THA AA1234567", "THA-xxxxxxxxx"),
            (SubjectKind.PASSPORT, "D C1", "D-xxxxxxxxx"),
            (SubjectKind.TRAVEL_CARD, "UTO D23145890734", "UTO-xxxxxxxxx"),
        ],
    )
    def test_shows_what_many_share(self, kind, text, masked):
        """Rule: category and district, province and form, or the state; nothing after it."""
        assert SubjectId.parse(kind, text).masked == masked

    @given(subjects)
    def test_hides_eight_digits_or_the_whole_number(self, subject):
        """Rule: a mask is the same for every number that shares what it shows."""
        kind, text = subject
        masked = SubjectId.parse(kind, text).masked
        digits = kind in {SubjectKind.CITIZEN_ID, SubjectKind.JURISTIC_PERSON}
        assert masked.count("x") >= (8 if digits else 9)
        shown = masked.replace("-", "").rstrip("x")
        assert text.startswith(shown)


def logged(subject):
    """A log line."""
    record = logging.LogRecord("name", 30, "path", 1, "enrolled %s %r", (subject, subject), None)
    return logging.Formatter().format(record)


def raised(subject):
    """A traceback with the subject as an exception's argument."""
    return "".join(traceback.format_exception(ValueError(subject)))


@dataclasses.dataclass
class Record:
    """A record of someone's."""

    subject: SubjectId


PRINTED = {
    "str": str,
    "repr": repr,
    "format": lambda subject: f"{subject} {subject!r} {subject!s} {subject:>40}",
    "percent": lambda subject: "%s %r" % (subject, subject),  # noqa: UP031 - it is one of the ways
    "logging": logged,
    "traceback": raised,
    "pprint": pprint.pformat,
    "list": lambda subject: str([subject, {subject: subject}]),
    "asdict": lambda subject: str(dataclasses.asdict(Record(subject))),
    "astuple": lambda subject: repr(dataclasses.astuple(subject)),
    "asdict of itself": lambda subject: pprint.pformat(dataclasses.asdict(subject)),
    "dataclass": lambda subject: repr(Record(subject)),
    "number": lambda subject: f"{subject.number} {subject.number!r} {subject.number:>30}",
    "json by str": lambda subject: json.dumps(Record(subject), default=str),
    "deep copy": lambda subject: repr(copy.deepcopy([subject, copy.copy(subject)])),
    "builtins": lambda subject: str(msgspec.structs.asdict(Wrapped(subject))),
}


class Wrapped(msgspec.Struct):
    """A message with someone in it."""

    subject: object


class TestNothingLeaks:
    """Printing masks; serialising is refused."""

    @pytest.mark.parametrize("way", PRINTED)
    @pytest.mark.parametrize("kind", SubjectKind)
    def test_printed_masked(self, kind, way):
        """Rule: no way to print shows three characters in a row of what the mask hides."""
        subject = SubjectId.parse(kind, SAMPLES[kind])
        text = PRINTED[way](subject)
        secret = hidden(SAMPLES[kind], subject.masked)
        assert secret
        assert not [run for run in secret if run in text]

    def test_the_search_finds_a_leak(self):
        """Rule: the test above would fail on the number itself."""
        number = SAMPLES[SubjectKind.CITIZEN_ID]
        assert [run for run in hidden(number, "1-2345-xxxxx-xx-x") if run in f"number={number}"]

    @pytest.mark.parametrize(
        "serialise",
        [
            *(
                lambda subject, protocol=protocol: pickle.dumps(subject, protocol)
                for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
            ),
            json.dumps,
            msgspec.json.encode,
            msgspec.msgpack.encode,
            msgspec.to_builtins,
            lambda subject: copy.copy(subject.number).__getstate__(),
            lambda subject: subject.number.__reduce__(),
        ],
    )
    @pytest.mark.parametrize("whole", [True, False])
    def test_serialising_is_refused(self, serialise, whole):
        """Rule: pickle of any protocol, JSON and msgpack end in a TypeError without the number."""
        subject = SubjectId.parse(SubjectKind.CITIZEN_ID, SAMPLES[SubjectKind.CITIZEN_ID])
        with pytest.raises((TypeError, AttributeError)) as caught:
            serialise(subject if whole else subject.number)
        assert not [run for run in hidden("1234545678781", "12345") if run in str(caught.value)]

    def test_no_attribute_dictionary(self):
        """Rule: `vars` has nothing to show."""
        subject = SubjectId.parse(SubjectKind.CITIZEN_ID, SAMPLES[SubjectKind.CITIZEN_ID])
        assert not hasattr(subject, "__dict__")
        assert not hasattr(subject.number, "__dict__")

    def test_copies_are_the_same_subject(self):
        """Rule: copying within the process is allowed."""
        subject = SubjectId.parse(SubjectKind.PASSPORT, SAMPLES[SubjectKind.PASSPORT])
        assert copy.deepcopy(subject) == copy.copy(subject) == subject
        assert subject.number != SAMPLES[SubjectKind.PASSPORT]


class TestErrors:
    """What is wrong, in fixed words."""

    @given(
        st.sampled_from(SubjectKind), st.text(max_size=40) | st.text("0123456789- A", max_size=20)
    )
    def test_no_part_of_the_text_is_repeated(self, kind, text):
        """Rule: message and advice depend on the code alone, and no other error hangs on it."""
        error = error_of(kind, text)
        assume(error is not None)
        bare = SubjectError(error.code)
        assert error.args == bare.args
        assert vars(error) == vars(bare)
        assert set(vars(error)) == {"code", "advice", "advice_thai"}
        assert error.__cause__ is None
        assert error.__context__ is None

    @pytest.mark.parametrize("code", SubjectFault)
    def test_every_code_has_words(self, code):
        """Rule: a message, and advice in English and Thai that fits two lines of a telephone."""
        error = SubjectError(code)
        assert re.fullmatch(r"[a-z][ -~]+[a-z0-9<]", str(error))
        assert re.fullmatch(r"[A-Z][ -~]+\.", error.advice)
        assert re.fullmatch(r"[\u0e00-\u0e7f0-9 ]+", error.advice_thai)
        assert max(len(error.advice), len(error.advice_thai)) <= 100

    @pytest.mark.parametrize("code", SubjectFault)
    def test_an_error_travels_between_processes(self, code):
        """Rule: pickled, it keeps its code and its words."""
        error = SubjectError(code)
        other = pickle.loads(pickle.dumps(error))  # noqa: S301 - it was written here
        assert (other.code, str(other), other.advice) == (code, str(error), error.advice)

    def test_it_is_a_usage_error(self):
        """Rule: front ends that know fvs.errors know this one."""
        assert issubclass(SubjectError, UsageError)


class TestPseudonym:
    """HMAC-SHA-256 of kind and number."""

    @given(subjects, st.binary(min_size=32, max_size=100))
    def test_equals_the_definition(self, subject, key):
        """Rule: HMAC as RFC 2104 has it, from SHA-256 alone."""
        kind, text = subject
        message = b"fvs subject 1\0" + str(kind.value).encode() + b"\0" + text.encode()
        block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
        expected = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()
        assert SubjectId.parse(kind, text).pseudonym(key) == expected
        assert hmac.new(key, message, "sha256").digest() == expected

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (
                SubjectKind.CITIZEN_ID,
                "223d231c625ee6288479b4cfd7405222473fe0f5ca88588688dbd6348c6112d1",
            ),
            (
                SubjectKind.PASSPORT,
                "a90b52d143b4fdc05b4ecbbda44114b10dcecfae63924a6a207b656d46a132fc",
            ),
            (
                SubjectKind.TRAVEL_CARD,
                "a71d1ea4aad98766340f8f2447d1980467b16712c8ef415ca7569b0602bbe53b",
            ),
            (
                SubjectKind.JURISTIC_PERSON,
                "333e577bedbbd9ae6b88b9f70c58cabcec9c84241b0789205cacfe1666002872",
            ),
        ],
    )
    def test_vectors_stay(self, kind, expected):
        """Rule: stored pseudonyms are found again by every later version."""
        assert SubjectId.parse(kind, SAMPLES[kind]).pseudonym(KEY).hex() == expected

    @given(subjects, subjects)
    def test_different_subjects_never_meet(self, one, other):
        """Rule: other kind or number, other pseudonym."""
        assume(one != other)
        pseudonyms = {SubjectId.parse(*subject).pseudonym(KEY) for subject in (one, other)}
        assert len(pseudonyms) == 2

    def test_kinds_with_one_number_differ(self):
        """Rule: a company is not the person with its digits, a card not the passport."""
        for kinds, text in (
            ((SubjectKind.CITIZEN_ID, SubjectKind.JURISTIC_PERSON), "0105536112014"),
            ((SubjectKind.PASSPORT, SubjectKind.TRAVEL_CARD), "UTOL898902C3"),
        ):
            assert len({SubjectId.parse(kind, text).pseudonym(KEY) for kind in kinds}) == 2

    def test_messages_have_one_reading(self):
        """Rule: no kind holds the zero byte that ends it, and none starts another."""
        for one, other in itertools.permutations(SubjectKind, 2):
            assert "\0" not in one
            assert not (one + "\0").startswith(other + "\0")

    def test_another_key_is_unlinkable(self):
        """Rule: every key has its own pseudonyms, of 32 bytes."""
        subject = SubjectId.parse(SubjectKind.CITIZEN_ID, "1234545678781")
        assert subject.pseudonym(KEY) != subject.pseudonym(OTHER_KEY)
        assert len(subject.pseudonym(KEY)) == PSEUDONYM_BYTES == 32

    @pytest.mark.parametrize("length", [0, 1, 16, 31])
    def test_short_keys_are_refused(self, length):
        """Rule: fewer than 32 bytes are no key."""
        assert MIN_KEY_BYTES == 32
        subject = SubjectId.parse(SubjectKind.CITIZEN_ID, "1234545678781")
        with pytest.raises(SubjectError) as caught:
            subject.pseudonym(b"k" * length)
        assert caught.value.code == SubjectFault.SUBJECT_KEY_LENGTH

"""Thai numbers of 13 digits: of people and of juristic persons, with one check digit for both.

What the check digit cannot see (weights 13 to 2, modulo 11, then modulo 10):

- The third digit has weight 11, so no error in it is ever caught.
- Remainders 0 and 10 both give the check digit 1, so 1.8 % of the errors in any one of the
  other eleven digits pass.
- Of the swaps of two unequal neighbours 1.8 % pass, of the first two digits 2.0 %, of the last
  digit with the check digit 4.0 %.
- An error in the check digit alone is always caught.

So a mistyped number can be someone else's: a number that is well-formed names nobody yet.
"""

from __future__ import annotations

from enum import IntEnum
from operator import mul

from fvs.subjects.faults import SubjectError, SubjectFault
from fvs.subjects.text import compact_digits

__all__ = ["CitizenCategory", "citizen_number", "juristic_number", "thai_check_digit"]

_LENGTH_DIGITS = 13
_PAYLOAD_DIGITS = _LENGTH_DIGITS - 1
_WEIGHTS = range(_LENGTH_DIGITS, 1, -1)
_CITIZEN_FIRST = "012345678"
_JURISTIC_FIRST = "0"


class CitizenCategory(IntEnum):
    """Who the first digit of a person's number stands for; 9 is not issued.

    The digits 1 to 8 are those of the Department of Provincial Administration; 0 is in use for
    people outside the register, and less well documented.
    """

    NO_STATUS = 0
    BORN_REGISTERED_IN_TIME = 1
    BORN_REGISTERED_LATE = 2
    IN_REGISTER_1984 = 3
    MOVED_BEFORE_NUMBERING = 4
    ADDED_LATER = 5
    TEMPORARY_OR_UNLAWFUL_ENTRY = 6
    CHILD_OF_TEMPORARY = 7
    PERMANENT_ALIEN_OR_NATURALISED = 8

    @property
    def english(self) -> str:
        """The category in English."""
        return _CATEGORIES[self][0]

    @property
    def thai(self) -> str:
        """The category in Thai."""
        return _CATEGORIES[self][1]


_CATEGORIES = {
    CitizenCategory.NO_STATUS: (
        "without registration status, migrant workers among them",
        "บุคคลที่ไม่มีสถานะทางทะเบียน รวมถึงแรงงานต่างด้าว",
    ),
    CitizenCategory.BORN_REGISTERED_IN_TIME: (
        "Thai, born from 1 January 1984, birth registered in time",
        "คนสัญชาติไทย เกิดตั้งแต่ 1 มกราคม 2527 แจ้งเกิดภายในกำหนด",
    ),
    CitizenCategory.BORN_REGISTERED_LATE: (
        "Thai, born from 1 January 1984, birth registered late",
        "คนสัญชาติไทย เกิดตั้งแต่ 1 มกราคม 2527 แจ้งเกิดเกินกำหนด",
    ),
    CitizenCategory.IN_REGISTER_1984: (
        "Thai, or alien with a certificate, in a house register by 31 May 1984",
        "คนไทยหรือคนต่างด้าวที่มีใบสำคัญประจำตัว มีชื่อในทะเบียนบ้านภายใน 31 พฤษภาคม 2527",
    ),
    CitizenCategory.MOVED_BEFORE_NUMBERING: (
        "as category 3, but moved house before a number was given",
        "คนไทยหรือคนต่างด้าวที่มีใบสำคัญประจำตัว ซึ่งย้ายบ้านก่อนได้รับเลขประจำตัว",
    ),
    CitizenCategory.ADDED_LATER: (
        "added to the house register later",
        "ผู้ได้รับการเพิ่มชื่อในทะเบียนบ้านภายหลัง เช่น กรณีตกสำรวจ",
    ),
    CitizenCategory.TEMPORARY_OR_UNLAWFUL_ENTRY: (
        "entered the country temporarily or unlawfully",
        "ผู้เข้าเมืองโดยไม่ชอบด้วยกฎหมาย หรือเข้ามาอยู่ชั่วคราว",
    ),
    CitizenCategory.CHILD_OF_TEMPORARY: (
        "born in Thailand as a child of category 6",
        "บุตรของบุคคลประเภท 6 ที่เกิดในประเทศไทย",
    ),
    CitizenCategory.PERMANENT_ALIEN_OR_NATURALISED: (
        "lawful permanent alien, or naturalised, after 31 May 1984",
        "คนต่างด้าวที่อยู่ถาวรโดยชอบด้วยกฎหมาย หรือผู้แปลงสัญชาติ หลัง 31 พฤษภาคม 2527",
    ),
}


def thai_check_digit(first_twelve: str) -> str:
    """The 13th digit: `(11 - sum((14 - i) * d_i) mod 11) mod 10`, i from 1 to 12.

    Raises:
        SubjectError: they are not twelve ASCII digits.
    """
    if len(first_twelve) != _PAYLOAD_DIGITS:
        raise SubjectError(SubjectFault.SUBJECT_LENGTH)
    if not (first_twelve.isascii() and first_twelve.isdigit()):
        raise SubjectError(SubjectFault.SUBJECT_CHARACTERS)
    total = sum(map(mul, _WEIGHTS, map(int, first_twelve)))
    return str((11 - total % 11) % 10)


def citizen_number(text: str) -> str:
    """The 13 digits of a person's number.

    Raises:
        SubjectError: it is none.
    """
    return _thirteen(text, _CITIZEN_FIRST)


def juristic_number(text: str) -> str:
    """The 13 digits of a juristic person's number, the first of them 0.

    By its digits alone it cannot be told from a person's number of category 0; whoever parses it
    says which of the two it is.

    Raises:
        SubjectError: it is none.
    """
    return _thirteen(text, _JURISTIC_FIRST)


def _thirteen(text: str, first_digits: str) -> str:
    number = compact_digits(text)
    if len(number) != _LENGTH_DIGITS:
        raise SubjectError(SubjectFault.SUBJECT_LENGTH)
    if number[0] not in first_digits:
        raise SubjectError(SubjectFault.SUBJECT_FIRST_DIGIT)
    if number[-1] != thai_check_digit(number[:-1]):
        raise SubjectError(SubjectFault.SUBJECT_CHECK_DIGIT)
    return number

"""What can be wrong with an identifier: stable codes, and words that never repeat the number.

The words of a code are fixed, so no part of what was typed can reach a message or a log through
them. Only a traceback printed with its local variables would show it: configure loggers not to.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fvs.errors import UsageError

__all__ = ["SubjectError", "SubjectFault"]


class SubjectFault(StrEnum):
    """Stable codes, as shown to people and programs."""

    SUBJECT_EMPTY = "subject_empty"
    SUBJECT_CHARACTERS = "subject_characters"
    SUBJECT_LENGTH = "subject_length"
    SUBJECT_FIRST_DIGIT = "subject_first_digit"
    SUBJECT_CHECK_DIGIT = "subject_check_digit"
    SUBJECT_ISSUING_STATE = "subject_issuing_state"
    SUBJECT_KEY_LENGTH = "subject_key_length"

    MRZ_LINE_COUNT = "mrz_line_count"
    MRZ_LINE_LENGTH = "mrz_line_length"
    MRZ_CHARACTERS = "mrz_characters"
    MRZ_DOCUMENT_CODE = "mrz_document_code"
    MRZ_NUMBER_CHECK_DIGIT = "mrz_number_check_digit"
    MRZ_BIRTH_CHECK_DIGIT = "mrz_birth_check_digit"
    MRZ_EXPIRY_CHECK_DIGIT = "mrz_expiry_check_digit"
    MRZ_OPTIONAL_CHECK_DIGIT = "mrz_optional_check_digit"
    MRZ_COMPOSITE_CHECK_DIGIT = "mrz_composite_check_digit"
    MRZ_BIRTH_DATE = "mrz_birth_date"
    MRZ_EXPIRY_DATE = "mrz_expiry_date"
    MRZ_NATIONALITY = "mrz_nationality"
    MRZ_SEX = "mrz_sex"
    MRZ_NAMES = "mrz_names"


class SubjectError(UsageError):
    """An identifier that cannot be right.

    Attributes:
        code: what is wrong.
        advice: what to do about it, in English.
        advice_thai: the same in Thai.
    """

    def __init__(self, code: SubjectFault) -> None:
        """Take the words from the code; there is nothing else to say that would not tell more."""
        words = _WORDS[code]
        super().__init__(words.message, advice=words.english)
        self.code = code
        self.advice_thai = words.thai

    def __reduce__(self) -> tuple[type[SubjectError], tuple[SubjectFault]]:
        """Travel between processes by code alone."""
        return SubjectError, (self.code,)


class _Words(NamedTuple):
    message: str
    english: str
    thai: str


def _misread(field: str) -> _Words:
    return _Words(
        f"the check digit of the {field} does not fit",
        "Scan the machine-readable lines again, or compare them with the document.",
        "กรุณาสแกนแถบอักษรด้านล่างใหม่ หรือตรวจทานกับเอกสาร",
    )


_WORDS = {
    SubjectFault.SUBJECT_EMPTY: _Words(
        "no number was given", "Type the number.", "กรุณากรอกหมายเลข"
    ),
    SubjectFault.SUBJECT_CHARACTERS: _Words(
        "the number holds a character that is not allowed",
        "Type digits only; for a passport or card also the letters A to Z.",
        "กรุณากรอกเฉพาะตัวเลข หากเป็นหนังสือเดินทางหรือบัตรให้กรอกอักษรอังกฤษได้",
    ),
    SubjectFault.SUBJECT_LENGTH: _Words(
        "the number has too few or too many characters",
        "A Thai number has 13 digits, a passport number at most 9 characters: count again.",
        "เลขประจำตัวมี 13 หลัก หมายเลขหนังสือเดินทางมีไม่เกิน 9 ตัว กรุณานับอีกครั้ง",
    ),
    SubjectFault.SUBJECT_FIRST_DIGIT: _Words(
        "no number of this kind starts with that digit",
        "A person's number starts with 0 to 8, a company's with 0: check the first digit.",
        "เลขบุคคลขึ้นต้นด้วย 0 ถึง 8 เลขนิติบุคคลขึ้นต้นด้วย 0 กรุณาตรวจสอบหลักแรก",
    ),
    SubjectFault.SUBJECT_CHECK_DIGIT: _Words(
        "the check digit does not fit",
        "Compare every digit with the document: at least one differs.",
        "มีตัวเลขผิดอย่างน้อยหนึ่งหลัก กรุณาตรวจทานทุกหลักกับเอกสาร",
    ),
    SubjectFault.SUBJECT_ISSUING_STATE: _Words(
        "the issuing state is none that ICAO Doc 9303 lists",
        "Start with the three letters of the issuing state on the document, for example THA.",
        "กรุณาขึ้นต้นด้วยรหัสประเทศผู้ออกสามตัวอักษรตามที่ปรากฏบนเอกสาร",
    ),
    SubjectFault.SUBJECT_KEY_LENGTH: _Words(
        "the key for pseudonyms is shorter than 32 bytes",
        "Make a key of 32 random bytes, and keep it as you keep the register.",
        "กรุณาสร้างกุญแจจากเลขสุ่มความยาว 32 ไบต์ และเก็บรักษาเช่นเดียวกับทะเบียน",
    ),
    SubjectFault.MRZ_LINE_COUNT: _Words(
        "there are neither two nor three machine-readable lines",
        "Scan all of them: two lines of a passport, three of a card.",
        "กรุณาสแกนให้ครบทุกบรรทัด หนังสือเดินทางมีสองบรรทัด บัตรมีสามบรรทัด",
    ),
    SubjectFault.MRZ_LINE_LENGTH: _Words(
        "a machine-readable line is too short or too long",
        "A passport's lines have 44 characters, a card's 30: scan the whole width.",
        "บรรทัดของหนังสือเดินทางมี 44 ตัว ของบัตรมี 30 ตัว กรุณาสแกนให้เต็มความกว้าง",
    ),
    SubjectFault.MRZ_CHARACTERS: _Words(
        "a machine-readable line holds a character other than A-Z, 0-9 and <",
        "Scan the lines again, without the text around them.",
        "กรุณาสแกนใหม่เฉพาะแถบอักษร โดยไม่รวมข้อความอื่น",
    ),
    SubjectFault.MRZ_DOCUMENT_CODE: _Words(
        "the document code is neither a passport's nor a card's",
        "Use a passport, or a card of three machine-readable lines.",
        "กรุณาใช้หนังสือเดินทาง หรือบัตรที่มีแถบอักษรสามบรรทัด",
    ),
    SubjectFault.MRZ_NUMBER_CHECK_DIGIT: _misread("document number"),
    SubjectFault.MRZ_BIRTH_CHECK_DIGIT: _misread("date of birth"),
    SubjectFault.MRZ_EXPIRY_CHECK_DIGIT: _misread("date of expiry"),
    SubjectFault.MRZ_OPTIONAL_CHECK_DIGIT: _misread("optional data"),
    SubjectFault.MRZ_COMPOSITE_CHECK_DIGIT: _misread("lines as a whole"),
    SubjectFault.MRZ_BIRTH_DATE: _Words(
        "the date of birth is no date in the past",
        "Compare the date of birth with the document.",
        "กรุณาตรวจทานวันเกิดกับเอกสาร",
    ),
    SubjectFault.MRZ_EXPIRY_DATE: _Words(
        "the date of expiry is no date",
        "Compare the date of expiry with the document.",
        "กรุณาตรวจทานวันหมดอายุกับเอกสาร",
    ),
    SubjectFault.MRZ_NATIONALITY: _Words(
        "the nationality is none that ICAO Doc 9303 lists",
        "Compare the nationality with the document.",
        "กรุณาตรวจทานสัญชาติกับเอกสาร",
    ),
    SubjectFault.MRZ_SEX: _Words(
        "the sex is none of F, M and <",
        "Compare the letter of the sex with the document.",
        "กรุณาตรวจทานอักษรระบุเพศกับเอกสาร",
    ),
    SubjectFault.MRZ_NAMES: _Words(
        "the names hold a digit, or there are none",
        "Compare the names with the document.",
        "กรุณาตรวจทานชื่อและนามสกุลกับเอกสาร",
    ),
}

"""All that can be wrong with a request: a code for programs, words for people in both languages.

docs/reference/problems.md is rendered from this table. No words hold a value that was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from fvs.registry.days import DAY_ADVICE, DAY_ADVICE_THAI
from fvs.subjects import SubjectError, SubjectFault
from fvs_server.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Fault", "Violation", "documented_faults"]

_OF_NUMBERS = (
    SubjectFault.SUBJECT_CHARACTERS,
    SubjectFault.SUBJECT_CHECK_DIGIT,
    SubjectFault.SUBJECT_EMPTY,
    SubjectFault.SUBJECT_FIRST_DIGIT,
    SubjectFault.SUBJECT_ISSUING_STATE,
    SubjectFault.SUBJECT_LENGTH,
)
"""That a request's number may have; the others are of machine-readable zones and of keys."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One thing that is wrong with a request; never what was sent.

    Attributes:
        pointer: JSON pointer (RFC 6901) into the body, or `header:NAME`, `query:NAME`, `path:NAME`,
            `part:NAME`; empty for the whole of the body.
        code: for programs.
        detail: for people: what is wanted, and what to do.
    """

    pointer: str
    code: str
    detail: Words

    @classmethod
    def of_number(cls, pointer: str, error: SubjectError) -> Violation:
        """That a person's number cannot be right; with the advice of its fault."""
        words = Words(error.advice or "", error.advice_thai)
        return cls(pointer=pointer, code=error.code.value, detail=words)


class Fault(Enum):
    """By name, alphabetically, which is the code in lower case; numbers have `fvs.subjects`'s."""

    DATE_NOT_UNDERSTOOD = Words(DAY_ADVICE, DAY_ADVICE_THAI)
    ENTRY_TWICE = Words(
        "An entry of the archive is there twice: name each file once.",
        "มีไฟล์ชื่อซ้ำกันในแฟ้มบีบอัด กรุณาใช้ชื่อละหนึ่งไฟล์",
    )
    MALFORMED_KEY = Words(
        "Make the key of 1 to 255 visible ASCII characters, for example a UUID.",
        "กรุณาใช้อักขระ ASCII ที่มองเห็นได้ 1 ถึง 255 ตัว เช่น UUID",
    )
    MALFORMED_PURPOSE = Words(
        "Write a word of your own list, such as open_account: first a letter a to z, then letters, "
        "digits or `_`, 64 characters at most. Put nothing about a person into it.",
        "กรุณาระบุเป็นคำเดียว เช่น open_account ขึ้นต้นด้วยอักษร a ถึง z ตามด้วยตัวอักษร ตัวเลข หรือ _ "
        "ไม่เกิน 64 ตัว และห้ามใส่ข้อมูลส่วนบุคคล",
    )
    MALFORMED_REFERENCE = Words(
        "Write your own reference in 1 to 128 visible ASCII characters without spaces, such as "
        "consent-2026-000123. Put nothing about a person into it.",
        "กรุณาระบุรหัสอ้างอิงด้วยอักขระ ASCII 1 ถึง 128 ตัว ไม่มีช่องว่าง เช่น consent-2026-000123 "
        "และห้ามใส่ข้อมูลส่วนบุคคล",
    )
    MISSING = Words("It is required: add it.", "จำเป็นต้องระบุ กรุณาเพิ่มข้อมูลนี้")
    NAMES_SOMEBODY = Words(
        "It holds a person's number: say it without.", "มีเลขประจำตัวของบุคคล กรุณาเขียนโดยไม่ใส่เลข"
    )
    NOT_ALLOWED = Words(
        "The service does not take this here: compare it with /openapi.json.",
        "ระบบไม่รับค่านี้ กรุณาตรวจสอบกับ /openapi.json",
    )
    NOT_BASE64 = Words(
        "Write the file's bytes as base64 (RFC 4648, section 4), without a `data:` prefix and "
        "without line breaks.",
        "กรุณาเข้ารหัสไฟล์เป็น base64 (RFC 4648 ข้อ 4) โดยไม่มีคำนำหน้า data: และไม่ขึ้นบรรทัดใหม่",
    )
    NOT_BOOLEAN = Words(
        "Write true or false, without quotation marks.", "กรุณาใช้ true หรือ false โดยไม่มีเครื่องหมายคำพูด"
    )
    NOT_DATE = Words(
        "Write a day as year-month-day of the Gregorian calendar, such as 2021-04-01.",
        "กรุณาเขียนวันที่แบบ ปี-เดือน-วัน ตามปีคริสต์ศักราช เช่น 2021-04-01",
    )
    NOT_INTEGER = Words("Write a whole number.", "กรุณาระบุเป็นจำนวนเต็ม")
    NOT_JSON = Words(
        "It is not JSON (RFC 8259) in UTF-8: check quotation marks, commas and brackets.",
        "ข้อมูลไม่ใช่ JSON (RFC 8259) แบบ UTF-8 กรุณาตรวจสอบเครื่องหมายคำพูด จุลภาค และวงเล็บ",
    )
    NOT_LIST = Words("Write a JSON list: `[...]`.", "กรุณาเขียนเป็นรายการ JSON: `[...]`")
    NOT_MULTIPART = Words(
        "The body is not multipart (RFC 7578): let your HTTP library make it, boundary included.",
        "ข้อมูลไม่ใช่ multipart (RFC 7578) กรุณาให้ไลบรารี HTTP สร้างให้ รวมทั้ง boundary",
    )
    NOT_OBJECT = Words("Write a JSON object: `{{...}}`.", "กรุณาเขียนเป็นออบเจกต์ JSON: `{{...}}`")
    NOT_ONE_OF = Words("Write one of: {allowed}.", "กรุณาใช้ค่าใดค่าหนึ่งต่อไปนี้: {allowed}")
    NOT_STRING = Words(
        "Write a JSON string, in quotation marks.", "กรุณาเขียนเป็นข้อความ JSON ในเครื่องหมายคำพูด"
    )
    NOT_TIME = Words(
        "Write a time such as 2026-11-01T00:00:00Z (RFC 3339).",
        "กรุณาเขียนเวลา เช่น 2026-11-01T00:00:00Z (RFC 3339)",
    )
    NOT_UTF8 = Words(
        "The form is not UTF-8: open the page again.", "แบบฟอร์มไม่ใช่ UTF-8 กรุณาเปิดหน้าเว็บใหม่"
    )
    NOT_ZIP = Words("The body is no ZIP archive.", "ข้อมูลไม่ใช่แฟ้ม ZIP")
    NO_ROWS = Words("There is no row: send at least one.", "ไม่มีข้อมูลสักแถว กรุณาส่งอย่างน้อยหนึ่งแถว")
    NO_TABLE = Words(
        "Put a table {table} into the archive, as CSV in UTF-8.",
        "กรุณาใส่ตาราง {table} เป็น CSV แบบ UTF-8 ในแฟ้มบีบอัด",
    )
    PERIOD_LENGTH = Words(
        "Let the period end after it begins, and at most {most} days later.",
        "กรุณาให้เวลาสิ้นสุดอยู่หลังเวลาเริ่มต้น และห่างกันไม่เกิน {most} วัน",
    )
    RATIO = Words(
        "An entry grows more when it is unpacked than pictures do: send the pictures alone.",
        "มีไฟล์ที่ขยายตัวมากผิดปกติ กรุณาส่งเฉพาะภาพ",
    )
    REPEATED = Words("Send it once; it is there several times.", "กรุณาส่งเพียงครั้งเดียว ขณะนี้มีซ้ำกัน")
    REQUEST_PART_MISSING = Words(
        "Send one part `request`: the request without its pictures, as a JSON object.",
        "กรุณาส่งส่วน request หนึ่งส่วน เป็นออบเจกต์ JSON ของคำขอโดยไม่รวมภาพ",
    )
    SESSION_REQUIRED = Words(
        "The level {level} needs a liveness session: begin one with POST /v1/liveness-sessions.",
        "ระดับ {level} ต้องมีการตรวจสอบความมีชีวิต กรุณาเริ่มด้วย POST /v1/liveness-sessions",
    )
    TOO_FEW_ITEMS = Words("Send at least {least}.", "กรุณาส่งอย่างน้อย {least} รายการ")
    TOO_LARGE = Words("Write {most} or less.", "กรุณาระบุค่าไม่เกิน {most}")
    TOO_LARGE_UNPACKED = Words(
        "Unpacked, the archive holds more than {most} bytes: split the import.",
        "เมื่อคลายแล้วแฟ้มมีขนาดเกิน {most} ไบต์ กรุณาแบ่งงานนำเข้า",
    )
    TOO_LONG = Words("Write at most {most} characters.", "กรุณาเขียนไม่เกิน {most} ตัวอักษร")
    TOO_MANY_ITEMS = Words("Send at most {most}.", "กรุณาส่งไม่เกิน {most} รายการ")
    TOO_MANY_ROWS = Words(
        "A job has at most {most} rows: split the import.",
        "งานหนึ่งมีได้ไม่เกิน {most} แถว กรุณาแบ่งงานนำเข้า",
    )
    TOO_SHORT = Words("Write at least {least} characters.", "กรุณาเขียนอย่างน้อย {least} ตัวอักษร")
    TOO_SMALL = Words("Write {least} or more.", "กรุณาระบุค่าตั้งแต่ {least} ขึ้นไป")
    UNKNOWN = Words(
        "There is no such member: correct its name, or leave it out.",
        "ไม่มีข้อมูลชื่อนี้ กรุณาแก้ไขชื่อหรือนำออก",
    )
    UNKNOWN_LEVEL = Words(
        "Name a level of this server: {allowed}.", "กรุณาระบุระดับที่ระบบนี้มี: {allowed}"
    )
    UNKNOWN_PARAMETER = Words(
        "There is no such parameter: correct its name, or leave it out. There are: {allowed}.",
        "ไม่มีพารามิเตอร์ชื่อนี้ กรุณาแก้ไขชื่อหรือนำออก พารามิเตอร์ที่มี: {allowed}",
    )
    UNKNOWN_PART = Words(
        "There is no such part: correct its name, or leave it out. There are: {allowed}.",
        "ไม่มีส่วนชื่อนี้ กรุณาแก้ไขชื่อหรือนำออก ส่วนที่มี: {allowed}",
    )
    UNSAFE_NAME = Words(
        "An entry's name leads out of the archive: name files without `..`, `/` at the beginning, "
        "or links.",
        "มีชื่อไฟล์ที่ชี้ออกนอกแฟ้มบีบอัด กรุณาตั้งชื่อโดยไม่มี .. ไม่ขึ้นต้นด้วย / และไม่ใช้ลิงก์",
    )
    UNSUPPORTED_ENTRY = Words(
        "Store or deflate the entries, and do not encrypt them.",
        "กรุณาบีบอัดแบบ stored หรือ deflate และไม่เข้ารหัส",
    )
    WRONG_COLUMNS = Words(
        "{table} has the columns {allowed}; those needed are {needed}.",
        "{table} มีคอลัมน์ {allowed} คอลัมน์ที่จำเป็นคือ {needed}",
    )

    @property
    def code(self) -> str:
        """As programs tell faults apart, for example `too_many_items`."""
        return self.name.lower()

    def at(self, pointer: str, **values: object) -> Violation:
        """The fault at a place of a request; `values` are the service's own."""
        return Violation(pointer=pointer, code=self.code, detail=self.value.filled(**values))


def documented_faults() -> Iterator[tuple[str, Words]]:
    """Every code that a violation may have; the words with the names of their values."""
    for fault in Fault:
        yield fault.code, fault.value
    for number in _OF_NUMBERS:
        violation = Violation.of_number("", SubjectError(number))
        yield violation.code, violation.detail

"""Who a specimen card is made out to: invented data that can belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from fvs.errors import UsageError

__all__ = [
    "Holder",
    "citizen_check_digit",
    "format_citizen_number",
    "format_date_en",
    "format_date_th",
    "specimen_citizen_number",
    "specimen_holder",
]

NUMBER_LENGTH = 13
UNISSUED_REGISTRAR = "8800"
"""Digits 2 to 5 name province and district; no province has code 88 (ISO 3166-2:TH)."""
LAST_ISSUED_FIRST_DIGIT = 8
BUDDHIST_ERA_OFFSET_YEARS = 543
VALIDITY_YEARS = 8
"""Thai identification cards run for eight years."""

MONTHS_TH = (
    *("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย."),
    *("ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
)
MONTHS_EN = (
    *("Jan.", "Feb.", "Mar.", "Apr.", "May", "Jun."),
    *("Jul.", "Aug.", "Sep.", "Oct.", "Nov.", "Dec."),
)


@dataclass(frozen=True, kw_only=True)
class Holder:
    """What is printed on a card.

    Attributes:
        citizen_number: 13 digits, the last one their check digit.
        name_th: title, given and family name in Thai.
        given_name_en: title and given name in Latin letters.
        family_name_en: in Latin letters.
        address_th: one line in Thai.
        born: date of birth.
        issued: date of issue.
        expires: date of expiry.
    """

    citizen_number: str
    name_th: str
    given_name_en: str
    family_name_en: str
    address_th: str
    born: date
    issued: date
    expires: date

    def __post_init__(self) -> None:
        """Refuse a number or dates that no card can carry.

        Raises:
            UsageError: wrong length, characters or check digit, or dates out of order.
        """
        number = self.citizen_number
        if len(number) != NUMBER_LENGTH or not (number.isascii() and number.isdigit()):
            raise UsageError(f"a citizen number has {NUMBER_LENGTH} digits, got {number!r}")
        expected = citizen_check_digit(number[:-1])
        if number[-1] != expected:
            raise UsageError(f"{number}: check digit {number[-1]} should be {expected}")
        if not self.born <= self.issued < self.expires:
            raise UsageError(
                f"expected born <= issued < expires, got {self.born}, {self.issued}, {self.expires}"
            )


def citizen_check_digit(first_twelve: str) -> str:
    """Digit 13 of a Thai citizen number: `(11 - sum((14 - i) * d_i) mod 11) mod 10`."""
    weighted = sum(
        weight * int(digit) for weight, digit in zip(range(13, 1, -1), first_twelve, strict=True)
    )
    return str((11 - weighted % 11) % 10)


def specimen_citizen_number(seed: int, first_digit: int = 1) -> str:
    """A number with a valid check digit that was never issued: its registrar does not exist.

    Args:
        seed: fixes digits 6 to 12.
        first_digit: category of person, 0 to 8; 9 is issued to nobody.

    Raises:
        UsageError: `first_digit` is out of range.
    """
    if not 0 <= first_digit <= LAST_ISSUED_FIRST_DIGIT:
        raise UsageError(f"first digit must be 0 to {LAST_ISSUED_FIRST_DIGIT}, got {first_digit}")
    serial = np.random.default_rng(seed).integers(10**7)
    first_twelve = f"{first_digit}{UNISSUED_REGISTRAR}{serial:07d}"
    return first_twelve + citizen_check_digit(first_twelve)


def specimen_holder(seed: int, first_digit: int = 1) -> Holder:
    """An invented adult called "Example Specimen" in Thai, with dates and number by seed."""
    rng = np.random.default_rng([seed, first_digit])
    born = date(1960, 1, 1) + timedelta(days=int(rng.integers(365 * 40)))
    issued = date(2019, 1, 1) + timedelta(days=int(rng.integers(365 * 5)))
    expires = issued.replace(year=issued.year + VALIDITY_YEARS, day=min(issued.day, 28))
    return Holder(
        citizen_number=specimen_citizen_number(seed, first_digit),
        name_th="น.ส. ตัวอย่าง ทดสอบระบบ",
        given_name_en="Miss Tuayang",
        family_name_en="Thotsoprabop",
        address_th="99/9 หมู่ที่ 0 ต.ตัวอย่าง อ.ทดสอบ จ.สมมติ",
        born=born,
        issued=issued,
        expires=expires,
    )


def format_citizen_number(number: str) -> str:
    """As printed on a card: `1 2345 67890 12 3`."""
    return f"{number[0]} {number[1:5]} {number[5:10]} {number[10:12]} {number[12]}"


def format_date_th(day: date) -> str:
    """Day, Thai month and year of the Buddhist era: `5 ธ.ค. 2563`."""
    return f"{day.day} {MONTHS_TH[day.month - 1]} {day.year + BUDDHIST_ERA_OFFSET_YEARS}"


def format_date_en(day: date) -> str:
    """Day, English month and year of the common era: `5 Dec. 2020`."""
    return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"

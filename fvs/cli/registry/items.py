"""What `fvs registry import` is given: a folder or a table of portraits, read row by row.

A row that cannot be read becomes a `Refusal` in its place, and the next one is read.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO, TypeVar

from fvs.advice import Advice, advice_for
from fvs.errors import UsageError
from fvs.folders import PICTURE_SUFFIXES
from fvs.registry.days import DAY_ADVICE, DAY_ADVICE_THAI, DayError, portrait_day, retention_day
from fvs.registry.records import TemplateKind
from fvs.subjects import SubjectError, SubjectFault, SubjectId, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

__all__ = [
    "COLUMNS",
    "FILE_NAME_PATTERN",
    "REQUIRED_COLUMNS",
    "FolderItems",
    "Items",
    "Portrait",
    "Refusal",
    "TableItems",
    "advice_on",
    "open_items",
]

REQUIRED_COLUMNS = ("number", "picture")
COLUMNS = (
    *REQUIRED_COLUMNS,
    "kind_of_number",
    "kind",
    "portrait_date",
    "source",
    "legal_basis",
    "retain_until",
)
FILE_NAME_PATTERN = "NUMBER[_card|_passport|_capture][_YYYY-MM-DD].jpg|jpeg|png|webp"

_FILE_NAME = re.compile(
    r"(?P<number>[^_]+)(_(?P<kind>card|passport|capture))?(_(?P<day>\d{4}-\d{2}-\d{2}))?"
)

_ADVICE = {
    "name_not_understood": Advice(
        f"Name the file {FILE_NAME_PATTERN}.",
        "กรุณาตั้งชื่อแฟ้มตามรูปแบบ เลขประจำตัว_ชนิด_ปี-เดือน-วัน",
    ),
    "row_not_understood": Advice(
        "The row has fewer or more cells than the heading: correct it.",
        "จำนวนช่องในแถวไม่ตรงกับหัวตาราง กรุณาแก้ไข",
    ),
    "kind_not_understood": Advice(
        "Write card, passport or capture; and for numbers one of those that "
        "`fvs subject check --help` lists.",
        "กรุณาระบุชนิดเป็น card, passport หรือ capture",
    ),
    "date_not_understood": Advice(DAY_ADVICE, DAY_ADVICE_THAI),
    "cannot_read": Advice(
        "The picture is missing or may not be read: check its path and mode.",
        "ไม่พบแฟ้มภาพหรืออ่านไม่ได้ กรุณาตรวจสอบที่อยู่และสิทธิ์ของแฟ้ม",
    ),
    "erased_before": Advice(
        "This very portrait was enrolled and erased: it is not brought back.",
        "ภาพนี้เคยลงทะเบียนและถูกลบแล้ว จึงไม่นำกลับมา",
    ),
}

_SUBJECT_FAULTS = frozenset(fault.value for fault in SubjectFault)


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """One picture to enrol.

    Attributes:
        place: the file's name, or `line 2` of the table.
        subject: whose it is.
        path: of the picture.
        kind: what it was taken from.
        portrait_date: when it was taken, where that is known.
        source: where it comes from, in the operator's words.
        legal_basis: empty is the registry's own.
        retain_until: None is the registry's own rule.
    """

    place: str
    subject: SubjectId
    path: Path
    kind: TemplateKind = TemplateKind.CARD
    portrait_date: date | None = None
    source: str = ""
    legal_basis: str = ""
    retain_until: date | None = None


@dataclass(frozen=True)
class Refusal:
    """A row that was not enrolled, and what to do about it."""

    place: str
    code: str
    advice: Advice

    @classmethod
    def of(cls, place: str, code: str) -> Refusal:
        """With the advice for the code."""
        return cls(place, code, advice_on(code))


def advice_on(code: str) -> Advice:
    """Advice for a code of an import, a number or a picture."""
    if code in _SUBJECT_FAULTS:
        return _advice_of(SubjectError(SubjectFault(code)))
    return _ADVICE.get(code) or advice_for(code)


def _advice_of(error: SubjectError) -> Advice:
    return Advice(error.advice, error.advice_thai)


class _RowError(Exception):
    """A row that cannot be read; the argument is a code of `_ADVICE`."""


@dataclass(frozen=True)
class FolderItems:
    """Pictures of a folder, without its sub-folders, in the order of their names."""

    folder: Path
    kind_of_number: SubjectKind

    def __len__(self) -> int:
        return len(self._paths())

    def __iter__(self) -> Iterator[Portrait | Refusal]:
        for path in self._paths():
            try:
                yield self._portrait(path)
            except (SubjectError, DayError, _RowError) as error:
                yield _refusal(path.name, error)

    def _paths(self) -> list[Path]:
        suffixes = PICTURE_SUFFIXES
        return sorted(path for path in self.folder.iterdir() if path.suffix.lower() in suffixes)

    def _portrait(self, path: Path) -> Portrait:
        named = _FILE_NAME.fullmatch(path.stem)
        if named is None:
            raise _RowError("name_not_understood")
        return Portrait(
            place=path.name,
            subject=SubjectId.parse(self.kind_of_number, named["number"]),
            path=path,
            kind=_member(TemplateKind, named["kind"], TemplateKind.CARD),
            portrait_date=portrait_day(named["day"]),
        )


@dataclass(frozen=True)
class TableItems:
    """Rows of a CSV in UTF-8; pictures are named from the table's own folder."""

    table: Path
    kind_of_number: SubjectKind

    def __len__(self) -> int:
        """Lines below the heading: no fewer than there are rows."""
        with self._opened() as file:
            return max(0, sum(1 for line in file if line.strip()) - 1)

    def __iter__(self) -> Iterator[Portrait | Refusal]:
        with self._opened() as file:
            reader = csv.reader(file)
            heading = next(reader)
            while True:
                try:
                    row = next(reader, None)
                    if row is None:
                        return
                    if row:
                        yield self._portrait(f"line {reader.line_num}", heading, row)
                except (SubjectError, DayError, _RowError, csv.Error) as error:
                    yield _refusal(f"line {reader.line_num}", error)

    def require_columns(self) -> None:
        """Refuse a table that is none, before any of it is read.

        Raises:
            UsageError: columns are missing, unknown or there twice.
        """
        with self._opened() as file:
            heading = next(csv.reader(file), [])
        unknown = sum(name not in COLUMNS for name in heading)
        missing = [name for name in REQUIRED_COLUMNS if name not in heading]
        if unknown or missing or len(set(heading)) < len(heading):
            # Names are not repeated: without a heading they are the first person's cells.
            raise UsageError(
                f"{self.table} is no table of portraits: its heading has {unknown} unknown "
                f"columns, lacks {missing}, or names one twice",
                advice=f"Columns are {', '.join(COLUMNS)}; the first two are needed.",
            )

    def _opened(self) -> TextIO:
        # A byte that is no UTF-8 spoils its own row, and no other.
        return self.table.open(encoding="utf-8-sig", errors="replace", newline="")

    def _portrait(self, place: str, heading: Sequence[str], row: Sequence[str]) -> Portrait:
        if len(row) != len(heading):
            raise _RowError("row_not_understood")
        cells = dict.fromkeys(COLUMNS, "")
        cells.update((name, cell.strip()) for name, cell in zip(heading, row, strict=True))
        kind_of_number = _member(SubjectKind, cells["kind_of_number"], self.kind_of_number)
        return Portrait(
            place=place,
            subject=SubjectId.parse(kind_of_number, cells["number"]),
            path=self.table.parent / cells["picture"],
            kind=_member(TemplateKind, cells["kind"], TemplateKind.CARD),
            portrait_date=portrait_day(cells["portrait_date"]),
            source=cells["source"],
            legal_basis=cells["legal_basis"],
            retain_until=retention_day(cells["retain_until"]),
        )


Items = FolderItems | TableItems


def open_items(source: Path, kind_of_number: SubjectKind) -> Items:
    """Look at what is to be imported.

    Raises:
        UsageError: it is neither a folder nor a CSV of the right columns, or cannot be read.
    """
    try:
        if source.is_dir():
            return FolderItems(source, kind_of_number)
        table = TableItems(source, kind_of_number)
        table.require_columns()
    except (OSError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no CSV"
        raise UsageError(
            f"cannot read {source}: {reason}",
            advice="Give a folder of pictures, or a CSV in UTF-8.",
        ) from error
    return table


def _refusal(place: str, error: Exception) -> Refusal:
    if isinstance(error, SubjectError):
        return Refusal(place, error.code, _advice_of(error))
    if isinstance(error, DayError):
        return Refusal.of(place, "date_not_understood")
    return Refusal.of(place, str(error) if isinstance(error, _RowError) else "row_not_understood")


_Member = TypeVar("_Member", bound=StrEnum)


def _member(kinds: type[_Member], text: str | None, default: _Member) -> _Member:
    try:
        return kinds(text) if text else default
    except ValueError:
        raise _RowError("kind_not_understood") from None

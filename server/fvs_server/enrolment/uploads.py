"""The body of an import -> portraits, row by row; nothing is written to disk, no path is followed.

`application/x-ndjson`: one `PortraitBody` a line. `application/zip`: the table `portraits.csv`,
with the columns of `fvs registry import`, and the pictures that it names. What is wrong with the
whole is refused before any picture is decompressed; what is wrong with a row is that row's code.
"""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
import zlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fvs_server.details import Detail
from fvs_server.enrolment.portraits import Portrait, PortraitBody
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fvs_server.enrolment.settings import ImportSettings

__all__ = ["NDJSON", "TABLE", "ZIP", "Upload", "open_upload"]

NDJSON, ZIP = "application/x-ndjson", "application/zip"
TABLE = "portraits.csv"

_REQUIRED = ("number", "picture")
_COLUMNS = (
    *_REQUIRED,
    "kind_of_number",
    "kind",
    "portrait_date",
    "source",
    "legal_basis",
    "retain_until",
)
_NOT_UNDERSTOOD, _MISSING = "row_not_understood", "picture_missing"
_ENTRY_MARK = b"PK\x01\x02"
_STRAY_MARKS = 64
"""Pictures may hold the mark of an entry by chance."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_UNSAFE_NAME = re.compile(r"^[/\\]|\\|:|\0|(^|/)\.\.?(/|$)|//")
_TABLE_BYTES_A_ROW = 4096


class Upload(NamedTuple):
    """A body that was looked over.

    Attributes:
        rows: how many there are at most.
        portraits: of each row, in order, the portrait, or the code why it is none.
    """

    rows: int
    portraits: Iterator[Portrait | str]


def open_upload(media_type: str, body: bytes, settings: ImportSettings) -> Upload:
    """Look a body over.

    Raises:
        ServiceError: UNSUPPORTED_MEDIA_TYPE; INVALID_REQUEST, all of it is refused.
    """
    if media_type == NDJSON:
        return _ndjson(body, settings)
    if media_type == ZIP:
        return _zip(body, settings)
    raise ServiceError(
        Problem.UNSUPPORTED_MEDIA_TYPE, Detail.MEDIA_TYPES.with_(allowed=f"{NDJSON}, {ZIP}")
    )


def _ndjson(body: bytes, settings: ImportSettings) -> Upload:
    rows = sum(1 for line in io.BytesIO(body) if line.strip())
    _require_rows(rows, settings)
    return Upload(rows, (_of_line(line) for line in io.BytesIO(body) if line.strip()))


def _of_line(line: bytes) -> Portrait | str:
    try:
        body = msgspec.json.decode(line, type=PortraitBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOT_UNDERSTOOD
    return _checked(body)


def _checked(body: PortraitBody) -> Portrait | str:
    try:
        return body.to_portrait()
    except ServiceError as error:
        return error.violations[0].code


def _zip(body: bytes, settings: ImportSettings) -> Upload:
    # Before the directory is read: each entry of it takes memory.
    if body.count(_ENTRY_MARK) > settings.max_rows + 1 + _STRAY_MARKS:
        raise _refused(Fault.TOO_MANY_ROWS, most=settings.max_rows)
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        entries = {entry.filename: entry for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise _refused(Fault.NOT_ZIP) from None
    _require_safe(archive.infolist(), settings)
    heading, *rows = _table(archive, entries, settings)
    _require_rows(len(rows), settings)
    named_once = len(set(heading)) == len(heading)
    if not (named_once and set(_REQUIRED) <= set(heading) <= set(_COLUMNS)):
        # Names are not repeated: without a heading they are the first person's cells.
        raise _refused(
            Fault.WRONG_COLUMNS,
            table=TABLE,
            allowed=", ".join(_COLUMNS),
            needed=", ".join(_REQUIRED),
        )
    return Upload(len(rows), (_of_row(heading, row, archive, entries) for row in rows))


def _require_safe(entries: Sequence[zipfile.ZipInfo], settings: ImportSettings) -> None:
    """Refuse what no honest archive of pictures is.

    Raises:
        ServiceError: INVALID_REQUEST; names are not repeated, they may be numbers.
    """
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise _refused(Fault.ENTRY_TWICE)
    if any(_UNSAFE_NAME.search(entry.orig_filename) or _is_link(entry) for entry in entries):
        raise _refused(Fault.UNSAFE_NAME)
    if any(e.flag_bits & _ENCRYPTED or e.compress_type not in _METHODS for e in entries):
        raise _refused(Fault.UNSUPPORTED_ENTRY)
    largest = max(settings.max_picture_bytes, settings.max_rows * _TABLE_BYTES_A_ROW)
    too_large = any(entry.file_size > largest for entry in entries)
    if too_large or sum(entry.file_size for entry in entries) > settings.max_unpacked_bytes:
        raise _refused(Fault.TOO_LARGE_UNPACKED, most=settings.max_unpacked_bytes)
    pictures = [entry for entry in entries if entry.filename != TABLE]
    if any(e.file_size > settings.max_ratio * max(e.compress_size, 1) for e in pictures):
        raise _refused(Fault.RATIO)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)


def _table(
    archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], settings: ImportSettings
) -> list[list[str]]:
    """The heading, and rows; one more of them than is allowed at most."""
    content = _content(archive, entries[TABLE]) if TABLE in entries else None
    if content is None:
        raise _refused(Fault.NO_TABLE, table=TABLE)
    # A byte that is no UTF-8 spoils its own row, and no other.
    text = io.StringIO(content.decode("utf-8-sig", errors="replace"), newline="")
    try:
        filled = (row for row in csv.reader(text) if row)
        return [next(filled, []), *islice(filled, settings.max_rows + 1)]
    except csv.Error:
        raise _refused(Fault.NO_TABLE, table=TABLE) from None


def _of_row(
    heading: Sequence[str],
    row: Sequence[str],
    archive: zipfile.ZipFile,
    entries: Mapping[str, zipfile.ZipInfo],
) -> Portrait | str:
    if len(row) != len(heading):
        return _NOT_UNDERSTOOD
    cells = {name: cell.strip() for name, cell in zip(heading, row, strict=True) if cell.strip()}
    entry = entries.get(cells.pop("picture", ""))
    number, kind = cells.pop("number", ""), cells.pop("kind_of_number", "citizen_id")
    picture = None if entry is None else _content(archive, entry)
    if picture is None:
        return _MISSING
    body = {**cells, "subject": {"kind": kind, "number": number}, "picture": picture}
    try:
        return _checked(msgspec.convert(body, PortraitBody))
    except msgspec.ValidationError:
        return _NOT_UNDERSTOOD


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """What an entry holds, never more than it declares; None where it does not open."""
    try:
        with archive.open(entry) as file:
            return file.read(entry.file_size)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error):
        return None


def _require_rows(rows: int, settings: ImportSettings) -> None:
    if not rows:
        raise _refused(Fault.NO_ROWS)
    if rows > settings.max_rows:
        raise _refused(Fault.TOO_MANY_ROWS, most=settings.max_rows)


def _refused(fault: Fault, **values: object) -> ServiceError:
    return ServiceError(Problem.INVALID_REQUEST, violations=(fault.at("", **values),))

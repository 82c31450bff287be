"""What all formats share: the header record, refusal, and Exif orientation (CIPA DC-008)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fvs.status import Status

__all__ = [
    "MAX_SEGMENTS",
    "NS_PER_MS",
    "RGB_BYTES",
    "U16",
    "Header",
    "RefusedError",
    "exif_orientation",
    "require",
    "unpack",
]

NS_PER_MS = 1e6
RGB_BYTES = 3
U16 = struct.Struct(">H")

MAX_SEGMENTS = 20_000
"""Segments or chunks in one file; 15 MB in the usual 8 KiB PNG chunks are 1,900."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known of a file before decoding.

    Attributes:
        status: OK, EMPTY_FILE, UNSUPPORTED_FORMAT, ANIMATED_IMAGE or CORRUPT_IMAGE.
        file_format: `jpeg`, `png`, `webp`, or empty where the content is none of them.
        stored_wh: width and height as stored; 0 where unknown.
        orientation: Exif orientation 1..8, how the stored picture is to be turned; 1 is upright.
        has_alpha: whether pixels may be transparent.
        transparent_grey: the one value of a grey PNG that is transparent, if any, widened to 8 bits
            where the samples are narrower.
        working_bytes: memory that a full decode takes, estimated from above.
        working_ms: CPU time that a full decode takes on a 2 GHz core, estimated from above.
        pixel_parts: the parts of the file that the decoder needs, in order.
    """

    status: Status
    file_format: str = ""
    stored_wh: tuple[int, int] = (0, 0)
    orientation: int = 1
    has_alpha: bool = False
    transparent_grey: int | None = None
    working_bytes: int = 0
    working_ms: float = 0.0
    pixel_parts: tuple[slice, ...] = ()

    @property
    def native_wh(self) -> tuple[int, int]:
        """Width and height of the upright picture; orientations 5..8 lie on their side."""
        width, height = self.stored_wh
        return (height, width) if self.orientation >= _FIRST_SIDEWAYS else (width, height)


_FIRST_SIDEWAYS = 5


class RefusedError(Exception):
    """A file that cannot be used, with the status that says why; never leaves this package."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


def unpack(layout: struct.Struct, content: bytes, at: int) -> tuple[int, ...]:
    """Numbers at a place in the file, which may lie beyond its end.

    Raises:
        RefusedError: CORRUPT_IMAGE where the file is too short.
    """
    if at < 0 or at + layout.size > len(content):
        raise RefusedError(Status.CORRUPT_IMAGE)
    return layout.unpack_from(content, at)


def require(condition: bool, status: Status = Status.CORRUPT_IMAGE) -> None:  # noqa: FBT001  (a condition is the subject, as in assert)
    """Refuse the file unless `condition` holds.

    Raises:
        RefusedError: with `status`.
    """
    if not condition:
        raise RefusedError(status)


_ORIENTATION_TAG, _SHORT = 0x0112, 3


def exif_orientation(exif: bytes) -> int:
    """Orientation 1..8 from IFD0 of an Exif block; 1 where it says nothing usable."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < struct.calcsize("4sI"):
        return 1
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    entry = struct.Struct(order + "HHIH2x")
    if directory + U16.size > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    first = directory + U16.size
    count = min(count, (len(tiff) - first) // entry.size)
    for tag, kind, values, value in entry.iter_unpack(tiff[first : first + count * entry.size]):
        if tag == _ORIENTATION_TAG:
            return value if (kind, values) == (_SHORT, 1) and value in range(1, 9) else 1
    return 1

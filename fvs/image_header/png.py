"""PNG chunks (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from fvs.image_header.base import (
    MAX_SEGMENTS,
    NS_PER_MS,
    RGB_BYTES,
    U16,
    Header,
    RefusedError,
    exif_orientation,
    require,
    unpack,
)
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_png"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_IHDR = struct.Struct(">IIBBBBB")
_CHUNK_FRAME = 12
"""Bytes around a chunk's data: length, type, CRC."""
_ANCILLARY = 0x20
"""Bit of a chunk type's first letter: a reader may skip it (PNG 5.4)."""
_GREY, _PALETTE, _ALPHA = 0, 3, 4
_SAMPLES = {_GREY: 1, 2: 3, _PALETTE: 1, _ALPHA: 2, 6: 4}
_BIT_DEPTHS = {
    _GREY: (1, 2, 4, 8, 16),
    2: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _ALPHA: (8, 16),
    6: (8, 16),
}
_PNG_BYTE_NS = 7
"""Inflating and the Paeth predictor, per byte of unpacked data."""
_PIXEL_NS, _ALPHA_PIXEL_NS = 2, 6
"""Copying, and compositing."""
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def read_png(content: bytes) -> Header:
    """Header of a PNG file.

    Raises:
        RefusedError: it cannot be decoded.
    """
    require(content.startswith(_PNG_SIGNATURE))
    parts = [slice(0, len(_PNG_SIGNATURE))]
    data: dict[bytes, slice] = {}
    for name, start, end in _png_chunks(content):
        require(name != b"acTL", Status.ANIMATED_IMAGE)
        if name in _PNG_PIXELS:
            crc = zlib.crc32(memoryview(content)[start - 4 : end])
            require(content[end : end + 4] == crc.to_bytes(4, "big"))
            parts.append(slice(start - 8, end + 4))
        else:
            require(bool(name[0] & _ANCILLARY))
        data.setdefault(name, slice(start, end))
    require(next(iter(data)) == b"IHDR" and b"IDAT" in data)
    return _png_header(content, data, tuple(parts))


def _png_header(content: bytes, data: dict[bytes, slice], parts: tuple[slice, ...]) -> Header:
    require(data[b"IHDR"].stop - data[b"IHDR"].start == _IHDR.size)
    width, height, depth, colour, *_ = unpack(_IHDR, content, data[b"IHDR"].start)
    require(width > 0 and height > 0 and depth in _BIT_DEPTHS.get(colour, ()))
    transparency = content[data[b"tRNS"]] if b"tRNS" in data else b""
    exif = content[data[b"eXIf"]] if b"eXIf" in data else b""
    alpha = bool(colour & _ALPHA) or bool(transparency)
    decoded_bytes = width * height * (4 * max(depth // 8, 1) if alpha else RGB_BYTES)
    coded_bytes = width * height * _SAMPLES[colour] * depth / 8
    pixel_ns = _ALPHA_PIXEL_NS if alpha else _PIXEL_NS
    keyed_grey = colour == _GREY and len(transparency) == U16.size
    widen = 1 if depth == 16 else 255 // (2**depth - 1)  # noqa: PLR2004  (bits per sample)
    return Header(
        status=Status.OK,
        stored_wh=(width, height),
        orientation=exif_orientation(exif),
        has_alpha=alpha,
        transparent_grey=U16.unpack(transparency)[0] * widen if keyed_grey else None,
        working_bytes=2 * decoded_bytes,
        working_ms=(_PNG_BYTE_NS * coded_bytes + pixel_ns * width * height) / NS_PER_MS,
        pixel_parts=parts,
    )


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the data of each chunk, up to and with IEND."""
    at = len(_PNG_SIGNATURE)
    for _ in range(MAX_SEGMENTS):
        require(at + _CHUNK_FRAME <= len(content))
        length, name = _CHUNK.unpack_from(content, at)
        start = at + _CHUNK.size
        at = start + length + 4
        require(at <= len(content))
        yield name, start, start + length
        if name == b"IEND":
            return
    raise RefusedError(Status.CORRUPT_IMAGE)

"""WebP chunks (RFC 9649)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from fvs.image_header.base import (
    MAX_SEGMENTS,
    NS_PER_MS,
    RGB_BYTES,
    Header,
    RefusedError,
    exif_orientation,
    require,
    unpack,
)
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_webp"]

_RIFF_CHUNK = struct.Struct("<4sI")
_FIRST_WEBP_CHUNK = 12
_VP8X_ANIMATION, _VP8X_ALPHA = 0x02, 0x10
_VP8L_MAGIC = 0x2F
_VP8_START_CODE = b"\x9d\x01\x2a"
_SIDE_MASK = 0x3FFF
"""Sides are 14 bit numbers in both bit streams."""
_LOSSLESS_PIXEL_NS, _LOSSY_PIXEL_NS, _ALPHA_PIXEL_NS, _BYTE_NS = 15, 10, 15, 20


def read_webp(content: bytes) -> Header:
    """Header of a WebP file.

    Raises:
        RefusedError: it cannot be decoded.
    """
    (_, size) = _RIFF_CHUNK.unpack_from(content)
    end = size + _RIFF_CHUNK.size
    require(_FIRST_WEBP_CHUNK < end <= len(content))
    data: dict[bytes, slice] = {}
    for name, part in _webp_chunks(content, end):
        data.setdefault(name, part)
    flags = content[data[b"VP8X"]][0] if b"VP8X" in data else 0
    require(not flags & _VP8X_ANIMATION and b"ANIM" not in data, Status.ANIMATED_IMAGE)
    lossless = b"VP8L" in data
    width, height, alpha = _vp8l_frame(content, data) if lossless else _vp8_frame(content, data)
    alpha = alpha or bool(flags & _VP8X_ALPHA)
    pixels = width * height
    pixel_ns = _LOSSLESS_PIXEL_NS if lossless else _LOSSY_PIXEL_NS
    pixel_ns += _ALPHA_PIXEL_NS if alpha else 0
    return Header(
        status=Status.OK,
        stored_wh=(width, height),
        orientation=exif_orientation(content[data[b"EXIF"]] if b"EXIF" in data else b""),
        has_alpha=alpha,
        working_bytes=2 * pixels * (4 if alpha else RGB_BYTES),
        working_ms=(pixel_ns * pixels + _BYTE_NS * end) / NS_PER_MS,
        pixel_parts=(slice(0, end),),
    )


def _webp_chunks(content: bytes, end: int) -> Iterator[tuple[bytes, slice]]:
    at = _FIRST_WEBP_CHUNK
    for _ in range(MAX_SEGMENTS):
        if at + _RIFF_CHUNK.size > end:
            return
        name, length = _RIFF_CHUNK.unpack_from(content, at)
        start = at + _RIFF_CHUNK.size
        require(0 < length <= end - start)
        yield name, slice(start, start + length)
        at = start + length + length % 2
    raise RefusedError(Status.CORRUPT_IMAGE)


def _vp8l_frame(content: bytes, data: dict[bytes, slice]) -> tuple[int, int, bool]:
    magic, bits = unpack(struct.Struct("<BI"), content, data[b"VP8L"].start)
    require(magic == _VP8L_MAGIC)
    return (bits & _SIDE_MASK) + 1, (bits >> 14 & _SIDE_MASK) + 1, bool(bits >> 28 & 1)


def _vp8_frame(content: bytes, data: dict[bytes, slice]) -> tuple[int, int, bool]:
    require(b"VP8 " in data)
    start = data[b"VP8 "].start + 3
    width, height = unpack(struct.Struct("<HH"), content, start + 3)
    width, height = width & _SIDE_MASK, height & _SIDE_MASK
    require(content[start : start + 3] == _VP8_START_CODE and width > 0 and height > 0)
    return width, height, b"ALPH" in data

"""JPEG markers (ITU-T T.81)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
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

__all__ = ["read_jpeg"]

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker other than the restarts, which belong to the entropy-coded data (T.81 B.1.1)."""

_SOI, _EOI, _SOS, _APP0, _APP1, _APP14, _TEM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0x01
_DECODABLE_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended sequential and progressive, Huffman coded."""
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7})
"""Lossless, hierarchical and arithmetic-coded frames, and JPEG-LS: no camera writes them."""
_PROGRESSIVE = 0xC2
_KEPT = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, _SOS, _APP0, _APP14})
"""Frames, Huffman and quantisation tables, restart interval, scans; JFIF and Adobe colour."""

_FRAME = struct.Struct(">BHHB")
_JPEG_SAMPLE_NS = 0.8
"""Per sample and scan: 100 refining scans of an empty 50 megapixel picture take 4 s."""
_JPEG_BYTE_NS = 30
"""Huffman decoding, per byte of the file."""
_JPEG_PIXEL_NS = 4
"""Inverse transform and colour conversion."""


@dataclass(kw_only=True)
class _Jpeg:
    """What the walk through a JPEG has gathered so far."""

    stored_wh: tuple[int, int] = (0, 0)
    progressive: bool = False
    samples: dict[int, int] = field(default_factory=dict)
    """Samples of each component, padded to whole blocks."""
    begun: set[int] = field(default_factory=set)
    """Components of which a scan with DC coefficients came."""
    scans: int = 0
    coded_samples: int = 0
    orientation: int = 0

    def add_frame(self, content: bytes, at: int, *, progressive: bool) -> None:
        require(not self.samples)
        precision, height, width, count = unpack(_FRAME, content, at)
        require(precision == 8, Status.UNSUPPORTED_FORMAT)  # noqa: PLR2004  (bits per sample)
        require(width > 0 and height > 0 and count in (1, 3, 4))
        components = content[at + _FRAME.size : at + _FRAME.size + 3 * count]
        require(len(components) == 3 * count)
        factors = [(byte >> 4, byte & 15) for byte in components[1::3]]
        require(all(1 <= h <= 4 and 1 <= v <= 4 for h, v in factors))  # noqa: PLR2004  (T.81 B.2.2)
        across = -(-width // (8 * max(h for h, _ in factors)))
        down = -(-height // (8 * max(v for _, v in factors)))
        for name, (h, v) in zip(components[0::3], factors, strict=True):
            self.samples[name] = across * h * down * v * 64
        require(len(self.samples) == count)
        self.stored_wh, self.progressive = (width, height), progressive

    def add_scan(self, content: bytes, at: int, end: int) -> None:
        count = content[at] if at < end else 0
        names = content[at + 1 : at + 1 + 2 * count : 2]
        spectral_start = at + 1 + 2 * count
        require(len(names) in range(1, 5) and spectral_start < end)
        require(all(name in self.samples for name in names))
        if content[spectral_start] == 0:
            self.begun.update(names)
        self.scans += 1
        self.coded_samples += sum(self.samples[name] for name in names)

    def header(self, parts: list[slice]) -> Header:
        require(bool(self.samples) and self.begun == set(self.samples))
        width, height = self.stored_wh
        buffered = self.progressive or self.scans > 1
        coefficients = 2 * sum(self.samples.values()) if buffered else 0
        pixels = width * height
        coded_bytes = sum(part.stop - part.start for part in parts)
        work_ns = (
            _JPEG_SAMPLE_NS * self.coded_samples
            + _JPEG_BYTE_NS * coded_bytes
            + _JPEG_PIXEL_NS * pixels
        )
        return Header(
            status=Status.OK,
            stored_wh=self.stored_wh,
            orientation=self.orientation or 1,
            working_bytes=pixels * RGB_BYTES + max(pixels * RGB_BYTES, coefficients),
            working_ms=work_ns / NS_PER_MS,
            pixel_parts=tuple(parts),
        )


def read_jpeg(content: bytes) -> Header:
    """Header of a JPEG file.

    Raises:
        RefusedError: it cannot be decoded.
    """
    jpeg = _Jpeg()
    parts = [slice(0, 2)]
    for marker, start, end in _jpeg_segments(content):
        body = start + 4
        if marker in _DECODABLE_FRAMES:
            jpeg.add_frame(content, body, progressive=marker == _PROGRESSIVE)
        elif marker == _SOS:
            jpeg.add_scan(content, body, end)
        elif marker == _APP1 and not jpeg.orientation and content.startswith(b"Exif\0", body):
            jpeg.orientation = exif_orientation(content[body:end])
        require(marker not in _OTHER_FRAMES, Status.UNSUPPORTED_FORMAT)
        if marker in _KEPT or marker == _EOI:
            parts.append(slice(start, end))
    return jpeg.header(parts)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to EOI; a scan's entropy-coded data belong to it."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        start = _next_marker(content, at)
        marker = content[start + 1]
        if marker == _EOI:
            yield marker, start, start + 2
            return  # what phones append after it (video, gain map) is not looked at
        require(marker != _SOI)
        if marker == _TEM:
            at = start + 2
            continue
        (length,) = unpack(U16, content, start + 2)
        at = start + 2 + length
        require(length >= U16.size and at <= len(content))
        if marker == _SOS:
            at = _next_marker(content, at)
        yield marker, start, at
    raise RefusedError(Status.CORRUPT_IMAGE)


def _next_marker(content: bytes, at: int) -> int:
    found = _MARKER.search(content, at)
    if found is None:  # no end of image: the file is cut short
        raise RefusedError(Status.CORRUPT_IMAGE)
    return found.start()

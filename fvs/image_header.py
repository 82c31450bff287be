"""What a picture file says about itself, read without decoding a pixel.

Part of the stage `image`. The walk goes through the whole file structure once: it finds the size
for the caps, proves that the file is complete (libjpeg would fill a missing half with grey), and
notes the few segments that hold pixels. The decoder is given those and nothing else, so comments,
colour profiles, thumbnails and trailing bytes never reach it.

Sources: ITU-T T.81 (JPEG), W3C PNG third edition, RFC 9649 (WebP), CIPA DC-008 (Exif 3.0).
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Header", "read_header"]

_MAX_SEGMENTS = 20_000
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
        coded_samples: samples that the decoder visits, summed over the scans of a JPEG.
        pixel_parts: the parts of the file that the decoder needs, in order.
    """

    status: Status
    file_format: str = ""
    stored_wh: tuple[int, int] = (0, 0)
    orientation: int = 1
    has_alpha: bool = False
    transparent_grey: int | None = None
    working_bytes: int = 0
    coded_samples: int = 0
    pixel_parts: tuple[slice, ...] = ()

    @property
    def native_wh(self) -> tuple[int, int]:
        """Width and height of the upright picture; orientations 5..8 lie on their side."""
        width, height = self.stored_wh
        return (height, width) if self.orientation >= _FIRST_SIDEWAYS else (width, height)


_FIRST_SIDEWAYS = 5


class _RefusedError(Exception):
    """A file that cannot be used, with the status that says why; never leaves this module."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


def read_header(content: bytes) -> Header:
    """Find out what a file is, from its content alone.

    Args:
        content: a whole file.

    Returns:
        The header; `status` is not OK where the file cannot be decoded. Never raises on content.
    """
    if not content:
        return Header(status=Status.EMPTY_FILE)
    for file_format, (signature, read) in _FORMATS.items():
        if signature.match(content):
            try:
                return replace(read(content), file_format=file_format)
            except _RefusedError as refusal:
                return Header(status=refusal.status, file_format=file_format)
    return Header(status=Status.UNSUPPORTED_FORMAT)


def _unpack(layout: struct.Struct, content: bytes, at: int) -> tuple[int, ...]:
    if at < 0 or at + layout.size > len(content):
        raise _RefusedError(Status.CORRUPT_IMAGE)
    return layout.unpack_from(content, at)


def _require(condition: bool, status: Status = Status.CORRUPT_IMAGE) -> None:  # noqa: FBT001  (a condition is the subject, as in assert)
    if not condition:
        raise _RefusedError(status)


# --- JPEG ---------------------------------------------------------------------------------------

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

_U16 = struct.Struct(">H")
_FRAME = struct.Struct(">BHHB")
_RGB_BYTES = 3


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
        _require(not self.samples)
        precision, height, width, count = _unpack(_FRAME, content, at)
        _require(precision == 8, Status.UNSUPPORTED_FORMAT)  # noqa: PLR2004  (bits per sample)
        _require(width > 0 and height > 0 and count in (1, 3, 4))
        components = content[at + _FRAME.size : at + _FRAME.size + 3 * count]
        _require(len(components) == 3 * count)
        factors = [(byte >> 4, byte & 15) for byte in components[1::3]]
        _require(all(1 <= h <= 4 and 1 <= v <= 4 for h, v in factors))  # noqa: PLR2004  (T.81 B.2.2)
        across = -(-width // (8 * max(h for h, _ in factors)))
        down = -(-height // (8 * max(v for _, v in factors)))
        for name, (h, v) in zip(components[0::3], factors, strict=True):
            self.samples[name] = across * h * down * v * 64
        _require(len(self.samples) == count)
        self.stored_wh, self.progressive = (width, height), progressive

    def add_scan(self, content: bytes, at: int, end: int) -> None:
        count = content[at] if at < end else 0
        names = content[at + 1 : at + 1 + 2 * count : 2]
        spectral_start = at + 1 + 2 * count
        _require(len(names) in range(1, 5) and spectral_start < end)
        _require(all(name in self.samples for name in names))
        if content[spectral_start] == 0:
            self.begun.update(names)
        self.scans += 1
        self.coded_samples += sum(self.samples[name] for name in names)

    def header(self, parts: list[slice]) -> Header:
        _require(bool(self.samples) and self.begun == set(self.samples))
        width, height = self.stored_wh
        buffered = self.progressive or self.scans > 1
        coefficients = 2 * sum(self.samples.values()) if buffered else 0
        return Header(
            status=Status.OK,
            stored_wh=self.stored_wh,
            orientation=self.orientation or 1,
            working_bytes=width * height * _RGB_BYTES + coefficients,
            coded_samples=self.coded_samples,
            pixel_parts=tuple(parts),
        )


def _read_jpeg(content: bytes) -> Header:
    jpeg = _Jpeg()
    parts = [slice(0, 2)]
    for marker, start, end in _jpeg_segments(content):
        body = start + 4
        if marker in _DECODABLE_FRAMES:
            jpeg.add_frame(content, body, progressive=marker == _PROGRESSIVE)
        elif marker == _SOS:
            jpeg.add_scan(content, body, end)
        elif marker == _APP1 and not jpeg.orientation and content.startswith(b"Exif\0", body):
            jpeg.orientation = _exif_orientation(content[body:end])
        _require(marker not in _OTHER_FRAMES, Status.UNSUPPORTED_FORMAT)
        if marker in _KEPT or marker == _EOI:
            parts.append(slice(start, end))
    return jpeg.header(parts)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to EOI; a scan's entropy-coded data belong to it."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        start = _next_marker(content, at)
        marker = content[start + 1]
        if marker == _EOI:
            yield marker, start, start + 2
            return  # what phones append after it (video, gain map) is not looked at
        _require(marker != _SOI)
        if marker == _TEM:
            at = start + 2
            continue
        (length,) = _unpack(_U16, content, start + 2)
        at = start + 2 + length
        _require(length >= _U16.size and at <= len(content))
        if marker == _SOS:
            at = _next_marker(content, at)
        yield marker, start, at
    raise _RefusedError(Status.CORRUPT_IMAGE)


def _next_marker(content: bytes, at: int) -> int:
    found = _MARKER.search(content, at)
    if found is None:  # no end of image: the file is cut short
        raise _RefusedError(Status.CORRUPT_IMAGE)
    return found.start()


# --- PNG ----------------------------------------------------------------------------------------

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
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def _read_png(content: bytes) -> Header:
    _require(content.startswith(_PNG_SIGNATURE))
    parts = [slice(0, len(_PNG_SIGNATURE))]
    data: dict[bytes, slice] = {}
    for name, start, end in _png_chunks(content):
        _require(name != b"acTL", Status.ANIMATED_IMAGE)
        if name in _PNG_PIXELS:
            crc = zlib.crc32(memoryview(content)[start - 4 : end])
            _require(content[end : end + 4] == crc.to_bytes(4, "big"))
            parts.append(slice(start - 8, end + 4))
        else:
            _require(bool(name[0] & _ANCILLARY))
        data.setdefault(name, slice(start, end))
    _require(next(iter(data)) == b"IHDR" and b"IDAT" in data)
    return _png_header(content, data, tuple(parts))


def _png_header(content: bytes, data: dict[bytes, slice], parts: tuple[slice, ...]) -> Header:
    _require(data[b"IHDR"].stop - data[b"IHDR"].start == _IHDR.size)
    width, height, depth, colour, *_ = _unpack(_IHDR, content, data[b"IHDR"].start)
    _require(width > 0 and height > 0 and depth in _BIT_DEPTHS.get(colour, ()))
    transparency = content[data[b"tRNS"]] if b"tRNS" in data else b""
    exif = content[data[b"eXIf"]] if b"eXIf" in data else b""
    stored_samples = 4 if transparency else max(_SAMPLES[colour], _RGB_BYTES)
    keyed_grey = colour == _GREY and len(transparency) == _U16.size
    widen = 1 if depth == 16 else 255 // (2**depth - 1)  # noqa: PLR2004  (bits per sample)
    return Header(
        status=Status.OK,
        stored_wh=(width, height),
        orientation=_exif_orientation(exif),
        has_alpha=bool(colour & _ALPHA) or bool(transparency),
        transparent_grey=_U16.unpack(transparency)[0] * widen if keyed_grey else None,
        working_bytes=width * height * (stored_samples * max(depth // 8, 1) + _RGB_BYTES),
        pixel_parts=parts,
    )


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of the data of each chunk, up to and with IEND."""
    at = len(_PNG_SIGNATURE)
    for _ in range(_MAX_SEGMENTS):
        _require(at + _CHUNK_FRAME <= len(content))
        length, name = _CHUNK.unpack_from(content, at)
        start = at + _CHUNK.size
        at = start + length + 4
        _require(at <= len(content))
        yield name, start, start + length
        if name == b"IEND":
            return
    raise _RefusedError(Status.CORRUPT_IMAGE)


# --- WebP ---------------------------------------------------------------------------------------

_RIFF_CHUNK = struct.Struct("<4sI")
_FIRST_WEBP_CHUNK = 12
_VP8X_ANIMATION, _VP8X_ALPHA = 0x02, 0x10
_VP8L_MAGIC = 0x2F
_VP8_START_CODE = b"\x9d\x01\x2a"
_SIDE_MASK = 0x3FFF
"""Sides are 14 bit numbers in both bit streams."""
_LOSSLESS_BYTES, _LOSSY_BYTES = 11, 7
"""Working memory per pixel: RGBA (and the lossless decoder's ARGB) beside the RGB result."""


def _read_webp(content: bytes) -> Header:
    (_, size) = _RIFF_CHUNK.unpack_from(content)
    end = size + _RIFF_CHUNK.size
    _require(_FIRST_WEBP_CHUNK < end <= len(content))
    data: dict[bytes, slice] = {}
    for name, part in _webp_chunks(content, end):
        data.setdefault(name, part)
    flags = content[data[b"VP8X"]][0] if b"VP8X" in data else 0
    _require(not flags & _VP8X_ANIMATION and b"ANIM" not in data, Status.ANIMATED_IMAGE)
    lossless = b"VP8L" in data
    width, height, alpha = _vp8l_frame(content, data) if lossless else _vp8_frame(content, data)
    pixel_bytes = _LOSSLESS_BYTES if lossless else _LOSSY_BYTES
    return Header(
        status=Status.OK,
        stored_wh=(width, height),
        orientation=_exif_orientation(content[data[b"EXIF"]] if b"EXIF" in data else b""),
        has_alpha=alpha or bool(flags & _VP8X_ALPHA),
        working_bytes=width * height * pixel_bytes,
        pixel_parts=(slice(0, end),),
    )


def _webp_chunks(content: bytes, end: int) -> Iterator[tuple[bytes, slice]]:
    at = _FIRST_WEBP_CHUNK
    for _ in range(_MAX_SEGMENTS):
        if at + _RIFF_CHUNK.size > end:
            return
        name, length = _RIFF_CHUNK.unpack_from(content, at)
        start = at + _RIFF_CHUNK.size
        _require(0 < length <= end - start)
        yield name, slice(start, start + length)
        at = start + length + length % 2
    raise _RefusedError(Status.CORRUPT_IMAGE)


def _vp8l_frame(content: bytes, data: dict[bytes, slice]) -> tuple[int, int, bool]:
    magic, bits = _unpack(struct.Struct("<BI"), content, data[b"VP8L"].start)
    _require(magic == _VP8L_MAGIC)
    return (bits & _SIDE_MASK) + 1, (bits >> 14 & _SIDE_MASK) + 1, bool(bits >> 28 & 1)


def _vp8_frame(content: bytes, data: dict[bytes, slice]) -> tuple[int, int, bool]:
    _require(b"VP8 " in data)
    start = data[b"VP8 "].start + 3
    width, height = _unpack(struct.Struct("<HH"), content, start + 3)
    width, height = width & _SIDE_MASK, height & _SIDE_MASK
    _require(content[start : start + 3] == _VP8_START_CODE and width > 0 and height > 0)
    return width, height, b"ALPH" in data


# --- Exif ---------------------------------------------------------------------------------------

_ORIENTATION_TAG, _SHORT = 0x0112, 3


def _exif_orientation(exif: bytes) -> int:
    """Orientation 1..8 from IFD0 of an Exif block; 1 where it says nothing usable."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < struct.calcsize("4sI"):
        return 1
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    entry = struct.Struct(order + "HHIH2x")
    if directory + _U16.size > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    first = directory + _U16.size
    count = min(count, (len(tiff) - first) // entry.size)
    for tag, kind, values, value in entry.iter_unpack(tiff[first : first + count * entry.size]):
        if tag == _ORIENTATION_TAG:
            return value if (kind, values) == (_SHORT, 1) and value in range(1, 9) else 1
    return 1


_FORMATS: dict[str, tuple[re.Pattern[bytes], Callable[[bytes], Header]]] = {
    "jpeg": (re.compile(rb"\xff\xd8"), _read_jpeg),
    "png": (re.compile(rb"\x89PNG"), _read_png),
    "webp": (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _read_webp),
}
"""Signature and reader of each format that is accepted."""

"""Pictures and picture files made in code, for the tests of whatever reads files."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fvs.records import Pixels

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
"""PNG colour types."""


def scene(width: int = 120, height: int = 80, seed: int = 0) -> Pixels:
    """A smooth colourful picture without symmetry, so that every turn of it differs."""
    phase = np.random.default_rng(seed).uniform(0, 6, 3)
    y, x = np.mgrid[:height, :width]
    waves = (x / 17 + y / 90, y / 13 - x / 70, (x + 2 * y) / 29)
    channels = [127 + 100 * np.sin(wave + shift) for wave, shift in zip(waves, phase, strict=True)]
    fade = 1 - 0.4 * x / width - 0.2 * y / height
    return np.asarray(np.stack(channels, -1) * fade[..., np.newaxis], np.uint8)


def encode(pixels: Pixels | Image.Image, file_format: str, **options) -> bytes:
    """Write with Pillow; `options` are Pillow's."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def exif_block(orientation: int, *, order: str = "<", kind: int = 3, count: int = 1) -> bytes:
    """An Exif block whose IFD0 holds a width and an orientation."""
    byte_order = b"II" if order == "<" else b"MM"
    header = byte_order + struct.pack(order + "HI", 42, 8)
    width = struct.pack(order + "HHIHH", 0x0100, 3, 1, 640, 0)
    entry = struct.pack(order + "HHIHH", 0x0112, kind, count, orientation, 0)
    directory = struct.pack(order + "H", 2) + width + entry + bytes(4)
    return b"Exif\0\0" + header + directory


# --- JPEG


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """One marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def after_soi(jpeg: bytes, inserted: bytes) -> bytes:
    """Put segments at the beginning of a JPEG."""
    return jpeg[:2] + inserted + jpeg[2:]


def edit_frame(jpeg: bytes, marker: int | None = None, **fields: int) -> bytes:
    """Change a JPEG's frame header: its marker, `precision`, `height` or `width`."""
    at = next(jpeg.index(bytes((0xFF, sof))) for sof in (0xC0, 0xC2) if bytes((0xFF, sof)) in jpeg)
    precision, height, width = struct.unpack_from(">BHH", jpeg, at + 4)
    values = {"precision": precision, "height": height, "width": width} | fields
    frame = struct.pack(">BHH", values["precision"], values["height"], values["width"])
    kind = jpeg[at + 1] if marker is None else marker
    return jpeg[:at] + bytes((0xFF, kind)) + jpeg[at + 2 : at + 4] + frame + jpeg[at + 9 :]


def last_scan(jpeg: bytes) -> bytes:
    """The last scan with its Huffman table, without EOI."""
    return jpeg[jpeg.rindex(b"\xff\xc4") : -2]


# --- PNG


def png_chunk(name: bytes, data: bytes) -> bytes:
    """One chunk with its right CRC."""
    return struct.pack(">I", len(data)) + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png_ihdr(width: int, height: int, depth: int = 8, colour: int = RGB) -> bytes:
    """The header chunk."""
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png_file(ihdr: bytes, unpacked: bytes, *extra: bytes) -> bytes:
    """A PNG of a header chunk, filtered rows and chunks to put before IDAT."""
    return png_of(ihdr, *extra, png_chunk(b"IDAT", zlib.compress(unpacked, 1)))


def png_of(*chunks: bytes) -> bytes:
    """A PNG of the given chunks, with signature and IEND."""
    return PNG_SIGNATURE + b"".join(chunks) + png_chunk(b"IEND", b"")


def png_rows(samples: np.ndarray) -> bytes:
    """Unfiltered rows of (H, W) or (H, W, C) samples of 8 or 16 bits."""
    big_endian = samples.astype(samples.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big_endian)


def flat_png(width: int, height: int, depth: int, colour: int, *extra: bytes) -> bytes:
    """A black PNG of any size."""
    return striped_png(png_ihdr(width, height, depth, colour), b"\0", height, *extra)


def striped_png(ihdr: bytes, pattern: bytes, height: int, *extra: bytes) -> bytes:
    """A PNG of equal rows, packed without holding it unpacked.

    Args:
        ihdr: the header chunk.
        pattern: the filter type and first bytes of each row, repeated to its length.
        height: rows.
        extra: chunks to put before the data.
    """
    width, _, depth, colour = struct.unpack_from(">IIBB", ihdr, 8)
    samples = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}[colour]
    length = -(-width * samples * depth // 8)
    stripes = pattern[1:] or bytes(1)
    row = pattern[:1] + (stripes * -(-length // len(stripes)))[:length]
    packer = zlib.compressobj(1)
    idat = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    return png_of(ihdr, *extra, png_chunk(b"IDAT", idat))


# --- WebP


def riff_chunk(name: bytes, data: bytes) -> bytes:
    """One chunk, padded to an even length."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp_of(chunks: Iterable[bytes]) -> bytes:
    """A WebP of the given chunks."""
    return riff_chunk(b"RIFF", b"WEBP" + b"".join(chunks))

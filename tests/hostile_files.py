"""Files that are broken, hostile or merely odd, each with the status it must end in."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from fvs.status import Status
from tests.pictures import (
    GREY,
    PALETTE,
    PNG_SIGNATURE,
    RGB,
    RGBA,
    after_soi,
    edit_frame,
    encode,
    flat_png,
    jpeg_segment,
    last_scan,
    png_chunk,
    png_file,
    png_ihdr,
    png_of,
    png_rows,
    riff_chunk,
    scene,
    webp_of,
)

PICTURE = scene(160, 120)
JPEG = encode(PICTURE, "JPEG", quality=90)
PROGRESSIVE = encode(PICTURE, "JPEG", progressive=True)
PNG = encode(PICTURE, "PNG")
WEBP = encode(PICTURE, "WEBP")
LOSSLESS = encode(PICTURE, "WEBP", lossless=True)
IHDR = png_ihdr(160, 120)
ROWS = png_rows(PICTURE)

Kind = tuple[Callable[[], bytes], Status]


def _animation(file_format: str) -> bytes:
    frames = [Image.fromarray(scene(64, 64, seed)) for seed in range(3)]
    return encode(frames[0], file_format, save_all=True, append_images=frames[1:])


@cache
def _zeros() -> bytes:
    """64 MB that deflate to 64 kB."""
    return zlib.compress(bytes(64 << 20), 9)


def _flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes((content[at] ^ 0xFF,)) + content[at + 1 :]


def _many_scans(width: int, height: int, repeats: int) -> bytes:
    jpeg = encode(Image.new("L", (width, height), 90), "JPEG", progressive=True)
    return jpeg[:-2] + last_scan(jpeg) * repeats + jpeg[-2:]


def _grey_canvas(canvas: int) -> bytes:
    """VP8X header of a square canvas before a lossy frame of 160 x 120."""
    side = (canvas - 1).to_bytes(3, "little")
    return webp_of([riff_chunk(b"VP8X", bytes(4) + side + side), WEBP[12:]])


FOREIGN: dict[str, Kind] = {
    name: (make, Status.UNSUPPORTED_FORMAT)
    for name, make in {
        "one byte": lambda: b"\xff",
        "zeros": lambda: bytes(5000),
        "text": lambda: b"this is no picture\n" * 50,
        "html": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
        "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' width='99' height='99'/>",
        "pdf": lambda: b"%PDF-1.7\n" + bytes(500),
        "zip": lambda: b"PK\x03\x04" + bytes(500),
        "deflate bomb": _zeros,
        "heic": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500),
        "avif": lambda: encode(PICTURE, "AVIF"),
        "jpeg 2000": lambda: encode(PICTURE, "JPEG2000"),
        "gif": lambda: encode(PICTURE, "GIF"),
        "animated gif": lambda: _animation("GIF"),
        "bmp": lambda: encode(PICTURE, "BMP"),
        "tiff": lambda: encode(PICTURE, "TIFF"),
        "ppm": lambda: encode(PICTURE, "PPM"),
        "wave sound": lambda: b"RIFF\x24\0\0\0WAVEfmt " + bytes(28),
        "base64 of a jpeg": lambda: b"/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD",
        "jpeg, lossless frame": lambda: edit_frame(JPEG, 0xC3),
        "jpeg, arithmetic frame": lambda: edit_frame(JPEG, 0xC9),
        "jpeg, 12 bits": lambda: edit_frame(JPEG, 0xC1, precision=12),
    }.items()
}

BROKEN: dict[str, Kind] = {
    name: (make, Status.CORRUPT_IMAGE)
    for name, make in {
        "jpeg, start only": lambda: b"\xff\xd8",
        "jpeg, start and end only": lambda: b"\xff\xd8\xff\xd9",
        "jpeg, cut in its header": lambda: JPEG[:200],
        "jpeg, first quarter": lambda: JPEG[: len(JPEG) // 4],
        "jpeg, first half": lambda: JPEG[: len(JPEG) // 2],
        "jpeg, without its last two bytes": lambda: JPEG[:-2],
        "jpeg, second half zeros": lambda: JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2),
        "jpeg, cut and closed": lambda: JPEG[: len(JPEG) // 2] + b"\xff\xd9",
        "jpeg, cut late and closed": lambda: JPEG[:-200] + b"\xff\xd9",
        "jpeg, huge frame, little data": lambda: edit_frame(JPEG, width=8000, height=6000),
        "jpeg, progressive, cut": lambda: PROGRESSIVE[: len(PROGRESSIVE) // 2],
        "jpeg, width 0": lambda: edit_frame(JPEG, width=0),
        "jpeg, height 0": lambda: edit_frame(JPEG, height=0),
        "jpeg, two frames": lambda: after_soi(
            JPEG, jpeg_segment(0xC0, b"\x08\0\x40\0\x40\x01\x01\x11\0")
        ),
        "jpeg, two components": lambda: (
            b"\xff\xd8" + jpeg_segment(0xC0, b"\x08\0\x40\0\x40\x02\1\x11\0\2\x11\0") + JPEG[-2:]
        ),
        "jpeg, sampling factor 0": lambda: (
            b"\xff\xd8" + jpeg_segment(0xC0, b"\x08\0\x40\0\x40\x01\1\x01\0") + JPEG[-2:]
        ),
        "jpeg, frame without scans": lambda: JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9",
        "jpeg, no quantisation tables": lambda: JPEG.replace(b"\xff\xdb", b"\xff\xfe"),
        "jpeg, segment past the end": lambda: after_soi(JPEG, b"\xff\xfe\xff\xff"),
        "jpeg, segment of length 0": lambda: after_soi(JPEG, b"\xff\xfe\0\0"),
        "jpeg, 30,000 comments": lambda: after_soi(JPEG, b"\xff\xfe\0\x02" * 30_000),
        "jpeg, 15 MB of entropy-coded data without end": lambda: JPEG[:-2] + b"\xff\0" * 7_400_000,
        "jpeg, 15 MB of fill bytes": lambda: JPEG[:-2] + b"\xff" * 14_900_000,
        "jpeg, start twice": lambda: after_soi(JPEG, b"\xff\xd8"),
        "png, signature only": lambda: PNG_SIGNATURE,
        "png, sent as text": lambda: PNG.replace(b"\r\n", b"\n"),
        "png, first half": lambda: PNG[: len(PNG) // 2],
        "png, without its end": lambda: PNG[:-12],
        "png, bit error in the data": lambda: _flip(PNG, len(PNG) // 2),
        "png, bit error in the header": lambda: _flip(PNG, 18),
        "png, width 0": lambda: png_file(png_ihdr(0, 120), ROWS),
        "png, colour type 5": lambda: png_file(png_ihdr(160, 120, 8, 5), ROWS),
        "png, bit depth 3": lambda: png_file(png_ihdr(160, 120, 3, GREY), ROWS),
        "png, short header": lambda: png_of(png_chunk(b"IHDR", b"\0\0\0\x40")),
        "png, no data": lambda: png_of(IHDR),
        "png, data before header": lambda: png_of(png_chunk(b"IDAT", zlib.compress(ROWS)), IHDR),
        "png, no palette": lambda: flat_png(64, 64, 8, PALETTE),
        "png, half the rows": lambda: png_file(IHDR, ROWS[: len(ROWS) // 2]),
        "png, unknown filter": lambda: png_file(IHDR, b"\x09" + ROWS[1:]),
        "png, data not deflated": lambda: png_of(IHDR, png_chunk(b"IDAT", b"abcdefgh")),
        "png, cut deflate stream": lambda: png_of(
            IHDR, png_chunk(b"IDAT", zlib.compress(ROWS)[:500])
        ),
        "png, unknown critical chunk": lambda: png_file(IHDR, ROWS, png_chunk(b"ABCD", b"")),
        "png, chunk of 4 GB": lambda: PNG_SIGNATURE + IHDR + b"\xff\xff\xff\xffIDAT" + bytes(99),
        "png, 1,000,000 empty chunks": lambda: png_file(
            IHDR, ROWS, png_chunk(b"teST", b"") * 1_000_000
        ),
        "webp, header only": lambda: b"RIFF\x04\0\0\0WEBP",
        "webp, first half": lambda: WEBP[: len(WEBP) // 2],
        "webp, lossless, first half": lambda: LOSSLESS[: len(LOSSLESS) // 2],
        "webp, cut and closed": lambda: webp_of(
            [riff_chunk(b"VP8 ", WEBP[20 : len(WEBP) // 2])],
        ),
        "webp, lossless, cut and closed": lambda: webp_of(
            [riff_chunk(b"VP8L", LOSSLESS[20 : len(LOSSLESS) // 2])],
        ),
        "webp, size beyond the file": lambda: WEBP[:4] + b"\xff\xff\xff\x7f" + WEBP[8:],
        "webp, size before its data": lambda: WEBP[:4] + b"\x06\0\0\0" + WEBP[8:],
        "webp, canvas without picture": lambda: webp_of([riff_chunk(b"VP8X", bytes(10))]),
        "webp, canvas of another size": lambda: _grey_canvas(64),
        "webp, wrong start code": lambda: webp_of([riff_chunk(b"VP8 ", b"\0\0\0\1\2\3@\0@\0")]),
        "webp, lossless, wrong magic": lambda: webp_of([riff_chunk(b"VP8L", bytes(20))]),
        "webp, lossless, noise": lambda: webp_of(
            [riff_chunk(b"VP8L", LOSSLESS[20:25] + np.random.default_rng(0).bytes(4000))]
        ),
        "webp, 1,000,000 empty chunks": lambda: webp_of([b"junk\1\0\0\0\0\0" * 1_000_000]),
    }.items()
}

REFUSED: dict[str, Kind] = {
    "empty": (lambda: b"", Status.EMPTY_FILE),
    "16 MB": (lambda: JPEG + bytes(16_000_000), Status.FILE_TOO_LARGE),
    "animated png": (lambda: _animation("PNG"), Status.ANIMATED_IMAGE),
    "animated webp": (lambda: _animation("WEBP"), Status.ANIMATED_IMAGE),
    "jpeg, 1 x 1": (lambda: encode(scene(1, 1), "JPEG"), Status.IMAGE_TOO_SMALL),
    "png, 1 x 1": (lambda: encode(scene(1, 1), "PNG"), Status.IMAGE_TOO_SMALL),
    "webp, 1 x 1": (lambda: encode(scene(1, 1), "WEBP"), Status.IMAGE_TOO_SMALL),
    "png, 100,000 x 8": (lambda: flat_png(100_000, 8, 8, RGB), Status.IMAGE_TOO_SMALL),
    "jpeg, 65,500 x 65,500": (
        lambda: edit_frame(JPEG, width=65_500, height=65_500),
        Status.TOO_MANY_PIXELS,
    ),
    "png, 60,000 x 60,000": (
        lambda: png_file(png_ihdr(60_000, 60_000), ROWS),
        Status.TOO_MANY_PIXELS,
    ),
    "png, 2**31 x 2**31": (
        lambda: png_file(png_ihdr(2**31 - 1, 2**31 - 1), ROWS),
        Status.TOO_MANY_PIXELS,
    ),
    "webp, 16,383 x 16,383": (
        lambda: webp_of([riff_chunk(b"VP8 ", bytes(3) + b"\x9d\x01\x2a\xff\x3f\xff\x3f")]),
        Status.TOO_MANY_PIXELS,
    ),
    "webp, lossless, 16,384 x 16,384": (
        lambda: webp_of([riff_chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(50))]),
        Status.TOO_MANY_PIXELS,
    ),
    "png, 16-bit rgba, 48 megapixels": (
        lambda: png_file(png_ihdr(8000, 6000, 16, RGBA), ROWS),
        Status.TOO_MANY_PIXELS,
    ),
    "jpeg, 1,000 scans of 12 megapixels": (
        lambda: _many_scans(4000, 3000, 1000),
        Status.TOO_MANY_PIXELS,
    ),
}

ODD: dict[str, Kind] = {
    name: (make, Status.OK)
    for name, make in {
        "jpeg": lambda: JPEG,
        "jpeg, progressive": lambda: PROGRESSIVE,
        "jpeg, video behind its end": lambda: JPEG + b"\0\0\0\x18ftypmp42" + bytes(100_000),
        "jpeg, second picture behind its end": lambda: JPEG + JPEG,
        "jpeg, mid-grey to the last pixel": lambda: encode(
            np.full((64, 64, 3), 128, np.uint8), "JPEG"
        ),
        "jpeg, exif of nonsense": lambda: after_soi(
            JPEG, jpeg_segment(0xE1, b"Exif\0\0II*\0" + b"\xff" * 200)
        ),
        "jpeg, empty exif": lambda: after_soi(JPEG, jpeg_segment(0xE1, b"Exif\0\0")),
        "jpeg, 200 segments of profile": lambda: after_soi(
            JPEG, jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes(60_000)) * 200
        ),
        "jpeg, fill bytes and junk between segments": lambda: after_soi(JPEG, b"\xff\xff\xff\0\1"),
        "jpeg, 1,000 scans of 0.1 megapixels": lambda: _many_scans(400, 300, 1000),
        "png": lambda: PNG,
        "png, trailing bytes": lambda: PNG + bytes(5000),
        "png, 32 MB more than its rows": lambda: png_of(
            IHDR, png_chunk(b"IDAT", zlib.compress(ROWS + bytes(32 << 20), 1))
        ),
        "png, text bomb of 1 GB": lambda: png_file(
            IHDR, ROWS, *[png_chunk(b"zTXt", b"a\0\0" + _zeros())] * 16
        ),
        "png, profile bomb of 64 MB": lambda: png_file(
            IHDR, ROWS, png_chunk(b"iCCP", b"a\0\0" + _zeros())
        ),
        "png, wrong crc in a comment": lambda: png_file(
            IHDR, ROWS, struct.pack(">I", 4) + b"tEXtabcd" + bytes(4)
        ),
        "png, palette index out of range": lambda: png_file(
            png_ihdr(160, 120, 8, PALETTE), png_rows(PICTURE[..., 0]), png_chunk(b"PLTE", bytes(9))
        ),
        "webp": lambda: WEBP,
        "webp, lossless": lambda: LOSSLESS,
        "webp, trailing bytes": lambda: WEBP + bytes(5000),
    }.items()
}

HOSTILE: dict[str, Kind] = {**REFUSED, **FOREIGN, **BROKEN, **ODD}

"""Seeded damage to picture files; as a program, decode many and report the worst.

`python -m tests.fuzz.mutations COUNT SEED` prints one JSON line. It runs as a process of its own,
so that a crash of a decoder is an exit code and the peak of memory is its alone.
"""

from __future__ import annotations

import json
import struct
import sys
import time
import zlib
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from fvs.image import decode_images
from fvs.status import Status
from tests.decode_worker import peak_mb
from tests.pictures import PNG_SIGNATURE, after_soi, encode, exif_block, jpeg_segment, scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

_MAX_STRETCH = 64
"""Bytes that one mutation touches at most, but for cuts."""


@cache
def seeds() -> tuple[bytes, ...]:
    """Sound files of all formats and kinds, small enough to decode by the thousand."""
    picture = scene(97, 64)
    rgba = np.dstack([picture, picture[..., 0]])
    oriented = jpeg_segment(0xE1, exif_block(6))
    return (
        after_soi(encode(picture, "JPEG", quality=90), oriented),
        encode(picture, "JPEG", progressive=True),
        encode(picture, "JPEG", restart_marker_blocks=4),
        encode(picture[..., 0], "JPEG"),
        encode(picture, "PNG"),
        encode(picture[..., 0], "PNG", transparency=9),
        encode(rgba, "PNG", exif=exif_block(5)),
        encode(picture, "WEBP"),
        encode(picture, "WEBP", lossless=True, exif=exif_block(8)),
        encode(rgba, "WEBP"),
    )


def _flip_bits(content: bytes, rng: Generator) -> bytes:
    damaged = bytearray(content)
    for at in rng.integers(0, len(content), rng.integers(1, 9)):
        damaged[at] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def _overwrite(content: bytes, rng: Generator) -> bytes:
    at, stretch = int(rng.integers(len(content))), rng.bytes(int(rng.integers(1, _MAX_STRETCH)))
    return content[:at] + stretch + content[at + len(stretch) :]


def _overwrite_head(content: bytes, rng: Generator) -> bytes:
    at = int(rng.integers(min(len(content), 2 * _MAX_STRETCH)))
    return content[:at] + rng.bytes(int(rng.integers(1, 5))) + content[at + 4 :]


def _insert(content: bytes, rng: Generator) -> bytes:
    at = int(rng.integers(len(content)))
    return content[:at] + rng.bytes(int(rng.integers(1, _MAX_STRETCH))) + content[at:]


def _delete(content: bytes, rng: Generator) -> bytes:
    at = int(rng.integers(len(content)))
    return content[:at] + content[at + int(rng.integers(1, _MAX_STRETCH)) :]


def _cut(content: bytes, rng: Generator) -> bytes:
    return content[: int(rng.integers(len(content)))]


def _repeat(content: bytes, rng: Generator) -> bytes:
    first, last = sorted(rng.integers(0, len(content), 2).tolist())
    return content[:last] + content[first:last] * int(rng.integers(1, 4)) + content[last:]


def _splice(content: bytes, rng: Generator) -> bytes:
    other = seeds()[int(rng.integers(len(seeds())))]
    return content[: int(rng.integers(len(content)))] + other[int(rng.integers(len(other))) :]


def _extreme_number(content: bytes, rng: Generator) -> bytes:
    number = rng.choice([b"\0\0", b"\xff\xff", b"\x7f\xff", b"\0\0\0\0", b"\xff\xff\xff\xff"])
    at = int(rng.integers(len(content)))
    return content[:at] + bytes(number) + content[at + len(number) :]


MUTATIONS: tuple[Callable[[bytes, Generator], bytes], ...] = (
    _flip_bits,
    _overwrite,
    _overwrite_head,
    _insert,
    _delete,
    _cut,
    _repeat,
    _splice,
    _extreme_number,
)


def repaired(content: bytes) -> bytes:
    """Make the checksums and lengths right again, so that the damage reaches the decoder."""
    if content[:4] == b"RIFF":
        return content[:4] + struct.pack("<I", max(len(content) - 8, 0)) + content[8:]
    if content[:2] == b"\xff\xd8":
        return content + b"\xff\xd9"
    return _with_right_crcs(content) if content.startswith(PNG_SIGNATURE) else content


def _with_right_crcs(png: bytes) -> bytes:
    fixed, at = bytearray(png), len(PNG_SIGNATURE)
    while at + 12 <= len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        if end + 4 <= len(png):
            fixed[end : end + 4] = zlib.crc32(png[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(fixed)


def mutant(rng: Generator) -> bytes:
    """One damaged file: a sound one, hit once to three times, every other time repaired."""
    content = seeds()[int(rng.integers(len(seeds())))]
    for _ in range(int(rng.integers(1, 4))):
        content = MUTATIONS[int(rng.integers(len(MUTATIONS)))](content, rng) or b"\0"
    return repaired(content) if rng.integers(2) else content


def broken_promise(content: bytes) -> str:
    """What is wrong with the row that a file ends in; empty where nothing is."""
    images = decode_images([content])
    status, pixels = Status(int(images.status[0])), images.pixels_rgb[0]
    if (pixels is not None) != (status == Status.OK):
        return f"{status.name} with pixels {pixels is not None}"
    width, height = images.native_wh[0].tolist()
    if pixels is not None and (pixels.shape, pixels.dtype) != ((height, width, 3), np.uint8):
        return f"{pixels.shape} {pixels.dtype} for {width} x {height}"
    return ""


def main() -> None:
    """Decode COUNT mutants of SEED."""
    cv2.setNumThreads(1)
    count, rng = int(sys.argv[1]), np.random.default_rng(int(sys.argv[2]))
    outcomes: Counter[str] = Counter()
    slowest_s, broken = 0.0, []
    for _ in range(count):
        content = mutant(rng)
        begun = time.process_time()
        images = decode_images([content])
        slowest_s = max(slowest_s, time.process_time() - begun)
        outcomes[Status(int(images.status[0])).name] += 1
        broken += [fault] if (fault := broken_promise(content)) else []
    report = {"outcomes": outcomes, "slowest_s": slowest_s, "peak_mb": peak_mb(), "broken": broken}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()

"""What a picture file says about itself, read without decoding a pixel.

Part of the stage `image`. The walk goes through the whole file structure once: it finds the size
for the caps, proves that the file is complete (libjpeg would fill a missing half with grey), and
notes the few segments that hold pixels. The decoder is given those and nothing else, so comments,
colour profiles, thumbnails and trailing bytes never reach it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fvs.image_header.base import Header, RefusedError
from fvs.image_header.jpeg import read_jpeg
from fvs.image_header.png import read_png
from fvs.image_header.webp import read_webp
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Header", "read_header"]

_FORMATS: dict[str, tuple[re.Pattern[bytes], Callable[[bytes], Header]]] = {
    "jpeg": (re.compile(rb"\xff\xd8"), read_jpeg),
    "png": (re.compile(rb"\x89PNG"), read_png),
    "webp": (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), read_webp),
}
"""Signature and reader of each format that is accepted."""


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
            except RefusedError as refusal:
                return Header(status=refusal.status, file_format=file_format)
    return Header(status=Status.UNSUPPORTED_FORMAT)

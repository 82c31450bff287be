"""Stage 1: files' bytes -> upright RGB pictures.

1. The file's own header is read (`read_header`) and held against the limits: nothing too large,
   incomplete or animated reaches a decoder.
2. The parts that hold pixels are decoded, at a fraction of the size where that serves.
3. Transparency is laid on white and the picture is turned upright.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from fvs.errors import UsageError
from fvs.image_header import Header, read_header
from fvs.records import Images
from fvs.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fvs.records import Pixels

__all__ = ["DecodeLimits", "Header", "decode_images", "read_header"]


@dataclass(frozen=True, kw_only=True)
class DecodeLimits:
    """What a file may ask for; all are checked before decoding.

    Attributes:
        max_bytes: file size.
        max_pixels: width times height.
        min_side_px: shorter side; below it no face can be large enough to be compared.
        max_working_bytes: memory that decoding may take, estimated from the header; with the
            libraries' own 60 MB it keeps one file under 500 MB. It refuses progressive JPEG
            without chroma subsampling above 44 megapixels.
        max_working_ms: CPU time that decoding may take, estimated likewise; it refuses a JPEG
            with hundreds of scans, 8-bit RGBA PNG above 35 megapixels and 16-bit RGB above 27.
    """

    max_bytes: int = 15_000_000
    max_pixels: int = 50_000_000
    min_side_px: int = 32
    max_working_bytes: int = 400_000_000
    max_working_ms: int = 1_200

    def __post_init__(self) -> None:
        """Refuse limits that no file could meet.

        Raises:
            UsageError: a limit below 1.
        """
        wrong = [item.name for item in fields(self) if getattr(self, item.name) < 1]
        if wrong:
            raise UsageError(f"limits below 1: {', '.join(wrong)}", advice="Give positive limits.")


class _Row(NamedTuple):
    """One row of `Images`."""

    status: Status
    pixels_rgb: Pixels | None = None
    native_wh: tuple[int, int] = (0, 0)
    scale: float = 1.0
    file_format: str = ""


_DEFAULT_LIMITS = DecodeLimits()


def decode_images(
    files: Sequence[bytes],
    *,
    limits: DecodeLimits = _DEFAULT_LIMITS,
    min_long_side_px: int | None = None,
) -> Images:
    """Decode JPEG, PNG and WebP files, each on its own: a bad file spoils only its own row.

    Args:
        files: N whole files.
        limits: what a file may ask for.
        min_long_side_px: decode at the strongest of 1, 1/2, 1/4 and 1/8 whose long side is at
            least this (inside the decoder for JPEG, which saves most of its time); None decodes
            in full.

    Returns:
        N rows in the order of `files`.

    Raises:
        UsageError: `files` holds something else than bytes, or `min_long_side_px` is below 1.
    """
    if not all(isinstance(content, bytes) for content in files):
        raise UsageError("decode_images takes a sequence of bytes", advice="Read the files first.")
    if min_long_side_px is not None and min_long_side_px < 1:
        raise UsageError(
            f"min_long_side_px is {min_long_side_px}", advice="Give 1 or more, or None."
        )
    rows = [_decode(content, limits, min_long_side_px or 0) for content in files]
    return Images(
        status=np.array([row.status for row in rows], np.uint8),
        pixels_rgb=tuple(row.pixels_rgb for row in rows),
        native_wh=np.array([row.native_wh for row in rows], np.int64).reshape(-1, 2),
        scale=np.array([row.scale for row in rows], np.float64),
        file_format=tuple(row.file_format for row in rows),
    )


def _decode(content: bytes, limits: DecodeLimits, min_long_side_px: int) -> _Row:
    if len(content) > limits.max_bytes:
        return _Row(Status.FILE_TOO_LARGE)
    header = read_header(content)
    status = _refusal(header, limits)
    shrink = _shrink(header, min_long_side_px)
    pixels = _pixels(content, header, shrink) if status == Status.OK else None
    if status == Status.OK and pixels is None:
        status = Status.CORRUPT_IMAGE
    return _Row(
        status=status,
        pixels_rgb=pixels,
        native_wh=header.native_wh,
        scale=1 / shrink,
        file_format=header.file_format,
    )


def _refusal(header: Header, limits: DecodeLimits) -> Status:
    """The header's own status, or the limit that the picture breaks, or OK."""
    if header.status != Status.OK:
        return header.status
    width, height = header.native_wh
    if min(width, height) < limits.min_side_px:
        return Status.IMAGE_TOO_SMALL
    if (
        width * height > limits.max_pixels
        or header.working_bytes > limits.max_working_bytes
        or header.working_ms > limits.max_working_ms
    ):
        return Status.TOO_MANY_PIXELS
    return Status.OK


_SHRINKS = (8, 4, 2)
"""Strengths of scaled decoding that OpenCV offers, strongest first."""

_COLOUR_FLAGS = {
    1: cv2.IMREAD_COLOR_RGB,
    # The grey names differ from the colour ones only by the bit that means BGR.
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_COLOR_RGB,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4 | cv2.IMREAD_COLOR_RGB,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_COLOR_RGB,
}


def _shrink(header: Header, min_long_side_px: int) -> int:
    """By how much to divide the sides: 1, 2, 4 or 8."""
    if min_long_side_px == 0:
        return 1
    long_side = max(header.native_wh)
    return next((by for by in _SHRINKS if -(-long_side // by) >= min_long_side_px), 1)


def _pixels(content: bytes, header: Header, shrink: int) -> Pixels | None:
    """Decode, flatten and turn; None where the decoder gives up or contradicts the header."""
    is_jpeg = header.file_format == "jpeg"
    in_decoder = shrink if is_jpeg else 1
    flags = cv2.IMREAD_UNCHANGED if header.has_alpha else _COLOUR_FLAGS[in_decoder]
    file = b"".join(content[part] for part in header.pixel_parts)
    decoded = _imdecode(file, flags)
    width, height = header.stored_wh
    if decoded is None or decoded.shape[:2] != (-(-height // in_decoder), -(-width // in_decoder)):
        return None
    if is_jpeg and _is_cut_short(file, decoded):
        return None
    pixels = _on_white(decoded, header.transparent_grey) if header.has_alpha else decoded
    return _upright(_shrunk(pixels, shrink // in_decoder), header.orientation)


def _imdecode(file: bytes, flags: int) -> np.ndarray | None:
    try:
        decoded = cv2.imdecode(np.frombuffer(file, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if decoded is None else np.asarray(decoded)


_FILLING = 128
"""libjpeg shows missing data as mid grey: all coefficients zero."""
_PROBE = bytes(range(0xFF))


def _is_cut_short(jpeg: bytes, decoded: np.ndarray) -> bool:
    """Whether a JPEG that was cut and closed again with EOI ends in filling.

    Only a mid-grey last pixel is suspicious. Then bytes put before EOI tell: a complete scan
    ignores what follows it, an incomplete one decodes it and changes the picture.
    """
    if np.any(decoded[-1, -1] != _FILLING):
        return False
    probed = jpeg[:-2] + _PROBE + jpeg[-2:]
    original, longer = (_imdecode(file, _COLOUR_FLAGS[8]) for file in (jpeg, probed))
    return original is None or longer is None or not np.array_equal(original, longer)


_STRIP_PX = 1 << 17
"""Pixels composited at a time: the intermediates stay in the cache, five times as fast."""

_SIXTEEN_TO_EIGHT = 255 / 65535
_GREY_NDIM, _RGBA_CHANNELS = 2, 4


def _on_white(decoded: np.ndarray, transparent_grey: int | None) -> Pixels:
    """Lay a grey, BGR or BGRA picture of 8 or 16 bits on white: what a person would see."""
    height, width = decoded.shape[:2]
    rgb = np.empty((height, width, 3), np.uint8)
    rows = max(_STRIP_PX // width, 1)
    for top in range(0, height, rows):
        rgb[top : top + rows] = _strip_on_white(decoded[top : top + rows], transparent_grey)
    return rgb


def _strip_on_white(strip: np.ndarray, transparent_grey: int | None) -> Pixels:
    samples = strip if strip.itemsize == 1 else cv2.convertScaleAbs(strip, alpha=_SIXTEEN_TO_EIGHT)
    if strip.ndim == _GREY_NDIM:
        grey = np.where(strip == transparent_grey, np.uint8(255), samples)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
    if strip.shape[-1] != _RGBA_CHANNELS:
        return np.asarray(cv2.cvtColor(samples, cv2.COLOR_BGR2RGB), np.uint8)
    colour = cv2.cvtColor(samples, cv2.COLOR_BGRA2RGB)
    alpha = cv2.cvtColor(cv2.extractChannel(samples, 3), cv2.COLOR_GRAY2RGB)
    covered = cv2.multiply(colour, alpha, scale=1 / 255)
    return np.asarray(cv2.add(covered, cv2.bitwise_not(alpha)), np.uint8)


def _shrunk(pixels: Pixels, by: int) -> Pixels:
    """Average blocks of `by` x `by` pixels, edges repeated to whole blocks as JPEG encoders do."""
    if by == 1:
        return pixels
    height, width = pixels.shape[:2]
    whole = cv2.copyMakeBorder(
        pixels, 0, -height % by, 0, -width % by, borderType=cv2.BORDER_REPLICATE
    )
    size = (whole.shape[1] // by, whole.shape[0] // by)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def _upright(stored: Pixels, orientation: int) -> Pixels:
    """Undo an Exif orientation (CIPA DC-008, tag 0x0112); `stored` may be overwritten."""
    turned = cv2.transpose(stored) if orientation in _TRANSPOSED else stored
    if orientation in _FLIPS:
        turned = cv2.flip(turned, _FLIPS[orientation], dst=turned)  # in place, to save memory
    return np.asarray(turned, np.uint8)


_TRANSPOSED = frozenset({5, 6, 7, 8})
_FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}
"""After transposing: 1 mirrors left and right, 0 top and bottom, -1 both (`cv2.flip`)."""

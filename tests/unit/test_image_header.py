"""Tests of `fvs.image_header`: what a file says of itself."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.image_header import read_header
from fvs.image_header.base import exif_orientation
from fvs.status import Status
from tests.pictures import (
    GREY,
    RGB,
    RGBA,
    after_soi,
    encode,
    exif_block,
    flat_png,
    jpeg_segment,
    png_chunk,
    png_file,
    png_ihdr,
    png_rows,
    scene,
)

FORMATS = ("JPEG", "PNG", "WEBP")
JPEG = encode(scene(), "JPEG")


def test_no_bytes_are_an_empty_file():
    """Nothing has no format and no size."""
    header = read_header(b"")
    assert (header.status, header.file_format, header.native_wh) == (Status.EMPTY_FILE, "", (0, 0))


@pytest.mark.parametrize("file_format", FORMATS)
@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_size_is_read(file_format, width, height):
    """Width and height are the picture's, for all sizes."""
    header = read_header(encode(np.zeros((height, width, 3), np.uint8), file_format))
    assert header.status == Status.OK
    assert header.file_format == file_format.lower()
    assert header.stored_wh == header.native_wh == (width, height)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", FORMATS)
def test_sideways_pictures_swap_their_sides(file_format, orientation):
    """The native size is the upright one."""
    content = encode(scene(60, 40), file_format, exif=exif_block(orientation))
    header = read_header(content)
    assert header.orientation == orientation
    assert header.stored_wh == (60, 40)
    assert header.native_wh == ((40, 60) if orientation >= 5 else (60, 40))


class TestExif:
    """The small reader of TIFF directories."""

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_both_byte_orders(self, orientation, order):
        """Intel and Motorola order say the same."""
        assert exif_orientation(exif_block(orientation, order=order)) == orientation

    def test_prefix_is_optional(self):
        """PNG and WebP hold the TIFF block without the prefix of JPEG."""
        assert exif_orientation(exif_block(6).removeprefix(b"Exif\0\0")) == 6

    @pytest.mark.parametrize(
        "exif",
        [
            b"",
            b"Exif\0\0",
            b"II*\0",
            b"XX*\0\x08\0\0\0",
            b"II*\0\xff\xff\xff\xff",
            exif_block(0),
            exif_block(9),
            exif_block(65535),
            exif_block(6, kind=2),
            exif_block(6, count=2),
            exif_block(6)[:-14],
        ],
        ids=lambda exif: exif[:24].hex() or "empty",
    )
    def test_nonsense_is_upright(self, exif):
        """What cannot be understood turns nothing."""
        assert exif_orientation(exif) == 1

    @given(st.binary(max_size=80))
    def test_any_bytes_are_read(self, tail):
        """No block raises, and none leaves 1..8."""
        for head in (b"", b"Exif\0\0II*\0", b"MM\0*"):
            assert exif_orientation(head + tail) in range(1, 9)

    def test_entry_count_beyond_the_block_is_clipped(self):
        """A directory that claims 65,535 entries is read as far as it goes."""
        block = bytearray(exif_block(3))
        block[14:16] = struct.pack("<H", 65535)
        assert exif_orientation(bytes(block)) == 3

    def test_first_block_of_a_jpeg_counts(self):
        """A second Exif segment changes nothing."""
        two = jpeg_segment(0xE1, exif_block(6)) + jpeg_segment(0xE1, exif_block(3))
        assert read_header(after_soi(JPEG, two)).orientation == 6

    def test_png_block_behind_the_data_counts(self):
        """`eXIf` may follow `IDAT`."""
        png = flat_png(40, 40, 8, GREY)
        exif = png_chunk(b"eXIf", exif_block(8).removeprefix(b"Exif\0\0"))
        assert read_header(png[:-12] + exif + png[-12:]).orientation == 8


class TestPixelParts:
    """The decoder is given what it needs and nothing else."""

    def parts(self, content):
        """Joined pixel parts."""
        return b"".join(content[part] for part in read_header(content).pixel_parts)

    @pytest.mark.parametrize("marker", [0xE1, 0xE2, 0xED, 0xFE])
    def test_jpeg_metadata_is_left_out(self, marker):
        """Exif, profiles, captions, comments and what follows the end do not reach it."""
        content = after_soi(JPEG, jpeg_segment(marker, b"secret")) + b"trailer"
        assert self.parts(content) == JPEG

    @pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iCCP", b"eXIf", b"gAMA"])
    def test_png_metadata_is_left_out(self, name):
        """Ancillary chunks but transparency do not reach it, whatever their checksum."""
        rows = png_rows(scene(40, 40))
        plain = png_file(png_ihdr(40, 40), rows)
        chunk = png_chunk(name, b"secret")[:-4] + b"0000"
        assert self.parts(png_file(png_ihdr(40, 40), rows, chunk) + b"trailer") == plain

    def test_transparency_is_kept(self):
        """`tRNS` belongs to the picture."""
        content = encode(scene()[..., 0], "PNG", transparency=7)
        assert b"tRNS" in self.parts(content)
        assert read_header(content).transparent_grey == 7


class TestCost:
    """Estimates of memory and time."""

    @pytest.mark.parametrize(
        ("depth", "colour", "factor"), [(8, RGB, 6), (8, RGBA, 8), (16, RGBA, 16)]
    )
    def test_png_memory_grows_with_depth_and_alpha(self, depth, colour, factor):
        """Twice the bytes of the decoded picture: OpenCV holds it twice."""
        assert read_header(flat_png(50, 40, depth, colour)).working_bytes == 50 * 40 * factor

    def test_progressive_jpeg_holds_its_coefficients(self):
        """4:4:4 progressive needs two bytes for each of three samples beside the pixels."""
        pixels = scene(64, 64)
        baseline = read_header(encode(pixels, "JPEG", subsampling=0))
        progressive = read_header(encode(pixels, "JPEG", subsampling=0, progressive=True))
        assert baseline.working_bytes == 64 * 64 * 6
        assert progressive.working_bytes == 64 * 64 * 9
        assert progressive.working_ms > baseline.working_ms

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_larger_pictures_cost_more(self, file_format):
        """Four times the pixels cost more of both."""
        small, large = (read_header(encode(scene(side, side), file_format)) for side in (64, 128))
        assert large.working_bytes == 4 * small.working_bytes
        assert large.working_ms > small.working_ms


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8X"]),
    st.binary(max_size=200),
)
def test_any_content_is_read(signature, rest):
    """No content raises, and a header that is OK has a size and pixel parts."""
    header = read_header(signature + rest)
    if header.status == Status.OK:
        assert min(header.native_wh) > 0
        assert header.pixel_parts

"""Tests of `fvs.image`: files' bytes -> upright RGB pictures."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

import fvs.image
from fvs.errors import UsageError
from fvs.image import DecodeLimits, decode_images
from fvs.status import Status
from tests.pictures import (
    GREY,
    GREY_ALPHA,
    RGB,
    RGBA,
    encode,
    exif_block,
    png_chunk,
    png_file,
    png_ihdr,
    png_rows,
    scene,
)

FORMATS = {"jpeg": {"quality": 95}, "png": {}, "webp": {"lossless": True}}
SCENE = scene()


def decoded(content, **options):
    """The pixels of one file that must be fine."""
    images = decode_images([content], **options)
    assert images.status.tolist() == [Status.OK]
    return images.pixels_rgb[0]


def by_pillow(content):
    """What a person sees, by Pillow: upright, on white."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB"))
    rgba = picture.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))


def largest_difference(one, other):
    """Largest absolute difference of two pictures of one size."""
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def same_rows(one, other):
    """Whether two batches hold the same rows."""
    columns = ("status", "native_wh", "scale")
    return (
        all(np.array_equal(getattr(one, c), getattr(other, c), equal_nan=True) for c in columns)
        and one.file_format == other.file_format
        and all(
            (p is None and q is None) or np.array_equal(p, q)
            for p, q in zip(one.pixels_rgb, other.pixels_rgb, strict=True)
        )
    )


@pytest.fixture
def batch():
    """Sound and broken files, mixed."""
    jpeg, png = encode(SCENE, "JPEG"), encode(scene(64, 90, 1), "PNG")
    return [b"", jpeg, b"text", jpeg[:-2], png, png[:-20], encode(SCENE, "WEBP"), jpeg + b"tail"]


class TestBatch:
    """Rows are independent and in order."""

    def test_empty_batch(self):
        """No files give no rows, with columns of the right shape."""
        images = decode_images([])
        assert len(images) == 0
        assert images.native_wh.shape == (0, 2)
        assert images.native_wh.dtype == np.int64

    def test_rows_are_described(self, batch):
        """Status, format and size of each file stand in its row."""
        images = decode_images(batch)
        assert images.status.tolist() == [10, 0, 12, 16, 0, 16, 0, 0]
        assert images.file_format == ("", "jpeg", "", "jpeg", "png", "png", "webp", "jpeg")
        assert images.native_wh[[0, 1, 4]].tolist() == [[0, 0], [120, 80], [64, 90]]
        assert [p is not None for p in images.pixels_rgb] == images.ok.tolist()
        assert all(
            p.dtype == np.uint8 and p.flags.c_contiguous for p in images.pixels_rgb if p is not None
        )

    def test_batch_equals_one_by_one(self, batch):
        """A bad neighbour changes nothing."""
        alone = [decode_images([content]) for content in batch]
        assert same_rows(decode_images(batch), type(alone[0]).concatenate(alone))

    @settings(deadline=None, max_examples=20)
    @given(order=st.permutations(range(8)))
    def test_permutation(self, order):
        """Permuted files give permuted rows."""
        files = [
            encode(scene(40 + i, 40), "PNG")[: -i or None] if i % 2 else b"x" * i for i in range(8)
        ]
        permuted = decode_images([files[i] for i in order])
        assert same_rows(permuted, decode_images(files).take(order))

    @pytest.mark.parametrize("files", [b"abc", ["path.jpg"], [None], [SCENE]])
    def test_other_things_than_bytes_are_a_mistake(self, files):
        """Paths and arrays are refused with advice."""
        with pytest.raises(UsageError) as mistake:
            decode_images(files)
        assert mistake.value.advice

    @pytest.mark.parametrize("side", [0, -1])
    def test_long_side_below_one_is_a_mistake(self, side):
        """0 does not mean "in full": None does."""
        with pytest.raises(UsageError, match="min_long_side_px"):
            decode_images([], min_long_side_px=side)

    def test_limits_below_one_are_a_mistake(self):
        """The names of all wrong limits are given."""
        with pytest.raises(UsageError, match="max_bytes, min_side_px"):
            DecodeLimits(max_bytes=0, min_side_px=-1)


def adobe_transform(jpeg, transform):
    """Declare CMYK (0) or YCCK (2) in the Adobe segment."""
    at = jpeg.index(b"Adobe") + 11
    return jpeg[:at] + bytes((transform,)) + jpeg[at + 1 :]


def low_depth_grey(depth, *extra):
    """A grey PNG of 1, 2 or 4 bits with all its values, and chunks such as tRNS."""
    row = b"\0" + bytes(range(256))
    return png_file(png_ihdr(256 * 8 // depth, 64, depth, GREY), row * 64, *extra)


PICTURE = Image.fromarray(SCENE)
ALPHA = np.dstack(
    [SCENE, np.linspace(0, 255, SCENE.shape[1], dtype=np.uint8)[np.newaxis].repeat(80, 0)]
)
KINDS = {
    "jpeg": (encode(SCENE, "JPEG"), 0),
    "jpeg progressive": (encode(SCENE, "JPEG", progressive=True), 0),
    "jpeg 4:4:4": (encode(SCENE, "JPEG", subsampling=0), 0),
    "jpeg restarts": (encode(SCENE, "JPEG", restart_marker_blocks=2), 0),
    "jpeg rgb": (encode(SCENE, "JPEG", keep_rgb=True), 0),
    "jpeg grey": (encode(PICTURE.convert("L"), "JPEG"), 0),
    "jpeg cmyk": (encode(PICTURE.convert("CMYK"), "JPEG"), 1),
    "jpeg ycck": (adobe_transform(encode(PICTURE.convert("CMYK"), "JPEG"), 2), 1),
    "png": (encode(SCENE, "PNG"), 0),
    "png grey": (encode(PICTURE.convert("L"), "PNG"), 0),
    "png grey alpha": (encode(Image.fromarray(ALPHA).convert("LA"), "PNG"), 1),
    "png rgba": (encode(ALPHA, "PNG"), 1),
    "png 1 bit": (encode(PICTURE.convert("1"), "PNG"), 0),
    "png 2 bit": (low_depth_grey(2), 0),
    "png 4 bit": (low_depth_grey(4), 0),
    "png palette": (encode(PICTURE.quantize(16), "PNG"), 0),
    "png palette, transparent": (encode(PICTURE.quantize(16), "PNG", transparency=3), 0),
    "png grey, transparent": (encode(PICTURE.convert("L"), "PNG", transparency=100), 0),
    "png rgb, transparent": (encode(SCENE, "PNG", transparency=tuple(SCENE[5, 5].tolist())), 0),
    "webp": (encode(SCENE, "WEBP"), 0),
    "webp grey": (encode(PICTURE.convert("L"), "WEBP"), 0),
    "webp lossless": (encode(SCENE, "WEBP", lossless=True), 0),
    "webp alpha": (encode(ALPHA, "WEBP"), 1),
    "webp lossless alpha": (encode(ALPHA, "WEBP", lossless=True, exact=True), 1),
}


class TestKinds:
    """All kinds of samples give (H, W, 3) uint8 RGB, as Pillow sees them."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_as_pillow_sees_it(self, kind):
        """Equal to Pillow; a rounding of 1 where colours are mixed (alpha, CMYK)."""
        content, tolerance = KINDS[kind]
        assert largest_difference(decoded(content), by_pillow(content)) <= tolerance

    @pytest.mark.parametrize("colour", [GREY, RGB, GREY_ALPHA, RGBA])
    def test_sixteen_bits_are_rounded_to_eight(self, colour):
        """Divided by 257 and laid on white, with floating point as the oracle."""
        channels = {GREY: 1, RGB: 3, GREY_ALPHA: 2, RGBA: 4}[colour]
        wide = np.random.default_rng(colour).integers(0, 65536, (64, 50, channels), dtype=np.uint16)
        content = png_file(png_ihdr(50, 64, 16, colour), png_rows(wide))
        unit = wide / 65535
        opacity = unit[..., -1:] if channels in (2, 4) else 1.0
        seen = unit[..., : channels - (channels + 1) % 2] * opacity + 1 - opacity
        expected = np.broadcast_to(np.rint(seen * 255), (64, 50, 3))
        assert largest_difference(decoded(content), expected) <= 1

    def test_sixteen_bit_grey_with_a_transparent_value(self):
        """The value is compared in 16 bits: its 8-bit neighbours stay."""
        wide = np.full((40, 40), 0x4001, np.uint16)
        wide[:, :20] = 0x4000
        content = png_file(
            png_ihdr(40, 40, 16, GREY), png_rows(wide), png_chunk(b"tRNS", b"\x40\0")
        )
        assert np.unique(decoded(content)[:, :20]).tolist() == [255]
        assert np.unique(decoded(content)[:, 20:]).tolist() == [64]

    @pytest.mark.parametrize("depth", [1, 2, 4, 8])
    def test_grey_with_a_transparent_value(self, depth):
        """The transparent value of any depth is white, the others stay."""
        plain = decoded(low_depth_grey(depth))
        seen = decoded(low_depth_grey(depth, png_chunk(b"tRNS", struct.pack(">H", 1))))
        hidden = np.all(plain == 255 // (2**depth - 1), axis=-1)
        assert hidden.any()
        assert np.array_equal(seen, np.where(hidden[..., np.newaxis], 255, plain))


class TestTransparency:
    """What a person sees is what is compared."""

    def test_every_colour_under_every_alpha(self):
        """round((c * a + 255 * (255 - a)) / 255) exactly, for all 65,536 pairs."""
        colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
        rgba = np.stack([colour, 255 - colour, colour // 2, alpha], -1).astype(np.uint8)
        exact = (rgba[..., :3] * alpha[..., None] + 255 * (255 - alpha[..., None])) / 255
        assert np.array_equal(decoded(encode(rgba, "PNG")), np.rint(exact))

    @pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
    def test_hidden_colour_does_not_matter(self, file_format):
        """Two pictures that differ only where they are transparent are one."""
        first, second = ALPHA.copy(), ALPHA.copy()
        first[..., 3] = second[..., 3] = np.where(ALPHA[..., 0] > 90, 255, 0)
        second[first[..., 3] == 0, :3] = (255, 0, 9)
        options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
        files = [encode(rgba, file_format, **options) for rgba in (first, second)]
        assert files[0] != files[1]
        assert np.array_equal(decoded(files[0]), decoded(files[1]))


class TestOrientation:
    """Pictures come upright."""

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("file_format", FORMATS)
    def test_as_pillow_turns_it(self, file_format, orientation):
        """All eight Exif orientations in all formats, and the native size is the upright one."""
        content = encode(SCENE, file_format, exif=exif_block(orientation), **FORMATS[file_format])
        images = decode_images([content])
        pixels = images.pixels_rgb[0]
        assert np.array_equal(pixels, by_pillow(content))
        assert images.native_wh[0].tolist() == [pixels.shape[1], pixels.shape[0]]
        assert pixels.flags.c_contiguous

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("file_format", FORMATS)
    def test_scaled_pictures_turn_too(self, file_format, orientation):
        """Scaling and turning commute."""
        options = FORMATS[file_format]
        turned = encode(SCENE, file_format, exif=exif_block(orientation), **options)
        small = decoded(encode(SCENE, file_format, **options), min_long_side_px=60)
        lying = encode(small, "PNG", exif=exif_block(orientation))
        assert np.array_equal(decoded(turned, min_long_side_px=60), by_pillow(lying))


def test_png_and_lossless_webp_are_one_picture():
    """The container does not change a pixel, nor does scaled decoding of it."""
    for side in (None, 120, 60, 30, 15):
        png, webp = (
            decoded(encode(scene(121, 83), f, **FORMATS[f]), min_long_side_px=side)
            for f in ("png", "webp")
        )
        assert np.array_equal(png, webp)


def block_means(pixels, by):
    """Means of by x by blocks, edges repeated: the slow oracle of scaled decoding."""
    height, width = pixels.shape[:2]
    whole = np.pad(pixels, ((0, -height % by), (0, -width % by), (0, 0)), mode="edge")
    blocks = whole.reshape(whole.shape[0] // by, by, whole.shape[1] // by, by, 3)
    return blocks.astype(float).mean(axis=(1, 3))


class TestScaled:
    """Decoding at a fraction of the size."""

    @pytest.mark.parametrize("by", [2, 4, 8])
    @pytest.mark.parametrize("file_format", ["png", "webp"])
    def test_equals_block_means(self, file_format, by):
        """PNG and WebP are averaged over blocks, to a rounding."""
        content = encode(scene(203, 117), file_format, **FORMATS[file_format])
        scaled = decoded(content, min_long_side_px=-(-203 // by))
        assert np.abs(scaled - block_means(decoded(content), by)).max() <= 0.5

    @pytest.mark.parametrize("by", [2, 4, 8])
    def test_jpeg_is_scaled_in_the_transform(self, by):
        """Close to the area average: at most 6 levels anywhere, 1 in the mean."""
        content = encode(scene(203, 117), "JPEG", quality=95, subsampling=0)
        scaled = decoded(content, min_long_side_px=-(-203 // by))
        difference = np.abs(scaled - block_means(decoded(content), by))[:-1, :-1]
        assert difference.max() <= 6
        assert difference.mean() <= 1

    @settings(deadline=None, max_examples=60)
    @given(
        width=st.integers(40, 300),
        height=st.integers(40, 300),
        side=st.integers(1, 400),
        file_format=st.sampled_from(sorted(FORMATS)),
    )
    def test_strongest_that_serves(self, width, height, side, file_format):
        """The long side stays at or above the wish unless the file's own is below."""
        images = decode_images([encode(scene(width, height), file_format)], min_long_side_px=side)
        pixels, scale = images.pixels_rgb[0], images.scale[0]
        by = round(1 / scale)
        assert by in (1, 2, 4, 8)
        assert pixels.shape[:2] == (-(-height // by), -(-width // by))
        long_side = max(width, height)
        assert by == 1 or -(-long_side // by) >= side
        assert by == 8 or -(-long_side // (2 * by)) < side
        assert images.native_wh[0].tolist() == [width, height]

    def test_in_full_without_a_wish(self):
        """None decodes in full."""
        images = decode_images([encode(scene(1000, 40), "JPEG")])
        assert images.scale.tolist() == [1.0]
        assert images.pixels_rgb[0].shape == (40, 1000, 3)


class TestLimits:
    """Limits hold before decoding."""

    @pytest.mark.parametrize(
        ("limits", "status"),
        [
            ({"max_bytes": 100}, Status.FILE_TOO_LARGE),
            ({"max_pixels": 120 * 80 - 1}, Status.TOO_MANY_PIXELS),
            ({"max_working_bytes": 120 * 80 * 6 - 1}, Status.TOO_MANY_PIXELS),
            ({"max_working_ms": 1}, Status.TOO_MANY_PIXELS),
            ({"min_side_px": 81}, Status.IMAGE_TOO_SMALL),
        ],
    )
    @pytest.mark.parametrize("file_format", FORMATS)
    def test_the_decoder_is_not_called(self, monkeypatch, file_format, limits, status):
        """A file beyond a limit ends in its status although any decoding would fail the test."""

        def decoder(*_):
            pytest.fail("the decoder was called")

        monkeypatch.setattr(fvs.image, "_imdecode", decoder)
        picture = scene(1200, 800) if "max_working_ms" in limits else SCENE
        content = encode(picture, file_format)
        images = decode_images([content], limits=DecodeLimits(**limits))
        assert images.status.tolist() == [status]
        assert images.pixels_rgb == (None,)

    @pytest.mark.parametrize("file_format", FORMATS)
    def test_limits_are_inclusive(self, file_format):
        """A file exactly at the limits is decoded."""
        content = encode(SCENE, file_format)
        exact = DecodeLimits(max_bytes=len(content), max_pixels=9600, min_side_px=80)
        assert decode_images([content], limits=exact).ok.all()

    def test_a_header_that_lies_is_corrupt(self, monkeypatch):
        """A decoded size other than the header's is not trusted."""
        monkeypatch.setattr(fvs.image, "_imdecode", lambda *_: np.zeros((80, 119, 3), np.uint8))
        assert decode_images([encode(SCENE, "PNG")]).status.tolist() == [Status.CORRUPT_IMAGE]

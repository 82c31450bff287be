"""Tests of `fvs.image` on hostile and costly files, measured in a process of their own."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fvs.image import decode_images
from fvs.status import Status
from tests.conftest import REPOSITORY
from tests.hostile_files import HOSTILE
from tests.pictures import (
    PALETTE,
    RGB,
    RGBA,
    encode,
    exif_block,
    flat_png,
    png_chunk,
    png_ihdr,
    scene,
    striped_png,
)

MAX_CPU_S, MAX_MB = 2.0, 500.0


def measured(files, folder):
    """Decode files in a process of its own, each measured; a crash of a decoder fails here."""
    for number, content in enumerate(files):
        (folder / f"{number:04}").write_bytes(content)
    command = [sys.executable, "-m", "tests.decode_worker", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_costs(reports):
    """Every file kept its promises within 2 s of CPU and 500 MB."""
    over = {
        name: report
        for name, report in reports.items()
        if not report["kept"] or report["cpu_s"] >= MAX_CPU_S or report["peak_mb"] >= MAX_MB
    }
    assert not over


class TestHostileFiles:
    """Whatever the file, it ends in its coded status, in time and in memory."""

    def test_there_are_enough(self):
        """At least 100 kinds, of all statuses that bytes can end in."""
        assert len(HOSTILE) >= 100
        assert {status for _, status in HOSTILE.values()} == {
            status for status in Status if status <= Status.CORRUPT_IMAGE
        }

    def test_each_ends_in_its_status(self, tmp_path):
        """The table of `tests.hostile_files`, 2 s of CPU and 500 MB for each."""
        rows = measured([make() for make, _ in HOSTILE.values()], tmp_path)
        reports = dict(zip(HOSTILE, rows, strict=True))
        wrong = {
            name for name, (_, status) in HOSTILE.items() if reports[name]["status"] != status.name
        }
        assert not wrong
        check_costs(reports)

    def test_together_in_one_batch(self):
        """All at once, between two sound files that come out unharmed."""
        sound = encode(scene(), "PNG")
        files = [sound, *(make() for make, _ in HOSTILE.values()), sound]
        images = decode_images(files)
        assert images.status.tolist() == [0, *(status for _, status in HOSTILE.values()), 0]
        assert np.array_equal(images.pixels_rgb[0], images.pixels_rgb[-1])


def noise(width, height, levels):
    """A picture that compresses badly."""
    return np.random.default_rng(0).integers(0, levels, (height, width, 3), dtype=np.uint8)


def costliest():
    """Sound files near the default limits, of each kind that costs differently."""
    tall = np.tile(scene(1000, 500), (10, 10, 1))
    yield "jpeg", encode(tall, "JPEG")
    yield "jpeg progressive", encode(tall, "JPEG", progressive=True)
    yield "jpeg cmyk", encode(Image.fromarray(tall).convert("CMYK"), "JPEG")
    yield "jpeg dense", encode(noise(2400, 2400, 256), "JPEG", quality=90, subsampling=0)
    yield "jpeg sideways", encode(tall, "JPEG", exif=exif_block(6))
    yield "webp", encode(tall, "WEBP", method=0)
    yield "webp dense", encode(noise(6000, 4000, 120), "WEBP", method=0, quality=85)
    yield "webp lossless", encode(tall // 32 * 32, "WEBP", lossless=True, method=0, quality=0)
    wide = tall[:, :7000]
    yield "webp alpha", encode(np.dstack([wide, wide[..., 0]]), "WEBP", method=0)
    paeth = b"\4" + np.random.default_rng(0).bytes(6000)
    widest = {(8, RGB): 10_000, (8, RGBA): 7000, (16, RGB): 5400, (16, RGBA): 3800}
    for (depth, colour), width in widest.items():
        ihdr = png_ihdr(width, 5000, depth, colour)
        yield f"png {depth} bit, colour type {colour}", striped_png(ihdr, paeth, 5000)
    palette = png_chunk(b"PLTE", bytes(768)) + png_chunk(b"tRNS", bytes(256))
    yield "png palette, transparent", flat_png(10_000, 5000, 8, PALETTE, palette)


@pytest.mark.slow
def test_the_costliest_accepted_files(tmp_path):
    """Sound files near the limits are decoded, within 2 s of CPU and 500 MB."""
    names, files = zip(*costliest(), strict=True)
    reports = dict(zip(names, measured(files, tmp_path), strict=True))
    assert {name: r for name, r in reports.items() if r["status"] != "OK"} == {}
    check_costs(reports)

"""Pages for tests: a browser with a camera that sees a face, and a server that it can reach."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from fvs.cli.demo_cases import build_cases
from fvs_server.app import create_app
from tests.server.identity_fixtures import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from fvs_server.wiring import Services

_CAMERA_WH = (640, 480)
_CAMERA_PICTURES = 10

SIZES = {"narrow": (320, 640), "wide": (1280, 900)}
"""WCAG 2.1, 1.4.10: what works at 320 px works at 1280 px and 400 % zoom."""


def chromium() -> str:
    """The browser's path; skips where there is none."""
    found = os.environ.get("FVS_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium here; name one in FVS_CHROMIUM")
    return found


def write_camera(path: Path, picture: bytes) -> None:
    """A film of one picture, whole and in the middle, as Chromium's fake camera plays it."""
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    width, height = _CAMERA_WH
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    seen = np.full((height, width, 3), 128, np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    seen[top : top + small.shape[0], left : left + small.shape[1]] = small
    _, encoded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, 95])
    path.write_bytes(encoded.tobytes() * _CAMERA_PICTURES)


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """Headless Chromium, whose camera sees the person of the demo's first selfie.

    For one module: while it runs, the thread has an event loop, which other tests must not find.
    """
    api = pytest.importorskip("playwright.sync_api")
    film = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    write_camera(film, next(c for c in build_cases() if c.name == "mated").selfie_jpeg)
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        yield opened
        opened.close()


@contextmanager
def page_of(browser: Browser, language: str = "en", size: str = "wide"):
    """A page that fails its test where a script fails or the content policy stops something."""
    width, height = SIZES[size]
    context = browser.new_context(
        locale={"en": "en-GB", "th": "th-TH"}[language],
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.grant_permissions(["camera"])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: _note(faults, message.type, message.text))
    try:
        yield page
    finally:
        context.close()
    assert not faults


def _note(faults: list[str], kind: str, text: str) -> None:
    # A refused request is told in the console too, and is what some tests are about.
    if kind == "error" and "Failed to load resource" not in text:
        faults.append(text)


@contextmanager
def site_of(services: Services) -> Iterator[str]:
    """The address of a server on the loopback."""
    with served(create_app(services)) as port:
        yield f"http://127.0.0.1:{port}"

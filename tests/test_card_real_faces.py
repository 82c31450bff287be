"""Which pictures of cards are refused because somebody else is in them; real weights."""

import cv2
import matplotlib.cbook
import numpy as np
import pytest
from PIL import Image
from skimage import data

from fvs.choose import choose_faces
from fvs.detect import detect_faces
from fvs.engine import FACE_SEARCHES
from fvs.network import Network, Runtime
from fvs.packs import Pack
from fvs.records import Faces, Pixels
from fvs.specimen import (
    CaptureConditions,
    conditions,
    degrade,
    head_and_shoulders,
    render_specimen_card,
    specimen_holder,
)
from fvs.status import Role, Status
from tests.faces import images

FRAME_PX = 1024
ASTRONAUT_XYXY = (180.0, 60.0, 271.0, 174.0)
PRESETS = {
    name: value
    for name, value in vars(conditions).items()
    if isinstance(value, CaptureConditions) and not name.startswith("_")
}


@pytest.fixture(scope="module")
def yunet(reference_pack: Pack) -> Network:
    """The reference pack's detector."""
    return Network(reference_pack.detector.manifest, reference_pack.detector.weights, Runtime())


@pytest.fixture(scope="module")
def card(yunet: Network) -> Pixels:
    """A specimen card of the woman on matplotlib's sample picture."""
    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(path) as file:
        picture = np.asarray(file.convert("RGB"))
    batch = images([picture])
    chosen = choose_faces(detect_faces(batch, yunet), batch, Role.SELFIE)
    portrait = head_and_shoulders(picture, tuple(chosen.xyxy_px[0].tolist()))
    return render_specimen_card(portrait, specimen_holder(1), seed=1)


def taken(picture: Pixels, network: Network) -> Faces:
    """The face that counts on a picture of a card."""
    batch = images([picture])
    return choose_faces(detect_faces(batch, network, FACE_SEARCHES[Role.CARD]), batch, Role.CARD)


def wide(picture: Pixels, width_px: int) -> Pixels:
    """Resized to this width."""
    height_px = width_px * picture.shape[0] // picture.shape[1]
    return cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)


def laid(picture: Pixels, on: Pixels, left: int, top: int) -> Pixels:
    """One picture on another."""
    both = on.copy()
    both[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return both


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_card_alone_passes(card: Pixels, yunet: Network, name: str) -> None:
    """The portrait is chosen, and its ghost is nobody else, whatever the camera did."""
    picture = degrade(card, PRESETS[name], 1)
    chosen = taken(picture, yunet)
    assert chosen.status.tolist() == [Status.OK]
    centre = (chosen.xyxy_px[0, 0] + chosen.xyxy_px[0, 2]) / 2
    assert centre / picture.shape[1] > 0.65


@pytest.mark.parametrize("percent", [20, 35, 50, 65, 80, 90])
@pytest.mark.parametrize("place", ["left", "middle"])
def test_somebody_who_holds_a_card(card: Pixels, yunet: Network, percent: int, place: str) -> None:
    """Refused, however small the card is in the hand."""
    person = cv2.resize(data.astronaut(), (FRAME_PX, FRAME_PX))
    held = wide(card, FRAME_PX * percent // 100)
    left = 0 if place == "left" else (FRAME_PX - held.shape[1]) // 2
    picture = laid(held, person, left, FRAME_PX - held.shape[0] - 5)
    assert taken(picture, yunet).status.tolist() == [Status.SEVERAL_FACES]


@pytest.mark.parametrize("percent", [40, 60, 90])
def test_two_cards(card: Pixels, yunet: Network, percent: int) -> None:
    """Refused: nobody can tell which is meant."""
    other = head_and_shoulders(data.astronaut(), ASTRONAUT_XYXY)
    second = render_specimen_card(other, specimen_holder(2), seed=2)
    table = np.full((FRAME_PX, FRAME_PX, 3), 150, np.uint8)
    small = wide(card, FRAME_PX * percent // 100)
    picture = laid(wide(second, 620), laid(small, table, 20, FRAME_PX - small.shape[0]), 100, 20)
    assert taken(picture, yunet).status.tolist() == [Status.SEVERAL_FACES]


@pytest.mark.parametrize("width_px", [150, 250, 400])
def test_a_card_on_a_magazine(card: Pixels, yunet: Network, width_px: int) -> None:
    """Refused: the face on the page is somebody else's."""
    page = np.full((1400, 1000, 3), 235, np.uint8)
    printed = wide(data.astronaut()[:200, 120:330], width_px)
    picture = laid(wide(card, 700), laid(printed, page, 40, 60), 200, 800)
    assert taken(picture, yunet).status.tolist() == [Status.SEVERAL_FACES]

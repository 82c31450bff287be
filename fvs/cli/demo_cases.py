"""The cases of `fvs demo`: people in the public domain, specimen cards, and what should happen.

Both portraits ship inside a dependency, so nothing is fetched. Everything else is made here by
fixed seeds, so that the same versions give the same pictures everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from fvs.errors import MissingExtraError
from fvs.lettering import Image
from fvs.raster import encode_jpeg
from fvs.specimen import (
    degrade,
    head_and_shoulders,
    render_specimen_card,
    specimen_holder,
)
from fvs.specimen.attack import PaperAttack, ScreenAttack, hold_up_print, replay_on_screen
from fvs.specimen.conditions import (
    DIM_ROOM,
    OFFICE_DESK,
    SELFIE_AT_WINDOW,
    SELFIE_IN_THE_DARK,
)
from fvs.specimen.selfie import take_selfie
from fvs.status import Outcome

try:
    from matplotlib import cbook
    from skimage import data
except ImportError as error:
    raise MissingExtraError(
        f"the demo's pictures ship inside {error.name}, which is not installed",
        advice='Install it with `pip install "face-verification-service[demo]"`.',
    ) from error

if TYPE_CHECKING:
    from fvs.records import Pixels

__all__ = ["Case", "build_cases"]

FILE_JPEG_QUALITY = 95
"""High, because the simulated cameras have compressed already."""
HOLDER_BORN = date(1989, 5, 17)
HOLDER_AGE_YEARS = 36
"""What the register would say of the invented holder, in the year this demo was made."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One verification of the demo.

    Attributes:
        name: also the stem of the files written.
        selfie_jpeg: the probe.
        card_jpeg: the reference.
        age_years: of the card's holder.
        expected: the outcome.
        expected_reason: a code that must be among the reasons; empty for none in particular.
        story: what the pictures are, in a few words.
        known_miss: why the networks of today may not see it; shown, and no failure of the demo.
            Empty where a miss is a failure.
    """

    name: str
    selfie_jpeg: bytes
    card_jpeg: bytes
    age_years: int
    expected: Outcome
    expected_reason: str = ""
    story: str
    known_miss: str = ""


@dataclass(frozen=True)
class _Person:
    """A portrait and its face's box, found once and kept, so that no pack changes the cards."""

    pixels_rgb: Pixels
    face_xyxy_px: tuple[float, float, float, float]


def build_cases() -> tuple[Case, ...]:
    """Make all pictures: genuine, stranger, attacks, bad light."""
    collins, hopper = _collins(), _hopper()
    card = _jpeg(degrade(_card(collins, seed=1), OFFICE_DESK, seed=1))
    dim_card = _jpeg(degrade(_card(hopper, seed=2), DIM_ROOM, seed=2))
    selfie = take_selfie(
        collins.pixels_rgb, collins.face_xyxy_px, SELFIE_AT_WINDOW, roll_deg=2.0, seed=3
    )
    other = take_selfie(
        hopper.pixels_rgb, hopper.face_xyxy_px, SELFIE_AT_WINDOW, roll_deg=-2.0, seed=4
    )
    dark = take_selfie(collins.pixels_rgb, collins.face_xyxy_px, SELFIE_IN_THE_DARK, seed=5)
    replayed = replay_on_screen(selfie, ScreenAttack(), seed=6)
    printed = hold_up_print(selfie, PaperAttack(), seed=7)
    close_up = hold_up_print(selfie, _filling_the_frame(PaperAttack()), seed=8)
    attack = (Outcome.INCONCLUSIVE, "presentation_attack_suspected")
    return (
        _case("mated", selfie, card, (Outcome.MATCH, ""), "Collins, card on a desk"),
        _case("mated-dim", other, dim_card, (Outcome.MATCH, ""), "Hopper, card in dim light"),
        _case("non-mated", other, card, (Outcome.NO_MATCH, ""), "Hopper with Collins's card"),
        _case("screen-replay", replayed, card, attack, "Collins's selfie on a screen"),
        _case("paper-print", printed, card, attack, "Collins's selfie on paper"),
        replace(
            _case("paper-close", close_up, card, attack, "the same, its edges out of the frame"),
            known_miss="the PAD networks look for the edges of a screen or sheet",
        ),
        _case("dark", dark, card, (Outcome.NOT_COMPARED, "too_dark"), "Collins in an unlit room"),
    )


def _case(
    name: str, selfie: Pixels, card_jpeg: bytes, expected: tuple[Outcome, str], story: str
) -> Case:
    outcome, reason = expected
    return Case(
        name=name,
        selfie_jpeg=_jpeg(selfie),
        card_jpeg=card_jpeg,
        age_years=HOLDER_AGE_YEARS,
        expected=outcome,
        expected_reason=reason,
        story=story,
    )


def _collins() -> _Person:
    """Eileen Collins, astronaut: NASA, no known copyright restrictions (scikit-image)."""
    pixels = data.astronaut()  # type: ignore[no-untyped-call]  # scikit-image types its stubs only
    return _Person(np.asarray(pixels, np.uint8), (180.0, 60.0, 271.0, 174.0))


def _hopper() -> _Person:
    """Grace Hopper, rear admiral: US Navy, public domain (matplotlib)."""
    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.uint8)
    return _Person(pixels, (175.0, 117.0, 354.0, 345.0))


def _card(person: _Person, seed: int) -> Pixels:
    portrait = head_and_shoulders(person.pixels_rgb, person.face_xyxy_px)
    holder = replace(specimen_holder(seed), born=HOLDER_BORN)
    return render_specimen_card(portrait, holder, seed=seed)


def _filling_the_frame(attack: PaperAttack) -> PaperAttack:
    """So near that neither border nor desk is seen."""
    capture = replace(attack.capture, card_share=1.2, yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0)
    return replace(attack, capture=capture)


def _jpeg(pixels_rgb: Pixels) -> bytes:
    return encode_jpeg(pixels_rgb, FILE_JPEG_QUALITY)

"""The table of presentation attack instrument species (ISO/IEC 30107-3, 3.1), by name."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from fvs.specimen.presentation.card import IdCard, hold_card
from fvs.specimen.presentation.prints import Paper, hold_paper
from fvs.specimen.presentation.screens import Screen, show_on_screen

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from fvs.records import Pixels
    from fvs.specimen.presentation.view import Box

__all__ = ["SPECIES", "Species", "present"]


@dataclass(frozen=True, kw_only=True)
class Species:
    """One kind of artefact.

    Attributes:
        kind: `print` or `replay`, the classes of the PAD networks.
        description: for tables.
        artefact: how it is made.
    """

    kind: Literal["print", "replay"]
    description: str
    artefact: Paper | IdCard | Screen


def _print(description: str, artefact: Paper | IdCard) -> Species:
    return Species(kind="print", description=description, artefact=artefact)


def _replay(description: str, artefact: Screen) -> Species:
    return Species(kind="replay", description=description, artefact=artefact)


_GLOSSY = {
    "face_mm": (45.0, 110.0),
    "lines_per_inch": (180.0, 300.0),
    "dot_swing": (0.05, 0.35),
    "grain_levels": (0.0, 2.0),
    "saturation": (0.85, 1.15),
    "black_level": (8.0, 30.0),
    "sheen": (0.0, 0.6),
}

_MONITOR = {
    "face_mm": (70.0, 150.0),
    "bezel_levels": (5.0, 60.0),
    "pixels_per_inch": (82.0, 140.0),
    "black_level": (3.0, 40.0),
    "reflection": (0.0, 0.15),
    "held": False,
}

SPECIES: Mapping[str, Species] = MappingProxyType(
    {
        "office_sheet": _print("laser print on office paper, edges seen", Paper()),
        "office_close": _print(
            "laser print on office paper, filling the frame", Paper(fills_frame=True)
        ),
        "glossy_photo": _print("glossy photo print, edges seen, sheen", Paper(**_GLOSSY)),  # type: ignore[arg-type]
        "glossy_close": _print(
            "glossy photo print, filling the frame", Paper(fills_frame=True, **_GLOSSY)  # type: ignore[arg-type]
        ),
        "newspaper": _print(
            "coarse dots on thin grey-yellow paper",
            Paper(
                lines_per_inch=(60, 90),
                dot_swing=(0.4, 0.9),
                grain_levels=(4, 11),
                saturation=(0.0, 0.7),
                black_level=(45, 85),
                white_rgb=(226, 220, 202),
                border_share=(0.0, 0.3),
            ),
        ),
        "cut_out": _print(
            "print cut along the face, mostly with eye holes, worn as a mask",
            Paper(eye_holes=True, face_mm=(120, 160), grain_levels=(0, 5), black_level=(10, 45)),
        ),
        "bent_sheet": _print(
            "laser print bent about an upright axis, edges seen",
            Paper(bend_over_face=(0.75, 1.6), picture_over_face=(1.3, 1.9)),
        ),
        "card_portrait": _print("portrait on an ID card, card around it seen", IdCard()),
        "card_close": _print(
            "portrait on an ID card, filling the frame",
            IdCard(fills_frame=True, portrait_over_face=(1.7, 2.6)),
        ),
        "phone": _replay("phone with an OLED panel, bezel seen", Screen(pentile=True)),
        "phone_close": _replay(
            "phone with an OLED panel, filling the frame", Screen(pentile=True, fills_frame=True)
        ),
        "tablet": _replay(
            "tablet with an LCD and a wide bezel, reflections",
            Screen(
                face_mm=(60, 110),
                bezel_share=(0.06, 0.18),
                bezel_levels=(5, 245),
                pixels_per_inch=(200, 270),
                reflection=(0.05, 0.35),
            ),
        ),
        "laptop": _replay(
            "glossy laptop with a strong reflection, refresh bands",
            Screen(
                face_mm=(60, 120),
                pixels_per_inch=(110, 220),
                letterbox_share=(0.0, 0.1),
                reflection=(0.15, 0.5),
                band_swing=(0.03, 0.15),
                held=False,
            ),
        ),
        "monitor": _replay("desktop monitor, bezel seen", Screen(**_MONITOR)),  # type: ignore[arg-type]
        "monitor_close": _replay(
            "desktop monitor, filling the frame", Screen(fills_frame=True, **_MONITOR)  # type: ignore[arg-type]
        ),
        "old_screen": _replay(
            "old coarse panel: milky blacks, cold white, strong shade and bands",
            Screen(
                face_mm=(70, 140),
                bezel_share=(0.03, 0.12),
                bezel_levels=(20, 220),
                pixels_per_inch=(60, 90),
                grid_swing=(0.3, 0.9),
                black_level=(30, 75),
                gamma=(0.7, 1.05),
                white_blue=(1.1, 1.5),
                saturation=(0.6, 0.95),
                band_swing=(0.05, 0.2),
                angle_shade=(0.2, 0.6),
                held=False,
            ),
        ),
    }
)  # fmt: skip
"""Name -> species, prints first."""


def present(
    name: str, picture_rgb: Pixels, face: Box, scale: float, rng: np.random.Generator
) -> tuple[Pixels, Box]:
    """Attack with one species.

    Args:
        name: a key of `SPECIES`.
        picture_rgb: (H, W, 3) uint8 RGB of the person to be attacked.
        face: the face's box in it, left, top, right, bottom in pixels.
        scale: frame pixels per pixel of the picture, at the face.
        rng: decides everything left open; the same state gives the same result.

    Returns:
        What a camera sends, (H', W', 3) uint8 RGB, and the face's box in it.

    Raises:
        KeyError: there is no such species.
    """
    artefact = SPECIES[name].artefact
    if isinstance(artefact, Paper):
        return hold_paper(artefact, picture_rgb, face, scale, rng)
    if isinstance(artefact, IdCard):
        return hold_card(artefact, picture_rgb, face, scale, rng)
    return show_on_screen(artefact, picture_rgb, face, scale, rng)

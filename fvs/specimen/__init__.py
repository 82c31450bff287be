"""Specimen ID cards by seed: rendered, printed, photographed, and attacked (extra `demo`).

`render_specimen_card` draws a card with any portrait, `degrade` turns it into the picture that a
verifier is sent, and `CaptureConditions` names every severity. Text is set in Sarabun; where
`fontpkg-sarabun` is missing the Thai lines are left out and only the Latin ones are drawn.
Importing this package needs Pillow; the engine never imports it.
"""

from fvs.specimen.conditions import CameraConditions, CaptureConditions, PrintConditions
from fvs.specimen.degradation import degrade
from fvs.specimen.holder import Holder, specimen_holder
from fvs.specimen.layout import CardStyle
from fvs.specimen.render import head_and_shoulders, render_specimen_card

__all__ = [
    "CameraConditions",
    "CaptureConditions",
    "CardStyle",
    "Holder",
    "PrintConditions",
    "degrade",
    "head_and_shoulders",
    "render_specimen_card",
    "specimen_holder",
]

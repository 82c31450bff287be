"""How far a picture is degraded: every severity by name and unit, and presets for real situations.

A severity of 0 (and a gain of 1) leaves the picture as it is, so that a degradation curve is
`dataclasses.replace(CLEAN, ...)` along one field.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "DIM_ROOM",
    "FLATBED_SCAN",
    "INKJET_COPY",
    "OFFICE_DESK",
    "PLAIN",
    "SELFIE_AT_WINDOW",
    "SELFIE_IN_THE_DARK",
    "WORN_CARD_UNDER_LAMP",
    "CameraConditions",
    "CaptureConditions",
    "PrintConditions",
]

Gains = tuple[float, float, float]
NEUTRAL: Gains = (1.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class PrintConditions:
    """What printing and wear do to flat artwork.

    Attributes:
        halftone_lines_per_inch: pitch of the dot screen, which is turned by 45 degrees.
        halftone_depth: swing of the screen in the mid-tones, 0 none (dye sublimation) to 1.
        grain_sd_levels: standard deviation of the paper's grain in 8-bit levels.
        saturation: 1 as the artwork, 0 grey.
        contrast: about mid-grey; 1 as the artwork.
        gain_rgb: per channel, for inks that shift or fade.
    """

    halftone_lines_per_inch: float = 133.0
    halftone_depth: float = 0.0
    grain_sd_levels: float = 0.0
    saturation: float = 1.0
    contrast: float = 1.0
    gain_rgb: Gains = NEUTRAL


@dataclass(frozen=True, kw_only=True)
class CameraConditions:
    """What light, lens, sensor and file do to a scene.

    Attributes:
        exposure_stops: brighter (+) or darker (-) by powers of two of light.
        light_falloff: share of the light lost from the brightest edge to the darkest, 0 to 1.
        gain_rgb: white balance error, per channel.
        glare_strength: 0 none to 1 burnt out at its centre.
        glare_radius: standard deviation of the spot over the frame's width.
        defocus_sigma_px: Gaussian blur.
        motion_px: length of a straight smear.
        noise_sd_levels: standard deviation of the sensor's noise in 8-bit levels.
        jpeg_quality: 1 to 100; None leaves the file uncompressed.
    """

    exposure_stops: float = 0.0
    light_falloff: float = 0.0
    gain_rgb: Gains = NEUTRAL
    glare_strength: float = 0.0
    glare_radius: float = 0.08
    defocus_sigma_px: float = 0.0
    motion_px: float = 0.0
    noise_sd_levels: float = 0.0
    jpeg_quality: int | None = None


@dataclass(frozen=True, kw_only=True)
class CaptureConditions:
    """A card as printed, held before a camera and photographed.

    Attributes:
        printed: ink and paper.
        camera: light, lens, sensor, file.
        frame_wh_px: size of the picture taken.
        card_share: width of the card over the frame's, 0 to 1.
        yaw_deg: the card's left or right edge turned away.
        pitch_deg: its upper or lower edge turned away.
        roll_deg: turned in the frame, counter-clockwise.
    """

    printed: PrintConditions = field(default_factory=PrintConditions)
    camera: CameraConditions = field(default_factory=CameraConditions)
    frame_wh_px: tuple[int, int] = (1600, 1200)
    card_share: float = 0.8
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


PLAIN = CaptureConditions()
"""Square to the camera, perfectly printed and lit: where degradation curves start."""

_CARD_PRINTER = PrintConditions(
    halftone_depth=0.06, grain_sd_levels=2.0, saturation=0.9, contrast=0.95
)
"""Dye-sublimation card printers have hardly any screen."""

FLATBED_SCAN = CaptureConditions(
    printed=_CARD_PRINTER,
    camera=CameraConditions(defocus_sigma_px=0.5, noise_sd_levels=1.0, jpeg_quality=90),
    card_share=0.97,
    roll_deg=0.6,
)
OFFICE_DESK = CaptureConditions(
    printed=_CARD_PRINTER,
    camera=CameraConditions(
        light_falloff=0.25,
        gain_rgb=(1.03, 1.0, 0.94),
        glare_strength=0.35,
        defocus_sigma_px=0.7,
        noise_sd_levels=2.5,
        jpeg_quality=85,
    ),
    yaw_deg=7.0,
    pitch_deg=-9.0,
    roll_deg=4.0,
)
DIM_ROOM = CaptureConditions(
    printed=_CARD_PRINTER,
    camera=CameraConditions(
        exposure_stops=-1.3,
        light_falloff=0.45,
        gain_rgb=(1.1, 1.0, 0.78),
        defocus_sigma_px=1.2,
        motion_px=5.0,
        noise_sd_levels=7.0,
        jpeg_quality=70,
    ),
    yaw_deg=-8.0,
    pitch_deg=-6.0,
    roll_deg=-3.0,
)
WORN_CARD_UNDER_LAMP = CaptureConditions(
    printed=PrintConditions(
        halftone_depth=0.1,
        grain_sd_levels=6.0,
        saturation=0.65,
        contrast=0.75,
        gain_rgb=(1.0, 0.99, 0.93),
    ),
    camera=CameraConditions(
        exposure_stops=0.4,
        light_falloff=0.35,
        glare_strength=0.9,
        glare_radius=0.1,
        defocus_sigma_px=0.9,
        noise_sd_levels=3.0,
        jpeg_quality=80,
    ),
    yaw_deg=5.0,
    pitch_deg=-12.0,
    roll_deg=2.0,
)
INKJET_COPY = CaptureConditions(
    printed=PrintConditions(
        halftone_lines_per_inch=85.0,
        halftone_depth=0.35,
        grain_sd_levels=5.0,
        saturation=0.7,
        contrast=0.85,
    ),
    camera=CameraConditions(
        light_falloff=0.2, defocus_sigma_px=0.8, noise_sd_levels=3.0, jpeg_quality=80
    ),
    pitch_deg=-5.0,
)

SELFIE_AT_WINDOW = CameraConditions(
    exposure_stops=0.2,
    light_falloff=0.3,
    gain_rgb=(0.97, 1.0, 1.06),
    defocus_sigma_px=0.6,
    noise_sd_levels=2.0,
    jpeg_quality=85,
)
SELFIE_IN_THE_DARK = CameraConditions(
    exposure_stops=-7.0,
    light_falloff=0.4,
    gain_rgb=(1.08, 1.0, 0.85),
    defocus_sigma_px=2.0,
    motion_px=9.0,
    noise_sd_levels=3.0,
    jpeg_quality=60,
)

"""Which captures are refused: the lowest scalar of each component that may pass.

Calibrated on the pool pictures only: ordinary sharp photographs pass, ruined ones do not.
A component without a minimum is measured and shown but refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

from fvs.errors import UsageError
from fvs.quality.scale import BEST

__all__ = ["QualityPolicy"]


@dataclass(frozen=True, kw_only=True)
class QualityPolicy:
    """Lowest scalars (0..100) that may pass, by component; 0 refuses nothing.

    Raises:
        UsageError: a minimum is outside 0..100.
    """

    inter_eye_distance: float = 0.0
    head_size: float = 0.0
    leftward_crop: float = 0.0
    rightward_crop: float = 0.0
    margin_above: float = 0.0
    margin_below: float = 0.0
    head_pose_yaw: float = 0.0
    head_pose_pitch: float = 0.0
    head_pose_roll: float = 0.0
    sharpness: float = 0.0
    under_exposure_prevention: float = 0.0
    over_exposure_prevention: float = 0.0
    luminance_mean: float = 0.0
    luminance_variance: float = 0.0
    dynamic_range: float = 0.0
    illumination_uniformity: float = 0.0
    natural_colour: float = 0.0
    compression_artifacts: float = 0.0

    def __post_init__(self) -> None:
        """Refuse minima that no scalar can have."""
        for field in fields(self):
            if not 0.0 <= getattr(self, field.name) <= BEST:
                raise UsageError(f"{field.name}: a minimum scalar lies in 0..{BEST:g}")

    def minimum(self, component: str) -> float:
        """The lowest scalar of this component that may pass; 0 for one that refuses nobody."""
        return float(getattr(self, component, 0.0))

    @classmethod
    def for_selfie(cls) -> Self:
        """A person who can be asked for another picture."""
        return cls(
            inter_eye_distance=20.0,  # 24 px: a third of the crop's detail is then missing
            leftward_crop=5.0,  # 0.3 inter-eye distances: the edge is at the eye's corner
            rightward_crop=5.0,
            margin_above=5.0,  # 0.3 of eyes-to-chin: the edge is at the brows
            margin_below=5.0,  # 0.9 of eyes-to-chin: the chin is cut
            head_pose_yaw=33.0,  # 55 degrees: the far eye hides
            head_pose_pitch=40.0,  # 51 degrees: the eyes or the mouth hide
            head_pose_roll=25.0,  # 60 degrees: alignment undoes roll, but landmarks suffer
            sharpness=10.0,  # as if blurred by about 2.3 px of the crop
            under_exposure_prevention=50.0,  # half of the face lost in darkness
            over_exposure_prevention=4.0,  # a quarter of the face burnt out
            luminance_mean=6.0,  # mean grey below 0.06 or above 0.94: nearly black or white
            dynamic_range=45.0,  # 3.6 bits: a face of a dozen grey levels
            compression_artifacts=5.0,  # steps at block borders 2.4 times those inside
        )

    @classmethod
    def for_card_portrait(cls) -> Self:
        """A portrait printed on a card: small, frontal, and nobody can retake it.

        The portrait's own frame cuts hair and ears, so margins inside the *picture* mean little
        and only refuse a card that lies half outside of it.
        """
        return replace(
            cls.for_selfie(),
            inter_eye_distance=8.0,  # 15.5 px: the portrait of a card some 280 px wide
            sharpness=5.0,  # print and camera blur add up; as if blurred by about 2.6 px
        )

    @classmethod
    def measuring_only(cls) -> Self:
        """Refuses nothing: for calibration and inspection."""
        return cls()

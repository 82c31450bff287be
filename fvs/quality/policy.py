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
        """The lowest scalar of this component that may pass."""
        return float(getattr(self, component))

    @classmethod
    def for_selfie(cls) -> Self:
        """A person who can be asked for another picture."""
        return cls(
            inter_eye_distance=20.0,  # 24 px: a third of the crop's pixels are then invented
            leftward_crop=2.0,  # 0.5 inter-eye distances: the eye's outer corner is at the edge
            rightward_crop=2.0,
            margin_above=0.01,  # 0.5 of eyes-to-chin: cut between brows and hairline
            margin_below=0.1,  # 1.1 of eyes-to-chin: cut at the chin
            head_pose_yaw=40.0,  # 51 degrees: the far eye begins to hide
            head_pose_pitch=40.0,  # likewise
            head_pose_roll=25.0,  # 60 degrees; alignment undoes roll, a fallen phone it is not
            sharpness=5.0,
            under_exposure_prevention=20.0,  # three quarters of the face without detail
            over_exposure_prevention=3.0,  # a third of the face burnt out
            dynamic_range=45.0,  # 3.6 bits: a face of a dozen grey levels
            compression_artifacts=5.0,
        )

    @classmethod
    def for_card_portrait(cls) -> Self:
        """A portrait printed on a card: small, frontal, and nobody can retake it.

        The portrait's own frame cuts hair and ears, so margins inside the *picture* mean little
        and only refuse a card that lies half outside of it.
        """
        return replace(cls.for_selfie(), inter_eye_distance=8.0)

    @classmethod
    def measuring_only(cls) -> Self:
        """Refuses nothing: for calibration and inspection."""
        return cls()

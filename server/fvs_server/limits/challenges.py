"""What a person is asked to do in a liveness session, and whether the frames show it.

The challenge is drawn when the session begins, so that frames which were recorded before seldom
show it. It says that the frames follow the request, no more: whether they show a face or a picture
of one is told by the presentation attack detection.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Challenge", "Step"]

_STRAIGHT_DEG = 15.0
_TURNED_DEG = 15.0
"""Landmarks tell a yaw within 4 degrees of 0 and 7 of 40 (fvs.quality.pose)."""


class Step(StrEnum):
    """What one frame shows; left and right are the person's own."""

    LOOK_STRAIGHT = "look_straight"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"

    def is_shown(self, yaw_deg: float) -> bool:
        """Whether a head with that yaw (positive: to its left) does it; NaN does nothing."""
        if self is Step.TURN_LEFT:
            return yaw_deg >= _TURNED_DEG
        if self is Step.TURN_RIGHT:
            return yaw_deg <= -_TURNED_DEG
        return abs(yaw_deg) < _STRAIGHT_DEG


class Challenge(StrEnum):
    """Challenges by name; each is a sequence of steps."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    TURN_LEFT_THEN_RIGHT = "turn_left_then_right"
    TURN_RIGHT_THEN_LEFT = "turn_right_then_left"

    @classmethod
    def draw(cls) -> Challenge:
        """One that nobody can foresee."""
        return secrets.choice(list(cls))

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is to be done, in order; the face that is compared comes first."""
        turns = [Step(f"turn_{side}") for side in self.removeprefix("turn_").split("_then_")]
        return (Step.LOOK_STRAIGHT, *turns)

    def is_answered(self, yaws_deg: Sequence[float]) -> bool:
        """Whether frames with these yaws, in order, show every step; others may lie between."""
        frames = iter(yaws_deg)
        return all(any(step.is_shown(yaw) for yaw in frames) for step in self.steps)

"""Several frames of one request: which of them decides, and what the others may cast doubt on.

1. The best usable frame, by its unified quality score, is compared; usable is one that nothing
   refuses. Where none is, the best of them says why.
2. Presentation attack detection must hold on it (`fvs.decide`), and on no other usable frame may it
   suspect an attack.
3. All frames must show one person: each that was refused for nothing but the pose of its head is
   compared with the chosen one.
4. Where a session asked for turns of the head, the frames must show them in that order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fvs.status import Outcome, Status

if TYPE_CHECKING:
    from fvs.records import F32, Bool
    from fvs.samples import Samples
    from fvs_server.limits import Challenge
    from fvs_server.services.levels import Level

__all__ = ["choose_frame", "doubts_of_frames", "lessened", "unified_quality"]

UNIFIED_QUALITY = "unified_quality_score"
_YAW = "head_pose_yaw"
_OF_POSE = frozenset({"turned_sideways", "looking_up", "looking_down", "head_tilted"})


def choose_frame(frames: Samples) -> int:
    """The row of the frame that is compared."""
    quality = np.nan_to_num(_raw(frames, UNIFIED_QUALITY), nan=-np.inf)
    # Usable first; then by quality; of equals the first.
    return max(range(len(frames)), key=lambda row: (not frames.refusals(row), quality[row], -row))


def unified_quality(frames: Samples, row: int) -> float | None:
    """The percentile among ordinary portraits, 0 to 100; None where it could not be assessed."""
    column = frames.quality.components.index(UNIFIED_QUALITY)
    value = float(frames.quality.scalar[row, column])
    return value if np.isfinite(value) else None


def doubts_of_frames(
    frames: Samples, chosen: int, level: Level, challenge: Challenge | None
) -> tuple[str, ...]:
    """Reasons against a match that lie in the other frames, and in all of them together."""
    doubts = []
    if _suspects_attack(frames, chosen, level):
        doubts.append("presentation_attack_suspected")
    if _differ(frames, chosen, level):
        doubts.append("frames_differ")
    if challenge is not None and not challenge.is_answered(_raw(frames, _YAW).tolist()):
        doubts.append("challenge_not_answered")
    return tuple(doubts)


def lessened(outcome: Outcome, doubts: tuple[str, ...]) -> Outcome:
    """A doubt can only make less certain."""
    return Outcome.INCONCLUSIVE if doubts and outcome is Outcome.MATCH else outcome


def _suspects_attack(frames: Samples, chosen: int, level: Level) -> bool:
    pad = level.policy.pad
    if pad is None:
        return False
    others = [row for row in range(len(frames)) if row != chosen and not frames.refusals(row)]
    assessed = frames.liveness.status[others] == Status.OK
    attacks = frames.liveness.live_probability[others] < np.float32(pad.threshold)
    return bool(np.any(assessed & attacks))


def _differ(frames: Samples, chosen: int, level: Level) -> bool:
    comparable = _comparable(frames)
    if not comparable[chosen]:
        return False
    vectors = frames.embeddings.vectors
    scores = np.einsum("nd,d->n", vectors[comparable], vectors[chosen], dtype=np.float64)
    return bool(np.any(scores.astype(np.float32) < np.float32(level.same_person_from)))


def _comparable(frames: Samples) -> Bool:
    """(N,) whether a frame's face was embedded, and is no worse than turned."""
    posed = [_OF_POSE.issuperset(frames.refusals(row)) for row in range(len(frames))]
    comparable: Bool = np.array(posed, np.bool_) & (frames.embeddings.status == Status.OK)
    return comparable


def _raw(frames: Samples, component: str) -> F32:
    values: F32 = frames.quality.raw[:, frames.quality.components.index(component)]
    return values

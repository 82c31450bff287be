"""What `fvs report` was asked for, checked against itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fvs.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ReportRequest"]


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """The options of one report.

    Attributes:
        scores: file of compared pairs.
        pack: that is judged.
        certificate: of its operating points.
        target_fmr: at which of them, or of the scores.
        threshold: to judge the scores at instead.
        pictures_of_people: to measure the pack on.
        pad: results of attacks.
        pad_system: which of them.
        requirements: limits of the caller's own, as text.
        thumbnails_from: folder or tar of pictures, where thumbnails are wanted.
        subject: what was measured, in the caller's words.
    """

    scores: Path | None
    pack: str | None
    certificate: Path | None
    target_fmr: float
    threshold: float | None
    pictures_of_people: Path | None
    pad: Path | None
    pad_system: str | None
    requirements: tuple[str, ...]
    thumbnails_from: Path | None
    subject: str | None

    def __post_init__(self) -> None:
        """Refuse options that exclude each other, or say nothing together."""
        if self.scores is not None and self.pictures_of_people is not None:
            raise UsageError("--scores and --lfw are two things to measure", advice="Give one.")
        if self.threshold is not None and self.scores is None:
            raise UsageError(
                "--threshold is for --scores", advice="A pack is judged at its point for --fmr."
            )

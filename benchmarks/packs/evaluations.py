"""Errors of detectors and PAD networks, as their own evaluations wrote them.

`benchmarks/results/detector.json` and `pad.json` are each a list of evaluations, one per set of
weights. One is believed only for the weights whose SHA-256 it names; for others nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DETECTOR_FILE",
    "PAD_FILE",
    "DetectorErrors",
    "PadErrors",
    "SpeciesErrors",
    "detector_errors",
    "pad_errors",
]

T = TypeVar("T")

DETECTOR_FILE = "detector.json"
PAD_FILE = "pad.json"


class DetectorErrors(msgspec.Struct, frozen=True, kw_only=True):
    """A detector beside the reference detector, landmarks of both refined.

    Attributes:
        sha256: of its weights.
        recall: of the reference's faces, those found again (IoU 0.5): errors are those missed.
        landmark_error_median: mean distance of the five over that of the eyes.
        landmark_error_p95: what 95 % of the faces stay within.
    """

    sha256: str
    missed: Rate
    landmark_error_median: float
    landmark_error_p95: float


class SpeciesErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Attacks of one species that were called live; `held_out` from training."""

    species: str
    held_out: bool
    apcer: Rate


class PadErrors(msgspec.Struct, frozen=True, kw_only=True):
    """PAD networks of a pack together (ISO/IEC 30107-3), on simulated attacks.

    Attributes:
        sha256: of their weights, in the pack's order.
        species: one per species of attack.
        bpcer: live faces called an attack.
    """

    sha256: tuple[str, ...]
    species: tuple[SpeciesErrors, ...]
    bpcer: Rate

    def worst(self, *, held_out: bool) -> SpeciesErrors | None:
        """The species that passes most often, of those seen in training or of the others."""
        some = [one for one in self.species if one.held_out == held_out]
        return max(some, key=lambda one: one.apcer.point, default=None)


def detector_errors(results_dir: Path, sha256: str) -> DetectorErrors | None:
    """What is known of a detector's weights."""
    known = _evaluations(results_dir / DETECTOR_FILE, list[DetectorErrors])
    return next((one for one in known if one.sha256 == sha256), None)


def pad_errors(results_dir: Path, sha256: tuple[str, ...]) -> PadErrors | None:
    """What is known of the weights of a pack's PAD networks together."""
    known = _evaluations(results_dir / PAD_FILE, list[PadErrors])
    return next((one for one in known if one.sha256 == sha256), None)


def _evaluations(path: Path, kind: type[list[T]]) -> list[T]:
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else []

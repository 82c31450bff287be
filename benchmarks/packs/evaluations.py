"""Errors of detectors and PAD networks, read from what their own evaluations wrote.

`training.detector.evaluate` writes `benchmarks/results/detector.json`, `training.pad.evaluate`
writes `pad.json`. Each names the SHA-256 of the weights that it measured, by system, and is
believed for these weights only: of others nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from benchmarks.report_files import read_report
from fvs.metrics.intervals import rate
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "BPCER_ROW",
    "DETECTOR_FILE",
    "PAD_FILE",
    "DetectorErrors",
    "PadErrors",
    "SpeciesErrors",
    "detector_errors",
    "pad_errors",
]

DETECTOR_FILE = "detector.json"
PAD_FILE = "pad.json"

OUR_DETECTOR = "ours"
LANDMARKS = "ours, refined, to the reference's, refined"
TRAINED_ON = "trained on"
"""How the note of a species ends that is not held out."""
BPCER_ROW = "all but utk (tight crops)"

T = TypeVar("T")


class DetectorErrors(msgspec.Struct, frozen=True, kw_only=True):
    """A detector beside the reference detector, on the evaluation pictures.

    Attributes:
        missed: of the reference's main faces, those not found again (IoU 0.5).
        landmark_error_median: of the five refined landmarks, mean distance to the reference's
            refined ones over the distance of the eyes.
        landmark_error_p95: what 95 % of the faces stay within.
    """

    missed: Rate
    landmark_error_median: float
    landmark_error_p95: float


class SpeciesErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Attacks of one species that were called live; `held_out` from training."""

    species: str
    held_out: bool
    apcer: Rate


class PadErrors(msgspec.Struct, frozen=True, kw_only=True):
    """PAD networks of a pack together, on simulated attacks (rates after ISO/IEC 30107-3).

    Attributes:
        threshold: live probability from which a face counted as live.
        species: one per species of attack.
        bpcer: live faces called an attack, tight crops left out.
    """

    threshold: float
    species: tuple[SpeciesErrors, ...]
    bpcer: Rate

    def worst(self, *, held_out: bool) -> SpeciesErrors | None:
        """The species that passes most often, of those held out or of the others."""
        some = [one for one in self.species if one.held_out == held_out]
        return max(some, key=lambda one: one.apcer.point, default=None)


class _Quantiles(msgspec.Struct, frozen=True):
    median: float
    p95: float


class _DetectorReport(msgspec.Struct, frozen=True):
    """The part of `detector.json` that is read here."""

    main_faces: tuple[int, int] = msgspec.field(name="recall, main face")
    landmarks: dict[str, _Quantiles]
    sha256: dict[str, str] = {}


class _PadRow(msgspec.Struct, frozen=True):
    name: str
    note: str
    rates: dict[str, Rate]


class _PadReport(msgspec.Struct, frozen=True):
    """The part of `pad.json` (`training.pad.report.Report`) that is read here."""

    thresholds: dict[str, float]
    apcer: list[_PadRow]
    bpcer: list[_PadRow]
    sha256: dict[str, list[str]] = {}


def detector_errors(results_dir: Path, sha256: str) -> DetectorErrors | None:
    """What is known of a detector's weights."""
    report = read_report(results_dir / DETECTOR_FILE, _DetectorReport)
    if report is None or report.sha256.get(OUR_DETECTOR) != sha256:
        return None
    landmarks = report.landmarks[LANDMARKS]
    return DetectorErrors(
        missed=rate(*report.main_faces),
        landmark_error_median=landmarks.median,
        landmark_error_p95=landmarks.p95,
    )


def pad_errors(results_dir: Path, sha256: Sequence[str]) -> PadErrors | None:
    """What is known of the weights of a pack's PAD networks together, in whatever order."""
    report = read_report(results_dir / PAD_FILE, _PadReport)
    if report is None:
        return None
    systems = (name for name, own in report.sha256.items() if sorted(own) == sorted(sha256))
    system = next(systems, None)
    return None if system is None else _pad_errors_of(system, report)


def _pad_errors_of(system: str, report: _PadReport) -> PadErrors:
    return PadErrors(
        threshold=report.thresholds[system],
        species=tuple(
            SpeciesErrors(
                species=row.name,
                held_out=not row.note.endswith(TRAINED_ON),
                apcer=row.rates[system],
            )
            for row in report.apcer
        ),
        bpcer=next(row.rates[system] for row in report.bpcer if row.name == BPCER_ROW),
    )

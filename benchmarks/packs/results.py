"""`benchmarks/results/packs.json`: packs side by side, and under which circumstances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

# msgspec reads these when it decodes:
from benchmarks.accuracy.lfw import LfwRates  # noqa: TC001
from benchmarks.machine import Circumstances  # noqa: TC001
from benchmarks.packs.evaluations import DetectorErrors, PadErrors  # noqa: TC001
from benchmarks.packs.groups import GroupFmr, Inequity  # noqa: TC001
from benchmarks.report_files import read_report, write_report
from benchmarks.speed.results import Interval, Pictures, Runner  # noqa: TC001
from fvs.operating_points import Rate  # noqa: TC001
from fvs.timing import Percentiles  # noqa: TC001

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "AtThreshold",
    "Costs",
    "DetPoint",
    "HeldOut",
    "NetworkCost",
    "PackReport",
    "PackResult",
    "StartUp",
    "load_packs",
    "save_packs",
]


class DetPoint(msgspec.Struct, frozen=True, array_like=True):
    """One point of the curve over all pairs of LFW."""

    fmr: float
    fnmr: float


class AtThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """Held-out people at one threshold.

    Attributes:
        lfw_fmr: nominal: that of all LFW pairs, from which the threshold is.
        threshold: score from which a pair matches.
        groups: false matches by group.
        by_sex_and_origin: the adult groups of this kind beside one another.
        by_age_sex_and_origin: likewise.
    """

    lfw_fmr: float
    threshold: float
    groups: tuple[GroupFmr, ...]
    by_sex_and_origin: Inequity | None
    by_age_sex_and_origin: Inequity | None


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """False matches among pool pictures that no model was trained on.

    Attributes:
        doubles: pictures dropped because another shows the same person.
        failed_to_acquire: without a usable face, of the pictures left.
        at: one per threshold.
    """

    doubles: int
    failed_to_acquire: Rate
    at: tuple[AtThreshold, ...]


class NetworkCost(msgspec.Struct, frozen=True, kw_only=True):
    """One network on one thread.

    Attributes:
        model_id: as in `models/`.
        side_px: of the square picture it was given.
        size_bytes: of its weight file.
        cpu_ms: a face (a detector: a picture), its pixels prepared included.
    """

    model_id: str
    side_px: int
    size_bytes: int
    cpu_ms: Percentiles


class StartUp(msgspec.Struct, frozen=True, kw_only=True):
    """From starting a process to its first decision on a pair of pictures.

    Attributes:
        pictures: that pair.
        wall_s: seconds that passed.
        cpu_s: seconds that the processors worked for it.
        peak_rss_mb: of the process until then.
        peak_rss_after_12_mp_mb: after a pair of 12-megapixel pictures as well.
        outcome: that decision, of a stand-in policy where the pack has no operating points.
    """

    pictures: Pictures
    wall_s: Interval
    cpu_s: Interval
    peak_rss_mb: Interval
    peak_rss_after_12_mp_mb: Interval
    outcome: str


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack takes: `networks` are detector, embedder, then PAD; `pair` is a whole one."""

    networks: tuple[NetworkCost, ...]
    pair: Runner
    start_up: StartUp

    @property
    def size_bytes(self) -> int:
        """Of all weight files together."""
        return sum(network.size_bytes for network in self.networks)


class PackResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one pack; `detector` and `pad` are None where nobody measured them."""

    lfw: LfwRates
    det: tuple[DetPoint, ...]
    held_out: HeldOut
    detector: DetectorErrors | None
    pad: PadErrors | None
    costs: Costs


class PackReport(msgspec.Struct, frozen=True, kw_only=True):
    """The file.

    Attributes:
        circumstances: when it started.
        load_average_after: when it ended.
        packs: name -> what was measured; costs beside those of the first.
        missing: name of each pack asked for that could not be opened -> why.
    """

    circumstances: Circumstances
    load_average_after: tuple[float, float, float]
    packs: dict[str, PackResult]
    missing: dict[str, str]


def load_packs(path: Path) -> PackReport | None:
    """Read the file, or None where there is none."""
    return read_report(path, PackReport)


def save_packs(report: PackReport, path: Path) -> None:
    """Write the file, indented, for people and for `git diff`."""
    write_report(report, path)

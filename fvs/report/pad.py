"""Results of a PAD evaluation: APCER per species and BPCER (ISO/IEC 30107-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fvs.errors import UsageError
from fvs.operating_points import Rate  # noqa: TC001 - msgspec reads it when it decodes

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["PadEvidence", "PadResults", "PadRow", "read_pad_results", "select_system"]

EVERYONE = "all"
"""The row of BPCER that counts all live pictures."""

HELD_OUT_NOTES = ("held out", "another simulator")


class PadRow(msgspec.Struct, frozen=True):
    """One species, or one group of live pictures, with a rate per system."""

    name: str
    note: str
    rates: dict[str, Rate]

    @property
    def is_held_out(self) -> bool:
        """Whether the networks never saw this species while they were trained."""
        return any(note in self.note for note in HELD_OUT_NOTES)


class PadResults(msgspec.Struct, frozen=True):
    """`benchmarks/results/pad.json`, as far as a report reads it.

    Attributes:
        sha256: of each system's weights.
        thresholds: live probability from which each system calls a capture live.
        threshold_rule: how those were chosen.
        apcer: attacks called live, per species.
        bpcer: live pictures called attacks, all and by group.
    """

    sha256: dict[str, list[str]]
    thresholds: dict[str, float]
    threshold_rule: str
    apcer: list[PadRow]
    bpcer: list[PadRow]


class PadEvidence(msgspec.Struct, frozen=True):
    """The results of one system.

    Attributes:
        system: its name.
        sha256: of its weights.
        threshold: of the evaluation.
        threshold_rule: how it was chosen.
        apcer: (species, rate, whether it was held out).
        bpcer: (group, rate); all pictures first.
    """

    system: str
    sha256: tuple[str, ...]
    threshold: float
    threshold_rule: str
    apcer: tuple[tuple[str, Rate, bool], ...]
    bpcer: tuple[tuple[str, Rate], ...]


def read_pad_results(path: Path) -> PadResults:
    """Read a result file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=PadResults)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} holds no PAD results: {error}",
            advice="Write them as benchmarks/results/pad.json is written.",
        ) from error


def select_system(
    results: PadResults, name: str | None, weights_sha256: Collection[str] = ()
) -> PadEvidence:
    """The named system; else the one with these weights; else the only one there is.

    Raises:
        UsageError: there is no such system, or it has no species or no live pictures.
    """
    systems = list(results.thresholds)
    by_weights = [s for s in systems if sorted(results.sha256.get(s, [])) == sorted(weights_sha256)]
    wanted = [name] if name is not None else by_weights or systems
    if len(wanted) != 1 or wanted[0] not in systems:
        raise UsageError(
            f"the PAD results are of {', '.join(systems)}", advice="Name one with --pad-system."
        )
    system = wanted[0]
    apcer = tuple(
        (r.name, r.rates[system], r.is_held_out) for r in results.apcer if system in r.rates
    )
    live = sorted((r for r in results.bpcer if system in r.rates), key=lambda r: r.name != EVERYONE)
    if not apcer or not live:
        raise UsageError(f"the PAD results of {system} name no species or no live pictures")
    return PadEvidence(
        system=system,
        sha256=tuple(results.sha256.get(system, ())),
        threshold=results.thresholds[system],
        threshold_rule=results.threshold_rule,
        apcer=apcer,
        bpcer=tuple((row.name, row.rates[system]) for row in live),
    )

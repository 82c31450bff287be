"""What `benchmarks.matching.registry` measures, and how it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from benchmarks.machine import Circumstances  # noqa: TC001 - msgspec reads it when it decodes
from benchmarks.markdown import NOT_MEASURED, circumstances_words, table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CostRow",
    "RebuildRow",
    "RegistryResult",
    "Timing",
    "registry_words",
    "render_registry",
]

WANTED_TEMPLATES = 1_000_000
WANTED_BATCH_US = 2.0
WANTED_SINGLE_US = 50.0


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds."""

    median_us: float
    p90_us: float
    least_us: float


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one comparison costs.

    Attributes:
        how: `memory` in batches, or `sqlite` one at a time.
        templates: in the gallery or file.
        dimension: D.
        batch: comparisons in one call; times are of one comparison.
        total: of the whole call.
        parts: of its steps, each measured alone in the same rounds.
    """

    how: str
    templates: int
    dimension: int
    batch: int
    total: Timing
    parts: dict[str, Timing]


class RebuildRow(msgspec.Struct, frozen=True, kw_only=True):
    """Single verifications with and without a rebuild beside them.

    Attributes:
        templates: in the gallery.
        rebuild_s: how long the rebuild took.
        alone: times without it.
        beside: times during it.
        longest_beside_ms: the longest of those.
    """

    templates: int
    rebuild_s: float
    alone: Timing
    beside: Timing
    longest_beside_ms: float


class RegistryResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured, and on what.

    Attributes:
        unseal_us: unsealing one template of many, in one thread.
    """

    circumstances: Circumstances
    costs: tuple[CostRow, ...]
    rebuild: RebuildRow
    unseal_us: float

    @property
    def wanted(self) -> dict[str, bool]:
        """What was asked of a registry of a million templates, and whether it is so."""
        limits = {"memory": WANTED_BATCH_US, "sqlite": WANTED_SINGLE_US}
        return {
            f"{row.how}, {row.dimension} dimensions: <= {limits[row.how]:g} us": (
                row.total.median_us <= limits[row.how]
            )
            for row in self.costs
            if row.templates == WANTED_TEMPLATES
        }


def render_registry(path: Path) -> str:
    """What stands in docs/explanation/registry.md, of a result that was written to `path`."""
    if not path.exists():
        return NOT_MEASURED
    return registry_words(msgspec.json.decode(path.read_bytes(), type=RegistryResult))


def registry_words(result: RegistryResult) -> str:
    """Costs as a table, and the rebuild in words."""
    rows = [
        (
            f"{row.how}, {row.templates:,} x {row.dimension}, batch {row.batch:,}",
            f"{row.total.median_us:.2f}",
            f"{row.total.p90_us:.2f}",
            ", ".join(f"{name} {part.median_us:.2f}" for name, part in row.parts.items()),
        )
        for row in result.costs
    ]
    costs = table(("one comparison, microseconds", "median", "p90", "parts"), rows)
    beside = result.rebuild
    words = (
        f"Unsealing a template takes {result.unseal_us:.1f} us. While a gallery of "
        f"{beside.templates:,} was made anew in {beside.rebuild_s:.1f} s, one verification took "
        f"{beside.beside.median_us:.0f} us (median; {beside.alone.median_us:.0f} us without it), "
        f"and at most {beside.longest_beside_ms:.1f} ms."
    )
    return f"{costs}\n\n{words}\n\n{circumstances_words(result.circumstances)}"

"""What a report is held against: limits of standards, and those of whoever orders it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fvs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FIDO_STYLE",
    "FVS",
    "OWN",
    "SPACE",
    "SP_800_63A_4",
    "STANDARD_REQUIREMENTS",
    "Measure",
    "Requirement",
    "parse_requirements",
]


class Measure(StrEnum):
    """Error rates that can be required (ISO/IEC 19795-1, 30107-3)."""

    FMR = "fmr"
    FNMR = "fnmr"
    GROUP_FMR = "group-fmr"
    """The highest FMR of any group."""
    IAPAR = "iapar"
    APCER = "apcer"
    """The highest of any species."""
    BPCER = "bpcer"


SPACE = "\N{NO-BREAK SPACE}"
SP_800_63A_4 = "SP 800-63A-4"
FIDO_STYLE = "FIDO-style"
FVS = "fvs"
OWN = "own"


@dataclass(frozen=True)
class Requirement:
    """One limit.

    Attributes:
        source: who asks for it.
        measure: of what.
        limit: highest rate allowed, between 0 and 1.
        strict: whether a rate equal to the limit is too high.
    """

    source: str
    measure: Measure
    limit: float
    strict: bool = False

    def allows(self, rate: float) -> bool:
        """Whether a rate keeps within the limit."""
        return rate < self.limit if self.strict else rate <= self.limit

    @property
    def words(self) -> str:
        """As in `FMR <= 0.0001`."""
        name = {Measure.GROUP_FMR: "FMR"}.get(self.measure, self.measure.upper())
        return SPACE.join((name, "<" if self.strict else "≤", f"{self.limit:g}"))


STANDARD_REQUIREMENTS = (
    Requirement(SP_800_63A_4, Measure.FMR, 1e-4),
    Requirement(SP_800_63A_4, Measure.FNMR, 1e-2),
    Requirement(SP_800_63A_4, Measure.IAPAR, 0.07, strict=True),
    Requirement(FIDO_STYLE, Measure.FMR, 1e-4),
    Requirement(FIDO_STYLE, Measure.FNMR, 0.05),
    Requirement(FIDO_STYLE, Measure.IAPAR, 0.07),
    Requirement(FVS, Measure.GROUP_FMR, 1e-4),
)
"""NIST SP 800-63A-4 (1:1 comparison and presentation attacks); the levels commonly quoted for
FIDO's biometric programmes, of which the text itself was not at hand (the report says so); and
what this project asks of its own operating points, that they hold in every adult group."""


def parse_requirements(texts: Sequence[str]) -> tuple[Requirement, ...]:
    """Read `fnmr=0.05` and the like.

    Raises:
        UsageError: a text is no measure and limit.
    """
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> Requirement:
    name, _, value = text.partition("=")
    try:
        measure, limit = Measure(name.strip().lower()), float(value)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no requirement",
            advice=f"Write one as fnmr=0.05; measures are {', '.join(Measure)}.",
        ) from error
    if not 0.0 < limit < 1.0:
        raise UsageError(f"a required {measure} lies between 0 and 1, not {limit:g}")
    return Requirement(OWN, measure, limit)

"""How everybody was searched, as commands tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from fvs.cli.output import print_line

if TYPE_CHECKING:
    from fvs.matching.plan import SearchPlan

__all__ = ["PlanAnswer", "print_plan"]


class PlanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the planner chose.

    Attributes:
        kind: of index, see `fvs.matching.plan.IndexKind`.
        precision: of the vectors that decide every score.
        parameters: of an approximate index, by faiss' names; empty where all is scanned.
        bytes: of memory.
        explanation: sentences: what was chosen and why.
    """

    kind: str
    precision: str
    parameters: dict[str, int]
    bytes: int
    explanation: tuple[str, ...]

    @classmethod
    def of(cls, plan: SearchPlan | None) -> Self | None:
        """The plan; None where there was none to make."""
        if plan is None:
            return None
        return cls(
            kind=plan.kind,
            precision=plan.precision,
            parameters=dict(plan.parameters),
            bytes=plan.bytes,
            explanation=plan.explanation,
        )


def print_plan(plan: PlanAnswer | None) -> None:
    """Its sentences."""
    if plan is not None:
        print_line(" ".join(plan.explanation))

"""What the ways to calibrate share: options, and what is asked of `fvs.derivation`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fvs.cli.measuring import parse_targets
from fvs.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

    from fvs.derivation import CalibrationRequest, ReviewByCost, ReviewByRate
    from fvs.packs import Pack

__all__ = [
    "DEFAULT_TARGETS",
    "DEFAULT_VALID_DAYS",
    "HoldOutOption",
    "ReviewCostsOption",
    "ReviewFnmrOption",
    "TargetsOption",
    "request_of",
    "review_rule",
]

DEFAULT_TARGETS = "1e-2,1e-3,1e-4,1e-5,1e-6"
DEFAULT_VALID_DAYS = 365

TargetsOption = Annotated[str, typer.Option(help="False match rates, comma separated.")]
HoldOutOption = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=0.9,
        help="Share of the people who set no threshold, and on whom the rates are counted anew.",
    ),
]
ReviewFnmrOption = Annotated[
    float | None,
    typer.Option(
        help="A person looks at scores below the threshold, unless at most this share of genuine "
        "pairs scores as low.",
    ),
]
ReviewCostsOption = Annotated[
    str | None,
    typer.Option(
        help="The same from costs: WRONG_REFUSAL,REVIEW,MATED_SHARE, for example 20,1,0.99.",
    ),
]


def request_of(
    derivation: ModuleType, pack: Pack, targets: str, review: ReviewByRate | ReviewByCost | None
) -> CalibrationRequest:
    """What is asked of a calibration.

    Raises:
        UsageError: a target is no rate.
    """
    request: CalibrationRequest = derivation.CalibrationRequest(
        pack=pack,
        targets=parse_targets(targets),
        review=review,
        machine=derivation.describe_machine(),
        commit=derivation.describe_commit(Path(__file__).parent.parent),
    )
    return request


def review_rule(
    derivation: ModuleType, share: float | None, costs: str | None
) -> ReviewByRate | ReviewByCost | None:
    """The rule of the zone of review, if one was asked for.

    Raises:
        UsageError: two rules were, or costs are not three numbers.
    """
    if share is not None and costs is not None:
        raise UsageError("--review-fnmr and --review-costs are two rules: give one")
    if share is not None:
        by_rate: ReviewByRate = derivation.ReviewByRate(share)
        return by_rate
    if costs is None:
        return None
    try:
        wrong_refusal, review, mated_share = (float(part) for part in costs.split(","))
    except ValueError as error:
        raise UsageError(
            f"--review-costs: {costs!r} is not three numbers", advice="For example 20,1,0.99."
        ) from error
    by_cost: ReviewByCost = derivation.ReviewByCost(
        wrong_refusal=wrong_refusal, review=review, mated_share=mated_share
    )
    return by_cost

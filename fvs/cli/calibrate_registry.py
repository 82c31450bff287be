"""`fvs calibrate registry`: thresholds from the references that are enrolled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from fvs.cli.calibrate_options import (
    DEFAULT_TARGETS,
    DEFAULT_VALID_DAYS,
    HoldOutOption,
    ReviewCostsOption,
    ReviewFnmrOption,
    TargetsOption,
    request_of,
    review_rule,
)
from fvs.cli.calibrate_output import (
    Certifying,
    IssuerOption,
    KeyOption,
    LicenceOption,
    OutOption,
    ValidDaysOption,
)
from fvs.cli.common import JsonOption
from fvs.cli.measuring import offline
from fvs.deployment.registry_location import Location, require_extra
from fvs.operating_points import DataSource

if TYPE_CHECKING:
    from types import ModuleType

    from fvs.derivation import Vectors
    from fvs.packs import Pack

__all__ = ["registry"]

DRAW_SEED = 24_745
TERMS = "the operator's own: references that are enrolled"


def registry(
    folder: Annotated[Path, typer.Argument(help="The registry's folder.")],
    *,
    out: OutOption,
    people_at_most: Annotated[
        int, typer.Option(min=28, help="People drawn from a larger registry, always the same.")
    ] = 20_000,
    targets: TargetsOption = DEFAULT_TARGETS,
    hold_out: HoldOutOption = 0.0,
    review_fnmr: ReviewFnmrOption = None,
    review_costs: ReviewCostsOption = None,
    key: KeyOption = None,
    issuer: IssuerOption = "",
    licence: LicenceOption = "",
    valid_days: ValidDaysOption = DEFAULT_VALID_DAYS,
    as_json: JsonOption = False,
) -> None:
    """Calibrate on the references that are enrolled: people are numbers, no picture is needed.

    People with two references or more make the mated pairs. The certificate is of the registry's
    own pack. It says nothing of ages: a registry keeps none.

    Exit codes: 0 written (targets that the data cannot support are listed), 3 wrong use.

    Examples:
      fvs calibrate registry registry/ --out certificate.json --key signing-key.json
      fvs calibrate registry registry/ --out c.json --targets 1e-3,1e-4 --json
    """
    derivation = offline()
    certifying = Certifying.checked(out, key, issuer, licence, valid_days)
    location = Location.find(folder)
    pack = location.open_pack()
    review = review_rule(derivation, review_fnmr, review_costs)
    request = request_of(derivation, pack, targets, review)
    enrolled = _vectors(derivation, location, pack, people_at_most)
    calibrated = derivation.scores_of_vectors(enrolled, hold_out)
    certifying.write(derivation.calibrate(calibrated, request), as_json=as_json)


def _vectors(derivation: ModuleType, location: Location, pack: Pack, people: int) -> Vectors:
    with require_extra():
        from fvs.cli.registry.opening import open_registry  # noqa: PLC0415 - needs faiss
    with open_registry(location, pack) as opened:
        vectors, subjects = opened.calibration_vectors()
        name = f"registry {opened.registry_id}"
    everybody = np.unique(subjects)
    drawn = np.random.default_rng(DRAW_SEED).permutation(everybody)[:people]
    rows = np.flatnonzero(np.isin(subjects, drawn))
    chosen, numbers = vectors[rows], subjects[rows]
    enrolled: Vectors = derivation.Vectors(
        vectors=chosen,
        subjects=numbers,
        source=DataSource(
            name=name,
            sha256=derivation.vectors_sha256(chosen, numbers),
            pictures=len(chosen),
            subjects=len(drawn),
            failed_to_acquire=0,
            duplicates_dropped=0,
            terms=TERMS,
        ),
    )
    return enrolled

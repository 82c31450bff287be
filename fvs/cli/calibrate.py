"""`fvs calibrate`: from pictures or scores to signed operating points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from fvs.cli.calibrate_registry import registry
from fvs.cli.common import JsonOption, PackOption
from fvs.cli.measuring import (
    listed_names,
    made_cache_dir,
    offline,
    parse_targets,
    progress_bar,
    progress_tasks,
    read_text,
)
from fvs.deployment.packs import DEFAULT_PACK, open_engine, open_pack
from fvs.errors import ModelNotFoundError
from fvs.folders import PictureSet

if TYPE_CHECKING:
    from types import ModuleType

    from fvs.derivation import CalibrationRequest, CalibrationScores
    from fvs.packs import Pack

__all__ = ["app"]

CLEANING_PACK = "reference"
SCORES_LIMIT = (
    "The scores were brought along: that they are of these networks is the issuer's word."
)

app = typer.Typer(
    name="calibrate",
    help="Thresholds that hold on your own people, with the evidence, signed.",
    no_args_is_help=True,
)

LabelsOption = Annotated[
    Path | None,
    typer.Option(help="CSV of the pictures: file, source, age, sex, group (blank if unknown)."),
]


@app.command()
def people(
    folder: Annotated[Path, typer.Argument(help="A folder or tar: a sub-folder for each person.")],
    *,
    out: OutOption,
    labels: LabelsOption = None,
    targets: TargetsOption = DEFAULT_TARGETS,
    hold_out: HoldOutOption = 0.0,
    review_fnmr: ReviewFnmrOption = None,
    review_costs: ReviewCostsOption = None,
    key: KeyOption = None,
    issuer: IssuerOption = "",
    licence: LicenceOption = "",
    valid_days: ValidDaysOption = DEFAULT_VALID_DAYS,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Calibrate on pictures of your own people: every picture is compared with every other.

    The faces are kept in this user's cache folder, so that a run that was stopped goes on. Without
    --key the certificate is not signed and nothing can be decided by it. Needs the extra `eval`.

    Exit codes: 0 written (targets that the data cannot support are listed), 3 wrong use.

    Examples:
      fvs calibrate people faces/ --out certificate.json --key signing-key.json
      fvs calibrate people faces.tar --labels labels.csv --targets 1e-2,1e-3 --out c.json --json
    """
    derivation = offline()
    certifying = Certifying.checked(out, key, issuer, licence, valid_days)
    cache_dir, opened = made_cache_dir(), open_pack(pack)
    request = request_of(
        derivation, opened, targets, review_rule(derivation, review_fnmr, review_costs)
    )
    pictures = PictureSet.open(folder)
    known = {} if labels is None else derivation.read_labels(read_text(labels))
    with progress_bar() as progress:
        measuring = derivation.Measuring(
            engine=open_engine(opened), cache_dir=cache_dir, on_progress=progress_tasks(progress)
        )
        calibrated = derivation.scores_of_pictures(pictures, known, hold_out, measuring)
    _finish(derivation, calibrated, request, certifying, as_json=as_json)


@app.command()
def pairs(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV: first_picture, second_picture (relative to it), mated, first_subject, "
            "second_subject; optional group, band, sex, quality, age_gap_years, fold."
        ),
    ],
    *,
    out: OutOption,
    targets: TargetsOption = DEFAULT_TARGETS,
    review_fnmr: ReviewFnmrOption = None,
    review_costs: ReviewCostsOption = None,
    key: KeyOption = None,
    issuer: IssuerOption = "",
    licence: LicenceOption = "",
    valid_days: ValidDaysOption = DEFAULT_VALID_DAYS,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Calibrate on listed pairs of pictures; those without a usable face are counted and left out.

    Exit codes: 0 written (targets that the data cannot support are listed), 3 wrong use.

    Examples:
      fvs calibrate pairs pairs.csv --out certificate.json --key signing-key.json
      fvs calibrate pairs pairs.csv --out c.json --targets 1e-2 --review-fnmr 0.01 --json
    """
    derivation = offline()
    certifying = Certifying.checked(out, key, issuer, licence, valid_days)
    cache_dir, opened = made_cache_dir(), open_pack(pack)
    request = request_of(
        derivation, opened, targets, review_rule(derivation, review_fnmr, review_costs)
    )
    with progress_bar() as progress:
        measuring = derivation.Measuring(
            engine=open_engine(opened), cache_dir=cache_dir, on_progress=progress_tasks(progress)
        )
        calibrated = derivation.scores_of_pairs(table, measuring)
    _finish(derivation, calibrated, request, certifying, as_json=as_json)


@app.command()
def scores(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet: similarity, mated, first_subject, second_subject; optional "
            "first_picture, second_picture, group, band, sex, quality, age_gap_years, fold."
        ),
    ],
    *,
    pack: Annotated[
        str, typer.Option(help="The pack whose networks made the scores.", metavar="NAME|DIR")
    ],
    out: OutOption,
    targets: TargetsOption = DEFAULT_TARGETS,
    review_fnmr: ReviewFnmrOption = None,
    review_costs: ReviewCostsOption = None,
    key: KeyOption = None,
    issuer: IssuerOption = "",
    licence: LicenceOption = "",
    valid_days: ValidDaysOption = DEFAULT_VALID_DAYS,
    as_json: JsonOption = False,
) -> None:
    """Calibrate on scores that were compared already, as of past verifications.

    Where there is a column `fold` with two names, rows of the first by name (`fit` of `fit` and
    `held_out`) set the thresholds and the others are counted anew; nobody may be in both.
    That the scores are of --pack is the issuer's word.

    Exit codes: 0 written (targets that the data cannot support are listed), 3 wrong use.

    Examples:
      fvs calibrate scores scores.csv --pack standard --out c.json --key signing-key.json
      fvs calibrate scores scores.parquet --pack standard --out c.json
          --review-costs 20,1,0.99 --json
    """
    derivation = offline()
    certifying = Certifying.checked(out, key, issuer, licence, valid_days)
    review = review_rule(derivation, review_fnmr, review_costs)
    request = request_of(derivation, open_pack(pack), targets, review)
    certifying = replace(certifying, limits=(*certifying.limits, SCORES_LIMIT))
    _finish(derivation, derivation.scores_of_table(table), request, certifying, as_json=as_json)


app.command()(registry)


@app.command()
def protocol(
    *,
    lfw: Annotated[
        Path, typer.Option(help="LFW: a folder or tar of pictures in folders named by person.")
    ],
    pool: Annotated[
        list[Path], typer.Option(help="A folder or tar of different people (repeatable).")
    ],
    labels: Annotated[Path, typer.Option(help="CSV of the pool: file, source, age, sex, group.")],
    out: OutOption,
    targets: TargetsOption = DEFAULT_TARGETS,
    doubles_by: Annotated[
        str | None,
        typer.Option(
            help="The pack that finds people who stand twice in the pool. \\[default: reference, "
            "where its weights are at hand, else the pack itself]",
            metavar="NAME|DIR",
        ),
    ] = None,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(
            help="List of pool pictures to leave out because the pack was trained on them: the "
            "last word of each line is a file name; may be gzip (repeatable)."
        ),
    ] = None,
    key: KeyOption = None,
    issuer: IssuerOption = "",
    licence: LicenceOption = "",
    valid_days: ValidDaysOption = DEFAULT_VALID_DAYS,
    pack: PackOption = DEFAULT_PACK,
    as_json: JsonOption = False,
) -> None:
    """Calibrate as the shipped certificates were: mated pairs of LFW, strangers of a pool.

    People who stand twice are told by the scores of --doubles-by, which should be another pack
    than the one whose thresholds are set. Extracted faces are kept in this user's cache folder,
    so that a run that was stopped goes on. Needs the extra `eval`.

    Exit codes: 0 written (targets that the data cannot support are listed), 3 wrong use.

    Examples:
      fvs calibrate protocol --lfw lfw.tar --pool pool.tar --labels a.csv --out certificate.json
      fvs calibrate protocol --pack standard --doubles-by reference --lfw lfw.tar
          --pool pool/ --pool more/ --labels a.csv --targets 1e-3,1e-4 --json
          --trained-on training/lists/embed-fvsduet-202611.txt.gz --out certificate.json
    """
    derivation = offline()
    certifying = Certifying.checked(out, key, issuer, licence, valid_days)
    cache_dir = made_cache_dir()
    opened = open_pack(pack)
    cleaning = _cleaning_pack(opened, doubles_by)
    request = derivation.DerivationRequest(
        pack=opened.name,
        doubles_by=cleaning.name,
        lfw=PictureSet.open(lfw),
        pools=tuple(PictureSet.open(path) for path in pool),
        labels=derivation.read_labels(read_text(labels)),
        targets=parse_targets(targets),
        cache_dir=cache_dir,
        machine=derivation.describe_machine(),
        commit=derivation.describe_commit(Path(__file__).parent.parent),
        trained_on=frozenset(name for path in trained_on or () for name in listed_names(path)),
    )
    with progress_bar() as progress:
        points = derivation.derive(
            open_engine(opened), open_engine(cleaning), request, progress_tasks(progress)
        )
    certifying.write(points, as_json=as_json)


def _finish(
    derivation: ModuleType,
    calibrated: CalibrationScores,
    request: CalibrationRequest,
    certifying: Certifying,
    *,
    as_json: bool,
) -> None:
    certifying.write(derivation.calibrate(calibrated, request), as_json=as_json)


def _cleaning_pack(pack: Pack, doubles_by: str | None) -> Pack:
    """The pack named; else the reference pack if its weights are at hand, or the pack itself."""
    if doubles_by is not None:
        return open_pack(doubles_by)
    try:
        return open_pack(CLEANING_PACK)
    except ModelNotFoundError:
        return pack

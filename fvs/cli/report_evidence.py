"""Reads and measures what `fvs report` was asked for; needs the extra `report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs.certificates import load_certificate
from fvs.cli.measuring import faces_cache_dir, progress_bar
from fvs.deployment.certificates import trust_store
from fvs.deployment.packs import open_engine, open_pack
from fvs.folders import PictureSet
from fvs.metrics import read_evaluation
from fvs.report import (
    STANDARD_REQUIREMENTS,
    DataFile,
    Evidence,
    describe_file,
    extreme_pairs,
    measure_pictures,
    measure_scores,
    parse_requirements,
    provenance_of,
    read_pad_results,
    select_system,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fvs.certificates import Certificate
    from fvs.cli.report_request import ReportRequest
    from fvs.metrics import Evaluation
    from fvs.operating_points import OperatingPoint
    from fvs.report import ErrorMeasures, ExtremePairs, PadEvidence

__all__ = ["gather_evidence"]


def gather_evidence(request: ReportRequest) -> Evidence:
    """Everything that the report will speak of.

    Raises:
        UsageError: a file is not what it should be, or the pack has no such operating point.
        DeploymentError: the pack cannot be loaded, or no decision may rest on its certificate.
    """
    own = parse_requirements(request.requirements)
    path = request.certificate
    certificate = None if path is None else load_certificate(path, trust_store())
    point = None if certificate is None else certificate.at(request.target_fmr)
    evaluation = None if request.scores is None else read_evaluation(request.scores)
    folder = request.pictures_of_people
    pictures = None if folder is None else PictureSet.open(folder)
    return Evidence(
        subject=_subject(request),
        requirements=(*STANDARD_REQUIREMENTS, *own),
        provenance=provenance_of(tuple(_files(request, evaluation, pictures))),
        target_fmr=request.target_fmr,
        measures=_measures(request, evaluation, pictures, point),
        certificate=certificate,
        point=point,
        pad=_pad(request, certificate),
        pairs=_pairs(request, evaluation),
    )


def _subject(request: ReportRequest) -> str:
    if request.subject is not None:
        return request.subject
    if request.pack is not None:
        return f"pack {request.pack}"
    return "" if request.scores is None else request.scores.stem


def _measures(
    request: ReportRequest,
    evaluation: Evaluation | None,
    pictures: PictureSet | None,
    point: OperatingPoint | None,
) -> ErrorMeasures | None:
    if evaluation is not None:
        return measure_scores(evaluation, request.target_fmr, point, request.threshold)
    if pictures is None or point is None or request.pack is None:
        return None
    engine = open_engine(open_pack(request.pack))
    with progress_bar() as progress:
        task = progress.add_task(pictures.name, total=len(pictures.pictures))
        return measure_pictures(
            engine,
            pictures,
            point.threshold,
            faces_cache_dir(),
            lambda done: progress.update(task, completed=done),
        )


def _files(
    request: ReportRequest, evaluation: Evaluation | None, pictures: PictureSet | None
) -> Iterator[DataFile]:
    if request.scores is not None and evaluation is not None:
        yield describe_file("role_scores", request.scores, len(evaluation))
    if pictures is not None:
        yield DataFile("role_pictures", pictures.name, pictures.sha256, len(pictures.pictures))
    if request.pad is not None:
        yield describe_file("role_pad", request.pad)
    if request.certificate is not None:
        yield describe_file("role_certificate", request.certificate)


def _pad(request: ReportRequest, certificate: Certificate | None) -> PadEvidence | None:
    if request.pad is None:
        return None
    weights = () if certificate is None else certificate.pad_sha256
    return select_system(read_pad_results(request.pad), request.pad_system, weights)


def _pairs(request: ReportRequest, evaluation: Evaluation | None) -> ExtremePairs | None:
    if evaluation is None or request.thumbnails_from is None:
        return None
    return extreme_pairs(evaluation, PictureSet.open(request.thumbnails_from))

"""`POST /v1/face-quality`: whether a frame could be compared, before a verification."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody  # noqa: TC002 - likewise

from fvs.status import Role
from fvs_server.edge.admission import INFERENCE
from fvs_server.edge.bodies import PICTURE_PARTS
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.edge.languages import Language  # noqa: TC001 - likewise
from fvs_server.edge.multipart import PicturePart
from fvs_server.extraction import Picture
from fvs_server.identity import Principal, Scope
from fvs_server.inference import Deadline  # noqa: TC001 - likewise
from fvs_server.services.answers import (
    QualityDocument,
    ReasonDocument,
    quality_of,
    reasons_of,
    status_of,
)
from fvs_server.services.judging import coded_failures
from fvs_server.wiring import Services  # noqa: TC001 - likewise

__all__ = ["ROUTES"]


class FrameBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One frame."""

    frame: Annotated[bytes, msgspec.Meta(description="A JPEG, PNG or WebP file.")]


class FaceQualityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the frame is worth; liveness is not told, so that nobody can rehearse an attack.

    Attributes:
        status: `ok`, or the first thing that failed.
        reasons: all that would refuse it, with advice in the language of the request.
        quality: by ISO name.
    """

    status: str
    reasons: list[ReasonDocument]
    quality: dict[str, QualityDocument]


@post(
    "/v1/face-quality",
    opt={
        "scope": (Scope.VERIFY, Scope.COMPARE),
        INFERENCE: True,
        PICTURE_PARTS: {"frame": PicturePart("frame")},
    },
    status_code=200,
    sync_to_thread=True,
)
def assess_face_quality(
    services: Injected[Services],
    principal: Injected[Principal],
    deadline: Injected[Deadline],
    language: Injected[Language],
    data: JSONBody[FrameBody],
) -> FaceQualityAnswer:
    """Assess one frame; nothing is compared, kept or recorded."""
    with services.database.writing() as connection:
        services.limits.rates.take(connection, principal, services.clock())
    with services.limits.concurrency.slot(principal), coded_failures():
        (part,) = services.extractor.extract([Picture(data.frame, Role.SELFIE)], deadline)
    samples = part.samples
    refusals = [("selfie", code) for code in samples.refusals(0)]
    return FaceQualityAnswer(
        status=status_of(samples, 0),
        reasons=reasons_of(refusals, language.value),
        quality=quality_of(samples, 0),
    )


ROUTES = (assess_face_quality,)

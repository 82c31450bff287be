"""`POST /v1/face-verifications`: a selfie against what is enrolled under a number."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from litestar import MediaType, Response, post
from litestar.params import JSONBody  # noqa: TC002 - likewise

from fvs_server.edge.admission import INFERENCE
from fvs_server.edge.bodies import PICTURE_PARTS
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.edge.multipart import PicturePart
from fvs_server.edge.subject_bodies import SubjectBody  # noqa: TC001 - likewise
from fvs_server.identity import Scope
from fvs_server.openapi.answers import ANSWER, PROBLEMS
from fvs_server.problems import Problem, ServiceError
from fvs_server.routes.requests import (  # noqa: TC001 - likewise
    Call,
    ConsentReference,
    LevelName,
    Purpose,
)
from fvs_server.services.answers import DecisionAnswer
from fvs_server.services.desk import SessionProof
from fvs_server.services.verification import VerificationRequest

if TYPE_CHECKING:
    from fvs_server.faults import Violation

__all__ = ["ROUTES"]

_SessionText = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class SessionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A liveness session of `POST /v1/liveness-sessions`."""

    id: _SessionText
    nonce: _SessionText


class VerificationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request to verify."""

    subject: SubjectBody
    frames: Annotated[
        tuple[bytes, ...],
        msgspec.Meta(
            min_length=1, max_length=5, description="JPEG, PNG or WebP files in order of capture."
        ),
    ]
    purpose: Purpose
    consent_reference: ConsentReference
    assurance_level: LevelName
    portrait_date: date | None = None
    on_behalf_of: SubjectBody | None = None
    liveness_session: SessionBody | None = None
    receipt_formats: Annotated[
        tuple[Literal["jws", "sd_jwt_vc"], ...], msgspec.Meta(max_length=2)
    ] = ("jws",)


@post(
    "/v1/face-verifications",
    opt={
        "scope": Scope.VERIFY,
        INFERENCE: True,
        ANSWER: DecisionAnswer,
        PROBLEMS: (
            Problem.ATTEMPTS_EXHAUSTED,
            Problem.CAPTURE_REPLAYED,
            Problem.LIVENESS_SESSION_INVALID,
            Problem.NOT_FOUND,
            Problem.REGISTRY_UNAVAILABLE,
        ),
        PICTURE_PARTS: {"frame": PicturePart("frames", many=True)},
    },
    status_code=200,
    media_type=MediaType.JSON,
    sync_to_thread=True,
)
def verify_face(
    call: Injected[Call],
    data: JSONBody[VerificationBody],
) -> Response[bytes]:
    """Verify that a live selfie shows the person who is enrolled under a number."""
    request, services, principal = _request(call, data), call.services, call.principal
    with services.limits.concurrency.slot(principal):
        return Response(services.verification.verify(request, principal, call.deadline))


def _request(call: Call, body: VerificationBody) -> VerificationRequest:
    """The request in the words of the service; all that is wrong with it at once."""
    found: list[Violation] = []
    subject = level = on_behalf_of = None
    try:
        subject = body.subject.to_subject()
    except ServiceError as error:
        found += error.violations
    try:
        level = call.services.faces.levels.at(body.assurance_level)
    except ServiceError as error:
        found += error.violations
    try:
        if body.on_behalf_of is not None:
            on_behalf_of = body.on_behalf_of.to_subject("/on_behalf_of")
    except ServiceError as error:
        found += error.violations
    if subject is None or level is None or found:
        raise ServiceError(Problem.INVALID_REQUEST, violations=tuple(found))
    session = body.liveness_session
    return VerificationRequest(
        subject=subject,
        frames=body.frames,
        level=level,
        purpose=body.purpose,
        consent_reference=body.consent_reference,
        portrait_date=body.portrait_date,
        on_behalf_of=on_behalf_of,
        session=None
        if session is None
        else SessionProof(session_id=session.id, nonce=session.nonce),
        receipt_formats=body.receipt_formats,
        language=call.language.value,
        repeat=call.repeat,
    )


ROUTES = (verify_face,)

"""`POST /v1/face-comparisons`: a selfie against the picture of a card."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import MediaType, Response, post
from litestar.params import JSONBody  # noqa: TC002 - likewise

from fvs.operating_points import EITHER_SEX
from fvs_server.edge.admission import INFERENCE
from fvs_server.edge.bodies import PICTURE_PARTS
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.edge.multipart import PicturePart
from fvs_server.identity import Scope
from fvs_server.openapi.answers import ANSWER
from fvs_server.routes.requests import (  # noqa: TC001 - likewise
    Call,
    ConsentReference,
    LevelName,
    Purpose,
)
from fvs_server.services.answers import DecisionAnswer
from fvs_server.services.comparison import ComparisonRequest

__all__ = ["ROUTES"]


class ComparisonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request to compare."""

    selfie: Annotated[bytes, msgspec.Meta(description="A JPEG, PNG or WebP file.")]
    card: Annotated[bytes, msgspec.Meta(description="Likewise, of the card's face side.")]
    purpose: Purpose
    consent_reference: ConsentReference
    assurance_level: LevelName
    age_years: Annotated[int, msgspec.Meta(ge=0, le=130)] | None = None
    sex: Literal["female", "male"] | None = None


@post(
    "/v1/face-comparisons",
    opt={
        "scope": Scope.COMPARE,
        INFERENCE: True,
        ANSWER: DecisionAnswer,
        PICTURE_PARTS: {"selfie": PicturePart("selfie"), "card": PicturePart("card")},
    },
    status_code=200,
    media_type=MediaType.JSON,
    sync_to_thread=True,
)
def compare_faces(
    call: Injected[Call],
    data: JSONBody[ComparisonBody],
) -> Response[bytes]:
    """Compare a live selfie with the picture of a card; neither is kept."""
    services, principal = call.services, call.principal
    request = ComparisonRequest(
        selfie=data.selfie,
        card=data.card,
        level=services.faces.levels.at(data.assurance_level),
        purpose=data.purpose,
        consent_reference=data.consent_reference,
        age_years=data.age_years,
        sex=data.sex or EITHER_SEX,
        language=call.language.value,
        repeat=call.repeat,
    )
    with services.limits.concurrency.slot(principal):
        return Response(services.comparison.compare(request, principal, call.deadline))


ROUTES = (compare_faces,)

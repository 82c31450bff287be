"""`/v1/duplicate-reviews`: pairs of people who look alike, for a person to judge."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from litestar import get, post
from litestar.params import (
    FromPath,
    JSONBody,
    QueryParameter,
)

from fvs.registry.reviews import ReviewState
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.identity import Principal, Scope
from fvs_server.routes.authority import authority_of, id_bytes
from fvs_server.wiring import Services  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from fvs.registry.reviews import Review

__all__ = ["ROUTES"]

_REVIEW = {"scope": Scope.REVIEW}
_InState = Annotated[ReviewState, QueryParameter(name="state")]
_Limit = Annotated[int, QueryParameter(ge=1, le=1000)]


class ReviewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One pair. A hit is a question: nothing is refused because of it.

    Attributes:
        id: 32 hex digits.
        state: open, confirmed (one person under two numbers) or dismissed.
        similarity: cosine of the two templates.
        threshold: from which pairs are listed.
        target_fmr: of that threshold, in a comparison of two.
        fpir: expected share of people without a duplicate who are listed all the same.
        gallery_size: templates that were searched.
        purpose: why anybody looked.
        legal_basis: what allows it.
        created_at: UTC.
        resolved_at: UTC; null while it is open.
        note: of the reviewer.
        record_ids: of the two templates.
        pseudonyms: of the two people; null without the scope enrol. The registry cannot turn
            them into numbers: POST /v1/subjects/lookup tells the pseudonym of a number.
    """

    id: str
    state: str
    similarity: float
    threshold: float
    target_fmr: float
    fpir: float
    gallery_size: int
    purpose: str
    legal_basis: str
    created_at: datetime
    resolved_at: datetime | None
    note: str
    record_ids: tuple[str, str]
    pseudonyms: tuple[str, str] | None


class ReviewsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Reviews in one state, oldest first."""

    reviews: list[ReviewDocument]


class ResolutionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person made of a pair.

    Attributes:
        state: how it is closed.
        note: why; nothing personal, and no number of a person.
    """

    state: Literal["confirmed", "dismissed"]
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class ResolutionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The same, written down."""

    id: str
    state: str
    resolved_at: datetime


@get("/v1/duplicate-reviews", opt=_REVIEW, sync_to_thread=True)
def list_duplicate_reviews(
    services: Injected[Services],
    principal: Injected[Principal],
    in_state: _InState = ReviewState.OPEN,
    limit: _Limit = 100,
) -> ReviewsDocument:
    """List pairs that wait for a judgement, or were judged."""
    reviews = authority_of(services, principal).reviews.listed(in_state, limit, principal)
    named = Scope.ENROL in principal.scopes
    return ReviewsDocument(reviews=[_document(review, named=named) for review in reviews])


@post(
    "/v1/duplicate-reviews/{review_id:str}/resolution",
    opt=_REVIEW,
    status_code=200,
    sync_to_thread=True,
)
def resolve_duplicate_review(
    services: Injected[Services],
    principal: Injected[Principal],
    review_id: FromPath[str],
    data: JSONBody[ResolutionBody],
) -> ResolutionDocument:
    """Close a review, or change how it was closed."""
    reviews, state = authority_of(services, principal).reviews, ReviewState(data.state)
    at = reviews.resolve(id_bytes(review_id), state, data.note, principal)
    return ResolutionDocument(id=review_id.lower(), state=state.value, resolved_at=at)


def _document(review: Review, *, named: bool) -> ReviewDocument:
    people = (review.first_subject.hex(), review.second_subject.hex())
    return ReviewDocument(
        id=review.review_id.hex(),
        state=review.state.value,
        similarity=review.similarity,
        threshold=review.threshold,
        target_fmr=review.target_fmr,
        fpir=review.fpir,
        gallery_size=review.gallery_size,
        purpose=review.purpose,
        legal_basis=review.legal_basis,
        created_at=review.created_at,
        resolved_at=review.resolved_at,
        note=review.note,
        record_ids=(review.first_record.hex(), review.second_record.hex()),
        pseudonyms=people if named else None,
    )


ROUTES = (list_duplicate_reviews, resolve_duplicate_review)

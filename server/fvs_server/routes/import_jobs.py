"""`/v1/import-jobs`: many portraits in one body, enrolled in the background."""

from __future__ import annotations

import asyncio
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import get, post
from litestar.params import FromPath, QueryParameter

from fvs_server.edge.bodies import ServiceRequest  # noqa: TC001 - likewise
from fvs_server.edge.injection import Injected  # noqa: TC001 - likewise
from fvs_server.edge.languages import Language  # noqa: TC001 - likewise
from fvs_server.identity import Principal, Scope
from fvs_server.openapi.answers import PROBLEMS
from fvs_server.openapi.bodies import BODY_TYPES
from fvs_server.problems import Problem
from fvs_server.routes.authority import AdviceDocument, advice_documents, authority_of
from fvs_server.wiring import Services  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from fvs_server.enrolment.jobs import ImportJob

__all__ = ["ROUTES"]

_ENROL = {"scope": Scope.ENROL}
_PAGE = 1000
_After = Annotated[int, QueryParameter(ge=0, le=2**31 - 1)]


class JobDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An import and how far it is.

    Attributes:
        id: 32 hex digits.
        state: receiving, waiting, running, done or cancelled.
        created_at: UTC.
        finished_at: UTC; null while it is not.
        rows: of the body.
        waiting: rows that were not reached yet.
        enrolled: rows whose template is new.
        unchanged: rows that were enrolled already.
        refused: rows that were not enrolled.
        cancelled: rows that are not going to be.
        refused_by_code: of refused rows.
    """

    id: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    rows: int
    waiting: int
    enrolled: int
    unchanged: int
    refused: int
    cancelled: int
    refused_by_code: dict[str, int]


class RefusalDocument(AdviceDocument, frozen=True, kw_only=True):
    """A row that was not enrolled.

    Attributes:
        row: its place in the body, from 1; the heading of a table does not count.
    """

    row: int


class RefusalsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Some refusals of a job.

    Attributes:
        refusals: by row.
        next: `after` of the next request; null where there are no more.
    """

    refusals: list[RefusalDocument]
    next: int | None


@post(
    "/v1/import-jobs",
    opt={
        **_ENROL,
        BODY_TYPES: ("application/x-ndjson", "application/zip"),
        PROBLEMS: (Problem.IMPORT_QUEUE_FULL,),
    },
    status_code=202,
)
async def create_import_job(
    services: Injected[Services],
    principal: Injected[Principal],
    request: ServiceRequest,
) -> JobDocument:
    """Take in `application/x-ndjson` or `application/zip`; its rows are enrolled later."""
    body, (media_type, _) = await request.body(), request.content_type
    return await asyncio.to_thread(_create, services, principal, media_type, body)


def _create(services: Services, principal: Principal, media_type: str, body: bytes) -> JobDocument:
    imports = authority_of(services, principal).imports
    with services.limits.concurrency.slot(principal):
        return _document(imports.create(principal, media_type, body))


@get("/v1/import-jobs/{job_id:str}", opt=_ENROL, sync_to_thread=True)
def read_import_job(
    services: Injected[Services],
    principal: Injected[Principal],
    job_id: FromPath[str],
) -> JobDocument:
    """See how far an import is."""
    return _document(authority_of(services, principal).imports.get(principal, job_id))


@get("/v1/import-jobs/{job_id:str}/refusals", opt=_ENROL, sync_to_thread=True)
def list_import_refusals(
    services: Injected[Services],
    principal: Injected[Principal],
    language: Injected[Language],
    job_id: FromPath[str],
    after: _After = 0,
) -> RefusalsDocument:
    """List refused rows by number and code, a page at a time."""
    imports = authority_of(services, principal).imports
    found = imports.refusals(principal, job_id, after, _PAGE)
    documents = []
    for refusal in found:
        (advice,) = advice_documents((refusal.code,), language)
        documents.append(RefusalDocument(row=refusal.row, code=advice.code, advice=advice.advice))
    return RefusalsDocument(refusals=documents, next=found[-1].row if len(found) == _PAGE else None)


@post(
    "/v1/import-jobs/{job_id:str}/cancellation",
    opt=_ENROL,
    status_code=200,
    sync_to_thread=True,
)
def cancel_import_job(
    services: Injected[Services],
    principal: Injected[Principal],
    job_id: FromPath[str],
) -> JobDocument:
    """Enrol no further row; what is enrolled stays."""
    return _document(authority_of(services, principal).imports.cancel(principal, job_id))


def _document(job: ImportJob) -> JobDocument:
    return JobDocument(
        id=job.job_id,
        state=job.state.value,
        created_at=job.created_at,
        finished_at=job.finished_at,
        rows=sum(job.counts.values()),
        refused_by_code=dict(job.refused_by_code),
        **job.counts,
    )


ROUTES = (cancel_import_job, create_import_job, list_import_refusals, read_import_job)

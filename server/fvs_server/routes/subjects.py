"""`/v1/subjects/...`: what the authority does with one person, whose number stands in the body."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING

import msgspec
from litestar import post
from litestar.params import JSONBody  # noqa: TC002 - Litestar reads the annotations

from fvs.registry.lifecycle import SubjectExport  # noqa: TC001 - likewise
from fvs_server.edge.admission import INFERENCE
from fvs_server.edge.bodies import PICTURE_PARTS
from fvs_server.edge.injection import Injected  # noqa: TC001 - likewise
from fvs_server.edge.languages import Language  # noqa: TC001 - likewise
from fvs_server.edge.multipart import PicturePart
from fvs_server.edge.subject_bodies import SubjectBody  # noqa: TC001 - likewise
from fvs_server.enrolment.portraits import PortraitBody  # noqa: TC001 - likewise
from fvs_server.identity import Principal, Scope
from fvs_server.inference import Deadline  # noqa: TC001 - likewise
from fvs_server.routes.authority import (
    AdviceDocument,
    ErasureDocument,
    advice_documents,
    authority_of,
    erasure_document,
)
from fvs_server.wiring import Services  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from fvs.registry.lifecycle import RecordExport
    from fvs_server.transactions import TransactionRecord

__all__ = ["ROUTES"]


class LookupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request about one person."""

    subject: SubjectBody


class ExportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request to export what is held about one person; templates on request only."""

    subject: SubjectBody
    templates: bool = False


class PortraitDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a portrait.

    Attributes:
        outcome: enrolled, unchanged (it was there), erased_before (not brought back) or refused.
        subject: the number, masked.
        record_id: of the template that is kept, 32 hex digits; null where none is.
        quality: the unified quality score, 0 to 100; null where it was not assessed.
        reasons: why it was not enrolled.
    """

    outcome: str
    subject: str
    record_id: str | None
    quality: float | None
    reasons: list[AdviceDocument]


class RecordDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One template, without itself; fields as of `fvs.registry.lifecycle.RecordExport`."""

    record_id: str
    status: str
    kind: str
    model_id: str
    enrolled_at: datetime
    source: str
    legal_basis: str
    portrait_date: date | None
    quality: float | None
    retain_until: date | None


class HoldingsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Who is held under a number.

    Attributes:
        subject: the number, masked.
        pseudonym: under which the registry keeps it; duplicate reviews name people by it.
        portraits: oldest first, erased ones included.
        review_ids: of duplicate reviews that name the person.
        imports_waiting: portraits in imports that were not reached yet.
    """

    subject: str
    pseudonym: str
    portraits: list[RecordDocument]
    review_ids: list[str]
    imports_waiting: int


class HeldTransactionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One answer about the person; fields as of `TransactionRecord`, pseudonyms and keys left out.

    Attributes:
        on_behalf: whether the person was whom the IdP asked for, rather than whom it asked about.
    """

    transaction_id: str
    at: datetime
    idp: str
    action: str
    decision: str
    reasons: tuple[str, ...]
    on_behalf: bool
    purpose: str
    consent_reference: str
    assurance_level: str
    similarity: float | None
    live_probability: float | None
    unified_quality: float | None


class ExportDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is held about one person for verification.

    Attributes:
        registry: as `fvs registry export` writes it.
        imports_waiting: portraits in imports that were not reached yet.
        transactions: that named the person, oldest first, as long as they are kept.
    """

    registry: SubjectExport
    imports_waiting: int
    transactions: list[HeldTransactionDocument]


@post(
    "/v1/subjects/portraits",
    opt={
        "scope": Scope.ENROL,
        INFERENCE: True,
        PICTURE_PARTS: {"picture": PicturePart("picture")},
    },
    status_code=200,
    sync_to_thread=True,
)
def enrol_portrait(
    services: Injected[Services],
    principal: Injected[Principal],
    deadline: Injected[Deadline],
    language: Injected[Language],
    data: JSONBody[PortraitBody],
) -> PortraitDocument:
    """Enrol a portrait under a number; the template is kept, the picture is not."""
    authority, portrait = authority_of(services, principal), data.to_portrait()
    with services.limits.concurrency.slot(principal):
        done = authority.enrolment.enrol(portrait, principal, deadline)
    return PortraitDocument(
        outcome=done.outcome,
        subject=portrait.subject.masked,
        record_id=None if done.record_id is None else done.record_id.hex(),
        quality=done.quality,
        reasons=advice_documents(done.codes, language),
    )


@post("/v1/subjects/lookup", opt={"scope": Scope.ENROL}, status_code=200, sync_to_thread=True)
def look_up_subject(
    services: Injected[Services],
    principal: Injected[Principal],
    data: JSONBody[LookupBody],
) -> HoldingsDocument:
    """List the portraits of a person, without their templates."""
    enrolment = authority_of(services, principal).enrolment
    held = enrolment.look_up(data.subject.to_subject(), principal)
    return HoldingsDocument(
        subject=held.registry.subject,
        pseudonym=held.registry.pseudonym,
        portraits=[_record_document(record) for record in held.registry.records],
        review_ids=[review.review_id for review in held.registry.reviews],
        imports_waiting=held.imports_waiting,
    )


@post("/v1/subjects/export", opt={"scope": Scope.ENROL}, status_code=200, sync_to_thread=True)
def export_subject(
    services: Injected[Services],
    principal: Injected[Principal],
    data: JSONBody[ExportBody],
) -> ExportDocument:
    """Export what is held about a person, to be handed to them."""
    enrolment = authority_of(services, principal).enrolment
    subject = data.subject.to_subject()
    held = enrolment.export(subject, principal, templates=data.templates)
    (pseudonym,) = services.pseudonyms.of([subject])
    return ExportDocument(
        registry=held.registry,
        imports_waiting=held.imports_waiting,
        transactions=[_transaction_document(each, pseudonym) for each in held.transactions],
    )


@post("/v1/subjects/erase", opt={"scope": Scope.ENROL}, status_code=200, sync_to_thread=True)
def erase_subject(
    services: Injected[Services],
    principal: Injected[Principal],
    data: JSONBody[LookupBody],
) -> ErasureDocument:
    """Erase all templates of a person; sent again, it states the same again."""
    enrolment = authority_of(services, principal).enrolment
    return erasure_document(enrolment.erase(data.subject.to_subject(), principal))


def _record_document(record: RecordExport) -> RecordDocument:
    values = {name: getattr(record, name) for name in RecordDocument.__struct_fields__}
    return RecordDocument(**values)


def _transaction_document(record: TransactionRecord, subject: bytes) -> HeldTransactionDocument:
    own = set(HeldTransactionDocument.__struct_fields__) - {"on_behalf"}
    values = {name: getattr(record, name) for name in own}
    return HeldTransactionDocument(**values, on_behalf=record.subject != subject)


ROUTES = (enrol_portrait, erase_subject, export_subject, look_up_subject)

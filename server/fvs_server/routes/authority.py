"""What the authority's routes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from fvs_server.details import Detail
from fvs_server.edge.languages import Language
from fvs_server.enrolment.advice import enrolment_advice
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from fvs.registry.lifecycle import ErasureReceipt
    from fvs_server.enrolment.opening import Authority
    from fvs_server.identity import Principal
    from fvs_server.wiring import Services

__all__ = [
    "AdviceDocument",
    "ErasureDocument",
    "advice_documents",
    "authority_of",
    "erasure_document",
    "id_bytes",
]

_ID_HEX_DIGITS = 32


class AdviceDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was refused.

    Attributes:
        code: for programs.
        advice: what can be done, in the language of the request.
    """

    code: str
    advice: str


class ErasureDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased.

    Attributes:
        record_ids: of the erased templates, those that were erased before included.
        revision: of the registry, with the erasure in it.
        proof: a signed statement for the subject, to be kept to the byte; `fvs registry
            verify-proof` checks it. Null where there was nothing to erase.
    """

    record_ids: list[str]
    revision: int
    proof: Annotated[str, msgspec.Meta(description="JSON, signed by the registry.")] | None


def authority_of(services: Services, principal: Principal) -> Authority:
    """The services behind a request, which counts against the key's rate.

    Raises:
        ServiceError: NOT_FOUND, this server has no registry; RATE_LIMITED.
    """
    if services.authority is None:
        raise ServiceError(Problem.NOT_FOUND, Detail.NO_REGISTRY.value)
    with services.database.writing() as connection:
        services.limits.rates.take(connection, principal, services.clock())
    return services.authority


def advice_documents(codes: tuple[str, ...], language: Language) -> list[AdviceDocument]:
    """Codes with advice."""
    return [
        AdviceDocument(
            code=code,
            advice=advice.thai if language is Language.THAI else advice.english,
        )
        for code, advice in ((code, enrolment_advice(code)) for code in codes)
    ]


def erasure_document(receipt: ErasureReceipt) -> ErasureDocument:
    """The receipt as JSON has it."""
    return ErasureDocument(
        record_ids=[record_id.hex() for record_id in receipt.record_ids],
        revision=receipt.revision,
        proof=None if receipt.proof is None else receipt.proof.decode(),
    )


def id_bytes(text: str) -> bytes:
    """The id of a record or review in an address.

    Raises:
        ServiceError: NOT_FOUND, it is none.
    """
    try:
        found = bytes.fromhex(text) if len(text) == _ID_HEX_DIGITS else b""
    except ValueError:
        found = b""
    if not found:
        raise ServiceError(Problem.NOT_FOUND)
    return found

"""`DELETE /v1/portraits/{record_id}`: one template goes, the person's others stay."""

from __future__ import annotations

from litestar import delete
from litestar.params import FromPath  # noqa: TC002 - Litestar reads the annotations

from fvs_server.edge.injection import Injected  # noqa: TC001 - likewise
from fvs_server.identity import Principal, Scope
from fvs_server.routes.authority import (
    ErasureDocument,
    authority_of,
    erasure_document,
    id_bytes,
)
from fvs_server.wiring import Services  # noqa: TC001 - likewise

__all__ = ["ROUTES"]


@delete(
    "/v1/portraits/{record_id:str}",
    opt={"scope": Scope.ENROL},
    status_code=200,
    sync_to_thread=True,
)
def erase_portrait(
    services: Injected[Services],
    principal: Injected[Principal],
    record_id: FromPath[str],
) -> ErasureDocument:
    """Erase one template by its id; sent again, it states the same again."""
    enrolment = authority_of(services, principal).enrolment
    return erasure_document(enrolment.erase_portrait(id_bytes(record_id), principal))


ROUTES = (erase_portrait,)

"""`/v1/statistics`: what was answered, per IdP and period."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from fvs_server.details import Detail
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.identity import Principal, Scope
from fvs_server.problems import Problem, ServiceError
from fvs_server.statistics.reports import StatisticsReport, report_period
from fvs_server.wiring import Services  # noqa: TC001 - Litestar reads the annotations

__all__ = ["ROUTES"]

_FROM = "First hour, RFC 3339; without a time zone it is UTC."
_TO = "End of the last hour; now where it is left out. At most 366 days later."
_IDP = "For administrators: whose. Left out, it is everybody's."


@get("/v1/statistics", opt={"scope": (Scope.STATISTICS, Scope.ADMIN)}, sync_to_thread=True)
def get_statistics(
    services: Injected[Services],
    principal: Injected[Principal],
    start: Annotated[datetime, QueryParameter(name="from", description=_FROM)],
    end: Annotated[datetime | None, QueryParameter(name="to", description=_TO)] = None,
    idp: Annotated[str | None, QueryParameter(description=_IDP, max_length=128)] = None,
) -> StatisticsReport:
    """Statistics of one's own IdP, or for an administrator of any or all."""
    whose = idp if Scope.ADMIN in principal.scopes else principal.idp
    if idp not in (None, whose):
        raise ServiceError(Problem.INSUFFICIENT_SCOPE, Detail.OTHERS_STATISTICS.value)
    with services.database.reading() as connection:
        return report_period(
            services.statistics,
            connection,
            start=_as_utc(start),
            end=_as_utc(end or services.clock()),
            idp=whose,
            certificate=services.faces.levels.certificate,
        )


def _as_utc(moment: datetime) -> datetime:
    """Without a time zone it is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


ROUTES = (get_statistics,)

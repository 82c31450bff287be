"""`/health/live`, `/health/ready`, `/metrics`, `/version`: for operators, without a key."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from fvs import __version__
from fvs_server.edge.injection import Injected  # noqa: TC001 - Litestar reads the annotations
from fvs_server.openapi.answers import ANSWER_STATUSES
from fvs_server.operation.metrics import CONTENT_TYPE_LATEST
from fvs_server.operation.readiness import ReadinessReport  # noqa: TC001 - likewise
from fvs_server.wiring import Services  # noqa: TC001 - likewise

__all__ = ["ROUTES"]

_PUBLIC: dict[str, Any] = {"scope": None}
_NOT_READY = 503


class LiveAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    live: bool = True


class VersionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What runs."""

    service: str
    pack: str
    models: tuple[str, ...]
    certificate_id: str
    certificate_expires: str


@get("/health/live", opt=_PUBLIC, sync_to_thread=False)
def get_live() -> LiveAnswer:
    """Whether the process answers; asks nothing of anything."""
    return LiveAnswer()


@get("/health/ready", opt={**_PUBLIC, ANSWER_STATUSES: (_NOT_READY,)}, sync_to_thread=True)
def get_ready(services: Injected[Services]) -> Response[ReadinessReport]:
    """Whether requests can be decided: 200 or 503, and what was looked at."""
    report = services.readiness.look()
    return Response(report, status_code=200 if report.ready else _NOT_READY)


@get("/metrics", opt=_PUBLIC, sync_to_thread=False)
def get_metrics(services: Injected[Services]) -> Response[bytes]:
    """For Prometheus; keep it from callers at the proxy."""
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


@get("/version", opt=_PUBLIC, sync_to_thread=False)
def get_version(services: Injected[Services]) -> VersionAnswer:
    """Version of the service, its models and its certificate."""
    certificate = services.faces.levels.certificate
    return VersionAnswer(
        service=__version__,
        pack=services.faces.pack.name,
        models=services.faces.model_ids,
        certificate_id=certificate.certificate_id,
        certificate_expires=certificate.expires,
    )


ROUTES = (get_live, get_metrics, get_ready, get_version)

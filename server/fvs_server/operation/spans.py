"""Spans of OpenTelemetry: one a request, and in it one a part.

A span says what a line of the log says and no more: no path, body or message of an exception, which
may quote what was sent. A caller's own trace is not continued, for its ids could be anybody's.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from litestar.enums import ScopeType
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode

from fvs_server.edge.boundary import request_id_of
from fvs_server.inference import InferencePool
from fvs_server.operation.observing import names_of
from fvs_server.parts import Parts
from fvs_server.problems import ServiceError
from fvs_server.receipts import Receipts
from fvs_server.services.comparison import Comparison
from fvs_server.services.desk import Desk
from fvs_server.services.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from litestar.types import ASGIApp, Message, Receive, Scope, Send
    from opentelemetry.trace import Span, Tracer

    from fvs_server.operation.settings import TraceSettings

__all__ = ["RequestSpans", "new_provider", "traced_parts"]

T = TypeVar("T")

_LOWEST_FAILURE = 500
_EXPORT_S = 3.0
"""A collector that is away must not hold up the end of the process for long."""


def new_provider(settings: TraceSettings) -> TracerProvider:
    """Sends spans to the collector, in a thread of its own; `shutdown` sends the last."""
    provider = TracerProvider(
        sampler=TraceIdRatioBased(settings.share),
        resource=Resource({"service.name": "fvs"}),
        shutdown_on_exit=False,  # whoever opened it closes it
    )
    provider.add_span_processor(BatchSpanProcessor(_exporter(settings.endpoint)))
    return provider


def _exporter(endpoint: str) -> SpanExporter:
    return OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_S)


def traced_parts(tracer: Tracer) -> Parts:
    """Classes whose methods are spans, so that what is not traced has nothing of it."""

    @contextmanager
    def part(name: str) -> Iterator[None]:
        with _span(tracer, name) as span:
            try:
                yield
            except BaseException as error:
                _fail(span, _kind(error))
                raise

    class TracedDesk(_traced(Desk, part, admit="admission")):  # type: ignore[misc]  # made here
        @contextmanager
        def settling(self, *asked: Any, **named: Any) -> Iterator[Any]:  # noqa: ANN401 - as Desk's
            with part("settle"), super().settling(*asked, **named) as connection:
                yield connection

    return Parts(
        pool=_traced(InferencePool, part, run="inference", run_in_batches="inference"),
        desk=TracedDesk,
        receipts=_traced(Receipts, part, issue="sign"),
        verification=_traced(Verification, part, _judge="judge"),
        comparison=_traced(Comparison, part, _judge="judge"),
        outermost=lambda app: RequestSpans(app, tracer),
    )


def _traced(
    kind: type[T], part: Callable[[str], AbstractContextManager[None]], **spans: str
) -> type[T]:
    """A class of which these methods are spans of these names."""

    def spanned(method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*asked: Any, **named: Any) -> Any:  # noqa: ANN401 - as the method
            with part(name):
                return method(*asked, **named)

        return call

    methods = {method: spanned(getattr(kind, method), name) for method, name in spans.items()}
    return cast("type[T]", type(f"Traced{kind.__name__}", (kind,), methods))


class RequestSpans:
    """Wraps all of the service, its refusals too."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        """Wrap."""
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        with _span(self._tracer, "request", kind=SpanKind.SERVER, context=Context()) as span:
            try:
                await self._app(scope, receive, send_and_note)
            finally:
                _describe(span, scope, status)


def _describe(span: Span, scope: Scope, status: int) -> None:
    method, route = names_of(scope)
    span.update_name(f"{method} {route}")
    principal = cast("dict[str, Any]", scope).get("principal")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "fvs.request_id": request_id_of(scope),
            "fvs.idp": "" if principal is None else principal.idp,
        }
    )
    if status >= _LOWEST_FAILURE or not status:
        _fail(span, str(status))


@contextmanager
def _span(tracer: Tracer, name: str, **more: Any) -> Iterator[Span]:  # noqa: ANN401 - the tracer's
    with tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False, **more
    ) as span:
        yield span


def _fail(span: Span, kind: str) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", kind)


def _kind(error: BaseException) -> str:
    """Without its message."""
    return error.problem.name.lower() if isinstance(error, ServiceError) else type(error).__name__

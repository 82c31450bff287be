"""The process: one socket, one event loop, and how it starts, reloads and stops.

SIGTERM and SIGINT stop it: nothing new is accepted, what was begun is finished within `drain_s`.
SIGHUP has it read the certificate, the callers' keys and the registry's key ring anew.
"""

from __future__ import annotations

import asyncio
import logging
import math
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fvs.errors import DeploymentError, FvsError
from fvs_server.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from fvs_server.settings import HttpSettings
    from fvs_server.wiring import Services

__all__ = ["Running", "reload_services", "serve"]

logger = logging.getLogger(__name__)

_BACKLOG = 2048
_ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Running:
    """A server that accepts connections.

    Attributes:
        port: where.
        stop: ends it as SIGTERM does.
    """

    port: int
    stop: Callable[[], None]


def serve(
    services: Services, on_started: Callable[[Running], None] = lambda _running: None
) -> None:
    """Serve until a signal ends it. To be called by the main thread, which gets the signals.

    Args:
        services: opened.
        on_started: called once connections are accepted.

    Raises:
        DeploymentError: the address cannot be listened on.
    """
    http = services.settings.http
    config = uvicorn.Config(
        create_app(services),
        host=http.host,
        port=http.port,
        http=_protocol(http.head_s),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who forwarded a request is read by fvs_server.identity, from trusted proxies alone.
        proxy_headers=False,
        timeout_keep_alive=math.ceil(http.keep_alive_s),
        timeout_graceful_shutdown=math.ceil(http.drain_s),
        limit_concurrency=http.connections,
        backlog=_BACKLOG,
        ssl_certfile=http.tls_certificate,
        ssl_keyfile=http.tls_key,
    )
    server = _Server(config, services, on_started)
    # Uvicorn raises the signal that ended it once more, which would end the process as it stands.
    ends = {number: signal.signal(number, _do_nothing) for number in _ENDING}
    try:
        server.run()
    except SystemExit as error:  # uvicorn's way to say that it could not listen
        raise _cannot_listen(http) from error
    finally:
        for number, handler in ends.items():
            signal.signal(number, handler)
    if not server.started:
        raise _cannot_listen(http)


def reload_services(services: Services) -> None:
    """Read anew what may have changed; what cannot be accepted leaves the old in force."""
    services.authenticator.forget()
    steps: list[tuple[str, Callable[[], object]]] = [("certificate", services.faces.levels.reload)]
    if services.authority is not None:
        steps.append(("key_ring", services.authority.keeper.reload_keys))
    for what, step in steps:
        try:
            step()
        except FvsError as error:
            logger.error(  # noqa: TRY400 - a trace could hold secrets
                "reload refused", extra={"fields": {"what": what, "error": type(error).__name__}}
            )
        else:
            logger.info("reloaded", extra={"fields": {"what": what}})


class _Server(uvicorn.Server):
    """Uvicorn's, which also reloads and says when it has started."""

    def __init__(
        self, config: uvicorn.Config, services: Services, on_started: Callable[[Running], None]
    ) -> None:
        super().__init__(config)
        self._services = services
        self._on_started = on_started

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        loop = asyncio.get_running_loop()
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(
                signal.SIGHUP, loop.run_in_executor, None, reload_services, self._services
            )
        port = self.servers[0].sockets[0].getsockname()[1]
        logger.info("started", extra={"fields": {"port": port}})
        self._on_started(Running(port, self._stop))

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        logger.info("stopping", extra={"fields": {"drain_s": self._services.settings.http.drain_s}})
        await super().shutdown(sockets)
        logger.info("stopped")

    def _stop(self) -> None:
        self.should_exit = True


def _protocol(head_s: float) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol, which also closes connections that send no head of a request."""

    class ImpatientProtocol(HttpToolsProtocol):
        _head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's signature
            super().connection_made(transport)
            self._expect_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            self._expect_head()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._stop_waiting()
            super().on_headers_complete()

        def _expect_head(self) -> None:
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(head_s, self.transport.close)

        def _stop_waiting(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

    return ImpatientProtocol


def _do_nothing(_number: int, _frame: object) -> None:
    """The server has ended already."""


def _cannot_listen(http: HttpSettings) -> DeploymentError:
    return DeploymentError(
        f"cannot listen on {http.host} port {http.port}",
        advice="See whether another process does, or set [http] port.",
    )

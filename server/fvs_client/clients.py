"""The two clients: one for threads, one for event loops. Neither knows any route."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx

from fvs_client.credentials import ApiKey
from fvs_client.errors import ConfigurationError, UnreachableError
from fvs_client.exchange import Effect, HttpReply, HttpRequest, Outcome, Pause, Session
from fvs_client.retrying import RetryPolicy

if TYPE_CHECKING:
    from types import TracebackType

    from fvs_client.calls import Call
    from fvs_client.exchange import Credentials, Signer

__all__ = ["AsyncClient", "Client", "ClientOptions", "client_certificate"]

T = TypeVar("T")

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, kw_only=True)
class ClientOptions:
    """What can be set besides address and credentials.

    Attributes:
        signer: signs each request (`fvs_client.signing`).
        tls: whose certificates are trusted and which is shown (`client_certificate`).
        language: of advice, `en` or `th`.
        retry: how often a call is sent, and how long is waited.
        deadline_s: of one call, attempts and pauses together.
    """

    signer: Signer | None = None
    tls: ssl.SSLContext | None = None
    language: str = "en"
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    deadline_s: float = 30.0


def client_certificate(
    certificate: str, key: str, *, authorities: str | None = None
) -> ssl.SSLContext:
    """For `ClientOptions.tls`: show a certificate to the service (mutual TLS).

    Args:
        certificate: PEM file of the certificate and what leads from it to its authority.
        key: PEM file of its key.
        authorities: PEM file of who may vouch for the service; None takes the system's.
    """
    context = ssl.create_default_context(cafile=authorities)
    context.load_cert_chain(certificate, key)
    return context


class Client:
    """Calls the service; threads may share one.

    ```python
    with Client("https://fvs.example", api_key="fvs_...") as client:
        answer = client.send(verify_face(VerificationRequest(...)))
    ```
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        credentials: Credentials | None = None,
        options: ClientOptions | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Connect when the first call is sent.

        Args:
            base_url: of the service; https, or http to this machine.
            api_key: as `fvs server keys create` printed it.
            credentials: in its place (`fvs_client.oauth2`).
            options: see there.
            transport: of httpx, in place of the network.

        Raises:
            ConfigurationError: the address would send credentials in the clear, or there are two.
        """
        chosen = options or ClientOptions()
        self._session = _session(base_url, api_key, credentials, chosen)
        self._http = httpx.Client(
            transport=transport, verify=True if chosen.tls is None else chosen.tls
        )

    def send(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """Send a call and wait for its answer.

        Args:
            call: of `fvs_client.calls`.
            idempotency_key: to get the same answer once more, also after this process died; None
                makes one for all attempts of this call.

        Raises:
            ClientError: see `fvs_client.errors`.
        """
        conversation = self._session.converse(call, idempotency_key)
        effect = next(conversation)
        while True:
            outcome = self._carry_out(effect)
            try:
                effect = conversation.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _carry_out(self, effect: Effect) -> Outcome:
        if isinstance(effect, Pause):
            time.sleep(effect.seconds)
            return None
        try:
            return _reply(self._http.send(_request(self._http, effect)))
        except httpx.TransportError as error:
            return _unreachable(error)


class AsyncClient:
    """The same for event loops: asyncio or trio.

    ```python
    async with AsyncClient("https://fvs.example", api_key="fvs_...") as client:
        answer = await client.send(verify_face(VerificationRequest(...)))
    ```
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        credentials: Credentials | None = None,
        options: ClientOptions | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """See `Client`."""
        chosen = options or ClientOptions()
        self._session = _session(base_url, api_key, credentials, chosen)
        self._http = httpx.AsyncClient(
            transport=transport, verify=True if chosen.tls is None else chosen.tls
        )

    async def send(self, call: Call[T], *, idempotency_key: str | None = None) -> T:
        """See `Client.send`."""
        conversation = self._session.converse(call, idempotency_key)
        effect = next(conversation)
        while True:
            outcome = await self._carry_out(effect)
            try:
                effect = conversation.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _carry_out(self, effect: Effect) -> Outcome:
        if isinstance(effect, Pause):
            await anyio.sleep(effect.seconds)
            return None
        try:
            with anyio.fail_after(effect.timeout_s):
                return _reply(await self._http.send(_request(self._http, effect)))
        except (httpx.TransportError, TimeoutError) as error:
            return _unreachable(error)


def _session(
    base_url: str, api_key: str | None, credentials: Credentials | None, options: ClientOptions
) -> Session:
    parts = urlsplit(base_url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigurationError("the address must begin with https://, or be this machine")
    if api_key is not None and credentials is not None:
        raise ConfigurationError("give an API key or other credentials, not both")
    return Session(
        base_url=base_url.rstrip("/"),
        credentials=credentials if api_key is None else ApiKey(api_key),
        signer=options.signer,
        language=options.language,
        retry=options.retry,
        deadline_s=options.deadline_s,
        monotonic=time.monotonic,
    )


def _request(http: httpx.Client | httpx.AsyncClient, request: HttpRequest) -> httpx.Request:
    return http.build_request(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.content or None,
        timeout=request.timeout_s,
    )


def _reply(response: httpx.Response) -> HttpReply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpReply(status=response.status_code, headers=headers, content=response.content)


def _unreachable(error: Exception) -> UnreachableError:
    """What kind of failure it was, in the words of its class: its own may name an address."""
    return UnreachableError(type(error).__name__, was_sent=not isinstance(error, _NEVER_SENT))

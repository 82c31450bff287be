"""One call from its first request to its answer, without input or output.

A conversation yields what is to be done (send a request, wait) and is sent what came of it. The
clients of `fvs_client.clients` only carry that out, one in a thread and one in an event loop.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import msgspec

from fvs_client.calls import Repeat
from fvs_client.errors import (
    AuthenticationError,
    ClientError,
    UnexpectedAnswerError,
    UnreachableError,
    problem_error,
)
from fvs_client.records import ProblemDetails
from fvs_client.retrying import RetryPolicy, retry_after_s

if TYPE_CHECKING:
    from fvs_client.calls import Call

__all__ = [
    "Conversation",
    "Credentials",
    "Effect",
    "HttpReply",
    "HttpRequest",
    "Outcome",
    "Pause",
    "Session",
    "Signer",
    "fetch",
]

T = TypeVar("T")

_SUCCESS = range(200, 300)
_PROBLEM = "application/problem+json"


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request to be sent.

    Attributes:
        method: of HTTP.
        url: whole.
        headers: of the request; `Host` and `Content-Length` are added by whoever sends it.
        content: of its body.
        timeout_s: to be given up after.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    timeout_s: float

    def __repr__(self) -> str:
        return f"HttpRequest({self.method}, {len(self.content)} bytes)"


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        return f"HttpReply({self.status}, {len(self.content)} bytes)"


@dataclass(frozen=True)
class Pause:
    """Time to wait, seconds."""

    seconds: float


Effect: TypeAlias = HttpRequest | Pause
Outcome: TypeAlias = HttpReply | UnreachableError | None
"""Of a request, or (None) of a pause."""
Conversation: TypeAlias = Generator[Effect, Outcome, T]


class Credentials(Protocol):
    """Who calls."""

    def authorization(self, timeout_s: float) -> Conversation[str]:
        """The header's value, which may have to be fetched first."""

    def renew(self) -> bool:
        """After a 401: whether other credentials would be sent now."""


class Signer(Protocol):
    """Signs requests."""

    def sign(self, request: HttpRequest) -> HttpRequest:
        """The same request with headers added."""


def fetch(request: HttpRequest) -> Conversation[HttpReply | UnreachableError]:
    """Send one request."""
    outcome = yield request
    if outcome is None:
        raise TypeError("a request has an outcome")
    return outcome


@dataclass(frozen=True, kw_only=True)
class Session:
    """All that a client's calls have in common.

    Attributes:
        base_url: of the service, without a slash at its end.
        credentials: of the caller; None for what is public.
        signer: where requests are signed.
        language: of advice, `en` or `th`.
        retry: how often, and how long to wait.
        deadline_s: of a call, all attempts and pauses together.
        monotonic: the clock that deadlines go by, seconds.
        uniform: a random number from 0 to 1.
    """

    base_url: str
    credentials: Credentials | None
    signer: Signer | None
    language: str
    retry: RetryPolicy
    deadline_s: float
    monotonic: Callable[[], float]
    uniform: Callable[[], float] = field(default=secrets.SystemRandom().random)

    def converse(self, call: Call[T], idempotency_key: str | None) -> Conversation[T]:
        """Send a call until it is answered, refused for good, or out of time.

        Args:
            call: what is asked.
            idempotency_key: by which the service knows the call again; made here if None.

        Raises:
            ClientError: see `fvs_client.errors`.
        """
        ends_at = self.monotonic() + self.deadline_s
        key = idempotency_key or str(uuid.uuid4())
        attempt = 0
        while True:
            try:
                return (yield from self._attempt(call, key, ends_at))
            except AuthenticationError:
                # A token may have been revoked before its time: once, with a new one.
                if attempt or self.credentials is None or not self.credentials.renew():
                    raise
            except ClientError as error:
                pause_s = self.retry.pause_s(error, call.repeat, attempt, self.uniform())
                if pause_s is None or self.monotonic() + pause_s >= ends_at:
                    raise
                yield Pause(pause_s)
            attempt += 1

    def _attempt(self, call: Call[T], key: str, ends_at: float) -> Conversation[T]:
        left_s = ends_at - self.monotonic()
        headers = {"Accept": "application/json", "Accept-Language": self.language}
        if call.body:
            headers["Content-Type"] = call.media_type
        if call.repeat is Repeat.KEYED:
            headers["Idempotency-Key"] = key
        if self.credentials is not None:
            headers["Authorization"] = yield from self.credentials.authorization(left_s)
        left_s = ends_at - self.monotonic()
        if left_s <= 0:
            raise UnreachableError("the deadline passed", was_sent=False)
        request = HttpRequest(
            method=call.method,
            url=f"{self.base_url}{call.path}",
            headers=headers,
            content=call.body,
            timeout_s=left_s,
        )
        outcome = yield from fetch(request if self.signer is None else self.signer.sign(request))
        if isinstance(outcome, UnreachableError):
            raise outcome
        return _answer(call, outcome)


def _answer(call: Call[T], reply: HttpReply) -> T:
    """The answer, decoded.

    Raises:
        ProblemError: the service refused.
        UnexpectedAnswerError: it is not the service's.
    """
    if reply.status not in _SUCCESS:
        raise _refusal(reply)
    try:
        return msgspec.json.decode(reply.content, type=call.answer)
    except msgspec.DecodeError:
        # Without its cause, which may quote the answer.
        raise UnexpectedAnswerError(reply.status, "the answer is not of this API") from None


def _refusal(reply: HttpReply) -> ClientError:
    wait_s = retry_after_s(reply.headers.get("retry-after"))
    if reply.headers.get("content-type", "").split(";")[0].strip() == _PROBLEM:
        try:
            problem = msgspec.json.decode(reply.content, type=ProblemDetails)
        except msgspec.DecodeError:
            pass
        else:
            # The line of the wire decides, not what the document says of itself.
            return problem_error(msgspec.structs.replace(problem, status=reply.status), wait_s)
    return UnexpectedAnswerError(reply.status, "something before the service answered")

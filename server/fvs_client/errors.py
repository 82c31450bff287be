"""What can go wrong for a caller of the service.

```
ClientError
├── ConfigurationError       the client was made with something that cannot be right
├── UnreachableError         no answer: no connection, or it broke, or the deadline passed
├── UnexpectedAnswerError    an answer that is not of this API: a proxy's page, a newer version
├── ReceiptError             a receipt that does not hold
└── ProblemError             the service refused (RFC 9457)
    ├── InvalidRequestError      400, 405, 413, 415: the caller's mistake
    ├── AuthenticationError      401
    ├── ScopeError               403
    ├── NotFoundError            404
    ├── ConflictError            409
    ├── RefusedContentError      422: a session, capture or key that may not be used (again)
    ├── TooManyRequestsError     429
    ├── UnavailableError         503: try again later
    └── ServiceFailureError      any other 5xx
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvs_client.records import ProblemDetails

__all__ = [
    "AuthenticationError",
    "ClientError",
    "ConfigurationError",
    "ConflictError",
    "InvalidRequestError",
    "NotFoundError",
    "ProblemError",
    "ReceiptError",
    "RefusedContentError",
    "ScopeError",
    "ServiceFailureError",
    "TooManyRequestsError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "problem_error",
]


class ClientError(Exception):
    """Base of all."""


class ConfigurationError(ClientError, ValueError):
    """The client cannot work as it was made."""


class UnreachableError(ClientError):
    """There was no answer; `was_sent` says whether the service may have seen the request."""

    def __init__(self, reason: str, *, was_sent: bool) -> None:
        """Keep a reason that names neither address nor content."""
        super().__init__(reason)
        self.was_sent = was_sent


class UnexpectedAnswerError(ClientError):
    """The answer is not of this API."""

    def __init__(self, status: int, reason: str) -> None:
        """Keep the status of HTTP; never the body, which may hold anything."""
        super().__init__(f"{reason} (HTTP {status})")
        self.status = status


class ReceiptError(ClientError):
    """A receipt does not hold, or is not of whom it should be."""


class ProblemError(ClientError):
    """The service refused; `problem` holds its document, `retry_after_s` how long to wait."""

    def __init__(self, problem: ProblemDetails, retry_after_s: float | None = None) -> None:
        """Say what the service said, and what it advises."""
        said = dict.fromkeys(
            (problem.detail, problem.advice)
        )  # the same where nothing more is known
        super().__init__(f"{problem.code}: {' '.join(said)}".rstrip())
        self.problem = problem
        self.retry_after_s = retry_after_s

    @property
    def code(self) -> str:
        """As programs tell problems apart, for example `rate_limited`."""
        return self.problem.code


class InvalidRequestError(ProblemError):
    """The request is wrong; `problem.violations` names all that is."""


class AuthenticationError(ProblemError):
    """The credentials are missing or not taken."""


class ScopeError(ProblemError):
    """The credentials do not allow it."""


class NotFoundError(ProblemError):
    """There is no such thing, or it is another's."""


class ConflictError(ProblemError):
    """The same request is being worked on."""


class RefusedContentError(ProblemError):
    """A session, capture or Idempotency-Key may not be used, or not again."""


class TooManyRequestsError(ProblemError):
    """A limit of the key or of the person is reached."""


class UnavailableError(ProblemError):
    """The service cannot do it now."""


class ServiceFailureError(ProblemError):
    """The service failed."""


_BY_STATUS: dict[int, type[ProblemError]] = {
    401: AuthenticationError,
    403: ScopeError,
    404: NotFoundError,
    409: ConflictError,
    422: RefusedContentError,
    429: TooManyRequestsError,
    503: UnavailableError,
}
_FIRST_OF_SERVER = 500


def problem_error(problem: ProblemDetails, retry_after_s: float | None) -> ProblemError:
    """The exception of a problem; its status decides."""
    other = ServiceFailureError if problem.status >= _FIRST_OF_SERVER else InvalidRequestError
    return _BY_STATUS.get(problem.status, other)(problem, retry_after_s)

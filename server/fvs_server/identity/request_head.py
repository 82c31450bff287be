"""A request without its body: all that a caller is authenticated by."""

from __future__ import annotations

from dataclasses import dataclass

from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError

__all__ = ["RequestHead"]


@dataclass(frozen=True, kw_only=True)
class RequestHead:
    """What is there before the body is read.

    Attributes:
        method: upper case.
        target: path and query as they were sent, percent-encoded.
        scheme: http or https.
        peer: address at the other end of the socket; empty for a Unix socket.
        fields: of the header, names in lower case, in the order of the wire.
    """

    method: str
    target: str
    scheme: str = "http"
    peer: str = ""
    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Each line of a field; the name in lower case."""
        return [value for found, value in self.fields if found == name]

    def only(self, name: str) -> str | None:
        """A field that may be there once: two would let a proxy and us read different ones.

        Raises:
            ServiceError: INVALID_REQUEST, it is there more than once.
        """
        values = self.all(name)
        if len(values) > 1:
            violation = Fault.REPEATED.at(f"header:{name}")
            raise ServiceError(Problem.INVALID_REQUEST, violations=(violation,))
        return values[0] if values else None

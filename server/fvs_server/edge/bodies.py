"""Bodies -> the struct that a handler declares, in one step, with all violations at once."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures.state import State

from fvs_server.details import Detail
from fvs_server.edge.multipart import decode_multipart_body
from fvs_server.edge.violations import violations_of
from fvs_server.faults import Fault
from fvs_server.problems import Problem, ServiceError

__all__ = ["PICTURE_PARTS", "ServiceRequest", "decode_json_body"]

PICTURE_PARTS = "picture_parts"
"""Key of a handler's `opt`: the parts that it takes where the body is multipart."""

_JSON = "application/json"
_MULTIPART = "multipart/form-data"


class ServiceRequest(Request[Any, Any, State]):
    """A request whose JSON is decoded into what its handler takes, base64 included, once."""

    async def json(self) -> Any:  # noqa: ANN401 - Litestar's signature
        """The body.

        Raises:
            ServiceError: it is of another media type or not what the handler takes.
        """
        content_type, options = self.content_type
        field = self.route_handler.parsed_data_field
        expected = Any if field is None else field.annotation
        pictures = self.route_handler.opt.get(PICTURE_PARTS)
        if content_type == _JSON:
            return decode_json_body(await self.body(), expected)
        if content_type == _MULTIPART and pictures:
            boundary = options.get("boundary", "")
            return decode_multipart_body(await self.body(), boundary, expected, pictures)
        taken = f"{_JSON}, {_MULTIPART}" if pictures else _JSON
        raise ServiceError(Problem.UNSUPPORTED_MEDIA_TYPE, Detail.MEDIA_TYPES.with_(allowed=taken))


def decode_json_body(body: bytes, expected: Any) -> Any:  # noqa: ANN401 - any type
    """Decode.

    Raises:
        ServiceError: INVALID_REQUEST with every violation.
    """
    try:
        try:
            return msgspec.json.decode(body, type=expected)
        except msgspec.ValidationError:
            violations = violations_of(msgspec.json.decode(body), expected)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        violations = (Fault.NOT_JSON.at(""),)
    # Outside the handlers: the refusal is chained to no error that quotes what was sent.
    raise ServiceError(Problem.INVALID_REQUEST, violations=violations)

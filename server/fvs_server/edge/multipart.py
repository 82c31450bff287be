"""`multipart/form-data` in memory: pictures of people are never spooled to a disk."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from multipart import (  # type: ignore[import-untyped]  # it has no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from fvs_server.edge.violations import violations_of
from fvs_server.faults import Fault, Violation
from fvs_server.problems import Problem, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["PicturePart", "decode_multipart_body", "without_boundary"]

_REQUEST = "request"
_MOST_PARTS = 16
_MOST_HEADER_BYTES = 2048


@dataclass(frozen=True)
class PicturePart:
    """Which parts are which member of the request.

    Attributes:
        member: of the struct that the handler takes.
        many: whether parts of that name are its items, or one is all of it.
    """

    member: str
    many: bool = False


def decode_multipart_body(
    body: bytes,
    boundary: str,
    expected: Any,  # noqa: ANN401 - any type
    pictures: Mapping[str, PicturePart],
) -> Any:  # noqa: ANN401
    """A struct from the part `request`, which is JSON, and parts that are picture files.

    Args:
        body: whole.
        boundary: of the content type.
        expected: the struct's type.
        pictures: by the name of the part.

    Raises:
        ServiceError: INVALID_REQUEST with every violation.
    """
    parts = _parts(body, boundary)
    document = _document(parts.pop(_REQUEST, []))
    # The name that was sent is not repeated.
    found = [
        Fault.UNKNOWN_PART.at("part:?", allowed=", ".join((_REQUEST, *pictures)))
        for name in parts
        if name not in pictures
    ]
    for name, picture in pictures.items():
        files = parts.get(name, [])
        if picture.many:
            document[picture.member] = files
        elif len(files) == 1:
            document[picture.member] = files[0]
        elif files:
            found.append(Fault.REPEATED.at(f"part:{name}"))
    violations = (*found, *_in_parts(violations_of(document, expected), pictures))
    if violations:
        raise ServiceError(Problem.INVALID_REQUEST, violations=violations)
    return msgspec.convert(document, expected)


def without_boundary(body: bytes, boundary: str) -> bytes:
    """What is the same whenever a request is sent: clients draw another boundary each time."""
    return body.replace(b"--" + boundary.encode("latin-1", "replace"), b"--") if boundary else body


def _parts(body: bytes, boundary: str) -> dict[str, list[bytes]]:
    parts: dict[str, list[bytes]] = defaultdict(list)
    content, segment = bytearray(), None
    wrong: Violation | None = None
    try:
        with PushMultipartParser(
            boundary.encode("latin-1", "replace"),
            max_segment_count=_MOST_PARTS,
            max_header_size=_MOST_HEADER_BYTES,
        ) as parser:
            for piece in parser.parse(body):
                if isinstance(piece, MultipartSegment):
                    segment, content = piece, bytearray()
                elif piece:
                    content += piece
                elif segment is not None:
                    parts[segment.name].append(bytes(content))
    except (MultipartError, ValueError):
        wrong = Fault.NOT_MULTIPART.at("")
    if wrong is not None:
        raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))
    return parts


def _document(requests: list[bytes]) -> dict[str, Any]:
    """The JSON of the part `request`."""
    fault = Fault.REPEATED if requests else Fault.REQUEST_PART_MISSING
    if len(requests) == 1:
        try:
            document: dict[str, Any] = msgspec.json.decode(requests[0], type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            fault = Fault.NOT_JSON
        else:
            return document
    wrong = fault.at(f"part:{_REQUEST}")
    raise ServiceError(Problem.INVALID_REQUEST, violations=(wrong,))


def _in_parts(
    violations: Iterable[Violation], pictures: Mapping[str, PicturePart]
) -> Iterator[Violation]:
    """What is wrong with a member that came as parts, by the name of the parts."""
    parts = {f"/{picture.member}": f"part:{name}" for name, picture in pictures.items()}
    for each in violations:
        yield replace(each, pointer=parts.get(each.pointer, each.pointer))

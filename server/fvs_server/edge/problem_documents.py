"""Refusals as RFC 9457 documents, in the caller's language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from fvs_server.edge.languages import Language
from fvs_server.problems import Problem

if TYPE_CHECKING:
    from fvs_server.problems import ServiceError

__all__ = [
    "PROBLEM_MEDIA_TYPE",
    "ProblemDocument",
    "ViolationDocument",
    "document_of",
    "headers_of",
]

PROBLEM_MEDIA_TYPE = "application/problem+json"

_CHALLENGES = {
    Problem.INSUFFICIENT_SCOPE: 'Bearer realm="fvs", error="insufficient_scope"',
    Problem.INVALID_CREDENTIALS: 'Bearer realm="fvs", error="invalid_token"',
    Problem.INVALID_SIGNATURE: 'Bearer realm="fvs", error="invalid_request"',
    Problem.UNAUTHENTICATED: 'Bearer realm="fvs"',
}
"""`WWW-Authenticate` (RFC 6750, section 3)."""


class ViolationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a request; never what was sent."""

    pointer: str
    code: str
    detail: str


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, with members of ours: `code`, `advice`, `violations` and `request_id`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    advice: str
    violations: list[ViolationDocument]
    request_id: str


def document_of(error: ServiceError, language: Language, request_id: str) -> ProblemDocument:
    """What the caller is told."""
    problem = error.problem
    title, advice = texts_of(problem, language)
    return ProblemDocument(
        type=problem.type_uri,
        title=title,
        status=problem.value.status,
        detail=error.detail or title,
        code=problem.code,
        advice=advice,
        violations=[
            ViolationDocument(pointer=v.pointer, code=v.code, detail=v.detail)
            for v in error.violations
        ],
        request_id=request_id,
    )


def texts_of(problem: Problem, language: Language) -> tuple[str, str]:
    """Title and advice."""
    entry = problem.value
    if language is Language.THAI:
        return entry.title_thai, entry.advice_thai
    return entry.title, entry.advice


def headers_of(error: ServiceError, language: Language) -> dict[str, str]:
    """Headers beside the document; waiting is in whole seconds, rounded up."""
    headers = {"content-language": language.value, "cache-control": "no-store"}
    if error.problem in _CHALLENGES:
        headers["www-authenticate"] = _CHALLENGES[error.problem]
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    return headers

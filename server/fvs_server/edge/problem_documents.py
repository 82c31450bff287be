"""Refusals as RFC 9457 documents, in the caller's language."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING

import msgspec

from fvs_server.details import Detail
from fvs_server.edge.languages import Language
from fvs_server.problems import Problem
from fvs_server.words import Words

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
    """One thing that is wrong with a request; never what was sent.

    Attributes:
        pointer: JSON pointer (RFC 6901) into the body, or `header:NAME`, `query:NAME`, `path:NAME`,
            `part:NAME`; empty for the whole of the body.
        code: for programs; docs/reference/problems.md has all.
        detail: what is wanted, in the language of the request.
    """

    pointer: str
    code: str
    detail: str


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, with members of ours: `code`, `advice`, `violations` and `request_id`.

    Attributes:
        title: what went wrong, the same for every problem of its code.
        detail: what is particular to this request, such as a limit or when to try again; the advice
            where nothing is.
        advice: what the caller can do about a problem of this code.
    """

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
        detail=_said(detail_of(error), language) or advice,
        code=problem.code,
        advice=advice,
        violations=[
            ViolationDocument(pointer=v.pointer, code=v.code, detail=_said(v.detail, language))
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


def detail_of(error: ServiceError) -> Words | None:
    """What is particular to this refusal: why, how many violations, when to try again."""
    found = [] if error.detail is None else [error.detail]
    if error.violations:
        found.append(Detail.VIOLATIONS.with_(count=len(error.violations)))
    if error.retry_after_s is not None:
        found.append(Detail.WAIT.with_(seconds=_whole_seconds(error.retry_after_s)))
    return reduce(Words.then, found) if found else None


def _said(words: Words | None, language: Language) -> str:
    if words is None:
        return ""
    return words.thai if language is Language.THAI else words.english


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def headers_of(error: ServiceError, language: Language) -> dict[str, str]:
    """Headers beside the document; waiting is in whole seconds, rounded up."""
    headers = {"content-language": language.value, "cache-control": "no-store"}
    if error.problem in _CHALLENGES:
        headers["www-authenticate"] = _CHALLENGES[error.problem]
    if error.retry_after_s is not None:
        headers["retry-after"] = str(_whole_seconds(error.retry_after_s))
    return headers

"""`/problems/{code}`: what each problem means, where its `type` points."""

from __future__ import annotations

from html import escape

from litestar import MediaType, Response, get
from litestar.params import FromPath  # noqa: TC002 - Litestar reads the annotations of handlers

from fvs_server.problems import Problem, ServiceError

__all__ = ["ROUTES"]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{code}</title></head>
<body><main><h1><code>{code}</code></h1><p>HTTP status {status}.</p>
<p>{title} {advice}</p><p lang="th">{title_thai} {advice_thai}</p></main></body></html>
"""


@get("/problems/{code:str}", opt={"scope": None}, media_type=MediaType.HTML, sync_to_thread=False)
def read_problem(code: FromPath[str]) -> Response[str]:
    """Explain a problem, in both languages."""
    problem = next((each for each in Problem if each.code == code), None)
    if problem is None:
        raise ServiceError(Problem.NOT_FOUND)
    entry = problem.value
    page = _PAGE.format(
        code=escape(problem.code),
        status=int(entry.status),
        title=escape(entry.title),
        advice=escape(entry.advice),
        title_thai=escape(entry.title_thai),
        advice_thai=escape(entry.advice_thai),
    )
    return Response(page, headers={"content-security-policy": "default-src 'none'"})


ROUTES = (read_problem,)

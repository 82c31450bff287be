"""docs/reference/problems.md, made from the table: `python -m fvs_server.problem_page > FILE`."""

from __future__ import annotations

import sys

from fvs_server.problems import Problem

__all__ = ["render_problems"]

_HEAD = """# Problems

Every refusal of the service is a document of RFC 9457, `application/problem+json`, in Thai or
English by `Accept-Language`. Programs go by `code`; `type` leads to a page of the server that says
what is said here. `violations` lists everything that is wrong with a request at once, each with a
JSON pointer into the body (or `header:NAME`, `query:NAME`, `part:NAME`), and never repeats what was
sent. `request_id` is the one of the header `X-Request-Id`, and of the server's log.

This file is rendered from `fvs_server/problems.py`; a test holds it.

| code | HTTP | meaning | what to do | ความหมาย | สิ่งที่ควรทำ |
|---|---:|---|---|---|---|
"""


def render_problems() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{problem.code}` | {int(problem.value.status)} | {problem.value.title} "
        f"| {problem.value.advice} | {problem.value.title_thai} | {problem.value.advice_thai} |\n"
        for problem in Problem
    ]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(render_problems())

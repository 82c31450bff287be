"""docs/reference/problems.md, made from the tables: `python -m fvs_server.problem_page > FILE`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fvs_server.faults import documented_faults
from fvs_server.problems import Problem

if TYPE_CHECKING:
    from fvs_server.words import Words

__all__ = ["render_problems"]

_HEAD = """# Problems

Every refusal of the service is a document of RFC 9457, `application/problem+json`, in Thai or
English by `Accept-Language`. Programs go by `code`; `type` leads to a page of the server that says
what is said here. `detail` tells what is particular to the request: a limit, when to try again,
what is taken instead; where nothing is, it is the advice. `request_id` is the one of the header
`X-Request-Id`, and of the server's log.

This file is rendered from `fvs_server/problems.py` and `fvs_server/faults.py`; a test holds it.

| code | HTTP | meaning | what to do | ความหมาย | สิ่งที่ควรทำ |
|---|---:|---|---|---|---|
"""

_VIOLATIONS = """
## Violations

`violations` of `invalid_request` lists everything that is wrong with a request at once, up to 50
things. Each has a `pointer`, a `code` of this table, and a `detail` in the caller's language; what
was sent is never repeated. A pointer is a JSON pointer into the body (`/frames/0`), or
`header:NAME`, `query:NAME`, `path:NAME` or `part:NAME`; it is empty for the body as a whole.

| code | what to do | สิ่งที่ควรทำ |
|---|---|---|
"""


def render_problems() -> str:
    """The page as Markdown."""
    problems = [
        f"| `{problem.code}` | {int(problem.value.status)} | {problem.value.title} "
        f"| {problem.value.advice} | {problem.value.title_thai} | {problem.value.advice_thai} |\n"
        for problem in Problem
    ]
    faults = [_fault(code, words) for code, words in documented_faults()]
    return _HEAD + "".join(problems) + _VIOLATIONS + "".join(faults)


class _Names(dict[str, str]):
    """In place of a value its name."""

    def __missing__(self, name: str) -> str:
        return f"*{name}*"


def _fault(code: str, words: Words) -> str:
    english, thai = (text.format_map(_Names()) for text in words)
    return f"| `{code}` | {english} | {thai} |\n"


if __name__ == "__main__":
    sys.stdout.write(render_problems())

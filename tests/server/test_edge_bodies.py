"""Bodies become structs; what is wrong with them is said all at once and never repeated."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
import pytest

from fvs_server.edge.bodies import decode_json_body
from fvs_server.problems import Problem, ServiceError


class Colour(StrEnum):
    RED = "red"


class Inner(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    number: Annotated[str, msgspec.Meta(min_length=3)]


class Outer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    inner: Inner
    frames: Annotated[tuple[bytes, ...], msgspec.Meta(min_length=1, max_length=2)]
    colour: Colour = Colour.RED
    other: Inner | None = None
    many: list[Inner] = []


GOOD = b'{"inner":{"number":"abc"},"frames":["AAAA"]}'


def refused(body: bytes) -> dict[str, str]:
    """Pointer -> code of what is wrong with a body."""
    with pytest.raises(ServiceError) as caught:
        decode_json_body(body, Outer)
    assert caught.value.problem is Problem.INVALID_REQUEST
    return {violation.pointer: violation.code for violation in caught.value.violations}


class TestBodies:
    def test_base64_is_decoded(self):
        """`bytes` are base64 in JSON."""
        assert decode_json_body(GOOD, Outer).frames == (b"\0\0\0",)

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"", {"": "not_json"}),
            (b"{", {"": "not_json"}),
            (b"\xff", {"": "not_json"}),
            (b"[" * 100_000, {"": "not_json"}),
            (b"[]", {"": "not_object"}),
            (b"{}", {"/inner": "missing", "/frames": "missing"}),
            (
                b'{"inner":{"number":"a","x":1},"frames":["?"],"colour":"blue","y":2}',
                {
                    "/inner/number": "too_short",
                    "/inner/x": "unknown",
                    "/frames/0": "not_base64",
                    "/colour": "not_one_of",
                    "/y": "unknown",
                },
            ),
            (b'{"inner":{"number":"abc"},"frames":[]}', {"/frames": "too_few_items"}),
            (
                b'{"inner":{"number":"abc"},"frames":["AAAA"],"other":{},"many":[{},{"number":"abc"},3]}',
                {"/other/number": "missing", "/many/0/number": "missing", "/many/2": "not_object"},
            ),
        ],
    )
    def test_every_violation_is_named(self, body, expected):
        """All of them in one answer, each where it is."""
        assert refused(body) == expected

    def test_nothing_that_was_sent_comes_back(self):
        """A detail may end up in a log: it quotes no value, and no name that looks like none."""
        body = b'{"inner":{"number":"ab"},"frames":["AAAA"],"colour":"1101700230708","11 0":1}'
        with pytest.raises(ServiceError) as caught:
            decode_json_body(body, Outer)
        said = repr(caught.value.violations)
        assert "1101700230708" not in said
        assert "11 0" not in said
        assert "'ab'" not in said

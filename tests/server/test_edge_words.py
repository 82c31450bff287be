"""What callers read of a refusal: what is wanted, in their language, and nothing that they sent."""

from __future__ import annotations

import ast
import re
import string
from typing import TYPE_CHECKING

import msgspec
import pytest

from fvs_server.details import Detail
from fvs_server.edge.languages import Language
from fvs_server.edge.problem_documents import document_of
from fvs_server.faults import Fault, documented_faults
from fvs_server.identity import Scope
from fvs_server.limits import LimitsSettings
from fvs_server.problems import Problem, ServiceError
from fvs_server.settings import HttpSettings
from tests.conftest import REPOSITORY
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture

if TYPE_CHECKING:
    from pathlib import Path

    from fvs_server.words import Words

VERIFY = "/v1/face-verifications"
ENGLISH, THAI = "en", "th"
THAI_LETTER = re.compile("[\u0e01-\u0e2e]")
TABLES = [*Problem, *Fault, *Detail]
MOST_BYTES = 200_000
GOOD = {
    "subject": {"kind": "citizen_id", "number": "1101700230708"},
    "frames": ["AAAA"],
    "purpose": "open_account",
    "consent_reference": "c-1",
    "assurance_level": "ial2.2",
}
FAULTS = [
    ({"frames": ["AAAA"] * 6}, "/frames", "too_many_items", "at most 5"),
    ({"frames": []}, "/frames", "too_few_items", "at least 1"),
    ({"frames": ["data:image/jpeg;base64,AAAA"]}, "/frames/0", "not_base64", "`data:` prefix"),
    ({"frames": "AAAA"}, "/frames", "not_list", "JSON list"),
    (
        {"subject": {"kind": "citizen_id", "number": "110170023070"}},
        "/subject/number",
        "subject_length",
        "13 digits",
    ),
    ({"subject": {"kind": "nobody", "number": "1"}}, "/subject/kind", "not_one_of", "citizen_id"),
    ({"subject": "110170023070"}, "/subject", "not_object", "JSON object"),
    ({"assurance_level": "ial9"}, "/assurance_level", "unknown_level", "ial2.1, ial2.2"),
    ({"assurance_level": "l" * 33}, "/assurance_level", "too_long", "32 characters"),
    ({"purpose": "Mr Somchai"}, "/purpose", "malformed_purpose", "open_account"),
    ({"consent_reference": "Mr Somchai"}, "/consent_reference", "malformed_reference", "128"),
    ({"purpose": None}, "/purpose", "malformed_purpose", "open_account"),
    ({"consent_reference": ...}, "/consent_reference", "missing", "add it"),
    ({"portrait_date": "01/04/2564"}, "/portrait_date", "not_date", "2021-04-01"),
    ({"receipt_formats": ["pdf"]}, "/receipt_formats/0", "not_one_of", "jws, sd_jwt_vc"),
    ({"liveness_session": {"id": "", "nonce": "n"}}, "/liveness_session/id", "too_short", "1"),
    ({"likeness": "110170023070"}, "/likeness", "unknown", "leave it out"),
]


def names_in(text: str) -> set[str]:
    """Of the values that a text has places for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def texts_of(words: Words) -> tuple[str, ...]:
    """English first; of a problem, title and advice."""
    if isinstance(words, tuple):
        return tuple(words)
    return (f"{words.title} {words.advice}", f"{words.title_thai} {words.advice_thai}")


class TestTables:
    @pytest.mark.parametrize("row", TABLES, ids=lambda row: f"{type(row).__name__}.{row.name}")
    def test_everything_is_said_twice(self, row):
        """In English and in Thai, with the same values."""
        english, thai = texts_of(row.value)
        assert not THAI_LETTER.search(english)
        assert THAI_LETTER.search(thai)
        assert names_in(english) == names_in(thai)

    @pytest.mark.parametrize("table", [Problem, Fault, Detail])
    def test_rows_are_in_alphabetical_order(self, table):
        """A table can be searched by eye."""
        names = [row.name for row in table]
        assert names == sorted(names)

    def test_a_code_is_one_fault(self):
        """Also beside those of numbers."""
        codes = [code for code, _ in documented_faults()]
        assert len(codes) == len(set(codes))

    def test_no_violation_is_made_elsewhere(self):
        """All come from the table; so the page of problems has every code."""
        makers = [path.name for path in server_files() if "Violation" in calls_in(path)]
        assert makers == ["faults.py"]


def server_files() -> list[Path]:
    """All code of the server."""
    return sorted((REPOSITORY / "server" / "fvs_server").rglob("*.py"))


def calls_in(path: Path) -> set[str]:
    """Names that are called; `cls` by the name of its class."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if _calls_a_name(node)}
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return called | (classes if "cls" in called else set())


def _calls_a_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


@pytest.fixture
def ask(registry_client, registry_services):
    """The violations of a request with a change, in a language, and the whole answer."""
    headers = bearer(registry_services, Scope.VERIFY)

    def post(changes: dict[str, object], language: str):
        changed = {name: value for name, value in (GOOD | changes).items() if value is not ...}
        answer = registry_client.post(
            VERIFY, json=changed, headers=headers | {"Accept-Language": language}
        )
        assert answer.status_code == 400, answer.text
        return answer.json()["violations"], answer

    return post


class TestViolations:
    @pytest.mark.parametrize(
        ("changes", "pointer", "code", "wanted"), FAULTS, ids=[f"{f[2]} {f[1]}" for f in FAULTS]
    )
    def test_they_say_what_is_wanted(self, ask, changes, pointer, code, wanted):
        """In either language, by a code, and without the value that was sent."""
        for language in (ENGLISH, THAI):
            ((violation,), answer) = ask(changes, language)
            assert (violation["pointer"], violation["code"]) == (pointer, code)
            assert (language == THAI) == bool(THAI_LETTER.search(violation["detail"]))
            assert language == THAI or wanted in violation["detail"]
            assert "`str`" not in answer.text
            assert not any(word in answer.text for word in ("Somchai", "110170023070", "ial9"))

    def test_how_many_there_are(self, ask):
        """The detail of the problem counts them."""
        _, answer = ask({"frames": [], "purpose": "?"}, ENGLISH)
        assert answer.json()["detail"].startswith("2 to correct")

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ([("other", b"x")], {"part:request": "request_part_missing"}),
            ([("request", b"{"), ("frame", b"x")], {"part:request": "not_json"}),
            ([("request", b"{}"), ("request", b"{}")], {"part:request": "repeated"}),
            (
                [("request", msgspec.json.encode({**GOOD, "frames": []})), ("oddity", b"x")],
                {"part:?": "unknown_part", "part:frame": "too_few_items"},
            ),
        ],
    )
    def test_parts_are_named_as_they_are_sent(
        self, registry_client, registry_services, files, expected
    ):
        """A picture that came as a part is wrong as a part; a strange name is not repeated."""
        answer = registry_client.post(
            VERIFY,
            files=[(name, (None, content, "application/json")) for name, content in files],
            headers=bearer(registry_services, Scope.VERIFY),
        )
        violations = answer.json()["violations"]
        assert {each["pointer"]: each["code"] for each in violations} == expected
        assert "oddity" not in answer.text


class TestDetails:
    @pytest.mark.parametrize("language", list(Language))
    @pytest.mark.parametrize("problem", list(Problem))
    def test_a_detail_is_never_the_title(self, problem, language):
        """What is particular to the request, else what to do."""
        document = document_of(ServiceError(problem), language, "")
        assert document.detail not in ("", document.title)

    @pytest.mark.parametrize(("wait_s", "said"), [(0.2, "in 1 s"), (36.1, "in 37 s")])
    def test_whoever_must_wait_is_told_how_long(self, wait_s, said):
        """As `Retry-After` says, in whole seconds."""
        error = ServiceError(Problem.OVERLOADED, retry_after_s=wait_s)
        assert said in document_of(error, Language.ENGLISH, "").detail


@pytest.fixture
def server_settings(server_settings):
    """A server that takes small bodies, and of a key one request."""
    return msgspec.structs.replace(
        server_settings,
        http=HttpSettings(max_body_bytes=MOST_BYTES),
        limits=LimitsSettings(rate_per_s=0.01, burst=1),
    )


@pytest.mark.parametrize(
    ("send", "status", "said"),
    [
        ({"content": b"x" * (MOST_BYTES + 1)}, 413, str(MOST_BYTES)),
        ({"content": b"x"}, 415, "application/json, multipart/form-data"),
        ({"method": "DELETE"}, 405, "POST"),
        ({"url": "/v1/nothing"}, 404, "/openapi.json"),
    ],
)
def test_a_refusal_says_what_would_do(client, services, send, status, said):
    """The limit, what is taken instead, or where to look; in either language."""
    request = {"method": "POST", "url": "/v1/face-quality"} | send
    for language in (ENGLISH, THAI):
        headers = bearer(services, Scope.VERIFY) | {"Accept-Language": language}
        headers |= {"Content-Type": "application/json" if status == 413 else "text/plain"}
        answer = client.request(**request, headers=headers)
        assert answer.status_code == status, answer.text
        assert said in answer.json()["detail"]
        assert (language == THAI) == bool(THAI_LETTER.search(answer.json()["detail"]))


def test_a_key_that_asks_too_often_learns_its_rate(client, services):
    """429 says what the key may do, and when to return."""
    headers = bearer(services, Scope.VERIFY)
    files = {"request": (None, "{}", "application/json"), "frame": ("f.jpg", picture(5))}
    first, second = (client.post("/v1/face-quality", files=files, headers=headers) for _ in "12")
    assert (first.status_code, second.status_code) == (200, 429)
    assert "1 requests at once, and 0.01 a second" in second.json()["detail"]
    assert f"in {second.headers['retry-after']} s" in second.json()["detail"]

"""`fvs receipt verify`: what anybody can check of an answer, offline."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from fvs.cli.exit_codes import ExitCode
from tests.unit.test_receipts import JWK, SALT, SUBJECT, credential, signed

NUMBER = SUBJECT.number.reveal()


@pytest.fixture
def jwks(tmp_path):
    """The service's keys."""
    path = tmp_path / "jwks.json"
    path.write_bytes(msgspec.json.encode({"keys": [JWK]}))
    return path


@pytest.fixture
def answer(tmp_path):
    """A whole answer, as it is kept."""
    path = tmp_path / "answer.json"
    receipt = {"jws": signed(), "sd_jwt_vc": None, "subject_salt": SALT}
    path.write_bytes(msgspec.json.encode({"decision": "match", "receipt": receipt}))
    return path


@pytest.fixture
def kept(tmp_path):
    """Writes a receipt to a file."""

    def write(text):
        path = tmp_path / "receipt.jws"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_whole_answer(fvs, answer, jwks):
    """Is genuine, and its claims are shown."""
    result = fvs("receipt", "verify", answer, "--jwks", jwks)
    assert result.code == ExitCode.MATCH
    assert "genuine, decided 2026-11-25 09:00:00 UTC" in result.out
    assert 'decision: "match"' in result.out


WHOLE = {
    "transaction_id": "0b5c2f0e",
    "decided_at": "2026-11-25T09:00:00.123Z",
    "decision": "match",
    "reasons": [{"code": "age_unknown", "about": "comparison", "advice": "State the age."}],
    "assurance_level": "ial2.3",
    "operating_point": {"target_fmr": 1e-4, "certificate_id": "c1", "pack": "standard"},
    "presentation_attack_detection": {"status": "assessed", "is_live": True, "session_used": True},
}


@pytest.mark.parametrize(
    ("member", "other"),
    [
        ("transaction_id", "0b5c2f0f"),
        ("decided_at", "2026-11-25T09:00:01Z"),
        ("decision", "no_match"),
        ("reasons", []),
        ("assurance_level", "ial2.2"),
        ("operating_point", {**WHOLE["operating_point"], "target_fmr": 1e-3}),
        (
            "presentation_attack_detection",
            {**WHOLE["presentation_attack_detection"], "is_live": None},
        ),
        (
            "presentation_attack_detection",
            {**WHOLE["presentation_attack_detection"], "session_used": False},
        ),
    ],
)
def test_an_answer_that_was_edited(fvs, kept, jwks, member, other):
    """A genuine receipt does not vouch for an answer that says something else; the member is named.

    The answer as it was given is genuine.
    """
    receipt = {"jws": signed(), "sd_jwt_vc": None, "subject_salt": SALT}
    for document, code in (
        (WHOLE, ExitCode.MATCH),
        ({**WHOLE, member: other}, ExitCode.NO_MATCH),
    ):
        file = kept(json.dumps({**document, "receipt": receipt}))
        result = fvs("receipt", "verify", file, "--jwks", jwks, "--json")
        assert result.code == code
    told = json.loads(result.out)
    assert (told["genuine"], told["code"]) == (False, "answer_altered")
    assert member in told["detail"]


def test_the_json(fvs, answer, jwks):
    """Is one document; whom it is about is said where it was asked."""
    document = json.loads(fvs("receipt", "verify", answer, "--jwks", jwks, "--json").out)
    assert document["genuine"] is True
    assert document["receipt"]["claims"]["jti"] == "0b5c2f0e"
    assert "about_subject" not in document


def test_a_credential_in_a_file(fvs, kept, jwks):
    """Is checked as the receipt is, while it lasts."""
    text = credential(exp=int(datetime.now(UTC).timestamp()) + 3600)
    result = fvs("receipt", "verify", kept(text), "--jwks", jwks, "--json")
    assert json.loads(result.out)["receipt"]["form"] == "sd_jwt_vc"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("\u00e9~\u00e9~", "malformed"),
        ('{"receipt": null}', "malformed"),
        (signed(kid="other"), "unknown_key"),
        (signed().replace(".", "A.", 1), "malformed"),
        (credential().replace("~", "~\u00e9~", 1), "malformed"),
    ],
)
def test_what_proves_nothing(fvs, kept, jwks, text, code):
    """Ends with 1 and says why, in a code too."""
    result = fvs("receipt", "verify", kept(text), "--jwks", jwks, "--json")
    assert result.code == ExitCode.NO_MATCH
    document = json.loads(result.out)
    assert (document["genuine"], document["code"]) == (False, code)


@pytest.mark.parametrize(
    ("number", "exit_code", "about"),
    [(NUMBER, ExitCode.MATCH, True), ("1101700230708", ExitCode.NO_MATCH, False)],
)
def test_whom_it_is_about(fvs, answer, jwks, number, exit_code, about):
    """The number is compared, and shown nowhere."""
    asked = ("receipt", "verify", answer, "--jwks", jwks, "--number", number)
    result = fvs(*asked, "--json")
    assert result.code == exit_code
    assert json.loads(result.out)["about_subject"] is about
    words = "about this subject" if about else "about another"
    shown = fvs(*asked).out
    assert words in shown
    assert number not in shown


def test_a_receipt_without_its_answer(fvs, kept, jwks):
    """Cannot show whom it is about: wrong use."""
    result = fvs("receipt", "verify", kept(signed()), "--jwks", jwks, "--number", NUMBER)
    assert result.code == ExitCode.WRONG_USE
    assert "subject_salt" in result.err


def test_two_things_from_one_stream(fvs, jwks):
    """Is wrong use."""
    result = fvs("receipt", "verify", "-", "--jwks", jwks, "--number", "-")
    assert result.code == ExitCode.WRONG_USE

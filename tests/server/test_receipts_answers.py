"""Receipts of real answers: what they state, and what docs/reference/receipt.md says of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

import msgspec
import pytest

from fvs.receipts import ReceiptClaims, check_receipt, is_about, read_jwks
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.audit import Action
from fvs_server.identity import Scope
from tests.conftest import REPOSITORY
from tests.registry_desk import number
from tests.server.identity_fixtures import BANK, bearer
from tests.server.light_engine import picture

PAGE = (REPOSITORY / "docs/reference/receipt.md").read_text(encoding="utf-8")
FRAME = base64.b64encode(picture(5)).decode()
CASE = {"purpose": "open_account", "consent_reference": "c-1", "assurance_level": "ial2.2"}


@pytest.fixture
def verify(registry_client, registry_services):
    """Sends the selfie of person 5 under somebody's number; the answer."""
    headers = bearer(registry_services, Scope.VERIFY)

    def send(person: int = 5, *, frame: str = FRAME, **headers_too: str) -> dict:
        subject = {"kind": "citizen_id", "number": number(person)}
        request = {"subject": subject, "frames": [frame], "receipt_formats": ["jws", "sd_jwt_vc"]}
        answer = registry_client.post(
            "/v1/face-verifications", json={**request, **CASE}, headers=headers | headers_too
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send


def keys_of(client):
    """As they are published."""
    return read_jwks(client.get("/.well-known/jwks.json").content)


def claims_of(client, receipt: str) -> dict:
    """Of a receipt that is genuine by the published keys."""
    return check_receipt(receipt, keys_of(client), datetime.now(UTC)).claims


class TestVerification:
    def test_both_forms_state_the_answer(self, verify, registry_client):
        """Transaction, caller and decision are those of the answer."""
        answer = verify()
        for form in ("jws", "sd_jwt_vc"):
            claims = claims_of(registry_client, answer["receipt"][form])
            assert claims["jti"] == answer["transaction_id"]
            assert claims["aud"] == BANK
            assert claims["decision"] == answer["decision"] == "match"
            assert claims["reason_codes"] == [each["code"] for each in answer["reasons"]]
            assert claims["action"] == "face_verification"

    @pytest.mark.parametrize("person", [5, 6, 999])
    def test_it_is_about_the_number_that_was_asked_about(self, verify, registry_client, person):
        """Matching or not, known or not; by HMAC as the page writes it down."""
        receipt = verify(person)["receipt"]
        digest = claims_of(registry_client, receipt["jws"])["subject_digest"]
        salt = base64.urlsafe_b64decode(receipt["subject_salt"] + "=")
        message = b"fvs subject 1\0citizen_id\0" + number(person).encode()
        wanted = hmac.new(salt, message, hashlib.sha256).digest()
        assert digest == base64.urlsafe_b64encode(wanted).rstrip(b"=").decode()
        other = SubjectId.parse(SubjectKind.CITIZEN_ID, number(7))
        assert not is_about(digest, other, receipt["subject_salt"])

    def test_two_receipts_of_one_person_cannot_be_linked(self, verify, registry_client):
        """Salts and digests are other ones each time."""
        other = base64.b64encode(picture(5, quality=71)).decode()
        receipts = [verify(frame=frame)["receipt"] for frame in (FRAME, other)]
        digests = {claims_of(registry_client, each["jws"])["subject_digest"] for each in receipts}
        assert len(digests) == len({each["subject_salt"] for each in receipts}) == 2

    def test_a_repeated_request_gets_the_same_receipt(self, verify):
        """Byte for byte: the answer was kept, and is not signed anew."""
        key = {"Idempotency-Key": "once"}
        assert verify(**key) == verify(**key)

    def test_the_receipts_tell_no_number(self, verify, registry_client):
        """Nor the salt by which it could be found, nor the score."""
        receipt = verify()["receipt"]
        for form in ("jws", "sd_jwt_vc"):
            shown = json.dumps(claims_of(registry_client, receipt[form]))
            assert number(5) not in shown
            assert receipt["subject_salt"] not in shown
            assert "score" not in shown


def test_a_comparison_is_about_nobody(client, services):
    """No number is asked for, so none is stated."""
    request = {"selfie": FRAME, "card": FRAME, **CASE}
    headers = bearer(services, Scope.COMPARE)
    receipt = client.post("/v1/face-comparisons", json=request, headers=headers).json()["receipt"]
    claims = claims_of(client, receipt["jws"])
    assert (claims["action"], claims["subject_digest"]) == (Action.COMPARE, None)
    assert receipt["subject_salt"] is None


def test_the_page_names_every_claim():
    """And no other: the table of docs/reference/receipt.md is that of `ReceiptClaims`."""
    table = PAGE.split("| claim | |")[1].split("\n\n")[0]
    names = "".join(row.split("|")[1] for row in table.strip().splitlines())
    named = set(re.findall(r"`(\w+)`", names))
    assert named == {field.encode_name for field in msgspec.structs.fields(ReceiptClaims)}

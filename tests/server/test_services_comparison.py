"""Comparison of two pictures over HTTP with a light engine: shapes, reasons, and what is kept."""

from __future__ import annotations

import base64
import json

import pytest

from fvs_server.audit.log import log_size
from fvs_server.identity import Scope
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture

PATH = "/v1/face-comparisons"


@pytest.fixture
def headers(services):
    """Of a caller who may compare and see scores."""
    return bearer(services, Scope.COMPARE, Scope.SCORES)


@pytest.fixture
def compare(client, headers):
    """Sends two pictures."""

    def send(selfie: bytes, card: bytes, *, expect: int = 200, **changes: object) -> dict:
        request = {
            "selfie": base64.b64encode(selfie).decode(),
            "card": base64.b64encode(card).decode(),
            "purpose": "open_account",
            "consent_reference": "c-1",
            "assurance_level": "ial2.2",
            **changes,
        }
        answer = client.post(PATH, json=request, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    return send


class TestComparison:
    @pytest.mark.parametrize(("card", "decision"), [(5, "match"), (6, "no_match")])
    def test_it_decides(self, compare, card, decision):
        """One person matches, two do not; the answer says of both pictures what they are worth."""
        answer = compare(picture(5), picture(card), age_years=34, sex="female")
        assert answer["decision"] == decision
        assert answer["card"]["status"] == "ok"
        assert answer["frames"][0]["chosen"] is True
        assert answer["receipt"] is None or answer["receipt"]["jws"]

    def test_reasons_say_which_picture(self, compare):
        """Both may fail."""
        answer = compare(picture(5, status="NO_FACE"), picture(5, status="SEVERAL_FACES"))
        assert answer["decision"] == "not_compared"
        assert [(reason["about"], reason["code"]) for reason in answer["reasons"]] == [
            ("selfie", "no_face"),
            ("card", "several_faces"),
        ]

    def test_a_picture_may_be_sent_again(self, compare):
        """Nothing is remembered of pictures that are about nobody."""
        selfie, card = picture(5), picture(5)
        assert compare(selfie, card)["decision"] == compare(selfie, card)["decision"]

    def test_every_answer_is_kept_once(self, compare, services):
        """In the audit log."""
        for _ in range(3):
            compare(picture(5), picture(5))
        with services.database.reading() as connection:
            assert log_size(connection) == 3

    def test_a_child_is_told_that_its_age_is_not_supported(self, compare):
        """Ages are those of the certificate's bands."""
        answer = compare(picture(5), picture(5), age_years=5)
        assert answer["decision"] in {"match", "inconclusive"}
        assert "age_unknown" not in [reason["code"] for reason in answer["reasons"]]

    def test_multipart_is_the_same_request(self, client, headers):
        """Parts `selfie` and `card` are files."""
        request = {"purpose": "p", "consent_reference": "c", "assurance_level": "ial2.2"}
        files = {
            "request": (None, json.dumps(request), "application/json"),
            "selfie": ("a.jpg", picture(5), "image/jpeg"),
            "card": ("b.jpg", picture(5), "image/jpeg"),
        }
        answer = client.post(PATH, files=files, headers=headers)
        assert answer.status_code == 200, answer.text

    def test_multipart_names_what_is_missing(self, client, headers):
        """All at once."""
        files = {"request": (None, "{}", "application/json"), "other": ("x", b"1", "image/jpeg")}
        answer = client.post(PATH, files=files, headers=headers).json()
        assert {violation["pointer"] for violation in answer["violations"]} == {
            "part:?",
            "part:selfie",
            "part:card",
            "/purpose",
            "/consent_reference",
            "/assurance_level",
        }

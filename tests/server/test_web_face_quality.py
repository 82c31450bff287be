"""`POST /v1/face-quality`: whether a frame will do, before anybody is verified."""

from __future__ import annotations

import base64

import pytest

from fvs_server.identity import Scope
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture


def asked(client, services, file: bytes, *scopes: Scope, **headers: str):
    """The answer to a caller with those scopes."""
    body = {"frame": base64.b64encode(file).decode()}
    return client.post("/v1/face-quality", json=body, headers=bearer(services, *scopes) | headers)


class TestFaceQuality:
    @pytest.mark.parametrize("scope", [Scope.VERIFY, Scope.COMPARE])
    def test_a_good_frame_has_no_reasons(self, client, services, scope):
        """Either of the two scopes will do."""
        answer = asked(client, services, picture(1), scope)
        assert answer.status_code == 200
        document = answer.json()
        assert document["status"] == "ok"
        assert document["reasons"] == []
        assert document["quality"]["sharpness"] == {"scalar": 80.0, "refused": False}

    @pytest.mark.parametrize(
        ("file", "code"),
        [
            (b"no picture", "unsupported_format"),
            (picture(1, status="NO_FACE"), "no_face"),
            (picture(1, refused="sharpness"), "blurred"),
        ],
    )
    def test_reasons_say_what_to_do(self, client, services, file, code):
        """In the caller's language."""
        answer = asked(client, services, file, Scope.VERIFY, **{"Accept-Language": "th"}).json()
        assert [(each["about"], each["code"]) for each in answer["reasons"]] == [("selfie", code)]
        assert not answer["reasons"][0]["advice"].isascii()

    def test_liveness_is_not_told(self, client, services):
        """What would tell an attacker how close an attempt came is not in the answer."""
        attack = asked(client, services, picture(1, live=0.0), Scope.VERIFY).json()
        assert attack.keys() == {"status", "reasons", "quality"}
        assert attack["reasons"] == []

    def test_nothing_is_recorded(self, client, services):
        """No transaction; but the key's rate is counted."""
        asked(client, services, picture(1), Scope.VERIFY)
        now = services.clock()
        with services.database.reading() as connection:
            counted = services.statistics.of(connection, now, now.replace(year=now.year + 1), None)
        assert counted.total.transactions == 0

    def test_other_scopes_do_not_open_it(self, client, services):
        """It costs the engine's time."""
        assert asked(client, services, picture(1), Scope.STATISTICS).status_code == 403

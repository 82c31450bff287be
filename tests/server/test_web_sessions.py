"""The cookie of operators: ours, whole, and in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fvs_server.secrets import ServerSecrets
from fvs_server.web.origins import is_own_origin
from fvs_server.web.sessions import SESSION_LIFE, WebSessions
from tests.server.identity_fixtures import NOW

KEY_ID = "0123456789abcdef"


@pytest.fixture
def sessions(server_secrets) -> WebSessions:
    """Of a server."""
    return WebSessions(server_secrets)


class TestWebSessions:
    def test_it_lives_for_its_time(self, sessions):
        """The last second counts, the next does not."""
        cookie = sessions.begin(KEY_ID, NOW)
        assert sessions.key_id_of(cookie, NOW + SESSION_LIFE - timedelta(seconds=1)) == KEY_ID
        assert sessions.key_id_of(cookie, NOW + SESSION_LIFE) is None

    def test_no_character_can_be_changed(self, sessions):
        """Key, time and signature hold together."""
        cookie = sessions.begin(KEY_ID, NOW)
        for place, character in enumerate(cookie):
            other = "1" if character != "1" else "2"
            changed = cookie[:place] + other + cookie[place + 1 :]
            assert sessions.key_id_of(changed, NOW) is None

    def test_another_servers_is_not_ours(self, sessions):
        """The signature needs the server's secrets."""
        cookie = WebSessions(ServerSecrets.generate()).begin(KEY_ID, NOW)
        assert sessions.key_id_of(cookie, NOW) is None

    @pytest.mark.parametrize("text", ["", ".", "a.b.c", f"{KEY_ID}.9{'0' * 30}.{'0' * 64}", "é"])
    def test_anything_else_is_none(self, sessions, text):
        """Whatever a browser sends."""
        assert sessions.key_id_of(text, NOW) is None


class TestOwnOrigin:
    @pytest.mark.parametrize(
        ("headers", "public_url", "own"),
        [
            ({}, "", False),
            ({"origin": "null", "host": "a.example"}, "", False),
            ({"origin": "https://a.example", "host": "a.example"}, "", True),
            ({"origin": "https://b.example", "host": "a.example"}, "", False),
            ({"origin": "https://a.example:444", "host": "a.example"}, "", False),
            ({"origin": "https://a.example", "host": "10.0.0.1"}, "https://a.example", True),
            ({"origin": "http://a.example", "host": "a.example"}, "https://a.example", False),
            (
                {"origin": "https://a.example", "host": "a.example", "sec-fetch-site": "same-site"},
                "",
                False,
            ),
        ],
    )
    def test_a_form_comes_from_here_or_not_at_all(self, headers, public_url, own):
        """Origin is there and names this service, by its public name where it has one."""
        assert is_own_origin(headers, public_url) is own

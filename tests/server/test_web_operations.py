"""The dashboard's door: who gets in, how far, and for how long."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from fvs_server.app import create_app
from fvs_server.identity import Scope
from fvs_server.routes.web_operations import COOKIE
from fvs_server.wiring import utc_now
from tests.server.identity_fixtures import BANK, TELCO, issue

BASE = "https://fvs.example"
OWN = {"Origin": BASE}


@pytest.fixture
def site(services):
    """The pages as a browser sees them behind TLS."""
    app = create_app(services)
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as opened:
        opened.follow_redirects = False
        yield opened


def log_in(site, services, *scopes: Scope, idp: str = BANK):
    """The key with which somebody is logged in now."""
    issued = issue(services, *scopes, idp=idp)
    answer = site.post("/operations/login", data={"key": issued.text.reveal()}, headers=OWN)
    assert answer.status_code == 303
    return issued


class TestLogIn:
    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, site, services):
        """HttpOnly, Secure, SameSite=Strict, for these pages only; it holds no secret."""
        issued = issue(services, Scope.STATISTICS)
        key = issued.text.reveal()
        answer = site.post("/operations/login", data={"key": key}, headers=OWN)
        cookie = answer.headers["set-cookie"].lower()
        assert {"httponly", "secure", "samesite=strict", "path=/operations", "max-age=1800"} <= set(
            cookie.split("; ")
        )
        assert key.rpartition("_")[2].lower() not in cookie
        assert "/operations?lang=" in answer.headers["location"]

    @pytest.mark.parametrize("key", ["", "fvs_no_key", f"fvs_{'0' * 16}_{'A' * 43}"])
    def test_a_wrong_key_gets_the_form_again(self, site, key):
        """With 401, what is wrong, and no cookie; the key is not repeated."""
        answer = site.post("/operations/login?lang=th", data={"key": key}, headers=OWN)
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
        assert "set-cookie" not in answer.headers
        assert not key or key not in answer.text

    def test_a_key_of_another_kind_does_not_open_it(self, site, services):
        """To verify is not to operate."""
        key = issue(services, Scope.VERIFY, Scope.SCORES).text.reveal()
        assert site.post("/operations/login", data={"key": key}, headers=OWN).status_code == 403

    @pytest.mark.parametrize(
        "headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
    )
    @pytest.mark.parametrize("path", ["login", "logout", f"reviews/{'0' * 32}"])
    def test_no_other_page_can_send_the_forms(self, site, services, path, headers):
        """Cross-site forms are refused, whatever cookie the browser adds."""
        log_in(site, services)
        answer = site.post(f"/operations/{path}", data={"state": "confirmed"}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "cross_origin"


class TestPage:
    def test_without_a_cookie_there_is_only_the_form(self, site):
        """Nothing of the numbers is shown."""
        answer = site.get("/operations")
        assert answer.status_code == 200
        assert 'action="/operations/login' in answer.text
        assert 'id="numbers"' not in answer.text

    @pytest.mark.parametrize(
        ("scopes", "shown", "hidden"),
        [
            ({Scope.STATISTICS}, {"numbers"}, {"idp", "reviews"}),
            ({Scope.REVIEW}, {"reviews"}, {"numbers", "idp"}),
            ({Scope.ADMIN}, {"numbers", "idp"}, {"reviews"}),
            (set(Scope), {"numbers", "idp", "reviews"}, set()),
        ],
    )
    def test_each_scope_shows_its_part(self, site, services, scopes, shown, hidden):
        """No scope includes another's part."""
        log_in(site, services, *scopes)
        page = site.get("/operations").text
        assert all(f'id="{each}"' in page for each in shown)
        assert not any(f'id="{each}"' in page for each in hidden)

    def test_numbers_of_others_are_for_administrators(self, site, services):
        """Whatever IdP one's own address names."""
        log_in(site, services, Scope.STATISTICS, idp=BANK)
        operators = services.operators
        principal = operators.principal_of(site.cookies[COOKIE])
        assert operators.dashboard(principal, 1, TELCO, "en").idp == BANK
        assert site.get(f"/operations?idp={TELCO}").status_code == 200

    def test_a_revoked_key_is_out_at_once(self, site, services):
        """The cookie alone opens nothing."""
        issued = log_in(site, services, Scope.STATISTICS)
        with services.database.writing() as connection:
            services.api_keys.revoke(connection, issued.key.key_id, utc_now())
        assert 'id="numbers"' not in site.get("/operations").text

    def test_logging_out_forgets_the_cookie(self, site, services):
        """The browser has none afterwards."""
        log_in(site, services, Scope.STATISTICS)
        assert site.post("/operations/logout", headers=OWN, data={"": ""}).status_code == 303
        assert 'action="/operations/login' in site.get("/operations").text

    @pytest.mark.parametrize("query", ["days=2", "days=x", f"idp={'a' * 129}"])
    def test_odd_queries_are_problems(self, site, query):
        """Not guessed at."""
        assert site.get(f"/operations?{query}").status_code == 400


class TestReviews:
    @pytest.mark.parametrize(
        ("scope", "form", "status"),
        [
            (Scope.STATISTICS, {"state": "confirmed"}, 403),
            (Scope.REVIEW, {"state": "confirmed"}, 404),
            (Scope.REVIEW, {"state": "open"}, 400),
            (Scope.REVIEW, {"state": "dismissed", "note": "a" * 1001}, 400),
        ],
    )
    def test_what_cannot_be_judged_is_refused(self, site, services, scope, form, status):
        """By scope, by what is there, and by what is allowed to be said."""
        log_in(site, services, scope)
        answer = site.post(f"/operations/reviews/{'0' * 32}", data=form, headers=OWN)
        assert answer.status_code == status

    def test_nobody_judges_without_logging_in(self, site):
        """The form to log in comes instead."""
        answer = site.post(
            f"/operations/reviews/{'0' * 32}", data={"state": "confirmed"}, headers=OWN
        )
        assert answer.status_code == 303

"""All routes of the application: what each needs, and that nothing less opens it."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta

import pytest

from fvs_server.app import create_app
from fvs_server.identity.guard import handlers_of
from fvs_server.identity.principal import Scope
from fvs_server.wiring import utc_now
from tests.server.identity_fixtures import bearer, issue

PUBLIC = {
    "/.well-known/jwks.json",
    "/.well-known/jwt-vc-issuer",
    "/docs",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    # Pages; what needs a person to be logged in is their own matter (test_web_operations.py).
    "/operations",
    "/operations/login",
    "/operations/logout",
    "/operations/reviews/{review_id}",
    "/problems/{code}",
    "/static/{name}",
    "/try",
    "/version",
}
"""Paths that anybody may read; a route that is not here is not public by accident."""

TRAVERSALS = (
    "..",
    "../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cwindows%5cwin.ini",
    "%252e%252e%252fetc%252fpasswd",
    "....//....//etc/passwd",
    "%c0%ae%c0%ae%c0%afetc",
    "file:%2f%2f%2fetc%2fpasswd",
    "%00",
    "x%00.json",
    "%0d%0aX-Injected:%201",
    "'%20OR%201=1--",
    "%F0%9F%98%80",
    "a" * 5000,
)


@pytest.fixture
def services(registry_services):
    """Of a server with a registry, so that no route ends early for want of one."""
    return registry_services


@pytest.fixture
def client(registry_client):
    """Of that server."""
    return registry_client


@pytest.fixture
def routes(services) -> list[tuple[str, str, object]]:
    """Method, path (parameters as `{name}`) and handler of every route."""
    return [
        (method, re.sub(r":\w+}", "}", path), handler)
        for path, handler in handlers_of(create_app(services))
        for method in handler.http_methods
    ]


@pytest.fixture(autouse=True)
def unthrottled(services, monkeypatch) -> None:
    """So many failures in a minute are what is tested here, not their number."""
    monkeypatch.setattr(services.authenticator._means.failures, "_per_minute", 10**9)


def scopes_of(handler) -> set[Scope]:
    """Of which one opens it."""
    needed = handler.opt["scope"]
    return {needed} if isinstance(needed, Scope) else set(needed)


def filled(path: str, value: str = "0") -> str:
    """A path with a value for each parameter."""
    return re.sub(r"{\w+}", lambda _: value, path)


def test_public_routes_are_meant_to_be(routes):
    """A route is public only if it is listed here, and under /v1 none is."""
    public = {path for _, path, handler in routes if handler.opt["scope"] is None}
    assert public <= PUBLIC
    assert not any(path.startswith("/v1") for path in public)


def test_what_is_not_public_is_under_v1(routes):
    """Only there are callers known; elsewhere a scope could not be met."""
    assert all(
        path.startswith("/v1/") for _, path, handler in routes if handler.opt["scope"] is not None
    )


def test_strangers_and_wrong_keys_are_refused_everywhere(client, services, routes):
    """No key, a made-up one, a revoked, an expired one and every wrong scope open no route."""
    now = utc_now()
    revoked, dying = issue(services), issue(services, expires_at=now + timedelta(days=1))
    with services.database.writing() as connection:
        services.api_keys.revoke(connection, revoked.key.key_id, now)
        services.api_keys.rotate(
            connection, dying.key.key_id, overlap=timedelta(seconds=-1), now=now
        )
    made_up = f"fvs_{'0' * 16}_{'A' * 43}"
    bad = ["", made_up, revoked.text.reveal(), dying.text.reveal()]
    of_scope = {scope: bearer(services, scope) for scope in Scope}
    guarded = [each for each in routes if each[2].opt["scope"] is not None]
    for method, path, handler in guarded:
        for text in bad:
            headers = {"Authorization": f"Bearer {text}"} if text else {}
            answer = client.request(method, filled(path), headers=headers)
            assert answer.status_code == 401, (method, path)
        for scope in set(Scope) - scopes_of(handler):
            answer = client.request(method, filled(path), headers=of_scope[scope])
            assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_the_right_scope_passes_the_guard(client, services, routes):
    """With it, a request without a body is refused for other reasons, or not at all."""
    for method, path, handler in routes:
        if handler.opt["scope"] is None:
            continue
        for scope in scopes_of(handler):
            headers = bearer(services, scope)
            answer = client.request(method, filled(path), headers=headers)
            assert answer.status_code not in {401, 403}, (method, path, scope)
            assert answer.status_code < 500, (method, path, answer.text)


def test_parameters_of_paths_lead_nowhere_else(client, services, routes):
    """Whatever stands for an identifier names nothing but a row: no file, no other route."""
    with_parameters = {(method, path) for method, path, _ in routes if "{" in path}
    assert with_parameters
    for (method, path), value in itertools.product(with_parameters, TRAVERSALS):
        # A new key each time: limits of rate are not what is tested.
        answer = client.request(method, filled(path, value), headers=bearer(services))
        assert answer.status_code in {400, 404, 405, 415, 422}, (method, path, value)
        assert "root:" not in answer.text
        assert "x-injected" not in answer.headers
        assert answer.headers["content-type"] == "application/problem+json"

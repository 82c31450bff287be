"""A caller sees its own transactions, and cannot tell another's from none."""

from __future__ import annotations

import pytest

from fvs_server.identity import Scope
from tests.server.audit_fixtures import answer
from tests.server.identity_fixtures import BANK, TELCO, bearer

OF_THE_REQUEST = {"request_id", "instance"}


@pytest.fixture
def ask(services, client):
    """`ask("t1", Scope.VERIFY)` as the bank, whose t1 is; t2 is another's."""
    with services.database.writing() as connection:
        for number, idp in ((1, BANK), (2, TELCO)):
            made = answer(number, idp=idp, similarity=0.7, live_probability=0.9)
            services.transactions.record(connection, made)

    def get(transaction_id, *scopes):
        headers = bearer(services, *scopes)
        return client.get(f"/v1/transactions/{transaction_id}", headers=headers)

    return get


def test_ones_own(ask):
    """Is told as it was answered, without the subject."""
    told = ask("t1", Scope.VERIFY).json()
    assert (told["transaction_id"], told["idp"], told["decision"]) == ("t1", BANK, "match")
    assert "subject" not in told


def test_anothers_is_like_none(ask):
    """The refusals are alike but for the request's own id."""
    foreign, unknown = (ask(each, Scope.VERIFY) for each in ("t2", "t9"))
    assert foreign.status_code == unknown.status_code == 404
    alike = [
        {name: value for name, value in each.json().items() if name not in OF_THE_REQUEST}
        for each in (foreign, unknown)
    ]
    assert alike[0] == alike[1]


def test_an_administrator_sees_anybodys(ask):
    """That is what the scope is for."""
    assert ask("t2", Scope.ADMIN).json()["idp"] == TELCO


@pytest.mark.parametrize(
    ("scopes", "detail"),
    [
        ([Scope.VERIFY], None),
        ([Scope.VERIFY, Scope.SCORES], {"similarity": 0.7, "live_probability": 0.9}),
    ],
    ids=["without", "with"],
)
def test_scores_have_a_scope_of_their_own(ask, scopes, detail):
    """A score helps an attacker to climb."""
    assert ask("t1", *scopes).json()["score_detail"] == detail

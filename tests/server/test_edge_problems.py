"""Refusals are problem documents, in the caller's language, with every violation."""

from __future__ import annotations

import pytest

from fvs_server.problems import Problem
from tests.server.identity_fixtures import bearer


class TestProblems:
    def test_an_unknown_address_is_a_problem(self, client):
        """404 is a problem document with the request's id, which the header repeats."""
        answer = client.get("/nowhere")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert document["code"] == "not_found"
        assert document["request_id"] == answer.headers["x-request-id"]
        assert document["violations"] == []

    def test_a_wrong_method_names_the_right_ones(self, client):
        """405 has Allow."""
        answer = client.delete("/problems/not_found")
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]
        assert answer.json()["code"] == "method_not_allowed"

    def test_a_wrong_parameter_is_named(self, client, services):
        """By `query:` and its name in the address, and without what was sent."""
        answer = client.get("/v1/statistics?from=nonsense", headers=bearer(services))
        assert answer.status_code == 400
        assert [each["pointer"] for each in answer.json()["violations"]] == ["query:from"]
        assert "nonsense" not in answer.text

    @pytest.mark.parametrize("problem", list(Problem))
    def test_each_type_leads_to_its_page(self, client, problem):
        """RFC 9457: `type` can be looked up."""
        page = client.get(problem.type_uri)
        assert page.status_code == 200
        assert problem.value.title in page.text
        assert problem.value.advice_thai in page.text

    def test_codes_are_in_alphabetical_order(self):
        """The table can be searched by eye."""
        names = [problem.name for problem in Problem]
        assert names == sorted(names)

    def test_thai_is_spoken_to_those_who_ask(self, client):
        """Accept-Language decides, Content-Language says so."""
        answer = client.get("/nowhere", headers={"Accept-Language": "en;q=0.5, th-TH"})
        assert answer.json()["title"] == Problem.NOT_FOUND.value.title_thai
        assert answer.headers["content-language"] == "th"

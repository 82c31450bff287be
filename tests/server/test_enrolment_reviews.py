"""The list of suspected duplicates over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from litestar.testing import TestClient

from fvs.registry.reviews import Review, review_id_of
from fvs_server.app import create_app
from fvs_server.identity import Scope
from tests.server.enrol_fixtures import AUTHORITY, events, portrait, subject
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIST = "/v1/duplicate-reviews"
BASE = "https://fvs.example"


@pytest.fixture
def pair(office):
    """An open review of two people who are enrolled: its id."""
    ids = []
    for person in (1, 2):
        body = portrait(person, picture(person))
        answer = office.client.post("/v1/subjects/portraits", json=body, headers=office.headers)
        ids.append(bytes.fromhex(answer.json()["record_id"]))
    store = office.services.faces.registry._store
    first, second = store.by_ids(ids)
    review = Review(
        review_id=review_id_of(*ids),
        first_subject=first.subject,
        second_subject=second.subject,
        first_record=ids[0],
        second_record=ids[1],
        similarity=0.75,
        rank=1,
        threshold=0.5,
        target_fmr=1e-4,
        gallery_size=2,
        fpir=2e-4,
        purpose="one person, one number",
        legal_basis="made up",
        created_at=NOW,
    )
    assert store.add_reviews([review]) == 1
    return review.review_id.hex()


def listed(office, state: str = "open", headers: dict | None = None) -> list[dict]:
    """Reviews in a state."""
    path = f"{LIST}?state={state}"
    answer = office.client.get(path, headers=headers or office.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["reviews"]


def resolve(office, review: str, **body: object):
    """Judge a pair."""
    path = f"{LIST}/{review}/resolution"
    return office.client.post(path, json=body, headers=office.headers)


class TestList:
    def test_an_empty_list_is_an_answer(self, office):
        """In every state."""
        assert [listed(office, state) for state in ("open", "confirmed", "dismissed")] == [[]] * 3

    def test_people_are_named_to_whoever_may_enrol_only(self, office, pair):
        """By pseudonyms, which a look-up of a number tells as well; never by numbers."""
        reviewer = bearer(office.services, Scope.REVIEW, idp=AUTHORITY)
        (seen,) = listed(office, headers=reviewer)
        assert (seen["id"], seen["pseudonyms"], seen["similarity"]) == (pair, None, 0.75)
        (named,) = listed(office)
        body = {"subject": subject(1)}
        found = office.client.post("/v1/subjects/lookup", json=body, headers=office.headers).json()
        assert found["review_ids"] == [pair]
        assert found["pseudonym"] == named["pseudonyms"][0]

    @pytest.mark.parametrize("query", ["state=odd", "limit=0", "limit=1001", "limit=x"])
    def test_queries_that_are_none_are_refused(self, office, query):
        """As a violation."""
        answer = office.client.get(f"{LIST}?{query}", headers=office.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


class TestResolve:
    @pytest.mark.parametrize("state", ["confirmed", "dismissed"])
    def test_a_judgement_is_kept_and_logged(self, office, pair, state):
        """The pair leaves the open list; it may be judged anew."""
        answer = resolve(office, pair, state=state, note="looked at both files")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["id"], answer.json()["state"]) == (pair, state)
        assert listed(office) == []
        (closed,) = listed(office, state)
        assert (closed["note"], bool(closed["resolved_at"])) == ("looked at both files", True)
        judged = [e for e in events(office.services) if e.about == pair]
        assert [event.decision for event in judged] == [state]
        assert resolve(office, pair, state="dismissed").status_code == 200

    @pytest.mark.parametrize(
        ("review", "body", "status"),
        [
            ("0" * 32, {"state": "confirmed"}, 404),
            ("odd", {"state": "confirmed"}, 404),
            ("0" * 32, {"state": "open"}, 400),
            ("0" * 32, {"state": "confirmed", "note": "x" * 1001}, 400),
            ("0" * 32, {}, 400),
        ],
    )
    def test_what_cannot_be_is_refused(self, office, review, body, status):
        """An unknown review, or no judgement."""
        assert resolve(office, review, **body).status_code == status

    @pytest.mark.parametrize("note", ["is {}", "{} and {}", "no. {}."])
    @pytest.mark.parametrize("join", ["", " ", "-"])
    def test_no_note_names_a_person(self, office, pair, note, join):
        """It would undo the pseudonyms: the review stays open, and no answer repeats it."""
        number = subject(1)["number"]
        text = note.format(join.join(number), join.join(number))
        answer = resolve(office, pair, state="confirmed", note=text)
        (violation,) = answer.json()["violations"]
        assert (answer.status_code, violation["code"]) == (400, "names_somebody")
        assert number not in answer.text
        assert [review["id"] for review in listed(office)] == [pair]

    def test_nor_one_that_is_written_in_the_browser(self, office, pair):
        """The page comes again, says so in its language, and the review stays on it."""
        form = {"state": "dismissed", "note": subject(2)["number"]}
        path = f"/operations/reviews/{pair}?lang="
        with TestClient(create_app(office.services), base_url=BASE) as browser:
            key = bearer(office.services, Scope.REVIEW, idp=AUTHORITY)["Authorization"]
            browser.follow_redirects = False
            key_form = {"key": key.removeprefix("Bearer ")}
            browser.post("/operations/login", data=key_form, headers={"Origin": BASE})
            for language, words in (("en", "number of a person"), ("th", "เลขประจำตัวของบุคคล")):
                page = browser.post(path + language, data=form, headers={"Origin": BASE})
                assert page.status_code == 400
                assert words in page.text
                assert form["note"] not in page.text
                assert f"{pair}?lang={language}#reviews" in page.text  # it comes back at the list
        assert [review["id"] for review in listed(office)] == [pair]

"""The authority enrols, looks up, exports and erases over HTTP."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from fvs.registry.erasure import verify_erasure
from fvs.status import Status
from fvs.subjects import SubjectId, SubjectKind
from fvs_server.audit.events import Action
from fvs_server.identity import Scope
from tests.registry_desk import number
from tests.server.enrol_fixtures import AUTHORITY, events, portrait, subject
from tests.server.identity_fixtures import bearer
from tests.server.light_engine import picture

YESTERDAY = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
TOMORROW = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
ROUTES = (
    ("POST", "/v1/subjects/portraits"),
    ("POST", "/v1/subjects/lookup"),
    ("POST", "/v1/subjects/export"),
    ("POST", "/v1/subjects/erase"),
    ("DELETE", f"/v1/portraits/{'0' * 32}"),
    ("POST", "/v1/import-jobs"),
    ("GET", f"/v1/import-jobs/{'0' * 32}"),
    ("GET", f"/v1/import-jobs/{'0' * 32}/refusals"),
    ("POST", f"/v1/import-jobs/{'0' * 32}/cancellation"),
    ("GET", "/v1/duplicate-reviews"),
    ("POST", f"/v1/duplicate-reviews/{'0' * 32}/resolution"),
)


def enrol(office, person: int, content: bytes, **changes: object) -> dict:
    """Enrol, and what was answered."""
    body = portrait(person, content, **changes)
    answer = office.client.post("/v1/subjects/portraits", json=body, headers=office.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(office, what: str, person: int, **members: object) -> dict:
    """Ask about a person."""
    body = {"subject": subject(person), **members}
    answer = office.client.post(f"/v1/subjects/{what}", json=body, headers=office.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestEnrol:
    def test_a_portrait_is_compared_with_at_once(self, office):
        """Once it is answered, the registry verifies against it; the number prints masked."""
        answer = enrol(office, 1, picture(1), portrait_date="2024-05-01", source="office 7")
        assert answer["outcome"] == "enrolled"
        assert answer["reasons"] == []
        assert answer["subject"] == "1-0000-xxxxx-xx-x"
        probes = office.services.faces.engine.extract([picture(1)], None).embeddings
        people = [SubjectId.parse(SubjectKind.CITIZEN_ID, number(person)) for person in (1, 2)]
        scores = office.services.faces.registry.verify(people[:1], probes)
        assert scores.status.tolist() == [Status.OK]

    def test_the_same_picture_changes_nothing(self, office):
        """A request may be repeated: the answer names the same record."""
        content = picture(1)
        first, second = enrol(office, 1, content), enrol(office, 1, content)
        assert (first["outcome"], second["outcome"]) == ("enrolled", "unchanged")
        assert first["record_id"] == second["record_id"]

    def test_a_refusal_is_an_answer(self, office):
        """Its reasons are codes with advice in the language of the request; nothing is kept."""
        body = portrait(1, picture(1, refused="sharpness"))
        thai = office.headers | {"Accept-Language": "th"}
        answer = office.client.post("/v1/subjects/portraits", json=body, headers=thai).json()
        assert answer["outcome"] == "refused"
        assert answer["record_id"] is None
        assert answer["reasons"]
        assert not any(reason["advice"].isascii() for reason in answer["reasons"])
        assert ask(office, "lookup", 1)["portraits"] == []

    def test_an_unreadable_picture_is_refused_by_its_status(self, office):
        """As any picture is, with its code."""
        (reason,) = enrol(office, 1, b"no picture")["reasons"]
        assert reason["code"] == "unsupported_format"

    def test_all_that_is_wrong_is_said_at_once(self, office):
        """Number and days, each by its pointer; nothing that was sent is repeated."""
        body = portrait(1, picture(1), portrait_date=TOMORROW, retain_until=YESTERDAY)
        body["subject"] = {"kind": "citizen_id", "number": "1234567890123"}
        answer = office.client.post("/v1/subjects/portraits", json=body, headers=office.headers)
        assert answer.status_code == 400
        pointers = {each["pointer"] for each in answer.json()["violations"]}
        assert pointers == {"/subject/number", "/portrait_date", "/retain_until"}
        assert "1234567890123" not in answer.text

    def test_multipart_carries_the_picture_as_it_is(self, office):
        """A part `picture` in place of base64."""
        request = json.dumps({"subject": subject(3), "kind": "passport"})
        answer = office.client.post(
            "/v1/subjects/portraits",
            files={
                "request": ("", request, "application/json"),
                "picture": ("a.jpg", picture(3), "image/jpeg"),
            },
            headers=office.headers,
        )
        assert answer.json()["outcome"] == "enrolled", answer.text

    def test_retention_and_legal_basis_follow_the_registry_unless_stated(self, office):
        """As `registry.toml` has them."""
        enrol(office, 1, picture(1))
        enrol(office, 1, picture(1), legal_basis="section 7", retain_until=TOMORROW)
        first, second = ask(office, "lookup", 1)["portraits"]
        assert first["legal_basis"] == "made up"
        assert date.fromisoformat(first["retain_until"]) > date.fromisoformat(TOMORROW)
        assert (second["legal_basis"], second["retain_until"]) == ("section 7", TOMORROW)


class TestHoldings:
    @pytest.mark.parametrize("portraits", [0, 1, 2])
    def test_a_look_up_lists_portraits(self, office, portraits):
        """Oldest first, without templates; nobody is an empty list."""
        ids = [enrol(office, 1, picture(1))["record_id"] for _ in range(portraits)]
        found = ask(office, "lookup", 1)
        assert [record["record_id"] for record in found["portraits"]] == ids
        assert "template" not in json.dumps(found)

    def test_an_export_has_templates_on_request_only(self, office):
        """Everything about the person, as the registry's own export says it."""
        enrol(office, 1, picture(1))
        (record,) = ask(office, "export", 1)["registry"]["records"]
        assert record["template"] is None
        (record,) = ask(office, "export", 1, templates=True)["registry"]["records"]
        assert base64.b64decode(record["template"])

    def test_an_export_tells_what_was_answered_about_the_person(self, office):
        """Every IdP's transactions that named them, and nobody else's."""
        for person in (1, 2):
            enrol(office, person, picture(person))
            body = {
                "subject": subject(person),
                "frames": [base64.b64encode(picture(person)).decode()],
                "purpose": "open_account",
                "consent_reference": f"consent-{person}",
                "assurance_level": "ial2.2",
            }
            headers = bearer(office.services, Scope.VERIFY, idp=f"{person}.example")
            verified = office.client.post("/v1/face-verifications", json=body, headers=headers)
            assert verified.status_code == 200, verified.text
        (held,) = ask(office, "export", 2)["transactions"]
        assert held["transaction_id"] == verified.json()["transaction_id"]
        assert (held["idp"], held["consent_reference"]) == ("2.example", "consent-2")
        assert (held["decision"], held["on_behalf"]) == (verified.json()["decision"], False)


class TestErase:
    def test_erasure_is_proved_and_can_be_asked_for_again(self, office):
        """The proof holds under the registry's key, names all records, and is the same again."""
        ids = {enrol(office, 1, picture(1))["record_id"] for _ in range(2)}
        first = ask(office, "erase", 1)
        registry = office.services.faces.registry
        stated = verify_erasure(first["proof"].encode(), registry.public_key)
        assert {record_id.hex() for record_id in stated.record_ids} == ids
        again = ask(office, "erase", 1)
        assert (again["record_ids"], again["revision"]) == (first["record_ids"], first["revision"])
        assert {record["status"] for record in ask(office, "lookup", 1)["portraits"]} == {"erased"}

    def test_of_nobody_there_is_nothing_to_prove(self, office):
        """And nothing changes."""
        answer = ask(office, "erase", 9)
        assert (answer["record_ids"], answer["proof"]) == ([], None)

    def test_an_erased_portrait_is_not_brought_back(self, office):
        """Its picture is known by its hash."""
        content = picture(1)
        enrol(office, 1, content)
        ask(office, "erase", 1)
        answer = enrol(office, 1, content)
        assert (answer["outcome"], answer["record_id"]) == ("erased_before", None)
        assert [reason["code"] for reason in answer["reasons"]] == ["erased_before"]

    def test_one_portrait_goes_alone(self, office):
        """By its id; the person's other one stays."""
        first, second = (enrol(office, 1, picture(1))["record_id"] for _ in range(2))
        answer = office.client.delete(f"/v1/portraits/{first}", headers=office.headers)
        assert answer.status_code == 200
        assert answer.json()["record_ids"] == [first]
        left = {r["record_id"]: r["status"] for r in ask(office, "lookup", 1)["portraits"]}
        assert left == {first: "erased", second: "active"}

    @pytest.mark.parametrize("record_id", ["0" * 32, "x" * 32, "0", "%2e%2e", number(1)])
    def test_an_id_that_is_none_is_not_found(self, office, record_id):
        """Whatever it looks like."""
        answer = office.client.delete(f"/v1/portraits/{record_id}", headers=office.headers)
        assert answer.status_code == 404


class TestAccess:
    def test_only_the_authority_may(self, office):
        """On every route a key with every other scope is refused, one without a key before."""
        headers = bearer(office.services, *(set(Scope) - {Scope.ENROL, Scope.REVIEW}))
        for method, path in ROUTES:
            assert office.client.request(method, path, headers=headers).status_code == 403, path
            assert office.client.request(method, path).status_code == 401, path

    def test_without_a_registry_there_is_nothing(self, client, services):
        """404 on every route, with valid bodies and without."""
        headers = bearer(services, idp=AUTHORITY)
        for method, path in ROUTES:
            body = {"subject": subject(1)} if "subjects" in path else {"state": "confirmed"}
            body = portrait(1, picture(1)) if path == "/v1/subjects/portraits" else body
            sent = None if method in {"GET", "DELETE"} else body
            answer = client.request(method, path, headers=headers, json=sent)
            assert answer.status_code == 404, path


class TestAudit:
    def test_every_act_is_in_the_log(self, any_office):
        """Who, what, whom by pseudonym and what came of it; no number, on either database."""
        office = any_office
        record_id = enrol(office, 1, picture(1))["record_id"]
        enrol(office, 1, picture(1, status="NO_FACE"))
        ask(office, "lookup", 1)
        ask(office, "export", 1, templates=True)
        ask(office, "erase", 1)
        kept = events(office.services)
        assert [event.action for event in kept] == [
            Action.ENROL, Action.ENROL, Action.LOOK_UP, Action.EXPORT, Action.ERASE,
        ]  # fmt: skip
        assert [event.decision for event in kept] == [
            "enrolled", "refused", "told", "with_templates", "erased",
        ]  # fmt: skip
        assert {event.idp for event in kept} == {AUTHORITY}
        assert len({event.subject for event in kept}) == 1
        assert kept[0].about == record_id
        assert kept[0].purpose == "made up"
        assert kept[1].reasons == ("no_face",)
        assert number(1) not in repr(kept)

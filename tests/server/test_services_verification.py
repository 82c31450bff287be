"""Verification over HTTP with a light engine: who matches, what is said, and what is refused."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest

from fvs.subjects import SubjectId, SubjectKind
from fvs_server.audit.log import log_size
from fvs_server.identity import Scope
from tests.registry_desk import number
from tests.server.identity_fixtures import BANK, bearer
from tests.server.light_engine import picture

PATH = "/v1/face-verifications"


def body(person: int, *frames: bytes, **changes: object) -> dict[str, object]:
    """A request about a person."""
    request = {
        "subject": {"kind": "citizen_id", "number": number(person)},
        "frames": [base64.b64encode(frame).decode() for frame in frames],
        "purpose": "open_account",
        "consent_reference": "c-1",
        "assurance_level": "ial2.2",
    }
    return {**request, **changes}


@pytest.fixture
def headers(registry_services):
    """Of a caller who may verify and see scores."""
    return bearer(registry_services, Scope.VERIFY, Scope.SCORES)


@pytest.fixture
def ask(registry_client, headers):
    """Sends a request about a person."""

    def send(person: int, *frames: bytes, expect: int = 200, **changes: object) -> dict:
        answer = registry_client.post(PATH, json=body(person, *frames, **changes), headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    return send


def codes(answer: dict) -> list[str]:
    """Of the reasons."""
    return [reason["code"] for reason in answer["reasons"]]


class TestDecisions:
    def test_the_right_person_matches(self, ask):
        """One frame of the person who is enrolled."""
        answer = ask(5, picture(5))
        assert answer["decision"] == "match"
        assert answer["score_detail"]["score"] >= answer["score_detail"]["threshold"]
        assert codes(answer) == ["age_unknown"]
        assert answer["operating_point"]["target_fmr"] == 1e-4
        assert answer["presentation_attack_detection"]["is_live"] is True
        assert answer["frames"][0]["status"] == "ok"
        assert answer["frames"][0]["chosen"] is True

    @pytest.mark.parametrize("person", [6, 999])
    def test_a_stranger_does_not_whether_the_number_is_known_or_not(self, ask, person):
        """The answers have the same shape, status and reasons."""
        answer = ask(person, picture(5))
        assert answer["decision"] == "no_match"
        assert codes(answer) == ["below_threshold", "age_unknown"]
        assert answer["score_detail"]["score"] < answer["score_detail"]["threshold"]

    def test_the_best_usable_frame_decides(self, ask):
        """Quality chooses; a frame that is refused is not chosen however good."""
        poor, best = picture(5, quality=40), picture(5, quality=70)
        refused = picture(5, quality=99, refused="sharpness")
        answer = ask(5, poor, refused, best)
        assert [frame["chosen"] for frame in answer["frames"]] == [False, False, True]
        assert answer["decision"] == "match"

    def test_frames_of_two_people_do_not_match(self, ask):
        """One person is swapped for another between frames."""
        answer = ask(5, picture(5, quality=90), picture(6))
        assert answer["decision"] == "inconclusive"
        assert "frames_differ" in codes(answer)

    def test_an_attack_in_another_frame_does_not_match(self, ask):
        """Every usable frame must be live."""
        answer = ask(5, picture(5, quality=90), picture(5, live=0.0))
        assert answer["decision"] == "inconclusive"
        assert codes(answer).count("presentation_attack_suspected") == 1
        assert answer["presentation_attack_detection"]["is_live"] is False

    def test_no_face_is_not_compared(self, ask):
        """The reason is about the selfie; there is no score."""
        answer = ask(5, picture(5, status="NO_FACE"))
        assert answer["decision"] == "not_compared"
        assert answer["reasons"][0]["code"] == "no_face"
        assert answer["reasons"][0]["about"] == "selfie"
        assert answer["score_detail"] is None

    def test_bytes_that_are_no_picture_are_an_answer(self, ask):
        """A file's fate is data."""
        answer = ask(5, b"no picture")
        assert codes(answer) == ["unsupported_format"]

    def test_an_old_portrait_is_said_to_be_old(self, ask):
        """It decides nothing."""
        answer = ask(5, picture(5), portrait_date="2001-01-01")
        assert answer["decision"] == "match"
        assert "portrait_old" in codes(answer)

    def test_advice_is_in_thai_for_those_who_ask(self, registry_client, headers):
        """Accept-Language decides."""
        answer = registry_client.post(
            PATH, json=body(5, picture(6)), headers={**headers, "Accept-Language": "th"}
        )
        assert answer.json()["reasons"][0]["advice"].startswith("ใบหน้าทั้งสอง")

    def test_scores_need_their_scope(self, registry_client, registry_services):
        """Without it the block is null, and so is the live probability."""
        plain = bearer(registry_services, Scope.VERIFY)
        answer = registry_client.post(PATH, json=body(5, picture(5)), headers=plain).json()
        assert answer["score_detail"] is None
        assert answer["presentation_attack_detection"]["live_probability"] is None


class TestRecords:
    def test_every_answer_is_kept_once(self, registry_services, ask):
        """With what was decided, and without the number or a face."""
        answer = ask(5, picture(5, live=0.9))
        caller = SimpleNamespace(idp=BANK, scopes=frozenset())
        with registry_services.database.reading() as connection:
            kept = registry_services.transactions.get(connection, answer["transaction_id"], caller)
            assert log_size(connection) == 1
        assert kept.decision == answer["decision"]
        assert kept.live_probability == pytest.approx(0.9)
        assert kept.unified_quality == pytest.approx(80.0)
        assert kept.similarity == answer["score_detail"]["score"]
        assert kept.model_ids == registry_services.faces.model_ids
        assert kept.latency_ms > 0
        assert number(5) not in repr(kept)

    def test_a_refused_request_is_not_an_answer(self, registry_services, ask):
        """Nothing was decided, nothing is kept."""
        ask(5, picture(5), expect=400, assurance_level="x")
        with registry_services.database.reading() as connection:
            assert log_size(connection) == 0


class TestSessions:
    def test_a_level_may_need_a_session(self, ask):
        """Without one the request is wrong, and nothing is counted."""
        answer = ask(5, picture(5), assurance_level="ial2.3", expect=400)
        assert answer["violations"][0]["code"] == "session_required"

    def test_frames_must_follow_the_session(self, registry_services, ask):
        """A challenge that is not shown is a doubt; one that is shown is none."""
        subject = registry_services.pseudonyms
        for yaw_of_turn, decision in ((0.0, "inconclusive"), (30.0, "match")):
            session = self.begin(registry_services, 5, subject)
            frames = [picture(5, quality=90)] + [
                picture(5, yaw=yaw_of_turn * (1 if "left" in step else -1))
                for step in session.challenge.steps[1:]
            ]
            proof = {"id": session.id, "nonce": session.nonce}
            answer = ask(5, *frames, assurance_level="ial2.3", liveness_session=proof)
            assert answer["decision"] == decision
            assert answer["presentation_attack_detection"]["session_used"] is True

    @staticmethod
    def begin(services, person, pseudonyms):
        """A session for a person."""
        (subject,) = pseudonyms.of([SubjectId.parse(SubjectKind.CITIZEN_ID, number(person))])
        caller = SimpleNamespace(idp=BANK)
        with services.database.writing() as connection:
            return services.limits.sessions.create(connection, caller, subject, services.clock())


class TestRequests:
    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"assurance_level": "ial9"}, "/assurance_level", "unknown_level"),
            ({"subject": {"kind": "citizen_id", "number": "1"}}, "/subject/number", None),
            ({"frames": []}, "/frames", "too_few_items"),
            ({"frames": ["AAAA"] * 6}, "/frames", "too_many_items"),
            ({"purpose": "Mr Somchai 0812345678"}, "/purpose", "malformed_purpose"),
            ({"extra": 1}, "/extra", "unknown"),
        ],
    )
    def test_a_wrong_request_says_where(self, ask, changes, pointer, code):
        """Violations name the member and never its content."""
        answer = ask(5, picture(5), expect=400, **changes)
        (violation,) = answer["violations"]
        assert violation["pointer"] == pointer
        assert code is None or violation["code"] == code
        assert "Somchai" not in json.dumps(answer)

    def test_all_faults_come_at_once(self, ask):
        """Of the subject, of the level and of the one it is on behalf of."""
        answer = ask(
            5,
            picture(5),
            expect=400,
            assurance_level="x",
            subject={"kind": "citizen_id", "number": "2"},
            on_behalf_of={"kind": "juristic_person", "number": "3"},
        )
        assert [violation["pointer"] for violation in answer["violations"]] == [
            "/subject/number",
            "/assurance_level",
            "/on_behalf_of/number",
        ]

    def test_multipart_is_the_same_request(self, registry_client, headers):
        """Part `request` is the JSON without frames, parts `frame` are files."""
        request = body(5)
        del request["frames"]
        files = [
            ("request", (None, json.dumps(request), "application/json")),
            ("frame", ("a.jpg", picture(5), "image/jpeg")),
            ("frame", ("b.jpg", picture(5), "image/jpeg")),
        ]
        answer = registry_client.post(PATH, files=files, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["decision"] == "match"
        assert len(answer.json()["frames"]) == 2

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"garbage",
            b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--b--\r\n",
        ],
    )
    def test_broken_multipart_is_refused(self, registry_client, headers, content):
        """With a violation; nothing else happens."""
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = registry_client.post(PATH, content=content, headers={**headers, **kind})
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid_request"

    def test_a_repeated_request_gets_its_answer_again(self, registry_client, headers):
        """Same key, same body: the same bytes; other body: refused."""
        request = body(5, picture(5))
        keyed = {**headers, "Idempotency-Key": "k-1"}
        first = registry_client.post(PATH, json=request, headers=keyed)
        assert first.status_code == 200
        assert registry_client.post(PATH, json=request, headers=keyed).content == first.content
        other = registry_client.post(PATH, json=body(5, picture(5)), headers=keyed)
        assert other.status_code == 422

    def test_a_repetition_may_have_another_boundary(self, registry_client, headers):
        """Clients draw one anew for each sending; whatever else changes is another request."""
        request = body(5)
        del request["frames"]
        keyed = {**headers, "Idempotency-Key": "k-2"}
        frames = [picture(5), picture(5)]

        def send(boundary, frame):
            content = (
                f"--{boundary}\r\nContent-Disposition: form-data; name=request\r\n\r\n"
                f"{json.dumps(request)}\r\n--{boundary}\r\n"
                "Content-Disposition: form-data; name=frame; filename=a.jpg\r\n\r\n"
            ).encode()
            content += frame + f"\r\n--{boundary}--\r\n".encode()
            kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
            return registry_client.post(PATH, content=content, headers=keyed | kind)

        first = send("----one", frames[0])
        assert first.status_code == 200, first.text
        assert send("----another", frames[0]).content == first.content
        assert send("----one", frames[1]).status_code == 422

    def test_a_capture_is_not_taken_twice(self, ask):
        """The same bytes again, without a key that makes it a repetition."""
        frame = picture(5)
        ask(5, frame)
        assert ask(5, frame, expect=422)["code"] == "capture_replayed"

    def test_attempts_run_out_for_known_and_unknown_numbers_alike(self, ask):
        """After as many refusals, both get the same answer."""
        for person in (7, 998):
            for _ in range(10):
                assert ask(person, picture(5))["decision"] == "no_match"
            assert ask(person, picture(5), expect=429)["code"] == "attempts_exhausted"

    def test_without_a_registry_there_is_nothing_to_verify_against(self, client, services):
        """A server may compare pictures only."""
        answer = client.post(PATH, json=body(5, picture(5)), headers=bearer(services, Scope.VERIFY))
        assert answer.status_code == 404

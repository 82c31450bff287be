"""The client's conversation, without input or output: what is sent, again or not, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import msgspec
import pytest

from fvs_client.calls import (
    create_import,
    get_statistics,
    get_transaction,
    look_up_subject,
    verify_face,
)
from fvs_client.credentials import ApiKey
from fvs_client.errors import (
    AuthenticationError,
    ClientError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RefusedContentError,
    ScopeError,
    ServiceFailureError,
    TooManyRequestsError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from fvs_client.exchange import HttpReply, HttpRequest, Pause, Session
from fvs_client.records import Subject, VerificationRequest
from fvs_client.retrying import RetryPolicy, retry_after_s

ASKED = VerificationRequest(
    subject=Subject(kind="citizen_id", number="1101700230673"),
    frames=(b"pixels",),
    purpose="open_account",
    consent_reference="c-1",
    assurance_level="ial2.2",
)
VERIFY, GET, IMPORT = verify_face(ASKED), get_transaction("t1"), create_import(b"{}")
FOUND = HttpReply(
    status=200,
    headers={"content-type": "application/json"},
    content=b'{"transaction_id":"t1","decided_at":"2026-11-25T12:00:00Z","idp":"b","key_id":"k",'
    b'"action":"verify","decision":"match","reasons":[],"purpose":"p","consent_reference":"c",'
    b'"assurance_level":"ial2.2","certificate_id":"x","model_ids":[],"target_fmr":null,'
    b'"latency_ms":1.0,"score_detail":null,"added_later":1}',
)


def problem(status: int, code: str = "some_code", **headers: str) -> HttpReply:
    """A refusal of the service."""
    document = {
        "type": f"/problems/{code}",
        "title": "t",
        "status": status,
        "detail": "d.",
        "code": code,
        "advice": "a.",
        "request_id": "r",
    }
    return HttpReply(
        status=status,
        headers={"content-type": "application/problem+json", **headers},
        content=msgspec.json.encode(document),
    )


def converse(call, *outcomes, deadline_s: float = 30.0, credentials=None, **retry: float):
    """All effects of a call that meets these outcomes, and its answer or error.

    Pauses pass on the session's clock at once; outcomes may be pairs (seconds, outcome).
    """
    clock = SimpleNamespace(now=0.0)
    session = Session(
        base_url="https://fvs.example",
        credentials=credentials or ApiKey("fvs_key"),
        signer=None,
        language="th",
        retry=RetryPolicy(**retry),
        deadline_s=deadline_s,
        monotonic=lambda: clock.now,
        uniform=lambda: 1.0,
    )
    effects, left = [], list(outcomes)
    conversation = session.converse(call, None)
    try:
        effect = next(conversation)
        while True:
            effects.append(effect)
            if isinstance(effect, Pause):
                clock.now += effect.seconds
                effect = conversation.send(None)
            else:
                outcome = left.pop(0)
                seconds, outcome = outcome if isinstance(outcome, tuple) else (0, outcome)
                clock.now += seconds
                effect = conversation.send(outcome)
    except StopIteration as end:
        return effects, end.value
    except ClientError as error:
        return effects, error


def requests_of(effects) -> list[HttpRequest]:
    """The requests alone."""
    return [effect for effect in effects if isinstance(effect, HttpRequest)]


def lost() -> UnreachableError:
    """A connection that broke after the request was sent."""
    return UnreachableError("ReadError", was_sent=True)


class TestOneRequest:
    def test_says_who_asks_and_what_for(self):
        """Address, credentials, language and the bytes of the body."""
        (request,), answer = converse(VERIFY, problem(400))
        assert (request.method, request.url) == (
            "POST",
            "https://fvs.example/v1/face-verifications",
        )
        assert request.headers["Authorization"] == "Bearer fvs_key"
        assert request.headers["Accept-Language"] == "th"
        assert msgspec.json.decode(request.content, type=VerificationRequest) == ASKED
        assert isinstance(answer, InvalidRequestError)

    def test_an_answer_may_have_more_members(self):
        """A newer service is understood by an old client."""
        _, answer = converse(GET, FOUND)
        assert (answer.transaction_id, answer.decision) == ("t1", "match")

    def test_a_name_cannot_leave_its_place_in_the_address(self):
        """What the caller was told by others is one part of the path."""
        assert get_transaction("../../x?y=1#z").path == "/v1/transactions/..%2F..%2Fx%3Fy%3D1%23z"

    def test_a_time_needs_a_zone(self):
        """Else nobody knows which hours are asked for."""
        with pytest.raises(ValueError, match="zone"):
            get_statistics(datetime(2026, 11, 25))  # noqa: DTZ001 - the point

    @pytest.mark.parametrize(
        "thing",
        [
            ASKED,
            ASKED.subject,
            VERIFY,
            ApiKey("fvs_key"),
            requests_of(converse(VERIFY, FOUND)[0])[0],
        ],
    )
    def test_nothing_personal_prints(self, thing):
        """Numbers, pictures and keys stay out of logs that print their records."""
        shown = repr(thing)
        assert not any(secret in shown for secret in ("1101700230673", "pixels", "fvs_key"))


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, InvalidRequestError),
            (401, AuthenticationError),
            (403, ScopeError),
            (404, NotFoundError),
            (405, InvalidRequestError),
            (409, ConflictError),
            (413, InvalidRequestError),
            (415, InvalidRequestError),
            (422, RefusedContentError),
            (429, TooManyRequestsError),
            (500, ServiceFailureError),
            (503, UnavailableError),
        ],
    )
    def test_each_status_has_an_exception(self, status, kind):
        """A caller catches what it can mend; the code tells the rest."""
        _, error = converse(GET, problem(status), attempts=1)
        assert type(error) is kind
        assert error.code == "some_code"
        assert error.problem.request_id == "r"

    @pytest.mark.parametrize(
        ("advice", "said"), [("a.", "some_code: d. a."), ("d.", "some_code: d.")]
    )
    def test_nothing_is_said_twice(self, advice, said):
        """The advice is the detail too, where nothing is particular to the request."""
        reply = problem(422)
        document = msgspec.json.decode(reply.content) | {"advice": advice}
        _, error = converse(GET, replace(reply, content=msgspec.json.encode(document)), attempts=1)
        assert str(error) == said

    @pytest.mark.parametrize(
        "reply",
        [
            HttpReply(status=404, headers={"content-type": "text/html"}, content=b"<h1>nginx"),
            HttpReply(
                status=400, headers={"content-type": "application/problem+json"}, content=b"{"
            ),
            HttpReply(status=302, headers={"location": "https://evil.example"}, content=b""),
            HttpReply(status=200, headers={"content-type": "application/json"}, content=b'{"a":1}'),
            HttpReply(status=204, headers={}, content=b""),
        ],
    )
    def test_what_is_not_of_this_api(self, reply):
        """It is never taken for an answer, nor quoted."""
        _, error = converse(GET, reply)
        assert isinstance(error, UnexpectedAnswerError)
        assert error.status == reply.status
        assert "nginx" not in str(error)


class TestRetries:
    @pytest.mark.parametrize("passing", [problem(503), problem(429), problem(409), lost()])
    @pytest.mark.parametrize("call", [GET, look_up_subject(ASKED.subject)])
    def test_what_passes_is_tried_again(self, call, passing):
        """Once more, after a pause, where asking twice is asking once."""
        effects, answer = converse(call, passing, problem(400))
        assert [type(effect) for effect in effects] == [HttpRequest, Pause, HttpRequest]
        assert isinstance(answer, InvalidRequestError)

    def test_one_key_for_all_attempts(self):
        """The service knows the call again, and another call by another key."""
        effects, _ = converse(VERIFY, lost(), problem(503), problem(400))
        (key,) = {request.headers["Idempotency-Key"] for request in requests_of(effects)}
        other = requests_of(converse(VERIFY, problem(400))[0])[0]
        assert other.headers["Idempotency-Key"] != key

    def test_what_would_be_done_twice_is_not_repeated(self):
        """Unless it was never sent."""
        for outcome in (lost(), problem(503), problem(429)):
            effects, _ = converse(IMPORT, outcome)
            assert len(effects) == 1
        never = UnreachableError("ConnectError", was_sent=False)
        effects, _ = converse(IMPORT, never, problem(400))
        assert len(requests_of(effects)) == 2

    @pytest.mark.parametrize(
        "outcome",
        [
            problem(400),
            problem(403),
            problem(422),
            problem(500),
            problem(429, "attempts_exhausted", **{"retry-after": "1"}),
            problem(503, "certificate_not_valid"),
        ],
    )
    def test_what_waiting_does_not_mend(self, outcome):
        """A person must act: it is told at once."""
        effects, _ = converse(GET, outcome)
        assert len(effects) == 1

    def test_pauses_grow_and_end(self):
        """Twice as long each time, up to a limit, and not for ever."""
        effects, error = converse(GET, *[problem(503)] * 6, attempts=6, first_s=1, longest_s=5)
        pauses = [effect.seconds for effect in effects if isinstance(effect, Pause)]
        assert pauses == [1, 2, 4, 5, 5]
        assert isinstance(error, UnavailableError)

    def test_never_sooner_than_asked(self):
        """Retry-After comes first, the random part on top of it."""
        effects, _ = converse(GET, problem(429, **{"retry-after": "7"}), FOUND, first_s=1)
        assert effects[1] == Pause(8.0)

    def test_no_pause_goes_beyond_the_deadline(self):
        """Who would wait in vain is told at once."""
        effects, error = converse(GET, problem(503, **{"retry-after": "60"}), deadline_s=30)
        assert len(effects) == 1
        assert error.retry_after_s == 60

    def test_each_attempt_has_what_is_left_of_the_deadline(self):
        """Not a deadline of its own."""
        effects, _ = converse(GET, (4, problem(503)), FOUND, deadline_s=10, first_s=1)
        assert [request.timeout_s for request in requests_of(effects)] == [10, 5]


class _Renewing:
    """Credentials that can be had anew once."""

    def __init__(self):
        self.tokens = ["old", "new"]

    def authorization(self, timeout_s):  # noqa: ARG002 - as of Credentials
        """The present one."""
        yield from ()
        return f"Bearer {self.tokens[0]}"

    def renew(self):
        """Whether there was another."""
        self.tokens = self.tokens[1:] or self.tokens
        return True


def test_a_refused_token_is_renewed_once():
    """A token that was revoked is no reason to fail; a second refusal is."""
    effects, error = converse(GET, problem(401), problem(401), credentials=_Renewing())
    assert [request.headers["Authorization"] for request in effects] == ["Bearer old", "Bearer new"]
    assert isinstance(error, AuthenticationError)


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-3", 0.0),
        ("0", 0.0),
        ("120", 120.0),
        ("Wed, 25 Nov 2015 12:00:00 GMT", 0.0),
    ],
)
def test_retry_after(field, seconds):
    """Seconds or a date; what cannot be read says nothing."""
    assert retry_after_s(field) == seconds


def test_retry_after_a_date():
    """A date to come is so many seconds from now."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < retry_after_s(date) <= 90

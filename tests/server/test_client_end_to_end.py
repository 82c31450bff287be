"""Both clients against a real server over a real socket: every call, every kind of credentials."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fvs_client import AsyncClient, Client, ClientOptions, RetryPolicy
from fvs_client.authority_records import PortraitRequest
from fvs_client.calls import (
    assess_face_quality,
    begin_liveness_session,
    cancel_import,
    compare_faces,
    create_import,
    enrol_portrait,
    erase_portrait,
    erase_subject,
    export_subject,
    get_import,
    get_import_refusals,
    get_receipt_keys,
    get_statistics,
    get_transaction,
    get_version,
    list_duplicate_reviews,
    look_up_subject,
    resolve_duplicate_review,
    verify_face,
)
from fvs_client.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    RefusedContentError,
    ScopeError,
    UnreachableError,
)
from fvs_client.receipts import ReceiptVerifier
from fvs_client.records import ComparisonRequest, Subject, VerificationRequest
from fvs_client.signing import RequestSigner
from fvs_server.app import create_app
from fvs_server.identity import Scope
from fvs_server.wiring import open_services
from tests.registry_desk import number
from tests.server.enrol_fixtures import (  # noqa: F401 - fixtures
    authority_settings,
    ndjson,
    own_registry,
    portrait,
)
from tests.server.identity_fixtures import BANK, issue, served
from tests.server.light_engine import picture


@pytest.fixture
def services(authority_settings, server_secrets, light_engine):  # noqa: F811 - a fixture
    """All services with a registry of their own."""
    with open_services(authority_settings, server_secrets, engine=light_engine) as opened:
        yield opened


@pytest.fixture
def base_url(services):
    """Of a server on the loopback."""
    with served(create_app(services)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=["threads", "event loop"])
def send(request, services, base_url):
    """Sends a call with a key that may do everything."""
    key = issue(services).text.reveal()
    if request.param == "threads":
        with Client(base_url, api_key=key) as client:
            yield client.send
        return

    async def ask(call, **options):
        async with AsyncClient(base_url, api_key=key) as client:
            return await client.send(call, **options)

    yield lambda call, **options: asyncio.run(ask(call, **options))


def subject(person: int) -> Subject:
    """A made-up person."""
    return Subject(kind="citizen_id", number=number(person))


def verification(person: int, **changes: object) -> VerificationRequest:
    """A request about them."""
    asked = VerificationRequest(
        subject=subject(person),
        frames=(picture(person),),
        purpose="open_account",
        consent_reference="c-1",
        assurance_level="ial2.2",
    )
    return msgspec.structs.replace(asked, **changes)


def enrolled(send, person: int) -> str:
    """Enrol a person; the record's id."""
    outcome = send(
        enrol_portrait(PortraitRequest(subject=subject(person), picture=picture(person)))
    )
    assert outcome.outcome == "enrolled"
    return outcome.record_id


class TestCalls:
    def test_verify(self, send):
        """The person who is enrolled matches, and the transaction can be got."""
        enrolled(send, 1)
        answer = send(verify_face(verification(1)))
        assert answer.is_match
        kept = send(get_transaction(answer.transaction_id))
        assert (kept.decision, kept.consent_reference) == ("match", "c-1")

    def test_the_receipt_holds(self, send, authority_settings):  # noqa: F811 - a fixture
        """Offline, by the published keys."""
        answer = send(verify_face(verification(1)))
        keys = bytes(send(get_receipt_keys()))
        issuer = authority_settings.http.issuer
        receipt = ReceiptVerifier(keys, issuer=issuer, audience=BANK).verify(answer.receipt.jws)
        receipt.require_of(answer)
        assert receipt.claims["consent_reference"] == "c-1"

    def test_a_stranger_does_not_match(self, send):
        """Nor does what is nobody's number; neither is an exception."""
        enrolled(send, 1)
        assert not send(verify_face(verification(1, frames=(picture(2),)))).is_match
        assert not send(verify_face(verification(3))).is_match

    def test_the_same_key_gets_the_same_answer(self, send):
        """And for another request it is refused."""
        enrolled(send, 1)
        call = verify_face(verification(1))
        first = send(call, idempotency_key="k-1")
        assert send(call, idempotency_key="k-1") == first
        with pytest.raises(RefusedContentError) as caught:
            send(verify_face(verification(1)), idempotency_key="k-1")
        assert caught.value.code == "idempotency_key_reused"

    def test_a_liveness_session(self, send):
        """Begun, then named by a verification."""
        session = send(begin_liveness_session(subject(1)))
        assert session.challenge.kind == "turn_head"
        assert session.expires_at > datetime.now(UTC)
        answer = send(verify_face(verification(1, liveness_session=session.proof())))
        assert answer.presentation_attack_detection.session_used

    def test_compare(self, send):
        """A selfie and a card of one person."""
        asked = ComparisonRequest(
            selfie=picture(4),
            card=picture(4),
            purpose="open_account",
            consent_reference="c-1",
            assurance_level="ial2.2",
        )
        answer = send(compare_faces(asked))
        assert answer.is_match
        assert answer.card.status == "ok"

    def test_statistics(self, send):
        """Of this hour."""
        send(verify_face(verification(1)))
        now = datetime.now(UTC)
        found = send(get_statistics(now - timedelta(hours=1), now + timedelta(hours=1)))
        assert found.transactions == 1

    def test_quality(self, send):
        """Of one frame."""
        assert send(assess_face_quality(picture(1))).status == "ok"

    def test_version(self, send):
        """Of what runs."""
        assert send(get_version()).certificate_id

    def test_holdings(self, send):
        """Looked up, exported and erased."""
        record_id = enrolled(send, 5)
        held = send(look_up_subject(subject(5)))
        assert [record.record_id for record in held.portraits] == [record_id]
        assert send(export_subject(subject(5))).registry
        assert send(erase_portrait(record_id)).record_ids == (record_id,)
        assert send(erase_subject(subject(5))).record_ids == (record_id,)

    def test_imports(self, send):
        """Handed in, watched, stopped."""
        job = send(create_import(ndjson([portrait(6, picture(6))])))
        assert send(get_import(job.id)).rows == 1
        assert send(get_import_refusals(job.id)).refusals == ()
        assert send(cancel_import(job.id)).id == job.id

    def test_reviews(self, send):
        """None is open; none can be closed."""
        assert send(list_duplicate_reviews()).reviews == ()
        with pytest.raises(NotFoundError):
            send(resolve_duplicate_review("0" * 32, "dismissed"))


class TestRefusals:
    def test_all_violations_at_once(self, send):
        """By pointer, never with the number."""
        wrong = verification(1, subject=Subject(kind="citizen_id", number="123"), frames=())
        with pytest.raises(InvalidRequestError) as caught:
            send(verify_face(wrong))
        assert caught.value.problem.violations
        assert "123" not in str(caught.value)

    def test_a_key_without_the_scope(self, services, base_url):
        """Is told so."""
        key = issue(services, Scope.COMPARE).text.reveal()
        with Client(base_url, api_key=key) as client, pytest.raises(ScopeError):
            client.send(verify_face(verification(1)))

    def test_no_credentials(self, base_url):
        """Are refused, not sent again."""
        with Client(base_url) as client, pytest.raises(AuthenticationError):
            client.send(verify_face(verification(1)))

    def test_nobody_listens(self):
        """It is tried as often as the policy says, and then said."""
        options = ClientOptions(retry=RetryPolicy(attempts=2, first_s=0.01))
        with (
            Client("http://127.0.0.1:1", options=options) as client,
            pytest.raises(UnreachableError) as caught,
        ):
            client.send(get_transaction("x"))
        assert not caught.value.was_sent

    @pytest.mark.parametrize("address", ["http://fvs.example", "ftp://fvs.example", "fvs.example"])
    def test_no_credentials_in_the_clear(self, address):
        """Beyond this machine, https it is."""
        with pytest.raises(ConfigurationError, match="https"):
            Client(address, api_key="fvs_x")


class TestDeadline:
    def test_of_a_server_that_does_not_answer(self):
        """The caller is back in time, in either client."""
        silent = httpx.MockTransport(lambda _request: (_ for _ in ()).throw(httpx.ReadTimeout("x")))
        options = ClientOptions(retry=RetryPolicy(attempts=1), deadline_s=0.05)
        with (
            Client("https://fvs.example", options=options, transport=silent) as client,
            pytest.raises(UnreachableError) as caught,
        ):
            client.send(get_transaction("x"))
        assert caught.value.was_sent

    def test_of_an_event_loop(self):
        """Also where bytes trickle: the whole attempt is bounded."""

        async def trickle(_request):
            await asyncio.sleep(30)

        async def ask():
            options = ClientOptions(retry=RetryPolicy(attempts=1), deadline_s=0.05)
            transport = httpx.MockTransport(trickle)
            async with AsyncClient(
                "https://fvs.example", options=options, transport=transport
            ) as client:
                await client.send(get_transaction("x"))

        with pytest.raises(UnreachableError):
            asyncio.run(ask())


class TestSignedRequests:
    @pytest.fixture
    def pem(self) -> bytes:
        """A signing key."""
        self.key = Ed25519PrivateKey.generate()
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def test_the_server_takes_them(self, services, base_url, pem):
        """With and without a body, each time with a new nonce."""
        issued = issue(services, signing_key=self.key.public_key().public_bytes_raw())
        options = ClientOptions(signer=RequestSigner(pem, issued.key.key_id))
        with Client(base_url, api_key=issued.text.reveal(), options=options) as client:
            for _ in range(2):
                assert client.send(verify_face(verification(1))).transaction_id
                assert client.send(list_duplicate_reviews()).reviews == ()

    def test_another_key_signs_in_vain(self, services, base_url, pem):
        """The API key alone is not enough."""
        other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        issued = issue(services, signing_key=other)
        options = ClientOptions(signer=RequestSigner(pem, issued.key.key_id))
        with (
            Client(base_url, api_key=issued.text.reveal(), options=options) as client,
            pytest.raises(AuthenticationError) as caught,
        ):
            client.send(list_duplicate_reviews())
        assert caught.value.code == "invalid_signature"

    def test_another_kind_of_key(self):
        """Is found when the signer is made."""
        with pytest.raises(ConfigurationError):
            RequestSigner(b"no key", "0" * 16)

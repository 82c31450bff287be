"""Signed requests (RFC 9421): what they must cover, and that none is taken twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver, algorithms
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.identity.api_keys import ApiKey, ApiKeys
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.identity.request_head import RequestHead
from fvs_server.identity.signatures import SIGNATURE_TAG, BodyDigests, Signatures, _parse_digests
from fvs_server.problems import Problem
from fvs_server.secrets import ServerSecrets
from tests.server.identity_fixtures import NOW, create, order

SIGNER = Ed25519PrivateKey.generate()
URL = "https://fvs.example"
TARGET = "/v1/face-verifications?x=%2F&y=1"
BODY = b'{"a":1}'
COVERED = ("@method", "@target-uri", "authorization", "content-digest")


@pytest.fixture
def key(own_database):
    """An API key whose requests must be signed."""
    public = SIGNER.public_key().public_bytes_raw()
    return create(own_database, ApiKeys(ServerSecrets.generate()), order(signing_key=public)).key


@pytest.fixture
def signatures(own_database, clock) -> Signatures:
    """The check of one replica."""
    return Signatures(own_database, clock, window_s=300, public_url=URL)


def signed(key, *, signer=SIGNER, covered=COVERED, body=BODY, **changes) -> RequestHead:
    """A request with a signature; what is signed can be changed, None leaves it out."""
    message = SimpleNamespace(
        method="POST",
        url=URL + TARGET,
        headers={"Authorization": "Bearer x", "Content-Digest": ContentDigest.create(body)},
    )
    parameters = {"key_id": key.key_id, "created": NOW, "nonce": "n1", "tag": SIGNATURE_TAG}
    keys = MappingKeyResolver(
        public_keys={}, private_keys={changes.get("key_id", key.key_id): signer}
    )
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys).sign(
        message, covered_component_ids=covered, use_existing_digest=True, **(parameters | changes)
    )
    fields = tuple((name.lower(), value) for name, value in message.headers.items())
    return RequestHead(method="POST", target=TARGET, fields=fields)


def replaced(head: RequestHead, **changes) -> RequestHead:
    """The same request, changed on its way."""
    return RequestHead(
        method=changes.get("method", head.method),
        target=changes.get("target", head.target),
        fields=changes.get("fields", head.fields),
    )


def refusal(signatures, head, key) -> str:
    """Why it is not taken."""
    with pytest.raises(RefusedCredentialsError) as caught:
        signatures.check(head, key, key.signing_key)
    assert caught.value.problem is Problem.INVALID_SIGNATURE
    return caught.value.reason


class TestSignatures:
    def test_a_signed_request(self, signatures, key):
        """Head and body are what the caller sent."""
        digests = signatures.check(signed(key), key, key.signing_key)
        digests.feed(BODY[:3])
        assert not digests.hold()
        digests.feed(BODY[3:])
        assert digests.hold()

    def test_no_body_needs_no_digest(self, signatures, key):
        """But then there may be no body."""
        digests = signatures.check(signed(key, covered=COVERED[:3]), key, key.signing_key)
        digests.feed(b"")
        assert digests.hold()
        digests.feed(b"x")
        assert not digests.hold()

    def test_unsigned(self, signatures, key):
        """A key that signs is worth nothing without."""
        bare = replaced(signed(key), fields=(("authorization", "Bearer x"),))
        assert refusal(signatures, bare, key) == "signature_wrong"

    @pytest.mark.parametrize("left_out", COVERED[:3])
    def test_what_must_be_covered(self, signatures, key, left_out):
        """A signature over less could be moved to another request."""
        covered = tuple(each for each in COVERED if each != left_out)
        assert refusal(signatures, signed(key, covered=covered), key) == "signature_wrong"

    @pytest.mark.parametrize(
        "changes", [{"method": "PUT"}, {"target": "/v1/face-verifications?x=/&y=1"}]
    )
    def test_a_changed_request(self, signatures, key, changes):
        """Method and target are as they were signed, to the percent sign."""
        assert refusal(signatures, replaced(signed(key), **changes), key) == "signature_wrong"

    @pytest.mark.parametrize("name", ["authorization", "content-digest"])
    def test_a_changed_field(self, signatures, key, name):
        """Fields too."""
        head = signed(key)
        other = ContentDigest.create(b"x") if name == "content-digest" else "Bearer y"
        fields = tuple((n, other if n == name else value) for n, value in head.fields)
        assert refusal(signatures, replaced(head, fields=fields), key) == "signature_wrong"

    def test_another_signer(self, signatures, key):
        """Only the private key whose public half was registered."""
        forged = signed(key, signer=Ed25519PrivateKey.generate())
        assert refusal(signatures, forged, key) == "signature_wrong"

    @pytest.mark.parametrize(
        "changes",
        [
            {"created": NOW - timedelta(seconds=301)},
            {"created": NOW + timedelta(seconds=6)},
            {"expires": NOW - timedelta(seconds=1)},
            {"tag": "other"},
            {"tag": None},
            {"key_id": "0" * 16},
        ],
        ids=str,
    )
    def test_parameters(self, signatures, key, changes):
        """Too old, too early, expired, for something else, of another key."""
        assert refusal(signatures, signed(key, **changes), key) == "signature_wrong"

    @pytest.mark.parametrize("nonce", [None, "", "n" * 129])
    def test_a_nonce_is_needed(self, signatures, key, nonce):
        """Without one, a replay could not be told."""
        assert refusal(signatures, signed(key, nonce=nonce), key) == "signature_nonce"

    def test_none_is_taken_twice_by_any_replica(self, signatures, own_database, clock, key):
        """The nonce is spent in the database that replicas share."""
        other = Signatures(own_database, clock, window_s=300, public_url=URL)
        signatures.check(signed(key), key, key.signing_key)
        assert refusal(other, signed(key), key) == "signature_replayed"
        other.check(signed(key, nonce="n2"), key, key.signing_key)

    def test_of_many_at_once_one_is_taken(self, signatures, key):
        """Replicas that get the same request at the same moment do not both take it."""

        def outcome(head: RequestHead) -> str:
            try:
                signatures.check(head, key, key.signing_key)
            except RefusedCredentialsError as error:
                return error.reason
            return "taken"

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(outcome, [signed(key)] * 16))
        assert sorted(outcomes) == ["signature_replayed"] * 15 + ["taken"]

    def test_nonces_outlive_their_signatures_and_no_longer(self, signatures, clock, key):
        """When a nonce is forgotten its signature is too old; the table does not grow."""
        signatures.check(signed(key), key, key.signing_key)
        clock.pass_s(305)
        assert refusal(signatures, signed(key), key) == "signature_wrong"
        clock.pass_s(1)
        later = signed(key, created=clock.now)
        assert signatures.check(later, key, key.signing_key)

    def test_the_host_stands_in_for_a_public_url(self, own_database, clock, key):
        """Where no public URL is set, the target is what the caller asked for."""
        bare = Signatures(own_database, clock, window_s=300, public_url="")
        head = signed(key)
        fields = (*head.fields, ("host", "fvs.example"))
        https = RequestHead(method="POST", target=TARGET, scheme="https", fields=fields)
        assert bare.check(https, key, key.signing_key)


class TestFuzz:
    """Whatever strangers write into the fields of a signature is refused, and breaks nothing."""

    KEY = ApiKey(
        key_id="0123456789abcdef",
        idp="x",
        label="",
        scopes=frozenset(),
        signing_key=SIGNER.public_key().public_bytes_raw(),
        created_at=NOW,
        expires_at=None,
        revoked_at=None,
        last_used_at=None,
        replaced_by=None,
    )
    PIECES = (
        "sig=", '("@method" "@target-uri" "authorization")', ";created=1795608000", ';nonce="n"',
        ';tag="fvs-request"', ';keyid="0123456789abcdef"', ";alg", "=:AAAA:", "(", ")", '"', ";",
        '"@query-param";name="x"', '"@status"', '"content-digest";sf', '"signature";key="sig"',
        ';alg="hmac-sha256"', ";created=99999999999999999", ", ", ";req", "\t", "é", "%", ":",
    )  # fmt: skip

    @given(
        shown=st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
        signature=st.one_of(st.just("sig=:AAAA:"), st.text(max_size=20)),
    )
    def test_fields(self, shown, signature):
        """No other exception, and no look at the database."""
        fields = (
            ("authorization", "Bearer x"),
            ("signature-input", shown),
            ("signature", signature),
        )
        head = RequestHead(method="POST", target="/v1/x?%zz", fields=fields)
        signatures = Signatures(None, lambda: NOW, window_s=300, public_url=URL)
        assert refusal(signatures, head, self.KEY) == "signature_wrong"


class TestDigests:
    @pytest.mark.parametrize(
        "field",
        [
            "",
            "sha-256",
            "sha-256=1",
            'sha-256="x"',
            "md5=:AAAA:",
            "sha-256=(:AAAA:)",
            "é",
            "=",
            "a=:",
        ],
    )
    def test_what_is_no_digest(self, field):
        """Unknown, broken and missing digests are not passed over."""
        with pytest.raises(ValueError):  # noqa: PT011 - the parser's own words, or ours
            _parse_digests(field)

    def test_all_digests_must_hold(self):
        """A second, wrong digest is not made good by a first."""
        both = _parse_digests(ContentDigest.create(BODY)) | {"sha-512": bytes(64)}
        digests = BodyDigests(both)
        digests.feed(BODY)
        assert not digests.hold()

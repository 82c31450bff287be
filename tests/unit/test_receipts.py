"""A receipt proves what the service signed, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from fvs.certificates.signing import thumbprint
from fvs.errors import UsageError
from fvs.receipts import (
    ReceiptClaims,
    ReceiptError,
    check_receipt,
    is_about,
    new_salt,
    read_jwks,
    subject_digest,
)
from fvs.receipts.checking import RECEIPT_TYP
from fvs.receipts.claims import CREDENTIAL_TYPE
from fvs.receipts.jws import encoded, sign_compact
from fvs.receipts.sd_jwt import CREDENTIAL_TYP, sign_disclosable, verify_disclosed
from fvs.subjects import SubjectError, SubjectId, SubjectKind

# RFC 9864 renames EdDSA; receipts bear the name that callers' libraries know.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA:joserfc.errors.SecurityWarning")

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
X = encoded(PRIVATE.public_key().public_bytes_raw())
JWK = {"kty": "OKP", "crv": "Ed25519", "x": X, "kid": thumbprint(X)}
KEYS = read_jwks(msgspec.json.encode({"keys": [{**JWK, "use": "sig", "alg": "EdDSA"}]}))
SUBJECT = SubjectId.parse(SubjectKind.CITIZEN_ID, "1234567890121")
SALT = encoded(bytes(range(32)))
CLAIMS = ReceiptClaims(
    iss="https://fvs.example",
    aud="bank.example",
    iat=int(NOW.timestamp()),
    jti="0b5c2f0e",
    action="face_verification",
    decision="match",
    reason_codes=("age_unknown",),
    assurance_level="ial2.3",
    target_fmr=1e-4,
    certificate_id="c1",
    pack="standard",
    pad="live",
    session_used=True,
    purpose="open_account",
    consent_reference="consent-1",
    subject_digest=subject_digest(SUBJECT, SALT),
)


def signed(claims=CLAIMS, typ=RECEIPT_TYP, kid=JWK["kid"], key=PRIVATE) -> str:
    """A receipt as the service signs it, with changes."""
    return sign_compact(claims, typ=typ, kid=kid, key=key)


def credential(**changes) -> str:
    """Likewise a credential, its decision always shown."""
    stated = msgspec.to_builtins(CLAIMS)
    always = {
        "iss": stated.pop("iss"),
        "iat": stated.pop("iat"),
        "decision": stated.pop("decision"),
    }
    always |= {"vct": CREDENTIAL_TYPE, "exp": CLAIMS.iat + 100, **changes}
    return sign_disclosable(always, stated, kid=JWK["kid"], key=PRIVATE)


def body_of(text) -> dict:
    """What the JWS of a credential holds."""
    return json.loads(base64.urlsafe_b64decode(text.split("~")[0].split(".")[1] + "=="))


def code_of(text, keys=KEYS, now=NOW) -> str:
    """Why it is not believed."""
    with pytest.raises(ReceiptError) as caught:
        check_receipt(text, keys, now)
    return caught.value.code


class TestJws:
    def test_a_genuine_one(self):
        """States what was signed."""
        checked = check_receipt(signed() + "\n", KEYS, NOW)
        assert checked.form == "jws"
        assert checked.decided_at == NOW
        assert msgspec.convert(checked.claims, ReceiptClaims) == CLAIMS

    def test_joserfc_believes_it(self):
        """Another library reads the same."""
        found = jws.deserialize_compact(signed(), OKPKey.import_key(JWK), algorithms=["EdDSA"])
        assert json.loads(found.payload) == json.loads(msgspec.json.encode(CLAIMS))

    @pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
    def test_what_joserfc_signs_is_believed(self, algorithm):
        """Under the algorithm's old name and its new one."""
        pair = {**JWK, "d": encoded(PRIVATE.private_bytes_raw())}
        header = {"alg": algorithm, "kid": JWK["kid"], "typ": RECEIPT_TYP}
        text = jws.serialize_compact(
            header, msgspec.json.encode(CLAIMS), OKPKey.import_key(pair), algorithms=[algorithm]
        )
        assert check_receipt(text, KEYS, NOW).claims["decision"] == "match"

    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_every_character_counts(self, part):
        """Changing one, wherever it is, is found."""
        parts = signed().split(".")
        text = parts[part]
        for at in [*range(0, len(text), 7), len(text) - 1]:
            worse = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
            code_of(".".join([*parts[:part], worse, *parts[part + 1 :]]))

    def test_no_signature_at_all(self):
        """`alg` none is another algorithm."""
        header = {"alg": "none", "typ": RECEIPT_TYP, "kid": JWK["kid"]}
        body = signed().split(".")[1]
        assert code_of(f"{encoded(json.dumps(header).encode())}.{body}.AAAA") == "other_algorithm"

    def test_a_mac_made_with_the_public_key(self):
        """Is another algorithm too: the header does not choose how it is checked."""
        header = {"alg": "HS256", "typ": RECEIPT_TYP, "kid": JWK["kid"]}
        secret = OctKey.import_key(PRIVATE.public_key().public_bytes_raw())
        text = jws.serialize_compact(header, msgspec.json.encode(CLAIMS), secret)
        assert code_of(text) == "other_algorithm"

    def test_a_key_in_the_header(self):
        """Is not looked at."""
        other = Ed25519PrivateKey.generate()
        header = {"alg": "EdDSA", "typ": RECEIPT_TYP, "kid": JWK["kid"]}
        header["jwk"] = {"kty": "OKP", "crv": "Ed25519"}
        header["jwk"]["x"] = encoded(other.public_key().public_bytes_raw())
        text = f"{encoded(json.dumps(header).encode())}.{signed().split('.')[1]}"
        assert code_of(f"{text}.{encoded(other.sign(text.encode()))}") == "altered"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "malformed"),
            ("a.b", "malformed"),
            ("not a receipt", "malformed"),
            ("\u00e9.\u00e9.\u00e9", "malformed"),
            (sign_compact([], typ=RECEIPT_TYP, kid=JWK["kid"], key=PRIVATE), "altered"),
            (signed(typ="fvs-certificate+jws"), "other_type"),
            (signed(typ=CREDENTIAL_TYP), "other_type"),
            (signed(kid="other"), "unknown_key"),
            (signed(key=Ed25519PrivateKey.from_private_bytes(b"x" * 32)), "altered"),
        ],
    )
    def test_what_is_not_believed(self, text, code):
        """Each for its own reason."""
        assert code_of(text) == code


class TestCredential:
    def test_with_all_disclosures(self):
        """States what the JWS does."""
        checked = check_receipt(credential(), KEYS, NOW)
        assert checked.form == "sd_jwt_vc"
        assert checked.claims["consent_reference"] == "consent-1"

    def test_with_none(self):
        """Shows the decision alone."""
        bare = credential().split("~")[0] + "~"
        claims = check_receipt(bare, KEYS, NOW).claims
        assert set(claims) == {"iss", "iat", "decision", "vct", "exp"}

    def test_the_jws_tells_nothing_of_what_is_left_out(self):
        """No value is in it, and equal claims have other digests each time."""
        body, other = (body_of(credential()) for _ in range(2))
        assert "consent-1" not in json.dumps(body)
        assert not set(body["_sd"]) & set(other["_sd"])
        digests = [
            json.loads(base64.urlsafe_b64decode(credential().split("~")[0].split(".")[1] + "=="))[
                "_sd"
            ]
            for _ in range(2)
        ]
        assert not set(digests[0]) & set(digests[1])

    def test_digests_are_those_of_the_standard(self):
        """SHA-256 of the disclosure's text, base64url (RFC 9901, section 4.2.3)."""
        head, *disclosures, end = credential().split("~")
        body = body_of(head)
        assert end == ""
        wanted = {encoded(hashlib.sha256(each.encode()).digest()) for each in disclosures}
        assert set(body["_sd"]) == wanted
        assert body["_sd_alg"] == "sha-256"

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda text: text + text.split("~")[1] + "~", "malformed"),
            (lambda text: text + encoded(b'["salt","decision","match"]') + "~", "altered"),
            (lambda text: text + encoded(b'["salt","age",18]') + "~", "altered"),
            (lambda text: text + "!!!~", "malformed"),
            (lambda text: text + "\u00e9\ufffd~", "malformed"),
            (lambda text: text + encoded(b"\xff") + "~", "malformed"),
            (lambda text: text.removesuffix("~"), "malformed"),
        ],
        ids=[
            "twice",
            "a claim that is there",
            "a claim that is not",
            "no base64",
            "no ASCII",
            "no JSON",
            "no end",
        ],
    )
    def test_what_was_not_signed_cannot_be_shown(self, change, code):
        """Whatever is added."""
        assert code_of(change(credential())) == code

    def test_it_expires(self):
        """At the second that it names."""
        assert code_of(credential(), now=NOW + timedelta(seconds=100)) == "expired"

    def test_another_type_of_credential(self):
        """Is not a receipt."""
        assert code_of(credential(vct="urn:other")) == "other_type"


# RFC 9901, sections 4.2.3 and 5.1: disclosures with their digests.
RFC_9901 = [
    (
        "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
        "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
        {"family_name": "M\u00f6bius"},
    ),
    (
        "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd",
        "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4",
        {"given_name": "John"},
    ),
    (
        "WyI2SWo3dE0tYTVpVlBHYm9TNXRtdlZBIiwgImVtYWlsIiwgImpvaG5kb2VAZXhhbXBsZS5jb20iXQ",
        "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE",
        {"email": "johndoe@example.com"},
    ),
    (
        "WyJRZ19PNjR6cUF4ZTQxMmExMDhpcm9BIiwgInBob25lX251bWJlcl92ZXJpZmllZCIsIHRydWVd",
        "XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM",
        {"phone_number_verified": True},
    ),
    (
        (
            "WyJBSngtMDk1VlBycFR0TjRRTU9xUk9BIiwgImFkZHJlc3MiLCB7InN0cmVldF9hZGRyZXNzIjogIjEyMyBNYWluI"
            "FN0IiwgImxvY2FsaXR5IjogIkFueXRvd24iLCAicmVnaW9uIjogIkFueXN0YXRlIiwgImNvdW50cnkiOiAiVVMifV0"
        ),
        "XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE",
        {
            "address": {
                "street_address": "123 Main St",
                "locality": "Anytown",
                "region": "Anystate",
                "country": "US",
            }
        },
    ),
]


@pytest.mark.parametrize(("disclosure", "digest", "shown"), RFC_9901)
def test_the_examples_of_the_standard(disclosure, digest, shown):
    """A digest of the RFC lets its own disclosure be shown, and no other's."""
    claims = {"iss": "https://issuer.example", "_sd": [digest], "_sd_alg": "sha-256"}
    head = sign_compact(claims, typ=CREDENTIAL_TYP, kid=JWK["kid"], key=PRIVATE)
    found = verify_disclosed(f"{head}~{disclosure}~", KEYS)
    assert found == {"iss": "https://issuer.example", **shown}
    for other, *_ in RFC_9901:
        if other != disclosure:
            with pytest.raises(ReceiptError):
                verify_disclosed(f"{head}~{other}~", KEYS)


class TestSubject:
    DIGEST = subject_digest(SUBJECT, SALT)

    def test_the_salt_and_the_number_show_whom_it_is_about(self):
        """In whatever form the receipt is."""
        for text in (signed(), credential()):
            claims = check_receipt(text, KEYS, NOW).claims
            assert is_about(claims["subject_digest"], SUBJECT, SALT)

    @pytest.mark.parametrize(
        ("kind", "number"),
        [
            (SubjectKind.CITIZEN_ID, "1101700230708"),
            (SubjectKind.PASSPORT, "THA AA1234567"),
        ],
    )
    def test_nobody_else(self, kind, number):
        """Another number, or another kind of it, does not pass."""
        assert not is_about(self.DIGEST, SubjectId.parse(kind, number), SALT)

    @pytest.mark.parametrize("salt", [encoded(b"x" * 32), encoded(bytes(33)), "!" * 43, "A"])
    def test_another_salt_shows_nothing(self, salt):
        """Whether it is one or not."""
        assert not is_about(self.DIGEST, SUBJECT, salt)

    def test_a_salt_that_can_be_guessed_is_refused(self):
        """It is as long as the digest."""
        with pytest.raises(SubjectError):
            subject_digest(SUBJECT, encoded(bytes(31)))

    @pytest.mark.parametrize("digest", [None, "", 1, "\u00e9"])
    def test_a_receipt_about_nobody(self, digest):
        """Of a comparison, say."""
        assert not is_about(digest, SUBJECT, SALT)

    def test_receipts_of_one_subject_cannot_be_linked(self):
        """Each has its own salt, of 32 bytes."""
        salts = {new_salt() for _ in range(50)}
        assert len({subject_digest(SUBJECT, salt) for salt in salts}) == 50
        assert {len(base64.urlsafe_b64decode(salt + "=")) for salt in salts} == {32}

    def test_the_receipt_holds_neither_number_nor_salt(self):
        """Without the answer it tells nothing of the subject."""
        for text in (signed(), credential()):
            shown = json.dumps(check_receipt(text, KEYS, NOW).claims)
            assert SUBJECT.number.reveal() not in shown
            assert SALT not in shown


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"keys": [{"kty":"OKP","crv":"Ed25519"}]}']
)
def test_what_is_no_set_of_keys(content):
    """Is refused with advice."""
    with pytest.raises(UsageError) as caught:
        read_jwks(content)
    assert caught.value.advice


def test_keys_of_other_kinds_are_left_out():
    """A set may hold them."""
    assert read_jwks(b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "", "kid": "1"}]}') == {}

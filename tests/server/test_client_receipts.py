"""Receipts: what holds, and every way in which one does not."""

from __future__ import annotations

import base64
import json
import warnings
from types import SimpleNamespace

import pytest
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, OKPKey, RSAKey

from fvs_client.errors import ReceiptError
from fvs_client.receipts import ReceiptVerifier

KEY, OTHER = (OKPKey.generate_key("Ed25519", {"kid": kid}) for kid in ("r1", "r2"))
CLAIMS = {
    "iss": "https://fvs.example",
    "aud": "bank.example",
    "iat": 1_800_000_000,
    "jti": "t1",
    "decision": "match",
    "assurance_level": "ial2.2",
}


def published(*keys: OKPKey) -> bytes:
    """What the service publishes."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def receipt(key=KEY, claims=CLAIMS, algorithm: str = "EdDSA", **header: object) -> str:
    """A receipt that `key` signed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.serialize_compact(
            {"alg": algorithm, "kid": "r1", "typ": "fvs-receipt+jwt", **header},
            json.dumps(claims),
            key,
            registry=jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False),
        )


@pytest.fixture
def verifier() -> ReceiptVerifier:
    """Of the bank."""
    return ReceiptVerifier(
        published(KEY, OTHER), issuer="https://fvs.example", audience="bank.example"
    )


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_a_receipt_that_holds(verifier, algorithm):
    """Says what was signed; the algorithm has two names."""
    found = verifier.verify(receipt(algorithm=algorithm))
    assert (found.transaction_id, found.decision) == ("t1", "match")
    assert found.claims == CLAIMS
    assert found.issued_at.isoformat() == "2027-01-15T08:00:00+00:00"


def test_each_byte_counts(verifier):
    """A receipt that was changed anywhere does not hold."""
    good = receipt()
    for place in range(0, len(good) - 1, 7):
        changed = "A" if good[place] != "A" else "B"
        with pytest.raises(ReceiptError):
            verifier.verify(good[:place] + changed + good[place + 1 :])


SECRET = OctKey.import_key(KEY.as_dict(private=False)["x"])
RSA = RSAKey.generate_key(2048)


def unsigned() -> str:
    """With `alg: none`."""
    parts = (json.dumps({"alg": "none", "kid": "r1"}), json.dumps(CLAIMS), "")
    return ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        ".",
        "..",
        "ก.ข.ค",
        "a" * 100_000,
        unsigned(),
        receipt(OTHER),
        receipt(typ="JWT"),
        receipt(crit=["typ"]),
        receipt(kid="r3"),
        receipt(OTHER, kid="r3", jwk=OTHER.as_dict(private=False)),
        receipt(SECRET, algorithm="HS256"),
        receipt(RSA, algorithm="RS256"),
        receipt(claims={**CLAIMS, "iss": "https://other.example"}),
        receipt(claims={**CLAIMS, "aud": "telco.example"}),
        receipt(claims={**CLAIMS, "iat": 1e300}),
        receipt(claims={name: value for name, value in CLAIMS.items() if name != "jti"}),
        receipt(claims=[]),
    ],
)
def test_receipts_that_do_not_hold(verifier, forged):
    """Algorithm, key, issuer and audience are ours to choose, not the receipt's."""
    with pytest.raises(ReceiptError):
        verifier.verify(forged)


@pytest.mark.parametrize(
    "jwks", [b"", b"[]", b'{"keys":[]}', b'{"keys":[{"crv":"Ed25519"}]}', published(RSA)]
)
def test_key_sets_that_check_nothing(jwks):
    """Are refused before any receipt is."""
    with pytest.raises(ReceiptError):
        ReceiptVerifier(jwks, issuer="i", audience="a")


@pytest.mark.parametrize("changes", [{"transaction_id": "t2"}, {"decision": "no_match"}])
def test_a_receipt_belongs_to_its_answer(verifier, changes):
    """An answer beside another's receipt is not signed."""
    found = verifier.verify(receipt())
    answer = SimpleNamespace(transaction_id="t1", decision="match")
    found.require_of(answer)
    for name, value in changes.items():
        setattr(answer, name, value)
    with pytest.raises(ReceiptError):
        found.require_of(answer)

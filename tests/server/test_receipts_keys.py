"""Receipts are signed by the newest key that callers can know, and old ones stay provable."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from fvs.errors import UsageError
from fvs.receipts import ReceiptError, check_receipt, read_jwks
from fvs_server.receipts import Receipts, SigningKeys
from fvs_server.receipts.keys import PUBLISHED_AHEAD
from fvs_server.secrets import ServerSecrets
from tests.server import audit_fixtures
from tests.server.identity_fixtures import NOW
from tests.unit.test_receipts import CLAIMS

audit_url, audit_database = audit_fixtures.audit_url, audit_fixtures.audit_database


@pytest.fixture
def keys() -> SigningKeys:
    """Of fixed secrets."""
    return SigningKeys(ServerSecrets(bytes(range(32))))


@pytest.fixture
def receipts(keys, audit_database, clock) -> Receipts:
    """With their first key."""
    return Receipts(keys, audit_database, clock)


def published(receipts):
    """The keys as a caller reads them."""
    return read_jwks(msgspec.json.encode(receipts.jwks()))


def signer(receipts) -> str:
    """The kid of the key that signs now."""
    jws = receipts.issue(CLAIMS, ()).jws
    return next(kid for kid, key in published(receipts).items() if believes({kid: key}, jws))


def believes(keys, jws) -> bool:
    """Whether these keys prove it."""
    try:
        check_receipt(jws, keys, NOW)
    except ReceiptError:
        return False
    return True


def test_the_first_key_signs_at_once(receipts):
    """And is published; replicas make one together."""
    assert len(published(receipts)) == 1
    assert believes(published(receipts), receipts.issue(CLAIMS, ()).jws)


def test_replicas_share_their_keys(receipts, keys, audit_database, clock):
    """What one signs another's set proves."""
    other = Receipts(keys, audit_database, clock)
    assert published(other) == published(receipts)


def test_a_new_key_is_published_before_it_signs(receipts, keys, audit_database, clock):
    """Callers that keep the set have it by then; old receipts stay provable."""
    old_jws, old = receipts.issue(CLAIMS, ()).jws, signer(receipts)
    with audit_database.writing() as connection:
        keys.rotate(connection, clock.now)
    clock.now += timedelta(seconds=11)
    assert len(published(receipts)) == 2
    assert signer(receipts) == old
    clock.now = NOW + PUBLISHED_AHEAD
    assert signer(receipts) != old
    assert believes(published(receipts), old_jws)


def test_a_withdrawn_key_proves_nothing(receipts, keys, audit_database, clock):
    """Whoever has it could have signed its receipts."""
    jws = receipts.issue(CLAIMS, ()).jws
    with audit_database.writing() as connection:
        keys.rotate(connection, clock.now)
    clock.now = NOW + PUBLISHED_AHEAD
    with audit_database.writing() as connection:
        keys.withdraw(connection, 1, clock.now)
    clock.now += timedelta(seconds=11)
    assert not believes(published(receipts), jws)


@pytest.mark.parametrize("number", [1, 7])
def test_the_only_key_cannot_be_withdrawn(receipts, keys, audit_database, clock, number):
    """Nor one that is not there: something must sign."""
    assert published(receipts)
    with audit_database.writing() as connection, pytest.raises(UsageError):
        keys.withdraw(connection, number, clock.now)


def test_a_key_before_the_first_server_signs_at_once(keys, audit_database, clock):
    """`rotate` on a new database leaves a service that can sign."""
    with audit_database.writing() as connection:
        assert keys.rotate(connection, clock.now).signs_from == clock.now
    receipts = Receipts(keys, audit_database, clock)
    assert believes(published(receipts), receipts.issue(CLAIMS, ()).jws)


@pytest.mark.parametrize("behind", [timedelta(seconds=1), timedelta(days=400)])
def test_a_clock_that_is_behind_the_keys(receipts, clock, behind):
    """Another replica's, or one that was set back: the oldest key signs."""
    clock.now -= behind
    assert believes(published(receipts), receipts.issue(CLAIMS, ()).jws)


def test_a_credential_is_made_where_it_is_asked_for(receipts):
    """And only there."""
    assert receipts.issue(CLAIMS, ("jws",)).sd_jwt_vc is None
    credential = receipts.issue(CLAIMS, ("jws", "sd_jwt_vc")).sd_jwt_vc
    checked = check_receipt(credential, published(receipts), NOW)
    assert checked.claims["jti"] == CLAIMS.jti

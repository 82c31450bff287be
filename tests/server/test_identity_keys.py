"""API keys: what is kept of them, and when they open."""

from __future__ import annotations

import string
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from fvs.errors import UsageError
from fvs_server.identity.api_keys import ApiKeys, KeyState
from fvs_server.identity.key_check import KeyCheck
from fvs_server.identity.key_text import KeyText
from fvs_server.identity.principal import Scope
from fvs_server.identity.refusals import RefusedCredentialsError
from fvs_server.identity.tables import api_keys
from fvs_server.problems import Problem
from fvs_server.secrets import ServerSecrets
from tests.server.identity_fixtures import (
    BANK,
    NOW,
    TELCO,
    create,
    order,
)

REMEMBER_S = 5.0
DAY = timedelta(days=1)


@pytest.fixture
def keys() -> ApiKeys:
    """The table of a server with new secrets."""
    return ApiKeys(ServerSecrets.generate())


@pytest.fixture
def check(own_database, keys, clock) -> KeyCheck:
    """A replica's check, whose memory goes by the same clock."""
    made = KeyCheck(own_database, keys, clock, remember_s=REMEMBER_S)
    for memory in (made._known, made._unknown):
        memory._monotonic = clock.monotonic
    return made


def refusal(check: KeyCheck, text: str) -> RefusedCredentialsError:
    """Why a key is not taken."""
    with pytest.raises(RefusedCredentialsError) as caught:
        check.check(text)
    return caught.value


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "fvs_",
            "fvs__",
            f"fvs_{'0' * 16}_{'A' * 42}",
            f"fvs_{'0' * 16}_{'A' * 44}",
            f"fvs_{'0' * 15}g_{'A' * 43}",
            f"fvs_{'0' * 16}_{'A' * 42}=",
            f"fvs_{'0' * 16}_{'A' * 42}+",
            f"fvs_{'0' * 16}_{'A' * 42}B",  # spare bits set: another text of the same secret
            f"FVS_{'0' * 16}_{'A' * 43}",
            f"fvs_{'0' * 16}_{'A' * 43}\n",
            f" fvs_{'0' * 16}_{'A' * 43}",
            f"fvs_{'٣' * 16}_{'A' * 43}",
        ],
    )
    def test_other_forms_are_no_keys(self, text):
        """One secret has one text."""
        assert KeyText.parse(text) is None

    def test_a_key_reads_back(self):
        """What is shown is what is parsed; 256 bits of it are secret."""
        key = KeyText.generate()
        assert KeyText.parse(key.reveal()) == key
        assert len(key.secret.reveal()) == 32

    def test_printing_shows_no_secret(self):
        """A key that strays into a log gives only its id away."""
        key = KeyText.generate()
        assert key.reveal()[21:] not in f"{key} {key!r}"
        assert key.key_id in repr(key)

    @given(st.text(string.ascii_letters + string.digits + "_-=", max_size=80))
    def test_nothing_breaks_the_parser(self, tail):
        """Any text is a key or none."""
        parsed = KeyText.parse(f"fvs_{tail}")
        assert parsed is None or parsed.reveal() == f"fvs_{tail}"


class TestTable:
    def test_no_key_is_the_empty_list(self, own_database, keys):
        """A new server has none."""
        with own_database.reading() as connection:
            assert keys.list(connection) == ()

    def test_a_key_is_kept_as_it_was_ordered(self, own_database, keys):
        """All of it but the secret comes back, on both databases."""
        wanted = order(Scope.VERIFY, Scope.SCORES, label="till 3", expires_at=NOW + DAY)
        key = create(own_database, keys, wanted).key
        with own_database.reading() as connection:
            assert keys.list(connection, BANK) == (key,)
            assert keys.list(connection, TELCO) == ()
        assert (key.scopes, key.label) == (wanted.scopes, "till 3")
        assert (key.created_at, key.expires_at) == (NOW, NOW + DAY)
        assert (key.revoked_at, key.last_used_at, key.replaced_by) == (None, None, None)

    def test_the_secret_is_not_kept(self, own_database, keys):
        """A copy of the table opens nothing: its MAC is under a key that is elsewhere."""
        issued = create(own_database, keys, order())
        with own_database.reading() as connection:
            (row,) = connection.execute(select(api_keys)).all()
        secret = issued.text.secret.reveal()
        assert all(secret not in value for value in row if isinstance(value, bytes))
        assert ApiKeys(ServerSecrets.generate()).mac(issued.text) != row.secret_mac

    def test_a_mac_fits_no_other_row(self, keys):
        """Rows cannot be swapped: the id is in the MAC."""
        first = KeyText.generate()
        assert keys.mac(first) != keys.mac(KeyText(key_id="0" * 16, secret=first.secret))

    @pytest.mark.parametrize(
        "wanted",
        [
            *(order(idp=name) for name in ("", " ", "a b", "ธนาคาร", "x" * 129, "x\n")),
            order(expires_at=NOW),
            order(expires_at=NOW - DAY),
        ],
    )
    def test_useless_keys_are_not_made(self, own_database, keys, wanted):
        """Nobody's keys and those that have expired already are mistakes."""
        with pytest.raises(UsageError):
            create(own_database, keys, wanted)

    def test_a_key_without_scopes_is_not_made(self, own_database, keys):
        """An empty set opens nothing, so nobody means it."""
        with pytest.raises(UsageError, match="opens nothing"):
            create(own_database, keys, order().__class__(idp=BANK, scopes=frozenset()))

    def test_a_rotated_key_works_until_the_overlap_ends(self, own_database, keys):
        """Both work; then only the new one, which lives as long as the old one was meant to."""
        old = create(
            own_database, keys, order(Scope.VERIFY, label="x", expires_at=NOW + 30 * DAY)
        ).key
        later = NOW + 10 * DAY
        with own_database.writing() as connection:
            new = keys.rotate(connection, old.key_id, overlap=DAY, now=later).key
            old = keys.get(connection, old.key_id)
        assert old.replaced_by == new.key_id
        assert old.state(later + DAY - timedelta(seconds=1)) is KeyState.ACTIVE
        assert old.state(later + DAY) is KeyState.EXPIRED
        assert new.expires_at == later + 30 * DAY
        assert (new.idp, new.scopes, new.label) == (old.idp, old.scopes, old.label)

    def test_an_overlap_prolongs_no_key(self, own_database, keys):
        """A key that would end sooner does."""
        old = create(own_database, keys, order(expires_at=NOW + DAY)).key
        with own_database.writing() as connection:
            keys.rotate(connection, old.key_id, overlap=7 * DAY, now=NOW)
            assert keys.get(connection, old.key_id).expires_at == NOW + DAY

    def test_only_keys_in_force_are_rotated(self, own_database, keys):
        """A revoked, expired or replaced key gets no successor: it might be in the wrong hands."""
        revoked, expired, replaced = (
            create(own_database, keys, order(expires_at=NOW + DAY)).key.key_id for _ in range(3)
        )
        with own_database.writing() as connection:
            keys.revoke(connection, revoked, NOW)
            keys.rotate(connection, replaced, overlap=DAY, now=NOW)
            for key_id, now in ((revoked, NOW), (expired, NOW + DAY), (replaced, NOW)):
                with pytest.raises(UsageError, match="key"):
                    keys.rotate(connection, key_id, overlap=DAY, now=now)

    def test_revoking_twice_keeps_the_first_time(self, own_database, keys):
        """When it was revoked is what an audit asks."""
        key_id = create(own_database, keys, order()).key.key_id
        with own_database.writing() as connection:
            keys.revoke(connection, key_id, NOW)
            assert keys.revoke(connection, key_id, NOW + DAY).revoked_at == NOW

    def test_what_is_not_there_is_not_revoked(self, own_database, keys):
        """A mistyped id is told, or the wrong key would go on working."""
        with own_database.writing() as connection, pytest.raises(UsageError, match="no key"):
            keys.revoke(connection, "0" * 16, NOW)


class TestCheck:
    def test_a_key_opens(self, own_database, keys, check):
        """Whoever shows the whole text is its holder."""
        issued = create(own_database, keys, order(Scope.VERIFY))
        assert check.check(issued.text.reveal()).key_id == issued.key.key_id

    def test_wrong_keys_are_refused_alike(self, own_database, keys, check):
        """The answer does not tell a wrong secret from an unknown id; the log does."""
        known = create(own_database, keys, order()).text
        wrong = KeyText(key_id=known.key_id, secret=KeyText.generate().secret)
        refusals = [refusal(check, text.reveal()) for text in (wrong, KeyText.generate())]
        assert [each.reason for each in refusals] == ["key_wrong", "key_unknown"]
        assert {(each.problem, each.detail) for each in refusals} == {
            (Problem.INVALID_CREDENTIALS, None)
        }

    @pytest.mark.parametrize("state", [KeyState.REVOKED, KeyState.EXPIRED])
    def test_only_the_holder_learns_the_state(self, own_database, keys, check, clock, state):
        """That a key is revoked or expired is said after its secret was shown."""
        issued = create(own_database, keys, order(expires_at=NOW + DAY))
        if state is KeyState.REVOKED:
            with own_database.writing() as connection:
                keys.revoke(connection, issued.key.key_id, NOW)
        else:
            clock.pass_s(DAY.total_seconds())
        assert refusal(check, issued.text.reveal()).detail.english == f"The key is {state}."
        wrong = KeyText(key_id=issued.key.key_id, secret=KeyText.generate().secret)
        assert refusal(check, wrong.reveal()).detail is None

    def test_a_revocation_holds_within_the_stated_time(self, own_database, keys, check, clock):
        """Another replica believes what it read for `key_cache_s`, and not a moment longer."""
        issued = create(own_database, keys, order())
        check.check(issued.text.reveal())
        with own_database.writing() as connection:
            keys.revoke(connection, issued.key.key_id, NOW)
        clock.pass_s(REMEMBER_S - 0.01)
        check.check(issued.text.reveal())
        clock.pass_s(0.01)
        assert refusal(check, issued.text.reveal()).reason == "key_revoked"

    def test_forgetting_makes_it_hold_at_once(self, own_database, keys, check):
        """What a hot reload calls."""
        issued = create(own_database, keys, order())
        check.check(issued.text.reveal())
        with own_database.writing() as connection:
            keys.revoke(connection, issued.key.key_id, NOW)
        check.forget()
        assert refusal(check, issued.text.reveal()).reason == "key_revoked"

    def test_expiry_needs_no_look_at_the_table(self, own_database, keys, check, clock):
        """A remembered key expires on time."""
        issued = create(own_database, keys, order(expires_at=NOW + timedelta(seconds=1)))
        check.check(issued.text.reveal())
        clock.pass_s(1)
        assert refusal(check, issued.text.reveal()).reason == "key_expired"

    def test_requests_cost_no_queries(self, own_database, keys, check, clock):
        """A look at the table serves for seconds, of a known id and of an unknown one."""
        known, unknown = create(own_database, keys, order()).text, KeyText.generate()
        check.check(known.reveal())
        refusal(check, unknown.reveal())
        with counted(own_database) as statements:
            for _ in range(100):
                check.check(known.reveal())
                refusal(check, unknown.reveal())
            assert statements == []
            clock.pass_s(REMEMBER_S)
            check.check(known.reveal())
            refusal(check, unknown.reveal())
        assert len([each for each in statements if "SELECT" in each]) == 2

    def test_use_is_noted_once_an_hour(self, own_database, keys, check, clock):
        """`last_used_at` is to an hour: no write for each request."""
        issued = create(own_database, keys, order())
        seen = []
        for _ in range(3):
            check.check(issued.text.reveal())
            with own_database.reading() as connection:
                seen.append(keys.get(connection, issued.key.key_id).last_used_at)
            clock.pass_s(1801)
        assert seen == [NOW, NOW, NOW + timedelta(seconds=3602)]

    def test_what_is_remembered_needs_no_thread(self, own_database, keys, check, clock):
        """Exactly what `remembers` says needs neither query nor write."""
        known, unknown = create(own_database, keys, order()).text, KeyText.generate()
        texts = [known.reveal(), unknown.reveal(), "fvs_malformed"]
        assert [check.remembers(text) for text in texts] == [False, False, True]
        for text in texts[1:]:
            refusal(check, text)
        check.check(texts[0])
        with counted(own_database) as statements:
            assert [check.remembers(text) for text in texts] == [True, True, True]
            check.check(texts[0])
        assert statements == []
        clock.pass_s(REMEMBER_S)
        assert [check.remembers(text) for text in texts] == [False, False, True]

    def test_made_up_ids_drive_no_key_out(self, check):
        """Ids that are not there are remembered apart from those that are."""
        assert check._known is not check._unknown


@contextmanager
def counted(database):
    """The statements that a database runs meanwhile."""
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database._engine, "before_cursor_execute", note)
    yield statements
    event.remove(database._engine, "before_cursor_execute", note)

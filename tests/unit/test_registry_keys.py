"""The key ring: it wraps, rotates, is kept in one file, and never shows a key."""

import base64
import copy
import dataclasses
import hashlib
import hmac
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from fvs.errors import UsageError
from fvs.registry.cipher import KEY_BYTES, OVERHEAD_BYTES
from fvs.registry.errors import KeyRingError, SealError
from fvs.registry.keys import KEY_RING_VARIABLE, KeyRing, KeyWrapper, Wrapped, WrappingKey
from fvs.subjects import Private
from tests.registry_secrets import report, secrets_of, shows

RECORD_KEY = Private(bytes(range(32)))
CONTEXT = b"context"
MASTER_KEY = Private(bytes(range(1, 33)))


@pytest.fixture(scope="module")
def keys():
    """A new ring, rotated once."""
    return KeyRing.generate().rotated()


def rings(number: int) -> list[KeyRing]:
    """Unrelated rings."""
    return [KeyRing.generate() for _ in range(number)]


class TestWrapping:
    def test_what_was_wrapped_unwraps(self, keys):
        """Under the current key, which is named beside it, in 61 bytes."""
        wrapper: KeyWrapper = keys
        wrapped = wrapper.wrap(RECORD_KEY, CONTEXT)
        assert wrapped.key_id == keys.current_key_id == keys.wrapping_keys[-1].id
        assert len(wrapped.wrapped_key) == KEY_BYTES + OVERHEAD_BYTES == 61
        assert wrapper.unwrap(wrapped, CONTEXT) == RECORD_KEY

    @given(context=st.binary(max_size=9))
    def test_a_moved_key_does_not_unwrap(self, keys, context):
        """The context is part of the wrapping."""
        wrapped = keys.wrap(RECORD_KEY, context + b".")
        with pytest.raises(SealError):
            keys.unwrap(wrapped, context)

    def test_another_key_of_the_same_id_is_noticed(self, keys):
        """The error names the key and stays without content."""
        other = keys.generate()
        forged = WrappingKey(keys.current_key_id, other.wrapping_keys[0].key)
        impostor = msgspec.structs.replace(other, wrapping_keys=(forged,))
        with pytest.raises(SealError, match=keys.current_key_id) as refusal:
            impostor.unwrap(keys.wrap(RECORD_KEY, CONTEXT), CONTEXT)
        assert refusal.value.code == "seal_broken"

    def test_an_unknown_key_is_named(self, keys):
        """What is missing must be known to be found; a forged id cannot flood or break a log."""
        wrapped = keys.wrap(RECORD_KEY, CONTEXT)
        with pytest.raises(SealError, match=r"'deadbeef', which the key ring lacks") as refusal:
            keys.unwrap(wrapped._replace(key_id="deadbeef"), CONTEXT)
        assert "Bring back" in refusal.value.advice
        with pytest.raises(SealError) as refusal:
            keys.unwrap(wrapped._replace(key_id="\n" * 9999), CONTEXT)
        assert len(str(refusal.value)) < 250
        assert "\n" not in str(refusal.value)

    def test_truncated_keys_are_refused(self, keys):
        """At every length."""
        content, key_id = keys.wrap(RECORD_KEY, CONTEXT)
        for length in range(len(content)):
            with pytest.raises(SealError):
                keys.unwrap(Wrapped(content[:length], key_id), CONTEXT)

    def test_threads_share_a_ring(self, keys):
        """Eight threads wrap and unwrap through one set of ciphers."""

        def round_trip(number: int) -> bool:
            key = Private(number.to_bytes(32, "big"))
            return keys.unwrap(keys.wrap(key, CONTEXT), CONTEXT) == key

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(round_trip, range(2000)))


class TestRotation:
    def test_old_keys_still_unwrap(self, keys):
        """Rotation adds a current key and takes none away."""
        wrapped = keys.wrap(RECORD_KEY, CONTEXT)
        rotated = keys.rotated()
        assert rotated.current_key_id not in {key.id for key in keys.wrapping_keys}
        assert rotated.wrapping_keys[:-1] == keys.wrapping_keys
        assert rotated.unwrap(wrapped, CONTEXT) == RECORD_KEY
        assert rotated.wrap(RECORD_KEY, CONTEXT).key_id == rotated.current_key_id

    def test_a_removed_key_unwraps_no_more(self, keys):
        """What it wrapped is lost, which is the purpose."""
        wrapped = keys.wrap(RECORD_KEY, CONTEXT)
        with pytest.raises(SealError):
            keys.rotated().without(keys.current_key_id).unwrap(wrapped, CONTEXT)

    def test_the_current_key_stays(self, keys):
        """Nor can a key be removed that is not there."""
        with pytest.raises(KeyRingError, match="is the current key"):
            keys.without(keys.current_key_id)
        with pytest.raises(KeyRingError, match="no key of that id"):
            keys.without("unknown")

    def test_the_fingerprint_tells_registries_apart(self, keys):
        """It survives rotation, differs between rings and is the same at the next start."""
        assert keys.rotated().fingerprint == keys.fingerprint
        assert len({ring.fingerprint for ring in rings(20)}) == 20
        assert KeyRing.from_master_key(MASTER_KEY).fingerprint == "5c68995ca1646ab7b2729a75c47a4ce8"


class TestMasterKey:
    def test_secrets_follow_from_it(self):
        """RFC 5869 by hand: extract with the salt, expand with the use, for each secret."""
        extracted = hmac.digest(b"fvs key ring 1", MASTER_KEY.reveal(), "sha256")

        def expanded(use: bytes) -> bytes:
            return hmac.digest(extracted, use + b"\x01", "sha256")

        ring = KeyRing.from_master_key(MASTER_KEY)
        uses = (b"wrapping key", b"pseudonym key", b"transform seed", b"signing seed")
        assert secrets_of(ring) == [expanded(use) for use in uses]
        assert ring.current_key_id == expanded(b"wrapping key id")[:8].hex()

    def test_it_stays_the_same(self):
        """Literal values: a changed derivation would lock every registry that uses one."""
        ring = KeyRing.from_master_key(MASTER_KEY)
        assert ring.current_key_id == "8e5a63b149080ef1"
        digest = hashlib.sha256(b"".join(secrets_of(ring))).hexdigest()
        assert digest == "ccc90ea68dae5dc68129caade9c0a65265992e9621c69b5dd33844d9853b8df1"

    def test_short_ones_are_refused(self):
        """Under 32 bytes it is a password, which needs another derivation."""
        with pytest.raises(UsageError, match="at least 32"):
            KeyRing.from_master_key(Private(bytes(31)))


class TestSigning:
    def test_the_public_key_verifies(self, keys):
        """By Ed25519 of the library."""
        public_key = Ed25519PublicKey.from_public_bytes(keys.public_key)
        public_key.verify(keys.sign(b"message"), b"message")

    def test_the_standard_agrees(self):
        """RFC 8032, 7.1, test 1: seed, public key and the signature of the empty message."""
        seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        public_key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        signature = (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        )
        ring = msgspec.structs.replace(
            KeyRing.generate(), signing_seed=Private(bytes.fromhex(seed))
        )
        assert ring.public_key.hex() == public_key
        assert ring.sign(b"").hex() == signature


class TestFile:
    def test_a_written_ring_is_read(self, keys, tmp_path):
        """All of it, order included."""
        keys.write(tmp_path / "keys.json")
        assert KeyRing.read(tmp_path / "keys.json") == keys

    def test_the_layout_stays(self, tmp_path):
        """A ring of the first version is read by every later one."""
        ring = KeyRing.from_master_key(MASTER_KEY)
        ring.write(tmp_path / "keys.json")
        text = [base64.b64encode(secret).decode() for secret in secrets_of(ring)]
        assert json.loads((tmp_path / "keys.json").read_text()) == {
            "format": "fvs-key-ring-1",
            "keys": {
                "wrapping_keys": [{"id": ring.current_key_id, "key": text[0]}],
                "pseudonym_key": text[1],
                "transform_seed": text[2],
                "signing_seed": text[3],
            },
        }

    def test_the_environment_holds_the_same(self, keys, tmp_path):
        """The file in base64, as `base64` breaks its lines."""
        keys.write(tmp_path / "keys.json")
        value = base64.encodebytes((tmp_path / "keys.json").read_bytes()).decode()
        assert KeyRing.from_environment({KEY_RING_VARIABLE: value}) == keys
        assert KeyRing.from_environment({"OTHER": value}, "OTHER") == keys

    @pytest.mark.parametrize("value", ["%", "ä", "e30", "e30=", ""])
    def test_malformed_variables_are_refused(self, value):
        """The error names the variable."""
        with pytest.raises(KeyRingError, match=KEY_RING_VARIABLE):
            KeyRing.from_environment({KEY_RING_VARIABLE: value})

    def test_missing_variables_are_named(self):
        """And nothing else is tried."""
        with pytest.raises(KeyRingError, match=f"{KEY_RING_VARIABLE} is not set"):
            KeyRing.from_environment({})


def document(keys: KeyRing) -> dict:
    """The file's content."""
    return json.loads(keys._encoded().reveal())


class TestMalformedFiles:
    @pytest.mark.parametrize(
        "change",
        [
            lambda file: file.pop("format"),
            lambda file: file.update(format="fvs-key-ring-2"),
            lambda file: file.update(more=1),
            lambda file: file["keys"].pop("pseudonym_key"),
            lambda file: file["keys"].update(more="x"),
            lambda file: file["keys"].update(pseudonym_key=7),
            lambda file: file["keys"].update(pseudonym_key="ä" * 44),
            lambda file: file["keys"].update(pseudonym_key="not base64!"),
            lambda file: file["keys"].update(pseudonym_key="c2hvcnQ="),
            lambda file: file["keys"].update(pseudonym_key=file["keys"]["signing_seed"]),
            lambda file: file["keys"].update(wrapping_keys=[]),
            lambda file: file["keys"]["wrapping_keys"].append(file["keys"]["wrapping_keys"][0]),
            lambda file: file["keys"]["wrapping_keys"][0].update(id=""),
            lambda file: file["keys"]["wrapping_keys"][0].update(id="a\nb"),
            lambda file: file["keys"]["wrapping_keys"][0].update(id="a" * 65),
        ],
    )
    def test_they_are_refused(self, keys, tmp_path, change):
        """With an error that names no key, nor do its frames."""
        file = document(keys)
        change(file)
        path = tmp_path / "keys.json"
        path.touch(0o600)
        path.write_text(json.dumps(file))
        with pytest.raises(KeyRingError, match="key ring") as refusal:
            KeyRing.read(path)
        assert refusal.value.code == "key_ring"
        self._check_silence(refusal.value, keys)

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[]", b'{"keys": "\xff"}'])
    def test_other_bytes_are_refused(self, tmp_path, content):
        """The error says which file it was."""
        path = tmp_path / "keys.json"
        path.touch(0o600)
        path.write_bytes(content)
        with pytest.raises(KeyRingError, match=r"keys\.json holds no key ring"):
            KeyRing.read(path)

    @given(length=st.integers(0, 500), byte=st.binary(min_size=1, max_size=1))
    def test_a_damaged_file_shows_nothing(self, keys, length, byte):
        """Truncated anywhere and continued with rubbish."""
        content = base64.b64encode(keys._encoded().reveal()[:length] + byte).decode()
        with pytest.raises(KeyRingError) as refusal:
            KeyRing.from_environment({KEY_RING_VARIABLE: content})
        assert refusal.value.__context__ is None

    @staticmethod
    def _check_silence(error, keys):
        text = report(error)
        assert "_decoded" in text
        # Frames of this test are left out: they hold the file that it made up.
        shown = text.split("fvs/registry/keys.py", maxsplit=1)[1]
        assert not any(shows(shown, secret) for secret in secrets_of(keys))


class TestUpdate:
    def test_a_rotated_ring_takes_its_place(self, keys, tmp_path):
        """And the file stays private."""
        path = tmp_path / "keys.json"
        keys.write(path)
        rotated = keys.rotated()
        rotated.update(path, previous=keys)
        assert KeyRing.read(path) == rotated

    def test_who_comes_second_is_refused(self, keys, tmp_path):
        """Two rotations from one state: the first key is not lost."""
        path = tmp_path / "keys.json"
        keys.write(path)
        first, second = keys.rotated(), keys.rotated()
        first.update(path, previous=keys)
        with pytest.raises(KeyRingError, match="another key ring"):
            second.update(path, previous=keys)
        assert KeyRing.read(path) == first

    def test_other_registries_stay(self, keys, tmp_path):
        """A ring never replaces one of another registry."""
        path = tmp_path / "keys.json"
        keys.write(path)
        for previous in (keys, other := KeyRing.generate()):
            with pytest.raises(KeyRingError):
                other.update(path, previous=previous)
        assert KeyRing.read(path) == keys

    def test_no_rotation_is_lost(self, keys, tmp_path):
        """Four threads rotate until each has added three keys; all twelve are there."""
        path = tmp_path / "keys.json"
        keys.write(path)

        def rotate():
            added = 0
            while added < 3:
                read = KeyRing.read(path)
                try:
                    read.rotated().update(path, previous=read)
                except KeyRingError:
                    continue
                added += 1

        threads = [threading.Thread(target=rotate) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(KeyRing.read(path).wrapping_keys) == len(keys.wrapping_keys) + 12


class TestSilence:
    def test_printing_shows_ids_only(self, keys):
        """In every way of printing."""
        keys.wrap(RECORD_KEY, CONTEXT)
        keys.sign(b"")
        for text in (repr(keys), str(keys), f"{keys}", repr(msgspec.structs.asdict(keys))):
            assert keys.current_key_id in text
            assert not any(shows(text, secret) for secret in secrets_of(keys))

    def test_nothing_serialises_it(self, keys):
        """Pickle, JSON, MessagePack and dataclasses refuse; only `write` gives it out."""
        for refuse in (pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode):
            with pytest.raises(TypeError):
                refuse(keys)
        with pytest.raises(TypeError):
            dataclasses.asdict(keys)

    def test_copies_are_as_silent(self, keys):
        """A copy holds the same `Private` values."""
        twin = copy.deepcopy(keys)
        assert twin == keys
        assert not any(shows(repr(twin), secret) for secret in secrets_of(keys))

    def test_frames_of_refusals_show_nothing(self, keys):
        """Not even with their local variables, as some loggers print them."""
        with pytest.raises(SealError) as refusal:
            keys.unwrap(keys.wrap(RECORD_KEY, b"other"), CONTEXT)
        text = report(refusal.value)
        assert "unwrap" in text
        assert not any(shows(text, secret) for secret in [*secrets_of(keys), RECORD_KEY.reveal()])

    def test_the_search_finds_what_is_shown(self, keys):
        """The oracle of this class: each form of a secret would be found."""
        secret = secrets_of(keys)[0]
        assert shows(f"key={secret!r}", secret)
        assert shows(f"key={secret.hex()}", secret)
        assert shows(base64.b64encode(secret).decode(), secret)

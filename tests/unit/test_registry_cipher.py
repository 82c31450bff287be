"""Sealed bytes open under the same key and context and under no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs.registry.cipher import OVERHEAD_BYTES, SealingCipher
from fvs.registry.errors import SealError
from fvs.subjects import Private
from tests.gcm import gcm_decrypt, gcm_encrypt

KEY = bytes(range(32))

LONG_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
LONG_PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
LONG_DATA = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
LONG_SEALED = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b"
)
NIST_VECTORS = [
    (bytes(32), bytes(12), b"", b"", bytes.fromhex("530f8afbc74536b9a963b4f1c4cb738b")),
    (
        bytes(32),
        bytes(12),
        bytes(16),
        b"",
        bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
    ),
    (LONG_KEY, bytes.fromhex("cafebabefacedbaddecaf888"), LONG_PLAIN, LONG_DATA, LONG_SEALED),
]
"""Cases 13, 14 and 16 of the GCM specification (McGrew and Viega), which NIST adopted."""


class TestKnownAnswers:
    @pytest.mark.parametrize(("key", "nonce", "plain", "data", "sealed"), NIST_VECTORS)
    def test_published_ciphertexts_open(self, key, nonce, plain, data, sealed):
        """What others sealed as the standard says opens here, after our version byte."""
        cipher = SealingCipher(Private(key))
        assert cipher.open(b"\x01" + nonce + sealed, data, "it") == plain

    @pytest.mark.parametrize(("key", "nonce", "plain", "data", "sealed"), NIST_VECTORS)
    def test_the_oracle_is_right(self, key, nonce, plain, data, sealed):
        """The slow implementation of the tests gives the published ciphertexts."""
        assert gcm_encrypt(key, nonce, plain, data) == sealed
        assert gcm_decrypt(key, nonce, sealed, data) == plain

    @given(content=st.binary(max_size=70), context=st.binary(max_size=40))
    def test_another_implementation_opens_it(self, content, context):
        """The layout is the documented one: version, nonce, ciphertext and tag of SP 800-38D."""
        sealed = SealingCipher(Private(KEY)).seal(content, context)
        assert sealed[0] == 1
        assert gcm_decrypt(KEY, sealed[1:13], sealed[13:], context) == content


class TestRefusals:
    @given(content=st.binary(max_size=70), position=st.integers(0), bit=st.integers(0, 7))
    def test_one_bit_is_enough(self, content, position, bit):
        """Any bit that is turned, of version, nonce, ciphertext or tag, is noticed."""
        cipher = SealingCipher(Private(KEY))
        sealed = bytearray(cipher.seal(content, b"context"))
        sealed[position % len(sealed)] ^= 1 << bit
        with pytest.raises(SealError):
            cipher.open(bytes(sealed), b"context", "it")

    @given(length=st.integers(0, OVERHEAD_BYTES + 4))
    def test_truncation_is_noticed(self, length):
        """A beginning of sealed bytes does not open, however short."""
        cipher = SealingCipher(Private(KEY))
        sealed = cipher.seal(b"12345", b"context")
        assert len(sealed) == OVERHEAD_BYTES + 5
        with pytest.raises(SealError):
            cipher.open(sealed[:length], b"context", "it")

    @given(context=st.binary(max_size=9))
    def test_another_context_is_noticed(self, context):
        """The context is bound though it is not stored."""
        cipher = SealingCipher(Private(KEY))
        sealed = cipher.seal(b"content", context + b"x")
        with pytest.raises(SealError):
            cipher.open(sealed, context, "it")

    def test_another_key_is_noticed(self):
        """The error has a stable code, names what it was asked to, and holds no content."""
        sealed = SealingCipher(Private(KEY)).seal(b"content", b"")
        with pytest.raises(SealError, match="the letter does not open") as refusal:
            SealingCipher(Private(KEY[::-1])).open(sealed, b"", "the letter")
        assert refusal.value.code == "seal_broken"
        assert "content" not in str(refusal.value)


def test_nonces_do_not_repeat():
    """Every sealing draws a nonce of its own, so equal contents look unrelated."""
    cipher = SealingCipher(Private(KEY))
    nonces = {cipher.seal(b"content", b"")[1:13] for _ in range(1000)}
    assert len(nonces) == 1000

"""AES-GCM as NIST SP 800-38D writes it down, slowly: the oracle of `fvs.registry.cipher`.

Only the block cipher is borrowed; counter mode and GHASH are the standard's, bit by bit.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16
_R = 0xE1 << 120


def gcm_encrypt(key: bytes, nonce: bytes, plain: bytes, data: bytes) -> bytes:
    """Ciphertext and tag, for a nonce of 12 bytes (7.1)."""
    text = _counter_mode(key, nonce, plain)
    return text + _tag(key, nonce, text, data)


def gcm_decrypt(key: bytes, nonce: bytes, sealed: bytes, data: bytes) -> bytes:
    """The plaintext (7.2); an AssertionError where the tag is wrong."""
    text, tag = sealed[:-_BLOCK], sealed[-_BLOCK:]
    assert tag == _tag(key, nonce, text, data)
    return _counter_mode(key, nonce, text)


def _aes(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305 - one block is what the standard is built from


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))


def _counter_mode(key: bytes, nonce: bytes, text: bytes) -> bytes:
    blocks = range(0, len(text), _BLOCK)
    counters = (nonce + number.to_bytes(4, "big") for number, _ in enumerate(blocks, start=2))
    return _xor(text, b"".join(_aes(key, counter) for counter in counters))


def _tag(key: bytes, nonce: bytes, text: bytes, data: bytes) -> bytes:
    lengths = (8 * len(data)).to_bytes(8, "big") + (8 * len(text)).to_bytes(8, "big")
    hashed = _ghash(_aes(key, bytes(_BLOCK)), _padded(data) + _padded(text) + lengths)
    return _xor(hashed, _aes(key, nonce + (1).to_bytes(4, "big")))


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % _BLOCK)


def _ghash(subkey: bytes, text: bytes) -> bytes:
    result = 0
    for start in range(0, len(text), _BLOCK):
        block = int.from_bytes(text[start : start + _BLOCK], "big")
        result = _times(result ^ block, int.from_bytes(subkey, "big"))
    return result.to_bytes(_BLOCK, "big")


def _times(left: int, right: int) -> int:
    """The product in GF(2^128), bits in the standard's order (6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if left >> bit & 1:
            product ^= right
        right = right >> 1 ^ (_R if right & 1 else 0)
    return product

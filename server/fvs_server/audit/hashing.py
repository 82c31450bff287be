"""Hashes of the log: the chain's and the Merkle tree's are one (RFC 6962, section 2.1).

An entry's canonical bytes are JSON with sorted keys and no spaces. Its hash is that of a leaf, and
the next entry names it as `previous`, so the tree and the chain cannot disagree.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import msgspec

__all__ = [
    "EMPTY_ROOT",
    "GENESIS",
    "SALT_BYTES",
    "ChainedEntry",
    "commitment_to",
    "leaf_hash",
    "node_hash",
]

SALT_BYTES = 16
"""Of every event, random."""

GENESIS = bytes(32)
"""What the first entry names as previous."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Of a tree without entries."""

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(content: bytes) -> bytes:
    """Of an entry's canonical bytes."""
    return hashlib.sha256(_LEAF + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


def commitment_to(event: bytes, salt: bytes) -> bytes:
    """What stays of an event that was purged; without the salt it cannot be guessed from."""
    return hashlib.sha256(salt + event).digest()


@dataclass(frozen=True, kw_only=True)
class ChainedEntry:
    """What is chained of an entry.

    Attributes:
        sequence: from 0, without gaps.
        transaction_id: of the event.
        at: when it was appended, UTC.
        commitment: to the event, see `commitment_to`.
        previous_hash: of the entry before.
    """

    sequence: int
    transaction_id: str
    at: datetime
    commitment: bytes
    previous_hash: bytes

    @cached_property
    def hash(self) -> bytes:
        """Of the entry."""
        content = {
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "commitment": self.commitment.hex(),
            "previous": self.previous_hash.hex(),
            "sequence": self.sequence,
            "transaction_id": self.transaction_id,
        }
        return leaf_hash(msgspec.json.encode(content, order="sorted"))

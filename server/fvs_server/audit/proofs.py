"""Proofs for whoever holds checkpoints and their public key, and no access to the log.

That one answer is in it, and that a later checkpoint's log begins with an earlier one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from fvs_server.audit.checkpoints import read_checkpoint
from fvs_server.audit.export import Digest, EntryLine, event_fault, stored_entries
from fvs_server.audit.merkle import (
    consistency_proof,
    inclusion_proof,
    root_of_inclusion,
    verify_consistency,
)
from fvs_server.audit.nodes import StoredNodes
from fvs_server.audit.tables import entries

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs_server.audit.checkpoints import Checkpoint, SignedCheckpoint

__all__ = [
    "ConsistencyProof",
    "InclusionProof",
    "consistency_fault",
    "proof_fault",
    "prove",
    "prove_consistency",
]


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That an entry is in the log.

    Attributes:
        entry: with its event, unless that was purged.
        path: the Merkle audit path, from the leaf up, hexadecimal.
        checkpoint: over the log, signed.
    """

    entry: EntryLine
    path: list[Digest]
    checkpoint: str


def prove(
    connection: Connection, transaction_id: str, signed: SignedCheckpoint
) -> InclusionProof | None:
    """Prove that a transaction is in the log.

    Args:
        connection: of `Database.reading`.
        transaction_id: of the answer.
        signed: the checkpoint to prove against.

    Returns:
        The proof; None where no entry before the checkpoint is of this transaction.

    Raises:
        MissingNodeError: somebody has deleted from the tree.
    """
    sequence = connection.scalar(
        select(entries.c.sequence).where(entries.c.transaction_id == transaction_id)
    )
    if sequence is None or sequence >= signed.checkpoint.entries:
        return None
    path = inclusion_proof(sequence, signed.checkpoint.entries, StoredNodes(connection))
    return InclusionProof(
        entry=next(stored_entries(connection, sequence)),
        path=[node.hex() for node in path],
        checkpoint=signed.signed,
    )


def proof_fault(proof: InclusionProof, public_jwk: dict[str, str]) -> str:
    """Why a proof does not hold, in words; empty where it holds. Needs no database."""
    checkpoint = read_checkpoint(proof.checkpoint, public_jwk)
    if checkpoint is None:
        return "the checkpoint is not signed by this key"
    chained = proof.entry.chained
    if chained.hash.hex() != proof.entry.hash:
        return "the entry is not what was hashed"
    root = root_of_inclusion(
        chained.hash,
        proof.entry.sequence,
        checkpoint.entries,
        [bytes.fromhex(node) for node in proof.path],
    )
    if root is None or root.hex() != checkpoint.root:
        return "the path does not lead to the root that was signed"
    return event_fault(proof.entry)


class ConsistencyProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That the log of one checkpoint begins with the log of another (RFC 6962, 2.1.2).

    Attributes:
        older: the earlier checkpoint, signed.
        newer: the later one, signed.
        path: nodes of the Merkle tree, hexadecimal.
    """

    older: str
    newer: str
    path: list[Digest]


def prove_consistency(
    connection: Connection, older: SignedCheckpoint, newer: SignedCheckpoint
) -> ConsistencyProof:
    """Prove it from the nodes that are kept; of a log that was changed the proof does not hold.

    Args:
        connection: of `Database.reading`.
        older: over at most as many entries as the other.
        newer: over at most as many entries as the log has.

    Raises:
        MissingNodeError: somebody has deleted from the tree.
    """
    path = consistency_proof(
        older.checkpoint.entries, newer.checkpoint.entries, StoredNodes(connection)
    )
    return ConsistencyProof(
        older=older.signed, newer=newer.signed, path=[node.hex() for node in path]
    )


def consistency_fault(proof: ConsistencyProof, public_jwk: dict[str, str]) -> str:
    """Why a proof does not hold, in words; empty where it holds. Needs no database."""
    older = read_checkpoint(proof.older, public_jwk)
    newer = read_checkpoint(proof.newer, public_jwk)
    if older is None or newer is None:
        return "a checkpoint is not signed by this key"
    path = [bytes.fromhex(node) for node in proof.path]
    if not verify_consistency(_size_and_root(older), _size_and_root(newer), path):
        return "the later log does not begin with the earlier one"
    return ""


def _size_and_root(checkpoint: Checkpoint) -> tuple[int, bytes]:
    return checkpoint.entries, bytes.fromhex(checkpoint.root)

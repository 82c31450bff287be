"""A proof that one answer is in the log, for whoever holds a checkpoint and its public key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from fvs_server.audit.checkpoints import read_checkpoint
from fvs_server.audit.export import Digest, EntryLine, event_fault, stored_entries
from fvs_server.audit.merkle import inclusion_proof, root_of_inclusion
from fvs_server.audit.nodes import StoredNodes
from fvs_server.audit.tables import entries

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fvs_server.audit.checkpoints import SignedCheckpoint

__all__ = ["InclusionProof", "proof_fault", "prove"]


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

"""Nodes of the Merkle tree, read from the table when a root or a proof needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from fvs_server.audit.tables import nodes

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["MissingNodeError", "StoredNodes"]

_HASH = select(nodes.c.hash).where(
    nodes.c.level == bindparam("of_level"), nodes.c.position == bindparam("at_position")
)


class MissingNodeError(LookupError):
    """The table lacks a node: somebody has deleted from it."""


class StoredNodes:
    """`NodeHash` of `fvs_server.audit.merkle`."""

    def __init__(self, connection: Connection) -> None:
        """Read in this transaction."""
        self._connection = connection

    def __call__(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree.

        Raises:
            MissingNodeError: it is not in the table.
        """
        found = self._connection.scalar(_HASH, {"of_level": level, "at_position": position})
        if found is None:
            raise MissingNodeError((level, position))
        return bytes(found)

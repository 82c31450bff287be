"""Merkle tree over the log, after RFC 6962 (section 2.1): roots and proofs from complete subtrees.

Node (level, position) is the hash over entries `position << level` and the `(1 << level) - 1` after
it. Where all nodes of complete subtrees are kept, an append and a proof cost O(log n).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fvs_server.audit.hashing import EMPTY_ROOT, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Node = tuple[int, int]
    NodeHash = Callable[[int, int], bytes]

__all__ = [
    "completed_nodes",
    "consistency_proof",
    "inclusion_proof",
    "left_siblings",
    "root_of",
    "root_of_inclusion",
    "verify_consistency",
]


def left_siblings(sequence: int) -> list[Node]:
    """The nodes that an append needs, lowest first."""
    found, level = [], 0
    while (sequence >> level) & 1:
        found.append((level, (sequence >> level) - 1))
        level += 1
    return found


def completed_nodes(sequence: int, leaf: bytes, siblings: Sequence[bytes]) -> dict[Node, bytes]:
    """The nodes that an append makes: the leaf, and each subtree that it completes.

    Args:
        sequence: of the entry that is appended.
        leaf: its hash.
        siblings: hashes of `left_siblings(sequence)`.
    """
    made, current = {(0, sequence): leaf}, leaf
    for level, sibling in enumerate(siblings, start=1):
        current = node_hash(sibling, current)
        made[level, sequence >> level] = current
    return made


def root_of(size: int, node: NodeHash) -> bytes:
    """The root over the first `size` entries."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(sequence: int, size: int, node: NodeHash) -> list[bytes]:
    """The audit path of an entry in the tree of `size` entries, from the leaf up.

    Args:
        sequence: less than `size`.
        size: of the tree.
        node: the hash of a complete subtree.
    """
    start, end, path = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if sequence < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return path[::-1]


def root_of_inclusion(leaf: bytes, sequence: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to; None where it cannot be one (RFC 9162, 2.1.3.2)."""
    if not 0 <= sequence < size:
        return None
    index, last, current = sequence, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            current = node_hash(sibling, current)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        index, last = index >> 1, last >> 1
    return current if last == 0 else None


def consistency_proof(old: int, new: int, node: NodeHash) -> list[bytes]:
    """That the tree of `new` entries begins with that of `old` (RFC 6962, 2.1.2).

    Args:
        old: from 1 to `new`.
        new: entries of the later tree.
        node: the hash of a complete subtree.
    """
    start, end, whole, path = 0, new, True, list[bytes]()
    while old != end:
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(_subtree(start, end, node))
    return path[::-1]


def verify_consistency(
    old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]
) -> bool:
    """Whether a consistency proof holds (RFC 9162, 2.1.4.2).

    Args:
        old: entries and root of the earlier tree.
        new: likewise of the later.
        path: the proof.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size == new_size:
        return not path and old_root == new_root
    if not 0 < old_size < new_size:
        return False
    rest = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    if not rest:
        return False
    index, last = old_size - 1, new_size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    older = newer = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _largest_power_below(size: int) -> int:
    """The largest power of two that is less than `size`, which is 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtree(start: int, end: int, node: NodeHash) -> bytes:
    """Over entries `start` to `end`, where `start` is a multiple of the power of two beneath."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _largest_power_below(size)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))

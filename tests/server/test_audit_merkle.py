"""The tree of the audit log is that of RFC 6962, whatever was computed incrementally."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fvs_server.audit.hashing import EMPTY_ROOT, leaf_hash
from fvs_server.audit.merkle import (
    completed_nodes,
    consistency_proof,
    inclusion_proof,
    left_siblings,
    root_of,
    root_of_inclusion,
    verify_consistency,
)

MOST = 70
LEAVES = [leaf_hash(bytes([number])) for number in range(MOST)]

CERTIFICATE_TRANSPARENCY_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CERTIFICATE_TRANSPARENCY_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the tests of google/certificate-transparency: roots over the first 1 to 8 of those leaves."""


def oracle_root(leaves) -> bytes:
    """RFC 6962, section 2.1, as it is written."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    joined = b"\x01" + oracle_root(leaves[:split]) + oracle_root(leaves[split:])
    return hashlib.sha256(joined).digest()


def nodes_of(leaves):
    """Every complete subtree, made by appending one leaf after another."""
    nodes = {}
    for sequence, leaf in enumerate(leaves):
        siblings = [nodes[node] for node in left_siblings(sequence)]
        nodes.update(completed_nodes(sequence, leaf, siblings))
    return lambda level, position: nodes[level, position]


NODE = nodes_of(LEAVES)
SIZES = st.integers(1, MOST)


def test_the_known_roots():
    """Those of Certificate Transparency come out."""
    node = nodes_of([leaf_hash(content) for content in CERTIFICATE_TRANSPARENCY_LEAVES])
    roots = [root_of(size, node).hex() for size in range(1, 9)]
    assert roots == CERTIFICATE_TRANSPARENCY_ROOTS


@pytest.mark.parametrize("size", range(MOST + 1))
def test_the_root_is_the_oracles(size):
    """For every size, none included."""
    assert root_of(size, NODE) == oracle_root(LEAVES[:size])


def test_the_root_of_nothing():
    """Is the hash of nothing."""
    assert root_of(0, NODE) == EMPTY_ROOT


@given(size=SIZES, data=st.data())
def test_a_proof_of_inclusion_leads_to_the_root(size, data):
    """For every entry of every tree, and to no other root for another entry or leaf."""
    sequence = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(sequence, size, NODE)
    root = root_of(size, NODE)
    assert root_of_inclusion(LEAVES[sequence], sequence, size, path) == root
    assert root_of_inclusion(b"x" * 32, sequence, size, path) != root
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != sequence) | st.just(size))
    assert root_of_inclusion(LEAVES[sequence], other, size, path) != root


@given(size=SIZES, data=st.data())
def test_a_proof_of_inclusion_bears_no_change(size, data):
    """A node left out, put in or changed leads elsewhere."""
    sequence = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(sequence, size, NODE)
    root = root_of(size, NODE)
    assert root_of_inclusion(LEAVES[sequence], sequence, size, [*path, b"x" * 32]) != root
    if path:
        assert root_of_inclusion(LEAVES[sequence], sequence, size, path[:-1]) != root
        changed = data.draw(st.integers(0, len(path) - 1))
        worse = [b"x" * 32 if i == changed else node for i, node in enumerate(path)]
        assert root_of_inclusion(LEAVES[sequence], sequence, size, worse) != root


@given(sizes=st.tuples(SIZES, SIZES).map(sorted), data=st.data())
def test_a_proof_of_consistency(sizes, data):
    """Holds between two trees of one log, and not where either root is another."""
    old, new = sizes
    path = consistency_proof(old, new, NODE)
    roots = (root_of(old, NODE), root_of(new, NODE))
    assert verify_consistency((old, roots[0]), (new, roots[1]), path)
    wrong = data.draw(st.sampled_from([0, 1]))
    worse = [b"x" * 32 if i == wrong else root for i, root in enumerate(roots)]
    assert not verify_consistency((old, worse[0]), (new, worse[1]), path)

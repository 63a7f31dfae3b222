"""Merkle trees of RFC 6962, section 2.1: roots, inclusion and consistency proofs. Knows hashes alone."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(payload: bytes) -> bytes:
    """SHA-256(0x00 || payload)."""
    return sha256(b"\x00" + payload).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes in order."""
    stack: list[bytes] = []
    for count, leaf in enumerate(leaves, 1):
        stack.append(leaf)
        for _ in range((count & -count).bit_length() - 1):
            right = stack.pop()
            stack[-1] = node_hash(stack[-1], right)
    if not stack:
        return EMPTY_ROOT
    root = stack.pop()
    while stack:
        root = node_hash(stack.pop(), root)
    return root


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(index, leaves): from the leaf's sibling to a child of the root. Raises ValueError outside the tree."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"leaf {index} is not in a tree of {len(leaves)}")
    proof: list[bytes] = []
    while len(leaves) > 1:
        split = _split(len(leaves))
        if index < split:
            proof.append(tree_root(leaves[split:]))
            leaves = leaves[:split]
        else:
            proof.append(tree_root(leaves[:split]))
            leaves = leaves[split:]
            index -= split
    return proof[::-1]


def inclusion_holds(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from leaf hash `index` of a tree of `size` to its root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position % 2 or position == last:
            reached = node_hash(sibling, reached)
            position, last = _past_lone_nodes(position, last)
        else:
            reached = node_hash(reached, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and reached == root


def consistency_proof(old_size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF(old_size, leaves): that the whole begins with its first `old_size` leaves. Raises ValueError outside it."""
    if not 0 <= old_size <= len(leaves):
        raise ValueError(f"a tree of {old_size} cannot have been before one of {len(leaves)}")
    proof: list[bytes] = []
    known = True
    size = old_size
    while 0 < size < len(leaves):
        split = _split(len(leaves))
        if size <= split:
            proof.append(tree_root(leaves[split:]))
            leaves = leaves[:split]
        else:
            proof.append(tree_root(leaves[:split]))
            leaves = leaves[split:]
            size -= split
            known = False
    if not known:
        proof.append(tree_root(leaves))
    return proof[::-1]


def consistency_holds(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the newer tree begins with the older one (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size == new_size:
        return not proof and old_root == new_root
    nodes = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not nodes:
        return False
    position, last = old_size - 1, new_size - 1
    while position % 2:
        position >>= 1
        last >>= 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            position, last = _past_lone_nodes(position, last)
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old == old_root and new == new_root


def _past_lone_nodes(position: int, last: int) -> tuple[int, int]:
    """Up the right edge of the tree, where a node without a sibling goes up unchanged."""
    while position and position % 2 == 0:
        position >>= 1
        last >>= 1
    return position, last


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)

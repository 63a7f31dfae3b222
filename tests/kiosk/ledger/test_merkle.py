"""Merkle trees against a naive reading of RFC 6962, well-known answers, and every proof spoiled."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.ledger import merkle
from tests.vectors.ledger.judgements import LEAVES

KNOWN_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots over the first 0 to 8 of LEAVES, as published with other implementations of RFC 6962."""

SIZES = range(20)


def payloads(size: int) -> list[bytes]:
    return [bytes([number]) * number for number in range(size)]


def hashes(size: int) -> list[bytes]:
    return [merkle.leaf_hash(payload) for payload in payloads(size)]


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def naive_mth(entries: list[bytes]) -> bytes:
    """RFC 6962, section 2.1."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = largest_power_below(len(entries))
    return sha256(b"\x01" + naive_mth(entries[:k]) + naive_mth(entries[k:])).digest()


def naive_path(m: int, entries: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1."""
    if len(entries) == 1:
        return []
    k = largest_power_below(len(entries))
    if m < k:
        return [*naive_path(m, entries[:k]), naive_mth(entries[k:])]
    return [*naive_path(m - k, entries[k:]), naive_mth(entries[:k])]


def naive_subproof(m: int, entries: list[bytes], known: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2."""
    if m == len(entries):
        return [] if known else [naive_mth(entries)]
    k = largest_power_below(len(entries))
    if m <= k:
        return [*naive_subproof(m, entries[:k], known), naive_mth(entries[k:])]
    return [*naive_subproof(m - k, entries[k:], False), naive_mth(entries[:k])]


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with one node changed, left out or added, at every place."""
    changed = [[*proof[:n], sha256(proof[n]).digest(), *proof[n + 1 :]] for n in range(len(proof))]
    shorter = [[*proof[:n], *proof[n + 1 :]] for n in range(len(proof))]
    longer = [[*proof[:n], bytes(32), *proof[n:]] for n in range(len(proof) + 1)]
    return changed + shorter + longer


def test_roots_are_the_well_known_ones() -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    assert tuple(merkle.tree_root(leaves[:size]).hex() for size in range(9)) == KNOWN_ROOTS


@pytest.mark.parametrize("size", SIZES)
def test_a_root_is_the_naive_one(size: int) -> None:
    assert merkle.tree_root(hashes(size)) == naive_mth(payloads(size))


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_leaf_has_the_naive_path_and_no_spoiled_one_is_believed(size: int) -> None:
    leaves, root = hashes(size), merkle.tree_root(hashes(size))
    for index in range(size):
        proof = merkle.inclusion_proof(index, leaves)
        assert proof == naive_path(index, payloads(size))
        assert merkle.inclusion_holds(index, size, leaves[index], proof, root)
        assert not merkle.inclusion_holds(index, size, bytes(32), proof, root)
        assert not merkle.inclusion_holds(index, size, leaves[index], proof, bytes(32))
        assert not any(merkle.inclusion_holds(index, size, leaves[index], bad, root) for bad in spoiled(proof))
        others = [other for other in range(size) if other != index]
        assert not any(merkle.inclusion_holds(other, size, leaves[index], proof, root) for other in others)


@pytest.mark.parametrize("size", SIZES)
def test_every_older_tree_is_proven_and_no_spoiled_proof_is_believed(size: int) -> None:
    leaves, root = hashes(size), merkle.tree_root(hashes(size))
    for old in range(size + 1):
        old_root = merkle.tree_root(leaves[:old])
        proof = merkle.consistency_proof(old, leaves)
        assert proof == (naive_subproof(old, payloads(size), True) if old else [])
        assert merkle.consistency_holds(old, size, old_root, root, proof)
        assert not merkle.consistency_holds(old, size, bytes(32), root, proof)
        assert old == 0 or not merkle.consistency_holds(old, size, old_root, bytes(32), proof)
        assert not any(merkle.consistency_holds(old, size, old_root, root, bad) for bad in spoiled(proof))


@pytest.mark.parametrize("old", [1, 2, 3, 4, 5, 6])
def test_no_proof_at_all_shows_no_older_tree(old: int) -> None:
    leaves = hashes(7)
    assert not merkle.consistency_holds(old, 7, merkle.tree_root(leaves[:old]), merkle.tree_root(leaves), [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_leaf_outside_the_tree_is_proven(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.inclusion_proof(index, hashes(size))
    assert not merkle.inclusion_holds(index, size, bytes(32), [], bytes(32))


@pytest.mark.parametrize("old", [-1, 4])
def test_no_tree_larger_than_the_whole_is_proven(old: int) -> None:
    with pytest.raises(ValueError, match="cannot have been before"):
        merkle.consistency_proof(old, hashes(3))
    assert not merkle.consistency_holds(old, 3, bytes(32), bytes(32), [])


@settings(deadline=None)
@given(st.integers(1, 3_000), st.data())
def test_proofs_hold_in_large_trees(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]
    root = merkle.tree_root(leaves)
    place = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(place, leaves)
    assert len(proof) <= size.bit_length()
    assert merkle.inclusion_holds(place, size, leaves[place], proof, root)
    consistency = merkle.consistency_proof(place, leaves)
    assert merkle.consistency_holds(place, size, merkle.tree_root(leaves[:place]), root, consistency)

"""Seals: what a day held, and its code for the paper book (docs/ledger-format.md, section 6). Knows no store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kiosk.ledger import canonical
from kiosk.ledger.chain import record_hash
from kiosk.ledger.kinds import format_list
from kiosk.ledger.merkle import leaf_hash, tree_root
from kiosk.ledger.types import Fields, number_of, text_of

Z_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Digits and capital letters without 0, O, 1 and I: five bits each."""

_Z_GROUPS = 5
_Z_GROUP_LENGTH = 3


def seal_sums(records: Iterable[Fields]) -> str:
    """The `sums` of a seal over these records: type:count:amt:cash, TEST left out. Amounts in minor units."""
    sums: dict[str, tuple[int, int, int]] = {}
    for fields in records:
        name = text_of(fields, "t")
        if name != "TEST":
            count, amt, cash = sums.get(name, (0, 0, 0))
            sums[name] = (count + 1, amt + number_of(fields, "amt"), cash + number_of(fields, "cash"))
    return format_list((name, *parts) for name, parts in sums.items())


def seal_root(payloads: Iterable[bytes]) -> str:
    """The `root` of a seal over these payloads, as 64 hex characters."""
    return tree_root([leaf_hash(payload) for payload in payloads]).hex()


def z_code(seal_payload: bytes) -> str:
    """Five groups of three characters for the paper cash book: the first 75 bits of the seal's hash."""
    bits = int(record_hash(seal_payload), 16)
    length = _Z_GROUPS * _Z_GROUP_LENGTH
    letters = "".join(Z_ALPHABET[bits >> (256 - 5 * (place + 1)) & 31] for place in range(length))
    return "-".join(letters[start : start + _Z_GROUP_LENGTH] for start in range(0, length, _Z_GROUP_LENGTH))


def check_seal(seal: Fields, records: Sequence[Fields], previous: Fields | None = None) -> list[str]:
    """What is wrong with a seal over these parsed records, in order: log, range, sums, root, previous. Empty: nothing.

    `previous` is the SEAL before it, if known; without it `num`, `first` and `prev_seal` are not judged.
    """
    problems = []
    if any(fields["log"] != seal["log"] for fields in records):
        problems.append("log")
    expected = range(number_of(seal, "first"), number_of(seal, "last") + 1)
    if [fields["seq"] for fields in records] != list(expected):
        problems.append("range")
    if seal_sums(records) != seal["sums"]:
        problems.append("sums")
    if seal_root(canonical.dump(fields) for fields in records) != seal["root"]:
        problems.append("root")
    if previous is not None and not _continues(seal, previous):
        problems.append("previous")
    return problems


def _continues(seal: Fields, previous: Fields) -> bool:
    return (
        seal["log"] == previous["log"]
        and seal["num"] == number_of(previous, "num") + 1
        and seal["first"] == previous["seq"]
        and seal["prev_seal"] == record_hash(canonical.dump(previous))
    )

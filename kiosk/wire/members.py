"""Coding 3 of a ledger record: its members by a table of the types, each only where it is not what is expected.

Judges no record: what does not fit the table travels as it is. Table and defaults are frozen (docs/wire.md, section 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kiosk.errors import WireError
from kiosk.ledger.canonical import Value
from kiosk.ledger.types import COMMON
from kiosk.ledger.types import TYPES as ROWS
from kiosk.wire.elements import Reader, Writer, unzigzag, zigzag

TYPES = (
    "GENESIS", "BOOT", "TIME_FIX", "TARIFF", "DEPOSIT", "SALE", "SETTLE", "VOID", "REFUND", "ADJUST", "FLOAT",
    "PAYOUT", "HANDOVER", "CASH_COUNT", "LOSS", "METER", "SEAL", "NOTE", "TEST", "KEY_ROTATE",
)  # fmt: skip
"""Numbered from 1. FALLBACK borrows another type's members and travels as it is."""
_SPELLED = (
    "v seq bn mono wall unc amt cash sum_in sum_out box ref old_seq seen_seq old_in old_out old_box last_mono fix_mono "
    "fix_utc fix_unc super tar from port qty energy_mwh paid given sum counted to lost_in lost_out lost_cash shelf_wh "
    "sessions num first last start end"
)
NUMBERS = frozenset(_SPELLED.split())
"""Members that are integers; all others are texts."""
DEFAULTS: dict[str, Value] = {"v": 1, "cur": "XOF", "pay": "cash", "clk": "server", "qty": 1}
"""Expected before any record of the section said another; 0 or "" where nothing stands here."""

_NAMES = {name: tuple(sorted((COMMON.keys() | ROWS[name].own.keys()) - {"t"})) for name in TYPES}
_HEX = re.compile("([0-9a-f]{2})+")
_INTEGER, _HEXADECIMAL, _TEXT = 0, 1, 2
_VALUE_MAX_BYTES = 4_096


class Expected:
    """What the next record is expected to say, by the records before it in its section."""

    def __init__(self, log: str) -> None:
        self._log = log
        self._last: dict[str, Value] = {}

    def of(self, name: str, seq: int, so_far: Mapping[str, Value]) -> Value:
        """`so_far`: members before this one in the order of their names."""
        if name == "log":
            return self._log
        if name == "seq":
            return seq
        if name == "cash":
            return so_far["amt"]
        if name == "wall" and self._last.get("wall"):
            return _number(self._last["wall"]) + _number(so_far["mono"]) - _number(self._last["mono"])
        return self._last.get(name, DEFAULTS.get(name, 0 if name in NUMBERS else ""))

    def stated(self, name: str) -> int:
        """What a stated number is counted from: the monotonic time of the record before, for others 0."""
        return _number(self._last.get("mono", 0)) if name == "mono" else 0

    def take(self, members: Mapping[str, Value]) -> None:
        """All members of a record that was written or read here."""
        self._last.update(members)


def fits(members: Mapping[str, Value]) -> bool:
    """Whether the table has these members, with these kinds of values."""
    name = members.get("t")
    if type(name) is not str or name not in _NAMES or members.keys() != {"t", *_NAMES[name]}:
        return False
    return all((type(members[each]) is int) == (each in NUMBERS) for each in _NAMES[name])


def write_members(
    writer: Writer, members: Mapping[str, Value], derived: Mapping[str, Value], seq: int, expected: Expected
) -> None:
    """A record that `fits`; `derived` are left out, because it follows the record before it."""
    kind = str(members["t"])
    writer.u8(2 * (TYPES.index(kind) + 1) + bool(derived))
    names = [name for name in _NAMES[kind] if name not in derived]
    stated = [name for name in names if members[name] != expected.of(name, seq, members)]
    marks = bytearray(-(-len(names) // 8))
    for name in stated:
        at = names.index(name)
        marks[at // 8] |= 1 << at % 8
    writer.put(marks)
    for name in stated:
        _write_value(writer, members[name], expected.stated(name))


def read_members(reader: Reader, head: int, derived: frozenset[str], seq: int, expected: Expected) -> dict[str, Value]:
    """What `write_members` wrote behind its first byte, `head`, without the members left out."""
    number = head >> 1
    if not 1 <= number <= len(TYPES):
        raise WireError(f"record type {number} is not known")
    kind = TYPES[number - 1]
    names = [name for name in _NAMES[kind] if not (head & 1 and name in derived)]
    marks = int.from_bytes(reader.take(-(-len(names) // 8)), "little")
    if marks >> len(names):
        raise WireError("a member is marked that the record's type does not have")
    members: dict[str, Value] = {"t": kind}
    for at, name in enumerate(names):
        value = expected.of(name, seq, members)
        if marks >> at & 1:
            said = _read_value(reader, name in NUMBERS, expected.stated(name))
            if said == value:
                raise WireError(f"{name} is stated though it is what is expected")
            value = said
        members[name] = value
    return members


def _number(value: Value) -> int:
    if type(value) is not int:
        raise TypeError("the table keeps texts out of the members that are numbers")
    return value


def _write_value(writer: Writer, value: Value, counted_from: int) -> None:
    if type(value) is int:
        writer.varint(zigzag(value - counted_from) << 2 | _INTEGER)
        return
    text = str(value)
    is_hex = _HEX.fullmatch(text) is not None
    octets = bytes.fromhex(text) if is_hex else text.encode("utf-8")
    writer.varint(len(octets) << 2 | (_HEXADECIMAL if is_hex else _TEXT))
    writer.put(octets)


def _read_value(reader: Reader, is_number: bool, counted_from: int) -> Value:
    head = reader.varint()
    kind, rest = head & 3, head >> 2
    if is_number != (kind == _INTEGER):
        raise WireError("a text stands where a number belongs, or a number where a text does")
    if kind == _INTEGER:
        return unzigzag(rest) + counted_from
    if kind not in (_HEXADECIMAL, _TEXT) or rest > _VALUE_MAX_BYTES:
        raise WireError(f"a value of kind {kind} and {rest} bytes is not known")
    octets = reader.take(rest)
    if kind == _HEXADECIMAL:
        if not octets:
            raise WireError("an empty text is no hexadecimal number")
        return octets.hex()
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise WireError("a text is not UTF-8") from None
    if _HEX.fullmatch(text):
        raise WireError("a hexadecimal number is written as a text")
    return text

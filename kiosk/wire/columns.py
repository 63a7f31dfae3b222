"""Columns of integers, some absent, in four codings (docs/wire.md section 4). Knows no row and no metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from kiosk.errors import WireError
from kiosk.wire.adaptive import fits, read_adaptive, write_adaptive
from kiosk.wire.bits import K_ALL_ZERO, K_MAX, best_k, bits_of, read_rice, write_rice
from kiosk.wire.elements import PLAIN_MAX_BYTES, Reader, Writer, check_values, deflate, inflate, unzigzag, zigzag

PLAIN: Final = 0
DEFLATE: Final = 1
RICE: Final = 2
ADAPTIVE: Final = 3
CODINGS: Final = (PLAIN, DEFLATE, RICE, ADAPTIVE)

_ALL_PRESENT: Final = 0
_ALL_ABSENT: Final = 1
_SOME: Final = 2

Column = Sequence[int | None]


@dataclass(frozen=True, slots=True)
class _Steps:
    """A column ready to be written: what is there, where it starts, how it goes on."""

    presence: bytes
    first: int | None
    """None if every value is absent."""
    steps: tuple[int, ...]
    """Zigzag-mapped differences."""


def encode_columns(columns: Sequence[Column], coding: int | None = None) -> tuple[int, bytes]:
    """The coding chosen (the smallest, the lowest number among equals) and its body."""
    split = [_split(column) for column in columns]
    bodies: dict[int, bytes] = {}
    if coding in (None, PLAIN, DEFLATE):
        plain = _write_plain(split)
        bodies[PLAIN] = plain
        if len(plain) <= PLAIN_MAX_BYTES:
            bodies[DEFLATE] = _write_deflate(plain)
    if coding in (None, RICE):
        bodies[RICE] = _write_rice(split)
    if coding in (None, ADAPTIVE) and fits(columns):
        bodies[ADAPTIVE] = _write_adaptive(columns)
    if coding is None:
        coding = min(bodies, key=lambda each: (len(bodies[each]), each))
    if coding not in bodies:
        raise WireError(f"coding {coding} does not exist or cannot hold these columns")
    return coding, bodies[coding]


def decode_columns_body(reader: Reader, coding: int, rows: int, columns: int) -> list[list[int | None]]:
    """`columns` columns of `rows` values; the reader stands behind the body afterwards."""
    if coding == PLAIN:
        return [_read_plain(reader, rows) for _ in range(columns)]
    if coding == DEFLATE:
        size = reader.varint(0, PLAIN_MAX_BYTES)
        plain = Reader(inflate(reader.take(reader.varint()), size))
        decoded = [_read_plain(plain, rows) for _ in range(columns)]
        plain.end()
        return decoded
    if coding == RICE:
        bits = _Bits(reader)
        return [_read_rice(reader, bits, rows) for _ in range(columns)]
    if coding == ADAPTIVE:
        return read_adaptive(reader.take(reader.varint()), rows, columns)
    raise WireError(f"coding {coding} is not known")


def _split(column: Column) -> _Steps:
    present = [value for value in column if value is not None]
    if not present:
        return _Steps(bytes((_ALL_ABSENT,)), None, ())
    check_values(min(present), max(present))
    presence = bytes((_ALL_PRESENT,))
    if len(present) < len(column):
        mask = sum(1 << row for row, value in enumerate(column) if value is not None)
        presence = bytes((_SOME,)) + mask.to_bytes((len(column) + 7) // 8, "little")
    steps = [after - before for before, after in pairwise(present)]
    return _Steps(presence, present[0], tuple([step << 1 if step >= 0 else ~(step << 1) for step in steps]))


def _write_plain(columns: Sequence[_Steps]) -> bytes:
    writer = Writer()
    for column in columns:
        writer.put(column.presence)
        if column.first is not None:
            writer.varint(zigzag(column.first))
            writer.varints(column.steps)
    return writer.octets()


def _write_deflate(plain: bytes) -> bytes:
    packed = deflate(plain)
    writer = Writer()
    writer.varint(len(plain))
    writer.varint(len(packed))
    writer.put(packed)
    return writer.octets()


def _write_rice(columns: Sequence[_Steps]) -> bytes:
    writer = Writer()
    for column in columns:
        writer.put(column.presence)
        if column.first is not None:
            writer.varint(zigzag(column.first))
            k = best_k(column.steps)
            writer.u8(k)
            if k != K_ALL_ZERO:
                writer.put(write_rice(column.steps, k))
    return writer.octets()


def _write_adaptive(columns: Sequence[Column]) -> bytes:
    coded = write_adaptive(columns)
    writer = Writer()
    writer.varint(len(coded))
    writer.put(coded)
    return writer.octets()


class _Bits:
    """The rest of a body as 0 and 1, made once for all its columns."""

    __slots__ = ("base", "bits")

    def __init__(self, reader: Reader) -> None:
        self.base = reader.at
        self.bits = bits_of(reader.peek_rest())


def _read_presence(reader: Reader, rows: int) -> tuple[int, str]:
    """How many values are present and, where only some are, which: a string of 0 and 1, one a row."""
    presence = reader.u8()
    if presence == _ALL_PRESENT:
        return rows, ""
    if presence == _ALL_ABSENT:
        return 0, ""
    if presence != _SOME:
        raise WireError(f"presence {presence} is not known")
    mask = int.from_bytes(reader.take((rows + 7) // 8), "little")
    present = mask.bit_count()
    if mask >> rows or not 0 < present < rows:
        raise WireError("a presence map marks rows that do not exist, or all, or none")
    return present, format(mask, f"0{rows}b")[::-1]


def _spread(first: int, steps: list[int], rows_present: str) -> list[int | None]:
    """Add up the differences and put the sums where values are present."""
    sums = accumulate([(step >> 1) ^ -(step & 1) for step in steps], initial=first)
    values = list(sums)
    check_values(min(values), max(values))
    if not rows_present:
        return [*values]
    following = iter(values)
    return [next(following) if mark == "1" else None for mark in rows_present]


def _read_plain(reader: Reader, rows: int) -> list[int | None]:
    present, rows_present = _read_presence(reader, rows)
    if not present:
        return [None] * rows
    first = unzigzag(reader.varint())
    return _spread(first, reader.varints(present - 1), rows_present)


def _read_rice(reader: Reader, bits: _Bits, rows: int) -> list[int | None]:
    present, rows_present = _read_presence(reader, rows)
    if not present:
        return [None] * rows
    first = unzigzag(reader.varint())
    k = reader.u8()
    if k == K_ALL_ZERO:
        return _spread(first, [0] * (present - 1), rows_present)
    if k > K_MAX:
        raise WireError(f"a Rice parameter of {k} is not known")
    at = (reader.at - bits.base) * 8
    steps, end = read_rice(bits.bits, at, present - 1, k)
    reader.skip((end - at) // 8)
    return _spread(first, steps, rows_present)

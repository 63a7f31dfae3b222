"""Blocks of rows: consecutive site-minutes of one schema and one boot. Knows positions, not what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from kiosk.errors import WireError
from kiosk.reading import Flag, Row
from kiosk.wire.columns import CODINGS, decode_columns_body, encode_columns
from kiosk.wire.elements import VARINT_LIMIT, Reader, Writer
from kiosk.wire.schema import HASH_BYTES, POSITIONS_MAX

ROWS_MAX: Final = 4096
BODY_MAX_BYTES: Final = 65_536
"""A body comes out of a frame, so it cannot be larger than one."""
BOOT_BYTES: Final = 8

_FLAG_MIN_BYTES: Final = 4


class BlockHead(NamedTuple):
    """Which rows a block is about; readable even where the rest is not."""

    first: int
    count: int  # type: ignore[assignment]  # of the rows; nobody asks a tuple to count


@dataclass(frozen=True, slots=True)
class Block:
    """Rows `first`, `first + 1` and so on, at least one."""

    first: int
    boot: str
    boot_number: int
    schema_hash: str
    rows: tuple[Row, ...]


class Columns(NamedTuple):
    """A block column by column, as it is stored in bulk."""

    first: int
    boot: str
    boot_number: int
    schema_hash: str
    mono_ms: list[int]
    """Monotonic milliseconds of each row."""
    values: list[list[int | None]]
    """`values[position][row offset]`."""
    flags: tuple[tuple[int, Flag], ...]
    """(row offset, flag), rising by row offset and position."""


def encode_block(block: Block, positions: int, coding: int | None = None) -> bytes:
    """The section's body in the smallest coding, or in the one asked for."""
    if coding is not None and coding not in CODINGS:
        raise WireError(f"coding {coding} is not known")
    _check_rows(block, positions)
    writer = Writer()
    writer.varint(block.first, 1, VARINT_LIMIT - len(block.rows))
    writer.varint(len(block.rows), 1, ROWS_MAX)
    writer.hex(block.boot, BOOT_BYTES)
    writer.varint(block.boot_number, 1)
    writer.hex(block.schema_hash, HASH_BYTES)
    times = [row.mono_ms for row in block.rows]
    chosen, body = encode_columns([times, *zip(*[row.values for row in block.rows], strict=True)], coding)
    writer.u8(chosen)
    writer.put(body)
    _write_flags(writer, block, positions)
    if len(writer) > BODY_MAX_BYTES:
        raise WireError(f"a block of {len(writer)} bytes is above {BODY_MAX_BYTES}: put fewer rows in it")
    return writer.octets()


def block_head(body: bytes) -> BlockHead:
    """First row and count, whatever follows them."""
    first, count = _read_head(Reader(body[:32]))
    return BlockHead(first, count)


def peek_schema(body: bytes) -> str:
    """The hash of the schema that tells how many positions the rows have."""
    reader = Reader(body[:64])
    _read_head(reader)
    reader.take(BOOT_BYTES)
    reader.varint(1)
    return reader.hex(HASH_BYTES)


def decode_columns(body: bytes, positions: int) -> Columns:
    """The fast way: no object a row. `positions` is the schema's number of columns."""
    if not 1 <= positions <= POSITIONS_MAX or len(body) > BODY_MAX_BYTES:
        raise WireError(f"a block has 1 to {POSITIONS_MAX} positions and at most {BODY_MAX_BYTES} bytes")
    reader = Reader(body)
    first, count = _read_head(reader)
    boot, boot_number, schema = reader.hex(BOOT_BYTES), reader.varint(1), reader.hex(HASH_BYTES)
    columns = decode_columns_body(reader, reader.u8(), count, positions + 1)
    flags = _read_flags(reader, count, positions)
    reader.end()
    return Columns(first, boot, boot_number, schema, _checked_times(columns[0]), columns[1:], flags)


def decode_block(body: bytes, positions: int) -> Block:
    """The block as rows."""
    columns = decode_columns(body, positions)
    flags = {offset: tuple(flag for _, flag in group) for offset, group in groupby(columns.flags, lambda each: each[0])}
    rows = tuple(
        Row(columns.first + offset, mono_ms, values, flags.get(offset, ()))
        for offset, (mono_ms, values) in enumerate(zip(columns.mono_ms, zip(*columns.values, strict=True), strict=True))
    )
    return Block(columns.first, columns.boot, columns.boot_number, columns.schema_hash, rows)


def _read_head(reader: Reader) -> tuple[int, int]:
    """First row and count."""
    first = reader.varint(1)
    return first, reader.varint(1, min(ROWS_MAX, VARINT_LIMIT - first))


def _checked_times(times: list[int | None]) -> list[int]:
    known = [time for time in times if time is not None]
    if len(known) != len(times) or known[0] < 0 or known != sorted(known):
        raise WireError("the time of a row is absent, negative, or before that of the row before it")
    return known


def _check_rows(block: Block, positions: int) -> None:
    if not 1 <= positions <= POSITIONS_MAX or not 1 <= len(block.rows) <= ROWS_MAX:
        raise WireError(f"a block has 1 to {POSITIONS_MAX} positions and 1 to {ROWS_MAX} rows")
    for offset, row in enumerate(block.rows):
        if row.number != block.first + offset:
            raise WireError(f"row {row.number} stands where row {block.first + offset} belongs")
        if len(row.values) != positions:
            raise WireError(f"row {row.number} has {len(row.values)} values for {positions} positions")
    _checked_times([row.mono_ms for row in block.rows])


def _write_flags(writer: Writer, block: Block, positions: int) -> None:
    flags = [(offset, flag) for offset, row in enumerate(block.rows) for flag in row.flags]
    writer.varint(len(flags))
    before = (-1, -1)
    for offset, flag in flags:
        if not before < (offset, flag.position) or flag.code < 1:
            raise WireError("flags of a row rise by position, one a position, with a code from 1 to 255")
        before = (offset, flag.position)
        writer.varint(offset)
        writer.varint(flag.position, 0, positions - 1)
        writer.u8(flag.code)
        writer.zigzag(flag.raw)


def _read_flags(reader: Reader, rows: int, positions: int) -> tuple[tuple[int, Flag], ...]:
    flags: list[tuple[int, Flag]] = []
    before = (-1, -1)
    for _ in range(reader.count(0, rows * positions, _FLAG_MIN_BYTES)):
        offset, position, code = reader.varint(0, rows - 1), reader.varint(0, positions - 1), reader.u8()
        if not before < (offset, position) or code < 1:
            raise WireError("flags do not rise by row and position, or have code 0")
        before = (offset, position)
        flags.append((offset, Flag(position, code, reader.zigzag())))
    return tuple(flags)

"""The table of chunks: rows of one boot and schema as one block, with a checksum. Knows no receipt and no limit.

Writing methods are for inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from edge_agent.outbox.database import Database
from kiosk.errors import WireError
from kiosk.reading import Row
from kiosk.wire.block import BODY_MAX_BYTES, Block, decode_block, encode_block
from kiosk.wire.elements import crc32

_PLAIN = 0
"""Coding of what is stored: quick to write and to read; the smallest is looked for when it is sent."""
_VALUE_MAX_BYTES = 24
"""A value, or the flag in its place, at its largest."""
_LOOK_AT = 256
"""Heads of chunks in memory at once."""


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest row kept, for its age."""

    boot_number: int
    mono_ms: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is on the disk."""

    rows: int
    lowest: int | None
    """Number of the oldest row; None if none is kept."""
    oldest: Oldest | None


class Chunks:
    """Chunks in the order of their rows."""

    def __init__(self, database: Database, positions: Callable[[str], int], drop: Callable[[int, int], None]) -> None:
        """`positions` of a schema by hash (KeyError: unknown); `drop` takes a rotten chunk (first row, rows) away."""
        self._database, self._positions, self._drop = database, positions, drop

    def kept(self) -> Kept:
        """How much there is."""
        (rows,) = self._database.row("SELECT COALESCE(SUM(row_count), 0) FROM chunk")
        row = self._database.row("SELECT first, boot_number, start_mono_ms FROM chunk ORDER BY first LIMIT 1")
        return Kept(rows, None, None) if row is None else Kept(rows, row[0], Oldest(row[1], row[2]))

    def insert(self, chunk: Block, positions: int) -> None:
        """Store rows that are numbered from `chunk.first` on: in one chunk, or in several where they do not fit one."""
        for part, body in _bodies(chunk, positions):
            crc = _crc(len(part.rows), part.boot_number, part.schema_hash, body)
            self._database.write(
                "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)",
                (part.first, len(part.rows), part.boot_number, part.schema_hash, part.rows[0].mono_ms, crc, body),
            )

    def read(self, first: int, end: int, rows_max: int, chunks_max: int) -> Block | None:
        """Rows from `first` on and below `end` of at most so many rows and chunks; chunks that have rotted are dropped.

        Contiguous, of one boot and schema. Starts with the first kept row that is not below `first`; None without one.
        """
        sql = (
            "SELECT first, row_count, boot_number, schema, crc, body FROM chunk "
            "WHERE first + row_count > ? AND first < ? AND first >= ? ORDER BY first LIMIT ?"
        )
        at = self._chunk_at(first)
        merged: list[Row] = []
        key: tuple[str, int, str] | None = None
        for row in self._database.rows(sql, (first, end, at, chunks_max)):
            block = self._decoded(row)
            if block is None:
                if merged:
                    break
                continue
            rows = [each for each in block.rows if first <= each.number < end]
            if merged and (key != _key(block) or rows[0].number != merged[-1].number + 1 or not _rises(merged, rows)):
                break
            key = _key(block)
            merged.extend(rows)
            if len(merged) >= rows_max:
                break
        if key is None or not merged:
            return None
        boot, number, schema = key
        return Block(merged[0].number, boot, number, schema, tuple(merged[:rows_max]))

    def end_of_oldest(self, rows: int) -> tuple[int, int]:
        """(rows, number behind them) of the fewest oldest chunks that hold at least so many rows; all if fewer do."""
        held = below = 0
        for first, count in self._heads():
            if held >= rows:
                break
            held, below = held + count, first + count
        return held, below

    def delete_below(self, number: int) -> None:
        """Chunks all of whose rows are below."""
        self._database.write("DELETE FROM chunk WHERE first < ? AND first + row_count <= ?", (number, number))

    def delete_within(self, first: int, count: int) -> None:
        """Chunks all of whose rows are in the range."""
        self._database.write(
            "DELETE FROM chunk WHERE first >= ? AND first < ? AND first + row_count <= ?",
            (first, first + count, first + count),
        )

    def delete(self, first: int) -> None:
        """The chunk that starts with this row."""
        self._database.write("DELETE FROM chunk WHERE first = ?", (first,))

    def renumber(self, shift: int) -> None:
        """Take `shift` off every row's number."""
        # Through negative numbers: a row may not meet the number of one that has not moved yet.
        self._database.write("UPDATE chunk SET first = ? - first", (shift,))
        self._database.write("UPDATE chunk SET first = -first")

    def _heads(self) -> Iterator[tuple[int, int]]:
        after = 0
        while heads := self._database.rows(
            "SELECT first, row_count FROM chunk WHERE first > ? ORDER BY first LIMIT ?", (after, _LOOK_AT)
        ):
            yield from heads
            after = heads[-1][0]

    def _chunk_at(self, number: int) -> int:
        """First row of the chunk that holds a row, or the number itself."""
        row = self._database.row("SELECT MAX(first) FROM chunk WHERE first <= ?", (number,))
        return number if row[0] is None else int(row[0])

    def _decoded(self, row: Sequence[object]) -> Block | None:
        """The chunk with its rows under their own numbers; None, and dropped, if it has rotted."""
        first, count, boot_number, schema_hash, crc, body = row
        assert isinstance(first, int) and isinstance(body, bytes)  # noqa: S101, PT018 - the table's own types
        try:
            if crc != _crc(count, boot_number, schema_hash, body):
                raise WireError("CRC")
            block = decode_block(body, self._positions(str(schema_hash)))
            if len(block.rows) != count or block.boot_number != boot_number:
                raise WireError("columns and body disagree")
        except (WireError, KeyError):
            self._drop(first, int(str(count)))
            return None
        return _numbered(block, first)


def _bodies(chunk: Block, positions: int) -> list[tuple[Block, bytes]]:
    """The chunk as stored, its rows counted from 1; halved until each part is within a block's limit, as one row is."""
    try:
        return [(chunk, encode_block(_numbered(chunk, 1), positions, _PLAIN))]
    except WireError:
        if len(chunk.rows) * (positions + 1) * _VALUE_MAX_BYTES <= BODY_MAX_BYTES:
            raise  # so few rows cannot be too large: they are no rows
    middle = len(chunk.rows) // 2
    left, right = chunk.rows[:middle], chunk.rows[middle:]
    parts = (replace(chunk, rows=left), replace(chunk, first=chunk.first + middle, rows=right))
    return [body for part in parts for body in _bodies(part, positions)]


def _numbered(block: Block, first: int) -> Block:
    return replace(block, first=first, rows=tuple(replace(row, number=n) for n, row in enumerate(block.rows, first)))


def _key(block: Block) -> tuple[str, int, str]:
    return block.boot, block.boot_number, block.schema_hash


def _rises(earlier: Sequence[Row], later: Sequence[Row]) -> bool:
    return later[0].mono_ms >= earlier[-1].mono_ms


def _crc(count: object, boot_number: object, schema_hash: object, body: bytes) -> int:
    return crc32(f"{count}:{boot_number}:{schema_hash}:".encode("ascii") + body)

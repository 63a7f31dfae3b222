"""Rows of readings between the sampling and the server's signed receipt: chunks on disk, exact, numbered, deletable.

Knows no driver, no link and no signature. Rows still in memory are lost by a power cut; a row is given out for sending
only once its chunk is committed, so the number of a lost one may be given again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge_agent.outbox.database import Database, StorageFull
from kiosk.errors import WireError
from kiosk.reading import Flag, Row
from kiosk.wire.block import BODY_MAX_BYTES, Block, decode_block, encode_block
from kiosk.wire.elements import crc32
from kiosk.wire.ranges import Range, RangeSet
from kiosk.wire.schema import Schema, parse_schema

STREAM_ID_BYTES = 16
_PLAIN = 0
"""Coding of what is stored: quick to write and to read; the smallest is looked for when it is sent."""
_VALUE_MAX_BYTES = 24
"""A value, or the flag in its place, at its largest: so many rows surely fit a block."""
_TRIM_PARTS = 20
"""For want of space a twentieth of what is kept goes at once, the oldest."""


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest row kept, for its age."""

    boot_number: int
    mono_ms: int


class Outbox:
    """The stream of rows."""

    def __init__(self, database: Database, *, chunk_rows: int, rows_max: int, entropy: Callable[[int], bytes]) -> None:
        self._database = database
        self._chunk_rows = chunk_rows
        self._rows_max = rows_max
        self._entropy = entropy
        self._schema: Schema | None = None
        self._chunk_limit = chunk_rows
        self._boot = ("", 0)
        self._pending: list[Row] = []
        if database.row("SELECT 1 FROM state") is None:
            with database.transaction():
                database.write(
                    "INSERT INTO state VALUES (1, ?, 0, 0, 0, 0, 0, 0, '', '', 0, 0, 0, 0)",
                    (entropy(STREAM_ID_BYTES).hex(),),
                )
        self.stream = ""
        """32 hex."""
        self.head = 0
        """Highest row number committed."""
        self.dropped = 0
        """Rows given up for want of space, in this stream."""
        self.rotten = 0
        """Rows lost with chunks that could not be read back."""
        self.waiting = 0
        """Rows committed and not acknowledged."""
        self.lowest_kept = 1
        """head + 1 if none is kept."""
        self.oldest: Oldest | None = None
        self.done = RangeSet()
        """What the server has, as far as it was said in this life."""
        self.reload()

    def reload(self) -> None:
        """Believe the disk again, after a transaction that did not come about."""
        self.stream, self.head, self.dropped, self.rotten = self._database.row(
            "SELECT stream, head, dropped, rotten FROM state"
        )
        self.done = RangeSet()
        self._count()

    def begin_boot(self, boot: str, number: int) -> None:
        """Rows from here on belong to this life."""
        self._boot = (boot, number)

    def use_schema(self, schema: Schema, now_ms: int) -> None:
        """Rows from here on have these positions; stores the schema. Rows of the earlier one are committed first."""
        if self._schema is not None and schema.hash == self._schema.hash:
            return
        self.commit(now_ms)
        self._schema = schema
        self._chunk_limit = max(
            1, min(self._chunk_rows, BODY_MAX_BYTES // ((len(schema.columns) + 1) * _VALUE_MAX_BYTES))
        )
        self._database.with_room(lambda: self._keep_schema(schema), self.make_room)

    def append(self, mono_ms: int, values: tuple[int | None, ...], flags: tuple[Flag, ...]) -> int:
        """Take one row into memory; tells its number. Commits when a chunk is full. Never raises for want of space."""
        number = self.head + len(self._pending) + 1
        self._pending.append(Row(number, mono_ms, values, flags))
        if len(self._pending) >= self._chunk_limit:
            self.commit(mono_ms)
        return number

    @property
    def pending(self) -> int:
        """Rows in memory only."""
        return len(self._pending)

    def commit(self, now_ms: int) -> bool:
        """Put the rows in memory on the disk, making room if need be; True if any row was stored."""
        if not self._pending:
            return False
        while True:
            try:
                self._store(now_ms)
            except StorageFull:
                if self.make_room() == 0:
                    self._give_up_pending()
                    return False
            else:
                break
        if self.waiting > self._rows_max:
            self._trim(self.waiting - self._rows_max)
        return True

    def read(self, first: int, end: int, rows_max: int) -> Block | None:
        """A block of rows from `first` on and below `end`: contiguous, of one boot and schema, at most `rows_max`.

        Starts with the first kept row that is not below `first`; None if there is none. Chunks that cannot be read
        back are counted and dropped on the way: the hole is declared by `lowest_kept` once it is the oldest.
        """
        sql = (
            "SELECT first, row_count, boot_number, schema, crc, body FROM chunk "
            "WHERE first + row_count > ? AND first < ? AND first >= ? ORDER BY first LIMIT ?"
        )
        at = self._chunk_at(first)
        merged: list[Row] = []
        key: tuple[str, int, str] | None = None
        for row in self._database.rows(sql, (first, end, at, max(1, rows_max // self._chunk_rows + 2))):
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

    def positions(self, schema_hash: str) -> int:
        """How many positions the rows of a kept schema have. KeyError for an unknown one."""
        return len(self._schema_of(schema_hash).columns)

    def acknowledge(self, ranges: Sequence[Range]) -> int:
        """Delete what the server has, in the caller's transaction; tells how many rows are done that were not before.

        A chunk goes once all of its rows are acknowledged.
        """
        added = sum(self.done.add(first, count) for first, count in ranges)
        if not added:
            return 0
        self._delete_below(self.done.upto + 1)
        for first, count in self.done.ranges:
            self._database.write(
                "DELETE FROM chunk WHERE first >= ? AND first < ? AND first + row_count <= ?",
                (first, first + count, first + count),
            )
        self._count()
        return added

    def reset_marks(self) -> None:
        """The server was set back (a new epoch): believe only what it says from now on."""
        self.done = RangeSet(self.lowest_kept - 1)

    def begin_stream(self) -> None:
        """Start a new stream with the rows that are kept, renumbered from 1, in the caller's transaction.

        For when the server has seen rows of this stream that this outbox never wrote: a restored card.
        """
        shift = self.lowest_kept - 1
        self.stream = self._entropy(STREAM_ID_BYTES).hex()
        # Through negative numbers: a row may not meet the number of one that has not moved yet.
        self._database.write("UPDATE chunk SET first = ? - first", (shift,))
        self._database.write("UPDATE chunk SET first = -first")
        self.head -= shift
        self.dropped = 0
        self._pending = [replace(row, number=row.number - shift) for row in self._pending]
        self._database.write("UPDATE state SET stream = ?, head = ?, dropped = 0", (self.stream, self.head))
        self._database.write("UPDATE schema SET told = 0")
        self.done = RangeSet()
        self._count()

    def make_room(self) -> int:
        """Give up a twentieth of what is kept, the oldest first; tells how many rows. 0: there is nothing to give."""
        if self.waiting == 0:
            return 0
        most = max(self._chunk_rows, self.waiting // _TRIM_PARTS)
        try:
            return self._trim(most)
        except StorageFull:
            # Even deleting writes to the journal first.
            self._database.release_ballast()
            try:
                return self._trim(most)
            except StorageFull:
                return 0

    def schema_canonical(self, schema_hash: str) -> bytes | None:
        """The canonical bytes of a kept schema."""
        row = self._database.row("SELECT canonical FROM schema WHERE hash = ?", (schema_hash,))
        return None if row is None else bytes(row[0])

    def schema_told(self, schema_hash: str) -> bool:
        """Whether the server is known to have it."""
        return self._database.row("SELECT 1 FROM schema WHERE hash = ? AND told = 1", (schema_hash,)) is not None

    def mark_schema(self, schema_hash: str, told: bool) -> None:
        """Note that the server has a schema, or asked for it; inside the caller's transaction."""
        self._database.write("UPDATE schema SET told = ? WHERE hash = ?", (int(told), schema_hash))

    def forget_schemas(self) -> None:
        """Drop schemas that no kept chunk uses; inside the caller's transaction."""
        current = "" if self._schema is None else self._schema.hash
        self._database.write(
            "DELETE FROM schema WHERE hash <> ? AND hash NOT IN (SELECT schema FROM chunk)", (current,)
        )

    def _keep_schema(self, schema: Schema) -> None:
        with self._database.transaction():
            self._database.write("INSERT OR IGNORE INTO schema VALUES (?, ?, 0)", (schema.hash, schema.canonical))

    def _store(self, now_ms: int) -> None:
        assert self._schema is not None  # noqa: S101 - rows have a schema: append is called after use_schema
        rows = tuple(replace(row, number=offset) for offset, row in enumerate(self._pending, 1))
        boot, boot_number = self._boot
        body = encode_block(Block(1, boot, boot_number, self._schema.hash, rows), len(self._schema.columns), _PLAIN)
        first, head = self.head + 1, self.head + len(rows)
        crc = _crc(len(rows), boot_number, self._schema.hash, body)
        with self._database.transaction():
            self._database.write(
                "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)",
                (first, len(rows), boot_number, self._schema.hash, rows[0].mono_ms, crc, body),
            )
            self._database.write(
                "UPDATE state SET head = ?, seal_uptime_ms = seal_uptime_ms + MAX(0, ? - last_mono_ms), "
                "last_mono_ms = ?",
                (head, now_ms, now_ms),
            )
        self.head = head
        self.waiting += len(rows)
        self._pending.clear()
        if self.oldest is None:
            self.oldest = Oldest(boot_number, rows[0].mono_ms)
            self.lowest_kept = first

    def _give_up_pending(self) -> None:
        """No room at all: the rows in memory are counted as dropped; their numbers, never sent, are given again."""
        self.dropped += len(self._pending)
        self._pending.clear()

    def _trim(self, rows: int) -> int:
        """Delete at least `rows` rows, whole chunks, the oldest first."""
        gone, below = 0, self.lowest_kept
        for first, count in self._database.rows(
            "SELECT first, row_count FROM chunk ORDER BY first LIMIT ?", (rows // self._chunk_rows + 2,)
        ):
            if gone >= rows:
                break
            gone, below = gone + count, first + count
        with self._database.transaction():
            self._delete_below(below)
            self._database.write("UPDATE state SET dropped = ?", (self.dropped + gone,))
        self.dropped += gone
        self._count()
        return gone

    def _delete_below(self, number: int) -> None:
        self._database.write("DELETE FROM chunk WHERE first < ? AND first + row_count <= ?", (number, number))

    def _count(self) -> None:
        """What the header says of the rows kept."""
        (self.waiting,) = self._database.row("SELECT COALESCE(SUM(row_count), 0) FROM chunk")
        row = self._database.row("SELECT first, boot_number, start_mono_ms FROM chunk ORDER BY first LIMIT 1")
        self.lowest_kept = self.head + 1 if row is None else row[0]
        self.oldest = None if row is None else Oldest(row[1], row[2])
        self.done.raise_upto(self.lowest_kept - 1)

    def _chunk_at(self, number: int) -> int:
        """First row of the chunk that holds a row, or the number itself."""
        row = self._database.row("SELECT MAX(first) FROM chunk WHERE first <= ?", (number,))
        return number if row[0] is None else int(row[0])

    def _decoded(self, row: Sequence[object]) -> Block | None:
        """The chunk with its rows under their own numbers; None, counted and deleted, if it has rotted."""
        first, count, boot_number, schema_hash, crc, body = row
        assert isinstance(first, int) and isinstance(body, bytes)  # noqa: S101, PT018 - the table's own types
        try:
            if crc != _crc(count, boot_number, schema_hash, body):
                raise WireError("CRC")
            block = decode_block(body, self.positions(str(schema_hash)))
            if len(block.rows) != count or block.boot_number != boot_number:
                raise WireError("columns and body disagree")
        except (WireError, KeyError):
            self._drop_rotten(first, int(str(count)))
            return None
        rows = tuple(replace(each, number=first + each.number - 1) for each in block.rows)
        return replace(block, first=first, rows=rows)

    def _drop_rotten(self, first: int, count: int) -> None:
        def drop() -> None:
            with self._database.transaction():
                self._database.write("DELETE FROM chunk WHERE first = ?", (first,))
                self._database.write("UPDATE state SET rotten = rotten + ?", (count,))

        self._database.with_room(drop, self.make_room)
        self.rotten += count
        self._count()

    def _schema_of(self, schema_hash: str) -> Schema:
        if self._schema is not None and self._schema.hash == schema_hash:
            return self._schema
        canonical = self.schema_canonical(schema_hash)
        if canonical is None:
            raise KeyError(schema_hash)
        return parse_schema(canonical)


def _key(block: Block) -> tuple[str, int, str]:
    return block.boot, block.boot_number, block.schema_hash


def _rises(earlier: Sequence[Row], later: Sequence[Row]) -> bool:
    return later[0].mono_ms >= earlier[-1].mono_ms


def _crc(count: object, boot_number: object, schema_hash: object, body: bytes) -> int:
    return crc32(f"{count}:{boot_number}:{schema_hash}:".encode("ascii") + body)

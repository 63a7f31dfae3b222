"""Rows of readings between the sampling and the server's signed receipt: chunks on disk, exact, numbered, deletable.

Knows no driver, no link and no signature. Rows still in memory are lost by a power cut; a row is given out for sending
only once its chunk is committed, so the number of a lost one may be given again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from edge_agent.outbox.chunks import Chunks, Oldest
from edge_agent.outbox.database import Database, StorageFull
from edge_agent.outbox.schemas import Schemas
from kiosk.reading import Flag, Row
from kiosk.wire.block import Block
from kiosk.wire.ranges import Range, RangeSet
from kiosk.wire.schema import Schema

STREAM_ID_BYTES = 16
_TRIM_PARTS = 20
"""For want of space a twentieth of what is kept goes at once, the oldest."""


class Outbox:
    """The stream of rows."""

    def __init__(self, database: Database, *, chunk_rows: int, rows_max: int, entropy: Callable[[int], bytes]) -> None:
        self._database = database
        self._chunk_rows = chunk_rows
        self._rows_max = rows_max
        self._entropy = entropy
        self._schemas = Schemas(database)
        self._chunks = Chunks(database, self._schemas.positions, self._drop_rotten)
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
        if self._schemas.current is not None and schema.hash == self._schemas.current.hash:
            return
        self.commit(now_ms)
        self._schemas.current = schema
        self._database.with_room(lambda: self._schemas.keep(schema), self.make_room)

    def append(self, mono_ms: int, values: tuple[int | None, ...], flags: tuple[Flag, ...]) -> int:
        """Take one row into memory; tells its number. Commits when a chunk is full. Never raises for want of space."""
        number = self.head + len(self._pending) + 1
        self._pending.append(Row(number, mono_ms, values, flags))
        if len(self._pending) >= self._chunk_rows:
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
        return self._chunks.read(first, end, rows_max, max(1, rows_max // self._chunk_rows + 2))

    def positions(self, schema_hash: str) -> int:
        """How many positions the rows of a kept schema have. KeyError for an unknown one."""
        return self._schemas.positions(schema_hash)

    def acknowledge(self, ranges: Sequence[Range]) -> int:
        """Delete what the server has, in the caller's transaction; tells how many rows are done that were not before.

        A chunk goes once all of its rows are acknowledged.
        """
        added = sum(self.done.add(first, count) for first, count in ranges)
        if not added:
            return 0
        self._chunks.delete_below(self.done.upto + 1)
        for first, count in self.done.ranges:
            self._chunks.delete_within(first, count)
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
        self._chunks.renumber(shift)
        self.head -= shift
        self.dropped = 0
        self._pending = [replace(row, number=row.number - shift) for row in self._pending]
        self._database.write("UPDATE state SET stream = ?, head = ?, dropped = 0", (self.stream, self.head))
        self._schemas.tell_all_again()
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
        return self._schemas.canonical(schema_hash)

    def schema_told(self, schema_hash: str) -> bool:
        """Whether the server is known to have it."""
        return self._schemas.told(schema_hash)

    def mark_schema(self, schema_hash: str, told: bool) -> None:
        """Note that the server has a schema, or asked for it; inside the caller's transaction."""
        self._schemas.mark(schema_hash, told)

    def forget_schemas(self) -> None:
        """Drop schemas that no kept chunk uses; inside the caller's transaction."""
        self._schemas.forget_unused()

    def _store(self, now_ms: int) -> None:
        schema = self._schemas.current
        assert schema is not None  # noqa: S101 - rows have a schema: append is called after use_schema
        boot, boot_number = self._boot
        first, rows = self.head + 1, tuple(self._pending)
        head = self.head + len(rows)
        with self._database.transaction():
            self._chunks.insert(Block(first, boot, boot_number, schema.hash, rows), len(schema.columns))
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
        gone, below = self._chunks.end_of_oldest(rows)
        with self._database.transaction():
            self._chunks.delete_below(below)
            self._database.write("UPDATE state SET dropped = ?", (self.dropped + gone,))
        self.dropped += gone
        self._count()
        return gone

    def _count(self) -> None:
        """What the header says of the rows kept."""
        kept = self._chunks.kept()
        self.waiting, self.oldest = kept.rows, kept.oldest
        self.lowest_kept = self.head + 1 if kept.lowest is None else kept.lowest
        self.done.raise_upto(self.lowest_kept - 1)

    def _drop_rotten(self, first: int, count: int) -> None:
        def drop() -> None:
            with self._database.transaction():
                self._chunks.delete(first)
                self._database.write("UPDATE state SET rotten = rotten + ?", (count,))

        self._database.with_room(drop, self.make_room)
        self.rotten += count
        self._count()

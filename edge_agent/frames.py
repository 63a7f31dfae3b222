"""Cuts one frame from what is kept: which records, rows, schemas and boots go, in what order, in how many bytes.

Knows no link and decides no moment: publisher.py does. Money comes first; nothing is marked as sent here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from edge_agent.outbox.boots import Boots, Life
from edge_agent.outbox.outbox import Outbox
from edge_agent.till.book import Log
from edge_agent.till.till import Till
from edge_agent.time_source import TimeKeeper
from kiosk.errors import WireError
from kiosk.wire.block import Block, encode_block
from kiosk.wire.boots import BOOTS_MAX, BootState, encode_boots
from kiosk.wire.frame import (
    KIND_BLOCK,
    KIND_BOOTS,
    KIND_LEDGER,
    KIND_SCHEMA,
    KIND_TIME_REQUEST,
    Header,
    LedgerHead,
    Section,
    encode_frame,
)
from kiosk.wire.ranges import Range, RangeSet
from kiosk.wire.records import RECORDS_MAX, SignedRecord, encode_ledger_section
from kiosk.wire.request import encode_time_request
from kiosk.wire.schema import SCHEMA_MAX_BYTES

BLOCK_ROWS_MAX = 1_440
"""A day in one block."""
BUDGET_MAX_BYTES = 52 * 1024
"""Of section bodies; header, table, schemas and boots take the rest of the 64 KiB."""

_ROW_BYTES = 8
"""First guess for the size of a row; corrected by what comes out."""
_RECORD_BYTES = 250
_ROOM_LEAST_BYTES = 64
_BLOCK_SECTIONS_MAX = 24
_LEDGER_SECTIONS_MAX = 24
_SCHEMA_SECTIONS_MAX = 8
_UNREADABLE = "unreadable"

LedgerPart = tuple[str, int, int]
"""(log, first seq, last seq)"""


@dataclass(frozen=True, slots=True)
class Cut:
    """A frame and what was put into it."""

    payload: bytes
    counter: int
    rows: tuple[Range, ...]
    ledger: tuple[LedgerPart, ...]
    schemas: tuple[str, ...]
    boots: tuple[BootState, ...]
    complete: bool
    """Nothing is left that was not sent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a frame may hold."""

    budget: int
    """Bytes of section bodies."""
    in_flight: Sequence[Range]
    """Rows that are on their way already."""
    ledger_next: dict[str, int]
    """Per log the first seq to send."""
    newest_rows: int = 0
    """So many of the newest rows go before the oldest."""
    schemas: Set[str] = frozenset()
    """Asked for by the server."""


class FrameCutter:
    """Cuts frames of one life of the agent."""

    def __init__(
        self,
        site: str,
        dev: str,
        cadence_s: int,
        *,
        life: Life,
        outbox: Outbox,
        boots: Boots,
        till: Till,
        keeper: TimeKeeper,
    ) -> None:
        self._site, self._dev, self._cadence_s = site, dev, cadence_s
        self._life = life
        self._outbox = outbox
        self._boots = boots
        self._till = till
        self._keeper = keeper
        self._counter = 0

    def has_unsent(self, wanted: Wanted) -> bool:
        """Whether anything is kept that is not on its way; asks no disk."""
        return self._ledger_left(wanted.ledger_next) or bool(self._gaps(wanted.in_flight))

    def cut(self, now_ms: int, wanted: Wanted) -> Cut:
        """The next frame; with nothing to send it is a header that says how the edge stands."""
        records, ledger = self._ledger_sections(wanted)
        room = wanted.budget - sum(len(section.body) for section in records)
        blocks, rows, block_heads = self._row_sections(wanted, room)
        schemas = self._schemas(block_heads, wanted.schemas)
        boots = self._boots_to_tell() if rows or ledger else ()
        sections = [*records]
        sections += [Section(KIND_SCHEMA, body) for body in schemas.values()]
        if boots:
            sections.append(Section(KIND_BOOTS, encode_boots(boots)))
        sections += blocks
        question = self._keeper.question(now_ms)
        if question is not None:
            sections.append(Section(KIND_TIME_REQUEST, encode_time_request(question)))
        self._counter += 1
        payload = encode_frame(self._header(now_ms), sections)
        nexts = wanted.ledger_next | {log: last + 1 for log, _, last in ledger}
        complete = not self._ledger_left(nexts) and not self._gaps([*wanted.in_flight, *rows])
        return Cut(payload, self._counter, tuple(rows), tuple(ledger), tuple(schemas), boots, complete)

    def _ledger_left(self, nexts: dict[str, int]) -> bool:
        return any(log.head_seq >= nexts.get(log.log, log.acked + 1) for log in self._till.book.logs.values())

    def _gaps(self, in_flight: Sequence[Range]) -> tuple[Range, ...]:
        """Kept rows that are neither done nor on their way."""
        outbox = self._outbox
        if outbox.head < outbox.lowest_kept:
            return ()
        claimed = RangeSet(outbox.done.upto, [*outbox.done.ranges, *in_flight])
        return claimed.missing(outbox.lowest_kept, outbox.head - outbox.lowest_kept + 1)

    def _ledger_sections(self, wanted: Wanted) -> tuple[list[Section], list[LedgerPart]]:
        sections: list[Section] = []
        parts: list[LedgerPart] = []
        room = min(wanted.budget, BUDGET_MAX_BYTES)
        for log in list(self._till.book.logs.values()):
            at = wanted.ledger_next.get(log.log, log.acked + 1)
            while at <= self._till.book.logs[log.log].head_seq and len(sections) < _LEDGER_SECTIONS_MAX:
                if sections and room < _RECORD_BYTES:
                    break
                run, after = self._readable_run(log, at, max(1, min(RECORDS_MAX, room // _RECORD_BYTES)))
                if run:
                    body, taken = _fitting(run, log.log, after - len(run), room)
                    sections.append(Section(KIND_LEDGER, body))
                    room -= len(body)
                    after -= len(run) - taken
                parts.append((log.log, at, after - 1))
                at = after
        return sections, parts

    def _readable_run(self, log: Log, at: int, most: int) -> tuple[list[SignedRecord], int]:
        """Intact records from `at` on, and the seq after the last; an unreadable start is declared lost first."""
        book = self._till.book
        run: list[SignedRecord] = []
        lost_from = expected = at
        for seq, record in book.stored(log.log, at, most):
            intact = book.is_intact(log.log, record)
            if run and (seq != expected or not intact or record.key_id != run[-1].key_id):
                break
            if intact:
                if not run and seq > lost_from:
                    self._declare_lost(log, lost_from, seq - 1)
                run.append(record)
            expected = seq + 1
        if not run:
            last = max(expected - 1, at)
            self._declare_lost(log, lost_from, last)
            return [], last + 1
        return run, expected

    def _declare_lost(self, log: Log, first: int, last: int) -> None:
        book = self._till.book
        if not all(book.is_declared_lost(log.log, seq) for seq in range(first, last + 1)):
            self._till.declare_loss(log.log, first, last, _UNREADABLE)

    def _row_sections(self, wanted: Wanted, room: int) -> tuple[list[Section], list[Range], list[str]]:
        sections: list[Section] = []
        rows: list[Range] = []
        schemas: list[str] = []
        for first, end in self._row_spans(wanted):
            at = first
            while at < end and room >= _ROOM_LEAST_BYTES and len(sections) < _BLOCK_SECTIONS_MAX:
                block = self._outbox.read(at, end, min(BLOCK_ROWS_MAX, max(1, room // _ROW_BYTES)))
                if block is None:
                    break
                body, block = self._encoded(block, room)
                if not body:
                    break
                sections.append(Section(KIND_BLOCK, body))
                rows.append((block.first, len(block.rows)))
                schemas.append(block.schema_hash)
                room -= len(body)
                at = block.first + len(block.rows)
        return sections, rows, schemas

    def _row_spans(self, wanted: Wanted) -> Iterator[tuple[int, int]]:
        """(first, end) of rows to send, in order: the newest asked for, then the oldest."""
        gaps = self._gaps(wanted.in_flight)
        if not gaps:
            return
        split = gaps[-1][0] + gaps[-1][1]
        if wanted.newest_rows:
            first, count = gaps[-1]
            split = max(first, first + count - wanted.newest_rows)
            yield split, first + count
        for first, count in gaps:
            if first < split:
                yield first, min(first + count, split)

    def _encoded(self, block: Block, room: int) -> tuple[bytes, Block]:
        """The block's body within the room, with fewer rows if need be; b"" if not even one fits."""
        positions = self._outbox.positions(block.schema_hash)
        while True:
            count = len(block.rows)
            try:
                body = encode_block(block, positions)
            except WireError:
                if count == 1:
                    raise
                fewer = count // 2
            else:
                if len(body) <= room:
                    return body, block
                if count == 1:
                    return b"", block
                fewer = min(count - 1, max(1, count * room * 9 // (len(body) * 10)))
            block = replace(block, rows=block.rows[:fewer])

    def _schemas(self, used: Sequence[str], asked: Set[str]) -> dict[str, bytes]:
        """Canonical bytes of the schemas to announce."""
        announce: dict[str, bytes] = {}
        room = SCHEMA_MAX_BYTES
        for schema_hash in dict.fromkeys([*used, *asked]):
            canonical = self._outbox.schema_canonical(schema_hash)
            if canonical is None or (schema_hash not in asked and self._outbox.schema_told(schema_hash)):
                continue
            room -= len(canonical)
            if room < 0 or len(announce) >= _SCHEMA_SECTIONS_MAX:
                break
            announce[schema_hash] = canonical
        return announce

    def _boots_to_tell(self) -> tuple[BootState, ...]:
        return tuple(self._boots.untold(self._life.number)[:BOOTS_MAX])

    def _header(self, now_ms: int) -> Header:
        outbox, head = self._outbox, self._till.book.head
        ledger = None
        if head is not None and head.seq:
            ledger = LedgerHead(head.log, head.seq, head.hash, head.cur, head.sum_in, head.sum_out, head.box)
        return Header(
            site=self._site,
            device=self._dev,
            stream=outbox.stream,
            boot=self._life.boot,
            boot_number=self._life.number,
            counter=self._counter,
            mono_ms=now_ms,
            clock=self._keeper.clock_state(now_ms),
            lowest_kept=outbox.lowest_kept,
            head=outbox.head,
            rows_waiting=outbox.waiting,
            oldest_age_s=self._oldest_age_s(now_ms),
            rows_dropped=outbox.dropped,
            cadence_s=self._cadence_s,
            ledger=ledger,
        )

    def _oldest_age_s(self, now_ms: int) -> int:
        oldest = self._outbox.oldest
        if oldest is None:
            return 0
        if oldest.boot_number == self._life.number:
            return max(0, now_ms - oldest.mono_ms) // 1000
        state, fix = self._boots.state(oldest.boot_number), self._keeper.fix
        if state is None or state.fix is None or fix is None:
            return 0
        return max(0, fix.utc_at(now_ms) - state.fix.utc_at(oldest.mono_ms)) // 1000


def _fitting(run: list[SignedRecord], log: str, first: int, room: int) -> tuple[bytes, int]:
    """A section of as many records as the room holds, at least one, and how many those are."""
    count = len(run)
    while True:
        body = encode_ledger_section(run[:count], log, first)
        if len(body) <= room or count == 1:
            return body, count
        count = max(1, min(count - 1, count * room * 9 // (len(body) * 10)))

"""Schemas and blocks of rows: archived as they came, decoded, dated, written to the readings store. Knows no money."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.times import MONO_MAX_MS, seen
from ingest.work import Reply, Work
from kiosk.errors import WireError
from kiosk.wire.block import BlockHead, Columns, block_head, decode_columns, peek_schema
from kiosk.wire.frame import FRAME_MAX_BYTES, Header
from kiosk.wire.ranges import Range, RangeSet
from kiosk.wire.schema import Schema, parse_schema
from store import blocks, streams
from store.blocks import Block
from store.errors import RefusedValues
from store.readings import dated
from store.readings.base import Refusal
from store.streams import REFUSED_MAX, Stream

RANGES_MAX = 1_024
"""So many ranges above its mark a stream may have; a block that would add one more is left at the edge."""
PARKED_BLOCKS_MAX = 2_000
"""So many blocks of a site wait for a schema; more are left at the edge."""
ROWS_COUNTED_MAX = 10**9
"""A header may claim any number; a counter must not overflow by it."""
PARKED_AGE_MS = 90 * 86_400_000
EARLY_ROWS = 2_000
"""With so many rows' values a store beside the transaction begins to write while further frames are decoded."""
WAITING_AT_ONCE = 200
"""So many waiting blocks are written in one transaction; a boot with more is left to office."""


def take_schema(work: Work, header: Header, reply: Reply, body: bytes) -> None:
    """A schema, and the blocks that have waited for it. Raises WireError."""
    schema = parse_schema(body)
    if work.schema(header.site, schema.hash) is not None:
        return
    blocks.add_schema(work.connection, header.site, schema, work.now_ms)
    work.tally.add("schemas")
    work.archive()
    for block in blocks.waiting_for_schema(work.connection, header.site, schema.hash):
        try:
            columns = _decode(block.body, schema)
        except WireError as error:
            stream = work.stream(header.site, block.stream, header.device)
            _refuse(work, reply, stream, (block.first, block.count), block.body, str(error))
            blocks.set_state(work.connection, [block.id], blocks.REFUSED)
        else:
            state = _write(work, header.site, columns, schema)
            blocks.explain(work.connection, block.id, columns.boot, state)


def take_block(work: Work, header: Header, reply: Reply, body: bytes) -> None:
    """A block of rows: stored, parked or refused. Raises WireError where not even its head can be read."""
    head = block_head(body)
    stream = work.stream(header.site, header.stream, header.device)
    missing = stream.done.missing(head.first, head.count)
    late = _given_up(work, stream, head)
    if not missing and not late:
        work.tally.add("block_repeated")
        reply.urgent = True
        return
    if missing and stream.done.spans >= RANGES_MAX and not _touches(stream.done, head):
        work.tally.add("block_ranges_full")
        return
    if work.beside is not None and missing != ((head.first, head.count),):
        work.beside.settle()  # some of these rows came before, maybe a moment ago
    try:
        schema_hash = peek_schema(body)
        schema = work.schema(header.site, schema_hash)
        columns = None if schema is None else _decode(body, schema)
    except WireError as error:
        _refuse(work, reply, stream, (head.first, head.count), body, str(error))
        return
    if schema is None or columns is None:
        reply.urgent = True
        if not _has_room_to_park(work, header.site):
            return
        boot, state = "", blocks.PARKED
        work.tally.add("block_parked")
    else:
        boot, state = columns.boot, _write(work, header.site, columns, schema)
        work.tally.add("blocks")
    place = (header.site, header.stream, head.first, head.count)
    work.blocks.append(Block(0, *place, boot, schema_hash, body, state, work.now_ms))
    stream.done.add(head.first, head.count)
    work.tally.add("rows", sum([count for _, count in (*missing, *late)]))
    if late:
        _close_gaps(work, stream, head)


def take_lowest_kept(work: Work, header: Header) -> None:
    """What lies below the lowest row that the edge still keeps and has not come never will: a recorded gap."""
    stream = work.stream(header.site, header.stream, header.device)
    missing = stream.done.missing(1, header.lowest_kept - 1)
    if not missing:
        return
    known = streams.gaps(work.connection, stream) if stream.gap_rows else []
    work.tally.add("rows_given_up", min(sum(count for _, count in missing), ROWS_COUNTED_MAX))
    stream.done.raise_upto(header.lowest_kept - 1)
    streams.replace_gaps(work.connection, stream, sorted((*known, *missing)), work.now_ms)


def write_waiting(work: Work) -> None:
    """Write the blocks whose boot has just been dated; a boot with many is left to office. None was written before."""
    work.archive()
    for site, boot_id in sorted(work.dated_boots):
        if work.readings.has_boot(site, boot_id):
            # A store beside the ledger's keeps what it got before a commit that then failed, maybe under another date.
            work.readings.delete_boot(site, boot_id)
        waiting = blocks.of_boot(work.connection, site, boot_id, (blocks.UNDATED,), limit=WAITING_AT_ONCE + 1)
        if len(waiting) > WAITING_AT_ONCE:
            work.boots[site, boot_id] = work.boots[site, boot_id]._replace(needs_redating=True)
            work.changed_boots.add((site, boot_id))
            work.tally.add("redatings")
            continue
        for block in waiting:
            schema = work.schema(site, block.schema_hash)
            if schema is not None:
                state = _write(work, site, _decode(block.body, schema), schema)
                blocks.set_state(work.connection, [block.id], state)
    work.dated_boots.clear()


def begin_values(work: Work) -> None:
    """Hand the rest of the transaction's values to the readings store."""
    if not work.values:
        return
    values, work.values, work.value_rows = work.values, [], 0
    if work.beside is not None:
        work.beside.begin(values)
        return
    try:
        work.readings.write_many(values)
    except RefusedValues as error:
        _bury_values(work, error.refused)


def finish_values(work: Work) -> None:
    """All values are written once this returns; what the readings store will never take becomes dead letters."""
    if work.beside is not None:
        _bury_values(work, work.beside.finish())


def _bury_values(work: Work, refused: Sequence[Refusal]) -> None:
    for refusal in refused:
        series = refusal.series
        points = list(zip(series.times_ms, series.values, strict=True))
        said = f"{refusal.boot} {series.device} {series.metric} (UTC ms, value): {points}"
        work.letter(said.encode()[:FRAME_MAX_BYTES], site=refusal.site, kind="values", reason=refusal.reason)
        work.tally.add("values_refused", len(series.values))


def _begin_early(work: Work) -> None:
    """Let a store beside the transaction begin. A boot dated in this transaction waits: its old values go first."""
    if work.beside is None or work.value_rows < EARLY_ROWS:
        return
    ready = [batch for batch in work.values if (batch.site, batch.boot) not in work.dated_boots]
    work.values = [batch for batch in work.values if (batch.site, batch.boot) in work.dated_boots]
    work.value_rows = 0
    if ready:
        work.beside.begin(ready)


def bury_unexplained(work: Work) -> None:
    """Parked blocks whose schema never came become dead letters: visible, and no longer waited for."""
    for block in blocks.older_than(work.connection, blocks.PARKED, work.now_ms - PARKED_AGE_MS, WAITING_AT_ONCE):
        work.letter(block.body, site=block.site, kind="block", reason=f"schema {block.schema_hash} never came")
        work.tally.add("block_never_explained")
        blocks.set_state(work.connection, [block.id], blocks.REFUSED)


def _decode(body: bytes, schema: Schema) -> Columns:
    columns = decode_columns(body, len(schema.columns))
    if columns.mono_ms[-1] > MONO_MAX_MS:
        raise WireError("a row more than a century after the start of its boot")
    return columns


def _touches(done: RangeSet, head: BlockHead) -> bool:
    """Whether a block joins a range that is there, so that it adds none."""
    return done.contains(head.first - 1) or done.contains(head.first + head.count) or head.first == done.upto + 1


def _has_room_to_park(work: Work, site: str) -> bool:
    """Whether one more block of a site may wait for its schema; else the edge keeps the rows."""
    work.archive()
    if blocks.count(work.connection, site, blocks.PARKED) < PARKED_BLOCKS_MAX:
        return True
    work.tally.add("block_parking_full")
    return False


def _write(work: Work, site: str, columns: Columns, schema: Schema) -> str:
    """Write a decoded block under its boot's date, if it has one; gives the block's state."""
    span_ms = (columns.mono_ms[0], columns.mono_ms[-1])
    offset_ms = seen(work, site, columns.boot, columns.boot_number, span_ms).offset_ms
    if offset_ms is None or not dated.datable(columns, offset_ms):
        return blocks.UNDATED
    work.values.append(dated.DatedBlock(site, columns, schema, offset_ms))
    work.value_rows += len(columns.mono_ms)
    _begin_early(work)
    if columns.flags:
        blocks.add_flagged(work.connection, dated.flagged_of(columns, schema, site, offset_ms))
    work.mark_dirty(site, dated.days_of(columns, offset_ms))
    return blocks.WRITTEN


def _refuse(work: Work, reply: Reply, stream: Stream, rows: Range, body: bytes, reason: str) -> None:
    """Keep what cannot be decoded as a dead letter; its rows are done, and the edge is told so."""
    work.tally.add("block_refused")
    work.letter(body, site=stream.site, kind="block", reason=reason)
    stream.done.add(*rows)
    stream.refused = [*(known for known in stream.refused if known != rows), rows][-REFUSED_MAX:]
    reply.urgent = True


def _given_up(work: Work, stream: Stream, head: BlockHead) -> tuple[Range, ...]:
    """The parts of a block that were recorded as a gap: they have come after all."""
    if not stream.gap_rows:
        return ()
    return tuple(_common(gap, head) for gap in streams.gaps(work.connection, stream) if _common(gap, head)[1] > 0)


def _close_gaps(work: Work, stream: Stream, head: BlockHead) -> None:
    left: list[Range] = []
    for first, count in streams.gaps(work.connection, stream):
        before, after = head.first - first, first + count - (head.first + head.count)
        if before >= count or after >= count:
            left.append((first, count))
            continue
        if before > 0:
            left.append((first, before))
        if after > 0:
            left.append((head.first + head.count, after))
    streams.replace_gaps(work.connection, stream, left, work.now_ms)


def _common(gap: Range, head: BlockHead) -> Range:
    first = max(gap[0], head.first)
    return first, min(gap[0] + gap[1], head.first + head.count) - first

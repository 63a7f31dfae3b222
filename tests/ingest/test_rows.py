"""Blocks of rows: archived, dated, written, parked, refused, and how each is acknowledged."""

from __future__ import annotations

import pytest

from ingest import rows
from kiosk.reading import Flag
from kiosk.wire.down_sections import SchemasWanted
from kiosk.wire.frame import KIND_BLOCK, Section
from kiosk.wire.schema import DeviceSchema, Schema
from store import blocks, days, streams
from tests.ingest.server import Server, only, readings_ack
from tests.ingest.writer import MINUTE, NOON, SCHEMA, Kiosk

OTHER = Schema((DeviceSchema("mppt", "victron-vedirect", "HQ2", ("pv_power_w",)),))


def test_a_block_is_written_dated_and_acknowledged(server: Server, kiosk: Kiosk) -> None:
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 3)))
    assert (readings_ack(message).upto, readings_ack(message).ranges) == (3, ())
    assert message.stream == kiosk.stream
    start = NOON - kiosk.mono_ms
    volts = server.volts()
    assert volts.times_ms == [start + number * MINUTE for number in (1, 2, 3)]
    assert volts.values == [1251, 1252, 1253]
    latency = server.readings.series(kiosk.site, "agent", "link_latency_ms", 0, 2**60)
    assert latency.values == [3], "absent values are absent"


def test_rows_above_a_hole_are_acknowledged_as_a_range(server: Server, kiosk: Kiosk) -> None:
    (first, second) = server.send(
        kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(11, 10)), kiosk.frame(kiosk.block(1, 5))
    )
    assert (readings_ack(first).upto, readings_ack(first).ranges) == (0, ((11, 10),))
    assert (readings_ack(second).upto, readings_ack(second).ranges) == (5, ((11, 10),))


def test_a_repeated_block_is_acknowledged_again_and_stored_once(server: Server, kiosk: Kiosk) -> None:
    payload = kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5))
    first, second = server.send(kiosk, payload, payload)
    assert readings_ack(first) == readings_ack(second)
    assert second.counter == first.counter + 1
    assert len(server.volts().values) == 5
    assert (server.count("blocks"), server.count("block_repeated")) == (1, 1)


def test_other_cuts_of_the_same_rows_overwrite_themselves(server: Server, kiosk: Kiosk) -> None:
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)), kiosk.frame(kiosk.block(3, 8)))
    assert len(server.volts().values) == 10
    assert server.count("rows") == 10


def test_rows_of_an_unknown_schema_wait_and_it_is_asked_for(server: Server, kiosk: Kiosk) -> None:
    (message,) = server.send(kiosk, kiosk.frame(kiosk.block(1, 5)))
    assert readings_ack(message).upto == 5, "they are kept: the edge need not send them again"
    assert only(message, SchemasWanted).hashes == (SCHEMA.hash,)
    assert server.volts().values == []
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section()))
    assert len(server.volts().values) == 5
    assert not any(isinstance(section, SchemasWanted) for section in message.sections)


def test_a_parked_block_that_its_schema_cannot_explain_is_refused(server: Server, kiosk: Kiosk) -> None:
    block = kiosk.block(1, 5)
    wrong = block.body.replace(bytes.fromhex(SCHEMA.hash), bytes.fromhex(OTHER.hash))
    (message,) = server.send(kiosk, kiosk.frame(Section(KIND_BLOCK, wrong)))
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(OTHER)))
    assert readings_ack(message).refused == ((1, 5),)
    assert [letter.kind for letter in server.letters()] == ["block"]


def test_no_more_blocks_are_parked_than_there_is_room_for(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PARKED_BLOCKS_MAX", 2)
    payload = kiosk.frame(*(kiosk.block(first, 5) for first in (1, 6, 11)))
    (message,) = server.send(kiosk, payload)
    assert readings_ack(message).upto == 10, "what found no room stays at the edge"
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(11, 5)))
    assert readings_ack(message).upto == 15
    assert len(server.volts().values) == 15


def test_a_schema_that_never_comes_leaves_a_dead_letter(server: Server, kiosk: Kiosk) -> None:
    server.send(kiosk, kiosk.frame(kiosk.block(1, 5)))
    server.now_ms += rows.PARKED_AGE_MS + 1
    server.close()
    server.open()
    server.send(kiosk, kiosk.frame())
    assert server.count("block_never_explained") == 1
    assert [letter.reason for letter in server.letters()] == [f"schema {SCHEMA.hash} never came"]


def test_a_block_that_cannot_be_decoded_is_refused_by_its_range(server: Server, kiosk: Kiosk) -> None:
    body = kiosk.block(4, 5).body
    broken = Section(KIND_BLOCK, body[:-4])
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), broken, kiosk.block(1, 3)))
    assert readings_ack(message).refused == ((4, 5),)
    assert readings_ack(message).upto == 8, "refused is done: nothing waits for ever"
    assert server.letters()[0].kind == "block"
    assert len(server.volts().values) == 3


def test_a_block_whose_head_cannot_be_read_is_kept_and_not_answered_for(server: Server, kiosk: Kiosk) -> None:
    (message,) = server.send(kiosk, kiosk.frame(Section(KIND_BLOCK, b"\x00\x00\x00")))
    assert readings_ack(message).upto == 0
    assert readings_ack(message).refused == ()
    assert server.count("section_refused") == 1


def test_what_the_edge_gave_up_is_a_recorded_gap(server: Server, kiosk: Kiosk) -> None:
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(5, 5)))
    (message,) = server.send(kiosk, kiosk.frame(kiosk.block(21, 5), lowest_kept=21))
    assert readings_ack(message).upto == 25
    with server.store.read() as connection:
        stream = streams.load(connection, kiosk.site, kiosk.stream)
        assert stream is not None
        assert streams.gaps(connection, stream) == [(1, 4), (10, 11)]
        assert stream.gap_rows == 15
    assert server.count("rows_given_up") == 15


def test_rows_that_were_given_up_and_come_after_all_are_kept(server: Server, kiosk: Kiosk) -> None:
    late = kiosk.frame(kiosk.schema_section(), kiosk.block(3, 4))
    server.send(kiosk, kiosk.frame(lowest_kept=11), late)
    assert len(server.volts().values) == 4
    with server.store.read() as connection:
        stream = streams.load(connection, kiosk.site, kiosk.stream)
        assert stream is not None
        assert streams.gaps(connection, stream) == [(1, 2), (7, 4)]
        assert stream.gap_rows == 6


def test_a_stream_is_not_scattered_without_bound(server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "RANGES_MAX", 2)
    sections = [kiosk.block(first, 2) for first in (10, 20, 30)]
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), *sections))
    assert readings_ack(message).ranges == ((10, 2), (20, 2))
    assert server.count("block_ranges_full") == 1
    (message,) = server.send(kiosk, kiosk.frame(kiosk.block(12, 8), kiosk.block(1, 9)))
    assert readings_ack(message).upto == 21, "a block that joins what is there is always taken"


def test_values_that_are_not_believed_are_kept_apart(server: Server, kiosk: Kiosk) -> None:
    flagged = kiosk.block(1, 3, flags={2: (Flag(1, 1, 999_999),)})
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), flagged))
    with server.store.read() as connection:
        (value,) = blocks.flagged(connection, kiosk.site, 0, 2**60)
    assert (value.device, value.metric, value.raw) == ("mppt", "pv_power_w", 999_999)


def test_the_days_of_rows_become_dirty(server: Server, kiosk: Kiosk) -> None:
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 1_000)))
    with server.store.read() as connection:
        found = days.dirty_days(connection, 10)
    assert sorted(day.day for day in found) == ["2026-09-21", "2026-09-22"]


def test_a_new_stream_has_marks_of_its_own(server: Server, kiosk: Kiosk) -> None:
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    (message,) = server.send(kiosk, kiosk.frame(kiosk.block(1, 2), stream="ab" * 16))
    assert message.stream == "ab" * 16
    assert readings_ack(message).upto == 2


def test_a_row_a_century_after_its_boot_is_refused(server: Server, kiosk: Kiosk) -> None:
    far = kiosk.block(10**9, 1)
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), far, lowest_kept=1, head=2 * 10**9))
    assert readings_ack(message).refused == ((10**9, 1),)

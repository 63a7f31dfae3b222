"""Rows on disk: numbers, chunks, receipts, rot, room."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.outbox.outbox import Outbox
from kiosk.errors import WireError
from kiosk.reading import IMPLAUSIBLE, Flag, Row
from kiosk.wire.schema import DeviceSchema, Schema
from tests.edge_agent.outbox.disk import OTHER, SCHEMA, Disk, numbers


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    if made.database is not None:
        made.database.close()


def test_a_row_in_memory_is_not_given_out_for_sending(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 14)
    assert (outbox.head, outbox.waiting, numbers(outbox)) == (0, 0, [])


def test_rows_come_back_exactly(disk: Disk) -> None:
    outbox = disk.open(chunk_rows=2)
    outbox.append(60_000, (None, 17), (Flag(0, IMPLAUSIBLE, 99_999),))
    outbox.append(120_007, (-5, 0), ())
    block = outbox.read(1, 3, 10)
    assert block is not None
    assert block.rows == (Row(1, 60_000, (None, 17), (Flag(0, IMPLAUSIBLE, 99_999),)), Row(2, 120_007, (-5, 0)))


def test_a_power_cut_loses_the_rows_in_memory_and_gives_their_numbers_again(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 22)
    again = disk.open()
    assert (again.stream, again.head, again.waiting) == (outbox.stream, 15, 15)
    disk.add(again, 1)
    again.commit(disk.now_ms)
    assert numbers(again) == list(range(1, 17))


def test_a_number_is_never_used_again_after_its_row_was_acknowledged_and_deleted(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 15)
    disk.acknowledge(outbox, (1, 15))
    again = disk.open()
    assert (again.waiting, again.lowest_kept) == (0, 16)
    disk.add(again, 15)
    assert numbers(again) == list(range(16, 31))


def test_a_chunk_goes_only_when_all_of_its_rows_are_acknowledged(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 30)
    disk.acknowledge(outbox, (1, 14))
    assert outbox.waiting == 30
    disk.acknowledge(outbox, (15, 1))
    assert (outbox.waiting, outbox.lowest_kept) == (15, 16)


def test_ranges_above_a_hole_are_deleted_and_the_hole_stays(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 45)
    disk.acknowledge(outbox, (16, 15))
    assert (outbox.lowest_kept, outbox.waiting, numbers(outbox)) == (1, 30, [*range(1, 16), *range(31, 46)])


def test_blocks_merge_chunks_of_one_boot_and_schema_only(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 30)
    outbox.use_schema(OTHER, disk.now_ms)
    disk.add(outbox, 15)
    again = disk.open()
    disk.add(again, 15)
    sizes = []
    at = 1
    while (block := again.read(at, again.head + 1, 1_440)) is not None:
        sizes.append((block.schema_hash, block.boot_number, len(block.rows)))
        at += len(block.rows)
    assert sizes == [(SCHEMA.hash, 1, 30), (OTHER.hash, 1, 15), (SCHEMA.hash, 2, 15)]


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE chunk SET body = zeroblob(20) WHERE first = 16",
        "UPDATE chunk SET crc = crc + 1 WHERE first = 16",
        "UPDATE chunk SET schema = '0011223344556677' WHERE first = 16",
        "UPDATE chunk SET boot_number = 9 WHERE first = 16",
    ],
)
def test_a_rotten_chunk_is_counted_and_skipped_and_blocks_nothing(disk: Disk, spoil: str) -> None:
    outbox = disk.open()
    disk.add(outbox, 45)
    disk.spoil(spoil)
    assert numbers(outbox) == [*range(1, 16), *range(31, 46)]
    assert (outbox.rotten, outbox.waiting) == (15, 30)
    disk.acknowledge(outbox, (1, 15))
    assert outbox.lowest_kept == 31, "the hole is declared once nothing older is kept"


def test_above_the_limit_the_oldest_rows_go_and_are_counted(disk: Disk) -> None:
    outbox = disk.open(rows_max=100)
    disk.add(outbox, 150)
    assert outbox.waiting <= 100
    assert outbox.dropped + outbox.waiting == 150
    assert outbox.lowest_kept == outbox.dropped + 1
    again = disk.open(rows_max=100)
    assert again.dropped == outbox.dropped


def test_a_full_disk_makes_readings_give_way_to_newer_ones(disk: Disk) -> None:
    disk.page_limit = 30
    outbox = disk.open(chunk_rows=60, rows_max=10**6)
    wide = Schema((DeviceSchema("m", "d", "", ("battery_voltage_v", "pv_power_w", "soc_percent", "load_power_w")),))
    outbox.use_schema(wide, 0)
    spread = random.Random(3)
    for _ in range(60 * 60):
        disk.now_ms += 60_000
        outbox.append(disk.now_ms, tuple(spread.randrange(2**40) for _ in range(4)), ())
    assert outbox.dropped > 0
    assert outbox.head == outbox.dropped + outbox.waiting
    assert numbers(outbox) == list(range(outbox.lowest_kept, outbox.head + 1))


WIDE = Schema(
    tuple(
        DeviceSchema(f"m{n}", "d", "", ("battery_voltage_v", "pv_power_w", "soc_percent", "load_power_w"))
        for n in range(32)
    )
)


def test_a_full_chunk_of_a_wide_schema_is_one_commit_of_all_its_rows(disk: Disk) -> None:
    outbox = disk.open(chunk_rows=60)
    outbox.use_schema(WIDE, 0)
    for number in range(1, 61):
        assert outbox.head == 0, "not a row earlier than the setting says"
        outbox.append(number * 60_000, tuple(range(128)), ())
    assert (outbox.head, outbox.waiting) == (60, 60)
    assert disk.database is not None
    assert disk.database.rows("SELECT first, row_count FROM chunk") == [(1, 60)]


def test_rows_too_large_for_one_block_are_stored_as_several_chunks_in_one_commit(disk: Disk) -> None:
    outbox = disk.open(chunk_rows=60)
    outbox.use_schema(WIDE, 0)
    spread = random.Random(3)
    rows = [tuple(spread.randrange(-(2**60), 2**60) for _ in range(128)) for _ in range(60)]
    for number, values in enumerate(rows, 1):
        outbox.append(number * 60_000, values, ())
    assert disk.database is not None
    assert disk.database.rows("SELECT first, row_count FROM chunk") == [(1, 30), (31, 30)]
    assert [row.values for at in (1, 31) for row in _rows_from(outbox, at)] == rows
    disk.acknowledge(outbox, (1, 60))
    assert outbox.waiting == 0


def _rows_from(outbox: Outbox, first: int) -> tuple[Row, ...]:
    block = outbox.read(first, first + 30, 30)
    assert block is not None
    return block.rows


def test_rows_whose_times_fall_are_refused_and_not_cut_until_they_fit(disk: Disk) -> None:
    outbox = disk.open(chunk_rows=2)
    outbox.append(120_000, (1, 1), ())
    with pytest.raises(WireError):
        outbox.append(60_000, (1, 1), ())
    assert outbox.head == 0


def test_the_limit_holds_where_every_row_was_stored_at_once(disk: Disk) -> None:
    outbox = disk.open(rows_max=300)
    for _ in range(300):
        disk.add(outbox, 1)
        outbox.commit(disk.now_ms)
    disk.add(outbox, 15)
    assert (outbox.waiting, outbox.dropped) == (300, 15)


def test_room_is_made_in_twentieths_where_every_row_was_stored_at_once(disk: Disk) -> None:
    outbox = disk.open()
    for _ in range(600):
        disk.add(outbox, 1)
        outbox.commit(disk.now_ms)
    assert outbox.make_room() == 30


def test_a_new_stream_keeps_the_rows_under_numbers_from_one(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 50)
    disk.acknowledge(outbox, (1, 15))
    times = [row.mono_ms for row in _rows(outbox)]
    before = outbox.stream
    assert disk.database is not None
    with disk.database.transaction():
        outbox.begin_stream()
    assert outbox.stream != before
    assert (outbox.lowest_kept, outbox.head, outbox.waiting) == (1, 30, 30)
    assert [row.mono_ms for row in _rows(outbox)] == times
    disk.add(outbox, 10)
    assert numbers(outbox) == list(range(1, 46))
    assert disk.open().stream == outbox.stream


def _rows(outbox: Outbox) -> tuple[Row, ...]:
    block = outbox.read(1, outbox.head + 1, 1_440)
    assert block is not None
    return block.rows


def test_a_schema_is_kept_as_long_as_a_chunk_uses_it(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 15)
    outbox.use_schema(OTHER, disk.now_ms)
    assert disk.database is not None
    with disk.database.transaction():
        outbox.forget_schemas()
    assert outbox.schema_canonical(SCHEMA.hash) == SCHEMA.canonical
    disk.acknowledge(outbox, (1, 15))
    with disk.database.transaction():
        outbox.forget_schemas()
    assert outbox.schema_canonical(SCHEMA.hash) is None
    assert outbox.schema_canonical(OTHER.hash) == OTHER.canonical


def test_reading_a_part_of_a_chunk_gives_only_that_part(disk: Disk) -> None:
    outbox = disk.open()
    disk.add(outbox, 30)
    block = outbox.read(7, 20, 100)
    assert block is not None
    assert [row.number for row in block.rows] == list(range(7, 20))


@pytest.mark.parametrize("chance", [lambda: random.Random(1), lambda: random.Random(2), lambda: random.Random(3)])
def test_whatever_is_acknowledged_in_whatever_order_nothing_else_is_deleted(
    disk: Disk, chance: Callable[[], random.Random]
) -> None:
    draw = chance()
    outbox = disk.open(chunk_rows=7)
    disk.add(outbox, 210)
    acknowledged: set[int] = set()
    for _ in range(40):
        first, count = draw.randrange(1, 205), draw.randrange(1, 12)
        count = min(count, 211 - first)
        disk.acknowledge(outbox, (first, count))
        acknowledged |= set(range(first, first + count))
    kept = set(numbers(outbox))
    assert set(range(1, 211)) - acknowledged <= kept
    assert all(
        set(range(at, at + 7)) & kept == set() or not set(range(at, at + 7)) <= acknowledged for at in range(1, 211, 7)
    )

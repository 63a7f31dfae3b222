"""Blocks: what goes in comes out, in every coding, and no bytes whatever break the reader."""

from __future__ import annotations

import dataclasses
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.reading import Flag, Row
from kiosk.wire.block import Block, block_head, decode_block, decode_columns, encode_block, peek_schema
from tests.kiosk.wire.decoder import read_block
from tests.kiosk.wire.strategies import SCHEMA, blocks, damaged
from tests.vectors.wire import examples
from tests.vectors.wire.examples import BOOT, LIMIT, VALUE_LIMIT

GOOD = [example.octets for example in examples.blocks()]


def block_of(*values: int | None, first: int = 1) -> Block:
    """One position, one row a minute."""
    rows = (Row(first + at, 60_000 * at, (value,)) for at, value in enumerate(values))
    return Block(first, BOOT, 1, SCHEMA, tuple(rows))


@given(blocks())
def test_every_coding_gives_the_same_rows_back(drawn: tuple[Block, int]) -> None:
    block, positions = drawn
    for coding in (0, 1, 2, 3, None):
        assert decode_block(encode_block(block, positions, coding), positions) == block


@given(blocks(most_rows=12))
def test_a_reader_written_from_the_page_alone_agrees(drawn: tuple[Block, int]) -> None:
    block, positions = drawn
    for coding in (0, 1, 2, 3):
        told = read_block(encode_block(block, positions, coding), positions)
        assert told == examples.plain(block) | {"positions": positions, "coding": coding}


@given(blocks())
def test_the_smallest_coding_is_chosen(drawn: tuple[Block, int]) -> None:
    block, positions = drawn
    assert len(encode_block(block, positions)) == min(
        len(encode_block(block, positions, coding)) for coding in (0, 1, 2, 3)
    )


@given(blocks())
def test_columns_and_rows_say_the_same(drawn: tuple[Block, int]) -> None:
    block, positions = drawn
    columns = decode_columns(encode_block(block, positions), positions)
    assert columns.mono_ms == [row.mono_ms for row in block.rows]
    assert columns.values == [[row.values[position] for row in block.rows] for position in range(positions)]
    assert columns.flags == tuple((at, flag) for at, row in enumerate(block.rows) for flag in row.flags)
    assert (columns.first, columns.boot, columns.boot_number) == (block.first, block.boot, block.boot_number)


@given(blocks(most_rows=3), st.binary(max_size=20))
def test_the_head_and_the_schema_are_readable_where_the_rest_is_not(drawn: tuple[Block, int], rest: bytes) -> None:
    block, positions = drawn
    body = encode_block(block, positions)
    head_bytes = body.index(bytes.fromhex(block.boot))
    head = block_head(body[:head_bytes] + rest)
    assert (head.first, head.count) == (block.first, len(block.rows))
    columns_at = body.index(bytes.fromhex(SCHEMA)) + 8
    assert peek_schema(body[:columns_at] + rest) == SCHEMA


@given(damaged(GOOD), st.sampled_from([1, 2, 5, 128]))
def test_damaged_bytes_are_refused_or_read_never_worse(octets: bytes, positions: int) -> None:
    for read in (lambda: decode_block(octets, positions), lambda: block_head(octets), lambda: peek_schema(octets)):
        try:
            read()
        except WireError:
            continue


@given(damaged(GOOD))
def test_what_a_damaged_block_still_says_can_be_said_again(octets: bytes) -> None:
    try:
        block = decode_block(octets, 5)
    except WireError:
        return
    assert decode_block(encode_block(block, 5), 5) == block


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_no_block_cut_short_is_read(at: int) -> None:
    positions = examples.blocks()[at].decoded["positions"]
    for end in range(len(GOOD[at])):
        with pytest.raises(WireError):
            decode_block(GOOD[at][:end], positions)


@pytest.mark.parametrize(
    "block",
    [
        block_of(),
        block_of(*[1] * 4097),
        block_of(VALUE_LIMIT + 1),
        block_of(-VALUE_LIMIT - 1),
        block_of(1, first=0),
        block_of(1, 2, first=LIMIT),
        dataclasses.replace(block_of(1), first=2),
        dataclasses.replace(block_of(1), boot="B0" * 8),
        dataclasses.replace(block_of(1), schema_hash="5c"),
        dataclasses.replace(block_of(1), boot_number=0),
        dataclasses.replace(block_of(), rows=(Row(1, 5, (1,)), Row(2, 4, (1,)))),
        dataclasses.replace(block_of(), rows=(Row(1, -1, (1,)),)),
        dataclasses.replace(block_of(), rows=(Row(1, 0, (1, 2)),)),
        dataclasses.replace(block_of(), rows=(Row(1, 0, (1,), (Flag(1, 1, 0),)),)),
        dataclasses.replace(block_of(), rows=(Row(1, 0, (1,), (Flag(0, 0, 0),)),)),
        dataclasses.replace(block_of(), rows=(Row(1, 0, (1,), (Flag(0, 1, 0), Flag(0, 2, 0))),)),
        dataclasses.replace(block_of(), rows=(Row(1, 0, (1,), (Flag(0, 1, 2**62),)),)),
    ],
)
def test_an_encoder_refuses_what_a_reader_would_refuse(block: Block) -> None:
    with pytest.raises(WireError):
        encode_block(block, 1)


def test_a_block_that_no_frame_can_hold_is_refused_at_the_encoder() -> None:
    noise = [(number * 2_654_435_761) ** 3 % VALUE_LIMIT for number in range(4096 * 4)]
    rows = tuple(Row(1 + at, at, tuple(noise[4 * at : 4 * at + 4])) for at in range(4096))
    with pytest.raises(WireError, match="fewer rows"):
        encode_block(Block(1, BOOT, 1, SCHEMA, rows), 4)


@pytest.mark.parametrize("positions", [0, 129, -1])
def test_positions_outside_a_schema_are_refused(positions: int) -> None:
    with pytest.raises(WireError):
        decode_block(GOOD[0], positions)


def test_an_unknown_coding_is_refused_by_the_encoder() -> None:
    with pytest.raises(WireError):
        encode_block(block_of(1), 1, 4)


def test_a_row_that_looks_large_but_is_one_byte_takes_no_more_memory_than_its_bound() -> None:
    columns = "0000ff" + "01" * 128
    body = bytes.fromhex(f"01 8020 {'b0' * 8} 01 {'5c' * 8} 02 {columns} 00")
    tracemalloc.start()
    try:
        block = decode_columns(body, 128)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(block.values) == 128
    assert peak_bytes < 8 << 20

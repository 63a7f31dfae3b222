"""VE.Direct framing: every right block is found, no wrong one is accepted, however the bytes come."""

from __future__ import annotations

import random
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.transports.vedirect import BLOCK_MAX, GAP_MS, HEX_MAX, HexMessage, TextBlock, VeDirectParser
from tests.edge_agent.drivers.streams import mutated as mutated_window
from tests.edge_agent.recordings import recording
from tests.edge_agent.transports.vedirect_stream import (
    CHARGER,
    block_ending_with,
    hex_message,
    judge,
    text_block,
)

BLOCK = text_block(CHARGER)
ASYNC = hex_message(0xA, bytes.fromhex("501000") + bytes(34))
FOUND = TextBlock(dict(CHARGER))

labels = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ#0123456789", min_size=1, max_size=9)
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters=":"), max_size=33)
right_blocks = st.dictionaries(labels, texts, min_size=1, max_size=22).map(lambda fields: text_block(fields.items()))
right_messages = st.builds(hex_message, st.integers(0, 15), st.binary(max_size=37))
noise = st.binary(max_size=60) | st.text("\r\n\t:0A\x00Checksum", max_size=40).map(lambda text: text.encode("ascii"))
streams = st.lists(right_blocks | right_messages | noise | st.just(BLOCK), max_size=8).map(b"".join)


def counts(parser: VeDirectParser) -> tuple[int, int, int, int]:
    return parser.good, parser.bad, parser.hex, parser.hex_bad


def parse(raw: bytes, cuts: list[int] | None = None) -> tuple[list[TextBlock | HexMessage], tuple[int, int, int, int]]:
    parser = VeDirectParser()
    found = []
    edges = [0, *sorted(cuts or []), len(raw)]
    for start, stop in pairwise(edges):
        found += parser.feed(raw[start:stop])
    return found, counts(parser)


def byte_by_byte(raw: bytes) -> tuple[list[TextBlock | HexMessage], tuple[int, int, int, int]]:
    return parse(raw, list(range(1, len(raw))))


def test_a_block_gives_its_fields_in_order() -> None:
    found, counted = parse(BLOCK)
    assert found == [FOUND]
    assert list(found[0].fields) == [label for label, _ in CHARGER]  # type: ignore[union-attr]
    assert counted == (1, 0, 0, 0)


def test_blocks_follow_each_other_without_a_byte_between() -> None:
    assert parse(BLOCK * 5) == ([FOUND] * 5, (5, 0, 0, 0))


@pytest.mark.parametrize("checksum", [0x3A, 0x0A, 0x0D, 0x09, 0x00, 0xFF, 0x24])
def test_the_checksum_byte_may_be_any_byte(checksum: int) -> None:
    raw, fields = block_ending_with(checksum)
    assert parse(raw + BLOCK) == ([TextBlock(fields), FOUND], (2, 0, 0, 0))
    assert byte_by_byte(raw + BLOCK) == ([TextBlock(fields), FOUND], (2, 0, 0, 0))


def test_a_colon_as_checksum_byte_begins_no_message() -> None:
    raw, fields = block_ending_with(0x3A)
    found, counted = parse(raw + ASYNC + BLOCK)
    assert counted == (2, 0, 1, 0)
    assert found[0] == TextBlock(fields)


@pytest.mark.parametrize("checksum", [None, 0x3A, 0x0A, 0x0D])
def test_a_hex_message_may_cut_in_before_every_byte_but_the_checksum(checksum: int | None) -> None:
    block, fields = (BLOCK, dict(CHARGER)) if checksum is None else block_ending_with(checksum)
    for at in range(len(block)):
        raw = BLOCK + block[:at] + ASYNC + block[at:] + BLOCK
        if at == len(block) - 1:
            # Between `Checksum TAB` and its byte no device can speak: there the colon is the checksum.
            judge(parse(raw)[0], raw)
            continue
        found, counted = parse(raw)
        assert counted == (3, 0, 1, 0), at
        assert [each for each in found if isinstance(each, TextBlock)] == [FOUND, TextBlock(fields), FOUND], at
        assert byte_by_byte(raw) == (found, counted), at


def test_two_hex_messages_may_follow_each_other_inside_a_field() -> None:
    raw = BLOCK[:20] + ASYNC + ASYNC + BLOCK[20:]
    assert parse(raw)[1] == (1, 0, 2, 0)


def test_a_hex_message_gives_command_and_payload() -> None:
    assert parse(hex_message(0xA, b"\x01\x02\x00\x05"))[0] == [HexMessage(0xA, b"\x01\x02\x00\x05")]


def test_the_longest_hex_message_is_taken() -> None:
    # 34 bytes of payload behind a register's number and flags.
    assert parse(hex_message(7, bytes(2 + 1 + 34)))[1] == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "message",
    [b":A0102FF\n", b":A\n", b":\n", b":A01\n", b":A0102F\n", b":A51G0\n", b":" + b"0" * (HEX_MAX + 1) + b"\n"],
)
def test_a_wrong_hex_message_is_counted_and_disturbs_no_block(message: bytes) -> None:
    assert parse(BLOCK + message + BLOCK) == ([FOUND, FOUND], (2, 0, 0, 1))


def test_a_hex_message_that_lost_its_end_does_not_swallow_the_next_block() -> None:
    assert parse(BLOCK + b":A5010" + BLOCK) == ([FOUND, FOUND], (2, 0, 0, 1))


def test_a_stream_that_begins_inside_a_block_gives_one_bad_block() -> None:
    assert parse(BLOCK[40:] + BLOCK) == ([FOUND], (1, 1, 0, 0))


def test_a_stream_that_begins_with_the_last_checksum_byte_loses_nothing() -> None:
    assert parse(BLOCK[-1:] + BLOCK) == ([FOUND], (1, 0, 0, 0))


def test_an_unfinished_block_at_the_end_is_not_judged() -> None:
    assert parse(BLOCK + BLOCK[:-1]) == ([FOUND], (1, 0, 0, 0))


def test_every_single_changed_byte_is_noticed() -> None:
    for at in range(len(BLOCK)):
        raw = bytearray(BLOCK)
        raw[at] ^= 0x01
        assert parse(bytes(raw))[0] == [], at


def test_two_blocks_that_ran_together_are_refused_even_with_a_right_sum() -> None:
    fields = (*CHARGER, ("V", "13250"))
    assert parse(text_block(fields))[1] == (0, 1, 0, 0)


def test_a_block_of_fields_without_a_tab_is_refused() -> None:
    raw = b"\r\nV 13240\r\nChecksum\t"
    assert parse(raw + bytes((-sum(raw) % 256,)))[1] == (0, 1, 0, 0)


def test_a_block_beyond_the_sizes_is_refused_and_the_next_one_found() -> None:
    many = text_block((f"F{number}", "0") for number in range(33))
    long_value = text_block([("V", "1" * 34)])
    endless = text_block([("V", "1" * BLOCK_MAX)])
    for raw in (many, long_value, endless):
        assert parse(raw + BLOCK) == ([FOUND], (1, 1, 0, 0))
        assert byte_by_byte(raw + BLOCK) == ([FOUND], (1, 1, 0, 0))


@pytest.mark.parametrize("length", [BLOCK_MAX - 1, BLOCK_MAX, BLOCK_MAX + 1])
def test_the_largest_size_is_judged_alike_however_the_bytes_come(length: int) -> None:
    raw = b"\r\n" + b"x" * (length - 2 - 11) + b"\r\nChecksum\t"
    raw += bytes((-sum(raw) % 256,))
    assert byte_by_byte(raw + BLOCK) == parse(raw + BLOCK) == ([FOUND], (1, 1, 0, 0))


def test_two_blocks_of_a_battery_monitor_are_two_blocks() -> None:
    main, history = [("V", "12800"), ("SOC", "---")], [("H1", "-120"), ("H2", "-5")]
    assert parse(text_block(main) + text_block(history))[0] == [TextBlock(dict(main)), TextBlock(dict(history))]


def test_a_pause_forgets_the_unfinished_block() -> None:
    parser = VeDirectParser()
    assert parser.feed_at(BLOCK[:60], 1_000) == []
    assert parser.feed_at(BLOCK, 1_000 + GAP_MS + 1) == [FOUND]
    assert counts(parser) == (1, 0, 0, 0)


def test_a_short_pause_does_not() -> None:
    parser = VeDirectParser()
    parser.feed_at(BLOCK[:60], 1_000)
    parser.feed_at(b"", 1_300)
    assert parser.feed_at(BLOCK[60:], 1_000 + GAP_MS) == [FOUND]


def test_a_pause_ends_a_hex_message() -> None:
    parser = VeDirectParser()
    parser.feed_at(b":A501", 1_000)
    assert parser.feed_at(BLOCK, 2_000) == [FOUND]


@given(streams)
def test_byte_by_byte_equals_at_once(raw: bytes) -> None:
    assert byte_by_byte(raw) == parse(raw)


@given(streams, st.lists(st.integers(0, 800), max_size=12))
def test_any_pieces_equal_at_once(raw: bytes, cuts: list[int]) -> None:
    assert parse(raw, [min(cut, len(raw)) for cut in cuts]) == parse(raw)


@given(streams)
def test_nothing_is_accepted_that_is_not_in_the_stream(raw: bytes) -> None:
    found, _ = parse(raw)
    judge(found, raw)


@given(st.lists(right_blocks, min_size=1, max_size=6))
def test_every_right_block_is_found(blocks: list[bytes]) -> None:
    assert parse(b"".join(blocks))[1] == (len(blocks), 0, 0, 0)


INSERTS = (b":", b"\r\n", b"\r\nChecksum\t", b"\n", b"\x00", ASYNC)


def mutated(source: bytes, chance: random.Random) -> bytes:
    """A window of 4 kB, spoilt with what this protocol may stumble over."""
    return mutated_window(source, chance, INSERTS, window_bytes=4_096, cut_bytes=200)


def judge_windows(source: bytes, seed: int) -> None:
    chance = random.Random(seed)
    good = 0
    for number in range(10_000):
        raw = mutated(source, chance)
        found, counted = parse(raw)
        judge(found, raw)
        good += counted[0]
        if number % 20 == 0:
            assert byte_by_byte(raw) == (found, counted)
    assert good > 10_000, "mutations must leave most blocks whole, or this test judges nothing"


@pytest.mark.slow
def test_mutated_windows_of_a_made_stream_give_no_false_block() -> None:
    chance = random.Random(3)
    made = [
        text_block(
            [(label, value if label in ("PID", "FW") else str(chance.randrange(9999))) for label, value in CHARGER]
        )
        + (ASYNC if chance.random() < 0.2 else b"")
        for _ in range(400)
    ]
    judge_windows(b"".join(made), 4)


@pytest.mark.slow
def test_mutated_windows_of_a_recording_give_no_false_block() -> None:
    judge_windows(recording("vedirect-smartsolar-100-20.dump"), 5)


def test_hours_of_garbage_take_no_memory_and_the_next_blocks_are_found() -> None:
    chance = random.Random(1)
    parser = VeDirectParser()
    pieces = [chance.randbytes(4096), b"\r\n" + b"x" * 4094, b":" + b"A" * 4095, b"\r" * 4096]
    tracemalloc.start()
    for number in range(800):
        parser.feed(pieces[number % len(pieces)])
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 20_000
    assert peak < 60_000
    assert parser.feed(BLOCK * 3)[-1] == FOUND

"""The board's framing: the page's own example, every rule for broken bytes, and independence of how bytes come."""

from __future__ import annotations

import re
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.transports.board_line import FRAME_MAX, BoardFrame, BoardLineParser, frame_bytes
from edge_agent.transports.crc import crc16

PAGE = Path(__file__).parents[3] / "docs" / "charging-board.md"
HELLO = b"$0,HELLO?*FDCF\r\n"
ASKED = BoardFrame(0, "HELLO?", ())

noise = st.binary(max_size=150) | st.text("$*,\r\n0HELLO?FDC", max_size=60).map(lambda text: text.encode("ascii"))
fields = st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*,"), max_size=12))
frames = st.builds(
    frame_bytes, st.integers(0, 65_535), st.sampled_from(["PRESS", "ACK", "X"]), fields.filter(lambda f: len(f) < 7)
)
streams = st.lists(noise | frames | st.just(HELLO), max_size=8).map(b"".join)


def parse(*pieces: bytes) -> tuple[list[BoardFrame], int, int]:
    parser = BoardLineParser()
    found = [frame for piece in pieces for frame in parser.feed(piece)]
    return found, parser.good, parser.bad


def test_the_crc_has_the_known_check_value() -> None:
    assert crc16(b"123456789") == 0x4B37


def test_every_line_of_the_pages_example_is_understood_and_spelled_alike() -> None:
    lines = re.findall(r"^    [<>] (\$.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        raw = line.encode("ascii") + b"\r\n"
        (frame,), good, bad = parse(raw)
        assert (good, bad) == (1, 0)
        assert frame_bytes(frame.seq, frame.kind, frame.fields) == raw


def test_a_line_may_end_without_a_carriage_return() -> None:
    assert parse(HELLO.replace(b"\r", b"")) == ([ASKED], 1, 0)


def test_bytes_outside_a_frame_are_skipped() -> None:
    assert parse(b"boot ok\r\n" + HELLO + b"\x00\xff noise" + HELLO) == ([ASKED, ASKED], 2, 0)


def test_a_dollar_inside_a_frame_begins_a_new_one() -> None:
    assert parse(b"$4,PRESS,9f3c" + HELLO) == ([ASKED], 1, 1)


@pytest.mark.parametrize(
    "line",
    [
        b"$0,HELLO?*FDCE\r\n",
        b"$0,HELLO?*fdcf\r\n",
        b"$0,HELLO?FDCF\r\n",
        b"$0,HELLO?*FDC\r\n",
        b"$0,HELLO?*FDCF \r\n",
        b"$0,HELLO?*FDCF\r\r\n",
        b"$\r\n",
        b"$0,HEL\x01LO?*FDCF\r\n",
    ],
)
def test_a_broken_line_is_dropped_and_counted(line: bytes) -> None:
    assert parse(line + HELLO) == ([ASKED], 1, 1)


@pytest.mark.parametrize("body", [b"00,HELLO?", b"65536,HELLO?", b"-1,HELLO?", b",HELLO?", b"7,", b"7", b"7,A\xc3\xa9"])
def test_a_right_crc_does_not_save_a_wrong_form(body: bytes) -> None:
    assert parse(b"$%s*%04X\r\n" % (body, crc16(body)) + HELLO) == ([ASKED], 1, 1)


def test_a_frame_of_120_bytes_is_taken_and_one_of_121_is_not() -> None:
    longest = frame_bytes(0, "X", ["y" * (FRAME_MAX - len("$0,X,*0000\r\n"))])
    assert len(longest) == FRAME_MAX
    assert parse(longest)[1:] == (1, 0)
    body = longest[1:-7] + b"y"
    assert parse(b"$%s*%04X\r\n" % (body, crc16(body)) + HELLO) == ([ASKED], 1, 1)


def test_a_frame_that_could_not_be_read_is_not_written() -> None:
    for wrong in (["a*b"], ["a$"], ["a,\n"], ["x" * 200]):
        with pytest.raises(ValueError, match="is not a frame"):
            frame_bytes(0, "X", wrong)


@given(streams, st.lists(st.integers(0, 900), max_size=10))
def test_pieces_and_single_bytes_equal_at_once(raw: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    pieces = [raw[start:stop] for start, stop in pairwise(edges)]
    assert parse(*pieces) == parse(raw) == parse(*(bytes((byte,)) for byte in raw))


@given(streams)
def test_no_frame_is_accepted_whose_bytes_are_not_there(raw: bytes) -> None:
    for frame in parse(raw)[0]:
        spelled = frame_bytes(frame.seq, frame.kind, frame.fields)
        assert spelled in raw or spelled.replace(b"\r", b"") in raw


def test_garbage_without_end_takes_no_memory() -> None:
    parser = BoardLineParser()
    tracemalloc.start()
    for piece in (b"$" + b"x" * 4095, b"$" * 4096, b"\xff" * 4096) * 100:
        parser.feed(piece)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 10_000
    assert parser.feed(b"\r\n" + HELLO) == [ASKED]

"""Captures kept as text: pairs alone, and pairs in a terminal's log; times and comments are no bytes."""

from __future__ import annotations

import random

import pytest

from edge_agent.drivers import DECODERS
from edge_agent.transports.hex_text import HexText
from tests.edge_agent.recordings import recording

BEGIN = b"started by hand, battery room\n"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (b" 01 03 90 13 00 03 D9 0E                           ......\n", "0103901300 03D90E"),
        (b" 30 10 E4                                          0.M\r\n", "3010E4"),
        (b"004713: 19.06.2015 01:06:59.701 +0.0\n", ""),
        (b'"19.6.2015 1:06:51"\n', ""),
        (b"[12:00:01][VV][jbd_bms:123]: >>> DD:A5:03:00:FF:FD:77\n", "DDA50300FFFD77"),
        (b"12:00:01.5 rx DD.03.00.02.0A.0B.FF.E9.77 (9)\n", "DD0300020A0BFFE977"),
        (b"RX: 0xA5, 0x01, 0x90, 0x08, 0x02, 0x10\n", "A50190080210"),
        (b"< dd-a5-04-00\n", "DDA50400"),
        (b"READ CLOCK\n", ""),
        (b"be add fed dead beef cafe\n", ""),
        (b"DDA50300FFFD77\n", "DDA50300FFFD77"),
    ],
)
def test_a_logs_line_gives_its_pairs_and_nothing_else(line: bytes, meant: str) -> None:
    assert HexText().feed(BEGIN + line) == bytes.fromhex(meant)


def test_a_line_may_come_in_pieces() -> None:
    text = BEGIN + b"rx 01 04 06 04 FC FF\n tx 01 04 33 1A 00 03 9E 88\n"
    whole = HexText().feed(text)
    pieces = HexText()
    assert pieces.feed(text[:40]) + b"".join(pieces.feed(text[at : at + 3]) for at in range(40, len(text), 3)) == whole


def test_a_text_without_an_end_takes_no_memory() -> None:
    capture = HexText()
    capture.feed(BEGIN)
    for _ in range(100):
        capture.feed(b"A5 " * 1000)
    assert len(capture._line) <= 4_096
    assert capture.feed(b"\n01 04 06 04\n") == bytes.fromhex("01040604")


@pytest.mark.parametrize("raw", [b"\x01\x04\x33\x1a\x00\x03\x9e\x88", b"\xdd\xa5\x03\x00\xff\xfd\x77", b"\xa5\x40\x90"])
def test_bytes_are_bytes(raw: bytes) -> None:
    assert HexText().feed(raw * 9) == raw * 9


def test_the_capture_of_a_real_bus_is_decoded_as_its_owner_kept_it() -> None:
    """Its owner's log lists requests and replies apart, so only those that stand together are an exchange."""
    decoder = DECODERS["epever-tracer"]()
    rows = decoder.feed(recording("epever-tracer-bus-2015.txt"))
    assert decoder.good >= 3
    clock = next(row for row in rows if row.get("address") == "0x9013" and "written" not in row)
    assert clock["slave"] == 1
    assert not [row for row in rows if "implausible" in row]


@pytest.mark.parametrize("name", ["jbd", "daly", "epever-tracer", "srne-rover", "pzem-017", "pzem-004t"])
def test_any_text_is_harmless(name: str) -> None:
    chance = random.Random(4)
    for _ in range(300):
        words = [
            chance.choice(("DD", "A5", "01", "04", ":", " ", "\n", "x", "0x", "<", ">", "é", "77", "  "))
            for _ in range(60)
        ]
        DECODERS[name]().feed("".join(words).encode())

"""Framing of the two battery managements: right frames are found in any noise, wrong sums never accepted."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import pytest

from edge_agent.transports import daly_frames, jbd_frames
from edge_agent.transports.daly_frames import DalyParser, DalyReply
from edge_agent.transports.hex_text import HexText
from edge_agent.transports.jbd_frames import FRAME_MAX, JbdParser, JbdReply
from tests.edge_agent.drivers.streams import mutated

Parser = JbdParser | DalyParser
Reply = JbdReply | DalyReply


def jbd(register: int, content: bytes, status: int = 0) -> bytes:
    """A JBD reply, by the vendor's rule."""
    counted = bytes((status, len(content))) + content
    return b"\xdd" + bytes((register,)) + counted + ((0x10000 - sum(counted)) % 0x10000).to_bytes(2, "big") + b"\x77"


def daly(command: int, content: bytes, address: int = 1) -> bytes:
    """A Daly frame, by the vendor's rule."""
    raw = bytes((0xA5, address, command, 8)) + content
    return raw + bytes((sum(raw) % 256,))


def spelled(reply: Reply) -> bytes:
    if isinstance(reply, JbdReply):
        return jbd(reply.register, reply.content, reply.status)
    return daly(reply.command, reply.content)


def parse(parser: Parser, raw: bytes, cuts: list[int] | None = None) -> list[Reply]:
    found: list[Reply] = []
    for start, stop in pairwise([0, *(cuts or []), len(raw)]):
        found += parser.feed(raw[start:stop])
    return found


FRAMES = [jbd(4, bytes.fromhex("0F450F3D0F370F3D")), daly(0x90, bytes.fromhex("0084000075300320"))]
kinds = pytest.mark.parametrize(("make", "frame"), [(JbdParser, FRAMES[0]), (DalyParser, FRAMES[1])])


def test_the_questions_are_those_of_the_vendors_texts() -> None:
    assert jbd_frames.read_request(0x03) == bytes.fromhex("DDA50300FFFD77")
    assert jbd_frames.read_request(0xAA) == bytes.fromhex("DDA5AA00FF5677")
    assert daly_frames.read_request(0x90) == bytes.fromhex("A5409008 0000000000000000 7D")
    assert daly_frames.read_request(0x95, host=0x80) == bytes.fromhex("A5809508 0000000000000000 C2")


def test_nothing_but_a_question_can_be_built() -> None:
    for command in (0x00, 0x21, 0xD9, 0xDA):
        with pytest.raises(ValueError, match="no question"):
            daly_frames.read_request(command)


@kinds
def test_replies_are_found_one_behind_the_other_and_in_noise(make: Callable[[], Parser], frame: bytes) -> None:
    parser = make()
    found = parse(parser, b"\x00\xdd\xa5\x13\x05" + frame * 3 + b"noise" + frame)
    assert [spelled(reply) for reply in found] == [frame] * 4
    assert parser.good == 4


@kinds
def test_the_result_does_not_depend_on_the_pieces(make: Callable[[], Parser], frame: bytes) -> None:
    raw = b"\xdd\xa5\x01\x09" + frame + b"\xdd" + frame[:6] + frame + frame
    at_once, bytewise = make(), make()
    assert parse(at_once, raw) == parse(bytewise, raw, list(range(1, len(raw))))
    assert (at_once.good, at_once.bad) == (bytewise.good, bytewise.bad)
    assert at_once.good == 3


@kinds
def test_every_single_changed_byte_is_noticed(make: Callable[[], Parser], frame: bytes) -> None:
    for at in range(len(frame)):
        for bit in range(8):
            raw = bytearray(frame)
            raw[at] ^= 1 << bit
            for reply in parse(make(), bytes(raw)):
                # JBD's sum leaves the register out: a driver believes only the register that it asked for.
                assert isinstance(reply, JbdReply)
                assert at == 1


def test_a_request_that_comes_back_is_no_reply() -> None:
    for parser, request in (
        (JbdParser(), jbd_frames.read_request(3)),
        (DalyParser(), daly_frames.read_request(0x90)),
        (DalyParser(), daly_frames.read_request(0x90, host=0x80)),
    ):
        assert parse(parser, request) == []
        assert (parser.good, parser.bad, parser.echoed) == (0, 0, 1)


def test_a_refusal_has_its_status() -> None:
    assert parse(JbdParser(), jbd(0x16, b"", 0x80)) == [JbdReply(0x16, 0x80, b"")]


def test_noise_that_announces_a_long_frame_hides_nothing() -> None:
    for noise in (b"\xdd\x03\x00\x61", b"\xdd\xa5\x03\xff", b"\xdd\x03\x01\x05"):
        assert len(parse(JbdParser(), noise + FRAMES[0])) == 1


@kinds
def test_an_unfinished_frame_is_forgotten_on_demand(make: Callable[[], Parser], frame: bytes) -> None:
    parser = make()
    parse(parser, frame[:-1])
    parser.reset()
    assert [spelled(reply) for reply in parse(parser, frame)] == [frame]


@kinds
def test_hours_of_garbage_take_no_memory_and_the_next_frame_is_found(make: Callable[[], Parser], frame: bytes) -> None:
    chance, parser = random.Random(2), make()
    tracemalloc.start()
    for _ in range(300):
        parse(parser, chance.randbytes(4_096))
        parse(parser, b"\xdd" * 512 + b"\xa5" * 512)
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 30_000
    parse(parser, bytes(FRAME_MAX))
    assert spelled(parse(parser, frame)[-1]) == frame


@pytest.mark.slow
@kinds
def test_mutated_streams_give_no_reply_with_a_wrong_sum(make: Callable[[], Parser], frame: bytes) -> None:
    chance = random.Random(31)
    if frame[0] == 0xDD:
        made = [jbd(chance.choice((3, 4, 5, 0xAA)), chance.randbytes(chance.choice((8, 24, 29)))) for _ in range(400)]
        request = jbd_frames.read_request(3)
    else:
        made = [daly(chance.randrange(0x90, 0x99), chance.randbytes(8)) for _ in range(800)]
        request = daly_frames.read_request(0x90)
    source = b"".join(request + each for each in made)
    good = 0
    for number in range(10_000):
        raw = mutated(source, chance, (b"\xdd", b"\xa5", b"\x77", request))
        parser = make()
        found = parse(parser, raw)
        good += parser.good
        assert all(spelled(reply) in raw for reply in found)
        if number % 50 == 0:
            assert parse(make(), raw, list(range(1, len(raw)))) == found
    assert good > 200_000


def test_a_capture_kept_as_text_is_spelled_out() -> None:
    text = b">>> DD:A5:03:00:FF:FD:77 <<< dd 04 00\r\n0F"
    for cut in range(2, len(text)):
        capture = HexText()
        assert capture.feed(text[:cut]) + capture.feed(text[cut:]) == bytes.fromhex("DDA50300FFFD77 DD0400 0F"), cut


def test_bytes_stay_bytes() -> None:
    for raw in (FRAMES[0], FRAMES[1], b"JBD-SP04S034", b"\x00", b"A"):
        assert HexText().feed(raw) == raw

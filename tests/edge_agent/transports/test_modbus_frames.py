"""Modbus RTU frames: the standard's examples, and nothing believed that does not fit its request."""

from __future__ import annotations

import pytest

from edge_agent.transports.crc import crc16
from edge_agent.transports.modbus_frames import (
    Answer,
    Refused,
    Request,
    answer_in,
    asked_by_another,
    device_id_request,
    read_request,
    write_request,
)
from tests.edge_agent.modbus_crc import crc_of, framed, words_reply

ASKED = read_request(1, 4, 0x331A, 3)


@pytest.mark.parametrize(
    ("request_", "frame"),
    [
        # From the capture's own bytes and the standard's examples of each function.
        (read_request(1, 4, 0x331A, 3), "01 04 33 1A 00 03 9E 88"),
        (read_request(1, 3, 0x9013, 3), "01 03 90 13 00 03 D9 0E"),
        (read_request(1, 2, 0x2000, 1), "01 02 20 00 00 01 B2 0A"),
        (read_request(0x11, 1, 0x0013, 0x25), "11 01 00 13 00 25 0E 84"),
        (write_request(1, 5, 2, (1,)), "01 05 00 02 FF 00 2D FA"),
        (write_request(0x11, 6, 0x0001, (3,)), "11 06 00 01 00 03 9A 9B"),
        (write_request(1, 16, 0x9013, (0x3035, 0x1300, 0x0F06)), "01 10 90 13 00 03 06 30 35 13 00 0F 06 E2 9A"),
        (device_id_request(1, 1), "01 2B 0E 01 00 70 77"),
        (device_id_request(1, 2), "01 2B 0E 02 00 70 87"),
    ],
)
def test_requests_are_the_standards_bytes(request_: Request, frame: str) -> None:
    assert request_.raw == bytes.fromhex(frame)


def test_the_crc_is_the_standards() -> None:
    for content in (b"", b"123456789", bytes(range(256))):
        assert crc16(content) == crc_of(content)


@pytest.mark.parametrize(
    "make",
    [
        lambda: read_request(0, 4, 0, 1),
        lambda: read_request(248, 4, 0, 1),
        lambda: read_request(1, 5, 0, 1),
        lambda: read_request(1, 4, 0, 126),
        lambda: read_request(1, 4, 0, 0),
        lambda: read_request(1, 4, 0xFFFF, 2),
        lambda: read_request(1, 1, 0, 2001),
        lambda: write_request(1, 5, 0, (2,)),
        lambda: write_request(1, 6, 0, (0x10000,)),
        lambda: write_request(1, 6, 0, (1, 2)),
        lambda: write_request(1, 16, 0, ()),
        lambda: write_request(1, 16, 0, (0,) * 124),
        lambda: write_request(1, 3, 0, (1,)),
    ],
)
def test_what_no_slave_can_answer_is_not_asked(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


def test_words_are_read_high_byte_first() -> None:
    raw = bytes.fromhex("01 04 06 04 FC FF FD FF FF 91 57")
    assert answer_in(ASKED, raw, False) == Answer((0x04FC, 0xFFFD, 0xFFFF))


def test_bits_are_read_low_bit_first() -> None:
    reply = framed("11 01 05 CD 6B B2 0E 1B")
    answer = answer_in(read_request(0x11, 1, 0x13, 0x25), reply, False)
    assert isinstance(answer, Answer)
    assert answer.words[:8] == (1, 0, 1, 1, 0, 0, 1, 1)
    assert len(answer.words) == 0x25


def test_a_reply_is_found_between_noise_an_echo_and_other_slaves_frames() -> None:
    good = words_reply(1, 4, 1, 2, 3)
    around = b"\x00\x01\x04" + ASKED.raw + words_reply(2, 4, 7, 8, 9) + framed("01 43 02 01 02")
    assert answer_in(ASKED, around + good + b"\x01", True) == Answer((1, 2, 3))


@pytest.mark.parametrize(
    "reply",
    [
        words_reply(2, 4, 1, 2, 3),
        words_reply(1, 3, 1, 2, 3),
        words_reply(1, 4, 1, 2),
        words_reply(1, 4, 1, 2, 3, 4),
        words_reply(1, 4, 1, 2, 3)[:-1],
        words_reply(1, 4, 1, 2, 3)[:-1] + b"\x00",
        words_reply(1, 4, 1, 2, 3)[1:],
        framed("02 84 02"),
        framed("01 83 02"),
        b"",
    ],
)
def test_what_does_not_fit_the_request_is_no_answer(reply: bytes) -> None:
    assert answer_in(ASKED, reply, False) is None


def test_no_single_changed_bit_passes() -> None:
    good = words_reply(1, 4, 1276, 0xFFFD, 0xFFFF)
    for bit in range(len(good) * 8):
        spoilt = bytearray(good)
        spoilt[bit // 8] ^= 1 << bit % 8
        assert answer_in(ASKED, bytes(spoilt), False) is None


def test_an_exception_names_its_code() -> None:
    assert answer_in(ASKED, framed("01 84 02"), False) == Refused(2)


def test_a_write_is_confirmed_by_its_own_words_twice_where_the_line_echoes() -> None:
    one, many = write_request(1, 6, 2, (5,)), write_request(1, 16, 2, (5, 6))
    assert answer_in(one, one.raw, False) == Answer()
    assert answer_in(one, one.raw, True) is None
    assert answer_in(one, one.raw * 2, True) == Answer()
    assert answer_in(many, many.raw, True) is None
    assert answer_in(many, many.raw + framed("01 10 00 02 00 02"), True) == Answer()


def test_a_device_identification_is_read_object_by_object() -> None:
    raw = bytes.fromhex(
        "01 2B 0E 01 01 00 00 03 00 15 45 50 73 6F 6C 61 72 20 54 65 63 68 20 63 6F 2E 2C 20 4C 74 64 01"
        "0C 54 72 61 63 65 72 32 32 31 35 42 4E 02 0D 56 30 32 2E 30 35 2B 56 30 37 2E 31 32 D7 D8"
    )
    answer = answer_in(device_id_request(1, 1), device_id_request(1, 1).raw + raw, True)
    assert answer == Answer(objects={0: "EPsolar Tech co., Ltd", 1: "Tracer2215BN", 2: "V02.05+V07.12"})
    for length in range(len(raw)):
        assert answer_in(device_id_request(1, 1), raw[:length], False) is None


def test_another_masters_question_to_the_same_slave_is_seen() -> None:
    assert asked_by_another(ASKED, ASKED.raw + read_request(1, 4, 0x3200, 3).raw)
    assert not asked_by_another(ASKED, ASKED.raw + read_request(2, 4, 0x3200, 3).raw + words_reply(1, 4, 1, 2, 3))

"""Listening to a bus: a reply belongs to the request right before it, or to nobody."""

from __future__ import annotations

import random

import pytest

from edge_agent.transports.modbus_frames import Answer, Refused, device_id_request, read_request, write_request
from edge_agent.transports.modbus_listener import Exchange, ModbusListener
from tests.edge_agent.modbus_crc import crc_of, framed, words_reply

ONE, OTHER = read_request(1, 4, 0x331A, 3), read_request(1, 4, 0x3200, 3)
REPLY = words_reply(1, 4, 1276, 0xFFFD, 0xFFFF)


def heard(raw: bytes) -> tuple[list[Exchange], int, int, int]:
    listener = ModbusListener()
    return listener.feed(raw), listener.good, listener.bad, listener.foreign


def test_a_request_and_its_reply_are_an_exchange() -> None:
    assert heard(ONE.raw + REPLY) == ([Exchange(ONE, Answer((1276, 0xFFFD, 0xFFFF)))], 1, 0, 0)


def test_refusals_writes_and_identities_are_exchanges() -> None:
    write, who = write_request(1, 16, 0x9013, (1, 2, 3)), device_id_request(1, 2)
    identity = framed("01 2B 0E 02 01 00 00 01 03 02 41 42")
    raw = ONE.raw + framed("01 84 02") + write.raw + framed("01 10 90 13 00 03") + who.raw + identity
    exchanges, good, bad, _ = heard(raw)
    assert [each.outcome for each in exchanges] == [Refused(2), Answer(), Answer(objects={3: "AB"})]
    assert (good, bad) == (3, 0)


def test_an_echoed_request_is_one_request() -> None:
    assert heard(ONE.raw * 2 + REPLY)[1:] == (1, 0, 0)


def test_makers_frames_are_passed_over_and_counted() -> None:
    raw = framed("01 43 90 1E 00 4D") + ONE.raw + REPLY + framed("01 43 02 9A 1A") + framed("F8 45 00 01 01 F8")
    assert heard(raw)[1:] == (1, 0, 3)


def test_a_torn_reply_and_its_repetition_are_told_apart() -> None:
    exchanges, good, bad, _ = heard(ONE.raw + REPLY[:6] + ONE.raw + REPLY)
    assert (len(exchanges), good, bad) == (1, 1, 1)


@pytest.mark.parametrize("between", [b"\x00", OTHER.raw, framed("01 43 90 1E 00 4D")])
def test_a_reply_that_does_not_stand_right_behind_its_request_belongs_to_nobody(between: bytes) -> None:
    exchanges = heard(ONE.raw + between + REPLY)[0]
    assert all(each.request == OTHER for each in exchanges)


def test_the_result_does_not_depend_on_how_the_bytes_were_cut() -> None:
    chance = random.Random(5)
    raw = (ONE.raw + REPLY + chance.randbytes(9) + OTHER.raw + words_reply(1, 4, 0, 1, 1) + ONE.raw + REPLY[:7]) * 20
    whole = heard(raw)
    listener, found, at = ModbusListener(), [], 0
    while at < len(raw):
        size = chance.randint(1, 40)
        found += listener.feed(raw[at : at + size])
        at += size
    assert (found, listener.good, listener.bad, listener.foreign) == whole


def test_ten_thousand_mutated_recordings_give_no_word_that_no_sound_frame_holds() -> None:
    chance = random.Random(331)
    good = b"".join(
        request.raw + words_reply(1, 4, *(chance.randrange(65_536) for _ in range(3))) for request in (ONE, OTHER, ONE)
    )
    understood = 0
    for _ in range(10_000):
        raw = bytearray(good)
        for _change in range(chance.randint(1, 4)):
            at = chance.randrange(len(raw))
            kind = chance.randrange(3)
            if kind == 0:
                raw[at] = chance.randrange(256)
            elif kind == 1:
                del raw[at : at + chance.randint(1, 5)]
            else:
                raw[at:at] = chance.randbytes(chance.randint(1, 5))
        for each in heard(bytes(raw))[0]:
            understood += 1
            assert isinstance(each.outcome, Answer)
            body = b"".join(word.to_bytes(2, "big") for word in each.outcome.words)
            frame = bytes((1, 4, len(body))) + body
            frame += crc_of(frame).to_bytes(2, "little")
            assert each.request.raw + frame in raw, "the reply stands, sound, right behind its request"
    assert understood > 5_000


def test_noise_is_bounded_work_and_memory() -> None:
    listener = ModbusListener()
    assert listener.feed(random.Random(1).randbytes(200_000)) == []
    assert len(listener._rest) <= 256
    assert listener.feed(ONE.raw + REPLY) == [Exchange(ONE, Answer((1276, 0xFFFD, 0xFFFF)))]

"""The bus: one request at a time, in turns, with gaps; late, torn and foreign bytes never become a value."""

from __future__ import annotations

import random

import pytest

from edge_agent.transports.modbus_frames import Answer, Refused, read_request, write_request
from edge_agent.transports.modbus_rtu import (
    FOREIGN_GAP_MS,
    GAP_MS,
    LATE_MS,
    RECEIVED_MAX,
    TIMEOUT_MS,
    TRIES,
    ModbusBus,
    ModbusClient,
    Silent,
)
from edge_agent.transports.shared_line import SharedLine, client_on, lines_of
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.modbus_crc import framed, words_reply

ONE, OTHER, LONGER = read_request(1, 4, 0, 2), read_request(1, 4, 8, 2), read_request(1, 4, 0, 3)


class Wire:
    """A bus on a held line, with a clock that the test moves."""

    def __init__(self) -> None:
        self.line = HeldLine()
        self.line.open()
        self.bus = ModbusBus(self.line)
        self.client = self.bus.client(1)
        self.now_ms = 1_000

    def turn(self, arrived: bytes = b"", after_ms: int = 0, client: ModbusClient | None = None) -> object:
        self.now_ms += after_ms
        self.line.arrived += arrived
        return (client or self.client).take(self.now_ms)

    def written(self) -> bytes:
        written, self.line.written = self.line.written, b""
        return written


def test_a_request_is_written_at_once_and_its_reply_collected_later() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    assert wire.written() == ONE.raw
    assert wire.turn() is None
    assert wire.turn(words_reply(1, 4, 7, 8), 50) == Answer((7, 8))
    assert wire.turn() is None, "an outcome is given once"


def test_a_reply_may_come_byte_by_byte() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    *torn, last = words_reply(1, 4, 7, 8)
    assert [wire.turn(bytes((byte,)), 30) for byte in torn] == [None] * len(torn)
    assert wire.turn(bytes((last,)), 30) == Answer((7, 8))


def test_silence_is_asked_again_and_then_told() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    outcomes = [wire.turn(after_ms=100) for _ in range(TRIES * (TIMEOUT_MS + GAP_MS) // 100 + TRIES)]
    assert wire.written() == ONE.raw * TRIES
    assert [outcome for outcome in outcomes if outcome] == [Silent(garbled=False)]
    assert wire.client.counts["retried"] == TRIES - 1


def test_a_device_that_was_silent_is_asked_only_once_the_next_time() -> None:
    wire = Wire()
    for tries in (TRIES, 1):
        wire.client.ask(ONE, wire.now_ms)
        while wire.turn(after_ms=100) is None:
            pass
        assert wire.written() == ONE.raw * tries
        wire.turn(after_ms=GAP_MS)


def test_a_torn_reply_is_told_as_garbled_and_never_completed_by_the_next_one() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    reply = words_reply(1, 4, 7, 8)
    assert wire.turn(reply[:5], 100) is None
    assert wire.turn(after_ms=TIMEOUT_MS) is None
    wire.turn(after_ms=GAP_MS)
    assert wire.turn(reply[5:], 10) is None
    assert wire.turn(reply, 10) == Answer((7, 8))


def test_a_reply_that_the_agent_looks_at_late_still_counts() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    assert wire.turn(words_reply(1, 4, 7, 8), 30_000) == Answer((7, 8))


def test_a_late_reply_is_never_taken_for_another_requests_of_the_same_shape() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    while not isinstance(wire.turn(after_ms=500), Silent):
        pass
    wire.written()
    wire.client.ask(OTHER, wire.now_ms)
    assert wire.turn(words_reply(1, 4, 7, 8), 100) is None, "the reply to ONE"
    assert wire.written() == b"", "nothing is asked to which it could be the answer"
    wire.turn(after_ms=LATE_MS)
    assert wire.written() == OTHER.raw


def test_the_second_reply_of_a_repeated_request_answers_nothing_else() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    wire.turn(after_ms=TIMEOUT_MS)
    wire.turn(after_ms=GAP_MS)
    assert wire.turn(words_reply(1, 4, 7, 8), 10) == Answer((7, 8))
    wire.client.ask(OTHER, wire.now_ms)
    assert wire.turn(words_reply(1, 4, 7, 8), GAP_MS) is None
    wire.client.ask(LONGER, wire.now_ms)
    assert wire.turn(after_ms=FOREIGN_GAP_MS) is None
    assert wire.written() == ONE.raw * 2 + LONGER.raw, "another shape need not wait"


def test_before_a_request_the_line_is_silent() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    wire.turn(words_reply(1, 4, 7, 8), 50)
    wire.written()
    wire.client.ask(OTHER, wire.now_ms)
    assert wire.turn(after_ms=GAP_MS - 1) is None
    assert wire.written() == b""
    wire.turn(after_ms=1)
    assert wire.written() == OTHER.raw


def test_another_masters_traffic_is_waited_out() -> None:
    wire = Wire()
    wire.turn(framed("01 43 31 00 00 1B"))
    wire.client.ask(ONE, wire.now_ms)
    assert wire.turn(framed("01 43 02 04 0F"), FOREIGN_GAP_MS - 1) is None
    assert wire.written() == b""
    wire.turn(after_ms=FOREIGN_GAP_MS)
    assert wire.written() == ONE.raw
    assert wire.bus.unasked_bytes == 15


def test_makers_frames_around_a_reply_do_not_disturb_it() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    foreign = framed("01 43 31 00 00 1B") + framed("01 43 04 0F FF 01 04") + framed("01 2B 0E 01 00")
    assert wire.turn(foreign, 10) is None
    assert wire.turn(words_reply(1, 4, 7, 8) + foreign, 10) == Answer((7, 8))


def test_a_reply_after_another_masters_question_may_be_his() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    assert wire.turn(OTHER.raw + words_reply(1, 4, 7, 8), 10) is None
    wire.turn(after_ms=FOREIGN_GAP_MS)
    assert wire.written() == ONE.raw * 2
    assert wire.turn(words_reply(1, 4, 1, 2), 10) == Answer((1, 2))
    assert wire.client.counts["foreign"] == 1


def test_another_slaves_reply_is_not_taken() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    assert wire.turn(words_reply(2, 4, 7, 8), 10) is None


def test_an_exception_is_an_outcome_and_a_busy_device_is_asked_again() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    assert wire.turn(framed("01 84 02"), 10) == Refused(2)
    wire.turn(after_ms=GAP_MS)
    wire.written()
    wire.client.ask(ONE, wire.now_ms)
    assert wire.turn(framed("01 84 06"), 10) is None
    wire.turn(after_ms=TIMEOUT_MS)
    assert wire.written() == ONE.raw * 2


def test_a_write_waits_until_the_lines_echo_is_known() -> None:
    wire = Wire()
    write = write_request(1, 6, 2, (5,))
    with pytest.raises(ValueError, match="read something first"):
        wire.client.ask(write, wire.now_ms)
    wire.client.ask(ONE, wire.now_ms)
    wire.turn(ONE.raw + words_reply(1, 4, 7, 8), 10)
    assert wire.bus.echoes is True
    wire.client.ask(write, wire.now_ms)
    wire.turn(after_ms=GAP_MS)
    assert wire.turn(write.raw, 10) is None
    assert wire.turn(write.raw, 10) == Answer()


def test_two_devices_take_turns_and_each_gets_its_own_reply() -> None:
    wire = Wire()
    second = wire.bus.client(2)
    wire.client.ask(ONE, wire.now_ms)
    second.ask(read_request(2, 4, 0, 2), wire.now_ms)
    assert wire.written() == ONE.raw
    assert wire.turn(words_reply(1, 4, 7, 8), 10, second) is None
    wire.client.ask(ONE, wire.now_ms)
    wire.turn(after_ms=GAP_MS)
    assert wire.written() == read_request(2, 4, 0, 2).raw, "the second is not overtaken"
    assert wire.turn(words_reply(2, 4, 3, 4), 10, second) == Answer((3, 4))


def test_a_dead_device_holds_the_other_up_for_its_timeouts_only() -> None:
    wire = Wire()
    alive = wire.bus.client(2)
    wire.client.ask(ONE, wire.now_ms)
    alive.ask(read_request(2, 4, 0, 2), wire.now_ms)
    began_ms = wire.now_ms
    while read_request(2, 4, 0, 2).raw not in wire.line.written:
        wire.turn(after_ms=20)
    assert wire.now_ms - began_ms <= TRIES * (TIMEOUT_MS + 2 * GAP_MS)


def test_a_client_that_forgets_gets_nothing_of_its_old_request() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    wire.client.reset(wire.now_ms)
    assert wire.turn(words_reply(1, 4, 7, 8), 10) is None
    wire.client.ask(LONGER, wire.now_ms)
    wire.turn(after_ms=FOREIGN_GAP_MS)
    assert wire.turn(words_reply(1, 4, 1, 2, 3), 10) == Answer((1, 2, 3))


def test_a_babbling_line_takes_no_memory() -> None:
    wire = Wire()
    wire.client.ask(ONE, wire.now_ms)
    for _ in range(20):
        wire.turn(b"\x01\x04" * 5_000, 10)
    assert len(wire.bus._received) == RECEIVED_MAX


def test_ten_thousand_mutated_replies_give_the_true_words_or_none() -> None:
    chance = random.Random(20_150_619)
    truth = (1276, 0xFFFD)
    good = ONE.raw + words_reply(1, 4, *truth)
    answered = 0
    for _ in range(10_000):
        wire = Wire()
        wire.client.ask(ONE, wire.now_ms)
        raw = bytearray(good * chance.randint(1, 2))
        for _change in range(chance.randint(1, 4)):
            at = chance.randrange(len(raw))
            match chance.randrange(4):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randint(1, 4)]
                case 2:
                    raw[at:at] = chance.randbytes(chance.randint(1, 4))
                case _:
                    raw[at:at] = raw[at : at + chance.randint(1, 9)]
        outcome = wire.turn(bytes(raw), 10)
        assert outcome in (None, Answer(truth))
        answered += outcome is not None
    assert 1_000 < answered < 9_000, "mutations that spoil everything, or nothing, would prove nothing"


def test_a_shared_line_is_opened_by_the_first_and_closed_by_the_last() -> None:
    line = HeldLine()
    shared = SharedLine(line)
    first, second = shared.seat(), shared.seat()
    first.open()
    second.open()
    assert line.opened == 1
    first.close()
    assert line.is_open
    second.close()
    assert not line.is_open


def test_devices_on_one_port_share_a_bus_and_others_have_their_own() -> None:
    made: list[str] = []

    def make(port: str) -> HeldLine:
        made.append(port)
        return HeldLine()

    lines = lines_of([("a", "/dev/one"), ("b", "/dev/one"), ("c", "/dev/two")], make)
    assert sorted(made) == ["/dev/one", "/dev/two"]
    assert client_on(lines["a"], 1)._bus is client_on(lines["b"], 2)._bus
    assert client_on(lines["a"], 1)._bus is not client_on(lines["c"], 1)._bus
    assert isinstance(lines["c"], HeldLine)

"""The board's driver: nothing is acknowledged before it is on disk, and no press is reported twice or lost."""

from __future__ import annotations

import random
import re

import pytest

from edge_agent.drivers.base import AGE_UNKNOWN, PortClosed, PortOpened, Press
from edge_agent.drivers.board_decoder import BoardDecoder
from edge_agent.drivers.board_frames import press_id
from edge_agent.drivers.charging_board import (
    ANSWERS_KEPT,
    ASK_EVERY_MS,
    PENDING_MAX,
    STALE_MS,
)
from edge_agent.transports.base import LineError
from edge_agent.transports.board_line import BoardLineParser, frame_bytes
from kiosk.metric import CATALOGUE
from tests.edge_agent.drivers.board_bench import BOOT, HELLO, ID, NEXT_BOOT, PAGE, Bench
from tests.edge_agent.drivers.streams import mutated


def test_the_pages_example_gives_the_pages_press_id() -> None:
    assert press_id(ID, BOOT, 1) == "5cfa4bfcd70ff4de03ea2689b3ee312a"
    assert press_id(ID, BOOT, 1) in PAGE.read_text(encoding="utf-8")


def test_opening_asks_who_is_there() -> None:
    assert Bench(greeted=False).heard() == [("HELLO?",)]


def test_a_press_is_reported_once_and_nothing_is_said_before_it_is_answered() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0, seq=7)
    bench.say("PRESS", BOOT, 1, "B", 2000, seq=7)
    assert bench.driver.events() == [Press(press_id(ID, BOOT, 1), "B", 0, BOOT, 1)]
    assert bench.driver.events() == []
    assert bench.heard() == []
    assert bench.driver.counters()["repeated"] == 1


def test_an_accepted_press_is_done() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0)
    bench.driver.answer(bench.driver.events()[0], accepted=True)
    assert bench.heard() == [("DONE", BOOT, "1")]


def test_a_refused_press_says_why() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0)
    bench.driver.answer(bench.driver.events()[0], False, "no-tariff")
    assert bench.heard() == [("REFUSED", BOOT, "1", "no-tariff")]


def test_an_answered_press_that_comes_again_is_answered_alike_and_not_reported() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0)
    bench.driver.answer(bench.driver.events()[0], False, "storage")
    first = bench.line.written
    bench.line.written = b""
    bench.say("PRESS", BOOT, 1, "B", 2000)
    assert bench.line.written == first
    assert bench.driver.events() == []


def test_ports_are_acknowledged_by_the_first_four_items_of_their_frame() -> None:
    bench = Bench()
    bench.say("OPEN", BOOT, 1, 3, 0, seq=2)
    bench.say("CLOSE", BOOT, 1, 3, 7200, 9500, 4, seq=9)
    opened, closed = bench.driver.events()
    assert opened == PortOpened(session=1, port=3, age_ms=0, board_boot=BOOT)
    assert closed == PortClosed(session=1, port=3, duration_s=7200, energy_mwh=9500, age_ms=4, board_boot=BOOT)
    bench.driver.answer(opened, accepted=True)
    bench.driver.answer(closed, accepted=True)
    assert bench.heard() == [("ACK", "2", "OPEN", BOOT, "1"), ("ACK", "9", "CLOSE", BOOT, "1")]
    bench.say("OPEN", BOOT, 1, 3, 2000, seq=2)
    bench.say("OPEN", BOOT, 1, 3, AGE_UNKNOWN, seq=1)
    assert bench.heard() == [("ACK", "2", "OPEN", BOOT, "1"), ("ACK", "1", "OPEN", BOOT, "1")]


def test_an_old_press_keeps_its_name_after_the_boards_power_up() -> None:
    bench = Bench()
    bench.say("HELLO", ID, NEXT_BOOT, "1.0.0", 10, 4, 0, 3)
    bench.say("PRESS", BOOT, 2, "A", AGE_UNKNOWN)
    (press,) = bench.driver.events()
    assert press == Press(press_id(ID, BOOT, 2), "A", AGE_UNKNOWN, BOOT, 2)
    bench.driver.answer(press, False, "till-closed")
    assert bench.heard() == [("REFUSED", BOOT, "2", "till-closed")]


def test_an_event_of_a_board_that_has_not_said_its_name_waits() -> None:
    bench = Bench(greeted=False)
    bench.heard()
    bench.now_ms = ASK_EVERY_MS
    for number in range(1, 30):
        bench.say("PRESS", BOOT, number, "A", 0)
    assert bench.driver.events() == []
    assert bench.heard() == [("HELLO?",)], "asked once, not once a frame"
    bench.say("HELLO", *HELLO)
    bench.say("PRESS", BOOT, 1, "A", 2000)
    assert [event.board_press for event in bench.driver.events() if isinstance(event, Press)] == [1]


def test_an_agent_that_was_killed_before_the_answer_gets_the_press_again() -> None:
    first = Bench()
    first.say("PRESS", BOOT, 1, "B", 0)
    (press,) = first.driver.events()
    assert first.heard() == []
    second = Bench()
    second.say("PRESS", BOOT, 1, "B", 9000)
    (again,) = second.driver.events()
    assert isinstance(press, Press)
    assert isinstance(again, Press)
    assert again.press_id == press.press_id


def test_an_answer_that_met_a_lost_line_is_given_when_the_press_comes_again() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0)
    (press,) = bench.driver.events()
    bench.line.plugged = False
    with pytest.raises(LineError):
        bench.driver.answer(press, accepted=True)
    bench.line.plugged = True
    bench.driver.opened(5_000)
    bench.say("HELLO", *HELLO)
    bench.heard()
    bench.say("PRESS", BOOT, 1, "B", 6000)
    assert bench.heard() == [("DONE", BOOT, "1")]
    assert bench.driver.events() == []


def test_a_line_opened_again_numbers_its_frames_from_0() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0)
    bench.driver.answer(bench.driver.events()[0], accepted=True)
    bench.line.written = b""
    bench.driver.opened(9_000)
    bench.say("HELLO", *HELLO)
    bench.say("PRESS", BOOT, 1, "B", 9000)
    assert [frame.seq for frame in BoardLineParser().feed(bench.line.written)] == [0, 1]


def test_the_meter_is_a_reading() -> None:
    bench = Bench()
    bench.say("METER", BOOT, 184203, 5250, "2c", 9128, 3, 2, 0)
    reading = bench.driver.read(0)
    assert reading is not None
    assert reading.serial == ID
    assert reading.values == {
        "shelf_energy_total_wh": 184203,
        "shelf_power_w": 53,
        "shelf_sessions_total": 9128,
        "shelf_ports_busy": 3,
    }
    assert set(bench.driver.metrics) == set(reading.values) <= set(CATALOGUE)
    assert bench.driver.counters()["presses_not_taken"] == 3
    assert bench.driver.counters()["frames_dropped"] == 2


def test_a_meter_grows_stale() -> None:
    bench = Bench()
    bench.say("METER", BOOT, 1, 0, "0", 1, 0, 0, 0)
    assert bench.driver.read(STALE_MS) is not None
    assert bench.driver.read(STALE_MS + 1) is None


def test_a_meter_under_another_boot_asks_who_is_there() -> None:
    bench = Bench()
    bench.now_ms = 60_000
    bench.say("METER", NEXT_BOOT, 1, 0, "0", 1, 0, 0, 0)
    assert bench.heard() == [("HELLO?",)]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("PRESS", (BOOT, 1, "B")),
        ("PRESS", (BOOT, 0, "B", 0)),
        ("PRESS", (BOOT, "01", "B", 0)),
        ("PRESS", (BOOT, 1, "E", 0)),
        ("PRESS", (BOOT, 1, "b", 0)),
        ("PRESS", (BOOT, 1, "B", -2)),
        ("PRESS", (BOOT.upper(), 1, "B", 0)),
        ("OPEN", (BOOT, 1, 11, 0)),
        ("OPEN", (BOOT, 1, 0, 0)),
        ("CLOSE", (BOOT, 1, 3, "x", 5, 0)),
        ("METER", (BOOT, 1, 0, "0F", 1, 0, 0, 0)),
        ("METER", (BOOT, 1, 0, "0", 1, 0, 0)),
        ("HELLO", (ID, BOOT, "1.0.0", 33, 4, 0, 0)),
        ("HELLO", (ID, BOOT, "12345678901234567", 10, 4, 0, 0)),
    ],
)
def test_an_impossible_frame_is_ignored_and_counted(kind: str, fields: tuple[str | int, ...]) -> None:
    bench = Bench()
    bench.say(kind, *fields)
    assert bench.driver.events() == []
    assert bench.driver.read(0) is None
    assert bench.heard() == []
    assert bench.driver.counters()["refused"] == 1


def test_an_unknown_type_is_counted_apart() -> None:
    bench = Bench()
    bench.say("WEATHER", 1)
    assert bench.driver.counters()["unknown"] == 1


def test_fields_that_a_later_firmware_appends_are_ignored() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "B", 0, "new")
    assert len(bench.driver.events()) == 1


def test_a_board_gone_mad_takes_no_memory() -> None:
    bench = Bench()
    for number in range(1, PENDING_MAX + 50):
        bench.say("PRESS", BOOT, number, "A", 0)
    events = bench.driver.events()
    assert len(events) == PENDING_MAX
    for event in events:
        bench.driver.answer(event, accepted=True)
    for number in range(PENDING_MAX + 1, PENDING_MAX + ANSWERS_KEPT):
        bench.say("PRESS", BOOT, number, "A", 0)
        bench.driver.answer(bench.driver.events()[0], accepted=True)
    assert len(bench.driver._answered) == ANSWERS_KEPT


def test_an_answer_must_make_sense() -> None:
    bench = Bench()
    bench.say("PRESS", BOOT, 1, "A", 0)
    bench.say("OPEN", BOOT, 1, 3, 0)
    press, opened = bench.driver.events()
    for event, accepted, reason in (
        (press, False, ""),
        (press, True, "void"),
        (press, False, "no"),
        (opened, False, "void"),
    ):
        with pytest.raises(ValueError):
            bench.driver.answer(event, accepted, reason)


def test_the_decoder_reads_the_pages_example() -> None:
    lines = re.findall(r"^    [<>] (\$.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    decoder = BoardDecoder()
    rows = decoder.feed("".join(f"{line}\r\n" for line in lines).encode("ascii"))
    assert (decoder.good, decoder.bad, decoder.hex) == (len(lines), 0, 0)
    assert rows[1] == {
        "seq": 1,
        "type": "PRESS",
        "press_id": "5cfa4bfcd70ff4de03ea2689b3ee312a",
        "board_boot_id": BOOT,
        "press_number": 1,
        "button": "B",
        "age_ms": 0,
    }
    assert rows[2] == {"seq": 0, "type": "ACK", "fields": ["1", "PRESS", BOOT, "1"]}


def test_the_decoder_counts_impossible_frames_as_bad() -> None:
    decoder = BoardDecoder()
    assert decoder.feed(frame_bytes(0, "PRESS", (BOOT, 0, "B", 0))) == []
    assert (decoder.good, decoder.bad) == (0, 1)


@pytest.mark.slow
def test_mutated_streams_crash_nothing_and_sell_no_press_that_was_not_sent() -> None:
    chance = random.Random(83)
    frames, named = [frame_bytes(0, "HELLO", HELLO)], set()
    for number in range(1, 240):
        named.add((BOOT, number))
        button, port, spent = chance.choice("ABCD"), chance.randrange(1, 11), chance.randrange(9_000)
        frames.append(frame_bytes(4 * number, "PRESS", (BOOT, number, button, spent)))
        frames.append(frame_bytes(4 * number + 1, "OPEN", (BOOT, number, port, spent)))
        frames.append(frame_bytes(4 * number + 2, "METER", (BOOT, number * 9, 4_000, "3", number, 0, 0, 0)))
    source, told, read = b"".join(frames), 0, 0
    for _ in range(10_000):
        bench = Bench()
        bench.line.arrived = raw = mutated(source, chance, (b"\r\n", b"$", b",PRESS,"), window_bytes=700)
        reading = bench.driver.read(10)
        for event in bench.driver.events():
            told += 1
            assert (event.board_boot, event.board_press if isinstance(event, Press) else event.session) in named
        if reading is not None:
            read += 1
            assert reading.values["shelf_energy_total_wh"] % 9 == 0
        BoardDecoder().feed(raw)
    assert told > 50_000
    assert read > 9_000

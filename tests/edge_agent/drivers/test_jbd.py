"""JBD: the recording decodes to what its bytes say, read by hand; a BMS that sleeps, lies, is off or is swapped."""

from __future__ import annotations

import random

import pytest

from edge_agent.drivers.asked import EVERY_MS, STALE_MS
from edge_agent.drivers.jbd import Jbd, JbdDecoder
from edge_agent.transports.jbd_frames import read_request
from edge_agent.transports.round import PATIENCE_MS
from firmware_sim.bench import Surroundings
from firmware_sim.devices.jbd_bms import JbdBms
from firmware_sim.devices.mppt_history import Sense
from kiosk.metric import CATALOGUE
from kiosk.reading import Reading
from tests.edge_agent.drivers.streams import mutated
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.recordings import recording
from tests.edge_agent.transports.test_bms_frames import jbd

NOON = Sense(13_240, 2_500, 35_110, 41_000, 300, 4_000, load_on=True, stage=3, limited=False)
EVENING = Sense(12_480, -1_704, 12, 0, 1_700, 21_200, load_on=True, stage=0, limited=False)
STATE = bytes.fromhex("0618 0000 01F2 01F4 0000 2C7C 0000 0000 0000 80 64 03 04 03 0B8B 0B8A 0B84")
"""The recording's first reply: 0x0618 is 15.60 V, 0x0B8B - 2731 is 22.4 °C, 0x2C7C is 28 March 2022."""


class Line(HeldLine):
    """A line with a simulated BMS on it."""

    def __init__(self, device: JbdBms) -> None:
        super().__init__()
        self.open()
        self.device = device
        self.questions: list[bytes] = []

    def write(self, raw: bytes) -> None:
        self.questions.append(raw)
        self.arrived += self.device.receive(raw)


def turn(driver: Jbd, from_ms: int, turns: int = 8, step_ms: int = 100) -> Reading | None:
    reading = None
    for number in range(turns):
        reading = driver.read(from_ms + number * step_ms)
    return reading


def sensed(sense: Sense, soc: float = 0.684) -> JbdBms:
    device = JbdBms()
    device.run(1_000, Surroundings(sense, soc, 31.2, 96.5, 0))
    return device


def test_the_recording_decodes_to_what_its_bytes_say() -> None:
    decoder = JbdDecoder()
    first, second, cells, later_cells, name, protections = decoder.feed(recording("jbd-sp04s034.txt"))
    assert (decoder.good, decoder.bad) == (6, 0)
    for row in (first, second):
        assert (row["register"], row["battery_voltage_v"], row["battery_current_a"]) == ("03", 15.6, 0)
        assert (row["battery_remaining_ah"], row["battery_capacity_ah"]) == (4.98, 5.0)
        assert (row["soc_percent"], row["battery_cycles_total"], row["cells"]) == (100.0, 0, 4)
        assert (row["bms_protection"], row["bms_switches"]) == (0, 3)
        assert (row["produced"], row["version"]) == ("2022-03-28", "8.0")
    assert (first["temperatures_c"], second["temperatures_c"]) == ([22.4, 22.3, 21.7], [22.4, 22.2, 21.7])
    assert cells["cells_v"] == [3.909, 3.901, 3.895, 3.901]
    assert later_cells["cells_v"] == [3.909, 3.902, 3.895, 3.901]
    assert name["name"] == "JBD-SP04S034-L4S-200A-B-U"
    counted = {counter: number for counter, number in protections.items() if number and counter != "register"}
    assert counted == {"cell_overvoltage": 122, "cell_undervoltage": 2, "others": "0001"}


def test_the_recorded_replies_are_one_reading() -> None:
    captured = recording("jbd-sp04s034.txt").decode("ascii").splitlines()
    replies = {bytes.fromhex(line.split("<<<")[1].replace(":", ""))[1]: line for line in reversed(captured)}
    line = HeldLine()
    line.open()
    driver = Jbd("battery", line)
    driver.opened(0)
    reading = None
    for number in range(5):
        reading = driver.read(number * 100)
        asked = line.written[-5] if line.written else 0
        line.written = b""
        if asked:
            line.arrived = bytes.fromhex(replies[asked].split("<<<")[1].replace(":", ""))
    assert reading == Reading(
        "battery",
        {
            "battery_voltage_v": 1560,
            "battery_current_a": 0,
            "soc_percent": 1000,
            "battery_temperature_c": 224,
            "battery_remaining_ah": 498,
            "battery_capacity_ah": 500,
            "battery_cycles_total": 0,
            "cell_voltage_min_v": 3895,
            "cell_voltage_max_v": 3909,
            "bms_protection": 0,
            "bms_switches": 3,
            "bms_protections_total": 124,
        },
        "220328-JBD-SP04S034-L4S-200A-B-U",
    )


def test_every_metric_of_the_driver_is_in_the_catalogue() -> None:
    assert set(Jbd.metrics) <= set(CATALOGUE)


@pytest.mark.parametrize(("sense", "current"), [(NOON, 250), (EVENING, -170)])
def test_what_the_simulated_bms_senses_is_what_the_driver_reads(sense: Sense, current: int) -> None:
    driver = Jbd("battery", Line(sensed(sense)))
    driver.opened(0)
    reading = turn(driver, 0)
    assert reading is not None
    values = reading.values
    assert (values["battery_voltage_v"], values["battery_current_a"]) == (sense.battery_mv // 10, current)
    assert (values["soc_percent"], values["battery_capacity_ah"]) == (680, 9650)
    assert values["battery_temperature_c"] == 315
    assert (values["cell_voltage_min_v"], values["cell_voltage_max_v"]) == (
        sense.battery_mv // 4 - 8,
        sense.battery_mv // 4 + 6,
    )
    assert set(values) == set(Jbd.metrics)
    assert reading.serial == "230517-JBD-SP04S028-L4S-150A-B"


def test_only_reads_are_ever_written_and_one_round_in_ten_seconds() -> None:
    line = Line(sensed(NOON))
    driver = Jbd("battery", line)
    driver.opened(0)
    for now_ms in range(0, 3 * EVERY_MS, 100):
        driver.read(now_ms)
    assert line.questions == [read_request(register) for register in (0x03, 0x04, 0xAA, 0x05)] * 3


def test_a_sleeping_bms_is_asked_twice() -> None:
    device = JbdBms(sleeps=True)
    device.run(120_000, Surroundings(NOON, 0.5, 30.0, 100.0, 0))
    line = Line(device)
    driver = Jbd("battery", line)
    driver.opened(0)
    assert turn(driver, 0, turns=5) is None
    assert turn(driver, PATIENCE_MS) is not None
    assert line.questions[:2] == [read_request(3)] * 2
    assert driver.counters()["unanswered"] == 0


def test_a_bms_that_is_off_is_asked_one_question_a_round() -> None:
    line = HeldLine()
    line.open()
    driver = Jbd("battery", line)
    driver.opened(0)
    for now_ms in range(0, 2 * EVERY_MS, 100):
        assert driver.read(now_ms) is None
    assert line.written == read_request(3) * 4
    assert driver.counters()["unanswered"] == 2


def test_a_reply_that_arrives_between_two_late_turns_is_believed() -> None:
    line = Line(sensed(NOON))
    driver = Jbd("battery", line)
    driver.opened(0)
    driver.read(0)
    assert driver.read(60_000) is not None


def test_what_was_not_asked_is_not_believed() -> None:
    line = HeldLine()
    line.open()
    driver = Jbd("battery", line)
    driver.opened(0)
    driver.read(0)
    line.arrived = jbd(4, bytes(8)) + jbd(3, STATE) + jbd(3, STATE)
    reading = driver.read(100)
    assert reading is not None
    assert "cell_voltage_min_v" not in reading.values
    assert driver.counters()["unasked"] == 2


@pytest.mark.parametrize(
    ("content", "temperature"),
    [(STATE, 224), (STATE[:-4], 224), (STATE[:-1], 224), (STATE[:23], None), (STATE + bytes(8), 224)],
)
def test_fewer_sensors_than_announced_or_more_bytes_do_no_harm(content: bytes, temperature: int | None) -> None:
    line = HeldLine()
    line.open()
    driver = Jbd("battery", line)
    driver.opened(0)
    driver.read(0)
    line.arrived = jbd(3, content)
    reading = driver.read(100)
    assert reading is not None
    assert reading.values.get("battery_temperature_c") == temperature
    assert reading.values["soc_percent"] == 1000


@pytest.mark.parametrize("reply", [jbd(3, STATE[:22]), jbd(3, b""), jbd(3, b"", 0x80)])
def test_an_answer_too_short_or_refused_is_counted_and_gives_nothing(reply: bytes) -> None:
    line = HeldLine()
    line.open()
    driver = Jbd("battery", line)
    driver.opened(0)
    driver.read(0)
    line.arrived = reply
    assert driver.read(100) is None
    assert driver.counters()["refused"] == 1


def test_the_state_of_charge_is_never_computed() -> None:
    line = HeldLine()
    line.open()
    driver = Jbd("battery", line)
    driver.opened(0)
    driver.read(0)
    line.arrived = jbd(3, STATE[:19] + bytes((37,)) + STATE[20:])
    reading = driver.read(100)
    assert reading is not None
    assert (reading.values["soc_percent"], reading.values["battery_remaining_ah"]) == (370, 498)


def test_a_reading_is_stale_after_three_rounds() -> None:
    line = Line(sensed(NOON))
    driver = Jbd("battery", line)
    driver.opened(0)
    assert turn(driver, 0) is not None
    line.device = JbdBms(sleeps=True)
    line.device.run(10**9, Surroundings(NOON, 0.5, 30.0, 100.0, 0))
    assert driver.read(100 + STALE_MS) is not None
    assert driver.read(101 + STALE_MS) is None


def test_another_bms_on_the_line_has_another_name() -> None:
    line = Line(sensed(NOON))
    driver = Jbd("battery", line)
    driver.opened(0)
    first = turn(driver, 0)
    line.device = sensed(NOON)
    line.device.made = (2024, 1, 2)
    second = turn(driver, EVERY_MS)
    assert first is not None
    assert second is not None
    assert (first.serial[:6], second.serial[:6]) == ("230517", "240102")


@pytest.mark.slow
def test_mutated_streams_crash_nothing_and_give_no_value_that_was_not_sent() -> None:
    chance = random.Random(41)
    source = b"".join(
        jbd(register, content)
        for _ in range(60)
        for register, content in (
            (3, chance.randbytes(18) + STATE[18:]),
            (4, chance.randbytes(8)),
            (0xAA, chance.randbytes(24)),
            (5, b"JBD-SP04S034"),
        )
    )
    good = 0
    for _ in range(10_000):
        line = HeldLine()
        line.open()
        driver = Jbd("battery", line)
        driver.opened(0)
        driver.read(0)
        line.arrived = raw = mutated(source, chance, (b"\xdd", b"\x77", read_request(3)))
        reading = driver.read(100)
        if reading is not None:
            good += 1
            assert reading.values["battery_voltage_v"].to_bytes(2, "big") in raw
        JbdDecoder().feed(raw)
    assert good > 9_000

"""Daly: units and offsets by the vendor's table, the sign that each site must choose, sensors, and noise."""

from __future__ import annotations

import random

import pytest

from edge_agent.config import parse
from edge_agent.drivers import create
from edge_agent.drivers.asked import EVERY_MS
from edge_agent.drivers.daly import CHARGING, DISCHARGING, Daly, DalyDecoder
from edge_agent.transports.daly_frames import read_request
from firmware_sim.bench import Surroundings
from firmware_sim.devices.daly_bms import DalyBms
from firmware_sim.devices.mppt_history import Sense
from kiosk.errors import ConfigError
from kiosk.metric import CATALOGUE
from kiosk.reading import Reading
from tests.edge_agent.drivers.streams import mutated
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.test_config import MINIMAL
from tests.edge_agent.transports.test_bms_frames import daly

NOON = Sense(13_240, 2_500, 35_110, 41_000, 300, 4_000, load_on=True, stage=3, limited=False)
EVENING = Sense(12_480, -1_700, 12, 0, 1_700, 21_200, load_on=True, stage=0, limited=False)
ANSWERS = {
    0x90: bytes.fromhex("0084 0000 7517 0320"),  # 13.2 V, 29975: 2.5 A below zero, 80.0 %
    0x91: bytes.fromhex("0CF8 01 0CE4 03 0000"),  # 3320 and 3300 mV
    0x93: bytes.fromhex("01 01 01 2A 00013880"),  # charging, both switches on, 80,000 mAh
    0x94: bytes.fromhex("04 02 00 00 00 0071 00"),  # 4 cells, 2 sensors, 113 cycles
    0x96: bytes.fromhex("01 45 47 FF00000000"),  # 29 and 31 °C; the rest is not there
}


class Line(HeldLine):
    """A line with something on it that answers questions."""

    def __init__(self, device: DalyBms | None = None, answers: dict[int, bytes] | None = None) -> None:
        super().__init__()
        self.open()
        self.device = device
        self.answers = ANSWERS if answers is None else answers
        self.questions: list[bytes] = []

    def write(self, raw: bytes) -> None:
        self.questions.append(raw)
        if self.device is not None:
            self.arrived += self.device.receive(raw)
        elif raw[2] in self.answers:
            self.arrived += daly(raw[2], self.answers[raw[2]])


def round_of(line: Line, **options: str) -> tuple[Daly, Reading | None]:
    driver = Daly("battery", line, **options)
    driver.opened(0)
    reading = None
    for now_ms in range(0, 800, 100):
        reading = driver.read(now_ms)
    return driver, reading


def test_answers_are_one_reading_in_the_catalogues_resolution() -> None:
    _, reading = round_of(Line())
    assert reading == Reading(
        "battery",
        {
            "battery_voltage_v": 1320,
            "battery_current_a": 250,
            "soc_percent": 800,
            "battery_temperature_c": 310,
            "battery_remaining_ah": 8000,
            "battery_cycles_total": 113,
            "cell_voltage_min_v": 3300,
            "cell_voltage_max_v": 3320,
            "bms_switches": 3,
        },
    )
    assert set(Daly.metrics) <= set(CATALOGUE)


@pytest.mark.parametrize(("positive_current", "current"), [(DISCHARGING, 250), (CHARGING, -250)])
def test_the_sign_is_the_sites_choice(positive_current: str, current: int) -> None:
    _, reading = round_of(Line(), positive_current=positive_current)
    assert reading is not None
    assert reading.values["battery_current_a"] == current


@pytest.mark.parametrize(("positive_current", "conflicts"), [(DISCHARGING, 0), (CHARGING, 1)])
def test_a_direction_that_the_bms_calls_otherwise_is_counted(positive_current: str, conflicts: int) -> None:
    driver, _ = round_of(Line(), positive_current=positive_current)
    assert driver.counters()["sign_conflicts"] == conflicts


def test_the_sign_is_a_key_of_the_device_in_the_configuration() -> None:
    text = MINIMAL.replace("victron-vedirect", "daly")
    for sign in (CHARGING, DISCHARGING):
        (device,) = parse(text + f'positive_current = "{sign}"\n').devices
        assert (device.options, device.baud) == ({"positive_current": sign}, 9600)
        assert create(device.driver, device.name, HeldLine(), device.options).driver_name == "daly"
    assert parse(text).devices[0].options == {}
    with pytest.raises(ConfigError, match='positive_current must be "charging" or "discharging"'):
        parse(text + "positive_current = -1\n")
    with pytest.raises(ConfigError, match=r'driver victron-vedirect has no "positive_current"'):
        parse(MINIMAL + 'positive_current = "charging"\n')


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize(("sense", "current"), [(NOON, 250), (EVENING, -170)])
def test_what_the_simulated_bms_senses_is_what_the_driver_reads(above: bool, sense: Sense, current: int) -> None:
    device = DalyBms(charge_is_above_zero=above, sensors=3)
    device.run(1_000, Surroundings(sense, 0.684, 31.2, 96.5, 0))
    driver, reading = round_of(Line(device), positive_current=CHARGING if above else DISCHARGING)
    assert reading is not None
    values = reading.values
    assert (values["battery_voltage_v"], values["battery_current_a"]) == (sense.battery_mv // 100 * 10, current)
    assert (values["soc_percent"], values["battery_temperature_c"]) == (684, 330)
    assert values["battery_remaining_ah"] == 6600
    assert set(values) == set(Daly.metrics)
    assert (driver.counters()["sign_conflicts"], driver.counters()["bad"]) == (0, 0)


def test_only_questions_are_ever_written_and_one_round_in_ten_seconds() -> None:
    line = Line()
    driver = Daly("battery", line)
    driver.opened(0)
    for now_ms in range(0, 2 * EVERY_MS, 100):
        driver.read(now_ms)
    assert line.questions == [read_request(command) for command in (0x90, 0x91, 0x93, 0x94, 0x96)] * 2


def test_a_bms_without_sensors_has_no_temperature() -> None:
    answers = ANSWERS | {0x94: bytes.fromhex("0400000000000000")}
    _, reading = round_of(Line(answers=answers))
    assert reading is not None
    assert "battery_temperature_c" not in reading.values


def test_an_old_bms_that_knows_only_the_pack_is_read_for_that() -> None:
    driver = Daly("battery", Line(answers={0x90: ANSWERS[0x90]}))
    driver.opened(0)
    readings = [driver.read(now_ms) for now_ms in range(0, EVERY_MS, 100)]
    assert readings[-1] is not None
    assert set(readings[-1].values) == {"battery_voltage_v", "battery_current_a", "soc_percent"}
    assert driver.counters()["unanswered"] == 4


def test_the_decoder_shows_each_reply_and_the_raw_current() -> None:
    decoder = DalyDecoder()
    rows = decoder.feed(
        b"".join(daly(command, content) for command, content in ANSWERS.items())
        + daly(0x95, bytes.fromhex("01 0CF8 0CE4 0CF0 00"))
        + daly(0x98, bytes(8))
        + daly(0x90, bytes(8))[:-1]
        + b"\x00"
    )
    assert (decoder.good, decoder.bad) == (7, 1)
    pack, extremes, switches, counts, degrees, cells, failures = rows
    assert (pack["battery_voltage_v"], pack["battery_current_a"], pack["current_raw"]) == (13.2, 2.5, 29_975)
    assert (extremes["cell_voltage_min_v"], switches["state"], counts["cells"]) == (3.3, "charging", 4)
    assert degrees["temperatures_c"] == [29, 31, 215, -40, -40, -40, -40]
    assert (cells["cells_v"], failures["content"]) == ([3.32, 3.3, 3.312], "0000000000000000")


def test_the_decoder_reads_a_capture_kept_as_text() -> None:
    text = b">>> A5:40:90:08:00:00:00:00:00:00:00:00:7D\n<<< " + daly(0x90, ANSWERS[0x90]).hex(":").encode()
    (row,) = DalyDecoder().feed(text)
    assert row["soc_percent"] == 80.0


@pytest.mark.slow
def test_mutated_streams_crash_nothing_and_give_no_value_that_was_not_sent() -> None:
    chance = random.Random(51)
    source = b"".join(
        daly(command, content if command != 0x90 else chance.randbytes(8))
        for _ in range(120)
        for command, content in ANSWERS.items()
    )
    good = 0
    for _ in range(10_000):
        line = Line(answers={})
        driver = Daly("battery", line)
        driver.opened(0)
        driver.read(0)
        line.arrived = raw = mutated(source, chance, (b"\xa5", b"\xa5\x01\x90\x08", read_request(0x90)))
        reading = driver.read(100)
        if reading is not None:
            good += 1
            assert (reading.values["battery_voltage_v"] // 10).to_bytes(2, "big") in raw
        DalyDecoder().feed(raw)
    assert good > 9_000

"""Days that the charger remembers: asked for gently, told under names of their own, never invented."""

from __future__ import annotations

import random
import struct
from itertools import pairwise

import pytest

from edge_agent.config import parse
from edge_agent.drivers.victron_history import (
    ABSENT_MS,
    BACK_OFF_FIRST_MS,
    BACK_OFF_MAX_MS,
    BURST,
    DAY_MS,
    EXPIRES_MS,
    GIVE_UP_AFTER,
    HEALTHY_BLOCKS,
    METRICS,
    SAMPLE_MAX_S,
    record,
)
from edge_agent.drivers.victron_vedirect import STALE_MS, VictronVeDirect
from edge_agent.transports.vedirect import hex_request
from kiosk.errors import ConfigError
from kiosk.metric import CATALOGUE
from tests.edge_agent.drivers.remembering_charger import NIGHT, NOON, Site
from tests.edge_agent.drivers.streams import mutated
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.test_config import MINIMAL
from tests.edge_agent.transports.vedirect_stream import CHARGER, hex_message, text_block

RECORD = struct.pack("<BIIHHB4sHHHIHHH", 0, 51, 33, 1432, 1188, 0, bytes(4), 241, 130, 77, 87, 63, 2011, 216)
"""0.51 and 0.33 kWh, 14.32 and 11.88 V, 241, 130 and 77 minutes, 87 W, 6.3 A, 20.11 V, day 216."""
SAID = {
    "history_pv_energy_wh": 510,
    "history_load_energy_wh": 330,
    "history_battery_voltage_max_v": 1432,
    "history_battery_voltage_min_v": 1188,
    "history_bulk_s": 14_460,
    "history_absorption_s": 7_800,
    "history_float_s": 4_620,
    "history_pv_power_max_w": 87,
    "history_day_number": 216,
}


def test_the_days_of_an_absence_are_asked_and_each_is_told_once_under_its_distance() -> None:
    site = Site(days=7)
    site.run(60 * 30)
    assert [said["history_days_ago"] for said in site.told] == [1, 2, 3, 4, 5, 6, 7]
    assert [said["history_pv_energy_wh"] for said in site.told] == [310, 320, 330, 340, 350, 360, 370]
    assert [said["history_load_energy_wh"] for said in site.told] == [10, 20, 30, 40, 50, 60, 70]
    assert [said["history_day_number"] for said in site.told] == [34, 33, 32, 31, 30, 29, 28]
    assert site.driver.counters()["history_days"] == 7
    assert not [said for said in site.told if set(said) > set(METRICS)]


def test_every_question_is_a_read_of_one_days_register() -> None:
    site = Site(days=3)
    site.run(600)
    assert [raw for _, raw in site.asked] == [hex_message(7, struct.pack("<HB", 0x1050 + ago, 0)) for ago in (1, 2, 3)]


def test_a_day_is_carried_long_enough_for_two_rows() -> None:
    site = Site(days=2)
    rows: list[int | None] = []
    for _ in range(20):
        reading = site.run(60)
        assert reading is not None
        rows.append(reading.values.get("history_days_ago"))
    assert min(rows.count(1), rows.count(2)) >= 2
    assert rows[-1] is None


def test_measured_counters_are_the_same_with_and_without_the_history() -> None:
    site = Site(days=7)
    with_history = site.run(300)
    assert with_history is not None
    plain = {metric: value for metric, value in with_history.values.items() if metric not in METRICS}
    assert plain["pv_energy_day_wh"] >= 300
    driver = VictronVeDirect("mppt", site.line)
    assert not set(driver.metrics) & set(METRICS)
    assert site.driver.metrics == (*driver.metrics, *METRICS)
    assert set(METRICS) <= set(CATALOGUE)


def test_without_the_option_nothing_is_ever_written() -> None:
    site = Site(days=0)
    site.run(600)
    assert (site.asked, site.told) == ([], [])


def test_the_text_is_never_silenced_for_so_long_that_readings_stop() -> None:
    site = Site(days=30, past=30)
    site.run(1)
    site.run(1_200)
    assert site.readings == 1_201
    assert site.driver.counters()["history_days"] == 30
    instants = sorted({at for at, _ in site.asked})
    assert all(later - earlier > STALE_MS / 2 for earlier, later in pairwise(instants))
    assert max(sum(at == instant for at, _ in site.asked) for instant in instants) == BURST


def test_nothing_is_asked_by_night_because_the_chargers_midnight_is_its_own() -> None:
    site = Site(days=3)
    site.run(600, NIGHT)
    assert site.asked == []
    site.run(600, NOON)
    assert len(site.asked) == 3


def test_nothing_is_asked_before_the_text_is_healthy() -> None:
    site = Site(days=3)
    site.run(HEALTHY_BLOCKS - 1)
    site.run(100, spoil=True)
    assert site.asked == []
    site.run(HEALTHY_BLOCKS - 1)
    assert site.asked == []
    site.run(1)
    assert len(site.asked) == 3


def test_a_history_that_ends_earlier_ends_the_asking() -> None:
    site = Site(days=30, past=4)
    site.run(60 * 30)
    assert [said["history_days_ago"] for said in site.told] == [1, 2, 3, 4]
    assert len(site.asked) == 5


def test_a_refused_register_ends_the_asking() -> None:
    site = Site(days=5)
    site.connected = False
    site.run(HEALTHY_BLOCKS)
    site.line.arrived += hex_message(7, struct.pack("<HB", 0x1051, 1))
    site.run(BACK_OFF_MAX_MS // 1000)
    assert (len(site.asked), site.driver.counters()["history_failed"]) == (1, 0)


def test_an_rx_that_is_not_connected_is_asked_less_and_less_and_then_left_alone() -> None:
    site = Site(days=5)
    site.connected = False
    site.run(3 * BACK_OFF_MAX_MS // 1000 + 3_600)
    instants = [at for at, _ in site.asked]
    assert len(instants) == GIVE_UP_AFTER
    pauses = [later - earlier for earlier, later in pairwise(instants)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= BACK_OFF_FIRST_MS
    assert pauses[-1] >= BACK_OFF_MAX_MS
    assert site.driver.counters()["history_failed"] == GIVE_UP_AFTER


def test_a_failure_is_asked_again_after_the_pause() -> None:
    site = Site(days=2)
    site.connected = False
    site.run(30)
    site.connected = True
    site.run(600)
    assert [said["history_days_ago"] for said in site.told] == [1, 2]


def test_an_absence_in_the_agents_life_asks_only_for_its_days() -> None:
    site = Site(days=7)
    site.run(60 * 30)
    site.asked.clear()
    site.now_ms += ABSENT_MS - 60_000
    site.run(300)
    assert site.asked == []
    site.now_ms += 2 * DAY_MS
    site.run(300)
    assert len(site.asked) == 3


def test_a_line_that_was_opened_again_goes_on_where_it_was() -> None:
    site = Site(days=5)
    site.run(HEALTHY_BLOCKS)
    site.driver.opened(site.now_ms)
    site.run(60 * 20)
    assert [said["history_days_ago"] for said in site.told] == [1, 2, 3, 4, 5]
    assert len(site.asked) == 5


def test_a_day_that_was_not_told_in_time_is_not_told_under_a_wrong_distance() -> None:
    site = Site(days=2)
    site.run(HEALTHY_BLOCKS + 5)
    site.now_ms += EXPIRES_MS
    site.run(60)
    assert [said["history_days_ago"] for said in site.told] == [1]


def test_a_record_is_read_by_the_vendors_table() -> None:
    assert len(RECORD) == 34
    assert record(RECORD) == SAID


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (RECORD[:5] + b"\xff" * 4 + RECORD[9:], {"history_load_energy_wh"}),
        (RECORD[:11] + b"\xff\xff" + RECORD[13:], {"history_battery_voltage_min_v"}),
        (b"\xff" * 34, set(SAID)),
    ],
)
def test_what_the_charger_does_not_know_is_absent(raw: bytes, missing: set[str]) -> None:
    said = record(raw)
    assert said is not None
    assert set(SAID) - set(said) == missing


@pytest.mark.parametrize("raw", [b"", RECORD[:-1], RECORD + b"\x00", RECORD[:18] + b"\xa1\x05" + RECORD[20:]])
def test_a_record_that_cannot_be_is_none(raw: bytes) -> None:
    assert record(raw) is None


@pytest.mark.parametrize(
    "message",
    [
        hex_message(0xA, struct.pack("<HB", 0x1051, 0) + RECORD),
        hex_message(7, struct.pack("<HB", 0x1052, 0) + RECORD),
        hex_message(7, b"\x51"),
        hex_message(4, b"\xaa\xaa"),
        hex_message(7, struct.pack("<HB", 0x1051, 0) + RECORD)[:-3] + b"00\n",
    ],
)
def test_only_a_sound_answer_to_the_open_question_is_believed(message: bytes) -> None:
    site = Site(days=1)
    site.connected = False
    site.run(HEALTHY_BLOCKS)
    assert len(site.asked) == 1
    site.line.arrived += message
    site.run(1)
    assert site.told == []


def test_the_request_is_the_vendors() -> None:
    assert hex_request(7, b"\xf0\xed\x00") == b":7F0ED0071\n"


def test_the_option_is_a_key_of_the_device_and_needs_rows_close_enough() -> None:
    text = MINIMAL + "history_days = 14\n"
    assert parse(text).devices[0].options == {"history_days": 14}
    with pytest.raises(ConfigError, match=f"sample_s of at most {SAMPLE_MAX_S}"):
        parse(text + "[agent]\nsample_s = 300\n")
    with pytest.raises(ConfigError, match="history_days must be an integer from 1 to 30"):
        parse(MINIMAL + "history_days = 31\n")


@pytest.mark.slow
def test_mutated_streams_crash_nothing_and_give_no_day_that_was_not_sent() -> None:
    chance = random.Random(61)
    answers = [hex_message(7, struct.pack("<HB", 0x1051, 0) + chance.randbytes(17) + RECORD[17:]) for _ in range(20)]
    block = text_block([(label, "41" if label == "PPV" else value) for label, value in CHARGER])
    told = 0
    for _ in range(10_000):
        line = HeldLine()
        line.open()
        driver = VictronVeDirect("mppt", line, 1)
        driver.opened(0)
        line.arrived = block * HEALTHY_BLOCKS
        for number in range(HEALTHY_BLOCKS):
            driver.read(number)
            line.arrived += block
        raw = mutated(block[:50] + chance.choice(answers) + block[50:] + chance.choice(answers), chance, (b":", b"\n"))
        line.arrived = raw + block * 2
        reading = driver.read(HEALTHY_BLOCKS)
        if reading is not None and "history_days_ago" in reading.values:
            told += 1
            energy = (reading.values["history_pv_energy_wh"] // 10).to_bytes(4, "little").hex().upper().encode()
            assert energy in raw.upper()
    assert told > 2_000

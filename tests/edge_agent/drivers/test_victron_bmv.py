"""The battery monitor's driver: two blocks are one reading, what is unknown or infinite is absent, signs are ours."""

from __future__ import annotations

import random

import pytest

from edge_agent.drivers.victron_bmv import FIELDS, STALE_MS, BmvDecoder, VictronBmv
from edge_agent.drivers.victron_fields import values
from edge_agent.transports.vedirect import GAP_MS
from firmware_sim.bench import Bench
from firmware_sim.devices import victron_bmv as simulated
from firmware_sim.lines import MemoryLine
from kiosk.metric import CATALOGUE
from kiosk.reading import Reading
from tests.edge_agent.drivers.streams import mutated
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.transports.vedirect_stream import hex_message, text_block, without_hex

MAIN = (
    ("PID", "0xA389"),
    ("V", "12641"),
    ("T", "31"),
    ("I", "-4280"),
    ("P", "-54"),
    ("CE", "-31500"),
    ("SOC", "685"),
    ("TTG", "447"),
    ("Alarm", "ON"),
    ("AR", "5"),
    ("BMV", "SmartShunt 500A/50mV"),
    ("FW", "0419"),
    ("MON", "0"),
)
HISTORY = (
    ("H1", "-61200"),
    ("H2", "-31550"),
    ("H3", "-27849"),
    ("H4", "113"),
    ("H5", "2"),
    ("H6", "-3147000"),
    ("H7", "10870"),
    ("H8", "14905"),
    ("H9", "64800"),
    ("H10", "97"),
    ("H11", "3"),
    ("H12", "0"),
    ("H15", "0"),
    ("H16", "0"),
    ("H17", "3950"),
    ("H18", "4412"),
)
FOUND = {
    "battery_voltage_v": 1264,
    "battery_temperature_c": 310,
    "battery_current_a": -428,
    "battery_consumed_ah": 315,
    "soc_percent": 685,
    "battery_time_to_go_s": 26_820,
    "battery_alarm": 5,
    "battery_deepest_discharge_ah": 612,
    "battery_last_discharge_ah": 316,
    "battery_average_discharge_ah": 278,
    "battery_cycles_total": 113,
    "battery_full_discharges_total": 2,
    "battery_drawn_total_ah": 3147,
    "battery_voltage_min_v": 1087,
    "battery_voltage_max_v": 1491,
    "battery_since_full_s": 64_800,
    "battery_discharged_total_wh": 39_500,
    "battery_charged_total_wh": 44_120,
}


def monitor() -> tuple[VictronBmv, HeldLine]:
    line = HeldLine()
    line.open()
    driver = VictronBmv("battery", line)
    driver.opened(0)
    return driver, line


def read(raw: bytes, later_ms: int = 0) -> Reading | None:
    driver, line = monitor()
    line.arrived = raw
    reading = driver.read(1_000)
    return driver.read(1_000 + later_ms) if later_ms else reading


def test_both_blocks_are_one_reading_in_the_catalogues_resolution() -> None:
    assert read(text_block(MAIN) + text_block(HISTORY)) == Reading("battery", FOUND)


def test_every_metric_of_the_driver_is_in_the_catalogue_and_comes_from_a_field() -> None:
    assert set(VictronBmv.metrics) < {metric for metric, _, _ in FIELDS.values()} <= set(CATALOGUE)
    assert set(FOUND) == set(VictronBmv.metrics)


def test_a_set_may_come_in_pieces_and_is_still_one_reading() -> None:
    raw = text_block(MAIN) + text_block(HISTORY)
    for cut in range(1, len(raw), 7):
        driver, line = monitor()
        line.arrived = raw[:cut]
        assert driver.read(1_000) is None, cut
        line.arrived = raw[cut:]
        reading = driver.read(1_200)
        assert reading is not None, cut
        assert reading.values == FOUND, cut


def test_values_of_two_sets_are_never_mixed() -> None:
    spoilt = text_block(HISTORY)[:-1] + b"\x00"
    later = tuple((label, "12700" if label == "V" else value) for label, value in MAIN)
    driver, line = monitor()
    line.arrived = text_block(MAIN) + text_block(HISTORY) + text_block(later) + spoilt
    first = driver.read(1_000)
    second = driver.read(1_001 + GAP_MS)
    assert first is not None
    assert second is not None
    assert (first.values["battery_voltage_v"], second.values["battery_voltage_v"]) == (1264, 1270)
    assert not {metric for metric in second.values if metric.endswith("_total")}
    assert (driver.counters()["bad"], driver.counters()["halves"]) == (1, 1)


def test_a_history_without_its_main_block_gives_nothing() -> None:
    assert read(text_block(HISTORY), later_ms=GAP_MS + 1) is None


def test_a_monitor_without_a_history_block_is_read_after_a_pause() -> None:
    reading = read(text_block(MAIN), later_ms=GAP_MS + 1)
    assert reading is not None
    assert reading.values["soc_percent"] == 685


@pytest.mark.parametrize(("label", "text"), [(label, "---") for label in ("CE", "SOC", "TTG", "T")] + [("TTG", "-1")])
def test_what_is_not_known_or_infinite_is_absent(label: str, text: str) -> None:
    said = values(dict(MAIN) | {label: text}, FIELDS)
    assert FIELDS[label][0] not in said
    assert len(said) == len(values(dict(MAIN), FIELDS)) - 1


def test_a_current_of_minus_one_milliampere_is_no_infinity() -> None:
    assert values({"I": "-1", "P": "-1"}, FIELDS) == {"battery_current_a": 0, "battery_power_w": -10}


def test_labels_of_old_monitors_are_compared_case_blind_and_unknown_ones_passed_over() -> None:
    reading = read(text_block([("V", "12641"), ("Alarm", "Off"), ("Relay", "On"), ("NEW", "7")]), later_ms=501)
    assert reading is not None
    assert reading.values == {"battery_voltage_v": 1264}


def test_a_reading_is_stale_after_ten_seconds() -> None:
    driver, line = monitor()
    line.arrived = text_block(MAIN) + text_block(HISTORY)
    first = driver.read(1_000)
    assert driver.read(1_000 + STALE_MS) is first
    assert driver.read(1_001 + STALE_MS) is None


def test_a_line_opened_again_forgets_half_a_set() -> None:
    driver, line = monitor()
    line.arrived = text_block(MAIN)
    driver.read(1_000)
    driver.opened(1_100)
    line.arrived = text_block(HISTORY)
    assert driver.read(2_000) is None


def test_the_decoder_shows_both_blocks() -> None:
    main, history = BmvDecoder().feed(text_block((*MAIN[:7], ("TTG", "-1"))) + text_block(HISTORY))
    assert (main["product"], main["soc_percent"], main["battery_power_w"]) == ("SmartShunt 500", 68.5, -54.0)
    assert main["battery_time_to_go_s"] is None
    assert (history["battery_drawn_total_ah"], history["H10"]) == (3147, "97")


def test_a_simulated_monitor_is_read_through_a_day() -> None:
    line = MemoryLine()
    made: list[simulated.VictronBmv] = []

    def make(scenario: object, seed: int) -> simulated.VictronBmv:
        made.append(simulated.VictronBmv(100.0, synchronised=True))
        return made[0]

    bench = Bench(make, "victron-bmv", line, "damane", 1, 1_736_121_600_000, faults=())
    held = HeldLine()
    held.open()
    driver = VictronBmv("battery", held)
    last: dict[str, int] = {}
    for minute in range(1, 24 * 60):
        bench.advance(1_736_121_600_000 + minute * 60_000)
        held.arrived = line.read()
        reading = driver.read(minute * 60_000)
        assert reading is not None
        assert reading.values["battery_voltage_v"] == round(bench.kiosk.mppt.sense.battery_mv / 10 + 1e-6)
        assert (reading.values["battery_current_a"] > 1) <= (bench.kiosk.mppt.sense.battery_ma > 0)
        for metric in ("battery_drawn_total_ah", "battery_charged_total_wh", "battery_discharged_total_wh"):
            assert reading.values[metric] >= last.get(metric, 0)
        last = reading.values
    assert last["battery_drawn_total_ah"] == round(made[0].drawn_total_mah / 1000)
    assert last["battery_charged_total_wh"] > 100
    counted = driver.counters()
    assert (counted["bad"], counted["halves"]) == (0, 0)


def test_a_monitor_that_was_never_full_says_no_state_of_charge() -> None:
    device = simulated.VictronBmv(100.0)
    reading = read(text_block(device.main_fields()) + text_block(device.history_fields()))
    assert reading is not None
    assert not {"soc_percent", "battery_consumed_ah", "battery_time_to_go_s"} & set(reading.values)


@pytest.mark.slow
def test_mutated_streams_give_no_value_that_was_not_sent() -> None:
    chance = random.Random(11)
    sets = [
        text_block(tuple((label, str(chance.randrange(10, 9999)) if label == "V" else value) for label, value in MAIN))
        + text_block(HISTORY)
        + (hex_message(0xA, chance.randbytes(9)) if chance.random() < 0.2 else b"")
        for _ in range(200)
    ]
    source = b"".join(sets)
    good = 0
    for _ in range(10_000):
        driver, line = monitor()
        line.arrived = raw = mutated(source, chance)
        reading = driver.read(1_000) or driver.read(2_000)
        good += driver.counters()["good"]
        if reading is not None and "battery_voltage_v" in reading.values:
            assert reading.values["battery_voltage_v"] in _voltages(raw) | _voltages(without_hex(raw))
    assert good > 10_000


def _voltages(raw: bytes) -> set[int]:
    """What stands behind a V label anywhere in the stream, in hundredths of a volt."""
    said = [line.removeprefix(b"V\t") for line in raw.split(b"\r\n") if line.startswith(b"V\t")]
    return {(int(text) + 5) // 10 for text in said if text.isdigit()}

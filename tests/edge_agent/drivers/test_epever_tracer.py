"""The EPEVER driver: values typed from the vendor's tables, the traps, and a person's capture of a real bus."""

from __future__ import annotations

import re

import pytest

from edge_agent.drivers.epever_tracer import PROFILE
from edge_agent.drivers.modbus_decoder import ModbusDecoder
from edge_agent.drivers.modbus_device import EVERY_MS, IDENTITY_AGAIN_MS, IDENTITY_TRIES, STALE_MS
from edge_agent.minute import row_values
from kiosk.metric import CATALOGUE
from kiosk.reading import IMPLAUSIBLE, Flag
from kiosk.wire.schema import DeviceSchema, Schema
from tests.edge_agent.drivers.slaves import Slave
from tests.edge_agent.modbus_crc import framed
from tests.edge_agent.recordings import recording

WHO = bytes.fromhex("01 2B 0E 02")
# The vendor's tables, written as a controller at noon would answer: 32-bit values low word first.
NOON = {
    0x3100: 3511, 0x3101: 117, 0x3102: 4100, 0x3103: 0, 0x3104: 1324, 0x3105: 310, 0x3106: 4104, 0x3107: 0,
    0x310C: 1322, 0x310D: 60, 0x310E: 793, 0x310F: 0, 0x3110: 3125, 0x3111: 0x10000 - 250, 0x3112: 3500,
    0x311A: 70, 0x311B: 2500, 0x311D: 1200,
    0x3200: 0, 0x3201: 0b1001, 0x3202: 0b0001,
    0x330A: 0x0002, 0x330B: 0x0001, 0x330C: 21, 0x330D: 0, 0x330E: 400, 0x330F: 0, 0x3310: 500, 0x3311: 0,
    0x3312: 103, 0x3313: 0,
    0x331A: 1326, 0x331B: 250, 0x331C: 0,
}  # fmt: skip


def identity(serial: str) -> bytes:
    return framed(f"012b0e02010000 01 03{len(serial):02x}{serial.encode().hex()}")


def tracer(**changed: int) -> Slave:
    slave = Slave("epever-tracer", NOON | {int(address[1:], 16): word for address, word in changed.items()})
    slave.says[WHO] = identity("0002201301200045")
    return slave


def test_the_vendors_registers_are_metrics_in_the_catalogues_resolution() -> None:
    reading = tracer().newest()
    assert reading is not None
    assert reading.serial == "0002201301200045"
    assert reading.values == {
        "battery_voltage_v": 1326,
        "battery_current_a": 250,
        "battery_temperature_c": 313,
        "soc_percent": 700,
        "pv_voltage_v": 3511,
        "pv_current_a": 117,
        "pv_power_w": 410,
        "load_voltage_v": 1322,
        "load_current_a": 60,
        "load_power_w": 79,
        "load_on": 1,
        "charger_state": 4,
        "charger_fault": 0,
        "charger_temperature_c": -25,
        "pv_energy_total_wh": 1030,
        "load_energy_total_wh": 655_380,
        "pv_energy_day_wh": 210,
    }


def test_every_metric_is_in_the_catalogue_and_nothing_is_written_to_the_device() -> None:
    slave = tracer()
    slave.newest()
    assert set(slave.driver.metrics) <= set(CATALOGUE)
    assert {request[1] for request in slave.asked} == {0x04, 0x2B}


def test_a_discharging_battery_has_a_negative_current_read_in_one_piece() -> None:
    slave = tracer(x331B=0xFFFD, x331C=0xFFFF)
    reading = slave.newest()
    assert reading is not None
    assert reading.values["battery_current_a"] == -3
    assert [request[2:6].hex() for request in slave.asked if request[2:4] >= b"\x33\x1a"] == ["331a0003"]


@pytest.mark.parametrize(("bits", "code"), [(0b0001, 0), (0b0101, 5), (0b1001, 4), (0b1101, 7), (0b0010, 0)])
def test_charging_stages_are_the_common_codes(bits: int, code: int) -> None:
    reading = tracer(x3201=bits).newest()
    assert reading is not None
    assert (reading.values["charger_state"], reading.values["charger_fault"]) == (code, 0)


def test_faults_of_battery_and_charging_are_one_word_of_bits() -> None:
    reading = tracer(x3200=0x8001, x3201=0xC412).newest()
    assert reading is not None
    assert reading.values["charger_fault"] == 0x8001_0410


def test_values_that_lie_are_flagged_and_not_stored_as_good() -> None:
    reading = tracer(x311A=606, x331B=0, x331C=0xFFFF).newest()
    assert reading is not None
    schema = Schema((DeviceSchema("device", "epever-tracer", "", PROFILE.metrics),))
    values, flags = row_values(schema, [reading])
    places = {metric: position for position, (_, metric, _) in enumerate(schema.columns)}
    assert flags == (
        Flag(places["battery_current_a"], IMPLAUSIBLE, -65_536),
        Flag(places["soc_percent"], IMPLAUSIBLE, 6_060),
    )
    assert values[places["soc_percent"]] is values[places["battery_current_a"]] is None


def test_a_model_without_331a_gives_the_voltage_of_3104() -> None:
    slave = tracer()
    del slave.words[0x331A]
    reading = slave.newest()
    assert reading is not None
    assert reading.values["battery_voltage_v"] == 1324
    assert "battery_current_a" not in reading.values
    assert slave.driver.counters()["exception_2"] >= 1


def test_a_block_that_is_not_answered_is_absent_and_the_others_go_on() -> None:
    slave = tracer()
    slave.says[bytes.fromhex("01 04 31 0C")] = b""
    reading = None
    while reading is None:
        reading = slave.turn(200)
    assert "load_power_w" not in reading.values
    assert reading.values["pv_energy_total_wh"] == 1030


def test_a_device_that_does_not_know_identities_is_read_without_and_seldom_asked() -> None:
    slave = tracer()
    slave.says[WHO] = b""
    reading = None
    while reading is None:
        reading = slave.turn(200)
    assert reading.serial == ""
    while slave.now_ms < IDENTITY_TRIES * EVERY_MS + 5_000:
        slave.turn(500)
    assert sum(request.startswith(WHO) for request in slave.asked) == IDENTITY_TRIES
    slave.asked.clear()
    while slave.now_ms < IDENTITY_AGAIN_MS:
        slave.turn(500)
    assert not any(request.startswith(WHO) for request in slave.asked)


def test_another_device_behind_the_same_address_is_noticed() -> None:
    slave = tracer()
    slave.newest()
    answering = dict(slave.says)
    slave.says[b"\x01"] = slave.says[WHO] = b""
    slave.until_silent()
    slave.says = answering | {WHO: identity("0002201301209999")}
    reading = slave.newest(400)
    assert reading is not None
    assert reading.serial == "0002201301209999"


def test_a_device_that_is_off_gives_no_reading_and_comes_back() -> None:
    slave = tracer()
    assert slave.newest() is not None
    slave.says[b"\x01"] = b""
    slave.until_silent()
    assert slave.driver.read(slave.now_ms) is None
    del slave.says[b"\x01"]
    assert slave.newest(2 * EVERY_MS // 50) is not None


def test_readings_come_every_round_and_grow_stale() -> None:
    slave = tracer()
    first = slave.newest()
    assert first is not None
    assert slave.driver.read(slave.now_ms) is first
    again = slave.newest(EVERY_MS // 50 + 20)
    assert again == first
    assert again is not first
    slave.line.written = b""
    assert slave.driver.read(slave.now_ms + STALE_MS) is None


def test_the_slaves_address_is_a_setting() -> None:
    slave = Slave("epever-tracer", NOON, {"address": 16})
    assert slave.newest() is not None
    assert {request[0] for request in slave.asked} == {16}


def bus_bytes(capture: bytes) -> bytes:
    """A person's notes to bytes in the order of the bus: requests and replies stand apart, numbered across both."""
    chunks: list[tuple[int, bytes]] = []
    for line in capture.decode("utf-8", "replace").splitlines():
        stamp = re.match(r"[<>\s]*(\d{5,6}): ", line)
        content = re.match(r">? ?((?:[0-9A-F]{2} )+(?:[0-9A-F]{2})?)(?: |$)", line)
        if stamp:
            chunks.append((int(stamp[1]), b""))
        elif content and chunks:
            number, before = chunks[-1]
            chunks[-1] = (number, before + bytes.fromhex(content[1]))
    return b"".join(raw for _, raw in sorted(chunks, key=lambda chunk: chunk[0]))


def test_the_capture_of_a_real_bus_decodes_to_what_its_owner_read() -> None:
    decoder = ModbusDecoder(PROFILE)
    rows = decoder.feed(bus_bytes(recording("epever-tracer-bus-2015.txt")))
    found = {(row["function"], row.get("address"), row.get("count")): row for row in rows}
    battery = found[4, "0x331A", 3]
    assert (battery["battery_voltage_v"], battery["battery_current_a"]) == (12.76, -0.03)
    day = found[4, "0x3302", 18]
    assert (day["battery_voltage_max_day_v"], day["battery_voltage_min_day_v"]) == (12.76, 12.74)
    consumed = [day[f"load_energy_{span}_wh"] for span in ("day", "month", "year", "total")]
    generated = [day[f"pv_energy_{span}_wh"] for span in ("day", "month", "year", "total")]
    assert (consumed, generated) == ([0, 660, 660, 660], [0, 1030, 1030, 1030])
    assert found[3, "0x9013", 3]["clock"] == "2015-06-19 01:06:51"
    assert found[4, "0x311D", 1]["system_voltage_v"] == 12.0
    assert found[4, "0x3200", 3]["charger_state"] == 0
    assert found[2, "0x2000", 1]["over_temperature"] == 0
    assert found[16, "0x9013", 3]["written"] is True
    assert [row["serial_number"] for row in rows if "serial_number" in row] == ["0002201301200045"]
    assert [row["model"] for row in rows if "model" in row] == ["Tracer2215BN"]
    assert not any("implausible" in row for row in rows)


def test_the_captures_frames_are_what_this_driver_reads_and_asks() -> None:
    raw = bus_bytes(recording("epever-tracer-bus-2015.txt"))
    slave = tracer()
    slave.says[bytes.fromhex("01 04 33 1A")] = bytes.fromhex("01 04 06 04 FC FF FD FF FF 91 57")
    reading = slave.newest()
    assert reading is not None
    assert (reading.values["battery_voltage_v"], reading.values["battery_current_a"]) == (1276, -3)
    for asked in ("01 04 32 00 00 03 BE B3", "01 04 33 1A 00 03 9E 88", "01 2B 0E 02 00 70 87"):
        assert bytes.fromhex(asked) in slave.asked
        assert bytes.fromhex(asked) in raw

"""SRNE/Renogy, the two PZEM meters, and what Modbus drivers have in common: fixtures typed from vendors' tables."""

from __future__ import annotations

import random

import pytest

from edge_agent.drivers import DECODERS, DRIVERS, MODBUS, OPTIONS, create, profile_of
from edge_agent.drivers.base import PortOpened
from edge_agent.drivers.modbus_decoder import ModbusDecoder
from edge_agent.drivers.modbus_profile import BLOCK_MAX, U32_HIGH_FIRST, Block, Profile, Register, blocks_of
from edge_agent.drivers.modbus_registers import SAMPLE
from kiosk.errors import ConfigError
from kiosk.metric import CATALOGUE
from tests.edge_agent.drivers.slaves import Slave
from tests.edge_agent.drivers.test_epever_tracer import NOON as EPEVER
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.modbus_crc import framed, words_reply

# 0100 to 0122 of an SRNE at noon, as its vendor's table lays them out: 32-bit values high word first.
SRNE = dict(enumerate([
    87, 132, 412, 0x1E85, 131, 60, 7, 351, 117, 41, 0,
    121, 144, 900, 300, 118, 40, 25, 9, 310, 120, 412, 3, 88,
    0x0001, 0x0002, 0, 700, 0x0002, 0x0001, 0, 4400, 0x8004 | 100 << 8, 0x0001, 0x0000,
], start=0x0100)) | {0x0018: 0x0C0B, 0x0019: 0xA211}  # fmt: skip
PZEM_017 = {0: 1250, 1: 42, 2: 52, 3: 0, 4: 0x1234, 5: 0x0001, 6: 0, 7: 0}
PZEM_004T = {0: 2284, 1: 123, 2: 0, 3: 174, 4: 0, 5: 0xFFFF, 6: 0x0002, 7: 499, 8: 62}


METER_BY_FILE = {0: 1322, 1: 0xFFFF, 2: 0x0001, 3: 0x0000, 4: 0, 5: 103, 0x20: 0x0C0B, 0x21: 0xA211}


def test_the_rovers_registers_are_metrics() -> None:
    reading = Slave("srne-rover", SRNE).newest()
    assert reading is not None
    assert reading.serial == str(0x0C0BA211)
    assert reading.values == {
        "battery_voltage_v": 1320,
        "battery_current_a": 412 - 60,
        "battery_temperature_c": -50,
        "soc_percent": 870,
        "pv_voltage_v": 3510,
        "pv_current_a": 117,
        "pv_power_w": 410,
        "load_voltage_v": 1310,
        "load_current_a": 60,
        "load_power_w": 70,
        "load_on": 1,
        "charger_state": 4,
        "charger_fault": 0x0001_0000,
        "charger_temperature_c": 300,
        "pv_energy_total_wh": 0x0002_0001,
        "load_energy_total_wh": 4400,
        "pv_energy_day_wh": 310,
        "battery_full_discharges_total": 3,
        "battery_full_charges_total": 88,
        "battery_charged_total_ah": 0x0001_0002,
        "battery_drawn_total_ah": 700,
    }


@pytest.mark.parametrize(("state", "code"), [(0, 0), (1, 1), (2, 3), (3, 7), (4, 4), (5, 5), (6, 3), (7, None)])
def test_the_rovers_stages_are_the_common_codes_and_an_unknown_one_is_absent(state: int, code: int | None) -> None:
    reading = Slave("srne-rover", SRNE | {0x0120: state}).newest()
    assert reading is not None
    assert reading.values.get("charger_state") == code
    assert reading.values["load_on"] == 0


def test_the_rover_knows_function_3_only_and_gives_a_day_in_one_request() -> None:
    slave = Slave("srne-rover", SRNE)
    slave.newest()
    assert [request[1:6].hex() for request in slave.asked[:2]] == ["0300180002", "0301000023"]
    assert {request[1] for request in slave.asked} == {3}


def test_at_night_the_rovers_battery_current_is_what_the_load_takes() -> None:
    reading = Slave("srne-rover", SRNE | {0x0102: 0, 0x0105: 170}).newest()
    assert reading is not None
    assert reading.values["battery_current_a"] == -170


def test_the_dc_meters_registers_are_the_shelfs() -> None:
    reading = Slave("pzem-017", PZEM_017).newest()
    assert reading is not None
    assert (reading.serial, reading.values) == (
        "",
        {
            "shelf_energy_total_wh": 0x0001_1234,
            "shelf_power_w": 52,
            "shelf_voltage_v": 1250,
            "shelf_current_a": 420,
        },
    )


def test_the_ac_meters_registers_are_the_shelfs() -> None:
    reading = Slave("pzem-004t", PZEM_004T).newest()
    assert reading is not None
    assert reading.values == {
        "shelf_energy_total_wh": 0x0002_FFFF,
        "shelf_power_w": 174,
        "shelf_voltage_v": 22_840,
        "shelf_current_a": 123,
        "shelf_frequency_hz": 499,
        "shelf_power_factor_percent": 62,
    }


@pytest.mark.parametrize("name", MODBUS)
def test_every_modbus_driver_is_in_all_tables_with_metrics_of_the_catalogue(name: str) -> None:
    profile = profile_of(name, str(SAMPLE) if name == "modbus-registers" else "")
    assert name == profile.driver_name
    assert OPTIONS[name] == ("address", "registers")
    assert {name} <= set(DRIVERS) & set(DECODERS)
    assert set(profile.metrics) <= set(CATALOGUE)
    assert all(1 <= block.count <= BLOCK_MAX for block in profile.blocks)


def test_a_modbus_device_has_no_events() -> None:
    driver = create("pzem-017", "shelf", HeldLine())
    assert driver.events() == []
    with pytest.raises(ValueError, match="pzem-017 reports no events"):
        driver.answer(PortOpened(1, 1, 0, "0" * 16), accepted=True)


def test_a_profile_that_would_tear_a_32_bit_value_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no block holds all of pv_power_w at 0x0001"):
        Profile("x", 9600, (Register("pv_power_w", 1, U32_HIGH_FIRST),), (Block(0, 2), Block(2, 2)))


def test_blocks_read_neighbours_together_and_no_hole_between_them() -> None:
    registers = (
        Register("pv_power_w", 4, U32_HIGH_FIRST),
        Register("pv_voltage_v", 3),
        Register("load_voltage_v", 3),
        Register("load_current_a", 7),
        Register("soc_percent", 3, function=3),
    )
    assert blocks_of(registers) == (Block(3, 1, 3), Block(3, 3, 4), Block(7, 1, 4))


def test_a_long_table_is_cut_between_values() -> None:
    registers = tuple(Register("pv_power_w", 2 * place, U32_HIGH_FIRST) for place in range(50))
    blocks = blocks_of(registers)
    assert [(block.start, block.count) for block in blocks] == [(0, 64), (64, 36)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("srne-rover", SRNE),
        ("pzem-017", PZEM_017),
        ("pzem-004t", PZEM_004T),
        ("epever-tracer", EPEVER | {0x3104: EPEVER[0x331A]}),  # one voltage, whichever register is left
        ("modbus-registers", METER_BY_FILE),
    ],
)
def test_ten_thousand_mutated_reply_streams_never_give_a_wrong_value(
    name: str, words: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(name)
    slave = Slave(name, words, {"registers": str(SAMPLE)} if name == "modbus-registers" else None)
    truth = slave.newest()
    assert truth is not None
    clean, spoilt, read = slave.reply, 0, 0

    def reply(request: bytes) -> bytes:
        nonlocal spoilt
        raw = bytearray(clean(request))
        spoilt += 1
        for _change in range(chance.choice((0, 1, 2, 3))):
            at = chance.randrange(len(raw))
            raw[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
            raw = raw or bytearray(b"\0")
        return bytes(raw)

    monkeypatch.setattr(slave, "reply", reply)
    before = None
    while spoilt < 10_000:
        reading = slave.turn(1_500)
        if reading is not None and reading is not before:
            before, read = reading, read + 1
            assert {metric: truth.values[metric] for metric in reading.values} == reading.values
            assert reading.serial in ("", truth.serial)
    assert read > 500


def test_the_decoder_names_what_the_profile_knows_and_shows_the_rest_by_address() -> None:
    decoder = ModbusDecoder(MODBUS["pzem-017"])
    ask = framed("01 04 00 00 00 08")
    (row,) = decoder.feed(ask + words_reply(1, 4, 9_999, 40_000, 52, 0, 0x1234, 1, 0, 0))
    assert row == {
        "slave": 1, "function": 4, "address": "0x0000", "count": 8,
        "shelf_energy_total_wh": 0x11234, "shelf_power_w": 5.2, "shelf_voltage_v": 99.99, "shelf_current_a": 400.0,
        "high_voltage_alarm": 0, "low_voltage_alarm": 0, "implausible": ["shelf_current_a"],
    }  # fmt: skip
    (row,) = decoder.feed(framed("07 03 00 10 00 02") + words_reply(7, 3, 5, 6))
    assert (row["0x0010"], row["0x0011"]) == (5, 6)
    (row,) = decoder.feed(framed("01 04 00 40 00 02") + framed("01 84 02"))
    assert (row["exception"], row["means"]) == (2, "no such register")
    assert (decoder.good, decoder.bad) == (3, 0)


def test_the_decoder_takes_hexadecimal_pairs_too() -> None:
    decoder = ModbusDecoder(MODBUS["epever-tracer"])
    (row,) = decoder.feed(b"> 01 04 33 1A 00 03 9E 88\n< 01 04 06 04 FC FF FD FF FF 91 57\n")
    assert (row["battery_voltage_v"], row["battery_current_a"]) == (12.76, -0.03)


def test_generic_registers_without_a_file_say_what_is_missing() -> None:
    with pytest.raises(ConfigError, match=r'registers = "file.toml"'):
        create("modbus-registers", "meter", HeldLine())

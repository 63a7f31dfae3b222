"""The Victron driver: units, signs, what is missing, what is stale, and the traps of the vendor's text."""

from __future__ import annotations

import pytest

from edge_agent.drivers.base import PortOpened
from edge_agent.drivers.victron_fields import FIELDS, product, values
from edge_agent.drivers.victron_vedirect import STALE_MS, VictronDecoder, VictronVeDirect
from kiosk.metric import CATALOGUE
from kiosk.reading import Reading
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.recordings import recording
from tests.edge_agent.transports.vedirect_stream import CHARGER, hex_message, text_block


def charger() -> tuple[VictronVeDirect, HeldLine]:
    line = HeldLine()
    line.open()
    driver = VictronVeDirect("mppt", line)
    driver.opened(0)
    return driver, line


def read(raw: bytes) -> Reading | None:
    driver, line = charger()
    line.arrived = raw
    return driver.read(1_000)


def with_fields(**changed: str | None) -> bytes:
    fields = dict(CHARGER) | {label: value for label, value in changed.items() if value is not None}
    return text_block((label, value) for label, value in fields.items() if changed.get(label, "") is not None)


def test_a_block_is_a_reading_in_the_catalogues_resolution() -> None:
    assert read(text_block(CHARGER)) == Reading(
        "mppt",
        {
            "battery_voltage_v": 1324,
            "battery_current_a": 250,
            "pv_voltage_v": 3511,
            "pv_power_w": 410,
            "load_current_a": 30,
            "load_on": 1,
            "charger_state": 3,
            "mppt_mode": 2,
            "charger_error": 0,
            "charger_off_reason": 0,
            "pv_energy_total_wh": 12340,
            "pv_energy_day_wh": 210,
        },
        "HQ2132ABCDE",
    )


def test_every_metric_of_the_driver_is_in_the_catalogue_and_comes_from_a_field() -> None:
    driver, _ = charger()
    assert set(driver.metrics) <= {metric for metric, _, _ in FIELDS.values()} <= set(CATALOGUE)


@pytest.mark.parametrize(
    ("milli", "hundredths"), [("13244", 1324), ("13245", 1325), ("13246", 1325), ("-5", -1), ("-4", 0)]
)
def test_millivolts_and_milliamperes_are_rounded_alike_on_both_sides_of_zero(milli: str, hundredths: int) -> None:
    assert values({"I": milli}) == {"battery_current_a": hundredths}


def test_a_discharging_battery_has_a_negative_current() -> None:
    assert values({"I": "-2500"}) == {"battery_current_a": -250}


@pytest.mark.parametrize("switch", ["ON", "On", "on"])
def test_on_and_off_are_compared_case_blind(switch: str) -> None:
    assert values({"LOAD": switch}) == {"load_on": 1}
    assert values({"LOAD": "Off"}) == {"load_on": 0}


@pytest.mark.parametrize("text", ["---", "", "abc", "1.5", "+3", " 3", "1_0", "٣", "99999999999", "ON"])
def test_what_is_missing_or_unreadable_is_absent(text: str) -> None:
    assert values({"V": text, "PPV": "41"}) == {"pv_power_w": 410}


def test_fields_that_the_charger_does_not_have_are_absent_not_zero() -> None:
    reading = read(with_fields(IL=None, LOAD=None, OR=None))
    assert reading is not None
    assert not {"load_current_a", "load_on", "charger_off_reason"} & set(reading.values)


def test_the_off_reason_is_a_bit_mask() -> None:
    assert values({"OR": "0x00000101"}) == {"charger_off_reason": 0x101}


def test_unknown_labels_and_products_are_tolerated() -> None:
    reading = read(with_fields(PID="0xFFFE", ZZ="new"))
    assert reading is not None
    assert reading.values["battery_voltage_v"] == 1324
    assert (product("0xFFFE"), product("0xA05F"), product("?")) == ("0xFFFE", "SmartSolar MPPT 100/20", "?")


@pytest.mark.parametrize("pid", ["0xA042", "0xA043", "0xA053", "0xA075"])
@pytest.mark.parametrize("firmware", ["114", "0114", "C114"])
def test_old_firmware_reports_the_converters_current_so_the_loads_share_is_taken_off(pid: str, firmware: str) -> None:
    fields = {"PID": pid, "FW": firmware, "I": "2500", "IL": "300"}
    assert values(fields)["battery_current_a"] == 220
    assert values(fields | {"FW": "115"})["battery_current_a"] == 250
    assert values(fields | {"PID": "0xA05F"})["battery_current_a"] == 250


def test_old_firmware_without_a_load_current_gives_no_battery_current() -> None:
    assert "battery_current_a" not in values({"PID": "0xA042", "FW": "114", "I": "2500"})


def test_the_same_reading_is_given_until_a_newer_block_or_until_it_is_stale() -> None:
    driver, line = charger()
    line.arrived = text_block(CHARGER)
    first = driver.read(1_000)
    assert first is not None
    assert driver.read(1_000 + STALE_MS) is first
    assert driver.read(1_001 + STALE_MS) is None
    line.arrived = text_block(CHARGER)
    again = driver.read(60_000)
    assert again == first
    assert again is not first


def test_bad_blocks_keep_no_reading_fresh() -> None:
    driver, line = charger()
    line.arrived = text_block(CHARGER)
    driver.read(1_000)
    for second in range(2, 14):
        line.arrived = text_block(CHARGER)[:-1] + b"\x00"
        driver.read(second * 1_000)
    assert driver.read(14_000) is None
    assert driver.counters()["bad"] == 12


def test_the_newest_of_many_blocks_is_the_reading() -> None:
    reading = read(with_fields(V="12000") + hex_message(0xA, b"\x01\x02\x00\x05") + with_fields(V="12500"))
    assert reading is not None
    assert reading.values["battery_voltage_v"] == 1250


def test_a_history_block_does_not_replace_the_reading() -> None:
    reading = read(text_block(CHARGER) + text_block([("H1", "-120"), ("H19", "7")]))
    assert reading is not None
    assert reading.values["pv_energy_total_wh"] == 12340


def test_a_line_opened_again_forgets_the_device_that_was_there() -> None:
    driver, line = charger()
    line.arrived = text_block(CHARGER) + text_block(CHARGER)[:50]
    driver.read(1_000)
    driver.opened(1_100)
    assert driver.read(1_200) is None
    line.arrived = text_block(CHARGER)
    assert driver.read(1_300) is not None


def test_a_serial_number_is_reduced_to_what_a_schema_may_hold() -> None:
    reading = read(with_fields(**{"SER#": "HQ 21/32\tX".replace("\t", "")}))
    assert reading is not None
    assert reading.serial == "HQ2132X"


def test_a_charger_has_no_events_to_answer() -> None:
    driver, _ = charger()
    assert driver.events() == []
    with pytest.raises(ValueError, match="reports no events"):
        driver.answer(PortOpened(1, 1, 0, "0" * 16), accepted=True)


def test_the_decoder_shows_metrics_in_units_and_other_labels_as_sent() -> None:
    (row,) = VictronDecoder().feed(with_fields(V="95000", T="---", ZZ="7", FW="161"))
    assert row["battery_voltage_v"] == 95.0
    assert row["implausible"] == ["battery_voltage_v"]
    assert row["battery_temperature_c"] is None
    assert (row["ZZ"], row["FW"], row["SER#"]) == ("7", "161", "HQ2132ABCDE")
    assert (row["product"], row["charger_state"], row["charger_state_is"]) == ("SmartSolar MPPT 100/20", 3, "bulk")
    assert row["pv_energy_yesterday_wh"] == 450


def test_a_recorded_night_is_read() -> None:
    driver, line = charger()
    line.arrived = recording("vedirect-smartsolar-100-20.dump")
    reading = driver.read(1_000)
    assert reading is not None
    assert (reading.serial, reading.values["battery_voltage_v"], reading.values["load_on"]) == ("HQ18486U2B4", 1273, 1)
    assert "charger_off_reason" not in reading.values
    assert {name: driver.counters()[name] for name in ("good", "bad", "hex")} == {"good": 493, "bad": 1, "hex": 2}

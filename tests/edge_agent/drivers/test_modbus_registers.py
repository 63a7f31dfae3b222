"""The file of registers: the shipped sample loads, and every mistake is named with its place and its remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_agent.drivers import MODBUS, profile_of
from edge_agent.drivers.modbus_profile import Block
from edge_agent.drivers.modbus_registers import FILE_MAX_BYTES, PROFILE, SAMPLE, parse
from edge_agent.transports.modbus_frames import Answer
from kiosk.errors import ConfigError
from tests.edge_agent.drivers.slaves import Slave

ONE = '[[register]]\nmetric = "pv_power_w"\naddress = 2\n'


def test_the_shipped_sample_reads_a_device() -> None:
    words = {0: 1322, 1: 0xFFFF, 2: 0x0001, 3: 0x0000, 4: 0, 5: 103, 0x20: 0x0C0B, 0x21: 0xA211}
    reading = Slave("modbus-registers", words, {"registers": str(SAMPLE), "address": 3}).newest()
    assert reading is not None
    assert reading.serial == str(0x0C0BA211)
    assert reading.values == {
        "load_voltage_v": 1322,
        "load_current_a": -1,
        "load_power_w": 65_536,
        "load_energy_total_wh": 1030,
    }


def test_neighbours_are_asked_for_together() -> None:
    assert profile_of("modbus-registers", str(SAMPLE)).blocks == (Block(0, 6),)


@pytest.mark.parametrize(("order", "power_w"), [("high-first", 655_361), ("low-first", 65_546)])
def test_the_word_order_is_a_setting(order: str, power_w: int) -> None:
    profile = parse(PROFILE, f'word_order = "{order}"\n{ONE}type = "u32"\nper = 10\n')
    assert profile.values({(4, 2): 10, (4, 3): 1}) == {"pv_power_w": power_w}


def test_a_serial_number_may_be_a_text() -> None:
    profile = parse(PROFILE, ONE + '[serial]\naddress = 16\nwords = 4\ntype = "text"\n')
    assert profile.identity is not None
    assert profile.identity.request(1).raw[:6].hex() == "010400100004"
    assert profile.identity.serial(Answer((0x4142, 0x2D31, 0x3200, 0))) == "AB-12"


def test_a_file_changes_what_another_driver_reads_of_the_same_metric(tmp_path: Path) -> None:
    file = tmp_path / "rover.toml"
    file.write_text(
        'function = 3\n[[register]]\nmetric = "pv_energy_total_wh"\naddress = 0x011C\ntype = "u32"\nper = 10\n'
        '[[register]]\nmetric = "battery_temperature_c"\naddress = 0x0103\ntype = "low-byte"\n',
        encoding="utf-8",
    )
    own, changed = profile_of("srne-rover"), profile_of("srne-rover", str(file))
    words = {(3, 0x0100 + place): 0 for place in range(0x23)} | {(3, 0x0103): 0x0085, (3, 0x011D): 12_340}
    assert own.values(words)["pv_energy_total_wh"] == 12_340
    assert changed.values(words)["pv_energy_total_wh"] == 1_234
    assert own.values(words)["battery_temperature_c"] == -50
    assert changed.values(words)["battery_temperature_c"] == 1_330
    assert set(changed.metrics) == set(own.metrics)
    assert (changed.blocks, changed.identity) == (own.blocks, own.identity)


def test_a_metric_that_the_driver_does_not_read_is_added_with_its_own_request(tmp_path: Path) -> None:
    file = tmp_path / "more.toml"
    file.write_text('[[register]]\nmetric = "battery_capacity_ah"\naddress = 0x9001\nfunction = 3\n', encoding="utf-8")
    changed = profile_of("epever-tracer", str(file))
    assert changed.blocks == (*MODBUS["epever-tracer"].blocks, Block(0x9001, 1, 3))
    assert changed.metrics[-1] == "battery_capacity_ah"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1 to 64 [[register]] make a device, not 0"),
        ("registers = 1\n" + ONE, 'unknown key "registers"; did you mean "register"?'),
        ('word_order = "big"\n' + ONE, 'unknown word_order "big"; there are: high-first, low-first'),
        ("function = 16\n" + ONE, "function must be an integer from 1 to 4, is '16'"),
        ("function = true\n" + ONE, "function must be an integer from 1 to 4, is 'True'"),
        (ONE.replace("pv_power_w", "pv_powr_w"), 'unknown metric "pv_powr_w"; did you mean "pv_power_w"?'),
        (ONE.replace("metric", "name"), '[[register]] number 1 unknown key "name"'),
        ('[[register]]\nmetric = "pv_power_w"\n', "[[register]] number 1 address is missing: an integer from 0"),
        ("[[register]]\naddress = 2\n", "[[register]] number 1 metric is missing"),
        (ONE.replace("= 2", "= 65536"), "address must be an integer from 0 to 65535"),
        (ONE.replace("= 2", "= 65535") + 'type = "u32"\n', "address must be an integer from 0 to 65534"),
        (ONE.replace("= 2", "= 2.0"), "address must be an integer from 0 to 65535, is '2.0'"),
        (ONE + 'type = "uint32"\n', 'unknown type "uint32"; did you mean "u32"?'),
        (ONE + "per = 0\n", "per must be an integer from 1"),
        (ONE + "per = 0.1\n", "per must be an integer from 1"),
        (ONE + "times = 0\n", "times must not be 0"),
        (ONE + "scale = 10\n", '[[register]] number 1 unknown key "scale"'),
        (ONE + ONE, 'metric "pv_power_w" is given twice'),
        (ONE.replace("[[register]]", "[register]"), "register must be written [[register]]"),
        (ONE + "[[serial]]\naddress = 1\n", "serial must be a section, written [serial]"),
        (ONE + "[serial]\naddress = 1\nwords = 4\n", "[serial] a u32 has 2 words, not 4"),
        (ONE + '[serial]\naddress = 1\ntype = "ascii"\n', '[serial] unknown type "ascii"'),
        (ONE + "x = = 1", "not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse(PROFILE, text)


def test_the_files_name_is_in_the_message(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("x = 1", encoding="utf-8")
    (tmp_path / "latin1.toml").write_bytes(b"# \xe9\n" + ONE.encode())
    (tmp_path / "huge.toml").write_bytes(b"#" * (FILE_MAX_BYTES + 1))
    for name, message in (
        ("wrong.toml", "unknown key"),
        ("latin1.toml", "save the file as UTF-8"),
        ("huge.toml", "not a file of registers"),
        ("absent.toml", r"copy .*sample_registers\.toml"),
    ):
        with pytest.raises(ConfigError, match=f"{re.escape(str(tmp_path / name))}: .*{message}"):
            profile_of("modbus-registers", str(tmp_path / name))

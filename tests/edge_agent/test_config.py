"""The configuration: the shipped sample loads, and every mistake is named with its place and its remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_agent.config import CONFIG_MAX_BYTES, SAMPLE, load, parse
from edge_agent.drivers import BAUD, DECODERS, DRIVERS
from edge_agent.drivers.modbus_registers import SAMPLE as REGISTERS
from kiosk.errors import ConfigError

MINIMAL = """
[site]
code = "damane"
name = "École de Damané"
[broker]
host = "127.0.0.1"
plain_loopback = true
[[device]]
name = "mppt"
driver = "victron-vedirect"
port = "/dev/ttyUSB0"
"""


def test_the_shipped_sample_loads() -> None:
    config = load(SAMPLE)
    assert (config.site.code, config.site.name, config.site.currency) == ("damane", "École de Damané", "XOF")
    assert config.agent.state == Path("/var/lib/kayasol")
    assert config.broker.ca == Path("/var/lib/kayasol/ca.pem")
    assert [device.baud for device in config.devices] == [19_200, 115_200]
    assert [(tariff.service, tariff.price, tariff.button) for tariff in config.tariffs] == [
        ("phone", 100, "A"),
        ("lamp", 50, "B"),
    ]


def test_what_is_left_out_has_the_defaults_of_the_sample() -> None:
    config, sample = parse(MINIMAL), load(SAMPLE)
    assert (config.agent, config.limits) == (sample.agent, sample.limits)
    assert (config.broker.port, config.broker.cadence_s, config.broker.keepalive_s) == (8883, 900, 1200)
    assert (config.broker.ca, config.tariffs) == (None, ())


def test_a_wider_road_is_a_speed_of_its_own() -> None:
    assert parse(MINIMAL + "baud = 9600\n").devices[0].baud == 9600


def test_the_low_battery_is_a_voltage_and_the_clock_a_yes_or_no() -> None:
    agent = parse(MINIMAL + "[agent]\nlow_battery_v = 12.1\nrtc = true\n").agent
    assert (agent.low_battery_v, agent.rtc) == (12.1, True)
    assert parse(MINIMAL + "[agent]\nlow_battery_v = 24\n").agent.low_battery_v == 24


def test_sales_go_with_the_next_frame_unless_the_site_says_at_once() -> None:
    assert not parse(MINIMAL).broker.sales_at_once
    assert parse(
        MINIMAL.replace("plain_loopback = true", "plain_loopback = true\nsales_at_once = true")
    ).broker.sales_at_once


def test_paths_of_the_broker_may_be_absolute() -> None:
    text = SAMPLE.read_text(encoding="utf-8").replace('"ca.pem"', '"/etc/kayasol/ca.pem"')
    assert parse(text).broker.ca == Path("/etc/kayasol/ca.pem")


METER = MINIMAL.replace("victron-vedirect", "pzem-017")
SECOND = MINIMAL[MINIMAL.index("[[") :].replace("mppt", "second").replace("victron-vedirect", "pzem-017")


def test_modbus_devices_share_a_port_under_different_addresses() -> None:
    devices = parse(METER + SECOND + "address = 2\n").devices
    assert [(device.name, dict(device.options)) for device in devices] == [("mppt", {}), ("second", {"address": 2})]


def test_a_file_of_registers_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "meter.toml").write_bytes(REGISTERS.read_bytes())
    file = tmp_path / "agent.toml"
    file.write_text(METER.replace("pzem-017", "modbus-registers") + 'registers = "meter.toml"\n', encoding="utf-8")
    assert dict(load(file).devices[0].options) == {"registers": str(tmp_path / "meter.toml")}


TARIFF = '\n[[tariff]]\nservice = "phone"\nname = "Téléphone"\nprice = {}\nbutton = "A"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL.replace("code =", "cod ="), '[site] unknown key "cod"; did you mean "code"?'),
        (MINIMAL + "[brokr]\n", 'unknown section "brokr"; did you mean "broker"?'),
        (MINIMAL + "colour = 1\n", '[[device]] number 1 unknown key "colour"'),
        (MINIMAL + "[zzz]\n", 'unknown section "zzz"; there are: site, agent, broker, device, tariff, limits'),
        (MINIMAL.replace('name = "mppt"\n', ""), "[[device]] number 1 name is missing"),
        (MINIMAL.replace('"damane"', '"Damané"'), "[site] code must be a site code of 2 to 24"),
        (MINIMAL.replace('"damane"', '"d"'), "[site] code must be a site code of 2 to 24"),
        (MINIMAL.replace("[site]", '[site]\ncurrency = "cfa"'), "[site] currency must be an ISO 4217 code"),
        (MINIMAL.replace("true", "1"), "[broker] plain_loopback must be true or false, is '1'"),
        (MINIMAL + "[agent]\nsample_s = 60.0\n", "[agent] sample_s must be an integer from 1 to 3600"),
        (MINIMAL + "[agent]\nsample_s = true\n", "[agent] sample_s must be an integer from 1 to 3600"),
        (MINIMAL + "[agent]\nlow_battery_v = -1\n", "[agent] low_battery_v must be a number from 0 to 1000"),
        (MINIMAL + "[agent]\nlow_battery_v = true\n", "[agent] low_battery_v must be a number"),
        (MINIMAL + "[agent]\nlow_battery_v = nan\n", "[agent] low_battery_v must be a number"),
        (MINIMAL + "[agent]\nrtc = 1\n", "[agent] rtc must be true or false"),
        (MINIMAL + "[agent]\nchunk_rows = 0\n", "[agent] chunk_rows must be an integer from 1 to 60"),
        (MINIMAL + "[limits]\noutbox_rows = 10\n", "[limits] outbox_rows must be an integer from 1000"),
        (MINIMAL.replace("victron-vedirect", "victron-vedirekt"), 'did you mean "victron-vedirect"?'),
        (MINIMAL.replace("victron-vedirect", "qqq"), "there are: charging-board, "),
        (MINIMAL + MINIMAL[MINIMAL.index("[[") :].replace("USB0", "USB1"), '[[device]] name "mppt" is given twice'),
        (
            MINIMAL + MINIMAL[MINIMAL.index("[[") :].replace("mppt", "mppt2"),
            '[[device]] port "/dev/ttyUSB0" is given twice',
        ),
        (MINIMAL.replace('"mppt"', '"MPPT 1"'), "[[device]] number 1 name must be a name of 1 to 24"),
        (MINIMAL[: MINIMAL.index("[[")], "no [[device]]"),
        (MINIMAL.replace("[[device]]", "[device]"), "device must be written [[device]]"),
        (MINIMAL.replace("[site]", "[[site]]"), "site must be a section, written [site]"),
        (MINIMAL + TARIFF.format(-100), "[[tariff]] number 1 price must be an integer from 0"),
        (MINIMAL + TARIFF.format("100.0"), "[[tariff]] number 1 price must be an integer from 0"),
        (MINIMAL + TARIFF.format('"100"'), "[[tariff]] number 1 price must be an integer from 0"),
        (MINIMAL + TARIFF.format("true"), "[[tariff]] number 1 price must be an integer from 0"),
        (MINIMAL + TARIFF.format(100).replace('"A"', '"AB"'), "button must be one letter A to H"),
        (
            MINIMAL + TARIFF.format(100) + TARIFF.format(50).replace("phone", "lamp"),
            '[[tariff]] button "A" is given twice',
        ),
        (
            MINIMAL + TARIFF.format(100) + TARIFF.format(50).replace('"A"', '"B"'),
            '[[tariff]] service "phone" is given twice',
        ),
        (MINIMAL.replace("127.0.0.1", "localhost"), "plain_loopback is for 127.0.0.1 and ::1 only, not 'localhost'"),
        (MINIMAL.replace("127.0.0.1", "10.0.0.1"), "plain_loopback is for 127.0.0.1 and ::1 only"),
        (MINIMAL.replace("true", 'true\nca = "ca.pem"'), "exclude each other"),
        (MINIMAL.replace("true", "false"), "[broker] ca, certificate, key missing"),
        (MINIMAL + "x = = 1\n", "not TOML"),
        (MINIMAL + "address = 2\n", '[[device]] mppt: driver victron-vedirect has no "address"; it takes: '),
        (METER + "address = 0\n", "[[device]] number 1 address must be an integer from 1 to 247"),
        (METER + "address = 248\n", "[[device]] number 1 address must be an integer from 1 to 247"),
        (METER.replace("pzem-017", "modbus-registers"), 'modbus-registers reads nothing by itself: registers = "file'),
        (METER + 'registers = "absent.toml"\n', "absent.toml: cannot be read"),
        (METER + SECOND, "mppt and second both have address 1 on /dev/ttyUSB0"),
        (METER + SECOND + "address = 2\nbaud = 4800\n", "mppt, second share /dev/ttyUSB0 and differ in speed"),
        (METER + SECOND.replace("pzem-017", "pzem-004t") + "address = 2\n", "differ in speed or stop bits"),
        (METER + SECOND.replace("pzem-017", "victron-vedirect"), "only Modbus devices can share one"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse(text)


def test_services_without_a_button_may_be_several() -> None:
    tariffs = (TARIFF.format(100) + TARIFF.format(50).replace("phone", "lamp")).replace('button = "A"\n', "")
    assert [tariff.button for tariff in parse(MINIMAL + tariffs).tariffs] == ["", ""]


def test_the_files_name_is_in_the_message(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(MINIMAL.replace("code =", "cod ="), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{re.escape(str(file))}: \[site\] unknown key"):
        load(file)


def test_an_absent_file_says_where_the_sample_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"copy .*sample\.toml"):
        load(tmp_path / "absent.toml")


def test_a_file_that_is_not_a_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin1").write_bytes(MINIMAL.encode("latin-1"))
    (tmp_path / "huge").write_bytes(b"#" * (CONFIG_MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="save the file as UTF-8"):
        load(tmp_path / "latin1")
    with pytest.raises(ConfigError, match="not a configuration file"):
        load(tmp_path / "huge")


def test_every_driver_has_a_speed_a_decoder_and_a_page() -> None:
    pages = Path(__file__).parents[2] / "docs" / "devices"
    assert DRIVERS.keys() == BAUD.keys() == DECODERS.keys()
    for name in DRIVERS:
        assert (pages / f"{name}.md").is_file(), f"docs/devices/{name}.md is missing"
        assert f"({name}.md)" in (pages / "README.md").read_text(encoding="utf-8")
